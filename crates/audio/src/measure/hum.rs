//! Mains hum: steady narrow lines at 50 or 60 Hz and their multiples.
//!
//! The sound is brought down to about 2.2 kHz, evened out in time so that pauses, where hum lies bare, weigh as much as
//! speech, and cut into overlapping spectra of some four seconds. Each line of the spectrum is averaged in decibels: what
//! is always there stays, what comes and goes — a bass note, a low voice — sinks towards the floor around it.

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

/// Mains hum in a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Hum {
    /// The mains frequency as measured, near 50 or 60 Hz: `49.97`.
    pub base_hertz: f64,
    /// The multiples that were found, from low to high.
    pub harmonics: Vec<Harmonic>,
}

/// One line of a hum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Harmonic {
    /// Frequency.
    pub hertz: f64,
    /// Root mean square level in dBFS.
    pub level_db: f64,
    /// How far the line stands over the sound around it, as seen by a filter 0.4 Hz wide, in dB.
    pub above_floor_db: f64,
}

/// Looks for hum in a stream of mono hops.
pub(super) struct HumFinder {
    decimator: Decimator,
    rate: f64,
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// Evened samples of the segment being filled, and the gains that evened them.
    sound: Vec<f32>,
    gains: Vec<f32>,
    level: f32,
    gain: f32,
    input: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// Sum of binary logarithms of power, and of their squares, per bin.
    sums: Vec<[f32; 2]>,
    segments: u32,
}

/// Samples in a segment: 3.7 s at 2.2 kHz.
const SEGMENT: usize = 8_192;
/// Samples between the beginnings of segments: half as much overlap as is usual costs half as much time and loses little.
const STEP: usize = SEGMENT / 4 * 3;
/// Rate that is aimed at, in hertz: hum is rarely heard above 800 Hz.
const LOW_RATE: f64 = 2_205.0;
/// Decibels in a doubling of power.
const DB_PER_OCTAVE: f64 = 3.010_299_956_639_812;

impl HumFinder {
    pub(super) fn new(rate: u32) -> Self {
        let decimator = Decimator::new(f64::from(rate));
        let fft = RealFftPlanner::new().plan_fft_forward(SEGMENT);
        Self {
            rate: f64::from(rate) / decimator.factor() as f64,
            decimator,
            window: hann(SEGMENT),
            sound: Vec::with_capacity(SEGMENT),
            gains: Vec::with_capacity(SEGMENT),
            level: 0.0,
            gain: 0.0,
            input: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            sums: vec![[0.0; 2]; SEGMENT / 2],
            segments: 0,
            fft,
        }
    }

    /// Samples per second of what [`Self::process`] hands on.
    pub(super) fn low_rate(&self) -> f64 {
        self.rate
    }

    /// Takes a hop of the mono sound and gives it back at the low rate.
    pub(super) fn process(&mut self, mono: &[f32]) -> &[f32] {
        /// Below this, −100 dBFS, there is nothing to even out.
        const QUIET: f32 = 1e-10;
        /// How far the level moves with each hop: it follows within a twentieth of a second.
        const PACE: f32 = 0.2;
        self.decimator.process(mono);
        let low = &self.decimator.output;
        let power = low.iter().map(|x| x * x).sum::<f32>() / low.len().max(1) as f32;
        self.level += PACE * (power - self.level);
        let before = self.gain;
        self.gain = 1.0 / (self.level + QUIET).sqrt();
        // The gain glides, for steps a hundred times a second would themselves make lines at multiples of 100 Hz.
        let glide = (self.gain - before) / low.len().max(1) as f32;
        for index in 0..self.decimator.output.len() {
            let gain = before + glide * (index + 1) as f32;
            self.sound.push(self.decimator.output[index] * gain);
            self.gains.push(gain);
            if self.sound.len() == SEGMENT {
                self.segment();
                self.sound.drain(..STEP);
                self.gains.drain(..STEP);
            }
        }
        &self.decimator.output
    }

    pub(super) fn finish(&self) -> Option<Hum> {
        if self.segments < 2 {
            return None;
        }
        let lines = Lines::new(self);
        [50.0, 60.0]
            .into_iter()
            .filter_map(|mains| lines.family(mains))
            .max_by(|one, other| one.0.total_cmp(&other.0))
            .map(|(_, hum)| hum)
    }

