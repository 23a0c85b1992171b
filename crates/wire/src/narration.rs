//! The narration surface, Audyo's: articles in, players out. What is asked for, what is answered, and what organizations are told.

mod asked;
mod shown;
mod told;

pub use asked::Asked;
pub use shown::{Edited, Oembed, PlayerShown, Playing, Requested, StatusName};
pub use told::player_told;

/// A moment as this surface writes it: ISO 8601 with milliseconds, in UTC.
pub fn iso(time: model::Time) -> String {
    jiff::Timestamp::from_millisecond(time.as_ms()).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Reads a moment that is written in this way, or in another of ISO 8601 with its distance from UTC.
pub fn moment(text: &str) -> Option<model::Time> {
    text.parse::<jiff::Timestamp>().ok().map(|stamp| model::Time::from_ms(stamp.as_millisecond()))
}
