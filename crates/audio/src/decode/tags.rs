//! Fields, chapters and cover that came with the input, out of the forms in which symphonia and our own header readers
//! find them. Writing tags is `crate::tag`'s.

use std::io::{Read, Seek, SeekFrom};

use model::{Chapter, Metadata};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::{
    ChapterGroup, ChapterGroupItem, MetadataOptions, MetadataReader, MetadataRevision, MetadataSideData, StandardTag,
    StandardVisualKey, Tag, Visual,
};
use symphonia::default::meta::Id3v2Reader;

use super::Warning;
use super::bytes::{Bytes, Fields};
use super::packets::guard;
use crate::AudioError;
use crate::tag::Cover;

/// The largest tag, and the largest cover, that is read.
pub(super) const MOST: u64 = 16 * 1024 * 1024;
/// Characters of one field that are kept.
const LONGEST: usize = 64 * 1024;

/// What was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) metadata: Metadata,
    pub(super) chapters: Vec<Chapter>,
    pub(super) cover: Option<Cover>,
}

impl Found {
    /// Takes over what a tag says; what was found before stays.
    pub(super) fn add(&mut self, revision: &MetadataRevision) {
        let per_track = revision.per_track.iter().map(|track| &track.metadata);
        for container in std::iter::once(&revision.media).chain(per_track) {
            // What a field is really for comes before what may stand in for it.
            for stand_in in [false, true] {
                for tag in container.tags.iter().filter_map(|tag| tag.std.as_ref()) {
                    self.field(tag, stand_in);
                }
            }
            // What Matroska files of today say and the standard has no name for: `ALBUM@DATE`.
            for tag in container.tags.iter().filter(|tag| tag.std.is_none()) {
                let text = || short(&tag.raw.value.to_string());
                match tag.raw.key.rsplit('@').next() {
                    Some("ALBUM") if self.metadata.album.is_empty() => self.metadata.album = text(),
                    Some("DATE") => year(&mut self.metadata.year, &text()),
                    _ => {}
                }
            }
            if self.cover.is_none() {
                self.cover = cover(&container.visuals);
            }
        }
    }

    /// Takes over chapters, flattening groups of groups.
    pub(super) fn add_chapters(&mut self, group: &ChapterGroup) {
        if self.chapters.is_empty() {
            flatten(group, 0, &mut self.chapters);
        }
    }

    fn field(&mut self, tag: &StandardTag, stand_in: bool) {
        use StandardTag as T;
        let metadata = &mut self.metadata;
        let (field, text) = match (tag, stand_in) {
            (T::TrackTitle(text), false) => (&mut metadata.title, text),
            (T::Artist(text), false) | (T::AlbumArtist(text) | T::Performer(text) | T::Author(text), true) => {
                (&mut metadata.artist, text)
            }
            (T::Album(text), false) | (T::TvSeriesTitle(text), true) => (&mut metadata.album, text),
            (T::TrackSubtitle(text), false) => (&mut metadata.subtitle, text),
            (T::Description(text) | T::Summary(text) | T::PodcastDescription(text), false)
            | (T::Synopsis(text) | T::Comment(text), true) => (&mut metadata.summary, text),
            (T::Genre(text), false) | (T::PodcastCategory(text), true) => (&mut metadata.genre, text),
            (T::Label(text), false) | (T::Distributor(text), true) => (&mut metadata.publisher, text),
            (T::Url(text) | T::UrlOfficial(text), false)
            | (T::UrlPodcast(text) | T::UrlSource(text) | T::UrlArtist(text), true) => (&mut metadata.url, text),
            (T::License(text), false) | (T::Copyright(text) | T::TermsOfUse(text), true) => {
                (&mut metadata.license, text)
            }
            (T::UrlCopyright(text), false) => (&mut metadata.license_url, text),
            (T::ReleaseDate(text) | T::RecordingDate(text), false) | (T::OriginalReleaseDate(text), true) => {
                return year(&mut metadata.year, text);
            }
            (T::ReleaseYear(number) | T::RecordingYear(number), false) => {
                return year(&mut metadata.year, &number.to_string());
            }
            (T::TrackNumber(number), false) if metadata.track.is_empty() => {
                metadata.track = number.to_string();
                return;
            }
            (T::TrackTotal(total), true) if !metadata.track.is_empty() && !metadata.track.contains('/') => {
                metadata.track = format!("{}/{total}", metadata.track);
                return;
            }
            (T::Keywords(text) | T::PodcastKeywords(text), false) if metadata.tags.is_empty() => {
                let words = text.split([',', ';']).map(str::trim).filter(|word| !word.is_empty());
                metadata.tags = words.take(100).map(short).collect();
                return;
            }
            _ => return,
        };
        if field.is_empty() {
            *field = short(text.trim_matches(['\0', ' ', '\n', '\r', '\t']));
        }
    }
}

