//! A narration: a production whose recording is an article, read aloud.
//!
//! It has the id of its production, which is the name of its player, too. The script is what is read; it can be changed, and what
//! is heard is the script as it was when it was last published.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::article::{About, Kind};
use crate::production::Made;
use crate::{AccountId, OrganizationId, ProductionId, PublicationId, Time};

/// Bytes that the text of one segment may have: half an hour of speech.
pub const LONGEST_SEGMENT: usize = 32 << 10;

/// Segments that a script may have.
pub const MOST_SEGMENTS: usize = 5_000;

/// Words that are read aloud at a time: six hours.
pub const MOST_WORDS: usize = 50_000;

/// Bytes that the text of a whole script may have.
pub const LONGEST_SCRIPT: usize = 1 << 20;

/// The longest pause after a segment, in milliseconds.
pub const LONGEST_PAUSE_MS: u32 = 10_000;

/// An article, read aloud.
#[derive(Clone, Debug, PartialEq)]
pub struct Narration {
    /// The production's name within the program, and the player's.
    pub id: ProductionId,
    /// Whose it is.
    pub owner: AccountId,
    /// The organization that asked for it.
    pub organization: OrganizationId,
    /// What it appears in.
    pub publication: PublicationId,
    /// Where the article is, as the WHATWG URL standard writes it, without a fragment.
    pub address: String,
    /// What was asked for beside the address.
    pub wish: Wish,
    /// What is known about the article, once it was read.
    pub about: Option<About>,
    /// What was found where there was no article to read, as labels and values.
    pub findings: Vec<(String, String)>,
    /// What is read. Empty until the article was.
    pub script: Script,
    /// Counts changes of the script.
    pub revision: u32,
    /// What its player plays.
    pub published: Option<Published>,
    /// The run of its production whose sound is published as soon as it is made, in place of what is published.
    pub replacing: Option<u32>,
    /// When it was asked for.
    pub created: Time,
    /// When it was last changed.
    pub changed: Time,
}

/// What was asked for beside the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// Who is to read, by name.
    pub voice: Option<String>,
    /// What it is to be called, in place of what the page says.
    pub title: Option<String>,
    /// The language of the article, in place of what the page says.
    pub language: Option<String>,
    /// Where to say that it is ready, in place of the organization's own addresses.
    pub webhook: Option<String>,
}

/// What a player plays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// What came of the production.
    pub made: Made,
    /// The script that is heard in it.
    pub revision: u32,
    /// Since when.
    pub at: Time,
}

/// What is read, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Script {
    /// The pieces.
    pub segments: Vec<Segment>,
    /// The number that the next new segment gets.
    pub next: u32,
    /// Who reads, by name, where segments do not say otherwise; none is the usual voice of the language.
    pub voice: Option<String>,
}

/// A piece of a script: what is read, cached and changed as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Its number within the script, which stays when others come and go.
    pub id: u32,
    /// What it is.
    pub kind: Kind,
    /// What is read, and shown beside the player.
    pub text: String,
    /// Who reads it, where it is not who reads the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Silence after it, in milliseconds, where it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_ms: Option<u32>,
}

impl Script {
    /// A script of these pieces.
    pub fn of(pieces: impl IntoIterator<Item = (Kind, String)>, voice: Option<String>) -> Self {
        let segments: Vec<Segment> = pieces
            .into_iter()
            .zip(1..)
            .map(|((kind, text), id)| Segment { id, kind, text, voice: None, pause_ms: None })
            .collect();
        Self { next: segments.len() as u32 + 1, segments, voice }
    }

    /// How many words are read, counted by the spaces between them.
    pub fn words(&self) -> usize {
        self.segments.iter().map(|segment| segment.text.split_whitespace().count()).sum()
    }

    /// Bytes of all its text.
    pub fn bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.text.len()).sum()
    }

    /// Refuses what is more than is read aloud at a time.
    pub fn check_length(&self) -> Result<(), NotAChange> {
        let (words, bytes) = (self.words(), self.bytes());
        if words > MOST_WORDS {
            return Err(NotAChange::TooManyWords(words));
        }
        if bytes > LONGEST_SCRIPT { Err(NotAChange::TooManyBytes(bytes)) } else { Ok(()) }
    }
}

