//! Evening out who speaks how loud, before the master gain.
//!
//! The gain curve is planned between the two passes, when the whole recording is known, so it looks ahead as far as it
//! likes and never pumps: a phrase gets one gain, and the gain moves in the pause before the next phrase. Noise between
//! phrases is not brought up. Music is moved as a whole; its own dynamics are left alone.

mod apply;
mod cut;
mod phrases;

use std::sync::Arc;

pub use apply::{Cursor, Leveler};
pub use cut::Cutter;

use crate::measure::Span;

/// Blocks of the plan per second.
pub(crate) const BLOCKS_PER_SECOND: usize = 10;

/// How the leveler is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strength {
    /// Share of a phrase's distance from the common level that is taken away, 0 (off) to 1.
    pub speech: f64,
    /// The same for a piece of music as a whole.
    pub music: f64,
    /// Most that a phrase is raised, dB.
    pub most_boost_db: f64,
    /// Most that a phrase is lowered, dB.
    pub most_cut_db: f64,
}

impl Strength {
    /// Changes nothing.
    pub const OFF: Self = Self { speech: 0.0, music: 0.0, most_boost_db: 0.0, most_cut_db: 0.0 };
    /// Conversations: a quiet guest comes up, expression stays.
    pub const SPEECH: Self = Self { speech: 0.8, music: 0.5, most_boost_db: 12.0, most_cut_db: 8.0 };
    /// One careful reader: only what strays is moved.
    pub const GENTLE: Self = Self { speech: 0.5, music: 0.3, most_boost_db: 6.0, most_cut_db: 6.0 };
    /// People who walk away from their microphone.
    pub const FIRM: Self = Self { speech: 0.9, music: 0.5, most_boost_db: 18.0, most_cut_db: 10.0 };
}

/// How long pauses are shortened, when that was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SilenceCutting {
    /// Pauses longer than this are shortened, milliseconds.
    pub longer_than_ms: u64,
    /// What is left of them, milliseconds.
    pub keep_ms: u64,
}

/// What will be done to level and length: a gain for every 100 ms and the stretches that are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Gain in dB at the middle of each 100 ms; empty when nothing is to be levelled.
    gains_db: Arc<Vec<f32>>,
    /// Milliseconds that are left out, in order, not touching.
    cuts_ms: Vec<std::ops::Range<u64>>,
}

impl Plan {
    /// A plan for a recording whose K-weighted powers per 100 ms and content are known.
    pub fn new(powers: &[f32], content: &[Span], strength: Strength, cutting: Option<SilenceCutting>) -> Self {
        let gate = phrases::gate(powers);
        Self {
            gains_db: Arc::new(phrases::gains(powers, content, gate, strength)),
            cuts_ms: cutting.map(|cutting| phrases::long_pauses(powers, gate, cutting)).unwrap_or_default(),
        }
    }

    /// Gain in dB per 100 ms; empty when the leveler has nothing to do.
    pub fn gains_db(&self) -> &[f32] {
        &self.gains_db
    }

    /// The stretches that are left out, in milliseconds.
    pub fn cuts_ms(&self) -> &[std::ops::Range<u64>] {
        &self.cuts_ms
    }

    /// Reads the gain curve from the front.
    pub fn cursor(&self, rate: u32) -> Cursor<'_> {
        Cursor::new(&self.gains_db, rate)
    }

    /// Whether the frame will be left out.
    pub fn is_cut(&self, frame: u64, rate: u32) -> bool {
        if self.cuts_ms.is_empty() {
            return false;
        }
        let ms = frame * 1_000 / u64::from(rate);
        let after = self.cuts_ms.partition_point(|cut| cut.end <= ms);
        self.cuts_ms.get(after).is_some_and(|cut| cut.start <= ms)
    }

    /// Where a moment of the input lies in the output, milliseconds.
    pub fn output_ms(&self, input_ms: u64) -> u64 {
        let gone: u64 = self
            .cuts_ms
            .iter()
            .take_while(|cut| cut.start < input_ms)
            .map(|cut| cut.end.min(input_ms) - cut.start)
            .sum();
        input_ms - gone
    }

    /// Milliseconds that are left out in all.
    pub fn removed_ms(&self) -> u64 {
        self.cuts_ms.iter().map(|cut| cut.end - cut.start).sum()
    }
}
