//! Files in stores: which names are taken, which are recordings, how lists are gathered, and what a public address is.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use model::Time;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::RemoteError;

/// Bytes that a name may have: what file systems take, less what names of parts add.
const MOST_NAME_BYTES: usize = 200;

/// Files of any kind that are looked at for one list.
const MOST_LOOKED_AT: usize = 20_000;

/// What a list holds: endings of recordings that can be read, and of films, whose sound is.
const ENDINGS: &[&str] = &[
    "aac", "aif", "aifc", "aiff", "caf", "flac", "m4a", "m4b", "m4v", "mka", "mkv", "mov", "mp1", "mp2", "mp3", "mp4",
    "oga", "ogg", "opus", "wav", "wave", "weba", "webm",
];

/// RFC 3986, 2.3: letters, digits, and these four.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A file in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its name, without folders.
    pub name: String,
    /// Bytes, where the store says so.
    pub size: Option<u64>,
    /// When it was last changed, where the store says so.
    pub changed: Option<Time>,
}

/// The recordings in a store's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// They, by name.
    pub files: Vec<RemoteFile>,
    /// Whether there are more than were wanted, or more than anybody looks at.
    pub more: bool,
    /// Recordings with names that cannot be asked for: with slashes, line breaks or other tricks in them.
    pub passed_over: usize,
}

/// A list while it grows.
pub(super) struct Gathered {
    most: usize,
    looked_at: usize,
    listing: Listing,
}

impl Gathered {
    pub(super) fn new(most: usize) -> Self {
        Self { most, looked_at: 0, listing: Listing { files: Vec::new(), more: false, passed_over: 0 } }
    }

    /// Takes a file if it is a recording. Whether there is room for another.
    pub(super) fn take(&mut self, name: &str, size: Option<u64>, changed: Option<Time>) -> bool {
        self.looked_at += 1;
        if !is_recording(name) {
            return self.goes_on();
        }
        if check_name(name).is_err() {
            self.listing.passed_over += 1;
        } else if self.listing.files.len() < self.most {
            self.listing.files.push(RemoteFile { name: name.to_owned(), size, changed });
        } else {
            self.listing.more = true;
        }
        self.goes_on()
    }

    fn goes_on(&mut self) -> bool {
        self.listing.more |= self.looked_at >= MOST_LOOKED_AT;
        !self.listing.more
    }

    /// There is more, which nobody looks at.
    pub(super) fn cut(&mut self) {
        self.listing.more = true;
    }

    pub(super) fn finish(mut self) -> Listing {
        self.listing.files.sort_by(|a, b| a.name.cmp(&b.name));
        self.listing
    }
}

/// Whether a name is one of a file in the folder, and nothing else.
pub(super) fn check_name(name: &str) -> Result<(), RemoteError> {
    let fine = !name.is_empty()
        && name.len() <= MOST_NAME_BYTES
        && !matches!(name, "." | "..")
        && name.trim() == name
        // The last stands where a name had bytes that are no text, by which it cannot be asked for.
        && !name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | char::REPLACEMENT_CHARACTER));
    if fine { Ok(()) } else { Err(RemoteError::Name(name.chars().take(MOST_NAME_BYTES).collect())) }
}

/// Whether a name ends like that of a recording.
pub(super) fn is_recording(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The address under which everybody finds a file, where addresses begin with `base`.
pub fn public_address(base: &str, name: &str) -> String {
    let slash = if base.ends_with('/') { "" } else { "/" };
    format!("{base}{slash}{}", escape(name))
}

/// A part of a path as it stands in an address.
pub(super) fn escape(part: &str) -> String {
    utf8_percent_encode(part, ESCAPED).to_string()
}

/// What a web server that has the file should say it is.
pub(super) fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("mp3" | "mp2" | "mp1") => "audio/mpeg",
        Some("m4a" | "m4b") => "audio/mp4",
        Some("aac") => "audio/aac",
        Some("ogg" | "oga" | "opus") => "audio/ogg",
        Some("flac") => "audio/flac",
        Some("wav" | "wave") => "audio/wav",
        Some("mp4" | "m4v") => "video/mp4",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("vtt") => "text/vtt; charset=utf-8",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}

