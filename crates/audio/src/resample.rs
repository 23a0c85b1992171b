//! Another sample rate, without a sound: any rate a file may have to the rates we encode, exact in length and in phase.
//!
//! The filter is linear in phase. Its pass-band reaches 0.45 of the lower rate within 0.1 dB; whatever would fold back
//! is at least 100 dB down (both tested below).

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{
    Async, Fft, FixedAsync, FixedSync, Resampler as _, SincInterpolationParameters, SincInterpolationType,
    WindowFunction, calculate_cutoff,
};

use crate::{AudioError, Block, Stage};

/// Frames of the shorter side of one transform. Longer ones bring the pass-band nearer to half the rate, later.
const TRANSFORM: usize = 1024;
/// Where a transform of whole periods of both rates would be longer than this, the sound is interpolated instead.
const LONGEST: usize = 64 * 1024;
/// Frames of the lower rate under the filter of the interpolation.
const SINC: usize = 512;
/// Filters between two frames, among which the interpolation is cubic.
const BETWEEN: usize = 128;

/// Changes the sample rate of a stream of blocks.
///
/// This stage changes the number of frames: of `n` that go in, round(n × to ∕ from) come out, [`Stage::finish`]
/// included. Blocks of any size may go in.
pub struct Resampler {
    engine: Option<Engine>,
    from: u32,
    to: u32,
    /// Frames that went in and came out.
    taken: u64,
    given: u64,
}

struct Engine {
    inner: Box<dyn rubato::Resampler<f32>>,
    /// What waits until there is enough of it for one transform.
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
    waiting: usize,
    /// Frames of filter delay still to be dropped.
    delay: usize,
    latency: usize,
}

impl Resampler {
    /// A stage that takes `from` and gives `to` frames per second. Equal rates pass unchanged.
    pub fn new(channels: usize, from: u32, to: u32) -> Result<Self, AudioError> {
        let engine = if from == to { None } else { Some(Engine::new(channels, from, to)?) };
        Ok(Self { engine, from, to, taken: 0, given: 0 })
    }

    /// Frames that come out of so many that go in.
    pub fn frames(&self, input: u64) -> u64 {
        let exact = u128::from(input) * u128::from(self.to) * 2 + u128::from(self.from);
        u64::try_from(exact / (u128::from(self.from) * 2)).unwrap_or(u64::MAX)
    }
}

impl Stage for Resampler {
    fn process(&mut self, block: &mut Block) {
        let Some(engine) = &mut self.engine else { return };
        self.taken += block.frames() as u64;
        engine.take(block);
        block.clear();
        while engine.waiting >= engine.inner.input_frames_next() {
            engine.turn(block);
        }
        // The filter rings on past the last frame; nothing of that may come before the length is known.
        self.given += block.frames() as u64;
    }

    fn finish(&mut self, tail: &mut Block) {
        tail.clear();
        let wanted = self.frames(self.taken).saturating_sub(self.given);
        let Some(engine) = &mut self.engine else { return };
        tail.set_channels(engine.input.len());
        // Each turn gives frames once the delay is through, so this ends.
        while (tail.frames() as u64) < wanted {
            let missing = engine.inner.input_frames_next().saturating_sub(engine.waiting);
            for channel in &mut engine.input {
                channel.resize(engine.waiting + missing, 0.0);
            }
            engine.waiting += missing;
            engine.turn(tail);
        }
        tail.resize(usize::try_from(wanted).unwrap_or(usize::MAX).min(tail.frames()));
        self.given += tail.frames() as u64;
    }

    fn latency(&self) -> usize {
        self.engine.as_ref().map_or(0, |engine| engine.latency)
    }
}

