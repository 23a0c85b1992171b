//! ID3 tags, for MP3 files and for chunks that carry them. Building the tag from what is said; putting it in front of
//! the sound is the encoder's business.
//!
//! The tag is version 2.3, not 2.4. Every player that reads 2.4 reads 2.3, and the reverse does not hold: older Windows
//! shells and car radios skip 2.4, and some readers take its 7-bit frame sizes for plain ones, which loses everything
//! behind a cover picture of more than 127 bytes. What 2.4 would give (UTF-8, times finer than a year) is not missed:
//! texts go as plain ASCII where that holds them and as UTF-16 where not. Chapters follow the ID3v2 Chapter Frame
//! Addendum, which is the same for both.

use id3::frame::{
    Chapter, Comment, Content, ExtendedLink, ExtendedText, Lyrics, Picture, PictureType, TableOfContents,
};
use id3::{Encoder, Encoding, Frame, Tag, TagLike, Version};
use model::Metadata;

use super::vorbis_comment::ENCODER;
use super::{ReplayGain, Tags, location_text, summary_text};
use crate::AudioError;

/// The tag grows in steps of so many bytes, so that editors can change a word without moving the sound.
const STEP: usize = 1024;

/// Least room left for such a change, in bytes.
const SPARE: usize = 512;

/// A tag's length is told in 28 bits (ID3v2.3 §3.1).
const LONGEST: usize = (1 << 28) - 1;

/// A table of contents counts its entries in one byte (Chapter Frame Addendum §3.2).
const ENTRIES: usize = 255;

/// Language of texts when it is not known: ISO 639-2 "undetermined".
const LANGUAGE: &str = "und";

/// Gain and peak of nothing in particular, to see how long the real ones will be.
const SOME_GAIN: ReplayGain = ReplayGain { loudness: -18.0, peak: 1.0 };

/// Builds a whole ID3v2.3 tag with padding behind it, for sound of the given length in milliseconds.
///
/// The number of bytes depends on `tags` alone, neither on the gain (`None`, or silence, which is not written) nor on
/// the length: a tag can be written before the sound and overwritten in place after it. Chapters that would begin at or
/// after the end are left out. Fails when the tag would not fit into ID3's 256 MiB.
pub fn write(tags: &Tags, gain: Option<&ReplayGain>, length_ms: u64) -> Result<Vec<u8>, AudioError> {
    let most = most_bytes(tags);
    if most > LONGEST {
        return Err(AudioError::Limit {
            what: "The number of bytes in the ID3 tag",
            found: most as u64,
            limit: LONGEST as u64,
        });
    }
    let mut tag = Tag::with_version(Version::Id3v23);
    for frame in descriptive(&tags.metadata).into_iter().chain(measured(gain)) {
        tag.add_frame(frame);
    }
    for frame in summaries(tags).into_iter().chain(chapters(tags, length_ms)).chain(pictures(tags)) {
        tag.add_frame(frame);
    }
    let written = encoded(&tag, 0)?.len();
    let missing = variable_length(tags, Some(&SOME_GAIN), u64::MAX)? - variable_length(tags, gain, length_ms)?;
    let whole = (written + missing + SPARE).next_multiple_of(STEP);
    encoded(&tag, whole - written)
}

/// More than a tag can become: a character takes at most twice as much as UTF-16 as it did, the summary is written
/// twice, no fixed part of a frame is longer than 100 bytes. To be known before encoding, because the library panics
/// past the limit.
fn most_bytes(tags: &Tags) -> usize {
    let said = &tags.metadata;
    let fields = [&said.title, &said.artist, &said.album, &said.track, &said.subtitle, &said.genre, &said.publisher];
    let addresses = [&said.url, &said.url, &said.license, &said.license_url];
    let short: usize = fields.into_iter().chain(addresses).chain(&said.tags).map(|text| text.len() + 100).sum();
    let marks = tags.chapters.as_slice().iter();
    let marks: usize = marks.map(|mark| mark.title.len() + mark.url.as_ref().map_or(0, String::len) + 200).sum();
    let long = 2 * summary_text(tags).len() + tags.lyrics.as_ref().map_or(0, String::len);
    2 * (short + marks + long) + tags.cover.as_ref().map_or(0, |cover| cover.bytes.len()) + 4 * STEP
}

