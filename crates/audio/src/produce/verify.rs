//! Decoding what was encoded, and what follows when it is not as promised.
//!
//! A lossy codec gives back another wave than it got: peaks grow by tenths of a decibel, sometimes by a whole one, and
//! low rates lose a little loudness. A file that is over the ceiling is encoded again with short dips where it was, then with
//! a lower limiter of its own; a file that is off its loudness with a little more or less gain, and then decoded again.

use std::path::Path;

use super::render::Target;
use super::{Progress, Step, Watcher};
use crate::decode::Source;
use crate::master::{amplitude, decibels};
use crate::measure::loudness::Meter;
use crate::measure::true_peak::{TAPS, window_peak};
use crate::{AudioError, Block, Stage};

/// Loudness that an encoded file may be off before it is encoded again, LU. Half of what is promised.
const TOLERANCE_LU: f64 = 0.1;

/// Frames per window when looking for the places that are over.
const WINDOW: usize = 512;

/// Seconds of a dip's flank on each side: slow enough not to be heard as a click.
const FLANK: f64 = 0.015;

/// Depth beyond what was measured, dB: encoding again gives another wave again.
const MARGIN_DB: f64 = 0.15;

/// Seconds that an encoded file may be longer or shorter than what was encoded: more than any codec's rounding, less than
/// anything that is missing.
const LENGTH_TOLERANCE: f64 = 0.02;

/// What every file of one job is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promise {
    /// Integrated loudness of the mastered sound, LUFS.
    pub(super) loudness: f64,
    /// True peak that no file may exceed, dBTP.
    pub(super) ceiling: f64,
    /// Length of the mastered sound.
    pub(super) seconds: f64,
}

/// What the encoded file turned out to be.
#[derive(Clone, Debug, Default)]
pub(super) struct Verdict {
    pub(super) loudness: f64,
    pub(super) true_peak: f64,
    pub(super) seconds: f64,
    off: bool,
}

/// What is changed on the way into one encoder.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Trim {
    gain_db: f64,
    dips: Vec<Dip>,
    /// How far a limiter of its own lies under the one that all files share, dB.
    pub(super) lower_db: f64,
    /// Corrections so far.
    rounds: usize,
}

/// A short lowering.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Dip {
    /// Stretch that is lowered all the way, seconds.
    from: f64,
    to: f64,
    depth_db: f64,
}

impl Trim {
    /// The stage that applies it at the given rate, or nothing where nothing is changed.
    pub(super) fn stage(&self, rate: u32) -> Option<Trimmer> {
        (self.gain_db != 0.0 || !self.dips.is_empty()).then(|| Trimmer {
            trim: self.clone(),
            rate: f64::from(rate),
            frame: 0,
            first: 0,
        })
    }
}

/// Applies a [`Trim`].
pub(super) struct Trimmer {
    trim: Trim,
    rate: f64,
    frame: u64,
    /// The first dip that is not over yet.
    first: usize,
}

impl Trimmer {
    fn gain_db(&self, seconds: f64) -> f64 {
        let deepest = self.trim.dips[self.first..]
            .iter()
            .take_while(|dip| dip.from - FLANK <= seconds)
            .map(|dip| {
                let outside = (dip.from - seconds).max(seconds - dip.to).max(0.0) / FLANK;
                if outside >= 1.0 { 0.0 } else { dip.depth_db * 0.5 * (1.0 + (std::f64::consts::PI * outside).cos()) }
            })
            .fold(0.0, f64::max);
        self.trim.gain_db - deepest
    }
}

/// Frames over which the gain is a straight line.
const STEP: u64 = 32;

impl Stage for Trimmer {
    fn process(&mut self, block: &mut Block) {
        let mut at = 0;
        while at < block.frames() {
            let inside = self.frame % STEP;
            let take = ((STEP - inside) as usize).min(block.frames() - at);
            let start = (self.frame - inside) as f64 / self.rate;
            while self.trim.dips.get(self.first).is_some_and(|dip| dip.to + FLANK < start) {
                self.first += 1;
            }
            let begin = amplitude(self.gain_db(start)) as f32;
            let end = amplitude(self.gain_db(start + STEP as f64 / self.rate)) as f32;
            let slope = (end - begin) / STEP as f32;
            for channel in block.iter_mut() {
                for (sample, n) in channel[at..at + take].iter_mut().zip(0u16..) {
                    *sample *= begin + slope * (inside as f32 + f32::from(n));
                }
            }
            self.frame += take as u64;
            at += take;
        }
    }
}

