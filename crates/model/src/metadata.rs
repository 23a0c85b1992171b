//! What is said about a production in words: title, artist and the other fields that end up as tags.
//!
//! Files with these fields are read by [`Metadata::parse`] in `metadata/file.rs`. What a field is called inside an MP3
//! or an M4A is the business of the tag writers.

mod file;

use serde::{Deserialize, Serialize};

pub use file::{MAX_BYTES, MetadataError};

/// The descriptive fields of a production, under the names that the productions API uses.
///
/// An empty string means "not said"; it is never written as a tag.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metadata {
    /// Title of the episode, article or piece.
    pub title: String,
    /// Who speaks or plays.
    pub artist: String,
    /// Show, album or publication.
    pub album: String,
    /// Number within the album, as written: `7` or `7/12`.
    pub track: String,
    /// A line below the title.
    pub subtitle: String,
    /// A paragraph or more about the content.
    pub summary: String,
    /// Genre in words.
    pub genre: String,
    /// Four-digit year of publication, or empty.
    pub year: String,
    /// Who publishes it.
    pub publisher: String,
    /// Address of the page that belongs to it.
    pub url: String,
    /// Licence in words.
    pub license: String,
    /// Address of the licence's text.
    pub license_url: String,
    /// Keywords.
    pub tags: Vec<String>,
    /// Whether the chapter list is appended to the summary.
    pub append_chapters: bool,
    /// Where it was recorded.
    pub location: Option<Location>,
}

impl Metadata {
    /// Fills every field that says nothing from another set of fields, such as the tags of the source file.
    ///
    /// Tags are taken whole or not at all, and so is the location. Whether chapters are appended stays as it is: that
    /// is a wish about the result and not a fact that a source could know.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let text = |ours: String, theirs: String| if ours.is_empty() { theirs } else { ours };
        Self {
            title: text(self.title, other.title),
            artist: text(self.artist, other.artist),
            album: text(self.album, other.album),
            track: text(self.track, other.track),
            subtitle: text(self.subtitle, other.subtitle),
            summary: text(self.summary, other.summary),
            genre: text(self.genre, other.genre),
            year: text(self.year, other.year),
            publisher: text(self.publisher, other.publisher),
            url: text(self.url, other.url),
            license: text(self.license, other.license),
            license_url: text(self.license_url, other.license_url),
            tags: if self.tags.is_empty() { other.tags } else { self.tags },
            append_chapters: self.append_chapters,
            location: self.location.or(other.location),
        }
    }
}

/// A place on Earth, WGS 84, decimal degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees north, −90 to 90.
    pub latitude: f64,
    /// Degrees east, −180 to 180.
    pub longitude: f64,
}

#[cfg(test)]
mod tests;
