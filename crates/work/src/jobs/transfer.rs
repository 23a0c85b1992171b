//! Putting what was made into a store, file after file. A file that is there already is replaced, so that a job can be done again from any
//! point.

use std::sync::Arc;

use app::runs::Said;
use app::transfers::{TRANSFER, Transfer};
use app::{App, AppError};
use futures_util::future::BoxFuture;
use model::Dice;
use store::{BlobKey, Blobs, Store};

use super::failures::{about_file, back_off, from_app, from_disk, from_remote};
use crate::remotes::{Moved, Remotes};
use crate::runner::{Body, Failure, Task, Why};
use crate::scratch::Scratch;

/// Puts what was made into stores.
pub struct Transfers {
    /// The verbs.
    pub app: App,
    /// The database, for its job table.
    pub store: Store,
    /// Storage.
    pub blobs: Blobs,
    /// The way to stores of users.
    pub remotes: Remotes,
    /// Whoever throws the dice.
    pub dice: Arc<dyn Dice>,
    /// Where work under way lies.
    pub scratch: Arc<Scratch>,
}

impl Body for Transfers {
    fn kind(&self) -> &'static str {
        TRANSFER
    }

    fn run(self: Arc<Self>, task: Arc<Task>) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move {
            let begun = self.app.transfers().begin(&task.job).await.map_err(|error| from_app(&error))?;
            let Some(transfer) = begun else { return Ok(()) };
            let addresses = task.unless_stopped(Box::pin(self.put(&task, &transfer))).await?;
            match self.app.transfers().finish(&task.job, addresses).await.map_err(|error| from_app(&error))? {
                Said::Heard => Ok(()),
                Said::TooLate => Err(Failure::Stopped(Why::Lost)),
            }
        })
    }

    fn end<'a>(&'a self, task: &'a Task, failure: &'a Failure) -> BoxFuture<'a, Result<(), AppError>> {
        Box::pin(async move {
            let (transfers, job) = (self.app.transfers(), &task.job);
            let said = match failure {
                Failure::Later(reason) => {
                    let due = self.app.now() + back_off(&*self.dice, job.attempt);
                    transfers.put_off(job, due, reason).await?
                }
                Failure::Never(reason) => transfers.fail(job, reason).await?,
                Failure::Stopped(Why::Leaving) => transfers.hand_back(job).await?,
                Failure::Stopped(Why::Cancelled | Why::Lost) => Said::TooLate,
            };
            if said == Said::TooLate {
                // Nobody waits for it any more. If it is somebody else's by now, this does nothing.
                let tx = self.store.begin().await?;
                store::jobs::ack(&tx, job).await?;
                tx.commit().await?;
            }
            Ok(())
        })
    }
}

impl Transfers {
    /// Puts every file there; where everybody finds them.
    async fn put(&self, task: &Task, transfer: &Transfer) -> Result<Vec<String>, Failure> {
        let whole = transfer.files.iter().map(|file| file.size).sum::<u64>().max(1) as f64;
        let folder = self.scratch.folder().map_err(|error| from_disk(&error))?;
        let (mut addresses, mut done) = (Vec::new(), 0);
        for file in &transfer.files {
            let path = folder.path().join("file");
            let key: BlobKey = file.key.parse().map_err(|_| about_file(&file.name, &store::BlobError::NotFound))?;
            self.blobs.fetch_to(&key, &path).await.map_err(|error| about_file(&file.name, &error))?;
            let hear = |moved: Moved| task.report((done + moved.bytes) as f64 / whole, "transferring");
            let opened = &transfer.opened;
            let put = self.remotes.put(&opened.remote, &opened.secret, &file.name, &path, &hear).await;
            addresses.extend(put.map_err(|error| from_remote(&error))?.address);
            done += file.size;
            tokio::fs::remove_file(&path).await.map_err(|error| from_disk(&error))?;
        }
        Ok(addresses)
    }
}
