//! The limiter's decision: from the peak of each cell to the gain at each border between cells.
//!
//! Knows nothing of samples, so that the limiter and its rehearsal share one implementation.
//!
//! For every cell the gain that brings its peak to the ceiling is known. The curve through the borders must lie at or
//! under that gain on both ends of the cell, come down before the peak without a corner, stay down while a low note
//! swings, and go back up slowly. In order: the minimum over the cells that touch a border; held by a window that looks
//! `ATTACK` cells ahead and `HOLD` cells back; released exponentially; averaged over `ATTACK` + 1 borders. Each
//! step only ever lowers the curve at the places where it has to be low, so the result never lets a peak through.

use std::collections::VecDeque;

/// Frames per cell: 1.3 ms at 48 kHz.
pub const CELL: usize = 64;

/// Cells in which the gain comes down before a peak: 6 ms at 44.1 kHz, long enough to be inaudible as a click, short
/// enough to be masked by the peak that follows.
const ATTACK: usize = 4;

/// Cells for which the gain stays down after a peak: 11 ms, half a period of 45 Hz, so that the gain does not follow the
/// wave of a low note, which would be distortion.
const HOLD: usize = 8;

/// Seconds in which the gain covers 63 % of its way back when it was down only for a moment.
const RELEASE_FAST: f64 = 0.060;

/// The same when it has been down for long: a sustained loud passage is turned down, not pumped.
const RELEASE_SLOW: f64 = 0.400;

/// Seconds over which "for long" is judged.
const DENSITY: f64 = 1.0;

/// Borders by which the answer lags behind the peak that was pushed.
pub const LOOKAHEAD: usize = ATTACK + 1;

/// The gain decision as a stream: peaks in, gains out, [`LOOKAHEAD`] later.
#[derive(Clone, Debug)]
pub struct Control {
    ceiling: f32,
    /// Gain that each recent cell needs; the newest last.
    needed: VecDeque<f32>,
    /// Released gain at recent borders, the newest last; what the average runs over.
    released: VecDeque<f32>,
    fast: f32,
    slow: f32,
    density: f32,
    /// Running mean of how far the gain was down, 0 to 1.
    down: f32,
    /// Borders still to be swallowed before the first answer.
    warm_up: usize,
}

impl Control {
    /// A limiter for the given frame rate and ceiling (linear, 1.0 = full scale).
    pub fn new(rate: u32, ceiling: f64) -> Self {
        let per_cell = |seconds: f64| (1.0 - (-(CELL as f64) / (f64::from(rate) * seconds)).exp()) as f32;
        let mut needed = VecDeque::with_capacity(ATTACK + HOLD + 3);
        needed.resize(ATTACK + HOLD + 2, 1.0);
        let mut released = VecDeque::with_capacity(ATTACK + 2);
        released.resize(ATTACK + 1, 1.0);
        Self {
            ceiling: ceiling as f32,
            needed,
            released,
            fast: per_cell(RELEASE_FAST),
            slow: per_cell(RELEASE_SLOW),
            density: per_cell(DENSITY),
            down: 0.0,
            warm_up: ATTACK,
        }
    }

    /// Takes the peak of the next cell (linear). Gives the gain at the border in front of the cell that was pushed
    /// [`LOOKAHEAD`] − 1 calls ago; the first [`LOOKAHEAD`] − 1 calls give nothing.
    pub fn push(&mut self, peak: f32) -> Option<f32> {
        // A peak that is not a number can only come from a defect upstream; treat it as quiet rather than spread it.
        let needed = if peak > self.ceiling { self.ceiling / peak } else { 1.0 };
        self.needed.pop_front();
        self.needed.push_back(needed);
        // Front to back these are the cells that touch the HOLD borders before, the border itself and the ATTACK after.
        let held = self.needed.iter().copied().fold(1.0, f32::min);
        let last = self.released.back().copied().unwrap_or(1.0);
        self.down += (1.0 - last - self.down) * self.density;
        let weight = (self.down * 8.0).min(1.0);
        let speed = self.fast + (self.slow - self.fast) * weight;
        let released = if held < last { held } else { last + (held - last) * speed };
        self.released.pop_front();
        self.released.push_back(released);
        if self.warm_up > 0 {
            self.warm_up -= 1;
            return None;
        }
        Some(self.released.iter().sum::<f32>() / (ATTACK + 1) as f32)
    }
}

#[cfg(test)]
mod tests {
    use testkit::signal::Dice;

    use super::*;

    /// The curve for a list of cell peaks: one gain per border, one more than there are cells.
    fn curve(peaks: &[f32], ceiling: f64) -> Vec<f32> {
        let mut control = Control::new(48_000, ceiling);
        let flush = std::iter::repeat_n(0.0, LOOKAHEAD);
        peaks.iter().copied().chain(flush).filter_map(|peak| control.push(peak)).collect()
    }

    #[test]
    fn no_cell_is_let_through() {
        let mut dice = Dice::new(1);
        for _ in 0..200 {
            let peaks: Vec<f32> = (0..100).map(|_| (dice.unit().powi(4) * 6.0) as f32).collect();
            let gains = curve(&peaks, 0.8);
            assert_eq!(gains.len(), peaks.len() + 1);
            for (cell, peak) in peaks.iter().enumerate() {
                assert!(peak * gains[cell] <= 0.800_01, "cell {cell} begins at {}", peak * gains[cell]);
                assert!(peak * gains[cell + 1] <= 0.800_01, "cell {cell} ends at {}", peak * gains[cell + 1]);
            }
        }
    }

    #[test]
    fn quiet_sound_is_left_alone() {
        assert!(curve(&[0.5; 50], 0.8).iter().all(|gain| *gain == 1.0));
    }

    #[test]
    fn gain_comes_back_after_a_peak_without_a_jump() {
        let mut peaks = vec![0.1; 2_000];
        peaks[100] = 1.6;
        let gains = curve(&peaks, 0.8);
        assert!((gains[100] - 0.5).abs() < 1e-6);
        assert!(gains[..90].iter().all(|gain| *gain == 1.0));
        assert!(gains[1_900] > 0.999);
        let steepest = gains.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 0.5 / ATTACK as f32, "{steepest}");
    }

    #[test]
    fn nonsense_peaks_do_no_harm() {
        assert!(curve(&[f32::NAN, f32::INFINITY, -1.0], 0.8).iter().all(|gain| gain.is_finite()));
    }
}