fn year(field: &mut String, date: &str) {
    if let Some(digits) = date.get(..4).filter(|d| field.is_empty() && d.bytes().all(|byte| byte.is_ascii_digit())) {
        *field = digits.into();
    }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn flatten(group: &ChapterGroup, depth: usize, into: &mut Vec<Chapter>) {
    for item in &group.items {
        match item {
            ChapterGroupItem::Group(group) if depth < 8 => flatten(group, depth + 1, into),
            ChapterGroupItem::Chapter(chapter) if into.len() < 10_000 => {
                let (seconds, nanoseconds) = chapter.start_time.parts();
                let start_ms =
                    u64::try_from(seconds).unwrap_or(0).saturating_mul(1000) + u64::from(nanoseconds) / 1_000_000;
                let text = |pick: fn(&StandardTag) -> Option<&String>| {
                    chapter.tags.iter().filter_map(|tag: &Tag| tag.std.as_ref()).find_map(pick)
                };
                let title = text(|tag| match tag {
                    StandardTag::ChapterTitle(text) | StandardTag::TrackTitle(text) => Some(text),
                    _ => None,
                });
                let url = text(|tag| match tag {
                    StandardTag::Url(text) | StandardTag::UrlOfficial(text) | StandardTag::UrlSource(text) => {
                        Some(text)
                    }
                    _ => None,
                });
                into.push(Chapter {
                    start_ms,
                    title: title.map_or_else(String::new, |text| short(text)),
                    url: url.map(|text| short(text)),
                });
            }
            _ => {}
        }
    }
}

/// The chapters of a FLAC file, written as Vorbis comments: `CHAPTER001=00:01:02.345`, `CHAPTER001NAME=…`,
/// `CHAPTER001URL=…`. Symphonia understands them in Ogg but not in FLAC, so the block is read once more.
pub(super) fn flac_chapters(bytes: &mut Bytes, start: u64) -> Result<Vec<Chapter>, AudioError> {
    let mut at = start + 4;
    for _ in 0..128 {
        let Some([kind, size @ ..]) = bytes.array::<4>(at)? else { break };
        let len = size.iter().fold(0u64, |len, byte| len << 8 | u64::from(*byte));
        // RFC 9639, section 8.1: a bit for the last block, then the kind; 4 is the comments.
        if kind & 0x7F == 4 {
            return Ok(comment_chapters(&bytes.vec(at + 4, len.min(1 << 20) as usize)?));
        }
        if kind & 0x80 != 0 {
            break;
        }
        at += 4 + len;
    }
    Ok(Vec::new())
}

fn comment_chapters(block: &[u8]) -> Vec<Chapter> {
    let mut comments = Vec::new();
    let mut at = 4 + block.le32(0).unwrap_or(0) as usize;
    // The count of comments; they end where they end.
    at = at.saturating_add(4);
    while let Some(len) = block.le32(at).filter(|_| comments.len() < 10_000) {
        let Some(text) = block.get(at + 4..).and_then(|rest| rest.get(..len as usize)) else { break };
        let comment = std::str::from_utf8(text).ok().and_then(|text| text.split_once('='));
        let of_chapter = |key: &str| key.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("CHAPTER"));
        if let Some((key, value)) = comment.filter(|(key, _)| of_chapter(key)) {
            comments.push((key.to_ascii_uppercase(), short(value)));
        }
        at += 4 + len as usize;
    }
    let text = |key: &str| comments.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
    let chapter = |number: usize| {
        let start_ms = clock(&text(&format!("CHAPTER{number:03}"))?)?;
        let title = text(&format!("CHAPTER{number:03}NAME")).unwrap_or_default();
        Some(Chapter { start_ms, title, url: text(&format!("CHAPTER{number:03}URL")) })
    };
    // Counting begins at 0 or 1.
    let first = usize::from(text("CHAPTER000").is_none());
    (first..1000).map_while(chapter).collect()
}

