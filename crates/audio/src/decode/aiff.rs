//! AIFF and AIFF-C headers (Apple, 1989 and 1991).

use symphonia::core::codecs::audio::well_known::CODEC_ID_ADPCM_IMA_QT;

use super::bytes::{Bytes, Fields};
use super::pcm::Coding;
use super::raw::{Layout, Samples};
use super::sniff::unsupported;
use super::tags::{self, Found};
use super::{Warning, check_limits};
use crate::AudioError;
use crate::mix::Speaker;

/// Chunks that are looked at.
const MOST_CHUNKS: usize = 4096;
/// Bytes of one small chunk that are read.
const SMALL: u64 = 256 * 1024;

struct Common {
    samples: Samples,
    rate: u32,
    channels: usize,
    align: usize,
    frames: u64,
}

/// Reads all chunks but the sound.
pub(super) fn read(bytes: &mut Bytes) -> Result<Layout, AudioError> {
    let compressed = bytes.array::<4>(8)? == Some(*b"AIFC");
    let mut at = 12;
    let mut common = None;
    let mut sound = None;
    let mut found = Found::default();
    let mut warnings = Vec::new();
    for _ in 0..MOST_CHUNKS {
        let Some(header) = bytes.array::<8>(at)? else { break };
        let len = u64::from(header.be32(4).unwrap_or(0));
        let body = at + 8;
        at = body + len + (len & 1);
        match header.part::<4>(0).as_ref() {
            Some(b"COMM") if common.is_none() => {
                common = Some(read_common(&bytes.vec(body, len.min(SMALL) as usize)?, compressed)?);
            }
            Some(b"SSND") if sound.is_none() => {
                let offset = bytes.array::<4>(body)?.map_or(0, |field| u64::from(u32::from_be_bytes(field)));
                sound = Some((body + 8 + offset, len.saturating_sub(8 + offset)));
            }
            Some(id @ (b"NAME" | b"AUTH" | b"ANNO" | b"(c) ")) => {
                let text = tags::latin_or_utf8(&bytes.vec(body, len.min(SMALL) as usize)?);
                match id {
                    b"NAME" => found.metadata.title = text,
                    b"AUTH" => found.metadata.artist = text,
                    b"ANNO" => found.metadata.summary = text,
                    _ => found.metadata.license = text,
                }
            }
            Some(b"ID3 " | b"id3 ") => warnings.extend(tags::id3(bytes, body, len, &mut found)),
            _ => {}
        }
    }
    let common: Common = common.ok_or_else(|| AudioError::Damaged { reason: "its COMM chunk is missing".into() })?;
    let Some((start, said)) = sound else {
        return Err(AudioError::NoSound { reason: "the AIFF file has no sound chunk".into() });
    };
    check_limits(common.rate, common.channels)?;
    let there = bytes.len().saturating_sub(start);
    // For ADPCM the header counts blocks, and `align` is the size of one.
    let counted = common.frames.saturating_mul(common.align as u64);
    let unstated = said == 0 || said >= u64::from(u32::MAX) - 8;
    let len = if unstated { there } else { said.min(there) };
    if unstated && len > 0 {
        warnings.push(Warning::NoLength);
    }
    let mut layout = Layout {
        samples: common.samples,
        rate: common.rate,
        // The AIFF document has an order of its own for six channels; programs of today write that of WAV.
        speakers: Speaker::usual(common.channels),
        align: common.align,
        start,
        len,
        promised: (!unstated && said > there).then_some(said),
        found,
        warnings,
    };
    if !unstated && counted != 0 && layout.frames(counted) != layout.frames(said) {
        let seconds = |bytes| layout.frames(bytes) as f64 / f64::from(layout.rate);
        let warning = Warning::HeaderLength { said: seconds(counted), found: seconds(len) };
        layout.warnings.push(warning);
    }
    Ok(layout)
}

fn read_common(fields: &[u8], compressed: bool) -> Result<Common, AudioError> {
    let short = || AudioError::Damaged { reason: "its COMM chunk is too short".into() };
    let channels = usize::from(fields.be16(0).ok_or_else(short)?);
    let frames = u64::from(fields.be32(2).ok_or_else(short)?);
    let bits = fields.be16(6).ok_or_else(short)?;
    let rate = extended(fields.part(8).ok_or_else(short)?);
    check_limits(rate, channels)?;
    let integer = match bits.div_ceil(8) {
        1 => Coding::S8,
        2 => Coding::S16Be,
        3 => Coding::S24Be,
        4 => Coding::S32Be,
        _ => return Err(unsupported(format!("an AIFF file with samples of {bits} bits"))),
    };
    let kind = if compressed { fields.part::<4>(18).ok_or_else(short)? } else { *b"NONE" };
    let coding = match &kind {
        b"NONE" | b"twos" => integer,
        b"sowt" if integer == Coding::S8 => Coding::S8,
        b"sowt" if integer == Coding::S16Be => Coding::S16Le,
        b"sowt" if integer == Coding::S24Be => Coding::S24Le,
        b"sowt" => Coding::S32Le,
        b"in24" => Coding::S24Be,
        b"in32" => Coding::S32Be,
        b"fl32" | b"FL32" => Coding::F32Be,
        b"fl64" | b"FL64" => Coding::F64Be,
        b"alaw" | b"ALAW" => Coding::ALaw,
        b"ulaw" | b"ULAW" => Coding::MuLaw,
        b"raw " => Coding::U8,
        b"ima4" if channels <= 2 => {
            // Apple's IMA 4:1: 34 bytes per channel for 64 frames.
            let samples = Samples::Adpcm { codec: CODEC_ID_ADPCM_IMA_QT, name: "IMA ADPCM", frames: 64 };
            return Ok(Common { samples, rate, channels, align: 34 * channels, frames });
        }
        other => {
            return Err(unsupported(format!("an AIFF-C file with codec {}", String::from_utf8_lossy(other).trim())));
        }
    };
    Ok(Common { samples: Samples::Pcm(coding), rate, channels, align: coding.width() * channels, frames })
}

/// An 80-bit extended float (IEEE 754, SANE) as a rate in Hz; 0 when it is none.
fn extended(bytes: [u8; 10]) -> u32 {
    let [sign, low, mantissa @ ..] = bytes;
    let exponent = i32::from(u16::from_be_bytes([sign & 0x7F, low])) - 16383 - 63;
    let value = u64::from_be_bytes(mantissa) as f64 * f64::from(exponent).exp2();
    if sign & 0x80 == 0 && value <= f64::from(u32::MAX) { value.round() as u32 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::extended;

    #[test]
    fn rates_as_extended_floats() {
        assert_eq!(extended([0x40, 0x0E, 0xAC, 0x44, 0, 0, 0, 0, 0, 0]), 44_100);
        assert_eq!(extended([0x40, 0x0E, 0xBB, 0x80, 0, 0, 0, 0, 0, 0]), 48_000);
        assert_eq!(extended([0xFF; 10]), 0);
        assert_eq!(extended([0; 10]), 0);
    }
}
