//! What was written down and will not have to be for some time. Only a shortcut: whoever does not know it asks the database.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::Time;

/// Notes that are remembered. Beyond that all are forgotten, and asked for again.
const MOST: usize = 10_000;

/// What was written down, and until when that is enough.
#[derive(Default)]
pub(crate) struct Told(Mutex<HashMap<String, Time>>);

impl Told {
    /// Whether it was written down for this time.
    pub(crate) fn is_known(&self, what: &str, now: Time) -> bool {
        self.lock().get(what).is_some_and(|until| *until > now)
    }

    /// Remembers that it was written down.
    pub(crate) fn remember(&self, what: String, until: Time) {
        let mut told = self.lock();
        if told.len() >= MOST {
            told.clear();
        }
        told.insert(what, until);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Time>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
