//! The queue as an operator sees it: what waits, what is being done, what did not work, and what is done about that.
//!
//! Workers are not here: what they say of jobs is in `runs.rs`.

use model::JobId;
use store::Page;
use store::jobs::{Counts, Job, JobState};

use crate::productions::PRODUCE;
use crate::{App, AppError};

/// Dead jobs that are looked at in one step.
const AT_ONCE: u64 = 500;

/// The queue as an operator sees it.
pub struct Queue<'a>(pub(crate) &'a App);

/// What became of all dead jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revived {
    /// So many are tried again.
    pub revived: usize,
    /// So many stay dead, since nobody waits for them any more.
    pub left: usize,
}

impl Queue<'_> {
    /// How many jobs there are.
    pub async fn counts(&self) -> Result<Counts, AppError> {
        Ok(store::jobs::counts(self.0.store(), self.0.now()).await?)
    }

    /// All jobs: those that did not work in front, then the oldest.
    pub async fn list(&self, page: Page) -> Result<Vec<Job>, AppError> {
        Ok(store::jobs::list(self.0.store(), page).await?)
    }

    /// Jobs that did not work, those that ended last in front.
    pub async fn list_dead(&self, page: Page) -> Result<Vec<Job>, AppError> {
        Ok(store::jobs::list_dead(self.0.store(), page).await?)
    }

    /// Has a job that did not work tried again, with all its attempts.
    pub async fn revive(&self, id: JobId) -> Result<(), AppError> {
        let job = self.dead(id).await?;
        let tx = self.0.begin().await?;
        if job.kind == PRODUCE && !self.0.runs().wait_again(&tx, &job).await? {
            return Err(AppError::Conflict(format!(
                "Nobody waits for {id}: its production is gone, or was started anew since. It can be dropped."
            )));
        }
        if !store::jobs::revive(&tx, id, self.0.now()).await? {
            return Err(AppError::NotFound("dead job"));
        }
        Ok(tx.commit().await?)
    }

    /// Has all of them tried again.
    pub async fn revive_all(&self) -> Result<Revived, AppError> {
        let mut ids = Vec::new();
        loop {
            let dead = self.list_dead(Page { limit: AT_ONCE, offset: ids.len() as u64 }).await?;
            if dead.is_empty() {
                break;
            }
            ids.extend(dead.into_iter().map(|job| job.id));
        }
        let mut all = Revived::default();
        for id in ids {
            match self.revive(id).await {
                Ok(()) => all.revived += 1,
                Err(AppError::Conflict(_)) => all.left += 1,
                // Somebody else was faster.
                Err(AppError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Forgets a job that did not work.
    pub async fn remove(&self, id: JobId) -> Result<(), AppError> {
        self.dead(id).await?;
        let tx = self.0.begin().await?;
        if !store::jobs::remove_dead(&tx, id).await? {
            return Err(AppError::NotFound("dead job"));
        }
        Ok(tx.commit().await?)
    }

    async fn dead(&self, id: JobId) -> Result<Job, AppError> {
        let job = store::jobs::find(self.0.store(), id).await?.ok_or(AppError::NotFound("job"))?;
        if matches!(job.state, JobState::Dead { .. }) {
            return Ok(job);
        }
        Err(AppError::Conflict(format!("{id} is no dead job: it waits, or a worker has it.")))
    }
}
