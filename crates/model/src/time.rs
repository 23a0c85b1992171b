//! Time and chance, as the arguments that they are in this house.
//!
//! A moment is whole milliseconds since 1970 in UTC, the form in which databases compare it. Where the time comes from, and
//! the dice, is decided by the program; tests bring their own of both.

use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970-01-01T00:00:00Z, leap seconds left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

impl Time {
    /// The moment that many milliseconds after 1970 began.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970 began.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this is; nothing where it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(later.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(earlier.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// Whoever tells the time.
pub trait Clock: Send + Sync {
    /// This moment.
    fn now(&self) -> Time;
}

/// Whoever throws the dice: for ids and secrets, so in the program it is the operating system's.
pub trait Dice: Send + Sync {
    /// Fills a buffer with bytes that nobody can foretell.
    fn fill(&self, bytes: &mut [u8]);
}
