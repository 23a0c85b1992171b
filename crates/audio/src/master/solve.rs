//! How much gain brings a recording to its target once the limiter has taken its share.
//!
//! Loudness after the limiter grows with the gain, ever more slowly. The solver rehearses leveler, gain and limiter
//! over the envelope of pass 1 and closes in on the target by bracketing secant steps.

use std::collections::VecDeque;

use super::amplitude;
use super::control::{CELL, Control, LOOKAHEAD};
use super::envelope::Envelope;
use crate::AudioError;
use crate::level::Plan;
use crate::measure::loudness::{STEPS_PER_SECOND, integrated};

/// Gain beyond which a recording is left quieter than asked: what would come up is its noise.
pub const MOST_GAIN_DB: f64 = 50.0;

/// The solver stops when the rehearsal is this close to the target.
const CLOSE_ENOUGH_LU: f64 = 0.005;

/// Rehearsals at the most. Secant steps need four or five.
const MOST_REHEARSALS: usize = 24;

/// What the solver found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solution {
    /// Gain before the limiter, dB.
    pub gain_db: f64,
    /// Integrated loudness that the rehearsal predicts after the limiter, LUFS.
    pub loudness: f64,
}

impl Solution {
    /// Nothing was to be solved.
    pub const NONE: Self = Self { gain_db: 0.0, loudness: f64::NEG_INFINITY };
}

/// Finds the gain for `target` LUFS under `ceiling` (linear). Silence gets a gain of 0 dB.
pub fn solve(envelope: &mut Envelope, plan: &Plan, target: f64, ceiling: f64) -> Result<Solution, AudioError> {
    // As many as there will be: room that is doubled on the way is room for up to three times as many.
    let steps = envelope.cells() * CELL as u64 * STEPS_PER_SECOND as u64 / u64::from(envelope.rate().max(1));
    let mut powers = Vec::with_capacity(steps as usize + 1);
    let mut rehearse = |gain_db: f64| -> Result<f64, AudioError> {
        rehearse(envelope, plan, gain_db, ceiling, &mut powers)?;
        Ok(integrated(&powers))
    };
    let unlimited = rehearse(0.0)?;
    if !unlimited.is_finite() {
        return Ok(Solution::NONE);
    }
    let mut best = Solution { gain_db: 0.0, loudness: unlimited };
    // Points of (gain, loudness) nearest to the target: one under it, one over it.
    let mut below: Option<(f64, f64)> = None;
    let mut above: Option<(f64, f64)> = None;
    let mut gain = 0.0;
    let mut loudness = unlimited;
    for _ in 0..MOST_REHEARSALS {
        if (loudness - target).abs() < (best.loudness - target).abs() {
            best = Solution { gain_db: gain, loudness };
        }
        if (loudness - target).abs() < CLOSE_ENOUGH_LU {
            break;
        }
        if loudness < target {
            below = Some((gain, loudness));
        } else {
            above = Some((gain, loudness));
        }
        let next = match (below, above) {
            (Some((low, under)), Some((high, over))) => {
                let secant = low + (high - low) * (target - under) / (over - under);
                // A secant that clings to one end is pulled inwards, so the bracket always shrinks.
                secant.clamp(low + (high - low) * 0.02, high - (high - low) * 0.02)
            }
            // The limiter eats loudness, so steps upward overshoot a little to get the target between two points.
            (Some((low, under)), None) => low + (target - under) * 1.15 + 0.05,
            (None, Some((high, over))) => high - (over - target) - 0.05,
            (None, None) => break,
        };
        let next = next.clamp(-MOST_GAIN_DB, MOST_GAIN_DB);
        if (next - gain).abs() < 1e-4 {
            break;
        }
        gain = next;
        loudness = rehearse(gain)?;
    }
    Ok(best)
}

/// Fills `powers` with the mean power of every 100 ms after leveler, gain and limiter.
fn rehearse(
    envelope: &mut Envelope,
    plan: &Plan,
    gain_db: f64,
    ceiling: f64,
    powers: &mut Vec<f32>,
) -> Result<(), AudioError> {
    let rate = envelope.rate();
    let gain = amplitude(gain_db) as f32;
    let mut control = Control::new(rate, ceiling);
    let mut bins =
        Bins { powers, frames: 0, next: f64::from(rate) / 10.0, step: f64::from(rate) / 10.0, sum: 0.0, cells: 0 };
    bins.powers.clear();
    // Cells wait for the gains at both of their borders.
    let mut waiting = VecDeque::with_capacity(16);
    let mut border: Option<f32> = None;
    let mut frame = 0u64;
    let mut curve = plan.cursor(rate);
    let mut feed = |peak: f32, power: Option<f32>| {
        waiting.extend(power);
        if let Some(end) = control.push(peak) {
            if let Some(begin) = border {
                let mean = (begin + end) * 0.5;
                if let Some(power) = waiting.pop_front() {
                    bins.push(power * mean * mean);
                }
            }
            border = Some(end);
        }
    };
    envelope.replay(|cell| {
        let middle = frame + CELL as u64 / 2;
        frame += CELL as u64;
        if plan.is_cut(middle, rate) {
            return;
        }
        let factor = gain * curve.gain_at(middle);
        feed(cell.peak * factor, Some(cell.power * factor * factor));
    })?;
    for _ in 0..LOOKAHEAD {
        feed(0.0, None);
    }
    Ok(())
}

