//! Soundpost's nouns: values that every room speaks of and none owns.
//!
//! What belongs here: types that have a meaning outside one room, the rules that hold for them on their own, and how
//! they are read from text. What does not: files, sockets, clocks, databases, sound. Nothing in here reads or writes.

pub mod chapters;
mod found;
pub mod metadata;

pub use chapters::{Chapter, Chapters, ChaptersError};
pub use metadata::{Location, Metadata, MetadataError};
