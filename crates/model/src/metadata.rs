//! What is said about a production in words: title, artist and the other fields that end up as tags.

use serde::{Deserialize, Serialize};

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

/// A place on Earth, WGS 84, decimal degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees north, −90 to 90.
    pub latitude: f64,
    /// Degrees east, −180 to 180.
    pub longitude: f64,
}
