//! WAV: 16 bits with dither, or 24 bits. A file that outgrows 4 GiB becomes RF64 (EBU Tech 3306) in its header alone:
//! a JUNK chunk keeps the room that the 64-bit sizes then need. Tags are a LIST chunk of kind INFO in front of the
//! sound; chapters, cover and loudness have no place in it that players would read.

use std::io::{self, SeekFrom};

use super::dither::Dither;
use super::{Codec, Encoder, Order, Sink};
use crate::tag::vorbis_comment::ENCODER;
use crate::tag::{ReplayGain, Tags};
use crate::{AudioError, Block};

/// 16-bit WAV, dithered.
pub(super) static WAV: Codec = Codec {
    name: "wav",
    title: "WAV (16-bit)",
    ending: "wav",
    mime: "audio/wav",
    lossy: false,
    bitrates: None,
    default_bitrate: None,
    rates: &[],
    open: |order, sink| open(order, sink, Depth::Bits16),
};

/// 24-bit WAV.
pub(super) static WAV_24: Codec = Codec {
    name: "wav-24bit",
    title: "WAV (24-bit)",
    ending: "wav",
    mime: "audio/wav",
    lossy: false,
    bitrates: None,
    default_bitrate: None,
    rates: &[],
    open: |order, sink| open(order, sink, Depth::Bits24),
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Bits16,
    Bits24,
}

impl Depth {
    fn bytes(self) -> usize {
        match self {
            Self::Bits16 => 2,
            Self::Bits24 => 3,
        }
    }
}

/// What the header tells of the sound.
#[derive(Clone, Copy, Debug)]
struct Shape {
    rate: u32,
    channels: usize,
    depth: Depth,
}

impl Shape {
    fn frame_bytes(self) -> usize {
        self.channels * self.depth.bytes()
    }
}

struct WavEncoder {
    sink: Box<dyn Sink>,
    begin: u64,
    shape: Shape,
    info: Vec<u8>,
    dither: Vec<Dither>,
    frames: u64,
    bytes: Vec<u8>,
}

fn open(order: &Order, mut sink: Box<dyn Sink>, depth: Depth) -> Result<Box<dyn Encoder>, AudioError> {
    let shape = Shape { rate: order.rate, channels: order.channels, depth };
    let info = info(&order.tags);
    let begin = sink.stream_position().map_err(AudioError::Write)?;
    // The announced length stands in the header while the sound comes, for whoever listens along.
    sink.write_all(&header(shape, &info, order.frames)).map_err(AudioError::Write)?;
    let dither = Dither::channels(order.channels);
    Ok(Box::new(WavEncoder { sink, begin, shape, info, dither, frames: 0, bytes: Vec::new() }))
}

impl Encoder for WavEncoder {
    fn write(&mut self, block: &Block) -> Result<(), AudioError> {
        let width = self.shape.depth.bytes();
        let step = self.shape.frame_bytes();
        self.bytes.resize(block.frames() * step, 0);
        for (index, (samples, dither)) in block.iter().zip(&mut self.dither).enumerate() {
            let frames = self.bytes.chunks_exact_mut(step);
            match self.shape.depth {
                Depth::Bits16 => {
                    for (&sample, frame) in samples.iter().zip(frames) {
                        frame[index * width..][..2].copy_from_slice(&dither.quantise(sample).to_le_bytes());
                    }
                }
                Depth::Bits24 => {
                    for (&sample, frame) in samples.iter().zip(frames) {
                        frame[index * width..][..3].copy_from_slice(&round_to_24(sample).to_le_bytes()[..3]);
                    }
                }
            }
        }
        self.frames += block.frames() as u64;
        self.sink.write_all(&self.bytes).map_err(AudioError::Write)
    }

    fn finish(mut self: Box<Self>, _gain: &ReplayGain) -> Result<(), AudioError> {
        self.close().map_err(AudioError::Write)
    }
}

