//! The job queue: work that is promised in a transaction and done outside of any.
//!
//! A job is *ready*, or waits *later* for its time, or is *leased* to a worker, or is *dead* with a reason. What is done is
//! forgotten in the transaction that uses what came of it. A lease is a time and a token: whoever does not say in time that
//! it lives loses the job to somebody else, and its acknowledgement is refused. Attempts are counted when a job is handed
//! out, so a job that kills its worker is handed out so often and no more.

//!
//! The nouns are here; `lease.rs` has what workers do, `look.rs` what people and pages see, `row.rs` how it lies in the
//! database.

mod lease;
mod look;
pub(crate) mod row;

use std::time::Duration;

use model::{JobId, Time};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::Value;

use crate::connection::reading::Connected as _;
use crate::document;
use crate::{StoreError, Tx};

use row::Entity;

pub use lease::{ack, ask_cancel, bury_spent, claim, claim_many, fail_later, fail_never, hand_back, heartbeat};
pub use look::{
    again_of, counts, find, list, list_by_subject, list_dead, next_due, progress_of, remove_dead, remove_dead_before,
    revive,
};

/// What is done first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Whenever there is time.
    Low,
    /// In its turn.
    #[default]
    Normal,
    /// Somebody waits for it.
    High,
}

/// A job to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Which work it is.
    pub kind: &'static str,
    /// What the work needs to know: ids, mostly.
    pub payload: Value,
    /// What is done first.
    pub priority: Priority,
    /// Not before this moment.
    pub due: Time,
    /// No two jobs with the same of these are alive at once.
    pub unique: Option<String>,
    /// What it is about, to find and cancel it by.
    pub subject: Option<String>,
    /// How often it is handed out at most.
    pub max_attempts: u32,
}

/// What became of a job that was to be enqueued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Enqueued {
    /// It is in the queue.
    New,
    /// A living job has its unique key, and nothing was changed.
    AlreadyThere,
}

/// Who claims what.
#[derive(Clone, Copy, Debug)]
pub struct ClaimOptions<'a> {
    /// Kinds of work that can be done; none means none.
    pub kinds: &'a [&'a str],
    /// Who claims, for people who look.
    pub worker: &'a str,
    /// How long the job is not given to anybody else.
    pub lease: Duration,
}

/// A job that was handed out, and the right to finish it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// Its name within the program.
    pub id: JobId,
    /// Which work it is.
    pub kind: String,
    /// What the work needs to know.
    pub payload: Value,
    /// What it is about.
    pub subject: Option<String>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How many there are.
    pub max_attempts: u32,
    /// Whether it was asked to stop before it was claimed.
    pub cancel_asked: bool,
    /// When it was put in the queue.
    pub enqueued: Time,
    token: String,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// From 0 to 1.
    pub fraction: f64,
    /// What is being done, in the words of whoever does it.
    pub stage: String,
    /// What is finished of a sound that is being made: amplitudes of 0 to 127 from its beginning on, over parts of one length. Empty where there is nothing to draw.
    pub amplitudes: Vec<u8>,
}

/// What a worker hears when it says that it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Beat {
    /// Go on.
    Alive,
    /// Somebody asked it to stop. The lease was prolonged all the same.
    CancelAsked,
    /// The job is somebody else's by now, or gone.
    Lost,
}

/// What becomes of a job that did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Fate {
    /// It is tried again.
    Again,
    /// That was its last attempt: it is dead.
    Dead,
    /// The lease is lost: drop the transaction.
    Lost,
}

/// What was done about a wish to cancel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cancelled {
    /// Jobs that nobody had begun and that are gone.
    pub removed: u64,
    /// Jobs whose workers will hear of it.
    pub asked: u64,
}

/// A job in the queue, for people and pages that look.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its name within the program.
    pub id: JobId,
    /// Which work it is.
    pub kind: String,
    /// What the work needs to know.
    pub payload: Value,
    /// What it is about.
    pub subject: Option<String>,
    /// How far it is in the queue.
    pub state: JobState,
    /// How often it was handed out.
    pub attempts: u32,
    /// How often it may be.
    pub max_attempts: u32,
    /// Why the last attempt did not work, if one did not.
    pub trouble: Option<String>,
    /// When it was put in the queue.
    pub enqueued: Time,
}

/// How far a job is in the queue.
#[derive(Clone, Debug, PartialEq)]
pub enum JobState {
    /// Any worker may take it from this moment on.
    Waiting {
        /// The moment.
        due: Time,
    },
    /// A worker has it.
    Leased {
        /// Which one.
        worker: String,
        /// Until when, if nothing is heard of it.
        until: Time,
        /// What it said last.
        progress: Option<Progress>,
        /// Whether it was asked to stop.
        cancel_asked: bool,
    },
    /// It did not work and is not tried again.
    Dead {
        /// Since when.
        since: Time,
        /// Why.
        reason: String,
    },
}

/// How many jobs there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Could be done now.
    pub ready: u64,
    /// Wait for their time.
    pub later: u64,
    /// A worker has them.
    pub leased: u64,
    /// Did not work.
    pub dead: u64,
    /// When the one that has been ready for longest was due.
    pub oldest_ready: Option<Time>,
}

/// Puts a job in the queue. Workers see it once the transaction is committed.
pub async fn enqueue(tx: &Tx, now: Time, id: JobId, job: NewJob) -> Result<Enqueued, StoreError> {
    document::keepable(&job.payload)?;
    let state = if job.due <= now { row::READY } else { row::LATER };
    let row = row::Model {
        id: id.to_string(),
        kind: job.kind.to_owned(),
        payload: job.payload,
        priority: row::number(job.priority),
        state: state.to_owned(),
        due_ms: job.due.as_ms(),
        unique_key: job.unique,
        subject: job.subject,
        attempts: 0,
        max_attempts: job.max_attempts.max(1).into(),
        worker: None,
        token: None,
        cancel_asked: false,
        progress_fraction: None,
        progress_stage: None,
        progress_amplitudes: None,
        trouble: None,
        enqueued_ms: now.as_ms(),
    };
    // The only thing that can be in the way is a living job of the same key.
    let insert =
        Entity::insert(row.into_active_model().reset_all()).on_conflict(OnConflict::new().do_nothing().to_owned());
    if insert.exec_without_returning(tx.connection()).await? == 0 {
        return Ok(Enqueued::AlreadyThere);
    }
    if state == row::READY {
        tx.note_enqueued();
    }
    Ok(Enqueued::New)
}