    fn segment(&mut self) {
        let mut scale = 0.0;
        for (index, input) in self.input.iter_mut().enumerate() {
            *input = self.sound[index] * self.window[index];
            scale += self.gains[index] * self.window[index];
        }
        // Both buffers were made by the plan, so their lengths cannot be wrong.
        if self.fft.process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch).is_err() {
            return;
        }
        // A steady tone of root mean square r gives |X|² = r² · (Σ gain · window)² / 2.
        let scale = 2.0 / (scale * scale);
        for ([sum, squares], bin) in self.sums.iter_mut().zip(&self.spectrum) {
            let octaves = log2(bin.norm_sqr() * scale + 1e-20);
            *sum += octaves;
            *squares += octaves * octaves;
        }
        self.segments += 1;
    }
}

/// The averaged spectrum in decibels, ready to be asked about lines.
struct Lines {
    levels: Vec<f64>,
    spreads: Vec<f64>,
    bin: f64,
    /// How far a line must stand over the floor.
    needed: f64,
    segments: u32,
    response: Decimator,
}

/// A line found near a multiple of the mains frequency.
struct Found {
    multiple: f64,
    harmonic: Harmonic,
}

impl Lines {
    /// Highest multiple that is looked at, as long as it lies below 0.4 of the low rate.
    const MULTIPLES: usize = 16;
    /// Mains frequencies stay within this; bass notes next to 50 and 60 Hz (49.0, 51.9, 58.3, 61.7) do not.
    const WANDER: f64 = 0.4;

    fn new(finder: &HumFinder) -> Self {
        let count = f64::from(finder.segments);
        let levels = finder.sums.iter().map(|[sum, _]| f64::from(*sum) / count * DB_PER_OCTAVE).collect();
        let spreads = finder.sums.iter().map(|[sum, squares]| {
            let mean = f64::from(*sum) / count;
            (f64::from(*squares) / count - mean * mean).max(0.0).sqrt() * DB_PER_OCTAVE
        });
        Self {
            levels,
            spreads: spreads.collect(),
            bin: finder.rate / SEGMENT as f64,
            // A bin of noise scatters by 5.6 dB from spectrum to spectrum; the fewer are averaged, the more must be asked.
            needed: 8.0 + 8.0 / count.sqrt(),
            segments: finder.segments,
            response: finder.decimator.clone(),
        }
    }

    /// The hum of one mains frequency with its total height over the floor, if there is one.
    fn family(&self, mains: f64) -> Option<(f64, Hum)> {
        const STEPS: i32 = 20;
        let lines_at = |base: f64| (1..=Self::MULTIPLES).filter_map(move |multiple| self.line(base, multiple as f64));
        let weight = |base: f64| lines_at(base).map(|line| line.harmonic.above_floor_db).sum::<f64>();
        let (_, base) = (-STEPS..=STEPS)
            .map(|step| mains + Self::WANDER * f64::from(step) / f64::from(STEPS))
            .map(|base| (weight(base), base))
            .max_by(|one, other| one.0.total_cmp(&other.0))?;
        let lines: Vec<Found> = lines_at(base).collect();

        let (moment, mass) = lines.iter().fold((0.0, 0.0), |(moment, mass), line| {
            let height = line.harmonic.above_floor_db * line.multiple;
            (moment + height * line.harmonic.hertz, mass + height * line.multiple)
        });
        let low = lines.iter().filter(|line| line.multiple <= 3.0).count();
        let alone = lines.iter().any(|line| {
            line.multiple <= 2.0 && line.harmonic.above_floor_db >= self.needed + 4.0 && self.segments >= 6
        });
        if !(alone || low >= 1 && lines.len() >= 3 || low >= 2) {
            return None;
        }
        let total = lines.iter().map(|line| line.harmonic.above_floor_db).sum();
        let harmonics = lines.into_iter().map(|line| line.harmonic).collect();
        Some((total, Hum { base_hertz: moment / mass, harmonics }))
    }

