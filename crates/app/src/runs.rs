//! Pieces of audio being made, from the worker's side: a run begins, gets on, and ends once.
//!
//! What a run ends with and the end of its job are one transaction, so a worker whose lease is lost changes nothing. A
//! production is in the same state whether its worker was killed before or after any step.

use model::production::{Made, Stage, State, StoredFile};
use model::{AccountId, Production, ProductionId, Time};
use serde_json::Value;
use store::jobs::{Claimed, Fate, Job};
use store::{BlobKey, Tx};

use crate::files::{Limit, keep};
use crate::productions::PRODUCE;
use crate::transfers::TRANSFER;
use crate::{App, AppError};

/// Pieces of audio being made, from the worker's side.
pub struct Runs<'a>(pub(crate) &'a App);

/// What there is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// Make this.
    Go(Box<Production>),
    /// Nothing: it was stopped, removed, or started anew. The job is done with.
    Nothing,
}

/// What became of what a worker said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Said {
    /// It counts.
    Heard,
    /// The job is somebody else's by now: nothing was changed.
    TooLate,
}

impl Runs<'_> {
    /// Begins a run, or takes up one whose worker is gone.
    pub async fn begin(&self, job: &Claimed) -> Result<Begun, AppError> {
        let tx = self.0.begin().await?;
        let Some(mut production) = current(&tx, job).await? else {
            // Whether the acknowledgement counts makes no difference here: there is nothing to do either way.
            store::jobs::ack(&tx, job).await?;
            tx.commit().await?;
            return Ok(Begun::Nothing);
        };
        if production.state == State::Stopping {
            production.state = State::Idle;
            self.save(&tx, &mut production).await?;
            store::jobs::ack(&tx, job).await?;
            tx.commit().await?;
            return Ok(Begun::Nothing);
        }
        production.state = State::Working { stage: Stage::Fetching };
        self.save(&tx, &mut production).await?;
        tx.commit().await?;
        Ok(Begun::Go(Box::new(production)))
    }

    /// Says what is being done now.
    pub async fn reach(&self, job: &Claimed, stage: Stage) -> Result<Said, AppError> {
        let tx = self.0.begin().await?;
        let Some(mut production) = current(&tx, job).await? else { return Ok(Said::TooLate) };
        if matches!(production.state, State::Working { .. }) {
            production.state = State::Working { stage };
            self.save(&tx, &mut production).await?;
            tx.commit().await?;
        }
        Ok(Said::Heard)
    }

    /// Announces a file of the result, and says how many bytes it may have. Its key belongs to this run alone.
    pub async fn announce(&self, owner: AccountId, id: ProductionId, run: u32) -> Result<(BlobKey, u64), AppError> {
        let (key, Limit { bytes, .. }) = self.0.files().announce(owner, &format!("productions/{id}/{run}")).await?;
        Ok((key, bytes))
    }

    /// Lets a sweep remove announced files that came to nothing.
    pub async fn give_up(&self, keys: &[BlobKey]) {
        self.0.files().give_up(keys).await;
    }

    /// Ends a run with what came of it.
    pub async fn finish(&self, job: &Claimed, made: Made) -> Result<Said, AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let Some(mut production) = current(&tx, job).await? else { return Ok(Said::TooLate) };
        for file in &made.files {
            let file = StoredFile { key: file.key.clone(), name: file.name.clone(), size: file.size };
            keep(&tx, &file, now).await?;
        }
        for file in &made.drawings {
            keep(&tx, file, now).await?;
        }
        let (id, files, made) = (production.id, made.files.len(), Box::new(made));
        if production.draft.review_before_publishing {
            production.state = State::Done { made, in_review: true };
            self.0.deliveries().tell_webhook(&tx, &production).await?;
        } else {
            self.0.transfers().publish(&tx, &mut production, made).await?;
        }
        self.0.narrations().made(&tx, &production).await?;
        let said = self.end(tx, job, production).await?;
        if said == Said::Heard {
            tracing::info!(production = %id, files, "a production is made");
        }
        Ok(said)
    }

    /// Ends a run that did not work and would not the next time.
    pub async fn fail(&self, job: &Claimed, reason: &str, stage: Stage) -> Result<Said, AppError> {
        let tx = self.0.begin().await?;
        let Some(mut production) = current(&tx, job).await? else { return Ok(Said::TooLate) };
        production.state = State::Failed { reason: reason.to_owned(), stage: Some(stage) };
        self.tell_failed(&tx, &production).await?;
        self.end(tx, job, production).await
    }

    /// Ends a run that its owner stopped.
    pub async fn stopped(&self, job: &Claimed) -> Result<Said, AppError> {
        let tx = self.0.begin().await?;
        let Some(mut production) = current(&tx, job).await? else { return Ok(Said::TooLate) };
        production.state = State::Idle;
        self.end(tx, job, production).await
    }

    /// Puts a run off until then, or ends it where that was the last attempt.
    pub async fn put_off(&self, job: &Claimed, due: Time, reason: &str, stage: Stage) -> Result<Said, AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        // The production before its job, as every verb does: whoever takes them the other way round waits for one that waits for it.
        let production = current(&tx, job).await?;
        let fate = store::jobs::fail_later(&tx, job, now, due, reason).await?;
        if fate == Fate::Lost {
            return Ok(Said::TooLate);
        }
        if let Some(mut production) = production {
            production.state = match fate {
                Fate::Again => State::Waiting,
                Fate::Dead | Fate::Lost => State::Failed { reason: reason.to_owned(), stage: Some(stage) },
            };
            if matches!(production.state, State::Failed { .. }) {
                self.tell_failed(&tx, &production).await?;
            }
            self.save(&tx, &mut production).await?;
        }
        tx.commit().await?;
        Ok(Said::Heard)
    }

    /// A worker leaves, and the run waits for another one.
    pub async fn hand_back(&self, job: &Claimed) -> Result<Said, AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        if let Some(mut production) = current(&tx, job).await?
            && production.state != State::Stopping
        {
            production.state = State::Waiting;
            self.save(&tx, &mut production).await?;
        }
        if !store::jobs::hand_back(&tx, job, now).await? {
            return Ok(Said::TooLate);
        }
        tx.commit().await?;
        Ok(Said::Heard)
    }

    /// Ends runs whose workers ended with them too often, and says how many those were.
    pub async fn bury(&self) -> Result<usize, AppError> {
        const AT_ONCE: u64 = 100;
        let tx = self.0.begin().await?;
        let spent = store::jobs::bury_spent(&tx, self.0.now(), AT_ONCE).await?;
        for job in &spent {
            match job.kind.as_str() {
                PRODUCE => self.fail_spent(&tx, job).await?,
                TRANSFER => self.0.transfers().bury(&tx, job).await?,
                _ => {}
            }
        }
        tx.commit().await?;
        Ok(spent.len())
    }

    /// Lets a run that did not work wait once more, where it is still this run that failed. Its job is revived in the same transaction.
    pub(crate) async fn wait_again(&self, tx: &Tx, job: &Job) -> Result<bool, AppError> {
        let found = of_run(tx, &job.payload).await?;
        let Some(mut production) = found.filter(|production| matches!(production.state, State::Failed { .. })) else {
            return Ok(false);
        };
        production.state = State::Waiting;
        self.save(tx, &mut production).await?;
        Ok(true)
    }

    async fn fail_spent(&self, tx: &Tx, job: &Job) -> Result<(), AppError> {
        let Some(mut production) = running(tx, &job.payload).await? else { return Ok(()) };
        let stage = match production.state {
            State::Working { stage } => Some(stage),
            _ => None,
        };
        let reason = format!(
            "Making this ended the program that did it, {} times. The recording was kept; the operator can see more in the log.",
            job.attempts
        );
        tracing::error!(production = %production.id, attempts = job.attempts, "a production ended its workers");
        production.state = State::Failed { reason, stage };
        self.tell_failed(tx, &production).await?;
        self.save(tx, &mut production).await
    }

    /// Everybody hears that it did not work who was to hear of it.
    async fn tell_failed(&self, tx: &Tx, production: &Production) -> Result<(), AppError> {
        self.0.deliveries().tell_webhook(tx, production).await?;
        self.0.narrations().failed(tx, production).await
    }

    async fn end(&self, tx: Tx, job: &Claimed, mut production: Production) -> Result<Said, AppError> {
        self.save(&tx, &mut production).await?;
        if !store::jobs::ack(&tx, job).await? {
            return Ok(Said::TooLate);
        }
        tx.commit().await?;
        Ok(Said::Heard)
    }

    async fn save(&self, tx: &Tx, production: &mut Production) -> Result<(), AppError> {
        production.changed = self.0.now();
        store::productions::update(tx, production).await?;
        Ok(())
    }
}

/// The production that a job is about, if it is still this run that is wanted.
pub(crate) async fn current(tx: &Tx, job: &Claimed) -> Result<Option<Production>, AppError> {
    running(tx, &job.payload).await
}

async fn running(tx: &Tx, payload: &Value) -> Result<Option<Production>, AppError> {
    // While files are on their way to stores the run itself is over.
    let is_run = |state: &State| state.is_running() && state.made().is_none();
    Ok(of_run(tx, payload).await?.filter(|production| is_run(&production.state)))
}

/// The production that a payload names, if this run was its last.
pub(crate) async fn of_run(tx: &Tx, payload: &Value) -> Result<Option<Production>, AppError> {
    let id = payload.get("production").and_then(Value::as_str).and_then(|id| id.parse::<ProductionId>().ok());
    let run = payload.get("run").and_then(Value::as_u64);
    let (Some(id), Some(run)) = (id, run) else { return Ok(None) };
    let found = store::productions::find_for_update(tx, id).await?;
    Ok(found.filter(|production| u64::from(production.run) == run))
}
