//! Finds true peaks above a ceiling, and only those: most sound is ruled out by a bound and never oversampled.
//!
//! Law: Recommendation ITU-R BS.1770-5, Annex 2 (four times oversampling by its filter of order 48).

/// Coefficients of the interpolating filter by phase, newest sample first (BS.1770-5, Annex 2, table of the order 48,
/// 4-phase filter).
#[expect(clippy::excessive_precision, reason = "all digits that the recommendation prints")]
#[rustfmt::skip]
const PHASES: [[f32; TAPS]; 4] = [
    [
        0.001_708_984_375, 0.010_986_328_125, -0.019_653_320_312_5, 0.033_203_125, -0.059_448_242_187_5,
        0.137_329_101_562_5, 0.972_167_968_75, -0.102_294_921_875, 0.047_607_421_875, -0.026_611_328_125,
        0.014_892_578_125, -0.008_300_781_25,
    ],
    [
        -0.029_174_804_687_5, 0.029_296_875, -0.051_757_812_5, 0.089_111_328_125, -0.166_503_906_25,
        0.465_087_890_625, 0.779_785_156_25, -0.200_317_382_812_5, 0.101_562_5, -0.058_227_539_062_5,
        0.033_081_054_687_5, -0.018_920_898_437_5,
    ],
    [
        -0.018_920_898_437_5, 0.033_081_054_687_5, -0.058_227_539_062_5, 0.101_562_5, -0.200_317_382_812_5,
        0.779_785_156_25, 0.465_087_890_625, -0.166_503_906_25, 0.089_111_328_125, -0.051_757_812_5,
        0.029_296_875, -0.029_174_804_687_5,
    ],
    [
        -0.008_300_781_25, 0.014_892_578_125, -0.026_611_328_125, 0.047_607_421_875, -0.102_294_921_875,
        0.972_167_968_75, 0.137_329_101_562_5, -0.059_448_242_187_5, 0.033_203_125, -0.019_653_320_312_5,
        0.010_986_328_125, 0.001_708_984_375,
    ],
];
const TAPS: usize = 12;

/// Greatest sum of magnitudes of one phase: no interpolated sample exceeds the greatest sample by more (phases 1 and 2).
const GROWTH: f32 = 2.022_828;

/// Samples that are ruled out or looked at together.
const RUN: usize = 32;

/// Samples by which the filter is late.
const LATE: usize = 6;

/// A place where the ceiling is exceeded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Over {
    /// Sample, counted from the first that was scanned.
    pub(super) at: usize,
    /// True peak, linear.
    pub(super) peak: f32,
}

/// Scans one channel in pieces.
#[derive(Clone)]
pub(super) struct Scanner {
    ceiling: f32,
    /// The last samples before `position`, then those of the piece at hand.
    line: Vec<f32>,
    position: usize,
}

impl Scanner {
    /// Looks for true peaks above the given one.
    pub(super) fn new(ceiling: f32) -> Self {
        Self { ceiling, line: vec![0.0; TAPS - 1], position: 0 }
    }

    /// Adds the places found in the next samples and gives the greatest of these samples.
    pub(super) fn scan(&mut self, samples: &[f32], over: &mut Vec<Over>) -> f32 {
        self.line.extend_from_slice(samples);
        let mut greatest = 0.0f32;
        for start in (0..samples.len()).step_by(RUN) {
            let end = (start + RUN).min(samples.len());
            let run = &self.line[start..end + TAPS - 1];
            let peak = run.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
            greatest = greatest.max(peak);
            if peak * GROWTH <= self.ceiling {
                continue;
            }
            for (offset, window) in run.windows(TAPS).enumerate() {
                let peak = PHASES
                    .iter()
                    .map(|phase| {
                        let sum: f32 = window.iter().rev().zip(phase).map(|(sample, factor)| sample * factor).sum();
                        sum.abs()
                    })
                    .fold(0.0, f32::max);
                if peak > self.ceiling {
                    let at = (self.position + start + offset).saturating_sub(LATE);
                    over.push(Over { at, peak });
                }
            }
        }
        self.position += samples.len();
        self.line.drain(..samples.len());
        greatest
    }
}

#[cfg(test)]
mod tests {
    use testkit::signal;

    use super::{GROWTH, PHASES, Scanner};

    #[test]
    fn growth_is_the_greatest_sum_of_a_phase() {
        for phase in PHASES {
            assert!(phase.iter().map(|factor| factor.abs()).sum::<f32>() <= GROWTH);
        }
    }

    #[test]
    fn a_peak_between_samples_is_found_where_it_is() {
        // A quarter of the rate at 45 degrees: samples of 0.707 around peaks of 1.
        let mut sound = signal::sine(48_000, 12_000.0, 0.5, 45.0, 4800);
        for sample in &mut sound[2400..2440] {
            *sample *= 2.0;
        }
        let mut over = Vec::new();
        let mut scanner = Scanner::new(0.9);
        for piece in sound.chunks(1000) {
            let greatest = scanner.scan(piece, &mut over);
            assert!(greatest < 0.75);
        }
        assert!(over.iter().any(|over| (0.95..1.05).contains(&over.peak)));
        assert!(over.iter().all(|over| (2390..2450).contains(&over.at)));
    }
}
