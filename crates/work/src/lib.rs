//! The wing that takes its time: the job runner, what jobs do, the only HTTP client of the program, and stores of users.
//!
//! What belongs here: networks and codecs, outside of any transaction. What does not: answering requests, and what a result means.

pub mod deliveries;
pub mod jobs;
pub mod mail;
pub mod narration;
pub mod outbound;
pub mod remotes;
pub mod runner;
pub mod scratch;
pub mod voices;
pub mod worker;

/// Reads a page as an article: what it says, or in a sentence why it is none.
pub fn read_article(bytes: &[u8], content_type: Option<&str>, address: &str) -> Result<model::Article, String> {
    article::read(bytes, content_type, address).map_err(|error| error.to_string())
}
