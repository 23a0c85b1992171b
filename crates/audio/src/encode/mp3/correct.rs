//! Encodes a segment so that what a decoder makes of it keeps below a ceiling.
//!
//! A lossy codec moves samples, and a peak that touched the ceiling may come out above it. Turning everything down for one
//! such place would cost loudness; instead the sound is turned down by that little just there, over some hundredths of
//! a second, and the frames around it are encoded again and set in the place of the old ones.

use std::ops::Range;

use super::frame::{Format, Frame};
use super::judge::{Judge, Over, ROUND_TRIP, WINDOW, join};
use super::pack::Packer;
use super::run::{self, Run};
use super::{OVERLAP, WARM_UP};
use crate::AudioError;

/// How often a segment is looked at. On the fourth time its whole middle is turned down; after the last it is kept as it
/// is.
const TRIES: usize = 8;
const UNIFORM_TRY: usize = 4;

/// Seconds over which a dip comes and goes.
const FLANK: f64 = 0.015;
/// Seconds on either side of a peak over which a dip is at its deepest.
const HOLD: f64 = 0.002;
/// Peaks nearer to each other than this many seconds share a dip.
const NEAR: f64 = 0.010;
/// Decibels that a dip goes deeper than the peak demands.
const MARGIN: f64 = 0.1;

/// What is to be kept below the ceiling, and where a segment may be changed.
pub(super) struct Ceiling {
    /// Greatest true peak of the decoded sound, linear.
    pub(super) peak: f64,
    /// What the sound was multiplied by before it came here, linear; the encoder undoes it.
    pub(super) makeup: f32,
    /// First frame whose sound counts: those before only warm the encoder up.
    pub(super) from: usize,
    /// Samples of the segment at which the sound ends; players cut off the rest.
    pub(super) end: usize,
    /// Samples that no other segment encodes: the part that may be turned down as a whole.
    pub(super) own: Range<usize>,
}

/// Encodes the first `count` frames of `sound`. With a ceiling, sound that comes out above it is turned down in place.
pub(super) fn encode(
    format: &Format,
    sound: &mut [Vec<f32>],
    count: usize,
    ceiling: Option<&Ceiling>,
) -> Result<Run, AudioError> {
    let mut run = fresh(format, sound, 0..count)?;
    let Some(ceiling) = ceiling else { return Ok(run) };
    let mut judge = Judge::new(format, ceiling.peak, 0..ceiling.end)?;
    let first = (ceiling.from * format.frame_samples()).saturating_sub(ROUND_TRIP);
    let mut doubtful = judge.loud(sound, count, ceiling.makeup);
    let mut dips = Vec::new();
    for attempt in 0..TRIES {
        let mut over = Vec::new();
        for frames in doubtful.drain(..) {
            judge.decode(&mut run, frames, &mut over)?;
        }
        over.retain(|over| over.at >= first);
        over.sort_unstable_by_key(|over| over.at);
        if over.is_empty() || attempt == TRIES - 1 {
            break;
        }
        let new = plan(format, &over, ceiling, attempt);
        for dip in &new {
            dip.apply(sound);
        }
        if let Some(patched) = patch(format, sound, &mut run, &new)? {
            doubtful = patched;
        } else {
            run = fresh(format, sound, 0..count)?;
            doubtful = judge.loud(sound, count, ceiling.makeup);
        }
        dips.extend(new);
    }
    for dip in &dips {
        for frame in run.frames.iter_mut().take(dip.frames(format).end).skip(dip.frames(format).start) {
            frame.dipped = true;
        }
    }
    Ok(run)
}

/// A stretch of sound that is turned down.
#[derive(Debug)]
struct Dip {
    /// Samples at the full depth.
    deep: Range<usize>,
    /// Samples before and after over which the depth is reached and left.
    flank: usize,
    /// Linear gain at the full depth.
    gain: f32,
}

impl Dip {
    /// All samples that it changes.
    fn reach(&self) -> Range<usize> {
        self.deep.start.saturating_sub(self.flank)..self.deep.end.saturating_add(self.flank)
    }

    /// Frames that see it: each looks half a granule pair and the length of the filter bank beyond its own samples, and
    /// the psychoacoustic model about as far ahead.
    fn frames(&self, format: &Format) -> Range<usize> {
        let (reach, length, beyond) = (self.reach(), format.frame_samples(), 1152);
        reach.start.saturating_sub(beyond) / length..(reach.end + ROUND_TRIP + beyond) / length + 1
    }

    fn apply(&self, sound: &mut [Vec<f32>]) {
        let reach = self.reach();
        for channel in sound {
            for (at, sample) in channel.iter_mut().enumerate().take(reach.end).skip(reach.start) {
                let away = self.deep.start.saturating_sub(at).max(at.saturating_sub(self.deep.end));
                let depth = 0.5 + 0.5 * (std::f32::consts::PI * away as f32 / self.flank.max(1) as f32).cos();
                *sample *= 1.0 - (1.0 - self.gain) * depth;
            }
        }
    }
}

