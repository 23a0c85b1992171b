//! True peak: how high the waveform rises between its samples. ITU-R BS.1770-5, Annex 2.
//!
//! # Why most of the sound need not be interpolated
//!
//! An interpolated value is a sum of twelve products yₙ = Σ hₖ xₙ₋ₖ, so |yₙ| ≤ Σ |hₖ| · max |xₙ₋ₖ|: no phase can rise
//! above its absolute tap sum (1.43 for the outer two, 2.02 for the inner two) times the greatest sample that it sees.
//! A stretch whose samples all stay under the highest peak found so far divided by that sum cannot change the result and
//! is passed over. The bound used is greater by far more than what rounding can add, so nothing is ever missed and the
//! peak is the same, to the last bit, however the stream is cut.
//!
//! # What it reads
//!
//! The printed filter is short and ripples: a steady tone around a tenth of the rate reads up to 0.2 dB high, and the
//! phases at 1/8, 3/8, 5/8 and 7/8 of the way between samples can miss a crest near half the rate by as much. Both lie
//! within the tolerances of EBU Tech 3341.
//!
//! # How the rest is interpolated
//!
//! Phase 3 is phase 0 backwards, and phase 2 is phase 1 backwards. With the even part E and the odd part O of such a
//! filter its two phases give E + O and E − O, and the greater of |E + O| and |E − O| is |E| + |O|: half the products.

#![expect(
    clippy::inline_always,
    reason = "the inner loops have to be compiled into the function that is compiled twice"
)]

use crate::fused::{self, multiply_add_f32};

/// Taps of each phase; a value between samples depends on this many of them.
pub const TAPS: usize = 12;

/// ITU-R BS.1770-5, Annex 2: order 48, 4-phase FIR interpolating filter, phases 0 and 1. Phases 3 and 2 are the same read
/// backwards.
const OUTER: [f64; TAPS] = [
    0.001_708_984_375_0,
    0.010_986_328_125_0,
    -0.019_653_320_312_5,
    0.033_203_125_000_0,
    -0.059_448_242_187_5,
    0.137_329_101_562_5,
    0.972_167_968_750_0,
    -0.102_294_921_875_0,
    0.047_607_421_875_0,
    -0.026_611_328_125_0,
    0.014_892_578_125_0,
    -0.008_300_781_250_0,
];
const INNER: [f64; TAPS] = [
    -0.029_174_804_687_5,
    0.029_296_875_000_0,
    -0.051_757_812_500_0,
    0.089_111_328_125_0,
    -0.166_503_906_250_0,
    0.465_087_890_625_0,
    0.779_785_156_250_0,
    -0.200_317_382_812_5,
    0.101_562_500_000_0,
    -0.058_227_539_062_5,
    0.033_081_054_687_5,
    -0.018_920_898_437_5,
];

/// The true peak of one channel.
#[derive(Clone, Debug)]
pub struct TruePeak {
    phases: Phases,
    highest: Highest,
    history: [f32; TAPS - 1],
}

impl TruePeak {
    /// A meter for frames at `rate` per second: below 96 kHz all four phases, to below 192 kHz the two that fall nearest
    /// to the middle between samples, above that the samples alone.
    pub fn new(rate: u32) -> Self {
        Self { phases: Phases::at(rate), highest: Highest::default(), history: [0.0; TAPS - 1] }
    }

    /// Takes the next samples.
    pub fn process(&mut self, samples: &[f32]) {
        let mut seam = [0.0; 2 * (TAPS - 1)];
        let (before, after) = seam.split_at_mut(TAPS - 1);
        let taken = samples.len().min(after.len());
        before.copy_from_slice(&self.history);
        after[..taken].copy_from_slice(&samples[..taken]);
        self.highest.scan(&seam[..TAPS - 1 + taken], self.phases);
        self.highest.scan(samples, self.phases);
        match samples.last_chunk() {
            Some(history) => self.history = *history,
            None => self.history.copy_from_slice(&seam[taken..taken + TAPS - 1]),
        }
    }

    /// Lets the last samples run out of the filter. Call once, at the end of the sound.
    pub fn finish(&mut self) {
        self.process(&[0.0; TAPS - 1]);
    }

    /// The highest peak so far, linear, never under the highest sample.
    pub fn peak(&self) -> f32 {
        self.highest.peak
    }

    /// The highest sample so far, linear.
    pub fn sample_peak(&self) -> f32 {
        self.highest.sample
    }
}

