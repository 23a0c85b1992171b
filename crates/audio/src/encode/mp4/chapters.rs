//! Chapter marks in MP4, twice: Nero's list in the user data, which most programs read, and a QuickTime text track that
//! the sound refers to, which Apple's read. MP4 has no place for the address of a chapter that players know.

use model::Chapters;

use super::tree::Tree;
use crate::tag::at_most;

/// Longest title, in bytes: Nero's list counts them in one byte.
const NERO_TITLE: usize = u8::MAX as usize;

/// Longest title in the text track, in bytes. The format would take 65 535, no screen does.
const TEXT_TITLE: usize = 4096;

/// Nero's list counts chapters in one byte.
const NERO_MARKS: usize = u8::MAX as usize;

/// Text encoding atom behind a title: UTF-8 (QuickTime File Format, "Text Sample Data").
const UTF8: &[u8] = b"\0\0\0\x0Cencd\0\0\x01\0";

/// Marks that lie within the sound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks<'a> {
    chapters: &'a [model::Chapter],
    length_ms: u64,
}

impl<'a> Marks<'a> {
    /// The marks that begin before the end.
    pub(super) fn within(chapters: &'a Chapters, length_ms: u64) -> Self {
        let all = chapters.as_slice();
        Self { chapters: &all[..all.partition_point(|mark| mark.start_ms < length_ms)], length_ms }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chapters.is_empty()
    }

    pub(super) fn count(&self) -> u32 {
        self.chapters.len() as u32
    }

    /// Milliseconds before the first mark.
    pub(super) fn first_ms(&self) -> u64 {
        self.chapters.first().map_or(self.length_ms, |mark| mark.start_ms)
    }

    /// Milliseconds from each mark to the next, or to the end.
    pub(super) fn lengths_ms(&self) -> impl Iterator<Item = u32> {
        let ends = self.chapters.iter().skip(1).map(|mark| mark.start_ms).chain([self.length_ms]);
        self.chapters.iter().zip(ends).map(|(mark, end)| u32::try_from(end - mark.start_ms).unwrap_or(u32::MAX))
    }

    /// Length of each sample of the text track, in bytes.
    pub(super) fn sizes(&self) -> impl Iterator<Item = u32> {
        self.chapters.iter().map(|mark| (2 + at_most(&mark.title, TEXT_TITLE).len() + UTF8.len()) as u32)
    }

    /// The samples of the text track, one after the other.
    pub(super) fn samples(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for mark in self.chapters {
            let title = at_most(&mark.title, TEXT_TITLE);
            bytes.extend_from_slice(&(title.len() as u16).to_be_bytes());
            bytes.extend_from_slice(title.as_bytes());
            bytes.extend_from_slice(UTF8);
        }
        bytes
    }

    /// Adds Nero's list: times in units of 100 ns. The format is not published; this is the second version, which is
    /// the one that is read everywhere.
    pub(super) fn nero(&self, tree: &mut Tree) {
        if self.is_empty() {
            return;
        }
        let listed = &self.chapters[..self.chapters.len().min(NERO_MARKS)];
        tree.full(*b"chpl", 1, 0, |tree| {
            tree.u32(0).u8(listed.len() as u8);
            for mark in listed {
                let title = at_most(&mark.title, NERO_TITLE);
                tree.u64(mark.start_ms.saturating_mul(10_000)).u8(title.len() as u8).put(title.as_bytes());
            }
        });
    }
}
