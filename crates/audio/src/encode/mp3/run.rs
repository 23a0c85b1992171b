//! A run of frames: what one fresh encoder makes of one segment of sound, taken apart so that it can be joined to others.

use super::frame::{self, Format, Frame};
use super::lame::{CHUNK, Lame};
use crate::AudioError;

/// Samples past the end of the last frame that the encoder looks at before it gives that frame: its transform of 1024
/// samples reaches 1328 samples past a granule's start while 528 zeros stand before the first (LAME, `calcNeeded`).
pub(super) const LOOK_AHEAD: usize = 224;

/// Consecutive frames and their data.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Number of the first frame in the whole stream.
    pub(super) first: u64,
    /// The frames in order.
    pub(super) frames: Vec<Frame>,
    /// What their data ranges point into.
    pub(super) bytes: Vec<u8>,
}

impl Run {
    /// The frame of that number in the whole stream.
    pub(super) fn frame(&self, number: u64) -> Option<&Frame> {
        usize::try_from(number.checked_sub(self.first)?).ok().and_then(|index| self.frames.get(index))
    }

    /// The frames from that number on; none past the end.
    pub(super) fn from(&self, number: u64) -> &[Frame] {
        let skipped = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.frames.get(skipped..).unwrap_or_default()
    }

    /// Number of the frame after the last.
    pub(super) fn end(&self) -> u64 {
        self.first + self.frames.len() as u64
    }
}

/// Encodes the first `count` frames of `sound` with a fresh encoder.
///
/// Planar sound must reach [`LOOK_AHEAD`] samples past the last frame; what is missing is taken for silence.
pub(super) fn encode(format: &Format, sound: &[&[f32]], count: usize, reservoir: bool) -> Result<Run, AudioError> {
    let mut lame = Lame::new(format, reservoir)?;
    let needed = count * format.frame_samples() + LOOK_AHEAD;
    let mut stream = Vec::new();
    let mut padded = vec![Vec::new(); sound.len()];
    let mut at = 0;
    while at < needed {
        let length = CHUNK.min(needed - at);
        let mut chunk: [&[f32]; 2] = [&[]; 2];
        for ((slot, channel), padded) in chunk.iter_mut().zip(sound).zip(&mut padded) {
            *slot = if let Some(whole) = channel.get(at..at + length) {
                whole
            } else {
                padded.clear();
                padded.extend_from_slice(channel.get(at..).unwrap_or_default());
                padded.resize(length, 0.0);
                padded
            };
        }
        lame.encode(chunk.get(..sound.len()).unwrap_or_default(), &mut stream)?;
        at += length;
    }
    lame.flush(&mut stream)?;
    take_apart(format, &stream, count)
        .ok_or_else(|| AudioError::Encode { format: "MP3", reason: "LAME gave frames that cannot be read".to_owned() })
}

/// Takes the first `count` frames of an encoder's stream apart. `None` when it does not hold them.
fn take_apart(format: &Format, stream: &[u8], count: usize) -> Option<Run> {
    let mut run = Run { first: 0, frames: Vec::with_capacity(count), bytes: Vec::with_capacity(stream.len()) };
    // All bytes between headers and side information, one after the other.
    let mut pool = Vec::with_capacity(stream.len());
    let mut at = 0;
    let mut wanted = Vec::with_capacity(count);
    while run.frames.len() < count {
        let parsed = frame::parse(format, stream.get(at..)?)?;
        let begin = pool.len().checked_sub(parsed.main_data_begin)?;
        wanted.push(begin..begin + parsed.data_length);
        pool.extend_from_slice(stream.get(at + 4 + format.side_length()..at + parsed.length)?);
        run.frames.push(parsed.frame);
        at += parsed.length;
    }
    for (frame, wanted) in run.frames.iter_mut().zip(wanted) {
        let begin = run.bytes.len();
        run.bytes.extend_from_slice(pool.get(wanted)?);
        frame.data = begin..run.bytes.len();
    }
    Some(run)
}