/// `HH:MM:SS.mmm` in milliseconds.
fn clock(text: &str) -> Option<u64> {
    let mut parts = text.trim().split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let seconds: f64 = seconds.parse().ok().filter(|seconds| (0.0..60.0).contains(seconds))?;
    let minutes: u64 = hours.parse::<u32>().map(u64::from).ok()? * 60 + minutes.parse::<u32>().map(u64::from).ok()?;
    Some(minutes * 60_000 + (seconds * 1000.0).round() as u64)
}

/// The front cover, or else the first picture, if it is one we take.
fn cover(visuals: &[Visual]) -> Option<Cover> {
    let front = |visual: &&Visual| visual.usage == Some(StandardVisualKey::FrontCover);
    let usable = || visuals.iter().filter(|visual| visual.data.len() as u64 <= MOST);
    usable().filter(front).chain(usable()).find_map(|visual| {
        let (mime, width, height) = picture(&visual.data)?;
        Some(Cover { mime, width, height, bytes: visual.data.as_ref().into() })
    })
}

/// Media type and size of a PNG or JPEG picture.
fn picture(bytes: &[u8]) -> Option<(&'static str, u32, u32)> {
    if bytes.starts_with(b"\x89PNG\r\n\x1A\n") {
        return Some(("image/png", bytes.be32(16)?, bytes.be32(20)?)).filter(|(_, w, h)| *w > 0 && *h > 0);
    }
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        return None;
    }
    // ITU-T T.81, B.1.1.4: marker segments until a frame header.
    let mut at = 2;
    while let Some([0xFF, marker]) = bytes.part::<2>(at) {
        match marker {
            0xFF => at += 1,
            0x01 | 0xD0..=0xD8 => at += 2,
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let (height, width) = (bytes.be16(at + 5)?, bytes.be16(at + 7)?);
                return Some(("image/jpeg", width.into(), height.into())).filter(|(_, w, h)| *w > 0 && *h > 0);
            }
            _ => at += 2 + usize::from(bytes.be16(at + 2)?),
        }
    }
    None
}

/// Length of the ID3v2 tag at the front of some bytes, header and footer included; 0 when there is none.
pub(super) fn id3_len(head: &[u8]) -> u64 {
    let Some([b'I', b'D', b'3', major, _, flags, size @ ..]) = head.part::<10>(0) else { return 0 };
    if major == 0xFF || size.iter().any(|byte| byte & 0x80 != 0) {
        return 0;
    }
    let size = size.iter().fold(0u64, |sum, byte| sum << 7 | u64::from(*byte));
    10 + size + if flags & 0x10 != 0 { 10 } else { 0 }
}