/// A change of a script, made by a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another wording of a segment. An empty one removes it.
    Text(u32, String),
    /// Somebody else reads a segment, or who reads the rest.
    Voice(u32, Option<String>),
    /// Another pause after a segment, or the usual one.
    Pause(u32, Option<u32>),
    /// A segment goes after another, or to the beginning.
    Move(u32, Option<u32>),
    /// A new paragraph after a segment, or at the beginning.
    Insert(Option<u32>, String),
    /// A segment goes.
    Remove(u32),
    /// Somebody else reads.
    Reader(Option<String>),
}

/// A change that cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAChange {
    /// The segment that it is about is not there.
    #[error("There is no segment {0} in this script any more.")]
    NoSegment(u32),
    /// A text that is longer than one segment may be.
    #[error("One segment has at most {LONGEST_SEGMENT} bytes of text; this has {0}. Make two of it.")]
    TooLong(usize),
    /// More segments than a script may have.
    #[error("A script has at most {MOST_SEGMENTS} segments.")]
    TooMany,
    /// More words than are read aloud at a time.
    #[error("This has {0} words, and at most {MOST_WORDS} are read aloud at a time: that is six hours.")]
    TooManyWords(usize),
    /// More text than is read aloud at a time.
    #[error("This has {0} bytes of text, and at most {LONGEST_SCRIPT} are read aloud at a time.")]
    TooManyBytes(usize),
    /// A pause that is longer than pauses may be.
    #[error("A pause is at most {LONGEST_PAUSE_MS} milliseconds; this is {0}.")]
    PauseTooLong(u32),
}

impl Change {
    /// The segment that it is about, where it is about one.
    pub fn segment(&self) -> Option<u32> {
        match self {
            Self::Text(id, _) | Self::Voice(id, _) | Self::Pause(id, _) | Self::Move(id, _) | Self::Remove(id) => {
                Some(*id)
            }
            Self::Insert(after, _) => *after,
            Self::Reader(_) => None,
        }
    }
}

impl Script {
    /// Makes a change, or leaves everything as it is.
    pub fn change(&mut self, change: Change) -> Result<(), NotAChange> {
        match change {
            Change::Text(id, text) => {
                let text = tidied(&text)?;
                let at = self.place(id)?;
                if text.is_empty() {
                    self.segments.remove(at);
                } else {
                    self.segments[at].text = text;
                }
            }
            Change::Voice(id, voice) => {
                let at = self.place(id)?;
                self.segments[at].voice = voice;
            }
            Change::Pause(id, pause) => {
                if let Some(ms) = pause.filter(|ms| *ms > LONGEST_PAUSE_MS) {
                    return Err(NotAChange::PauseTooLong(ms));
                }
                let at = self.place(id)?;
                self.segments[at].pause_ms = pause;
            }
            Change::Move(id, after) => {
                let from = self.place(id)?;
                if after == Some(id) {
                    return Ok(());
                }
                let to = after.map(|after| self.place(after)).transpose()?;
                let segment = self.segments.remove(from);
                let to = to.map_or(0, |to| if to > from { to } else { to + 1 });
                self.segments.insert(to, segment);
            }
            Change::Insert(after, text) => {
                let text = tidied(&text)?;
                let to = after.map(|after| self.place(after)).transpose()?.map_or(0, |to| to + 1);
                if self.segments.len() >= MOST_SEGMENTS {
                    return Err(NotAChange::TooMany);
                }
                if !text.is_empty() {
                    let segment = Segment { id: self.next, kind: Kind::Paragraph, text, voice: None, pause_ms: None };
                    self.next += 1;
                    self.segments.insert(to, segment);
                }
            }
            Change::Remove(id) => {
                let at = self.place(id)?;
                self.segments.remove(at);
            }
            Change::Reader(voice) => self.voice = voice,
        }
        Ok(())
    }

