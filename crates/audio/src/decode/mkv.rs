//! What symphonia's Matroska reader does not tell: the padding to be dropped at the end (`DiscardPadding`), the delay at
//! the front (`CodecDelay`) and the name of a codec it does not know. A bounded walk over the elements (RFC 9559); the
//! packets are symphonia's.

use super::bytes::Bytes;
use crate::AudioError;

/// Elements of one parent that are looked at.
const MOST_CHILDREN: usize = 100_000;

const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
const DURATION: u32 = 0x4489;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const TRACK_TYPE: u32 = 0x83;
const CODEC_ID: u32 = 0x86;
const CODEC_DELAY: u32 = 0x56AA;
const CLUSTER: u32 = 0x1F43_B675;
const BLOCK_GROUP: u32 = 0xA0;
const DISCARD_PADDING: u32 = 0x75A2;

/// What the walk found about the first audio track.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Film {
    /// `A_OPUS`.
    pub(super) codec: Option<String>,
    /// Whether there are tracks of another kind.
    pub(super) other_tracks: bool,
    /// Nanoseconds to drop at the front.
    pub(super) delay: u64,
    /// Nanoseconds to drop at the end.
    pub(super) padding: u64,
    /// Seconds, as the header has it.
    pub(super) duration: Option<f64>,
}

impl Film {
    /// Walks the elements.
    pub(super) fn read(bytes: &mut Bytes) -> Result<Self, AudioError> {
        let mut film = Self::default();
        let end = bytes.len();
        let Some(segment) = children(bytes, 0, end)?.into_iter().find(|element| element.id == SEGMENT) else {
            return Ok(film);
        };
        let parts = children(bytes, segment.at, segment.end)?;
        for part in &parts {
            match part.id {
                INFO => film.read_info(bytes, part)?,
                TRACKS => {
                    for entry in children(bytes, part.at, part.end)?.iter().filter(|entry| entry.id == TRACK_ENTRY) {
                        film.read_track(bytes, entry)?;
                    }
                }
                _ => {}
            }
        }
        // Padding stands in the very last group of blocks. A file that was cut off has lost it, or ends inside it.
        if let Some(last) = parts.iter().rfind(|part| part.id == CLUSTER && part.whole) {
            let groups = children(bytes, last.at, last.end)?;
            if let Some(group) = groups.last().filter(|group| group.id == BLOCK_GROUP) {
                for element in children(bytes, group.at, group.end)? {
                    if element.id == DISCARD_PADDING {
                        film.padding = number(bytes, element)?.filter(|padding| *padding < 1_000_000_000).unwrap_or(0);
                    }
                }
            }
        }
        Ok(film)
    }

    fn read_info(&mut self, bytes: &mut Bytes, info: &Element) -> Result<(), AudioError> {
        let mut scale = 1_000_000;
        let mut duration = None;
        for element in children(bytes, info.at, info.end)? {
            match element.id {
                TIMESTAMP_SCALE => scale = number(bytes, element)?.unwrap_or(scale),
                DURATION => {
                    duration = match element.end - element.at {
                        4 => bytes.array(element.at)?.map(|bytes| f64::from(f32::from_be_bytes(bytes))),
                        8 => bytes.array(element.at)?.map(f64::from_be_bytes),
                        _ => None,
                    };
                }
                _ => {}
            }
        }
        self.duration = duration.map(|ticks| ticks * scale as f64 / 1e9).filter(|seconds| *seconds > 0.0);
        Ok(())
    }

    fn read_track(&mut self, bytes: &mut Bytes, entry: &Element) -> Result<(), AudioError> {
        let (mut kind, mut codec, mut delay) = (0, String::new(), 0);
        for element in children(bytes, entry.at, entry.end)? {
            match element.id {
                TRACK_TYPE => kind = number(bytes, element)?.unwrap_or(0),
                CODEC_DELAY => delay = number(bytes, element)?.unwrap_or(0),
                CODEC_ID => {
                    let name = bytes.vec(element.at, (element.end - element.at).min(64) as usize)?;
                    codec = String::from_utf8_lossy(&name).trim_end_matches('\0').to_owned();
                }
                _ => {}
            }
        }
        if kind == 2 && self.codec.is_none() {
            self.codec = Some(codec);
            self.delay = delay.min(10_000_000_000);
        } else {
            self.other_tracks = true;
        }
        Ok(())
    }
}

/// Name for people of a Matroska codec.
pub(super) fn codec_name(id: &str) -> String {
    match id {
        "A_AC3" => "AC-3 (Dolby Digital)".into(),
        "A_EAC3" => "E-AC-3 (Dolby Digital Plus)".into(),
        "A_TRUEHD" => "Dolby TrueHD".into(),
        "A_WAVPACK4" => "WavPack".into(),
        "A_TTA1" => "True Audio (TTA)".into(),
        "A_MS/ACM" => "Matroska with a codec of Windows".into(),
        _ if id.starts_with("A_DTS") => "DTS".into(),
        _ if id.starts_with("A_REAL") => "RealAudio".into(),
        _ => format!("Matroska with codec {id}"),
    }
}

/// An element: its identifier, where its content begins and ends, and whether all of it is there.
#[derive(Clone, Copy, Debug)]
struct Element {
    id: u32,
    at: u64,
    end: u64,
    whole: bool,
}

/// The elements between two positions. One of unknown size, as live recordings have, ends with its parent.
fn children(bytes: &mut Bytes, start: u64, end: u64) -> Result<Vec<Element>, AudioError> {
    let mut found = Vec::new();
    let mut at = start;
    while at < end && found.len() < MOST_CHILDREN {
        let mut header = [0; 12];
        let read = bytes.read_at(at, &mut header)?;
        let header = &header[..read];
        let Some((id, id_len)) = variable(header, 4, true) else { break };
        let Some((size, size_len)) = variable(&header[id_len..], 8, false) else { break };
        let content = at + (id_len + size_len) as u64;
        let unknown = size == (1 << (7 * size_len)) - 1;
        let stated = if unknown { end } else { content.saturating_add(size) };
        found.push(Element {
            id: id as u32,
            at: content.min(end),
            end: stated.min(end),
            whole: !unknown && stated <= end,
        });
        at = stated;
    }
    Ok(found)
}

/// A variable-size integer (RFC 8794, section 4) of up to `most` bytes, with its marker bit kept or not.
fn variable(bytes: &[u8], most: usize, marked: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let len = first.leading_zeros() as usize + 1;
    if len > most {
        return None;
    }
    let value = bytes.get(..len)?.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    Some((if marked { value } else { value & !(1 << (7 * len)) }, len))
}

/// An unsigned integer element. Negative padding, which means something else, comes out too large to be believed.
fn number(bytes: &mut Bytes, element: Element) -> Result<Option<u64>, AudioError> {
    let len = element.end - element.at;
    if len > 8 {
        return Ok(None);
    }
    let content = bytes.vec(element.at, len as usize)?;
    let negative = element.id == DISCARD_PADDING && content.first().is_some_and(|byte| byte & 0x80 != 0);
    Ok((!negative).then(|| content.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_integers() {
        assert_eq!(variable(&[0x1A, 0x45, 0xDF, 0xA3], 4, true), Some((0x1A45_DFA3, 4)));
        assert_eq!(variable(&[0x81], 8, false), Some((1, 1)));
        assert_eq!(variable(&[0x40, 0x02], 8, false), Some((2, 2)));
        assert_eq!(variable(&[0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 8, false), Some(((1 << 56) - 1, 8)));
        assert_eq!(variable(&[0], 8, false), None);
        assert_eq!(variable(&[0x40], 8, false), None);
    }
}
