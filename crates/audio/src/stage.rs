//! The one trait behind which every processing stage stands.

use crate::Block;

/// A step of the chain that changes sound as it passes.
///
/// A stage borrows a block, changes it in place and keeps whatever state it needs. It never waits, never allocates per
/// block once warm, and gives out exactly as many frames as it took in, [`Stage::latency`] frames late: the first
/// blocks come back shorter or empty, and [`Stage::finish`] gives the rest. Only stages that say so in their own
/// documentation (resampling, cutting) change the count.
pub trait Stage: Send {
    /// Processes the block in place. May return fewer or more frames than it got.
    fn process(&mut self, block: &mut Block);

    /// Gives the frames still held back, replacing the content of `tail`. Called once, after the last block.
    fn finish(&mut self, tail: &mut Block) {
        tail.clear();
    }

    /// Frames between a sample going in and the same sample coming out.
    fn latency(&self) -> usize {
        0
    }
}