/// Length of that part of a tag which depends on more than the tags: gain and chapters.
fn variable_length(tags: &Tags, gain: Option<&ReplayGain>, length_ms: u64) -> Result<usize, AudioError> {
    let mut tag = Tag::with_version(Version::Id3v23);
    for frame in measured(gain).into_iter().chain(chapters(tags, length_ms)) {
        tag.add_frame(frame);
    }
    Ok(encoded(&tag, 0)?.len())
}

fn encoded(tag: &Tag, padding: usize) -> Result<Vec<u8>, AudioError> {
    let mut bytes = Vec::new();
    Encoder::new().version(Version::Id3v23).padding(padding).encode(tag, &mut bytes).map_err(|error| {
        AudioError::Encode {
            format: "The ID3 tag",
            reason: format!("its library stopped at \"{}\"", error.description),
        }
    })?;
    Ok(bytes)
}

fn descriptive(said: &Metadata) -> Vec<Frame> {
    let year =
        Some(said.year.as_str()).filter(|year| year.len() == 4 && year.bytes().all(|digit| digit.is_ascii_digit()));
    // A parenthesis at the beginning announces a number from ID3v1's list; doubled it is only a parenthesis (§4.2.1).
    let genre = if said.genre.starts_with('(') { format!("({}", said.genre) } else { said.genre.clone() };
    let mut frames = Vec::new();
    for (id, value) in [
        ("TIT2", said.title.as_str()),
        ("TPE1", &said.artist),
        ("TALB", &said.album),
        ("TRCK", &said.track),
        ("TIT3", &said.subtitle),
        ("TCON", &genre),
        ("TYER", year.unwrap_or_default()),
        ("TPUB", &said.publisher),
        ("TSSE", ENCODER),
        ("TCOP", &said.license),
        // Not in the standard; written by iTunes and read by podcast programs.
        ("TKWD", &said.tags.join(", ")),
    ] {
        frames.extend(text(id, value));
    }
    for (id, address) in [("WOAF", &said.url), ("WCOP", &said.license_url)] {
        if !address.is_empty() {
            frames.push(Frame::with_content(id, Content::Link(plain(address))));
        }
    }
    // Players that show one address show this one, not the official page of the file.
    frames.extend(address(&said.url));
    if let Some(place) = &said.location {
        frames.push(extended_text("LOCATION", &location_text(place)));
    }
    frames
}

fn summaries(tags: &Tags) -> Vec<Frame> {
    let mut frames = Vec::new();
    let summary = plain(&summary_text(tags));
    if !summary.is_empty() {
        let encoding = narrowest(&[&summary]);
        // Comments are shown by players, TDES (iTunes) by podcast programs.
        frames.extend(text("TDES", &summary));
        let comment = Comment { lang: LANGUAGE.into(), description: String::new(), text: summary };
        frames.push(Frame::with_content("COMM", Content::Comment(comment)).set_encoding(Some(encoding)));
    }
    if let Some(lyrics) = tags.lyrics.as_deref().map(plain).filter(|lyrics| !lyrics.is_empty()) {
        let encoding = narrowest(&[&lyrics]);
        let lyrics = Lyrics { lang: LANGUAGE.into(), description: String::new(), text: lyrics };
        frames.push(Frame::with_content("USLT", Content::Lyrics(lyrics)).set_encoding(Some(encoding)));
    }
    frames
}

fn measured(gain: Option<&ReplayGain>) -> Vec<Frame> {
    let mut frames = Vec::new();
    if let Some(gain) = gain {
        frames.extend(gain.gain_text().map(|value| extended_text("REPLAYGAIN_TRACK_GAIN", &value)));
        frames.extend(gain.peak_text().map(|value| extended_text("REPLAYGAIN_TRACK_PEAK", &value)));
    }
    frames
}