/// Gathers cells into 100 ms means.
struct Bins<'a> {
    powers: &'a mut Vec<f32>,
    frames: u64,
    next: f64,
    step: f64,
    sum: f64,
    cells: u32,
}

impl Bins<'_> {
    fn push(&mut self, power: f32) {
        self.sum += f64::from(power);
        self.cells += 1;
        self.frames += CELL as u64;
        if self.frames as f64 >= self.next {
            self.powers.push((self.sum / f64::from(self.cells)) as f32);
            self.next += self.step;
            self.sum = 0.0;
            self.cells = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use testkit::signal::{Dice, noise};

    use super::*;
    use crate::level::Strength;
    use crate::master::envelope::Recorder;
    use crate::master::limiter::Limiter;
    use crate::measure::loudness::Meter;
    use crate::{Block, Stage};

    /// Speech-like: bursts of noise with sharp crests at different levels, pauses between.
    fn bursts(seed: u64, seconds: usize) -> Vec<f32> {
        let mut dice = Dice::new(seed);
        let mut sound = noise(&mut dice, 0.5, seconds * 48_000);
        for syllable in sound.chunks_mut(9_600) {
            let level = dice.unit().powi(2) as f32;
            for (n, sample) in syllable.iter_mut().enumerate() {
                *sample *= level * (-(n as f32) / 2_400.0).exp();
            }
        }
        sound
    }

    fn mastered(sound: &[f32], target: f64) -> Result<(f64, Solution), AudioError> {
        let block = Block::from_channels(vec![sound.to_vec()]);
        let mut recorder = Recorder::new(48_000, 1);
        recorder.process(&block)?;
        let solution = solve(&mut recorder.finish()?, &Plan::default(), target, amplitude(-1.0))?;
        let mut limiter = Limiter::new(48_000, 1, amplitude(solution.gain_db), amplitude(-1.0));
        let mut meter = Meter::new(48_000, 1);
        let mut out = block;
        limiter.process(&mut out);
        meter.process(&out);
        limiter.finish(&mut out);
        meter.process(&out);
        Ok((meter.finish().loudness.integrated, solution))
    }

    #[test]
    fn the_limited_sound_has_the_loudness_that_was_asked_for() -> Result<(), AudioError> {
        for seed in 1..=4 {
            for target in [-31.0, -23.0, -16.0] {
                let (loudness, solution) = mastered(&bursts(seed, 20), target)?;
                assert!((loudness - target).abs() < 0.1, "seed {seed}: {loudness:.3} for {target}, {solution:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn silence_gets_no_gain() -> Result<(), AudioError> {
        let (loudness, solution) = mastered(&vec![0.0; 96_000], -16.0)?;
        assert_eq!((loudness, solution.gain_db), (f64::NEG_INFINITY, 0.0));
        Ok(())
    }

    #[test]
    fn a_whisper_is_not_raised_without_end() -> Result<(), AudioError> {
        let whisper: Vec<f32> = bursts(9, 10).iter().map(|sample| sample * 1e-3).collect();
        let (loudness, solution) = mastered(&whisper, -8.0)?;
        assert!(solution.gain_db <= MOST_GAIN_DB && loudness < -8.2, "{loudness} {solution:?}");
        Ok(())
    }

    #[test]
    fn the_rehearsal_takes_leveler_and_cuts_into_account() -> Result<(), AudioError> {
        let sound = bursts(5, 30);
        let block = Block::from_channels(vec![sound]);
        let mut recorder = Recorder::new(48_000, 1);
        recorder.process(&block)?;
        let mut meter = Meter::new(48_000, 1);
        meter.process(&block);
        let plan = Plan::new(&meter.finish().powers, &[], Strength::FIRM, None);
        assert!(!plan.gains_db().is_empty());
        let solution = solve(&mut recorder.finish()?, &plan, -16.0, amplitude(-1.0))?;
        // A block that crosses the gate of BS.1770 makes the loudness jump by hundredths.
        assert!((solution.loudness + 16.0).abs() < 0.05, "{solution:?}");
        Ok(())
    }
}