/// The moment in `2026-01-05T12:00:00.000Z`.
pub(super) fn timestamp(text: &str) -> Option<Time> {
    text.parse::<Timestamp>().ok().map(|at| Time::from_ms(at.as_millisecond()))
}

/// The moment in `Mon, 05 Jan 2026 12:00:00 GMT`.
pub(super) fn http_date(text: &str) -> Option<Time> {
    rfc2822::parse(text).ok().map(|at| Time::from_ms(at.timestamp().as_millisecond()))
}

/// The moment in `20260105120000`, by the clock of Greenwich.
pub(super) fn ftp_moment(text: &str) -> Option<Time> {
    let at = DateTime::strptime("%Y%m%d%H%M%S", text).ok()?.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?;
    Some(Time::from_ms(at.timestamp().as_millisecond()))
}

/// A moment as signatures of S3 have it: `20260105T120000Z`.
pub(super) fn basic_timestamp(at: Time) -> String {
    let at = Timestamp::from_millisecond(at.as_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-05T12:00:00Z.
    const NOON: Time = Time::from_ms(1_767_614_400_000);

    #[test]
    fn names_without_tricks_are_taken() {
        for fine in ["a.wav", "a b ö 🎙.mp3", ".hidden", "..a", "a..", &"a".repeat(200)] {
            assert!(check_name(fine).is_ok(), "{fine}");
        }
        let tricks = [
            "",
            ".",
            "..",
            "../a",
            "a/b",
            "a\\b",
            "a\nb",
            "a\r\nDELE b",
            "a\0",
            "a\u{fffd}",
            " a",
            "a ",
            &"a".repeat(201),
        ];
        for trick in tricks {
            assert!(check_name(trick).is_err(), "{trick:?}");
        }
    }

    #[test]
    fn a_list_holds_recordings_and_no_more_than_wanted() {
        let mut found = Gathered::new(2);
        assert!(found.take("notes.txt", None, None) && found.take("wav", None, None));
        assert!(found.take("b.WAV", Some(0), Some(NOON)) && found.take("../c.wav", None, None));
        assert!(found.take("a.mp3", None, None));
        assert!(!found.take("d.mp3", None, None));
        let listing = found.finish();
        assert_eq!(listing.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["a.mp3", "b.WAV"]);
        assert_eq!((listing.more, listing.passed_over), (true, 1));
    }

    #[test]
    fn a_list_that_does_not_end_is_left() {
        let mut found = Gathered::new(2);
        let looked = (0..1_000_000).take_while(|_| found.take("notes.txt", None, None)).count();
        assert_eq!(looked + 1, MOST_LOOKED_AT);
        assert!(found.finish().more);
    }

    #[test]
    fn addresses_are_escaped() {
        assert_eq!(public_address("https://a.example/in", "a b+ö.mp3"), "https://a.example/in/a%20b%2B%C3%B6.mp3");
        assert_eq!(public_address("https://a.example/", "?#.mp3"), "https://a.example/%3F%23.mp3");
    }

    #[test]
    fn moments_are_read_as_each_protocol_writes_them() {
        assert_eq!(timestamp("2026-01-05T12:00:00.000Z"), Some(NOON));
        assert_eq!(http_date("Mon, 05 Jan 2026 12:00:00 GMT"), Some(NOON));
        assert_eq!(ftp_moment("20260105120000"), Some(NOON));
        assert_eq!(basic_timestamp(NOON), "20260105T120000Z");
        for wrong in ["", "yesterday", "20261305120000", "99999999999999"] {
            assert_eq!((timestamp(wrong), http_date(wrong), ftp_moment(wrong)), (None, None, None), "{wrong}");
        }
    }
}
