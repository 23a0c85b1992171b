//! The comment block that FLAC, Opus and Vorbis share: a vendor string and `FIELD=value` lines in UTF-8 (Vorbis I
//! specification, section 5; RFC 9639, section 8.6; RFC 7845, section 5.2). What stands around it in each file, a
//! packet signature or a block header, is written by the encoders.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::Chapter;

use super::{ReplayGain, Tags, summary_text};

/// Which fields tell the loudness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoudnessFields {
    /// REPLAYGAIN_TRACK_GAIN and REPLAYGAIN_TRACK_PEAK, for FLAC and Vorbis.
    ReplayGain,
    /// R128_TRACK_GAIN, the only one that Opus files may have (RFC 7845, section 5.2.1).
    R128,
}

/// Where the cover goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CoverPlace {
    /// Into the comment METADATA_BLOCK_PICTURE.
    Comment,
    /// Into a block of its own, which the caller writes.
    Elsewhere,
}

/// A comment block. The loudness stands in front in fields of fixed width, neutral until
/// [`CommentBlock::set_loudness`] fills them in, so that it can be told after everything else was written.
pub(crate) struct CommentBlock {
    bytes: Vec<u8>,
    fields: LoudnessFields,
    values: Vec<Range<usize>>,
}

impl CommentBlock {
    /// Writes all tags. `vendor` names the program or library that made the sound.
    pub(crate) fn new(vendor: &str, fields: LoudnessFields, place: CoverPlace, tags: &Tags) -> Self {
        let mut list = List { bytes: Vec::new(), count: 0 };
        list.bytes.extend((vendor.len() as u32).to_le_bytes());
        list.bytes.extend(vendor.as_bytes());
        let count_at = list.bytes.len();
        list.bytes.extend([0; 4]);

        let values = loudness_texts(fields, None).into_iter().map(|(name, value)| list.add(name, &value)).collect();
        add_metadata(&mut list, tags);
        if vendor != ENCODER {
            list.add("ENCODER", ENCODER);
        }
        for (index, chapter) in tags.chapters.as_slice().iter().take(MOST_CHAPTERS).enumerate() {
            add_chapter(&mut list, index + 1, chapter);
        }
        if let Some(lyrics) = &tags.lyrics {
            list.add_unless_empty("LYRICS", lyrics);
        }
        if let (CoverPlace::Comment, Some(cover)) = (place, &tags.cover) {
            list.add("METADATA_BLOCK_PICTURE", &BASE64.encode(cover.picture_block()));
        }

        let List { mut bytes, count } = list;
        bytes[count_at..count_at + 4].copy_from_slice(&count.to_le_bytes());
        Self { bytes, fields, values }
    }

    /// The whole block.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Everything up to and with the loudness: what has to be written again after [`CommentBlock::set_loudness`].
    pub(crate) fn head(&self) -> &[u8] {
        &self.bytes[..self.values.last().map_or(0, |value| value.end)]
    }

    /// Drops everything behind [`CommentBlock::head`] from memory once it was written: a cover can be big.
    pub(crate) fn keep_head(&mut self) {
        self.bytes.truncate(self.head().len());
        self.bytes.shrink_to_fit();
    }

    /// Fills in the loudness. The length does not change. Silence keeps the neutral gain.
    pub(crate) fn set_loudness(&mut self, gain: &ReplayGain) {
        for (range, (_, value)) in self.values.iter().zip(loudness_texts(self.fields, Some(gain))) {
            self.bytes[range.clone()].copy_from_slice(value.as_bytes());
        }
    }
}

/// Soundpost itself, as it names itself in files.
pub(crate) const ENCODER: &str = concat!("Soundpost ", env!("CARGO_PKG_VERSION"));

/// Chapter numbers have three digits.
const MOST_CHAPTERS: usize = 999;

struct List {
    bytes: Vec<u8>,
    count: u32,
}

impl List {
    /// Adds a field and returns where its value stands. Zero bytes are left out: they end a text in C programs.
    fn add(&mut self, name: &str, value: &str) -> Range<usize> {
        let length_at = self.bytes.len();
        self.bytes.extend([0; 4]);
        self.bytes.extend(name.as_bytes());
        self.bytes.push(b'=');
        let start = self.bytes.len();
        self.bytes.extend(value.bytes().filter(|&byte| byte != 0));
        let end = self.bytes.len();
        self.bytes[length_at..length_at + 4].copy_from_slice(&((end - length_at - 4) as u32).to_le_bytes());
        self.count += 1;
        start..end
    }