fn pictures(tags: &Tags) -> Option<Frame> {
    let cover = tags.cover.as_ref()?;
    let picture = Picture {
        mime_type: cover.mime.into(),
        picture_type: PictureType::CoverFront,
        description: String::new(),
        data: cover.bytes.to_vec(),
    };
    Some(Frame::with_content("APIC", Content::Picture(picture)).set_encoding(Some(Encoding::Latin1)))
}

/// Table of contents and chapters. Each chapter ends where the next begins, the last at the end.
fn chapters(tags: &Tags, length_ms: u64) -> Vec<Frame> {
    let marks = tags.chapters.as_slice();
    let marks = &marks[..marks.partition_point(|mark| mark.start_ms < length_ms)];
    if marks.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = (0..marks.len()).map(|index| format!("chp{index}")).collect();
    let mut frames = contents(&names);
    let ends = marks.iter().skip(1).map(|mark| mark.start_ms).chain([length_ms]);
    for ((name, mark), end_ms) in names.into_iter().zip(marks).zip(ends) {
        let mut inside = Vec::new();
        inside.extend(text("TIT2", &mark.title));
        inside.extend(mark.url.as_deref().and_then(address));
        frames.push(Frame::with_content(
            "CHAP",
            Content::Chapter(Chapter {
                element_id: name,
                start_time: milliseconds(mark.start_ms),
                end_time: milliseconds(end_ms),
                // All ones: not told, the times count (Chapter Frame Addendum §3.1).
                start_offset: u32::MAX,
                end_offset: u32::MAX,
                frames: inside,
            }),
        ));
    }
    frames
}

/// The top table, and tables between it and the chapters when these are too many for one.
fn contents(names: &[String]) -> Vec<Frame> {
    let table = |name: &str, top_level, elements: &[String]| {
        Frame::with_content(
            "CTOC",
            Content::TableOfContents(TableOfContents {
                element_id: name.into(),
                top_level,
                ordered: true,
                elements: elements.to_vec(),
                frames: Vec::new(),
            }),
        )
    };
    if names.len() <= ENTRIES {
        return vec![table("toc", true, names)];
    }
    let parts: Vec<_> = names.chunks(ENTRIES).take(ENTRIES).enumerate().collect();
    let part_names: Vec<_> = parts.iter().map(|(index, _)| format!("toc{index}")).collect();
    let mut tables = vec![table("toc", true, &part_names)];
    tables.extend(part_names.iter().zip(&parts).map(|(name, (_, part))| table(name, false, part)));
    tables
}

fn text(id: &str, value: &str) -> Option<Frame> {
    let value = plain(value);
    let encoding = narrowest(&[&value]);
    (!value.is_empty()).then(|| Frame::with_content(id, Content::Text(value)).set_encoding(Some(encoding)))
}

fn extended_text(description: &str, value: &str) -> Frame {
    let content = ExtendedText { description: description.into(), value: plain(value) };
    let encoding = narrowest(&[&content.description, &content.value]);
    Frame::with_content("TXXX", Content::ExtendedText(content)).set_encoding(Some(encoding))
}

fn address(link: &str) -> Option<Frame> {
    let link = plain(link);
    let content = ExtendedLink { description: String::new(), link };
    (!content.link.is_empty())
        .then(|| Frame::with_content("WXXX", Content::ExtendedLink(content)).set_encoding(Some(Encoding::Latin1)))
}

/// Without zeros, which would end a text early.
fn plain(text: &str) -> String {
    text.replace('\0', "")
}

/// ASCII reads the same in every encoding that readers have ever taken "Latin-1" for; everything else goes as UTF-16.
fn narrowest(texts: &[&str]) -> Encoding {
    if texts.iter().all(|text| text.is_ascii()) { Encoding::Latin1 } else { Encoding::UTF16 }
}

fn milliseconds(ms: u64) -> u32 {
    u32::try_from(ms).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