    /// The line at a multiple of `base`, if one stands there, narrow and steady.
    fn line(&self, base: f64, multiple: f64) -> Option<Found> {
        /// Half the width of a line under a Hann window, in bins, and how far around it the floor is taken.
        const HALF_LINE: usize = 5;
        const AROUND: usize = 40;
        /// A steady tone scatters less from spectrum to spectrum than noise (5.6 dB) or notes (10 dB and more).
        const STEADY: f64 = 4.0;
        /// What nobody can hear is no hum, in dBFS.
        const FAINTEST: f64 = -85.0;
        let centre = (base * multiple / self.bin).round() as usize;
        if base * multiple > 0.4 * self.bin * SEGMENT as f64 || centre < HALF_LINE + 2 {
            return None;
        }
        let near = centre - 1..=centre + 1;
        let peak = near.max_by(|one, other| self.levels[*one].total_cmp(&self.levels[*other]))?;
        let low = peak.saturating_sub(AROUND);
        let around = self.levels.get(low..peak + AROUND)?;
        let mut floor: Vec<f64> = around
            .iter()
            .enumerate()
            .filter(|(index, _)| (low + index).abs_diff(peak) > HALF_LINE)
            .map(|(_, level)| *level)
            .collect();
        let middle = floor.len() / 2;
        let (_, floor, _) = floor.select_nth_unstable_by(middle, f64::total_cmp);
        let above = self.levels[peak] - *floor;
        let crest = &self.levels[peak - HALF_LINE..=peak + HALF_LINE];
        // The skirt of a greater line beside it is no line.
        let summit = crest.iter().all(|level| *level <= self.levels[peak]);
        let beside = self.levels[peak - HALF_LINE - 1].max(self.levels[peak + HALF_LINE + 1]);
        let narrow = self.levels[peak] - beside > 0.6 * above.min(20.0);
        if above < self.needed || self.levels[peak] < FAINTEST || !summit || !narrow || self.spreads[peak] > STEADY {
            return None;
        }
        // Under a Hann window the logarithm of a line is close to a parabola at its top.
        let (left, top, right) = (self.levels[peak - 1], self.levels[peak], self.levels[peak + 1]);
        let shift = 0.5 * (left - right) / (left - 2.0 * top + right);
        let shift = if shift.is_finite() { shift.clamp(-0.5, 0.5) } else { 0.0 };
        let hertz = (peak as f64 + shift) * self.bin;
        let level_db = top - 0.25 * (left - right) * shift - self.response.gain_db(hertz / (self.bin * SEGMENT as f64));
        let harmonic = Harmonic { hertz, level_db, above_floor_db: above };
        Some(Found { multiple, harmonic })
    }
}

/// Brings a stream down to about [`LOW_RATE`]: means of four samples where there are enough of them, then a
/// windowed-sinc low-pass.
#[derive(Clone, Debug)]
struct Decimator {
    /// Samples in each mean: 1 or 4.
    bunch: usize,
    /// Means for each sample kept.
    factor: usize,
    taps: Vec<f32>,
    loose: Vec<f32>,
    waiting: Vec<f32>,
    output: Vec<f32>,
}

impl Decimator {
    const BUNCH: usize = 4;

    /// Six taps for each sample that is left out: flat to 0.3 of the new rate, 30 dB down where folding would reach
    /// 0.35 of it.
    fn new(rate: f64) -> Self {
        let (bunch, rate) = if rate > 6.0 * LOW_RATE { (Self::BUNCH, rate / Self::BUNCH as f64) } else { (1, rate) };
        let factor = (rate / LOW_RATE).round().max(1.0) as usize;
        let length = if factor == 1 { 1 } else { 6 * factor };
        let middle = (length - 1) as f64 / 2.0;
        let shape = |n: usize| {
            let x = (n as f64 - middle) / factor as f64;
            let cutoff = 0.45;
            let sinc = if x == 0.0 { 1.0 } else { (2.0 * PI * cutoff * x).sin() / (2.0 * PI * cutoff * x) };
            sinc * (0.5 + 0.5 * (PI * x / 3.0).cos())
        };
        let total: f64 = (0..length).map(shape).sum::<f64>() * bunch as f64;
        let taps = (0..length).map(|n| (shape(n) / total) as f32).collect();
        Self { bunch, factor, taps, loose: Vec::new(), waiting: vec![0.0; length - 1], output: Vec::new() }
    }

