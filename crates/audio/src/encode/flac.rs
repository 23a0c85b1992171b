//! FLAC (RFC 9639): the stream around the frames. Written from scratch, because what could be had was slower than what
//! it stands beside and made new memory for every block. 16 bits with dither: what is heard of a mastered recording
//! lies far above their noise, every player takes them, and 24 bits would double the file with noise.
//!
//! The frames themselves are made in the files of the folder beside this one.

#![expect(
    clippy::inline_always,
    reason = "the inner loops have to be compiled into the function that pulp compiles once for each kind of processor"
)]

mod bits;
mod frame;
mod predict;
mod rice;

use std::io::{self, SeekFrom};

use md5::{Digest, Md5};

use self::frame::{BLOCK, FrameMaker, WIDTH};
use super::dither::Dither;
use super::{Codec, Encoder, Order, Sink};
use crate::tag::vorbis_comment::{CommentBlock, CoverPlace, ENCODER, LoudnessFields};
use crate::tag::{Cover, ReplayGain};
use crate::{AudioError, Block};

/// FLAC.
pub(super) static FLAC: Codec = Codec {
    name: "flac",
    title: "FLAC",
    ending: "flac",
    mime: "audio/flac",
    lossy: false,
    bitrates: None,
    default_bitrate: None,
    rates: &[],
    open,
};

/// Content of STREAMINFO in bytes.
const STREAMINFO_BYTES: usize = 34;
/// Greatest content of any metadata block in bytes (section 8.1).
const MOST_BLOCK_BYTES: usize = (1 << 24) - 1;
/// Seconds between seek points, and how many there are at most; longer files have them further apart.
const SEEK_SECONDS: u64 = 10;
const MOST_SEEK_POINTS: u64 = 3600;
/// Bytes of a seek point.
const SEEK_POINT_BYTES: usize = 18;

/// Kinds of metadata blocks (section 8.1).
const STREAMINFO: u8 = 0;
const SEEKTABLE: u8 = 3;
const VORBIS_COMMENT: u8 = 4;
const PICTURE: u8 = 6;

struct FlacEncoder {
    sink: Box<dyn Sink>,
    places: Places,
    rate: u32,
    comments: CommentBlock,
    seek: SeekTable,
    dither: Vec<Dither>,
    maker: FrameMaker,
    /// Samples that do not fill a block yet.
    waiting: Vec<Vec<i32>>,
    md5: Md5,
    raw: Vec<u8>,
    frames: u64,
    blocks: u64,
    /// Bytes of all frames so far, of the shortest and of the longest one.
    written: u64,
    shortest: u32,
    longest: u32,
}

/// Where things stand in the file that are written again at the end.
struct Places {
    streaminfo: u64,
    comments: u64,
    seek_table: u64,
}

fn open(order: &Order, mut sink: Box<dyn Sink>) -> Result<Box<dyn Encoder>, AudioError> {
    let begin = sink.stream_position().map_err(AudioError::Write)?;
    let mut comments = CommentBlock::new(ENCODER, LoudnessFields::ReplayGain, CoverPlace::Elsewhere, &order.tags);
    let seek = SeekTable::new(order.rate, order.frames);
    let picture = order.tags.cover.as_ref().map(Cover::picture_block);

    let mut head = b"fLaC".to_vec();
    put_block(&mut head, STREAMINFO, &[0; STREAMINFO_BYTES])?;
    let streaminfo = begin + 8;
    let seek_table = begin + head.len() as u64 + 4;
    if seek.room > 0 {
        put_block(&mut head, SEEKTABLE, &seek.bytes())?;
    }
    let comments_at = begin + head.len() as u64 + 4;
    put_block(&mut head, VORBIS_COMMENT, comments.bytes())?;
    let mut last = comments_at as usize - begin as usize - 4;
    if let Some(picture) = &picture {
        last = head.len();
        put_block(&mut head, PICTURE, picture)?;
    }
    head[last] |= 0x80; // the last metadata block
    sink.write_all(&head).map_err(AudioError::Write)?;
    comments.keep_head();

    Ok(Box::new(FlacEncoder {
        sink,
        places: Places { streaminfo, comments: comments_at, seek_table },
        rate: order.rate,
        comments,
        seek,
        dither: Dither::channels(order.channels),
        maker: FrameMaker::new(order.rate),
        waiting: vec![Vec::with_capacity(BLOCK); order.channels],
        md5: Md5::new(),
        raw: Vec::new(),
        frames: 0,
        blocks: 0,
        written: 0,
        shortest: u32::MAX,
        longest: 0,
    }))
}