impl Engine {
    fn new(channels: usize, from: u32, to: u32) -> Result<Self, AudioError> {
        let divisor = gcd(from, to);
        let (period_in, period_out) = ((from / divisor) as usize, (to / divisor) as usize);
        let refused = |_| AudioError::Unsupported {
            name: format!("sound at {from} Hz"),
            way_out: "Export it at 44100 or 48000 Hz.".into(),
        };
        // An even number of periods puts the middle of the filter on a frame of both rates.
        let periods = TRANSFORM.div_ceil(period_in.min(period_out)).next_multiple_of(2);
        let fits = periods * period_in.max(period_out) <= LONGEST;
        let (inner, lead, delay): (Box<dyn rubato::Resampler<f32>>, _, _) = if fits {
            let fft = Fft::new_custom(
                from as usize,
                to as usize,
                periods * period_in,
                1,
                channels,
                WindowFunction::BlackmanHarris2,
                FixedSync::Both,
            )
            .map_err(refused)?;
            let delay = fft.output_delay();
            (Box::new(fft), 0, delay)
        } else {
            let ratio = f64::from(to) / f64::from(from);
            // Going down, the filter must be longer by as much.
            let length = ((SINC as f64 / ratio.min(1.0)).ceil() as usize).next_multiple_of(8);
            let parameters = SincInterpolationParameters::new(length, WindowFunction::BlackmanHarris2)
                .f_cutoff(calculate_cutoff(SINC, WindowFunction::BlackmanHarris2))
                .oversampling_factor(BETWEEN)
                .interpolation(SincInterpolationType::Cubic);
            let sinc =
                Async::new_sinc(ratio, 1.0, &parameters, TRANSFORM, channels, FixedAsync::Input).map_err(refused)?;
            let (lead, delay) = align(length, ratio);
            (Box::new(sinc), lead, delay)
        };
        let room = inner.input_frames_max();
        let mut input = vec![Vec::with_capacity(2 * (room + lead)); channels];
        for channel in &mut input {
            channel.resize(lead, 0.0);
        }
        Ok(Self {
            input,
            output: vec![vec![0.0; inner.output_frames_max()]; channels],
            waiting: lead,
            delay,
            latency: room + (delay as u64 * u64::from(from) / u64::from(to)) as usize,
            inner,
        })
    }

    fn take(&mut self, block: &Block) {
        for (waiting, channel) in self.input.iter_mut().zip(block.iter()) {
            waiting.extend_from_slice(channel);
        }
        self.waiting += block.frames();
    }

    /// Resamples once and adds what comes of it to the block.
    fn turn(&mut self, into: &mut Block) {
        let channels = self.input.len();
        let want = self.inner.input_frames_next();
        let room = self.output.first().map_or(0, Vec::len);
        let input = SequentialSliceOfVecs::new(&self.input, channels, self.waiting);
        let output = SequentialSliceOfVecs::new_mut(&mut self.output, channels, room);
        // Both buffers have the size that the resampler itself asks for, so neither can be refused. If they were, there
        // would be silence of the right length.
        let (used, made) = match (input, output) {
            (Ok(input), Ok(mut output)) => self.inner.process_into_buffer(&input, &mut output, None).ok(),
            _ => None,
        }
        .unwrap_or((want.max(1), self.inner.output_frames_next().min(room)));
        debug_assert_eq!(used, want);
        for channel in &mut self.input {
            channel.drain(..used.min(channel.len()));
        }
        self.waiting = self.waiting.saturating_sub(used);
        let drop = self.delay.min(made);
        self.delay -= drop;
        let start = into.frames();
        into.resize(start + made - drop);
        for (into, made_here) in into.iter_mut().zip(&self.output) {
            into[start..].copy_from_slice(&made_here[drop..made]);
        }
    }
}

