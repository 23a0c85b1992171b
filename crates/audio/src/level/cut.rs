//! Leaving out stretches, joined by short cross-fades.

use std::ops::Range;

use super::Plan;
use crate::{Block, Stage};

/// Milliseconds over which both sides of a cut are faded into each other.
const FADE_MS: u64 = 10;

/// Leaves out the cuts of a plan. Gives out fewer frames than it takes in.
pub struct Cutter {
    /// Frames to leave out; both ends lie where sound is faded.
    cuts: std::vec::IntoIter<Range<u64>>,
    current: Option<Range<u64>>,
    fade: usize,
    frame: u64,
    /// The first `fade` frames of the cut under way.
    leaving: Block,
    out: Block,
}

impl Cutter {
    /// A stage for sound of the given shape, or `None` where nothing is left out.
    pub fn new(plan: &Plan, rate: u32, channels: usize) -> Option<Self> {
        let frames = |ms: u64| ms * u64::from(rate) / 1_000;
        let fade = frames(FADE_MS);
        let cuts: Vec<_> = plan
            .cuts_ms
            .iter()
            .map(|cut| frames(cut.start)..frames(cut.end) + fade)
            .filter(|cut| cut.end - cut.start > 2 * fade)
            .collect();
        if cuts.is_empty() {
            return None;
        }
        let mut cuts = cuts.into_iter();
        let current = cuts.next();
        let (leaving, out) = (Block::new(channels, 0), Block::new(channels, 0));
        Some(Self { cuts, current, fade: fade as usize, frame: 0, leaving, out })
    }
}

impl Stage for Cutter {
    fn process(&mut self, block: &mut Block) {
        self.out.clear();
        let mut at = 0;
        while at < block.frames() {
            let left = (block.frames() - at) as u64;
            let Some(cut) = self.current.clone() else {
                self.out.extend_range(block, at..block.frames());
                self.frame += left;
                break;
            };
            let fade = self.fade as u64;
            // What happens to the frames from here, and up to which frame.
            let (until, place) = match self.frame {
                frame if frame < cut.start => (cut.start, Place::Before),
                frame if frame < cut.start + fade => (cut.start + fade, Place::Leaving),
                frame if frame < cut.end - fade => (cut.end - fade, Place::Inside),
                _ => (cut.end, Place::Arriving),
            };
            let take = (until - self.frame).min(left) as usize;
            match place {
                Place::Before => self.out.extend_range(block, at..at + take),
                Place::Leaving => self.leaving.extend_range(block, at..at + take),
                Place::Inside => {}
                Place::Arriving => {
                    let done = (self.frame - (cut.end - fade)) as usize;
                    let begin = self.out.frames();
                    self.out.extend_range(block, at..at + take);
                    for (out, leaving) in self.out.iter_mut().zip(self.leaving.iter()) {
                        for (n, (sample, old)) in out[begin..].iter_mut().zip(&leaving[done..]).enumerate() {
                            let share = (done + n) as f32 / self.fade as f32;
                            *sample = *sample * share + old * (1.0 - share);
                        }
                    }
                }
            }
            self.frame += take as u64;
            at += take;
            if self.frame == cut.end {
                self.leaving.clear();
                self.current = self.cuts.next();
            }
        }
        std::mem::swap(block, &mut self.out);
    }

    fn finish(&mut self, tail: &mut Block) {
        // A recording that ends inside a cut ends with the fade that was begun.
        tail.clear();
        tail.extend(&self.leaving);
        let frames = tail.frames() as f32;
        for channel in tail.iter_mut() {
            for (n, sample) in channel.iter_mut().enumerate() {
                *sample *= 1.0 - n as f32 / frames;
            }
        }
    }
}

enum Place {
    Before,
    Leaving,
    Inside,
    Arriving,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_the_same_however_it_is_cut_into_blocks() {
        let plan = Plan { gains_db: std::sync::Arc::default(), cuts_ms: vec![100..300, 500..900] };
        let ramp: Vec<f32> = (0..48_000).map(|n| n as f32 / 48_000.0).collect();
        let run = |size: usize| {
            let mut cutter = Cutter::new(&plan, 48_000, 1).into_iter().next();
            let mut out = Block::new(1, 0);
            for part in ramp.chunks(size) {
                let mut block = Block::from_channels(vec![part.to_vec()]);
                if let Some(cutter) = &mut cutter {
                    cutter.process(&mut block);
                }
                out.extend(&block);
            }
            out
        };
        let whole = run(48_000);
        assert_eq!(whole.frames(), 48_000 - 200 * 48 - 400 * 48);
        assert_eq!(whole.channel(0), run(331).channel(0));
        // Up to the first cut untouched, after the last one too.
        assert_eq!(whole.channel(0)[4_799], ramp[4_799]);
        assert_eq!(whole.channel(0).last(), ramp.last());
        // The step is spread over the fade.
        let steepest = whole.channel(0).windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 0.4 / 480.0 * 1.2, "{steepest}");
    }
}
