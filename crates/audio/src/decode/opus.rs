//! Opus packets into sound, by libopus. The containers are symphonia's; what precedes the first packet (RFC 7845,
//! section 5.1) is read here, since its reader keeps neither the gain nor the channel mapping.

use opus::MSDecoder;

use super::bytes::Fields;
use super::sniff::unsupported;
use crate::mix::Speaker;
use crate::{AudioError, Block};

/// Opus is always decoded at this rate.
pub(super) const RATE: u32 = 48_000;
/// Frames of the longest packet, 120 ms (RFC 6716, section 3.4).
const LONGEST: usize = 5760;

/// The identification header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Frames before the sound begins.
    pub(super) pre_skip: u16,
    /// Output gain in 1/256 dB.
    gain: i16,
    streams: u8,
    coupled: u8,
    mapping: Vec<u8>,
    pub(super) speakers: Vec<Speaker>,
}

impl Head {
    /// Reads `OpusHead`, or the `dOps` box of MP4, which is the same with its numbers the other way round.
    pub(super) fn read(bytes: &[u8], big_endian: bool) -> Result<Self, AudioError> {
        let short = || AudioError::Damaged { reason: "its Opus header is too short".into() };
        let fields = bytes.strip_prefix(b"OpusHead").ok_or_else(short)?;
        let channels = usize::from(*fields.get(1).ok_or_else(short)?);
        let word = |at: usize| if big_endian { fields.be16(at) } else { fields.le16(at) };
        let (pre_skip, gain) = (word(2).ok_or_else(short)?, word(8).ok_or_else(short)? as i16);
        let family = *fields.get(10).ok_or_else(short)?;
        let (streams, coupled, coded) = match family {
            0 if channels == 1 || channels == 2 => (1, channels as u8 - 1, vec![0, 1]),
            1 if (1..=8).contains(&channels) => {
                let [streams, coupled] = fields.part::<2>(11).ok_or_else(short)?;
                (streams, coupled, fields.get(13..13 + channels).ok_or_else(short)?.to_vec())
            }
            _ => return Err(unsupported("Opus with an unusual arrangement of channels")),
        };
        // The order of WAV, taken from that of Vorbis (RFC 7845, section 5.1.1.2).
        let mapping = vorbis_order(channels).iter().map(|at| coded.get(*at).copied()).collect::<Option<Vec<_>>>();
        Ok(Self {
            pre_skip,
            gain,
            streams,
            coupled,
            mapping: mapping.ok_or_else(short)?,
            speakers: Speaker::usual(channels),
        })
    }
}

impl Head {
    /// What to take for a stream without a header, as some CAF files are: one or two channels, no pre-skip.
    pub(super) fn plain(channels: usize) -> Option<Self> {
        let coupled = u8::try_from(channels.checked_sub(1)?).ok().filter(|coupled| *coupled < 2)?;
        let (pre_skip, gain, streams) = (0, 0, 1);
        Some(Self {
            pre_skip,
            gain,
            streams,
            coupled,
            mapping: (0..=coupled).collect(),
            speakers: Speaker::usual(channels),
        })
    }
}

/// Where in the order of Vorbis the channels of our order stand.
fn vorbis_order(channels: usize) -> &'static [usize] {
    match channels {
        1 => &[0],
        2 => &[0, 1],
        3 => &[0, 2, 1],
        4 => &[0, 1, 2, 3],
        5 => &[0, 2, 1, 3, 4],
        6 => &[0, 2, 1, 5, 3, 4],
        7 => &[0, 2, 1, 6, 5, 3, 4],
        _ => &[0, 2, 1, 7, 5, 6, 3, 4],
    }
}

/// Decoder of one stream.
pub(super) struct Opus {
    decoder: MSDecoder,
    channels: usize,
    /// Interleaved frames of the last packet.
    samples: Vec<f32>,
}

impl Opus {
    /// A decoder with the gain of the header applied.
    pub(super) fn new(head: &Head) -> Result<Self, AudioError> {
        let damaged = |_| AudioError::Damaged { reason: "its Opus header is invalid".into() };
        let mut decoder = MSDecoder::new(RATE, head.streams, head.coupled, &head.mapping).map_err(damaged)?;
        decoder.set_gain(head.gain.into()).map_err(damaged)?;
        let channels = head.mapping.len();
        Ok(Self { decoder, channels, samples: vec![0.0; LONGEST * channels] })
    }

    /// Decodes a packet; gives its frames, or `None` when it is damaged.
    pub(super) fn decode(&mut self, packet: &[u8]) -> Option<usize> {
        // An empty packet would ask libopus to invent what is missing.
        if packet.is_empty() {
            return None;
        }
        self.decoder.decode_float(packet, &mut self.samples, false).ok()
    }

    /// Adds frames of the last packet to a block.
    pub(super) fn append(&self, range: std::ops::Range<usize>, into: &mut Block) {
        let start = into.frames();
        into.resize(start + range.len());
        let frames = self.samples.get(range.start * self.channels..range.end * self.channels).unwrap_or_default();
        for (channel, output) in into.iter_mut().enumerate() {
            for (output, frame) in output[start..].iter_mut().zip(frames.chunks_exact(self.channels)) {
                *output = frame[channel];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let stereo = b"OpusHead\x01\x02\x38\x01\x80\xBB\0\0\0\xFF\0";
        let head = Head::read(stereo, false).ok();
        assert_eq!(head.as_ref().map(|h| (h.pre_skip, h.gain, h.mapping.clone())), Some((312, -256, vec![0, 1])));
        let dops = b"OpusHead\0\x01\x01\x38\0\0\xBB\x80\xFF\0\0";
        assert_eq!(Head::read(dops, true).map(|h| (h.pre_skip, h.gain)).ok(), Some((312, -256)));
        let surround = b"OpusHead\x01\x06\x38\x01\x80\xBB\0\0\0\0\x01\x04\x02\0\x04\x01\x02\x03\x05";
        assert_eq!(Head::read(surround, false).map(|h| h.mapping).ok(), Some(vec![0, 1, 4, 5, 2, 3]));
        for len in 0..surround.len() {
            assert!(Head::read(&surround[..len], false).is_err());
        }
        assert!(matches!(
            Head::read(b"OpusHead\x01\x04\x38\x01\x80\xBB\0\0\0\0\xFF\x04\0", false),
            Err(AudioError::Unsupported { .. })
        ));
    }
}