impl Target {
    /// Whether the file has to be made again.
    pub(super) fn needs_correction(&self) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| verdict.off)
    }

    /// Sets the trim by what verification found, and empties the file.
    pub(super) fn correct(&mut self, promise: Promise) -> Result<(), AudioError> {
        let Some(verdict) = self.verdict.clone() else { return Ok(()) };
        self.trim.rounds += 1;
        let Promise { loudness, ceiling, .. } = promise;
        if verdict.true_peak > ceiling {
            // Dips leave everything else as it is. Where they were not enough the codec is over now here, now there, and a
            // lower limiter for this file alone is what helps.
            let found = if self.trim.rounds == 1 { overs(self.path(), ceiling)? } else { Vec::new() };
            if found.is_empty() {
                self.trim.lower_db += verdict.true_peak - ceiling + MARGIN_DB;
            } else {
                merge(&mut self.trim.dips, found);
            }
        } else {
            // A limiter that turned out lower than it had to be gives loudness back.
            let slack = (ceiling - verdict.true_peak - MARGIN_DB).max(0.0);
            self.trim.lower_db = (self.trim.lower_db - slack * 0.7).max(0.0);
        }
        if (loudness - verdict.loudness).abs() > TOLERANCE_LU {
            self.trim.gain_db += loudness - verdict.loudness;
        }
        self.restart()
    }
}

/// Adds dips where they are new and deepens those that were not enough.
fn merge(dips: &mut Vec<Dip>, found: Vec<Dip>) {
    for new in found {
        match dips.iter_mut().find(|old| old.from <= new.to && new.from <= old.to) {
            Some(old) => {
                old.from = old.from.min(new.from);
                old.to = old.to.max(new.to);
                old.depth_db += new.depth_db;
            }
            None => dips.push(new),
        }
    }
    dips.sort_by(|a, b| a.from.total_cmp(&b.from));
}

/// Decodes and measures every target, several at once.
pub(super) fn verify(targets: &mut [&mut Target], promise: Promise, watcher: &dyn Watcher) -> Result<(), AudioError> {
    let at_once = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for group in targets.chunks_mut(at_once) {
        let verdicts: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = group
                .iter()
                .map(|target| {
                    let (path, title) = (target.path(), target.title());
                    scope.spawn(move || verify_one(path, title, promise, watcher))
                })
                .collect();
            threads.into_iter().map(|thread| super::survey::join(thread)?).collect::<Result<_, AudioError>>()
        })?;
        for (target, mut verdict) in group.iter_mut().zip(verdicts) {
            // What goes into a lossless file comes out of it: making it again would change nothing.
            verdict.off &= target.lossy();
            target.verdict = Some(verdict);
        }
    }
    Ok(())
}

fn verify_one(
    path: &Path,
    title: &'static str,
    promise: Promise,
    watcher: &dyn Watcher,
) -> Result<Verdict, AudioError> {
    let mut source = Source::open(path)?;
    let (rate, channels) = (source.info().rate, source.info().channels);
    let frames = (promise.seconds * f64::from(rate)).ceil() as u64;
    let mut meter = Meter::new(rate, channels).expecting(frames);
    let mut block = Block::new(channels, 0);
    let mut frames = 0;
    while source.read(&mut block)? {
        if watcher.cancelled() {
            return Err(AudioError::Cancelled);
        }
        meter.process(&block);
        frames += block.frames();
        let seconds = frames as f64 / f64::from(rate);
        watcher.progress(Progress { step: Step::Verify, seconds, of: Some(promise.seconds) });
    }
    let seconds = frames as f64 / f64::from(rate);
    if (seconds - promise.seconds).abs() > LENGTH_TOLERANCE {
        let reason = format!("it came out {seconds:.2} s long instead of {:.2} s", promise.seconds);
        return Err(AudioError::Encode { format: title, reason });
    }
    let loudness = meter.finish().loudness;
    let strays = promise.loudness.is_finite() && (loudness.integrated - promise.loudness).abs() > TOLERANCE_LU;
    Ok(Verdict {
        loudness: loudness.integrated,
        true_peak: loudness.true_peak,
        seconds,
        off: loudness.true_peak > promise.ceiling || strays,
    })
}