/// Reads an ID3v2 tag that lies somewhere in the file. What is wrong with it is left out; one that is too large is
/// warned of.
pub(super) fn id3(bytes: &mut Bytes, at: u64, len: u64, found: &mut Found) -> Option<Warning> {
    if len > MOST {
        return Some(Warning::TagsTooLarge { bytes: len });
    }
    let part = Part { end: (at + len).min(bytes.len()), start: at, at, bytes };
    let stream = MediaSourceStream::new(Box::new(part), MediaSourceStreamOptions::default());
    let buffer = guard(|| Id3v2Reader::try_new(stream, MetadataOptions::default())?.read_all());
    if let Ok(buffer) = buffer {
        found.add(&buffer.revision);
        for data in &buffer.side_data {
            if let MetadataSideData::Chapters(group) = data {
                found.add_chapters(group);
            }
        }
    }
    None
}

/// A part of the file, as a source of its own.
struct Part<'a> {
    bytes: &'a mut Bytes,
    start: u64,
    at: u64,
    end: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let want = buffer.len().min(left);
        let read = self.bytes.read_at(self.at, &mut buffer[..want]).map_err(std::io::Error::other)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Part<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => self.start.checked_add(at),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = target.filter(|at| *at >= self.start).ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.at - self.start)
    }
}

impl MediaSource for Part<'_> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.end.saturating_sub(self.start))
    }
}

/// The fields of a RIFF INFO list.
pub(super) fn info_list(mut list: &[u8], found: &mut Found) {
    while let (Some(id), Some(len)) = (list.part::<4>(0), list.le32(4)) {
        let len = len as usize;
        let Some(body) = list.get(8..8usize.saturating_add(len)) else { break };
        let text = latin_or_utf8(body);
        let metadata = &mut found.metadata;
        match &id {
            b"INAM" => metadata.title = text,
            b"IART" => metadata.artist = text,
            b"IPRD" => metadata.album = text,
            b"ITRK" | b"IPRT" => metadata.track = text,
            b"ICMT" => metadata.summary = text,
            b"IGNR" => metadata.genre = text,
            b"ICRD" => year(&mut metadata.year, &text),
            b"ICOP" => metadata.license = text,
            b"IKEY" => {
                metadata.tags =
                    text.split([',', ';']).map(|word| word.trim().to_owned()).filter(|w| !w.is_empty()).collect();
            }
            _ => {}
        }
        list = list.get(8 + len + (len & 1)..).unwrap_or_default();
    }
}

/// Text up to its first zero, in UTF-8 if it is that, else in Latin-1.
pub(super) fn latin_or_utf8(bytes: &[u8]) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    short(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures() {
        let mut png = b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\x01\0\0\0\0\x80".to_vec();
        assert_eq!(picture(&png), Some(("image/png", 256, 128)));
        png.truncate(20);
        assert_eq!(picture(&png), None);
        let jpeg = b"\xFF\xD8\xFF\xE0\0\x04JF\xFF\xC2\0\x0B\x08\0\x20\0\x40\x01\x01\x11\0";
        assert_eq!(picture(jpeg), Some(("image/jpeg", 64, 32)));
        assert_eq!(picture(b"GIF89a"), None);
        assert_eq!(picture(b"\xFF\xD8\xFF\xE0\0\0\xFF\xE0\0\0"), None);
    }

    #[test]
    fn id3_lengths_are_syncsafe() {
        assert_eq!(id3_len(b"ID3\x04\0\0\0\0\x02\x01rest"), 10 + 257);
        assert_eq!(id3_len(b"ID3\x04\0\x10\0\0\0\x05"), 25);
        assert_eq!(id3_len(b"ID3\x04\0\0\0\0\x80\x01"), 0);
        assert_eq!(id3_len(b"ID3"), 0);
    }

    #[test]
    fn info_texts_in_either_encoding() {
        let mut found = Found::default();
        info_list(
            b"INAM\x04\0\0\0Gr\xFC\0IART\x04\0\0\0a\xC3\xBC\0ICRD\x0A\0\0\x002024-05-06IKEY\xFF\0\0\0",
            &mut found,
        );
        assert_eq!((found.metadata.title.as_str(), found.metadata.artist.as_str()), ("Grü", "aü"));
        assert_eq!(found.metadata.year, "2024");
    }
}
