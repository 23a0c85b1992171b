//! When a request was made, and whether that is now.

use super::{Problem, WINDOW_SECONDS};

/// Timestamp and nonce of a request (RFC 5849 §3.3). Together with the app and the token they may be seen once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// Seconds since 1970, by the client's clock.
    pub seconds: u64,
    /// What the client made up for this request; at least one character.
    pub nonce: &'a str,
}

impl Stamp<'_> {
    /// Whether the timestamp is within [`WINDOW_SECONDS`] of `now`, in seconds since 1970, either way.
    ///
    /// Whoever remembers stamps must keep them until this says no: for twice the window after they came.
    pub fn check(&self, now: u64) -> Result<(), Problem> {
        if self.seconds.abs_diff(now) > WINDOW_SECONDS { Err(Problem::TimestampRefused { now }) } else { Ok(()) }
    }
}
