//! Sound that lies in a file frame by frame, or in blocks of equal size: what a WAV or AIFF header says about it, and
//! streaming it. The headers themselves are in `wave` and `aiff`.

use std::io::{ErrorKind, Read};

use symphonia::core::audio::{Channels, Position};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};
use symphonia::default::codecs::AdpcmDecoder;

use super::bytes::Bytes;
use super::packets::{append, guard};
use super::pcm::Coding;
use super::tags::Found;
use super::{Body, Notes, Warning};
use crate::mix::Speaker;
use crate::{AudioError, Block};

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// How the sound is coded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Samples {
    /// Frame by frame.
    Pcm(Coding),
    /// Blocks, each decoded on its own.
    Adpcm {
        /// Symphonia's name of the codec.
        codec: AudioCodecId,
        /// Name for people.
        name: &'static str,
        /// Frames in one block.
        frames: u64,
    },
}

/// What a header says.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) samples: Samples,
    pub(super) rate: u32,
    pub(super) speakers: Vec<Speaker>,
    /// Bytes per frame, or per block.
    pub(super) align: usize,
    /// Offset of the first frame.
    pub(super) start: u64,
    /// Bytes of sound that are there.
    pub(super) len: u64,
    /// Bytes of sound that the header promises, where that is a promise.
    pub(super) promised: Option<u64>,
    pub(super) found: Found,
    pub(super) warnings: Vec<Warning>,
}

impl Layout {
    /// Frames in so many bytes.
    pub(super) fn frames(&self, bytes: u64) -> u64 {
        let units = bytes / self.align as u64;
        match self.samples {
            Samples::Pcm(_) => units,
            Samples::Adpcm { frames, .. } => units * frames,
        }
    }

    /// Name of the codec for people.
    pub(super) fn codec(&self) -> &'static str {
        match self.samples {
            Samples::Pcm(coding) => coding.name(),
            Samples::Adpcm { name, .. } => name,
        }
    }

    /// Starts streaming.
    pub(super) fn open(self, bytes: Bytes) -> Result<Raw, AudioError> {
        let decoder = match self.samples {
            Samples::Pcm(coding) => Decoder::Pcm(coding),
            Samples::Adpcm { codec, frames, .. } => {
                let mut parameters = AudioCodecParameters::new();
                let positions = Position::from_count(self.speakers.len() as u32).unwrap_or(Position::FRONT_LEFT);
                parameters
                    .for_codec(codec)
                    .with_sample_rate(self.rate)
                    .with_channels(Channels::Positioned(positions))
                    .with_bits_per_coded_sample(4)
                    .with_max_frames_per_packet(frames)
                    .with_frames_per_block(frames);
                let decoder =
                    guard(|| AdpcmDecoder::try_new(&parameters, &AudioDecoderOptions::default())).map_err(|error| {
                        AudioError::Damaged { reason: format!("its ADPCM header is invalid ({error})") }
                    })?;
                Decoder::Adpcm(Box::new(decoder), Duration::new(frames))
            }
        };
        Ok(Raw {
            stream: bytes.into_stream(self.start)?,
            decoder,
            align: self.align,
            left: self.len,
            buffer: Vec::new(),
        })
    }
}

/// The sound of a file, being streamed.
pub(super) struct Raw {
    stream: MediaSourceStream<'static>,
    decoder: Decoder,
    align: usize,
    /// Bytes to come.
    left: u64,
    buffer: Vec<u8>,
}

enum Decoder {
    Pcm(Coding),
    Adpcm(Box<AdpcmDecoder>, Duration),
}

impl Body for Raw {
    fn pull(&mut self, into: &mut Block, most: usize, notes: &mut Notes) -> Result<bool, AudioError> {
        let want = match self.decoder {
            Decoder::Pcm(_) => (CHUNK / self.align).clamp(1, most.max(1)) * self.align,
            Decoder::Adpcm(..) => self.align,
        };
        let want = usize::try_from(self.left).unwrap_or(usize::MAX).min(want) / self.align * self.align;
        if want == 0 {
            return Ok(false);
        }
        self.buffer.resize(want, 0);
        let mut filled = 0;
        while filled < want {
            match self.stream.read(&mut self.buffer[filled..]) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The stream may say its end this way.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(AudioError::Read(error)),
            }
        }
        self.left -= filled as u64;
        if filled < want {
            // The file became shorter while it was read.
            self.left = 0;
            filled -= filled % self.align;
        }
        let whole = &self.buffer[..filled];
        match &mut self.decoder {
            Decoder::Pcm(coding) => coding.append(whole, self.align, into),
            Decoder::Adpcm(decoder, frames) => {
                if !whole.is_empty() {
                    let packet = Packet::new(0, Timestamp::new(0), *frames, whole);
                    if guard(|| decoder.decode(&packet).map(|_| ())).is_ok() {
                        let buffer = decoder.last_decoded();
                        append(&buffer, 0..buffer.frames(), into);
                    } else {
                        notes.skipped += 1;
                    }
                }
            }
        }
        Ok(filled > 0)
    }
}