/// The places at which a file exceeds the ceiling, and by how much.
fn overs(path: &Path, ceiling_db: f64) -> Result<Vec<Dip>, AudioError> {
    let ceiling = amplitude(ceiling_db) as f32;
    let mut source = Source::open(path)?;
    let rate = source.info().rate;
    let mut held = Block::new(source.info().channels, TAPS - 1);
    let mut block = Block::default();
    let mut found: Vec<Dip> = Vec::new();
    let mut start = 0u64;
    let mut more = true;
    while more {
        more = source.read(&mut block)?;
        if more {
            held.extend(&block);
        } else {
            // Silence behind the end lets the filter run out.
            held.resize(held.frames() + WINDOW + TAPS);
        }
        let mut done = 0;
        while done + WINDOW + TAPS - 1 <= held.frames() {
            let peak = held
                .iter()
                .map(|channel| window_peak(&channel[done..done + WINDOW + TAPS - 1], rate, ceiling))
                .fold(0.0, f32::max);
            if peak > ceiling {
                let seconds = |frame: u64| frame as f64 / f64::from(rate);
                let depth_db = decibels(f64::from(peak)) - ceiling_db + MARGIN_DB;
                let dip = Dip { from: seconds(start), to: seconds(start + WINDOW as u64), depth_db };
                match found.last_mut() {
                    Some(last) if dip.from - last.to < 1e-6 => {
                        last.to = dip.to;
                        last.depth_db = last.depth_db.max(dip.depth_db);
                    }
                    _ => found.push(dip),
                }
            }
            done += WINDOW;
            start += WINDOW as u64;
        }
        held.drop_front(done);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dip_is_smooth_and_as_deep_as_asked() {
        let trim = Trim { dips: vec![Dip { from: 0.1, to: 0.11, depth_db: 6.0206 }], ..Trim::default() };
        let mut block = Block::from_channels(vec![vec![1.0; 9_600]]);
        if let Some(mut stage) = trim.stage(48_000) {
            stage.process(&mut block);
        }
        let out = block.channel(0);
        assert!((out[4_800 + 240] - 0.5).abs() < 1e-3, "{}", out[5_040]);
        assert!(out[..4_800 - 720 - 32].iter().chain(&out[5_280 + 720 + 32..]).all(|x| *x == 1.0));
        let steepest = out.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 0.002, "{steepest}");
    }

    #[test]
    fn a_file_that_came_out_too_short_is_refused() -> Result<(), std::io::Error> {
        let file = tempfile::NamedTempFile::new()?;
        testkit::fixture::write_wav(file.path(), 48_000, &[vec![0.1; 48_000]])?;
        let promise = |seconds| Promise { loudness: f64::NEG_INFINITY, ceiling: 0.0, seconds };
        assert!(verify_one(file.path(), "WAV", promise(1.0), &()).is_ok());
        let refused = verify_one(file.path(), "WAV", promise(2.0), &()).err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some("WAV cannot be made: it came out 1.00 s long instead of 2.00 s."));
        Ok(())
    }

    #[test]
    fn no_trim_means_no_stage() {
        assert!(Trim { rounds: 3, ..Trim::default() }.stage(48_000).is_none());
    }

    #[test]
    fn a_place_that_is_still_over_gets_a_deeper_dip() {
        let mut dips = vec![Dip { from: 1.0, to: 1.1, depth_db: 0.5 }];
        merge(&mut dips, vec![Dip { from: 0.2, to: 0.3, depth_db: 1.0 }, Dip { from: 1.05, to: 1.2, depth_db: 0.2 }]);
        assert_eq!(dips[0].from, 0.2);
        assert_eq!(dips[1], Dip { from: 1.0, to: 1.2, depth_db: 0.7 });
    }
}
