//! Planar floats as interleaved 16-bit frames, dithered, cut into the fixed portions that ALAC and AAC encoders take.

use super::dither::Dither;
use crate::Block;

/// Collects frames until a portion is full.
#[derive(Debug)]
pub(super) struct Portions {
    samples: Vec<i16>,
    channels: usize,
    portion: usize,
    frames: u64,
    dither: Vec<Dither>,
}

impl Portions {
    /// Portions of so many frames.
    pub(super) fn new(channels: usize, portion: usize) -> Self {
        Self {
            samples: Vec::with_capacity(channels * portion),
            channels,
            portion,
            frames: 0,
            dither: Dither::channels(channels),
        }
    }

    /// Frames taken so far.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// Takes frames and hands out every portion that became full, interleaved.
    pub(super) fn take<E>(&mut self, block: &Block, mut full: impl FnMut(&[i16]) -> Result<(), E>) -> Result<(), E> {
        debug_assert_eq!(block.channels(), self.channels);
        for frame in 0..block.frames() {
            for (channel, dither) in block.iter().zip(&mut self.dither) {
                self.samples.push(dither.quantise(channel[frame]));
            }
            if self.samples.len() == self.channels * self.portion {
                full(&self.samples)?;
                self.samples.clear();
            }
        }
        self.frames += block.frames() as u64;
        Ok(())
    }

    /// The frames that did not fill a portion, interleaved.
    pub(super) fn rest(&self) -> &[i16] {
        &self.samples
    }
}

#[cfg(test)]
mod tests {
    use testkit::signal::sine;

    use super::*;

    #[test]
    fn portions_hold_everything_in_order_within_a_step_and_a_half() {
        let left = sine(48_000, 440.0, 0.9, 0.0, 1000);
        let right = sine(48_000, 1234.0, 0.7, 90.0, 1000);
        let mut portions = Portions::new(2, 64);
        let mut all = Vec::new();
        for from in (0..1000).step_by(37) {
            let to = (from + 37).min(1000);
            let block = Block::from_channels(vec![left[from..to].to_vec(), right[from..to].to_vec()]);
            let taken: Result<(), ()> = portions.take(&block, |portion| {
                assert_eq!(portion.len(), 128);
                all.extend_from_slice(portion);
                Ok(())
            });
            assert_eq!(taken, Ok(()));
        }
        assert_eq!(portions.rest().len(), (1000 % 64) * 2);
        all.extend_from_slice(portions.rest());
        assert_eq!(portions.frames(), 1000);
        for (frame, pair) in all.chunks(2).enumerate() {
            for (sample, was) in pair.iter().zip([left[frame], right[frame]]) {
                assert!((f32::from(*sample) - was * 32_768.0).abs() <= 1.5, "frame {frame}");
            }
        }
    }

    #[test]
    fn beyond_full_scale_is_clipped() {
        let mut portions = Portions::new(1, 8);
        let block = Block::from_channels(vec![vec![2.0, -2.0]]);
        let _: Result<(), ()> = portions.take(&block, |_| Ok(()));
        assert_eq!(portions.rest(), [i16::MAX, i16::MIN]);
    }
}
