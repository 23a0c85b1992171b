//! The job runner: claims jobs lane by lane, keeps their leases alive, and sees to it that each ends once.
//!
//! What belongs here: when a job is claimed, heard of, asked to stop, and given back. What does not: what any job does; that is a
//! [`Body`], and there is one for each kind.
//!
//! Whose a job is, is decided by its lease alone. A worker that is late, was asleep or cut off finds that out when it says that it
//! lives, or at the latest in the transaction with which it ends the job: nothing that it did counts then.

mod task;
#[cfg(test)]
mod tests;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use app::AppError;
use futures_util::future::BoxFuture;
use model::{Clock, Dice, random_text};
use store::jobs::{Beat, ClaimOptions, Claimed};
use store::{Bell, Store, StoreError};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinError, JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::Instrument;

pub use self::task::{Failure, Task, Why};

/// What jobs of one kind do.
pub trait Body: Send + Sync {
    /// The kind.
    fn kind(&self) -> &'static str;

    /// Does the work, and ends the job in the transaction that uses what came of it. Stops soon when the task is asked to.
    fn run(self: Arc<Self>, task: Arc<Task>) -> BoxFuture<'static, Result<(), Failure>>;

    /// Says in the database what became of a job that did not work, in one transaction.
    fn end<'a>(&'a self, task: &'a Task, failure: &'a Failure) -> BoxFuture<'a, Result<(), AppError>>;
}

/// Jobs that are done side by side.
pub struct Lane {
    /// Its name in logs.
    pub name: &'static str,
    /// How many of them at once.
    pub at_once: usize,
    /// What they are.
    pub bodies: Vec<Arc<dyn Body>>,
}

/// How a worker goes about it.
#[derive(Clone, Debug)]
pub struct RunnerOptions {
    /// The worker's name, for people who look.
    pub worker: String,
    /// How long a job is ours without a word. After a worker was killed, that long nobody else takes its jobs.
    pub lease: Duration,
    /// How often the queue is looked into when nothing rings.
    pub poll: Duration,
    /// How long a job that was asked to stop may take for that.
    pub patience: Duration,
}

/// The longest between two signs of life: pages show what they carry, and who stops a job waits for one.
const SLOWEST_BEAT: Duration = Duration::from_secs(2);

/// Looks into the queue, and runs what it finds.
pub struct Runner {
    desk: Arc<Desk>,
    lanes: Vec<Arc<Lane>>,
}

/// What everybody in a worker needs.
struct Desk {
    store: Store,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    options: RunnerOptions,
}

/// A body that does not outlive whoever attends to it.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Runner {
    /// Puts a worker together. Nothing is claimed yet.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        dice: Arc<dyn Dice>,
        options: RunnerOptions,
        lanes: Vec<Lane>,
    ) -> Self {
        let desk = Arc::new(Desk { store, clock, dice, options });
        Self { desk, lanes: lanes.into_iter().map(Arc::new).collect() }
    }

    /// Works until asked to stop. Then nothing is claimed any more, jobs under way are asked to stop, and what is not done is
    /// given back, its attempt not counted, before this returns.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (tell, leaving) = watch::channel(false);
        let mut lanes = JoinSet::new();
        for lane in self.lanes {
            lanes.spawn(keep_serving(Arc::clone(&self.desk), lane, leaving.clone()));
        }
        stop.await;
        tell.send_replace(true);
        while lanes.join_next().await.is_some() {}
    }
}

/// Serves a lane, whatever happens in it.
async fn keep_serving(desk: Arc<Desk>, lane: Arc<Lane>, mut leaving: watch::Receiver<bool>) {
    loop {
        let mut serving = JoinSet::new();
        serving.spawn(serve(Arc::clone(&desk), Arc::clone(&lane), leaving.clone()));
        let Some(Err(error)) = serving.join_next().await else { return };
        tracing::error!(lane = lane.name, %error, "a lane broke down and is begun again");
        tokio::select! {
            () = sleep(desk.pause()) => {}
            () = left(&mut leaving) => return,
        }
    }
}

/// Claims jobs of a lane, as many as may run at once.
async fn serve(desk: Arc<Desk>, lane: Arc<Lane>, mut leaving: watch::Receiver<bool>) {
    let kinds: Vec<&str> = lane.bodies.iter().map(|body| body.kind()).collect();
    let mut bell = Bell::new(&desk.store);
    let mut running = JoinSet::new();
    while !*leaving.borrow() {
        while running.try_join_next().is_some() {}
        let places = lane.at_once.saturating_sub(running.len());
        if places == 0 {
            tokio::select! {
                _ = running.join_next() => continue,
                () = left(&mut leaving) => break,
            }
        }
        // Not within a select: a claim that is dropped on the way would hold its job for a whole lease.
        match desk.claim(&kinds, places).await {
            Ok(jobs) if jobs.is_empty() => tokio::select! {
                () = bell.wait(desk.pause()) => {}
                Some(_) = running.join_next() => {}
                () = left(&mut leaving) => {}
            },
            Ok(jobs) => {
                for job in jobs {
                    let body = lane.bodies.iter().find(|body| body.kind() == job.kind);
                    // Only kinds that there are bodies for are claimed.
                    let Some(body) = body else { continue };
                    running.spawn(attend(Arc::clone(&desk), Arc::clone(body), job, leaving.clone()));
                }
            }
            Err(error) => {
                tracing::warn!(lane = lane.name, %error, "the queue cannot be looked into");
                tokio::select! {
                    () = sleep(desk.pause()) => {}
                    () = left(&mut leaving) => {}
                }
            }
        }
    }
    while running.join_next().await.is_some() {}
}

