//! Chapter marks: where in a recording something begins, and what it is called.
//!
//! Marks are read from three kinds of file, told apart by their first byte ([`Chapters::parse`]): lines of text, Podlove
//! Simple Chapters (XML) and the podcast namespace's JSON. Each kind is a file below and can be written as well. How
//! marks are put into audio files is the business of the tag writers, not of this room.

mod json;
mod psc;
mod text;
mod time;

use serde::{Deserialize, Serialize};

use crate::found::{is_address, one_line};

pub use time::{parse_time, write_time};

/// One chapter mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// Milliseconds from the beginning of the recording.
    pub start_ms: u64,
    /// What is shown for it. May be empty.
    pub title: String,
    /// A page that belongs to the chapter.
    pub url: Option<String>,
}

/// Chapter marks in the order of time, no two at the same moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Chapters(Vec<Chapter>);

impl Chapters {
    /// Puts marks in order; of several at the same millisecond the last one said is kept.
    pub fn new(mut marks: Vec<Chapter>) -> Self {
        marks.reverse();
        marks.sort_by_key(|mark| mark.start_ms);
        marks.dedup_by_key(|mark| mark.start_ms);
        Self(marks)
    }

    /// Reads a chapter file of any kind: XML when it begins with `<`, JSON when it begins with `{` or `[`, lines of text
    /// otherwise. Must be UTF-8; a byte order mark and either line ending are taken.
    pub fn parse(bytes: &[u8]) -> Result<Self, ChaptersError> {
        if bytes.len() > MAX_BYTES {
            return Err(ChaptersError::TooLarge { found: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ChaptersError::NotText)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match text.trim_start().bytes().next() {
            Some(b'<') => psc::parse(text),
            Some(b'{' | b'[') => json::parse(text),
            _ => text::parse(text),
        }
    }

    /// Lines of text, the form that [`Chapters::parse`] and most podcast hosts read: `00:12:30.500 Title <address>`.
    ///
    /// Every mark comes back as it was, unless its title ends in something that looks like a mark's address.
    pub fn to_text(&self) -> String {
        text::write(self)
    }

    /// Podlove Simple Chapters 1.2, a whole XML document.
    ///
    /// Control characters, which XML cannot carry, become spaces.
    pub fn to_psc(&self) -> String {
        psc::write(self)
    }

    /// The podcast namespace's JSON chapters, version 1.2.
    pub fn to_json(&self) -> String {
        json::write(self)
    }

    /// The marks, earliest first.
    pub fn as_slice(&self) -> &[Chapter] {
        &self.0
    }

    /// Whether there is no mark at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Largest chapter file that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// Most marks that are read from one file.
pub const MAX_MARKS: usize = 10_000;
/// Longest title that is read, in characters.
pub const MAX_TITLE: usize = 1_000;
/// Longest address that is read, in characters.
pub const MAX_URL: usize = 2_048;

/// Why a chapter file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChaptersError {
    /// More bytes than [`MAX_BYTES`].
    #[error("The chapter file has {found} bytes, more than the {MAX_BYTES} that Soundpost reads.")]
    TooLarge {
        /// Bytes in the file.
        found: usize,
    },
    /// The bytes are not UTF-8.
    #[error("The chapter file is not UTF-8 text. Save it as UTF-8 and give it again.")]
    NotText,
    /// More marks than [`MAX_MARKS`].
    #[error("The chapter file has more than the {MAX_MARKS} chapters that Soundpost reads.")]
    TooMany,
    /// XML or JSON that breaks off or breaks its own rules.
    #[error("Line {line} of the chapter file is not well-formed {format}: {reason}.")]
    Syntax {
        /// `XML` or `JSON`.
        format: &'static str,
        /// Line, counted from 1.
        line: usize,
        /// Half a sentence.
        reason: String,
    },
    /// Well-formed XML or JSON that holds something else than chapters.
    #[error("This {format} holds no chapters: {wanted}.")]
    NoChapters {
        /// `XML` or `JSON`.
        format: &'static str,
        /// Half a sentence about what was looked for.
        wanted: &'static str,
    },
    /// One mark is not what it should be.
    #[error("{place} of the chapter file {problem}")]
    Mark {
        /// Where it stands.
        place: Place,
        /// What is wrong with it, and what is wanted.
        problem: Problem,
    },
}

/// Where in a chapter file a mark stands, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Place {
    /// A line of text or XML.
    #[error("Line {0}")]
    Line(usize),
    /// An entry of a JSON list.
    #[error("Chapter {0}")]
    Entry(usize),
}

/// What can be wrong with one mark. The texts go on after its [`Place`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A line of text that does not begin with a time.
    #[error("takes a time and a title, such as 00:12:30.500 Harbour master. It says “{0}”.")]
    Line(String),
    /// Something that should be a time and is not.
    #[error("takes a start time, such as 00:12:30.500. It says “{0}”.")]
    Time(String),
    /// No start time at all.
    #[error("has no {0}, which says where the chapter begins.")]
    NoTime(&'static str),
    /// An entry of a list that is no object, but this.
    #[error("is {0}, not an object with startTime and title.")]
    Entry(&'static str),
    /// A value of another kind than wanted: field, wanted, found.
    #[error("takes {1} as its {0}, not {2}.")]
    Kind(&'static str, &'static str, &'static str),
    /// A title of so many characters, more than [`MAX_TITLE`].
    #[error("has a title of {0} characters, more than the {MAX_TITLE} that Soundpost reads.")]
    Title(usize),
    /// An address of so many characters, more than [`MAX_URL`].
    #[error("has an address of {0} characters, more than the {MAX_URL} that Soundpost reads.")]
    Url(usize),
}

/// Collects marks on behalf of the three readers, and holds the ceilings that are common to them.
struct Marks(Vec<Chapter>);

impl Marks {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn push(&mut self, place: Place, start_ms: u64, title: &str, url: Option<&str>) -> Result<(), ChaptersError> {
        if self.0.len() == MAX_MARKS {
            return Err(ChaptersError::TooMany);
        }
        let title = one_line(title);
        let length = title.chars().count();
        if length > MAX_TITLE {
            return Err(ChaptersError::Mark { place, problem: Problem::Title(length) });
        }
        let url = url.map(str::trim).filter(|url| is_address(url)).map(str::to_owned);
        if let Some(length) = url.as_ref().map(|url| url.chars().count()).filter(|&length| length > MAX_URL) {
            return Err(ChaptersError::Mark { place, problem: Problem::Url(length) });
        }
        self.0.push(Chapter { start_ms, title, url });
        Ok(())
    }

    fn finish(self) -> Chapters {
        Chapters::new(self.0)
    }
}

#[cfg(test)]
mod tests;