/// The true peak of a stretch: `TAPS - 1` samples that came before, then those in question; all are taken into account.
///
/// A result above `threshold` is exact; one at or under it is an upper bound, and cheap. A limiter asks so whether it
/// must act, and how much.
///
/// ```
/// use audio::measure::true_peak::window_peak;
///
/// // A quarter-rate tone, its crests halfway between samples: they rise 3 dB above what the samples show.
/// let tone: Vec<f32> = (0..64).map(|n| if n % 4 < 2 { 0.5 } else { -0.5 }).collect();
/// assert!(window_peak(&tone, 48_000, 0.6) > 0.67);
/// assert!(window_peak(&tone, 48_000, 1.5) <= 1.5);
/// ```
pub fn window_peak(samples: &[f32], rate: u32, threshold: f32) -> f32 {
    let phases = Phases::at(rate);
    let greatest = greatest(samples);
    let bound = greatest * phases.bound();
    if bound <= threshold {
        return bound;
    }
    // Peaks at or under the threshold need not be known, so the search may start there.
    let mut highest = Highest { sample: greatest, peak: greater(greatest, threshold) };
    highest.scan(samples, phases);
    highest.peak
}

/// Which of the four phases are worked out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phases {
    All,
    Inner,
    None,
}

impl Phases {
    fn at(rate: u32) -> Self {
        match rate {
            ..96_000 => Self::All,
            96_000..192_000 => Self::Inner,
            _ => Self::None,
        }
    }

    /// How far above the samples a value between them can lie.
    fn bound(self) -> f32 {
        if self == Self::None { 1.0 } else { INNER_PAIR.bound }
    }
}

/// A filter and its mirror image: half the sum and half the difference of both, and the bound on what they give.
struct Pair {
    even: [f32; TAPS / 2],
    odd: [f32; TAPS / 2],
    bound: f32,
}

const OUTER_PAIR: Pair = Pair::of(&OUTER);
const INNER_PAIR: Pair = Pair::of(&INNER);

/// Values worked out at once; short enough that one loud sample does not pull much sound with it.
const STRETCH: usize = 32;

/// The samples that so many values depend on.
type Stretch = [f32; STRETCH + TAPS - 1];

impl Pair {
    const fn of(taps: &[f64; TAPS]) -> Self {
        let (mut even, mut odd, mut bound) = ([0.0; TAPS / 2], [0.0; TAPS / 2], 0.0);
        let mut k = 0;
        while k < TAPS / 2 {
            // Exact: the taps are multiples of 2^-13.
            even[k] = (0.5 * (taps[k] + taps[TAPS - 1 - k])) as f32;
            odd[k] = (0.5 * (taps[k] - taps[TAPS - 1 - k])) as f32;
            bound += taps[k].abs() + taps[TAPS - 1 - k].abs();
            k += 1;
        }
        // Thirty roundings of 2^-24 each come to 2e-6 of the bound.
        Self { even, odd, bound: (bound * 1.000_01) as f32 }
    }

    /// The greatest value between the samples of a stretch.
    ///
    /// `LANES` is the width of a register: with more the sums spill, at more than twice the time.
    #[inline(always)]
    fn highest<const LANES: usize, const FUSED: bool>(&self, samples: &Stretch) -> f32 {
        let mut highest = [0.0; LANES];
        for start in (0..STRETCH).step_by(LANES) {
            let (mut even, mut odd) = ([0.0; LANES], [0.0; LANES]);
            for k in 0..TAPS / 2 {
                for lane in 0..LANES {
                    let (one, other) = (samples[start + lane + k], samples[start + lane + TAPS - 1 - k]);
                    even[lane] = multiply_add_f32::<FUSED>(self.even[k], one + other, even[lane]);
                    odd[lane] = multiply_add_f32::<FUSED>(self.odd[k], one - other, odd[lane]);
                }
            }
            for lane in 0..LANES {
                highest[lane] = greater(highest[lane], even[lane].abs() + odd[lane].abs());
            }
        }
        highest.into_iter().fold(0.0, greater)
    }

    /// The greater of the two values between twelve samples: the same sums as [`Pair::highest`], in the same order.
    #[inline(always)]
    fn value<const FUSED: bool>(&self, samples: &[f32; TAPS]) -> f32 {
        let (mut even, mut odd) = (0.0, 0.0);
        for k in 0..TAPS / 2 {
            let (one, other) = (samples[k], samples[TAPS - 1 - k]);
            even = multiply_add_f32::<FUSED>(self.even[k], one + other, even);
            odd = multiply_add_f32::<FUSED>(self.odd[k], one - other, odd);
        }
        even.abs() + odd.abs()
    }
}