/// Silent frames to put before the sound, and output frames to drop then, so that the first frame out stands where the
/// first frame in stood.
///
/// Output frame `n` of rubato's sinc interpolation stands at input frame (n + 1) ∕ ratio − length ∕ 2 + 1 ∕ filters, as
/// follows from the order of its filters. That of frame 0 is no whole number, and its own `output_delay` is off by up to
/// a frame or two; some number of silent frames before the sound makes it whole to a thousandth or so.
fn align(length: usize, ratio: f64) -> (usize, usize) {
    let stands = |lead: usize| ratio * (length as f64 / 2.0 - 1.0 / BETWEEN as f64 + lead as f64) - 1.0;
    let off = |lead: &usize| (stands(*lead) - stands(*lead).round()).abs();
    let lead = (0..4096).min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(0);
    (lead, stands(lead).round().max(0.0) as usize)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use testkit::signal::{Dice, sine};

    use super::*;

    /// Resamples one channel in blocks of seeded sizes.
    fn resample(input: &[f32], from: u32, to: u32, seed: u64) -> Vec<f32> {
        let mut stage = Resampler::new(1, from, to).unwrap();
        let mut dice = Dice::new(seed);
        let mut output = Vec::new();
        let mut rest = input;
        while !rest.is_empty() {
            let (now, later) = rest.split_at((1 + dice.below(5000)).min(rest.len()));
            let mut block = Block::from_channels(vec![now.to_vec()]);
            stage.process(&mut block);
            output.extend_from_slice(block.channel(0));
            rest = later;
        }
        let mut tail = Block::new(1, 3);
        stage.finish(&mut tail);
        output.extend_from_slice(tail.channel(0));
        output
    }

    const RATES: [(u32, u32); 14] = [
        (44_100, 48_000),
        (48_000, 44_100),
        (96_000, 44_100),
        (192_000, 48_000),
        (384_000, 44_100),
        (768_000, 48_000),
        (22_050, 44_100),
        (8_000, 48_000),
        (11_025, 48_000),
        (1_000, 44_100),
        (22_254, 48_000),
        (44_056, 44_100),
        (47_951, 48_000),
        (767_999, 44_100),
    ];

    #[test]
    fn length_is_exact() {
        for (from, to) in RATES {
            for frames in [0, 1, 2, 100, 999, 5000, 20_011] {
                let wanted = (frames as f64 * f64::from(to) / f64::from(from)).round() as usize;
                assert_eq!(resample(&vec![0.25; frames], from, to, 1).len(), wanted, "{from} to {to}, {frames} frames");
            }
        }
    }

    #[test]
    fn pass_band_is_flat_and_in_phase() {
        for (from, to) in RATES {
            let low = f64::from(from.min(to));
            for share in [0.01, 0.1, 0.25, 0.4, 0.45] {
                let hertz = share * low;
                let frames = (from as usize / 2).max(20_000);
                let output = resample(&sine(from, hertz, 0.5, 30.0, frames), from, to, 2);
                let wanted = sine(to, hertz, 0.5, 30.0, output.len());
                // The ends ring; the middle must be the same sine, sample by sample.
                let margin = output.len() / 4;
                let worst = output.iter().zip(&wanted).skip(margin).take(output.len() / 2);
                let worst = worst.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                // 0.1 dB of 0.5 is 0.0058.
                assert!(worst < 0.0005, "{from} to {to}, {hertz} Hz: off by {worst}");
            }
        }
    }

    #[test]
    fn nothing_folds_back() {
        for (from, to) in RATES.into_iter().filter(|(from, to)| from > to) {
            for share in [0.51, 0.6, 0.75, 0.99] {
                let hertz = (share * f64::from(to)).min(0.49 * f64::from(from));
                if hertz < 0.505 * f64::from(to) {
                    continue;
                }
                let output = resample(&sine(from, hertz, 1.0, 0.0, from as usize), from, to, 3);
                let middle = &output[output.len() / 4..output.len() * 3 / 4];
                let worst = middle.iter().fold(0.0f32, |worst, sample| worst.max(sample.abs()));
                assert!(worst < 1e-5, "{from} to {to}, {hertz} Hz leaves {worst}");
            }
        }
    }

    #[test]
    fn images_are_gone() {
        for (from, to) in RATES.into_iter().filter(|(from, to)| from * 2 <= *to) {
            let hertz = 0.4 * f64::from(from);
            let output = resample(&sine(from, hertz, 1.0, 0.0, 20_000), from, to, 4);
            // What is left after the sine itself is taken away would be an image.
            let wanted = sine(to, hertz, 1.0, 0.0, output.len());
            let worst = output.iter().zip(&wanted).skip(output.len() / 4).take(output.len() / 2);
            let worst = worst.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-4, "{from} to {to}: {worst}");
        }
    }

    #[test]
    fn block_sizes_do_not_matter() {
        let mut dice = Dice::new(9);
        let input = testkit::signal::noise(&mut dice, 0.5, 30_000);
        assert_eq!(resample(&input, 44_100, 48_000, 5), resample(&input, 44_100, 48_000, 6));
    }

    #[test]
    fn equal_rates_pass() {
        let input = sine(48_000, 440.0, 0.5, 0.0, 10_000);
        assert_eq!(resample(&input, 48_000, 48_000, 7), input);
    }
}
