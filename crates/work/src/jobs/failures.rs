//! What stood in the way of a job, as the end of its attempt: what passes is tried again, what does not is said to whoever has to do
//! something.

use std::io;
use std::time::Duration;

use app::AppError;
use model::Dice;
use store::BlobError;

use crate::outbound::OutboundError;
use crate::remotes::RemoteError;
use crate::runner::{Failure, Why};

/// How long the next attempt waits, by how many there were.
pub(super) const BACK_OFF: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
];

/// How long the next attempt waits, give or take a tenth.
pub(super) fn back_off(dice: &dyn Dice, attempt: u32) -> Duration {
    let step = (attempt.max(1) as usize - 1).min(BACK_OFF.len() - 1);
    let mut byte = [0];
    dice.fill(&mut byte);
    BACK_OFF[step].mul_f64(0.9 + f64::from(byte[0]) / 1_275.0)
}

pub(super) fn from_disk(error: &io::Error) -> Failure {
    tracing::error!(%error, "scratch space cannot be used");
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Failure::Never(
            "There is not enough room on the machine to make this. The operator has to make room; start it again then."
                .to_owned(),
        ),
        _ => Failure::Later(
            "The machine cannot read or write its own files. The operator can see why in the log.".to_owned(),
        ),
    }
}

pub(super) fn from_outbound(error: &OutboundError) -> Failure {
    match error {
        OutboundError::Write(io) => from_disk(io),
        error if error.is_passing() => Failure::Later(error.to_string()),
        error => Failure::Never(error.to_string()),
    }
}

pub(super) fn from_remote(error: &RemoteError) -> Failure {
    match error {
        RemoteError::Outbound(error) => from_outbound(error),
        error if error.is_passing() => Failure::Later(error.to_string()),
        error => Failure::Never(error.to_string()),
    }
}

pub(super) fn about_file(name: &str, error: &BlobError) -> Failure {
    match error {
        BlobError::NotFound => Failure::Never(format!("{name} is not in storage any more. Upload it again.")),
        error => from_blobs(error),
    }
}

pub(super) fn from_blobs(error: &BlobError) -> Failure {
    match error {
        BlobError::Full => {
            tracing::error!("storage is full");
            Failure::Never("Storage is full. The operator has to make room; start it again then.".to_owned())
        }
        error => {
            tracing::error!(%error, "storage cannot be used");
            Failure::Later("Storage does not answer as it should. The operator can see why in the log.".to_owned())
        }
    }
}

pub(super) fn from_app(error: &AppError) -> Failure {
    if error.is_passing() { Failure::Later(error.to_string()) } else { Failure::Never(error.to_string()) }
}

/// What somebody who waits is told of a failure; nothing, where the job went to another worker.
pub(super) fn to_whoever_waits(failure: &Failure) -> Option<&str> {
    match failure {
        Failure::Later(why) | Failure::Never(why) => Some(why),
        Failure::Stopped(Why::Lost) => None,
        // Nobody waits as long as it takes for another worker to come.
        Failure::Stopped(Why::Cancelled | Why::Leaving) => Some("The server was just stopped. Try again in a moment."),
    }
}
