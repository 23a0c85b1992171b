//! The planned gain curve on samples.

use std::sync::Arc;

use super::{BLOCKS_PER_SECOND, Plan};
use crate::master::amplitude;
use crate::master::control::CELL;
use crate::{Block, Stage};

/// Reads a gain curve at moments that only move forward.
pub struct Cursor<'a> {
    gains_db: &'a [f32],
    per_frame: f64,
    /// The last segment that was asked for and its linear gains at both ends.
    segment: usize,
    ends: (f32, f32),
}

impl<'a> Cursor<'a> {
    pub(super) fn new(gains_db: &'a [f32], rate: u32) -> Self {
        Self { gains_db, per_frame: BLOCKS_PER_SECOND as f64 / f64::from(rate), segment: usize::MAX, ends: (1.0, 1.0) }
    }

    /// Linear gain at a frame.
    pub fn gain_at(&mut self, frame: u64) -> f32 {
        let Some(last) = self.gains_db.len().checked_sub(1) else { return 1.0 };
        // Gains are planned for the middle of their block.
        let position = (frame as f64 * self.per_frame - 0.5).clamp(0.0, last as f64);
        let segment = position as usize;
        if segment != self.segment {
            let linear = |index: usize| amplitude(f64::from(self.gains_db[index.min(last)])) as f32;
            self.ends = (linear(segment), linear(segment + 1));
            self.segment = segment;
        }
        self.ends.0 + (self.ends.1 - self.ends.0) * (position - segment as f64) as f32
    }
}

/// Applies the gain curve of a plan.
pub struct Leveler {
    gains_db: Arc<Vec<f32>>,
    rate: u32,
    frame: u64,
}

impl Leveler {
    /// A stage for sound at the given rate. Returns `None` where the plan leaves the level alone.
    pub fn new(plan: &Plan, rate: u32) -> Option<Self> {
        (!plan.gains_db.is_empty()).then(|| Self { gains_db: Arc::clone(&plan.gains_db), rate, frame: 0 })
    }
}

impl Stage for Leveler {
    fn process(&mut self, block: &mut Block) {
        let mut cursor = Cursor::new(&self.gains_db, self.rate);
        let mut at = 0;
        while at < block.frames() {
            // Steps end at multiples of CELL of the whole recording, so that blocks may be cut anywhere.
            let take = (CELL - (self.frame % CELL as u64) as usize).min(block.frames() - at);
            let cell = self.frame - self.frame % CELL as u64;
            let (begin, end) = (cursor.gain_at(cell), cursor.gain_at(cell + CELL as u64));
            let step = (end - begin) / CELL as f32;
            let offset = (self.frame - cell) as f32;
            for channel in block.iter_mut() {
                for (sample, n) in channel[at..at + take].iter_mut().zip(0u16..) {
                    *sample *= begin + step * (offset + f32::from(n));
                }
            }
            self.frame += take as u64;
            at += take;
        }
    }
}