impl Encoder for FlacEncoder {
    fn write(&mut self, block: &Block) -> Result<(), AudioError> {
        let mut at = 0;
        while at < block.frames() {
            let room = BLOCK - self.waiting.first().map_or(0, Vec::len);
            let end = block.frames().min(at + room);
            for ((waiting, samples), dither) in self.waiting.iter_mut().zip(block.iter()).zip(&mut self.dither) {
                waiting.extend(samples[at..end].iter().map(|&sample| i32::from(dither.quantise(sample))));
            }
            if end - at == room {
                self.write_frame().map_err(AudioError::Write)?;
            }
            at = end;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, gain: &ReplayGain) -> Result<(), AudioError> {
        self.close(gain).map_err(AudioError::Write)
    }
}

impl FlacEncoder {
    fn write_frame(&mut self) -> io::Result<()> {
        let samples = self.waiting.first().map_or(0, Vec::len);
        if samples == 0 {
            return Ok(());
        }
        let step = 2 * self.waiting.len();
        self.raw.resize(samples * step, 0);
        for (index, waiting) in self.waiting.iter().enumerate() {
            for (&sample, frame) in waiting.iter().zip(self.raw.chunks_exact_mut(step)) {
                frame[2 * index..][..2].copy_from_slice(&(sample as i16).to_le_bytes());
            }
        }
        self.md5.update(&self.raw);

        let bytes = self.maker.frame(self.blocks, &self.waiting);
        self.sink.write_all(bytes)?;
        self.seek.offer(self.frames, self.written, samples);
        let length = bytes.len() as u32;
        self.shortest = self.shortest.min(length);
        self.longest = self.longest.max(length);
        self.written += u64::from(length);
        self.blocks += 1;
        self.frames += samples as u64;
        for waiting in &mut self.waiting {
            waiting.clear();
        }
        Ok(())
    }

    fn close(&mut self, gain: &ReplayGain) -> io::Result<()> {
        self.write_frame()?;
        self.comments.set_loudness(gain);
        let streaminfo = self.streaminfo();
        for (place, bytes) in [
            (self.places.streaminfo, &streaminfo[..]),
            (self.places.seek_table, &self.seek.bytes()),
            (self.places.comments, self.comments.head()),
        ] {
            if !bytes.is_empty() {
                self.sink.seek(SeekFrom::Start(place))?;
                self.sink.write_all(bytes)?;
            }
        }
        self.sink.seek(SeekFrom::End(0))?;
        self.sink.flush()
    }

    fn streaminfo(&self) -> [u8; STREAMINFO_BYTES] {
        let block = BLOCK as u16;
        let shortest = if self.blocks == 0 { 0 } else { self.shortest };
        // 20 bits of rate, 3 of channels less one, 5 of width less one, 36 of length, which is 0 where it does not fit.
        let length = if self.frames >> 36 == 0 { self.frames } else { 0 };
        let shape = (u64::from(self.rate & 0xF_FFFF) << 44)
            | ((self.waiting.len() as u64 - 1) << 41)
            | (u64::from(WIDTH - 1) << 36)
            | length;
        let mut bytes = [0; STREAMINFO_BYTES];
        bytes[..2].copy_from_slice(&block.to_be_bytes());
        bytes[2..4].copy_from_slice(&block.to_be_bytes());
        bytes[4..7].copy_from_slice(&shortest.to_be_bytes()[1..]);
        bytes[7..10].copy_from_slice(&self.longest.to_be_bytes()[1..]);
        bytes[10..18].copy_from_slice(&shape.to_be_bytes());
        bytes[18..].copy_from_slice(&self.md5.clone().finalize());
        bytes
    }
}

/// Points from which players can start, about evenly spread.
struct SeekTable {
    /// How many points the file has room for.
    room: usize,
    /// Frames between two points.
    apart: u64,
    /// First sample of the frame, bytes before it, samples in it.
    points: Vec<(u64, u64, u16)>,
}

impl SeekTable {
    fn new(rate: u32, frames: u64) -> Self {
        let apart = (SEEK_SECONDS * u64::from(rate)).max(frames.div_ceil(MOST_SEEK_POINTS)).max(1);
        Self { room: frames.div_ceil(apart) as usize, apart, points: Vec::new() }
    }

    /// Takes the frame as a point if it is far enough from the last one.
    fn offer(&mut self, first: u64, before: u64, samples: usize) {
        if self.points.len() < self.room && first >= self.points.len() as u64 * self.apart {
            self.points.push((first, before, samples as u16));
        }
    }

    /// The content of the block. Points that are missing are marked as such (section 8.5).
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.room * SEEK_POINT_BYTES);
        let missing = std::iter::repeat(&(u64::MAX, 0, 0));
        for &(first, before, samples) in self.points.iter().chain(missing).take(self.room) {
            bytes.extend(first.to_be_bytes());
            bytes.extend(before.to_be_bytes());
            bytes.extend(samples.to_be_bytes());
        }
        bytes
    }
}

fn put_block(head: &mut Vec<u8>, kind: u8, content: &[u8]) -> Result<(), AudioError> {
    if content.len() > MOST_BLOCK_BYTES {
        let what = if kind == PICTURE { "its cover takes" } else { "its tags take" };
        let reason = format!("{what} {} bytes, more than the {MOST_BLOCK_BYTES} that fit", content.len());
        return Err(AudioError::Encode { format: "FLAC", reason });
    }
    head.push(kind);
    head.extend(&(content.len() as u32).to_be_bytes()[1..]);
    head.extend(content);
    Ok(())
}

#[cfg(test)]
mod tests;
