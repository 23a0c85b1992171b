//! How far it is with a narration that is being made.

use model::Time;
use model::production::{Stage, State};
use store::jobs::Progress;

/// How much of the way is behind when speaking begins, 0 to 1.
pub const SCRIPT_WRITTEN: f64 = 0.05;

/// How much of the way is behind when everything is spoken, 0 to 1.
pub const ALL_SPOKEN: f64 = 0.8;

/// Whether somebody makes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Underway {
    /// Nobody: it is done, did not work, or waits for its turn.
    #[default]
    Nobody,
    /// A worker does, and is so far.
    Worker(Progress),
    /// It did not work, and is tried again.
    Again {
        /// When.
        at: Time,
        /// Why it did not work, in a sentence.
        why: String,
    },
}

impl Underway {
    /// How much of the way is behind, 0 to 1. A worker says how far it is now and then, and what it does at once: so it is never less than where that
    /// begins.
    pub fn fraction(&self, state: &State) -> f64 {
        let told = match self {
            Self::Worker(progress) => progress.fraction.clamp(0.0, 1.0),
            Self::Nobody | Self::Again { .. } => 0.0,
        };
        let least = match state {
            State::Working { stage: Stage::Speaking } => SCRIPT_WRITTEN,
            State::Working { stage: Stage::Processing | Stage::Encoding } | State::Publishing { .. } => ALL_SPOKEN,
            _ => 0.0,
        };
        told.max(least)
    }
}
