//! The unit in which sound moves: a short run of planar 32-bit float frames.

/// Planar samples of all channels over the same frames. Full scale is ±1.0; values beyond it are kept.
///
/// A block owns its memory and is reused: [`Block::resize`] keeps capacity, so a warm pipeline does not allocate.
#[derive(Clone, Debug, Default)]
pub struct Block {
    channels: Vec<Vec<f32>>,
    frames: usize,
}

impl Block {
    /// A block of silence.
    pub fn new(channels: usize, frames: usize) -> Self {
        Self { channels: vec![vec![0.0; frames]; channels], frames }
    }

    /// A block that takes over the given channels, which must all have the same length.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn from_channels(channels: Vec<Vec<f32>>) -> Self {
        let frames = channels.first().map_or(0, Vec::len);
        assert!(channels.iter().all(|channel| channel.len() == frames), "channels of one block differ in length");
        Self { channels, frames }
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.channels.len()
    }

    /// Number of frames (samples per channel).
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Whether there is no frame in it.
    pub fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// Samples of one channel.
    pub fn channel(&self, index: usize) -> &[f32] {
        &self.channels[index]
    }

    /// Samples of one channel, to be changed in place.
    pub fn channel_mut(&mut self, index: usize) -> &mut [f32] {
        &mut self.channels[index]
    }

    /// All channels, each a slice of the same length.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.channels.iter().map(Vec::as_slice)
    }

    /// All channels, to be changed in place.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = &mut [f32]> {
        self.channels.iter_mut().map(Vec::as_mut_slice)
    }

    /// Changes the number of frames; new frames are silent. Capacity is kept.
    pub fn resize(&mut self, frames: usize) {
        for channel in &mut self.channels {
            channel.resize(frames, 0.0);
        }
        self.frames = frames;
    }

    /// Changes the number of channels; new channels are silent.
    pub fn set_channels(&mut self, channels: usize) {
        let frames = self.frames;
        self.channels.resize_with(channels, || vec![0.0; frames]);
    }

    /// Forgets all frames. Capacity is kept.
    pub fn clear(&mut self) {
        self.resize(0);
    }

    /// Adds the frames of a block with the same number of channels at the end.
    pub fn extend(&mut self, other: &Block) {
        self.extend_range(other, 0..other.frames);
    }

    /// Adds some frames of a block with the same number of channels at the end.
    pub fn extend_range(&mut self, other: &Block, range: std::ops::Range<usize>) {
        debug_assert_eq!(self.channels(), other.channels());
        for (into, from) in self.channels.iter_mut().zip(&other.channels) {
            into.extend_from_slice(&from[range.clone()]);
        }
        self.frames += range.len();
    }

    /// Drops frames at the front.
    pub fn drop_front(&mut self, frames: usize) {
        let frames = frames.min(self.frames);
        for channel in &mut self.channels {
            channel.drain(..frames);
        }
        self.frames -= frames;
    }
}
