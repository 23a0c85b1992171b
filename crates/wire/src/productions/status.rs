//! Status numbers. Clients compare the integers, so each is what it is for ever.

use model::Draft;
use model::production::{Stage, State};

/// Every status: its number is its place in the list.
pub const STATUSES: [&str; 16] = [
    "File Upload",
    "Waiting",
    "Error",
    "Done",
    "Audio Processing",
    "Audio Encoding",
    "Outgoing File Transfer",
    "Audio Mono Mixdown",
    "Split Audio On Chapter Marks",
    "Incomplete",
    "Production Not Started Yet",
    "Production Outdated",
    "Incoming File Transfer",
    "Stopping the Production",
    "Speech Recognition",
    "Production Changed",
];

/// The number of a state. What was not started is incomplete until it has a recording.
pub fn number(state: &State, draft: &Draft) -> u8 {
    match state {
        State::Idle if draft.input.is_none() => 9,
        State::Idle => 10,
        State::Waiting => 1,
        State::Working { stage } => of_stage(*stage),
        State::Stopping => 13,
        State::Publishing { .. } => 6,
        State::Failed { .. } => 2,
        State::Done { .. } => 3,
        State::Outdated { .. } => 15,
    }
}

/// A status in words; empty for a number that is none.
pub fn text(number: u8) -> &'static str {
    STATUSES.get(usize::from(number)).copied().unwrap_or_default()
}

/// The number while a worker does this.
pub(super) fn of_stage(stage: Stage) -> u8 {
    match stage {
        Stage::Fetching => 12,
        Stage::Speaking | Stage::Processing => 4,
        Stage::Encoding => 5,
    }
}