    fn add_unless_empty(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.add(name, value);
        }
    }
}

/// Field names are those of the Vorbis comment recommendation where it has one, else those that players read.
fn add_metadata(list: &mut List, tags: &Tags) {
    let said = &tags.metadata;
    let (number, total) = said.track.split_once('/').unwrap_or((&said.track, ""));
    for (name, value) in [
        ("TITLE", said.title.as_str()),
        ("ARTIST", &said.artist),
        ("ALBUM", &said.album),
        ("TRACKNUMBER", number.trim()),
        ("TRACKTOTAL", total.trim()),
        ("SUBTITLE", &said.subtitle),
        ("DESCRIPTION", &summary_text(tags)),
        ("GENRE", &said.genre),
        ("DATE", &said.year),
        ("ORGANIZATION", &said.publisher),
        ("CONTACT", &said.url),
        // The recommendation takes words or an address as LICENSE; players show COPYRIGHT.
        ("COPYRIGHT", &said.license),
        ("LICENSE", &said.license),
        ("LICENSE", &said.license_url),
    ] {
        list.add_unless_empty(name, value);
    }
    for keyword in &said.tags {
        list.add_unless_empty("KEYWORDS", keyword);
    }
    if let Some(place) = said.location {
        list.add("LOCATION", &format!("{}, {}", place.latitude, place.longitude));
    }
}