    /// How many samples become one.
    fn factor(&self) -> usize {
        self.bunch * self.factor
    }

    /// Replaces the output by what comes of these samples. What is no number counts as silence.
    fn process(&mut self, samples: &[f32]) {
        let Self { bunch, factor, taps, loose, waiting, output } = self;
        if *bunch == 1 {
            waiting.extend_from_slice(samples);
        } else {
            let taken = if loose.is_empty() { 0 } else { (Self::BUNCH - loose.len()).min(samples.len()) };
            loose.extend_from_slice(&samples[..taken]);
            if loose.len() == Self::BUNCH {
                waiting.push(loose.drain(..).sum());
            }
            let (bunches, rest) = samples[taken..].as_chunks::<{ Self::BUNCH }>();
            waiting.extend(bunches.iter().map(|[a, b, c, d]| (a + b) + (c + d)));
            loose.extend_from_slice(rest);
        }
        output.clear();
        let mut start = 0;
        while let Some(window) = waiting.get(start..start + taps.len()) {
            let value = dot(window, taps);
            output.push(if value.is_finite() { value } else { 0.0 });
            start += *factor;
        }
        // Windows are longer than the step between them, so the next one begins within what is there.
        waiting.drain(..start);
    }

    /// Gain at a frequency given as a fraction of the low rate.
    fn gain_db(&self, fraction: f64) -> f64 {
        let step = 2.0 * PI * fraction / self.factor() as f64;
        let response = |length: usize, step: f64, tap: &dyn Fn(usize) -> f64| {
            let (re, im) = (0..length).fold((0.0, 0.0), |(re, im), n| {
                let (sin, cos) = (step * n as f64).sin_cos();
                (re + tap(n) * cos, im + tap(n) * sin)
            });
            f64::hypot(re, im)
        };
        let bunch = response(self.bunch, step, &|_| 1.0);
        let taps = response(self.taps.len(), step * self.bunch as f64, &|n| f64::from(self.taps[n]));
        20.0 * (bunch * taps).log10()
    }
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut lanes = [0.0; LANES];
    let (one, one_rest) = one.as_chunks::<LANES>();
    let (other, other_rest) = other.as_chunks::<LANES>();
    for (one, other) in one.iter().zip(other) {
        for lane in 0..LANES {
            lanes[lane] += one[lane] * other[lane];
        }
    }
    let rest: f32 = one_rest.iter().zip(other_rest).map(|(one, other)| one * other).sum();
    lanes.into_iter().sum::<f32>() + rest
}

/// A Hann window that overlaps itself evenly.
pub(super) fn hann(length: usize) -> Vec<f32> {
    (0..length).map(|n| (0.5 - 0.5 * (2.0 * PI * n as f64 / length as f64).cos()) as f32).collect()
}