/// The highest found so far: of the samples, and of all.
#[derive(Clone, Copy, Debug, Default)]
struct Highest {
    sample: f32,
    peak: f32,
}

impl Highest {
    /// Takes in the samples and every value between twelve of them.
    fn scan(&mut self, samples: &[f32], phases: Phases) {
        fused::run(Scan { highest: self, samples, phases });
    }

    /// [`Self::scan`] over fewer samples than a stretch.
    #[inline(always)]
    fn scan_short<const FUSED: bool>(&mut self, samples: &[f32], phases: Phases) {
        let greatest = self.lift(samples.iter().fold(0.0, |greatest, sample| greater(greatest, sample.abs())));
        if phases == Phases::None || greatest * INNER_PAIR.bound <= self.peak {
            return;
        }
        for start in 0..samples.len() {
            if let Some(twelve) = samples[start..].first_chunk() {
                self.peak = greater(self.peak, INNER_PAIR.value::<FUSED>(twelve));
                if phases == Phases::All {
                    self.peak = greater(self.peak, OUTER_PAIR.value::<FUSED>(twelve));
                }
            }
        }
    }

    #[inline(always)]
    fn raise<const LANES: usize, const FUSED: bool>(&mut self, stretch: &Stretch, phases: Phases) {
        let greatest = self.lift(greatest(stretch));
        if phases != Phases::None && greatest * INNER_PAIR.bound > self.peak {
            self.peak = greater(self.peak, INNER_PAIR.highest::<LANES, FUSED>(stretch));
            if phases == Phases::All && greatest * OUTER_PAIR.bound > self.peak {
                self.peak = greater(self.peak, OUTER_PAIR.highest::<LANES, FUSED>(stretch));
            }
        }
    }

    #[inline(always)]
    fn scan_wide<const LANES: usize, const FUSED: bool>(&mut self, samples: &[f32], phases: Phases) {
        let Some(last) = samples.last_chunk() else {
            return self.scan_short::<FUSED>(samples, phases);
        };
        let mut start = 0;
        while let Some(stretch) = samples[start..].first_chunk() {
            self.raise::<LANES, FUSED>(stretch, phases);
            start += STRETCH;
        }
        // The last stretch overlaps the one before it, which does no harm to a maximum.
        self.raise::<LANES, FUSED>(last, phases);
    }

    /// Takes in the greatest sample of a stretch and hands it back.
    #[inline(always)]
    fn lift(&mut self, greatest: f32) -> f32 {
        self.sample = greater(self.sample, greatest);
        self.peak = greater(self.peak, greatest);
        greatest
    }
}

/// [`Highest::scan`] under way.
struct Scan<'a> {
    highest: &'a mut Highest,
    samples: &'a [f32],
    phases: Phases,
}

impl fused::Loop for Scan<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Self { highest, samples, phases } = self;
        // Processors of x86-64 that fuse have registers of eight.
        if FUSED && cfg!(target_arch = "x86_64") {
            highest.scan_wide::<8, FUSED>(samples, phases);
        } else {
            highest.scan_wide::<4, FUSED>(samples, phases);
        }
    }
}

/// The greatest magnitude among some samples.
#[inline(always)]
pub(crate) fn greatest(samples: &[f32]) -> f32 {
    const LANES: usize = 8;
    let (whole, rest) = samples.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in whole {
        for lane in 0..LANES {
            lanes[lane] = greater(lanes[lane], chunk[lane].abs());
        }
    }
    rest.iter().fold(lanes.into_iter().fold(0.0, greater), |peak, sample| greater(peak, sample.abs()))
}

/// The greater of two, the first where the second is no number. One instruction, which [`f32::max`] is not.
#[inline(always)]
fn greater(one: f32, other: f32) -> f32 {
    if other > one { other } else { one }
}

#[cfg(test)]
mod tests {
    use testkit::signal::{Dice, noise, sine};

    use super::*;

