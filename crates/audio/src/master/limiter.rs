//! The look-ahead true-peak limiter.
//!
//! Channels are linked, so that the stereo picture does not wander. Where a cell's peak could exceed the ceiling it is
//! measured four times oversampled; everywhere else the bound of [`crate::measure::true_peak::window_peak`] settles it
//! without filtering.

use std::collections::VecDeque;

use super::control::{CELL, Control, LOOKAHEAD};
use crate::measure::true_peak::{TAPS, window_peak};
use crate::{Block, Stage};

/// Frames of context before a window of [`window_peak`].
const CONTEXT: usize = TAPS - 1;

/// Frames by which an interpolated value lags behind the samples it lies between: half the filter.
const LAG: usize = TAPS / 2;

/// Applies a fixed gain and keeps true peaks at or under a ceiling.
pub struct Limiter {
    rate: u32,
    gain: f32,
    ceiling: f32,
    control: Control,
    /// Frames that have not gone out: first [`CONTEXT`] frames of the past, then the delayed ones.
    held: Block,
    /// Frames in `held`, counted behind the context, whose cells were given to `control`.
    scanned: usize,
    /// Gains at borders from the front of the delayed frames on.
    borders: VecDeque<f32>,
    /// Lowest gain applied so far.
    lowest: f32,
    /// Cells that were turned down by more than 0.1 dB, and all cells.
    limited: (u64, u64),
}

impl Limiter {
    /// A limiter that first multiplies by `gain`, then holds true peaks at or under `ceiling` (both linear).
    pub fn new(rate: u32, channels: usize, gain: f64, ceiling: f64) -> Self {
        Self {
            rate,
            gain: gain as f32,
            ceiling: ceiling as f32,
            control: Control::new(rate, ceiling),
            held: Block::new(channels, CONTEXT),
            scanned: 0,
            borders: VecDeque::with_capacity(256),
            lowest: 1.0,
            limited: (0, 0),
        }
    }

    /// The lowest gain that was applied, in dB: 0 when nothing had to be limited.
    pub fn deepest_db(&self) -> f64 {
        super::decibels(f64::from(self.lowest))
    }

    /// Share of the time in which the sound was turned down by more than 0.1 dB, 0 to 1.
    pub fn share_limited(&self) -> f64 {
        if self.limited.1 == 0 { 0.0 } else { self.limited.0 as f64 / self.limited.1 as f64 }
    }

    fn peak_of_cell(&self, start: usize) -> f32 {
        // Interpolated values between the frames of this cell need LAG frames of the next one.
        let from = start + LAG;
        let to = from + CONTEXT + CELL;
        self.held.iter().map(|channel| window_peak(&channel[from..to], self.rate, self.ceiling)).fold(0.0, f32::max)
    }

    fn apply(&mut self, frames: usize) {
        let cells = frames / CELL;
        for cell in 0..cells {
            let (begin, end) = (self.borders[cell], self.borders[cell + 1]);
            self.limited.1 += 1;
            if begin.min(end) >= 1.0 {
                continue;
            }
            self.lowest = self.lowest.min(begin).min(end);
            self.limited.0 += u64::from(begin.min(end) < 0.9886);
            let step = (end - begin) / CELL as f32;
            let at = CONTEXT + cell * CELL;
            for channel in self.held.iter_mut() {
                for (sample, n) in channel[at..at + CELL].iter_mut().zip(0u16..) {
                    *sample *= begin + step * f32::from(n);
                }
            }
        }
        self.borders.drain(..cells);
    }

    /// Scans whole cells, limits those that are decided, and moves them to `out`.
    fn advance(&mut self, out: &mut Block) {
        while self.scanned + CELL + LAG + CONTEXT <= self.held.frames() {
            let peak = self.peak_of_cell(self.scanned);
            if let Some(gain) = self.control.push(peak) {
                self.borders.push_back(gain);
            }
            self.scanned += CELL;
        }
        let ready = self.borders.len().saturating_sub(1) * CELL;
        // The window of the next cell still reaches back into frames that are gone, before they were limited.
        let ready = ready.min(self.scanned.saturating_sub(LOOKAHEAD * CELL));
        self.apply(ready);
        out.clear();
        out.extend_range(&self.held, CONTEXT..CONTEXT + ready);
        self.held.drop_front(ready);
        self.scanned -= ready;
    }
}

impl Stage for Limiter {
    fn process(&mut self, block: &mut Block) {
        for channel in block.iter_mut() {
            for sample in channel {
                *sample *= self.gain;
            }
        }
        self.held.extend(block);
        self.advance(block);
    }