    fn place(&self, id: u32) -> Result<usize, NotAChange> {
        self.segments.iter().position(|segment| segment.id == id).ok_or(NotAChange::NoSegment(id))
    }
}

/// A text as it is kept: without what cannot be seen, lines without spaces at their ends.
fn tidied(text: &str) -> Result<String, NotAChange> {
    let seen: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    let lines: Vec<&str> = seen.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = lines.join("\n");
    if text.len() > LONGEST_SEGMENT { Err(NotAChange::TooLong(text.len())) } else { Ok(text) }
}

/// What is heard when: written beside the sound, and read by the player's page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Heard {
    /// Who read, for people: "Joe".
    pub reader: String,
    /// The language that was read, as BCP 47 names it.
    pub language: String,
    /// The segments, in order.
    pub segments: Vec<HeardSegment>,
}

/// A segment as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardSegment {
    /// Its number within the script.
    pub id: u32,
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub text: String,
    /// When it begins and ends, in milliseconds of the recording.
    pub ms: Range<u64>,
    /// Its words, in order: where each is in the text, in bytes, and when it is heard, in milliseconds.
    pub words: Vec<HeardWord>,
}

/// A word, and when it is heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardWord {
    /// Where it is in the text of its segment, in bytes.
    pub text: Range<usize>,
    /// When it is heard, in milliseconds of the recording.
    pub ms: Range<u64>,
    /// Whether a sentence begins with it.
    pub begins: bool,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    fn script() -> Script {
        Script::of(["One.", "Two.", "Three."].map(|text| (Kind::Paragraph, text.to_owned())), None)
    }

    fn ids(script: &Script) -> Vec<u32> {
        script.segments.iter().map(|segment| segment.id).collect()
    }

    #[test]
    fn segments_keep_their_numbers() {
        let mut script = script();
        assert_eq!((ids(&script), script.words()), (vec![1, 2, 3], 3));
        script.change(Change::Move(1, Some(3))).unwrap();
        assert_eq!(ids(&script), [2, 3, 1]);
        script.change(Change::Move(1, None)).unwrap();
        script.change(Change::Move(3, Some(1))).unwrap();
        assert_eq!(ids(&script), [1, 3, 2]);
        script.change(Change::Move(2, Some(2))).unwrap();
        script.change(Change::Insert(Some(1), " New \u{0} one. \n\n more".to_owned())).unwrap();
        assert_eq!(ids(&script), [1, 4, 3, 2]);
        assert_eq!(script.segments[1].text, "New  one.\nmore");
        script.change(Change::Text(4, "  ".to_owned())).unwrap();
        script.change(Change::Remove(2)).unwrap();
        assert_eq!(ids(&script), [1, 3]);
        script.change(Change::Insert(None, "First.".to_owned())).unwrap();
        assert_eq!(ids(&script), [5, 1, 3]);
    }

    #[test]
    fn a_script_is_as_long_as_can_be_read_aloud() {
        let of = |text: &str, times: usize| Script::of((0..times).map(|_| (Kind::Paragraph, text.repeat(10))), None);
        assert_eq!(of("a ", 5_000).check_length(), Ok(()));
        assert_eq!(of("a ", 5_001).check_length(), Err(NotAChange::TooManyWords(50_010)));
        assert_eq!(of(&"a".repeat(3_000), 35).check_length(), Err(NotAChange::TooManyBytes(1_050_000)));
    }

    #[test]
    fn what_cannot_be_done_changes_nothing() {
        let mut changed = script();
        for (change, why) in [
            (Change::Text(9, "x".to_owned()), NotAChange::NoSegment(9)),
            (Change::Move(1, Some(9)), NotAChange::NoSegment(9)),
            (Change::Pause(1, Some(10_001)), NotAChange::PauseTooLong(10_001)),
            (Change::Text(1, "x".repeat(LONGEST_SEGMENT + 1)), NotAChange::TooLong(LONGEST_SEGMENT + 1)),
        ] {
            assert_eq!(changed.change(change), Err(why));
            assert_eq!(changed, script());
        }
    }
}