    /// The definition itself: every phase at every place, in 64 bits.
    fn plain(samples: &[f32], phases: Phases) -> f64 {
        let mirrored = |taps: [f64; TAPS]| std::array::from_fn(|k| taps[TAPS - 1 - k]);
        let filters: &[[f64; TAPS]] = match phases {
            Phases::All => &[OUTER, INNER, mirrored(INNER), mirrored(OUTER)],
            Phases::Inner => &[INNER, mirrored(INNER)],
            Phases::None => &[],
        };
        let between = samples.windows(TAPS).flat_map(move |twelve| {
            filters
                .iter()
                .map(move |taps| taps.iter().rev().zip(twelve).map(|(tap, x)| tap * f64::from(*x)).sum::<f64>().abs())
        });
        samples.iter().map(|x| f64::from(x.abs())).chain(between).fold(0.0, f64::max)
    }

    fn whole(samples: &[f32], rate: u32) -> TruePeak {
        let mut meter = TruePeak::new(rate);
        meter.process(samples);
        meter.finish();
        meter
    }

    #[test]
    fn the_outer_phases_bound_less_than_the_inner() {
        let sum = |taps: &[f64; TAPS]| taps.iter().map(|tap| tap.abs()).sum::<f64>() as f32;
        assert!(sum(&OUTER) < 1.44 && sum(&INNER) < 2.03);
        assert!(OUTER_PAIR.bound > sum(&OUTER) && INNER_PAIR.bound > sum(&INNER));
    }

    #[test]
    fn passing_over_quiet_stretches_changes_nothing() {
        let mut dice = Dice::new(7);
        for rate in [8_000, 44_100, 96_000, 192_000] {
            for round in 0..40 {
                let mut sound = noise(&mut dice, 1.0, 100 + 37 * round);
                // Swells, so that loud and quiet stretches alternate around the bound.
                for (n, sample) in sound.iter_mut().enumerate() {
                    *sample *= (0.55 + 0.45 * (n as f32 * 0.01 * round as f32).sin()).powi(2);
                }
                let mut padded = vec![0.0; TAPS - 1];
                padded.extend(&sound);
                padded.extend([0.0; TAPS - 1]);
                let expected = plain(&padded, Phases::at(rate));
                let found = f64::from(whole(&sound, rate).peak());
                assert!((found - expected).abs() < 2e-6 * expected, "{rate} Hz, round {round}: {found}, {expected}");
            }
        }
    }

    #[test]
    fn cuts_do_not_show() {
        let mut dice = Dice::new(11);
        let sound = noise(&mut dice, 0.9, 3_000);
        let expected = whole(&sound, 44_100).peak();
        for _ in 0..50 {
            let mut meter = TruePeak::new(44_100);
            let mut rest = sound.as_slice();
            while !rest.is_empty() {
                let (now, later) = rest.split_at(dice.below(200).min(rest.len()));
                meter.process(now);
                rest = later;
            }
            meter.finish();
            assert_eq!(meter.peak().to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn nothing_silence_and_no_number_are_zero() {
        assert_eq!(whole(&[], 48_000).peak(), 0.0);
        assert_eq!(whole(&[0.0; 500], 48_000).peak(), 0.0);
        assert_eq!(whole(&[f32::NAN; 500], 48_000).peak(), 0.0);
        assert!(whole(&[f32::INFINITY; 500], 48_000).peak().is_infinite());
        assert_eq!(whole(&[0.25], 192_000).peak(), 0.25);
        assert_eq!(window_peak(&[], 48_000, 0.5), 0.0);
    }

    #[test]
    fn a_window_is_exact_above_its_threshold_and_bounded_below() {
        let mut dice = Dice::new(3);
        for length in [1, TAPS - 1, TAPS, 20, 43, 44, 75, 300] {
            for rate in [44_100, 96_000, 192_000] {
                let sound = noise(&mut dice, 1.0, length);
                let expected = plain(&sound, Phases::at(rate)) as f32;
                for threshold in [0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 2.0, 3.0] {
                    let found = window_peak(&sound, rate, threshold);
                    if expected > threshold {
                        assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
                    } else {
                        assert!((expected..=threshold).contains(&found), "{found} outside {expected}..={threshold}");
                    }
                }
            }
        }
    }

    #[test]
    fn tones_read_as_they_are() {
        // 997 Hz at -1 dBFS: the samples all but touch the crest, and the filter must not add to it.
        let tone = sine(48_000, 997.0, 0.891_25, 0.0, 48_000);
        let decibels = 20.0 * f64::from(whole(&tone, 48_000).peak()).log10();
        assert!((decibels + 1.0).abs() < 0.05, "{decibels}");
    }
}
