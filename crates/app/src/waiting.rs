//! Having a worker do something while somebody waits for it: a job that goes before others, and what it answers.

use std::time::Duration;

use model::JobId;
use serde_json::Value;
use store::Tx;
use store::jobs::{Claimed, NewJob, Priority};
use tokio::time::{Instant, sleep};

use crate::{App, AppError};

/// How long somebody waits for it.
const WAITS: Duration = Duration::from_secs(15);

/// How often is looked whether it is done.
const LOOKS_EVERY: Duration = Duration::from_millis(100);

impl App {
    /// Has a worker do a kind of work on a subject, and gives back what it answers; [`AppError::NoAnswer`] where none does in time.
    pub(crate) async fn ask_worker(
        &self,
        kind: &'static str,
        subject: String,
        payload: Value,
    ) -> Result<Value, AppError> {
        let now = self.now();
        let job = JobId::new(now, self.dice());
        let subject = Some(subject);
        let new = NewJob { kind, payload, priority: Priority::High, due: now, unique: None, subject, max_attempts: 1 };
        let tx = self.begin().await?;
        let _ = store::jobs::enqueue(&tx, now, job, new).await?;
        tx.commit().await?;
        let until = Instant::now() + WAITS;
        while Instant::now() < until {
            sleep(LOOKS_EVERY).await;
            if let Some(answer) = store::answers::find(self.store(), job).await? {
                let tx = self.begin().await?;
                store::answers::remove(&tx, job).await?;
                tx.commit().await?;
                return Ok(answer);
            }
        }
        Err(AppError::NoAnswer)
    }

    /// Whether somebody still waits for what a job answers; [`AppError::NoAnswer`] if not, since the job was queued too long ago.
    pub(crate) fn somebody_waits(&self, job: &Claimed) -> Result<(), AppError> {
        let late = self.now().since(job.enqueued) > WAITS;
        if late { Err(AppError::NoAnswer) } else { Ok(()) }
    }

    /// A worker's answer, with which its job ends. Whoever lost the job has nothing to say any more.
    pub(crate) async fn answer(&self, tx: Tx, job: &Claimed, answer: Value) -> Result<(), AppError> {
        if store::jobs::ack(&tx, job).await? {
            store::answers::put(&tx, job.id, answer, self.now()).await?;
        }
        Ok(tx.commit().await?)
    }
}
