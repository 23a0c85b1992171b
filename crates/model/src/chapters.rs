//! Chapter marks: where in a recording something begins, and what it is called.

use serde::{Deserialize, Serialize};

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

    /// The marks, earliest first.
    pub fn as_slice(&self) -> &[Chapter] {
        &self.0
    }

    /// Whether there is no mark at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
