//! CAF headers (Apple Core Audio Format Specification 1.0), as far as the sound lies in the file frame by frame.
//! Compressed sound in CAF is symphonia's; of the rest its reader wants every byte to be there.

use super::bytes::{Bytes, Fields};
use super::pcm::Coding;
use super::raw::{Layout, Samples};
use super::sniff::unsupported;
use super::tags::{self, Found};
use super::wave::masked;
use super::{Warning, check_limits};
use crate::AudioError;
use crate::mix::Speaker;

/// Chunks that are looked at.
const MOST_CHUNKS: usize = 4096;

/// Reads all chunks but the sound. `None` when the sound is compressed.
pub(super) fn read(bytes: &mut Bytes) -> Result<Option<Layout>, AudioError> {
    let mut at = 8;
    let mut description = None;
    let mut mask = None;
    let mut data = None;
    let mut found = Found::default();
    for _ in 0..MOST_CHUNKS {
        let Some(header) = bytes.array::<12>(at)? else { break };
        let len = header.be64(4).unwrap_or(0);
        let body = at + 12;
        at = body.saturating_add(len);
        match header.part::<4>(0).as_ref() {
            Some(b"desc") => {
                description = read_description(&bytes.vec(body, 32)?)?;
                if description.is_none() {
                    return Ok(None);
                }
            }
            Some(b"chan") => {
                let fields = bytes.vec(body, 8)?;
                // Layout 0x10000: the speakers are those of a bitmap, whose bits are the ones of WAV.
                mask = fields.be32(4).filter(|_| fields.be32(0) == Some(0x1_0000));
            }
            Some(b"info") => read_info(&bytes.vec(body, len.min(256 * 1024) as usize)?, &mut found),
            // A count of edits stands before the sound.
            Some(b"data") => data = data.or(Some((body + 4, len))),
            _ => {}
        }
    }
    let Some((coding, rate, channels)) = description else {
        return Err(AudioError::Damaged { reason: "its description chunk is missing".into() });
    };
    let Some((start, len)) = data else {
        return Err(AudioError::NoSound { reason: "the CAF file ends before its sound begins".into() });
    };
    let there = bytes.len().saturating_sub(start);
    // A length of −1 means: to the end of the file.
    let said = len.checked_sub(4).filter(|_| len != u64::MAX);
    let len = said.unwrap_or(there).min(there);
    let warnings = if len > 0 && said.is_none() { vec![Warning::NoLength] } else { Vec::new() };
    Ok(Some(Layout {
        samples: Samples::Pcm(coding),
        rate,
        speakers: mask.map_or_else(|| Speaker::usual(channels), |mask| masked(mask, channels)),
        align: coding.width() * channels,
        start,
        len,
        promised: said.filter(|said| *said > there),
        found,
        warnings,
    }))
}

/// Coding, rate and channels; `None` for compressed sound.
fn read_description(fields: &[u8]) -> Result<Option<(Coding, u32, usize)>, AudioError> {
    let short = || AudioError::Damaged { reason: "its description chunk is too short".into() };
    let rate = f64::from_bits(fields.be64(0).ok_or_else(short)?);
    let kind = fields.part::<4>(8).ok_or_else(short)?;
    let flags = fields.be32(12).ok_or_else(short)?;
    let channels = fields.be32(24).ok_or_else(short)? as usize;
    let bits = fields.be32(28).ok_or_else(short)?;
    let (float, little) = (flags & 1 != 0, flags & 2 != 0);
    let coding = match (&kind, float, bits, little) {
        (b"lpcm", false, 8, _) => Coding::S8,
        (b"lpcm", false, 16, true) => Coding::S16Le,
        (b"lpcm", false, 16, false) => Coding::S16Be,
        (b"lpcm", false, 24, true) => Coding::S24Le,
        (b"lpcm", false, 24, false) => Coding::S24Be,
        (b"lpcm", false, 32, true) => Coding::S32Le,
        (b"lpcm", false, 32, false) => Coding::S32Be,
        (b"lpcm", true, 32, true) => Coding::F32Le,
        (b"lpcm", true, 32, false) => Coding::F32Be,
        (b"lpcm", true, 64, true) => Coding::F64Le,
        (b"lpcm", true, 64, false) => Coding::F64Be,
        (b"lpcm", ..) => return Err(unsupported(format!("a CAF file with samples of {bits} bits"))),
        (b"alaw", ..) => Coding::ALaw,
        (b"ulaw", ..) => Coding::MuLaw,
        _ => return Ok(None),
    };
    let rate = if rate.is_finite() { rate.round().clamp(0.0, f64::from(u32::MAX)) as u32 } else { 0 };
    check_limits(rate, channels)?;
    Ok(Some((coding, rate, channels)))
}

/// Pairs of words that end in zeros.
fn read_info(chunk: &[u8], found: &mut Found) {
    let mut words = chunk.get(4..).unwrap_or_default().split(|byte| *byte == 0).map(tags::latin_or_utf8);
    while let (Some(key), Some(value)) = (words.next(), words.next()) {
        let metadata = &mut found.metadata;
        match key.as_str() {
            "title" => metadata.title = value,
            "artist" => metadata.artist = value,
            "album" => metadata.album = value,
            "genre" => metadata.genre = value,
            "comments" => metadata.summary = value,
            "copyright" => metadata.license = value,
            _ => {}
        }
    }
}