impl WavEncoder {
    fn close(&mut self) -> io::Result<()> {
        if self.frames * self.shape.frame_bytes() as u64 % 2 == 1 {
            self.sink.write_all(&[0])?; // chunks begin at even offsets
        }
        self.sink.seek(SeekFrom::Start(self.begin))?;
        self.sink.write_all(&header(self.shape, &self.info, self.frames))?;
        self.sink.seek(SeekFrom::End(0))?;
        self.sink.flush()
    }
}

/// The nearest 24-bit number, at most full scale; what is not a number is silence.
fn round_to_24(sample: f32) -> i32 {
    const FULL_SCALE: f64 = 8_388_608.0;
    // Through a cast that cuts off above zero, as in the dither; NaN casts to 0, which is full scale negative, so it is
    // caught before.
    if sample.is_nan() {
        return 0;
    }
    let step = (f64::from(sample) * FULL_SCALE + FULL_SCALE + 0.5).clamp(0.0, 2.0 * FULL_SCALE - 1.0);
    step as i32 - FULL_SCALE as i32
}

/// Everything in front of the first sample, always of the same length for the same tags.
fn header(shape: Shape, info: &[u8], frames: u64) -> Vec<u8> {
    const DS64_CONTENT: usize = 28;
    const PCM: u16 = 1;

    let data = frames.saturating_mul(shape.frame_bytes() as u64);
    let length = 12 + (8 + DS64_CONTENT) + (8 + 16) + info.len() + 8;
    let riff = data.saturating_add(data % 2).saturating_add(length as u64 - 8);
    // 0xFFFFFFFF in the 32-bit fields means "see ds64" (EBU Tech 3306, section 4), so it is no size of its own.
    let large = riff >= u64::from(u32::MAX);
    let short = |size: u64| if large { u32::MAX } else { size as u32 };

    let mut bytes = Vec::with_capacity(length);
    bytes.extend(if large { b"RF64" } else { b"RIFF" });
    bytes.extend(short(riff).to_le_bytes());
    bytes.extend(b"WAVE");

    bytes.extend(if large { b"ds64" } else { b"JUNK" });
    bytes.extend((DS64_CONTENT as u32).to_le_bytes());
    if large {
        for size in [riff, data, frames] {
            bytes.extend(size.to_le_bytes());
        }
        bytes.extend(0u32.to_le_bytes()); // no other chunk is large
    } else {
        bytes.extend([0; DS64_CONTENT]);
    }

    bytes.extend(b"fmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(PCM.to_le_bytes());
    bytes.extend((shape.channels as u16).to_le_bytes());
    bytes.extend(shape.rate.to_le_bytes());
    bytes.extend(shape.rate.wrapping_mul(shape.frame_bytes() as u32).to_le_bytes());
    bytes.extend((shape.frame_bytes() as u16).to_le_bytes());
    bytes.extend((shape.depth.bytes() as u16 * 8).to_le_bytes());

    bytes.extend(info);

    bytes.extend(b"data");
    bytes.extend(short(data).to_le_bytes());
    bytes
}

/// The LIST chunk with the tags. Texts are UTF-8, as today's programs write and read them, ended by a zero.
fn info(tags: &Tags) -> Vec<u8> {
    let said = &tags.metadata;
    let keywords = said.tags.iter().filter(|keyword| !keyword.is_empty()).cloned().collect::<Vec<_>>().join("; ");
    let mut list = b"INFO".to_vec();
    for (name, text) in [
        (b"INAM", said.title.as_str()),
        (b"IART", &said.artist),
        (b"IPRD", &said.album),
        (b"ITRK", &said.track),
        (b"ISBJ", &said.subtitle),
        (b"ICMT", &said.summary),
        (b"IGNR", &said.genre),
        (b"ICRD", &said.year),
        (b"IPUB", &said.publisher),
        (b"ICOP", &said.license),
        (b"IKEY", &keywords),
        (b"ISFT", ENCODER),
    ] {
        let text: Vec<u8> = text.bytes().filter(|&byte| byte != 0).collect();
        if text.is_empty() {
            continue;
        }
        list.extend(name);
        list.extend((text.len() as u32 + 1).to_le_bytes());
        list.extend(&text);
        list.push(0);
        if text.len().is_multiple_of(2) {
            list.push(0);
        }
    }
    let mut chunk = b"LIST".to_vec();
    chunk.extend((list.len() as u32).to_le_bytes());
    chunk.extend(list);
    chunk
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::encode::witness::{self, Made};

    fn number(bytes: &[u8], at: usize) -> u64 {
        u64::from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()))
    }

    fn number64(bytes: &[u8], at: usize) -> u64 {
        u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
    }

    #[test]
    fn header_turns_into_rf64_at_4_gib() {
        let shape = Shape { rate: 48_000, channels: 1, depth: Depth::Bits16 };
        let info = info(&Tags::default());
        let ahead = header(shape, &info, 0).len() as u64 - 8;
        // The greatest number of frames whose size still fits 32 bits without being the mark for "see ds64".
        let most = (u64::from(u32::MAX) - 1 - ahead) / 2;
        for frames in [0, 1, most] {
            let bytes = header(shape, &info, frames);
            assert_eq!((&bytes[..4], &bytes[12..16]), (&b"RIFF"[..], &b"JUNK"[..]), "{frames}");
            assert_eq!(number(&bytes, 4), ahead + frames * 2);
            assert_eq!(number(&bytes, bytes.len() - 4), frames * 2);
        }
        for frames in [most + 1, 1 << 31, 1 << 33, 1 << 40] {
            let bytes = header(shape, &info, frames);
            assert_eq!((&bytes[..4], &bytes[12..16]), (&b"RF64"[..], &b"ds64"[..]), "{frames}");
            assert_eq!(
                (number(&bytes, 4), number(&bytes, bytes.len() - 4)),
                (u64::from(u32::MAX), u64::from(u32::MAX))
            );
            assert_eq!(number64(&bytes, 20), ahead + frames * 2);
            assert_eq!(number64(&bytes, 28), frames * 2);
            assert_eq!(number64(&bytes, 36), frames);
            assert_eq!(bytes.len() as u64, ahead + 8);
        }
    }

    #[test]
    fn rounds_to_24_bits() {
        assert_eq!(round_to_24(1.0), 8_388_607);
        assert_eq!(round_to_24(-1.0), -8_388_608);
        assert_eq!(round_to_24(f32::INFINITY), 8_388_607);
        assert_eq!(round_to_24(f32::NAN), 0);
        assert_eq!(round_to_24(0.0), 0);
        assert_eq!(round_to_24(-3.4 / 8_388_608.0), -3);
    }

    #[test]
    fn others_read_every_frame() {
        for codec in [&WAV, &WAV_24] {
            for (rate, channels, frames) in [(48_000, 1, 0), (44_100, 2, 1), (48_000, 1, 12_345), (44_100, 2, 30_001)] {
                let made = Made::sine(codec, rate, channels, frames, Tags::default());
                made.check_length(0.0);
                assert_eq!(made.run("soxi", &["-s"]).trim(), frames.to_string());
                if frames > 1000 {
                    assert!(made.snr() > if codec.name == "wav" { 85.0 } else { 139.0 }, "{}", made.snr());
                }
            }
        }
    }

    #[test]
    fn others_read_the_tags() {
        let made = Made::sine(&WAV, 48_000, 2, 100, witness::tags());
        let said = made.ffprobe_tags();
        for line in
            ["title=Über das Öl", "artist=Ada & Bob", "album=Show", "track=7/12", "genre=Speech", "copyright=CC BY 4.0"]
        {
            assert!(said.contains(line), "{line} is not in\n{said}");
        }
    }

    #[test]
    fn same_bytes_whatever_the_blocks() {
        for codec in [&WAV, &WAV_24] {
            witness::check_same_bytes(codec, 48_000);
        }
    }
}
