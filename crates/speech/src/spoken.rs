//! Text as it is spoken: sentences of plain words, each of which knows the piece of the text that it stands for.
//!
//! What belongs here: English writing conventions, from "$1.5bn" to "Henry VIII", and where a sentence ends for whoever speaks it.
//! How a word sounds is in `pronounce`.
//!
//! ```
//! let reading = speech::spoken::read("Dr. Chen paid $1.5bn on 3 May.");
//! let sentence = &reading.sentences[0];
//! assert_eq!(sentence.text, "Doctor Chen paid one point five billion dollars on May third.");
//! let word = &sentence.words[4];
//! assert_eq!(&sentence.text[word.said.clone()], "point");
//! assert_eq!(word.source, 14..20);
//! ```
//!
//! The text is read once, from left to right. At each place the rules of the modules below are asked in turn, and the first that knows
//! what stands there says how it is spoken; what no rule knows is a word as it is. Every letter and digit ends up in the piece of
//! exactly one rule, so that nothing is unspoken and nothing said twice, or it is listed as a [`Silence`] with its reason.

mod addresses;
mod amounts;
mod build;
mod dates;
mod names;
mod numbers;
mod scan;
mod symbols;
mod written;

use std::ops::Range;

pub use written::as_written;

/// Length of a sentence's text in bytes, at the most: half a minute of speech. A longer one is cut between clauses, or else between
/// words, so that no voice has to take in more at a time.
pub const LONGEST_SENTENCE: usize = 400;

/// A text, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// What is said, in order.
    pub sentences: Vec<Sentence>,
    /// What is not said though it has letters or digits.
    pub silences: Vec<Silence>,
}

/// What is said in one breath.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sentence {
    /// Words of letters and apostrophes, a space between two, and after a word at most one of , ; : . ? !
    pub text: String,
    /// The words of the text, in order.
    pub words: Vec<Word>,
}

/// A word of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Where it is in the sentence's text, in bytes.
    pub said: Range<usize>,
    /// What it stands for in the text that was read, in bytes. Words that stand for one thing together have the same range; other
    /// ranges do not overlap, and all are in order.
    pub source: Range<usize>,
    /// Whether it is the name of a letter, with "s" after it for a plural or a possessive.
    pub letter: bool,
}

/// A piece of a text that is not said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Where it is in the text, in bytes.
    pub source: Range<usize>,
    /// Why.
    pub reason: Reason,
}

/// Why something is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A number or letter that points to a note: `[12]`, `¹`.
    FootnoteMark,
    /// How an address begins or goes on: "https://www." and everything after a path that could be said.
    Address,
    /// A letter of an alphabet that this reader has no sounds for.
    ForeignScript,
}

/// Reads a text. Takes time in proportion to its length; every line break ends a sentence.
pub fn read(text: &str) -> Reading {
    scan::read(text)
}

/// The sentences of a text.
pub fn sentences(text: &str) -> Vec<Sentence> {
    read(text).sentences
}
