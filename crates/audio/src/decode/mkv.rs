//! What symphonia's Matroska reader does not tell: the padding to be dropped at the end (`DiscardPadding`), the delay at
//! the front (`CodecDelay`) and the name of a codec it does not know. A bounded walk over the elements (RFC 9559); the
//! packets are symphonia's.

use model::Chapter;

use super::bytes::{Alterations, Bytes};
use super::tags::latin_or_utf8;
use crate::AudioError;

/// Elements of one parent that are looked at.
const MOST_CHILDREN: usize = 100_000;

const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
const TITLE: u32 = 0x7BA9;
const DURATION: u32 = 0x4489;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const TRACK_TYPE: u32 = 0x83;
const CODEC_ID: u32 = 0x86;
const CODEC_DELAY: u32 = 0x56AA;
const SEEK_HEAD: u32 = 0x114D_9B74;
const CUES: u32 = 0x1C53_BB6B;
const CHAPTERS: u32 = 0x1043_A770;
const EDITION_ENTRY: u32 = 0x45B9;
const CHAPTER_ATOM: u32 = 0xB6;
const CHAPTER_TIME_START: u32 = 0x91;
const CHAPTER_DISPLAY: u32 = 0x80;
const CHAPTER_STRING: u32 = 0x85;
/// An identifier that means nothing.
const NOTHING: [u8; 4] = [0x17, 0x65, 0x43, 0x21];
const CLUSTER: u32 = 0x1F43_B675;
const BLOCK_GROUP: u32 = 0xA0;
const DISCARD_PADDING: u32 = 0x75A2;

/// What the walk found about the first audio track.
#[derive(Clone, Debug, Default)]
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
    /// Title of the whole.
    pub(super) title: String,
    /// Chapter marks of the first edition.
    pub(super) chapters: Vec<Chapter>,
    /// What symphonia's reader must not see if it is to take the file.
    pub(super) alterations: Alterations,
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
        let cut = !segment.whole && segment.stated != u64::MAX;
        if cut {
            film.alterations.len = segment.stated.min(1 << 62);
        }
        for part in &parts {
            match part.id {
                // The reader gives a file up over a chapter list that is not to its liking, as those of ffmpeg are not.
                CHAPTERS => {
                    film.chapters = read_chapters(bytes, part)?;
                    film.alterations.patches.push((part.start, NOTHING));
                }
                // It also goes wherever the index points, even behind the end of a cut file.
                SEEK_HEAD | CUES if cut => film.alterations.patches.push((part.start, NOTHING)),
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
                TITLE => {
                    self.title = latin_or_utf8(&bytes.vec(element.at, (element.end - element.at).min(4096) as usize)?);
                }
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
                    codec = latin_or_utf8(&name);
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

/// The chapters of the first edition, without those inside other chapters.
fn read_chapters(bytes: &mut Bytes, chapters: &Element) -> Result<Vec<Chapter>, AudioError> {
    let mut found = Vec::new();
    let editions = children(bytes, chapters.at, chapters.end)?;
    let Some(edition) = editions.iter().find(|element| element.id == EDITION_ENTRY) else { return Ok(found) };
    let atoms = children(bytes, edition.at, edition.end)?;
    for atom in atoms.iter().filter(|element| element.id == CHAPTER_ATOM).take(10_000) {
        let (mut start, mut title) = (None, String::new());
        for element in children(bytes, atom.at, atom.end)? {
            match element.id {
                CHAPTER_TIME_START => start = number(bytes, element)?,
                CHAPTER_DISPLAY if title.is_empty() => {
                    let parts = children(bytes, element.at, element.end)?;
                    if let Some(text) = parts.iter().find(|part| part.id == CHAPTER_STRING) {
                        title = latin_or_utf8(&bytes.vec(text.at, (text.end - text.at).min(4096) as usize)?);
                    }
                }
                _ => {}
            }
        }
        if let Some(nanoseconds) = start {
            found.push(Chapter { start_ms: nanoseconds / 1_000_000, title, url: None });
        }
    }
    Ok(found)
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

/// An element: its identifier, where its content begins and ends within its parent, and whether all of it is there.
#[derive(Clone, Copy, Debug)]
struct Element {
    id: u32,
    /// Where its identifier stands.
    start: u64,
    at: u64,
    end: u64,
    /// Where it says it ends; the greatest number where it does not say.
    stated: u64,
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
        let stated = if unknown { u64::MAX } else { content.saturating_add(size) };
        found.push(Element {
            id: id as u32,
            start: at,
            at: content.min(end),
            end: stated.min(end),
            stated,
            whole: stated <= end,
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
