//! Levels of each channel: mean, peak, offset, clipping.

use super::loudness::decibels;

/// What the level of one channel is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelLevel {
    /// Root mean square over the whole length, in dBFS (a full-scale square wave is 0, a full-scale sine −3.01).
    pub rms_db: f64,
    /// Greatest sample in dBFS.
    pub peak_db: f64,
    /// Mean of all samples, linear: the direct-current offset.
    pub dc: f64,
    /// Places where at least three samples in a row are cut off: within 0.1 % of full scale or beyond it, or all at the
    /// greatest value of the channel and reached by a jump no smooth crest would make.
    pub clipped: u64,
}

/// Levels of one channel as they come in.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    frames: u64,
    sum: f64,
    energy: f64,
    flats: Flats,
}

/// Sums over one hop of one channel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// Sum of samples.
    pub(super) sum: f64,
    /// Sum of squared samples.
    pub(super) energy: f64,
}

impl Levels {
    pub(super) fn new() -> Self {
        Self { frames: 0, sum: 0.0, energy: 0.0, flats: Flats::default() }
    }

    /// Takes the samples of a hop.
    pub(super) fn process(&mut self, samples: &[f32]) -> Sums {
        let (sums, greatest) = sums(samples);
        self.frames += samples.len() as u64;
        self.sum += sums.sum;
        self.energy += sums.energy;
        self.flats.process(samples, greatest);
        sums
    }

    pub(super) fn finish(mut self) -> ChannelLevel {
        self.flats.end_run(None);
        let frames = self.frames.max(1) as f64;
        ChannelLevel {
            rms_db: decibels((self.energy / frames).sqrt()),
            peak_db: decibels(f64::from(self.flats.top)),
            dc: self.sum / frames,
            clipped: self.flats.full_scale + self.flats.at_top,
        }
    }
}

/// Sum, energy and greatest magnitude. Sums are 32 bits wide within a hop, which keeps seven digits over so few.
fn sums(samples: &[f32]) -> (Sums, f32) {
    const LANES: usize = 16;
    let (mut sum, mut energy, mut greatest) = ([0.0f32; LANES], [0.0f32; LANES], [0.0f32; LANES]);
    let (whole, rest) = samples.as_chunks::<LANES>();
    for chunk in whole {
        for lane in 0..LANES {
            let x = chunk[lane];
            sum[lane] += x;
            energy[lane] += x * x;
            greatest[lane] = if x.abs() > greatest[lane] { x.abs() } else { greatest[lane] };
        }
    }
    let total = |lanes: [f32; LANES], rest: f32| {
        let total = f64::from(lanes.into_iter().sum::<f32>() + rest);
        if total.is_finite() { total } else { 0.0 }
    };
    let sums = Sums { sum: total(sum, rest.iter().sum()), energy: total(energy, rest.iter().map(|x| x * x).sum()) };
    let greatest = rest.iter().fold(greatest.into_iter().fold(0.0, f32::max), |greatest, x| x.abs().max(greatest));
    (sums, greatest)
}

/// Samples within this of full scale count as cut off whatever comes before: converters and encoders stop here.
const FULL_SCALE: f32 = 0.999;
/// Samples in a row that make a flat place.
const FLAT: u32 = 3;
/// A crest that is merely quantised is left in steps of a few parts in ten thousand of its height; one that is cut off
/// falls away at the slope of the waveform.
const JUMP: f32 = 0.004;

/// Counts flat places, at full scale and at the greatest value so far.
///
/// The greatest value of a channel is known only at its end, so the count starts anew whenever a greater one comes.
#[derive(Clone, Debug, Default)]
struct Flats {
    full_scale: u64,
    at_top: u64,
    top: f32,
    /// The sample before.
    last: f32,
    /// The sample before the run and what the run holds.
    before: f32,
    value: f32,
    run: u32,
}

impl Flats {
    fn process(&mut self, samples: &[f32], greatest: f32) {
        if greatest < self.top.min(FULL_SCALE) {
            self.end_run(samples.first().copied());
        } else {
            for sample in samples {
                self.step(*sample);
            }
        }
        self.last = samples.last().copied().unwrap_or(self.last);
    }