    fn finish(&mut self, tail: &mut Block) {
        let waiting = self.held.frames() - CONTEXT;
        // Silence behind the end decides the last cells; what it adds is cut off again.
        self.held.resize(CONTEXT + waiting.next_multiple_of(CELL) + (LOOKAHEAD + 2) * CELL);
        self.advance(tail);
        tail.resize(waiting);
    }

    fn latency(&self) -> usize {
        LOOKAHEAD * CELL + LAG
    }
}

#[cfg(test)]
mod tests {
    use testkit::signal::{Dice, db, noise, sine};

    use super::*;
    use crate::master::decibels;
    use crate::measure::true_peak::TruePeak;

    fn limit(samples: &[f32], gain_db: f64, size: usize) -> (Vec<f32>, Limiter) {
        let mut limiter = Limiter::new(48_000, 1, db(gain_db), db(-1.0));
        let mut out = Vec::new();
        let mut block = Block::new(1, 0);
        for part in samples.chunks(size) {
            block.clear();
            block.extend(&Block::from_channels(vec![part.to_vec()]));
            limiter.process(&mut block);
            out.extend_from_slice(block.channel(0));
        }
        limiter.finish(&mut block);
        out.extend_from_slice(block.channel(0));
        (out, limiter)
    }

    fn true_peak_db(samples: &[f32]) -> f64 {
        let mut peak = TruePeak::new(48_000);
        peak.process(samples);
        peak.finish();
        decibels(f64::from(peak.peak()))
    }

    #[test]
    fn true_peaks_stay_under_the_ceiling() {
        let mut dice = Dice::new(7);
        let mut bursts = noise(&mut dice, 0.9, 96_000);
        for (n, sample) in bursts.iter_mut().enumerate() {
            *sample *= ((n / 3_000) % 5) as f32 / 4.0;
        }
        // Crests between samples, a square wave, noise in bursts: what defeats limiters that look at samples.
        let crests = sine(48_000, 12_000.0, 0.9, 45.0, 48_000);
        let square: Vec<f32> = (0..48_000).map(|n| if (n / 37) % 2 == 0 { 0.9 } else { -0.9 }).collect();
        for (name, sound) in [("bursts", &bursts), ("crests", &crests), ("square", &square)] {
            for gain_db in [0.0, 6.0, 20.0] {
                let (out, _) = limit(sound, gain_db, 1_152);
                let peak = true_peak_db(&out);
                assert!(peak <= -0.95, "{name} at {gain_db} dB reaches {peak:.3} dBTP");
            }
        }
    }

    #[test]
    fn quiet_sound_passes_to_the_last_bit_and_in_place() {
        let sound = noise(&mut Dice::new(3), 0.3, 10_001);
        let (out, limiter) = limit(&sound, 0.0, 700);
        assert_eq!(out, sound);
        assert_eq!(limiter.deepest_db(), 0.0);
        assert_eq!(limiter.share_limited(), 0.0);
    }

    #[test]
    fn the_result_does_not_depend_on_how_sound_is_cut_into_blocks() {
        let sound = noise(&mut Dice::new(5), 0.9, 20_000);
        let (whole, _) = limit(&sound, 9.0, 20_000);
        for size in [1, 63, 64, 65, 4_096] {
            assert_eq!(limit(&sound, 9.0, size).0, whole, "blocks of {size}");
        }
    }

    #[test]
    fn a_low_note_is_not_bent() {
        // 80 Hz, 6 dB over: a gain that followed the wave would add odd harmonics.
        let (out, limiter) = limit(&sine(48_000, 80.0, db(-1.0), 0.0, 96_000), 6.0, 4_096);
        let settled = &out[48_000..];
        let at = |hertz: f64| {
            let (re, im) = settled.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, x)| {
                let angle = std::f64::consts::TAU * hertz * n as f64 / 48_000.0;
                (re + f64::from(*x) * angle.cos(), im + f64::from(*x) * angle.sin())
            });
            f64::hypot(re, im)
        };
        let third = decibels(at(240.0) / at(80.0));
        assert!(third < -50.0, "third harmonic at {third:.1} dB");
        assert!((limiter.deepest_db() + 6.0).abs() < 0.2, "{}", limiter.deepest_db());
    }

    #[test]
    fn nothing_one_frame_and_less_than_a_cell_come_back_whole() {
        for frames in [0, 1, 63, 64, 65, 300] {
            assert_eq!(limit(&vec![0.5; frames], 0.0, 32).0, vec![0.5; frames]);
        }
    }
}
