//! A recording as both passes read it: decoded, and mixed down where it has more than two channels.

use std::path::Path;

use super::{Progress, Step};
use crate::decode::{Source, SourceInfo};
use crate::mix::{Downmix, Target};
use crate::{AudioError, Block};

/// Reads a recording as mono or stereo, at its own rate.
pub struct Intake {
    source: Source,
    mix: Downmix,
    native: Block,
    frames: u64,
}

impl Intake {
    /// Opens a recording. One channel stays mono; everything else becomes stereo.
    pub fn open(path: &Path) -> Result<Self, AudioError> {
        let source = Source::open(path)?;
        let info = source.info();
        let target = if info.channels == 1 { Target::Mono } else { Target::Stereo };
        let mix = Downmix::new(&info.speakers, target);
        Ok(Self { native: Block::new(info.channels, 0), source, mix, frames: 0 })
    }

    /// What the recording says of itself.
    pub fn info(&self) -> &SourceInfo {
        self.source.info()
    }

    /// Channels that come out: 1 or 2.
    pub fn channels(&self) -> usize {
        self.mix.channels()
    }

    /// Reads the next frames into `block`, or gives `false` at the end.
    pub fn read(&mut self, block: &mut Block) -> Result<bool, AudioError> {
        let more = if self.mix.is_identity() {
            self.source.read(block)?
        } else {
            let more = self.source.read(&mut self.native)?;
            self.mix.mix(&self.native, block);
            more
        };
        if more {
            self.frames += block.frames() as u64;
        }
        Ok(more)
    }

    /// What went wrong on the way, in sentences.
    pub fn warnings(&self) -> Vec<String> {
        self.source.warnings().iter().map(ToString::to_string).collect()
    }

    /// How channels were mixed, in a sentence, where they were.
    pub fn mixed(&self) -> Option<String> {
        (!self.mix.is_identity()).then(|| self.mix.describe())
    }

    pub(super) fn progress(&self, step: Step) -> Progress {
        let seconds = |frames: u64| frames as f64 / f64::from(self.info().rate);
        Progress { step, seconds: seconds(self.frames), of: self.info().frames.map(seconds) }
    }
}