/// Runs one job to its end, and keeps its lease alive meanwhile.
async fn attend(desk: Arc<Desk>, body: Arc<dyn Body>, job: Claimed, mut leaving: watch::Receiver<bool>) {
    let span = tracing::info_span!("work.job.run", job.id = %job.id, job.kind, job.attempt);
    let task = Arc::new(Task::new(job));
    let running = tokio::spawn(Arc::clone(&body).run(Arc::clone(&task)).instrument(span.clone()));
    let abort = AbortOnDrop(running.abort_handle());
    let mut ended = pin!(conclude(&desk, &*body, &task, running).instrument(span));
    // A task of its own: were it polled beside the end of the job, each could wait for the other's transaction.
    let mut beating = JoinSet::new();
    beating.spawn(beat(Arc::clone(&desk), Arc::clone(&task)));
    let mut patience = pin!(wait_then(task.stopping(), desk.options.patience));
    let (mut knows_leaving, mut lost_patience) = (false, false);
    loop {
        tokio::select! {
            () = &mut ended => return,
            () = left(&mut leaving), if !knows_leaving => {
                knows_leaving = true;
                task.stop(Why::Leaving);
            }
            () = &mut patience, if !lost_patience => {
                lost_patience = true;
                abort.0.abort();
            }
        }
    }
}

/// Says again and again that a job's worker lives, until it is dropped.
async fn beat(desk: Arc<Desk>, task: Arc<Task>) {
    loop {
        sleep(desk.beat()).await;
        desk.heartbeat(&task).await;
    }
}

/// Waits for a body to end, and says in the database what became of its job.
async fn conclude(desk: &Desk, body: &dyn Body, task: &Task, running: JoinHandle<Result<(), Failure>>) {
    let failure = match running.await {
        Ok(Ok(())) => {
            metrics::counter!("soundpost_jobs_ended_total", "kind" => body.kind(), "end" => "done").increment(1);
            return;
        }
        Ok(Err(failure)) => failure,
        Err(error) => broken(task, error),
    };
    let end = match &failure {
        Failure::Later(_) => "later",
        Failure::Never(_) => "never",
        Failure::Stopped(_) => "stopped",
    };
    metrics::counter!("soundpost_jobs_ended_total", "kind" => body.kind(), "end" => end).increment(1);
    if failure == Failure::Stopped(Why::Lost) {
        tracing::warn!("the lease of a job was lost, and what was done of it is thrown away");
        return;
    }
    tracing::info!(?failure, "a job ended early");
    let said = desk.insist(|| body.end(task, &failure)).await;
    if let Err(error) = said {
        tracing::error!(%error, "a job's end could not be written down; it is done again when its lease is over");
    }
}

/// What a body that panicked, or was not waited for, came to.
fn broken(task: &Task, error: JoinError) -> Failure {
    if error.is_cancelled() {
        return Failure::Stopped(task.stopped().unwrap_or(Why::Leaving));
    }
    let payload = error.into_panic();
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(reference = %task.job.id, panic = text, "a job panicked");
    Failure::Never(format!(
        "Something went wrong on this side, and it was written down. Ask the operator, and name the reference {}.",
        task.job.id
    ))
}

impl Desk {
    /// Claims a job for each free place: one step in the database is as dear for one as for many.
    async fn claim(&self, kinds: &[&str], places: usize) -> Result<Vec<Claimed>, StoreError> {
        let options = ClaimOptions { kinds, worker: &self.options.worker, lease: self.options.lease };
        let token = random_text(32, &*self.dice);
        store::jobs::claim_many(&self.store, &options, places as u64, self.clock.now(), &token).await
    }

    /// Says that the job's worker lives, and hears whether it is to go on.
    async fn heartbeat(&self, task: &Task) {
        let progress = task.progress();
        let said =
            store::jobs::heartbeat(&self.store, &task.job, self.clock.now(), self.options.lease, progress.as_ref());
        // A database that is away does not end the work: if the lease is lost by then, the next sign of life says so.
        match timeout(self.options.lease / 3, said).await {
            Ok(Ok(Beat::Alive)) => {}
            Ok(Ok(Beat::CancelAsked)) => task.stop(Why::Cancelled),
            Ok(Ok(Beat::Lost)) => task.stop(Why::Lost),
            Ok(Err(error)) => tracing::warn!(job.id = %task.job.id, %error, "a sign of life was not heard"),
            Err(_) => tracing::warn!(job.id = %task.job.id, "a sign of life was not heard in time"),
        }
    }

    /// Tries to write something down until it works, or the lease must be over.
    async fn insist<'a>(&self, attempt: impl Fn() -> BoxFuture<'a, Result<(), AppError>>) -> Result<(), AppError> {
        let begun = self.clock.now();
        loop {
            match attempt().await {
                Err(error) if error.is_passing() && self.clock.now().since(begun) < self.options.lease => {
                    tracing::warn!(%error, "a job's end could not be written down and is tried again");
                    sleep(self.pause() / 4).await;
                }
                said => return said,
            }
        }
    }

    fn beat(&self) -> Duration {
        (self.options.lease / 3).clamp(Duration::from_millis(1), SLOWEST_BEAT)
    }

    /// About the time between two looks, not quite the same for everybody.
    fn pause(&self) -> Duration {
        let mut byte = [0];
        self.dice.fill(&mut byte);
        self.options.poll.mul_f64(0.75 + f64::from(byte[0]) / 510.0)
    }
}

/// Waits until the worker is to leave.
async fn left(leaving: &mut watch::Receiver<bool>) {
    // A sender that is gone has left as well.
    let _ = leaving.wait_for(|leaving| *leaving).await;
}

/// Waits for something, and then for so long.
async fn wait_then<T>(first: impl Future<Output = T>, then: Duration) {
    first.await;
    sleep(then).await;
}
