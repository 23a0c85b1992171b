//! Which of the decoded frames are meant to be heard: encoders add a delay at the front and padding at the end, and say
//! so in the header. Where the header says it is known elsewhere.

use crate::Block;

/// What is done at the end. Frames are counted from the very first that is decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tail {
    /// All frames are heard.
    #[default]
    Kept,
    /// Frames from `end` on are padding, provided that the sound ends at `total` and not later.
    Padded {
        /// The first frame of padding.
        end: u64,
        /// Where the sound ends.
        total: u64,
    },
    /// Nothing from this frame on is heard, however much there is.
    Cut(u64),
    /// The last frames are padding, wherever the end may be.
    Last(u64),
}

/// A stretch of the decoded sound.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Frames still to be dropped at the front.
    skip: u64,
    /// Frames seen.
    position: u64,
    tail: Tail,
    /// What may be padding.
    held: Block,
}

/// More padding than any encoder makes is not believed.
const MOST_PADDING: u64 = 64 * 1024;

impl Window {
    /// A window that drops `skip` frames at the front.
    pub(super) fn new(channels: usize, skip: u64, tail: Tail) -> Self {
        let tail = match tail {
            Tail::Padded { end, total } if end >= total || total - end > MOST_PADDING || end < skip => Tail::Kept,
            Tail::Last(frames) if frames == 0 || frames > MOST_PADDING => Tail::Kept,
            Tail::Cut(end) if end <= skip => Tail::Kept,
            tail => tail,
        };
        Self { skip, position: 0, tail, held: Block::new(channels, 0) }
    }

    /// Whether nothing more will be heard.
    pub(super) fn over(&self) -> bool {
        matches!(self.tail, Tail::Cut(end) if self.position >= end)
    }

    /// Cuts what was added to a block behind its first `before` frames. Padding that turns out to be none goes to
    /// `late`, which must be given out before more is pulled.
    pub(super) fn pass(&mut self, block: &mut Block, before: usize, late: &mut Block) {
        let added = block.frames() - before;
        self.position += added as u64;
        if self.skip > 0 && before == 0 {
            let drop = self.skip.min(added as u64);
            block.drop_front(drop as usize);
            self.skip -= drop;
        }
        match self.tail {
            Tail::Kept => {}
            Tail::Cut(end) => {
                let beyond = usize::try_from(self.position.saturating_sub(end)).unwrap_or(usize::MAX);
                block.resize(block.frames().saturating_sub(beyond).max(before.min(block.frames())));
            }
            Tail::Padded { end, total } => {
                let beyond = usize::try_from(self.position.saturating_sub(end)).unwrap_or(usize::MAX);
                let new = beyond.saturating_sub(self.held.frames());
                let from = block.frames().saturating_sub(new).max(before.min(block.frames()));
                self.held.extend_range(block, from..block.frames());
                block.resize(from);
                if self.position > total {
                    self.tail = Tail::Kept;
                    late.extend(&self.held);
                    self.held.clear();
                }
            }
            Tail::Last(frames) => {
                let before = before.min(block.frames());
                self.held.extend_range(block, before..block.frames());
                block.resize(before);
                let ready = self.held.frames().saturating_sub(frames as usize);
                block.extend_range(&self.held, 0..ready);
                self.held.drop_front(ready);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passes 0, 1, 2, … in steps and collects what is heard.
    fn heard(skip: u64, tail: Tail, frames: usize, step: usize) -> Vec<f32> {
        let mut window = Window::new(1, skip, tail);
        let mut out = Vec::new();
        let mut at = 0;
        while at < frames {
            let count = step.min(frames - at);
            let mut block = Block::from_channels(vec![(at..at + count).map(|n| n as f32).collect()]);
            let mut late = Block::new(1, 0);
            window.pass(&mut block, 0, &mut late);
            out.extend_from_slice(block.channel(0));
            out.extend_from_slice(late.channel(0));
            at += count;
        }
        out
    }

    fn numbers(range: std::ops::Range<usize>) -> Vec<f32> {
        range.map(|n| n as f32).collect()
    }

    #[test]
    fn delay_and_padding_are_dropped() {
        for step in [1, 3, 7, 10, 100] {
            assert_eq!(heard(4, Tail::Padded { end: 17, total: 20 }, 20, step), numbers(4..17), "{step}");
            assert_eq!(heard(4, Tail::Cut(17), 200, step), numbers(4..17), "{step}");
            assert_eq!(heard(4, Tail::Last(5), 20, step), numbers(4..15), "{step}");
            assert_eq!(heard(0, Tail::Kept, 20, step), numbers(0..20), "{step}");
        }
    }

    #[test]
    fn a_stream_that_goes_on_has_no_padding() {
        for step in [1, 3, 7, 100] {
            assert_eq!(heard(0, Tail::Padded { end: 17, total: 20 }, 30, step), numbers(0..30), "{step}");
        }
    }

    #[test]
    fn a_stream_that_ends_early_loses_nothing() {
        assert_eq!(heard(2, Tail::Padded { end: 17, total: 20 }, 12, 5), numbers(2..12));
    }

    #[test]
    fn nonsense_is_not_believed() {
        assert_eq!(heard(8, Tail::Padded { end: 2, total: 20 }, 20, 5).len(), 12);
        assert_eq!(heard(0, Tail::Padded { end: 2, total: 1 << 40 }, 20, 5).len(), 20);
        assert_eq!(heard(8, Tail::Cut(3), 20, 5).len(), 12);
    }
}
