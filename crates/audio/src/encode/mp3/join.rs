//! Joins the runs of several encoders into one stream, at the frame where it shows least.
//!
//! Two runs overlap by some frames. From one to the other can be crossed at every frame where
//!
//! * the windows fit: what the last granule of one run fades out, the first granule of the other fades in the same way;
//!   the transform's aliasing then cancels as within one run, since both runs transformed the same sound;
//! * the bytes suffice: all further frames of the new run find their data in the reservoir as it stands at the crossing.
//!   An encoder starts with an empty reservoir and fills it slowly, so the standing one is nearly always the fuller.
//!
//! Nothing else in a frame refers to other frames.

use std::ops::RangeInclusive;

use super::frame::{Format, Frame};
use super::info::Index;
use super::pack::Packer;
use super::run::Run;
use crate::AudioError;

/// The stream into which runs are joined.
pub(super) struct Joiner {
    packer: Packer,
    /// The last run, of which only the frames before `next` are packed.
    open: Option<Run>,
    /// Number of the next frame to be packed.
    next: u64,
    index: Index,
}

impl Joiner {
    /// An empty stream.
    pub(super) fn new(format: Format) -> Self {
        Self { packer: Packer::new(format), open: None, next: 0, index: Index::default() }
    }

    /// Goes over to the next run at one of the frames in `window`. Gives the run back when that is not possible.
    pub(super) fn join(&mut self, run: Run, window: RangeInclusive<u64>) -> Result<Option<Run>, AudioError> {
        if let Some(open) = self.open.take() {
            let Some((at, plan)) = self.seam(&open, &run, window) else {
                self.open = Some(open);
                return Ok(Some(run));
            };
            self.pack(&open, at, &plan)?;
        } else if self.packer.plan(&lengths(&run.frames)).is_none() {
            // Not even the first run fits.
            return Ok(Some(run));
        }
        self.open = Some(run);
        Ok(None)
    }

    /// Packs what is left of the last run.
    pub(super) fn finish(&mut self) -> Result<(), AudioError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let plan = self.packer.plan(&lengths(open.from(self.next))).ok_or_else(overfull)?;
        self.pack(&open, open.end(), &plan)
    }

    /// The bytes, to be taken out as they settle.
    pub(super) fn packer(&mut self) -> &mut Packer {
        &mut self.packer
    }

    /// Where frames lie.
    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// The best frame at which to go over, and the bitrate indices from the next frame on.
    fn seam(&self, open: &Run, run: &Run, window: RangeInclusive<u64>) -> Option<(u64, Vec<u8>)> {
        let mut least = None;
        let mut best = None;
        for at in window {
            let Some(last) = at.checked_sub(1).and_then(|last| open.frame(last)) else { continue };
            let Some(first) = run.frame(at) else { continue };
            // A run's first frame saw silence before it, so its transform is not that of the sound.
            if at <= self.next || at <= run.first || at > open.end() {
                continue;
            }
            // Nearest to the ideal: windows that fit, sound that no run turned down, quiet sound (peaks are only known
            // where they matter), the earliest frame.
            let across = [last, first].into_iter().chain(run.frame(at - 1)).chain(open.frame(at));
            let dipped = across.clone().any(|frame| frame.dipped);
            let peak = across.map(|frame| frame.peak).fold(0.0, f32::max);
            let score = (last.steep_out != first.steep_in, dipped, peak);
            if least.is_some_and(|least| least <= score) {
                continue;
            }
            let mut data = lengths(open.from(self.next).get(..(at - self.next) as usize)?);
            data.extend(lengths(run.from(at)));
            if let Some(plan) = self.packer.plan(&data) {
                least = Some(score);
                best = Some((at, plan));
            }
        }
        best
    }

    /// Packs the frames of a run from the next up to `end`.
    fn pack(&mut self, run: &Run, end: u64, plan: &[u8]) -> Result<(), AudioError> {
        let count = end.saturating_sub(self.next) as usize;
        for (frame, &index) in run.from(self.next).iter().take(count).zip(plan) {
            let data = run.bytes.get(frame.data.clone()).ok_or_else(overfull)?;
            self.index.push(self.packer.length());
            if !self.packer.add(frame.clone(), data, index) {
                return Err(overfull());
            }
        }
        self.next = end;
        Ok(())
    }
}

fn lengths(frames: &[Frame]) -> Vec<usize> {
    frames.iter().map(|frame| frame.data.len()).collect()
}

fn overfull() -> AudioError {
    AudioError::Encode { format: "MP3", reason: "a frame holds more than its bitrate allows".to_owned() }
}
