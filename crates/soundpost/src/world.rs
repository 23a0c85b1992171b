//! The world outside: the wall clock and the operating system's dice. Nobody else in the program asks for either.

use model::{Clock, Dice, Time};

/// The wall clock.
pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Time {
        #[expect(clippy::disallowed_methods, reason = "this is the one place where the wall clock is read")]
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Time::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The dice of the operating system.
pub(crate) struct SystemDice;

impl Dice for SystemDice {
    fn fill(&self, bytes: &mut [u8]) {
        // Without chance there are no secrets: going on would be worse than ending, and the system has it from its start on.
        if let Err(error) = getrandom::fill(bytes) {
            tracing::error!(%error, "the operating system has no randomness");
            std::process::abort();
        }
    }
}