/// The binary logarithm of a positive number to within 0.01: exponent, and a parabola through the mantissa.
pub(super) fn log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as f32 - 127.0;
    let mantissa = f32::from_bits(bits & 0x007f_ffff | 0x3f80_0000) - 1.0;
    exponent + mantissa * (1.344 - 0.344 * mantissa)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a hum that is not found fails the test")]

    use testkit::signal::{Dice, db, noise, sine};

    use super::*;

    fn find(rate: u32, sound: &[f32]) -> Option<Hum> {
        let mut finder = HumFinder::new(rate);
        for hop in sound.chunks(rate as usize / 100) {
            finder.process(hop);
        }
        finder.finish()
    }

    fn add(sound: &mut [f32], other: &[f32]) {
        for (sample, other) in sound.iter_mut().zip(other) {
            *sample += other;
        }
    }

    /// A tone whose root mean square is this many dBFS.
    fn tone(rate: u32, hertz: f64, level: f64, frames: usize) -> Vec<f32> {
        sine(rate, hertz, db(level) * 2f64.sqrt(), 30.0, frames)
    }

    #[test]
    fn measures_frequency_and_level_at_any_rate() {
        for rate in [8_000, 11_025, 16_000, 44_100, 48_000, 96_000] {
            for base in [49.95, 50.0, 60.03] {
                let frames = 20 * rate as usize;
                let mut sound = noise(&mut Dice::new(9), 0.003, frames);
                for (multiple, level) in [(1.0, -50.0), (2.0, -56.0), (3.0, -53.0)] {
                    add(&mut sound, &tone(rate, base * multiple, level, frames));
                }
                let hum = find(rate, &sound).unwrap();
                assert!((hum.base_hertz - base).abs() < 0.02, "{rate} Hz: {hum:?}");
                let levels: Vec<f64> = hum.harmonics.iter().take(3).map(|harmonic| harmonic.level_db).collect();
                for (found, expected) in levels.iter().zip([-50.0, -56.0, -53.0]) {
                    assert!((found - expected).abs() < 1.0, "{rate} Hz: {hum:?}");
                }
                assert_eq!(hum.harmonics.len(), 3, "{rate} Hz: {hum:?}");
            }
        }
    }

    #[test]
    fn leaves_noise_silence_and_short_sound_alone() {
        for seed in 0..6 {
            assert_eq!(find(8_000, &noise(&mut Dice::new(seed), 0.1, 8_000 * (8 + 8 * seed as usize))), None);
        }
        assert_eq!(find(44_100, &vec![0.0; 441_000]), None);
        assert_eq!(find(44_100, &tone(44_100, 50.0, -20.0, 44_100 * 5)), None);
        assert_eq!(find(8_000, &vec![f32::NAN; 80_000]), None);
        assert_eq!(find(8_000, &[]), None);
    }

    #[test]
    fn leaves_a_bass_line_alone() {
        // G, A, B, D and their octaves in equal temperament, changing every 0.4 s: three lie within 2 Hz of mains lines.
        let notes = [49.0, 55.0, 61.74, 73.42, 98.0, 61.74, 49.0, 123.47];
        let rate = 8_000;
        let mut dice = Dice::new(4);
        let mut sound = noise(&mut dice, 0.001, 0);
        for _ in 0..75 {
            let note = notes[dice.below(notes.len())];
            let mut one = tone(rate, note, -20.0, rate as usize * 2 / 5);
            let frames = one.len();
            add(&mut one, &tone(rate, 2.0 * note, -26.0, frames));
            add(&mut one, &tone(rate, 3.0 * note, -30.0, frames));
            sound.extend(one);
        }
        add(&mut sound, &noise(&mut dice, 0.001, 240_000));
        assert_eq!(find(rate, &sound), None);
        // One held note is as steady as hum, and told from it by its frequency alone.
        assert_eq!(find(rate, &tone(rate, 49.0, -20.0, 240_000)), None);
    }

    #[test]
    fn leaves_a_low_voice_alone() {
        // A buzz around 100 Hz that glides as speech does, with pauses as irregular as those of speech.
        let rate = 8_000;
        let mut dice = Dice::new(13);
        let (mut phase, mut left, mut loud) = (0.0, 0, 0.0);
        let voice = (0..30 * 8_000).map(|n| {
            if left == 0 {
                loud = if loud > 0.0 { 0.0 } else { 0.1 };
                left = 1_600 + dice.below(6_400);
            }
            left -= 1;
            let t = f64::from(n) / 8_000.0;
            phase += (100.0 + 12.0 * (2.1 * t).sin() + 5.0 * (5.3 * t).sin()) / 8_000.0;
            (1..8).map(|k| loud / f64::from(k) * (2.0 * PI * f64::from(k) * phase).sin()).sum::<f64>() as f32
        });
        let mut sound: Vec<f32> = voice.collect();
        add(&mut sound, &noise(&mut Dice::new(2), 0.001, 240_000));
        assert_eq!(find(rate, &sound), None);
        add(&mut sound, &tone(rate, 50.0, -45.0, 240_000));
        add(&mut sound, &tone(rate, 150.0, -45.0, 240_000));
        let hum = find(rate, &sound).unwrap();
        assert!((hum.base_hertz - 50.0).abs() < 0.03 && hum.harmonics.len() == 2, "{hum:?}");
    }

    #[test]
    fn logarithm_is_close() {
        for x in [1e-20f32, 0.001, 0.5, 0.7, 1.0, 1.2, 1.5, 1.9, 2.0, 1e9] {
            assert!((log2(x) - x.log2()).abs() < 0.01, "{x}");
        }
    }
}