    fn step(&mut self, sample: f32) {
        let height = sample.abs();
        let goes_on = self.run > 0
            && if self.value.abs() >= FULL_SCALE {
                height >= FULL_SCALE && (sample > 0.0) == (self.value > 0.0)
            } else {
                sample == self.value
            };
        if goes_on {
            self.run += 1;
        } else {
            self.end_run(Some(sample));
            if height > 0.0 && height >= self.top.min(FULL_SCALE) {
                (self.run, self.value, self.before) = (1, sample, self.last);
            }
        }
        if height > self.top {
            self.at_top = 0;
            self.top = height;
        }
        self.last = sample;
    }

    /// Counts the run that just ended; `next` is the sample after it.
    fn end_run(&mut self, next: Option<f32>) {
        let height = self.value.abs();
        if self.run >= FLAT {
            let falls = |neighbour: f32| (self.value - neighbour).abs() > JUMP * height;
            if height >= FULL_SCALE {
                self.full_scale += 1;
            } else if falls(self.before) || next.is_some_and(falls) {
                self.at_top += 1;
            }
        }
        self.run = 0;
    }
}

#[cfg(test)]
mod tests {
    use testkit::signal::{Dice, noise, sine};

    use super::*;

    fn level(samples: &[f32]) -> ChannelLevel {
        let mut levels = Levels::new();
        for hop in samples.chunks(441) {
            levels.process(hop);
        }
        levels.finish()
    }

    fn sixteen_bits(samples: Vec<f32>) -> Vec<f32> {
        samples.into_iter().map(|x| (x * 32_768.0).round() / 32_768.0).collect()
    }

    #[test]
    fn knows_level_and_offset() {
        let tone: Vec<f32> = sine(44_100, 441.0, 0.5, 0.0, 44_100).into_iter().map(|x| x + 0.01).collect();
        let level = level(&tone);
        assert!((level.rms_db + 9.03).abs() < 0.01, "{level:?}");
        assert!((level.peak_db - decibels(0.51)).abs() < 0.01, "{level:?}");
        assert!((level.dc - 0.01).abs() < 1e-6, "{level:?}");
    }

    #[test]
    fn nothing_and_silence_have_no_level() {
        for samples in [&[][..], &[0.0; 1_000][..]] {
            let level = level(samples);
            assert_eq!((level.rms_db, level.peak_db), (f64::NEG_INFINITY, f64::NEG_INFINITY));
            assert_eq!((level.dc, level.clipped), (0.0, 0));
        }
        assert_eq!(level(&[f32::NAN; 1_000]).clipped, 0);
    }

    #[test]
    fn counts_crests_that_are_cut_off() {
        // 100 Hz for one second, cut at full scale, at two thirds of it and, as an old converter would, at one side only.
        let loud = sixteen_bits(sine(44_100, 100.0, 1.5, 0.0, 44_100));
        let cut = |low: f32, high: f32| loud.iter().map(|x| x.clamp(low, high)).collect::<Vec<_>>();
        assert_eq!(level(&cut(-1.0, 32_767.0 / 32_768.0)).clipped, 200);
        assert_eq!(level(&cut(-0.66, 0.66)).clipped, 200);
        assert_eq!(level(&cut(-2.0, 0.66)).clipped, 100, "only the side that goes past full scale counts");
    }

    #[test]
    fn leaves_smooth_crests_alone() {
        for hertz in [30.0, 50.0, 100.0, 440.0, 5_512.5] {
            let tone = sixteen_bits(sine(44_100, hertz, 0.7, 0.0, 88_200));
            assert_eq!(level(&tone).clipped, 0, "{hertz} Hz");
        }
        assert_eq!(level(&sixteen_bits(noise(&mut Dice::new(5), 0.9, 44_100))).clipped, 0);
    }

    #[test]
    fn hop_borders_do_not_hide_a_run() {
        let mut samples = vec![0.1; 1_000];
        samples[440..443].fill(1.0);
        assert_eq!(level(&samples).clipped, 1);
        samples[440..443].fill(0.8);
        assert_eq!(level(&samples).clipped, 1);
        samples[700] = 0.9;
        assert_eq!(level(&samples).clipped, 0, "a greater value shows that 0.8 was no ceiling");
    }
}