/// Chapters as the "Chapter Extension" of Ogg comments has them: `CHAPTER001=00:01:30.500`, `CHAPTER001NAME=…`.
fn add_chapter(list: &mut List, number: usize, chapter: &Chapter) {
    let ms = chapter.start_ms;
    let (hours, minutes, seconds, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    list.add(&format!("CHAPTER{number:03}"), &format!("{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"));
    // Readers pair times with names, so the name is there even if nothing is in it.
    list.add(&format!("CHAPTER{number:03}NAME"), &chapter.title);
    if let Some(url) = &chapter.url {
        list.add_unless_empty(&format!("CHAPTER{number:03}URL"), url);
    }
}

/// Names and values of the loudness fields, always of the same width.
fn loudness_texts(fields: LoudnessFields, gain: Option<&ReplayGain>) -> Vec<(&'static str, String)> {
    // ReplayGain 2.0 specification: reference level −18 LUFS.
    const REPLAYGAIN_REFERENCE: f64 = -18.0;
    // RFC 7845, section 5.2.1, after EBU R 128: −23 LUFS, in 256ths of a decibel. Sign and five digits are allowed.
    const R128_REFERENCE: f64 = -23.0;

    let to = |reference: f64| {
        gain.map_or(0.0, |gain| if gain.loudness.is_finite() { reference - gain.loudness } else { 0.0 })
    };
    let peak = gain.map_or(0.0, |gain| if gain.peak.is_finite() { gain.peak.clamp(0.0, 9.999_999) } else { 0.0 });
    match fields {
        LoudnessFields::ReplayGain => {
            // In hundredths first, so that no "-00.00" comes out.
            let hundredths = (to(REPLAYGAIN_REFERENCE) * 100.0).round().clamp(-9999.0, 9999.0) as i32;
            let sign = if hundredths < 0 { '-' } else { '+' };
            let (whole, rest) = (hundredths.abs() / 100, hundredths.abs() % 100);
            vec![
                ("REPLAYGAIN_TRACK_GAIN", format!("{sign}{whole:02}.{rest:02} dB")),
                ("REPLAYGAIN_TRACK_PEAK", format!("{peak:.6}")),
            ]
        }
        LoudnessFields::R128 => {
            let steps = (to(R128_REFERENCE) * 256.0).round() as i16;
            vec![("R128_TRACK_GAIN", format!("{:+06}", i32::from(steps)))]
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{Chapters, Metadata};

    use super::*;

    /// The lines of a block, read back as a player would.
    fn lines(bytes: &[u8]) -> Vec<String> {
        let mut rest = bytes;
        let mut number = || {
            let (head, tail) = rest.split_at(4);
            rest = tail;
            u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize
        };
        let vendor = number();
        let mut rest = &bytes[4 + vendor..];
        let mut take = |length: usize| {
            let (head, tail) = rest.split_at(length);
            rest = tail;
            head
        };
        let number = |head: &[u8]| u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let count = number(take(4));
        let lines = (0..count)
            .map(|_| {
                let length = number(take(4));
                String::from_utf8_lossy(take(length)).into_owned()
            })
            .collect();
        assert!(rest.is_empty(), "{} bytes behind the last line", rest.len());
        lines
    }

    fn block(fields: LoudnessFields, tags: &Tags) -> CommentBlock {
        CommentBlock::new(ENCODER, fields, CoverPlace::Comment, tags)
    }

    #[test]
    fn says_every_field_once_and_nothing_empty() {
        let metadata = Metadata {
            title: "Ä title\0".into(),
            track: "7/12".into(),
            license: "CC BY 4.0".into(),
            license_url: "https://example.org/by".into(),
            tags: vec!["one".into(), String::new(), "two".into()],
            location: Some(model::Location { latitude: 52.5, longitude: -13.25 }),
            ..Metadata::default()
        };
        let chapters = Chapters::new(vec![
            Chapter { start_ms: 0, title: String::new(), url: None },
            Chapter { start_ms: 3_723_004, title: "End".into(), url: Some("https://example.org".into()) },
        ]);
        let tags = Tags { metadata, chapters, cover: None, lyrics: Some("la\nla".into()) };
        assert_eq!(
            lines(block(LoudnessFields::ReplayGain, &tags).bytes()),
            [
                "REPLAYGAIN_TRACK_GAIN=+00.00 dB",
                "REPLAYGAIN_TRACK_PEAK=0.000000",
                "TITLE=Ä title",
                "TRACKNUMBER=7",
                "TRACKTOTAL=12",
                "COPYRIGHT=CC BY 4.0",
                "LICENSE=CC BY 4.0",
                "LICENSE=https://example.org/by",
                "KEYWORDS=one",
                "KEYWORDS=two",
                "LOCATION=52.5, -13.25",
                "CHAPTER001=00:00:00.000",
                "CHAPTER001NAME=",
                "CHAPTER002=01:02:03.004",
                "CHAPTER002NAME=End",
                "CHAPTER002URL=https://example.org",
                "LYRICS=la\nla",
            ]
        );
    }

    #[test]
    fn loudness_keeps_its_width() {
        let cases = [
            (-16.0, 0.891_251, "-02.00 dB", "0.891251", "-01792"),
            (-23.004, 1.0, "+05.00 dB", "1.000000", "+00001"),
            (-18.001, 1.0, "+00.00 dB", "1.000000", "-01280"),
            (-17.999, 1.0, "+00.00 dB", "1.000000", "-01280"),
            (f64::NEG_INFINITY, 0.0, "+00.00 dB", "0.000000", "+00000"),
            (f64::NAN, f64::NAN, "+00.00 dB", "0.000000", "+00000"),
            (-300.0, 40.0, "+99.99 dB", "9.999999", "+32767"),
            (300.0, -1.0, "-99.99 dB", "0.000000", "-32768"),
        ];
        for (loudness, peak, gain_text, peak_text, r128) in cases {
            let gain = ReplayGain { loudness, peak };
            let mut both = block(LoudnessFields::ReplayGain, &Tags::default());
            let length = both.bytes().len();
            both.set_loudness(&gain);
            assert_eq!(both.bytes().len(), length);
            let found = lines(both.bytes());
            assert_eq!(found[0], format!("REPLAYGAIN_TRACK_GAIN={gain_text}"));
            assert_eq!(found[1], format!("REPLAYGAIN_TRACK_PEAK={peak_text}"));
            let mut one = block(LoudnessFields::R128, &Tags::default());
            one.set_loudness(&gain);
            assert_eq!(lines(one.bytes()), [format!("R128_TRACK_GAIN={r128}")]);
        }
    }

    #[test]
    fn the_head_ends_with_the_loudness() {
        let tags = Tags { lyrics: Some("la".repeat(1000)), ..Tags::default() };
        let mut block = block(LoudnessFields::ReplayGain, &tags);
        assert!(block.head().ends_with(b"REPLAYGAIN_TRACK_PEAK=0.000000"));
        let head = block.head().to_vec();
        block.keep_head();
        assert_eq!(block.bytes(), head);
    }
}
