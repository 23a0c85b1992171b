//! Apple Lossless with 16 bits in M4A. The sound is dithered to 16 bits; from there on nothing is lost.
//!
//! The coding itself is `alac-encoder`'s, a translation of Apple's. It writes bits through raw pointers and trusts its
//! buffers, so they are made here such that the trust is good: see `ROOMY` and `Packer::pack`.
//!
//! Known limit, not of this file: ffmpeg and symphonia read a packet differently from Apple's decoder, and wrongly, when
//! in stereo the prediction is off by exactly +32 768 just after a run of exact predictions. It takes a jump of half the
//! range of a channel out of digital silence, to that very number; a limited master has none.

use alac_encoder::{AlacEncoder, FormatDescription};

use super::mp4::{Coding, Sound, Writer};
use super::pcm16::Portions;
use super::{Codec, Encoder, Order, Sink};
use crate::tag::ReplayGain;
use crate::{AudioError, Block};

/// The format.
pub(super) const ALAC: Codec = Codec {
    name: "alac",
    title: "ALAC",
    ending: "m4a",
    mime: "audio/mp4",
    lossy: false,
    bitrates: None,
    default_bitrate: None,
    rates: &[],
    open: |order, sink| Ok(Box::new(Alac::open(order, sink)?)),
};

/// Frames in a packet: what Apple's encoder uses, and the most that every decoder takes.
const PACKET: usize = 4096;

/// Bytes of buffer per sample. The library plans for packets no longer than plain samples (2 bytes each), but finds out
/// that one has become longer only after writing it. A sample takes at most 26 bits as an escape code, then 25 for a
/// run of zeros (adaptive Golomb coding as in Apple's `ag_enc.c`): less than 7 bytes.
const ROOMY: usize = 7;

/// Bytes for the headers of a packet, and for the word that the last bits are written with.
const HEADERS: usize = 256;

struct Alac {
    encoder: AlacEncoder,
    input: FormatDescription,
    portions: Portions,
    packer: Packer,
    writer: Writer,
}

/// Buffers between samples and packets.
struct Packer {
    bytes: Vec<u8>,
    packet: Vec<u8>,
}

impl Alac {
    fn open(order: &Order, sink: Box<dyn Sink>) -> Result<Self, AudioError> {
        if !(1..=2).contains(&order.channels) {
            return Err(AudioError::Encode {
                format: "ALAC",
                reason: format!("{} channels were given", order.channels),
            });
        }
        let output = FormatDescription::alac(f64::from(order.rate), PACKET as u32, order.channels as u32);
        let sound = Sound {
            coding: Coding::Alac,
            rate: order.rate,
            channels: order.channels as u16,
            packet_frames: PACKET as u32,
            delay: 0,
        };
        Ok(Self {
            encoder: AlacEncoder::new(&output),
            input: FormatDescription::pcm::<i16>(f64::from(order.rate), order.channels as u32),
            portions: Portions::new(order.channels, PACKET),
            packer: Packer {
                bytes: Vec::with_capacity(PACKET * order.channels * 2 + 1),
                packet: vec![0; PACKET * order.channels * ROOMY + HEADERS],
            },
            writer: Writer::begin(sink, sound, order)?,
        })
    }
}

impl Encoder for Alac {
    fn write(&mut self, block: &Block) -> Result<(), AudioError> {
        let Self { encoder, input, portions, packer, writer } = self;
        portions.take(block, |samples| writer.packet(packer.pack(encoder, input, samples)))
    }

    fn finish(mut self: Box<Self>, gain: &ReplayGain) -> Result<(), AudioError> {
        let rest = self.portions.rest();
        if !rest.is_empty() {
            self.writer.packet(self.packer.pack(&mut self.encoder, &self.input, rest))?;
        }
        self.writer.finish(self.portions.frames(), gain)
    }
}

impl Packer {
    /// Encodes at most [`PACKET`] frames.
    fn pack(&mut self, encoder: &mut AlacEncoder, input: &FormatDescription, samples: &[i16]) -> &[u8] {
        // The library takes bytes and reads them as 16-bit numbers in place, so they have to lie where such numbers
        // may.
        self.bytes.clear();
        self.bytes.resize(self.bytes.as_ptr().align_offset(align_of::<i16>()).min(1), 0);
        let from = self.bytes.len();
        self.bytes.extend(samples.iter().flat_map(|sample| sample.to_ne_bytes()));
        let length = encoder.encode(input, &self.bytes[from..], &mut self.packet);
        &self.packet[..length.min(self.packet.len())]
    }
}