/// The dips that bring peaks down. Each attempt goes deeper and wider than the one before.
fn plan(format: &Format, over: &[Over], ceiling: &Ceiling, attempt: usize) -> Vec<Dip> {
    let samples = |seconds: f64| (seconds * f64::from(format.rate())) as usize;
    let flank = samples(FLANK);
    let hold = samples(HOLD) * (1 + 2 * attempt) + WINDOW / 2;
    let gain = |peak: f32| {
        let decibels = 20.0 * (f64::from(peak) / ceiling.peak).log10();
        let depth = decibels * (1.0 + 0.5 * attempt as f64) + MARGIN * (1.0 + attempt as f64);
        10f64.powf(-depth / 20.0) as f32
    };
    let mut dips: Vec<Dip> = Vec::new();
    // Peaks that keep coming back: the codec is out of its depth here, and so goes all that is ours alone.
    let own = if attempt == UNIFORM_TRY { ceiling.own.clone() } else { 0..0 };
    let deep = own.start.saturating_add(flank)..own.end.saturating_sub(flank);
    let greatest = over.iter().filter(|over| own.contains(&over.at)).map(|over| over.peak).reduce(f32::max);
    if let Some(peak) = greatest.filter(|_| deep.start < deep.end) {
        dips.push(Dip { deep, flank, gain: gain(peak) });
    }
    let mut close = |local: Option<(Range<usize>, f32)>| {
        if let Some((range, peak)) = local {
            let deep = range.start.saturating_sub(hold)..range.end + hold;
            dips.push(Dip { deep, flank, gain: gain(peak) });
        }
    };
    let mut local: Option<(Range<usize>, f32)> = None;
    for over in over.iter().filter(|over| !own.contains(&over.at)) {
        local = match local {
            Some((range, peak)) if over.at <= range.end + samples(NEAR) => {
                Some((range.start..over.at.max(range.end), peak.max(over.peak)))
            }
            other => {
                close(other);
                Some((over.at..over.at, over.peak))
            }
        };
    }
    close(local);
    dips
}

/// Encodes the frames that see new dips again and puts them in place. Gives the frames that have to be looked at again, or
/// `None` when the whole segment had better be encoded anew.
fn patch(
    format: &Format,
    sound: &[Vec<f32>],
    run: &mut Run,
    dips: &[Dip],
) -> Result<Option<Vec<Range<usize>>>, AudioError> {
    let pairs = |count: usize| count * 2 / format.granules();
    let aside = pairs(WARM_UP + OVERLAP);
    let count = run.frames.len();
    let mut dips: Vec<_> = dips.iter().map(|dip| dip.frames(format)).collect();
    dips.sort_unstable_by_key(|frames| frames.start);
    let mut damaged = Vec::new();
    for frames in dips {
        join(&mut damaged, frames.start.min(count)..frames.end.min(count), aside);
    }
    let cost: usize = damaged.iter().map(|frames| frames.len() + aside).sum();
    if cost * 4 > count * 3 {
        return Ok(None);
    }
    let mut doubtful = Vec::new();
    for frames in damaged {
        match replace(format, sound, run, &frames)? {
            Some(new) => join(&mut doubtful, new.start..(new.end + pairs(1)).min(count), 0),
            None => return Ok(None),
        }
    }
    Ok(Some(doubtful))
}

/// Encodes some frames again with a fresh encoder and crosses over to it before and back behind them, as between segments.
/// `None` where that does not work out.
fn replace(
    format: &Format,
    sound: &[Vec<f32>],
    run: &mut Run,
    damaged: &Range<usize>,
) -> Result<Option<Range<usize>>, AudioError> {
    let pairs = |count: usize| count * 2 / format.granules();
    let start = damaged.start.saturating_sub(pairs(WARM_UP));
    let end = (damaged.end + pairs(OVERLAP)).min(run.frames.len());
    let new = fresh(format, sound, start..end)?;
    let fits = |before: Option<&Frame>, after: Option<&Frame>| {
        before.zip(after).is_none_or(|(before, after)| before.steep_out == after.steep_in)
    };
    let old_frame = |at: usize| run.frames.get(at);
    let new_frame = |at: usize| at.checked_sub(start).and_then(|at| new.frames.get(at));
    // A run that starts here starts as the old one did.
    let begin = if start == 0 {
        Some(0)
    } else {
        let earliest = damaged.start - pairs(WARM_UP) / 2;
        (earliest..=damaged.start).rev().find(|&at| fits(old_frame(at - 1), new_frame(at)))
    };
    let Some(begin) = begin else { return Ok(None) };
    let packer = Packer::new(*format);
    let legal = |back: usize| {
        let before = run.frames[..begin].iter();
        let between = new.frames[begin - start..back - start].iter();
        let frames = before.chain(between).chain(&run.frames[back..]);
        packer.plan(&frames.map(|frame| frame.data.len()).collect::<Vec<_>>()).is_some()
    };
    let earliest = damaged.end.max(begin + 1);
    let back = (earliest..=end).find(|&at| fits(new_frame(at - 1), old_frame(at)) && legal(at));
    let Some(back) = back else { return Ok(None) };
    let moved = run.bytes.len();
    run.bytes.extend_from_slice(&new.bytes);
    let new = new.frames.into_iter().take(back - start).skip(begin - start).map(|mut frame| {
        frame.data = frame.data.start + moved..frame.data.end + moved;
        frame
    });
    run.frames.splice(begin..back, new);
    Ok(Some(begin..back))
}

/// Encodes some frames of the segment with a fresh encoder.
fn fresh(format: &Format, sound: &[Vec<f32>], frames: Range<usize>) -> Result<Run, AudioError> {
    let skipped = frames.start * format.frame_samples();
    let sound: Vec<&[f32]> = sound.iter().map(|channel| channel.get(skipped..).unwrap_or_default()).collect();
    run::encode(format, &sound, frames.len(), true)
}
