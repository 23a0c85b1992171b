//! Making a production: its recording is fetched, mastered and encoded, and what came of it is kept.
//!
//! The job carries ids only; everything else is read when it begins. Files are made in scratch space and put into storage under
//! keys of this run, so that a worker that is killed leaves nothing but what a sweep finds. They become visible, and the job is
//! done, in one transaction. It can be run again at any point.

mod make;
mod names;
mod narrate;
mod plan;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::narrations::ALL_SPOKEN;
use app::runs::{Begun, Said};
use app::{App, AppError};
use audio::AudioError;
use audio::produce::{Progress, Step, Watcher};
use audio::tag::Cover;
use futures_util::future::BoxFuture;
use model::production::{Input, Made, MadeFile, Stage, StoredFile};
use model::{Dice, Draft, Production};
use store::{BlobError, BlobKey, Blobs, Store};
use tokio::sync::watch;

use self::make::{Product, Products, Recording};
use self::narrate::Narrated;
use self::plan::Plan;

pub use self::narrate::PAGE;

use super::failures::{about_file, back_off, from_app, from_blobs, from_disk, from_outbound, from_remote};
use super::reader::Reader;
use crate::outbound::{FetchLimits, Outbound, Received};
use crate::remotes::{Moved, Remotes};
use crate::runner::{Body, Failure, Task, Why};
use crate::scratch::Scratch;

/// From the first hop to the last byte of a recording: enough for 10 GB at 1 MB/s.
const FETCH_WHOLE: Duration = Duration::from_hours(3);

/// Without a single byte of it.
const FETCH_SILENCE: Duration = Duration::from_mins(1);

/// The same for a cover.
const COVER_WHOLE: Duration = Duration::from_mins(5);

/// What is tried to write the end of a run down while the database is busy.
const MOST_TRIES: u32 = 60;

/// Where in a stage a fraction belongs: fetching is a tenth of the way, keeping the last twentieth.
const FETCHED: f64 = 0.1;
const MADE: f64 = 0.95;

/// Makes productions.
pub struct Produce {
    /// The verbs.
    pub app: App,
    /// The database, for its job table.
    pub store: Store,
    /// Storage.
    pub blobs: Blobs,
    /// The way out.
    pub outbound: Outbound,
    /// The way to stores of users.
    pub remotes: Remotes,
    /// Who reads articles aloud.
    pub reader: Reader,
    /// Whoever throws the dice.
    pub dice: Arc<dyn Dice>,
    /// Where work under way lies.
    pub scratch: Arc<Scratch>,
}

impl Body for Produce {
    fn kind(&self) -> &'static str {
        app::productions::PRODUCE
    }

    fn run(self: Arc<Self>, task: Arc<Task>) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move {
            match self.app.runs().begin(&task.job).await.map_err(|error| from_app(&error))? {
                Begun::Nothing => Ok(()),
                Begun::Go(production) => self.make(&task, &production).await,
            }
        })
    }

    fn end<'a>(&'a self, task: &'a Task, failure: &'a Failure) -> BoxFuture<'a, Result<(), AppError>> {
        Box::pin(async move {
            let (runs, job, stage) = (self.app.runs(), &task.job, stage_of(task));
            let said = match failure {
                Failure::Later(reason) => {
                    let due = self.app.now() + back_off(&*self.dice, job.attempt);
                    runs.put_off(job, due, reason, stage).await?
                }
                Failure::Never(reason) => runs.fail(job, reason, stage).await?,
                Failure::Stopped(Why::Cancelled) => runs.stopped(job).await?,
                Failure::Stopped(Why::Leaving) => runs.hand_back(job).await?,
                Failure::Stopped(Why::Lost) => Said::TooLate,
            };
            if said == Said::TooLate {
                // The production is gone, or another run of it is wanted, and then the job is of no use to anybody. If it is
                // somebody else's by now, this does nothing.
                let tx = self.store.begin().await?;
                let ours = store::jobs::ack(&tx, job).await?;
                tx.commit().await?;
                tracing::info!(job.id = %job.id, ours, "the end of a run came too late to count");
            }
            Ok(())
        })
    }
}

impl Produce {
    async fn make(&self, task: &Arc<Task>, production: &Production) -> Result<(), Failure> {
        task.report(0.0, name_of(Stage::Fetching));
        let folder = self.scratch.folder().map_err(|error| from_disk(&error))?;
        let mut narrated = None;
        let (recording, draft) = if let Some(Input::Article(_)) = &production.draft.input {
            let Narrated { recording, draft, beside, revision, warnings } =
                self.narrate(task, production, folder.path()).await?;
            narrated = Some((beside, revision, warnings));
            (recording, draft)
        } else {
            let fetched = task.unless_stopped(self.fetch_recording(task, production, folder.path())).await?;
            (fetched, production.draft.clone())
        };
        let mut plan = Plan::new(&draft, &recording.name).map_err(Failure::Never)?;
        let cover = match &draft.cover {
            None => None,
            Some(cover) => match task.unless_stopped(self.fetch_cover(production, cover, folder.path())).await? {
                Ok(cover) => Some(cover),
                // A recording is worth more than its picture.
                Err(why) => {
                    plan.warnings.push(format!("The cover was left out. {why}"));
                    None
                }
            },
        };
        let begun = if narrated.is_some() { ALL_SPOKEN } else { FETCHED };
        self.reach(task, Stage::Processing, begun).await?;
        let mut products = self.master(task, recording, plan, (draft, begun), cover, folder.path()).await?;
        if let Some((beside, revision, warnings)) = narrated {
            products.drawings.extend(beside);
            products.made.revision = Some(revision);
            products.made.warnings.extend(warnings);
        }
        let mut keys = Vec::new();
        let kept = match task.unless_stopped(self.keep(task, production, products, &mut keys)).await {
            Ok(made) => self.finish(task, made).await,
            Err(failure) => Err(failure),
        };
        if kept.is_err() {
            self.app.runs().give_up(&keys).await;
        }
        kept
    }

    async fn fetch_recording(&self, task: &Task, production: &Production, folder: &Path) -> Result<Recording, Failure> {
        let path = folder.join("recording");
        let name = match &production.draft.input {
            Some(Input::File(file)) => {
                self.fetch_stored(file, &path).await.map_err(|error| about_file(&file.name, &error))?;
                file.name.clone()
            }
            Some(Input::Address(url)) => {
                let limits =
                    FetchLimits { bytes: self.app.rules().upload_limit, whole: FETCH_WHOLE, silence: FETCH_SILENCE };
                let hear = |received: Received| {
                    let fraction = received.of.map_or(0.0, |of| received.bytes as f64 / of.max(1) as f64);
                    task.report(FETCHED * fraction, name_of(Stage::Fetching));
                };
                let fetched = self.outbound.fetch_to_file(url, &path, &limits, &hear).await;
                fetched.map_err(|error| from_outbound(&error))?.name
            }
            Some(Input::OnService { service, name }) => {
                let opened = self.app.stores().source(production.owner, *service).await;
                let Some(opened) = opened.map_err(|error| from_app(&error))? else {
                    return Err(Failure::Never(
                        "The store that the recording lies on was removed. Choose another.".to_owned(),
                    ));
                };
                let hear = |moved: Moved| {
                    let fraction = moved.of.map_or(0.0, |of| moved.bytes as f64 / of.max(1) as f64);
                    task.report(FETCHED * fraction, name_of(Stage::Fetching));
                };
                let most = self.app.rules().upload_limit;
                let fetched =
                    self.remotes.fetch_to_file(&opened.remote, &opened.secret, name, &path, most, &hear).await;
                fetched.map_err(|error| from_remote(&error))?;
                name.clone()
            }
            Some(Input::Article(_)) | None => {
                return Err(Failure::Never("There is no recording to make this of.".to_owned()));
            }
        };
        Ok(Recording { path, name })
    }

    /// A cover, or why there is none.
    async fn fetch_cover(
        &self,
        production: &Production,
        cover: &Input,
        folder: &Path,
    ) -> Result<Result<Cover, String>, Failure> {
        let bytes = match cover {
            Input::File(file) if file.size > Cover::MAX_BYTES as u64 => {
                return Ok(Err(format!("It has more than the {} bytes that a cover may have.", Cover::MAX_BYTES)));
            }
            Input::File(file) => {
                let path = folder.join("cover");
                self.fetch_stored(file, &path).await.map_err(|error| about_file(&file.name, &error))?;
                tokio::fs::read(&path).await.map_err(|error| from_disk(&error))?
            }
            Input::Address(url) | Input::Article(url) => {
                let limits = FetchLimits { bytes: Cover::MAX_BYTES as u64, whole: COVER_WHOLE, silence: FETCH_SILENCE };
                match self.outbound.fetch_bytes(url, &limits).await {
                    Ok((_, bytes)) => bytes,
                    Err(error) => return Ok(Err(error.to_string())),
                }
            }
            Input::OnService { service, name } => {
                let opened = self.app.stores().source(production.owner, *service).await;
                let Some(opened) = opened.map_err(|error| from_app(&error))? else {
                    return Ok(Err("The store that it lies on was removed.".to_owned()));
                };
                let (mut bytes, most) = (Vec::new(), Cover::MAX_BYTES as u64);
                let fetched = self.remotes.fetch(&opened.remote, &opened.secret, name, &mut bytes, most, &|_| {}).await;
                match fetched {
                    Ok(_) => bytes,
                    Err(error) => return Ok(Err(error.to_string())),
                }
            }
        };
        Ok(Cover::parse(bytes).map_err(|error| error.to_string()))
    }

    async fn fetch_stored(&self, file: &StoredFile, path: &Path) -> Result<(), BlobError> {
        let key: BlobKey = file.key.parse().map_err(|_| BlobError::NotFound)?;
        self.blobs.fetch_to(&key, path).await?;
        Ok(())
    }

    /// Masters and encodes, on a thread of its own.
    async fn master(
        &self,
        task: &Arc<Task>,
        recording: Recording,
        plan: Plan,
        (draft, begun): (Draft, f64),
        cover: Option<Cover>,
        folder: &Path,
    ) -> Result<Products, Failure> {
        let (tell, mut told) = watch::channel(Step::Measure);
        let listener = Listener { task: Arc::clone(task), tell, begun, done: Mutex::new(begun) };
        let folder = folder.to_owned();
        let name = recording.name.clone();
        let mut making =
            tokio::task::spawn_blocking(move || make::make(&recording, plan, &draft, cover, &folder, &listener));
        let mut encoding = false;
        let made = loop {
            tokio::select! {
                made = &mut making => break made,
                Ok(()) = told.changed(), if !encoding => {
                    if matches!(*told.borrow_and_update(), Step::Verify | Step::Correct) {
                        encoding = true;
                        // It is only told: if this does not work, the end of the run tells all the same.
                        if let Err(error) = self.app.runs().reach(&task.job, Stage::Encoding).await {
                            tracing::warn!(%error, "a stage could not be written down");
                        }
                    }
                }
            }
        };
        match made {
            Ok(Ok(products)) => Ok(products),
            Ok(Err(AudioError::Cancelled)) => Err(Failure::Stopped(task.stopped().unwrap_or(Why::Cancelled))),
            Ok(Err(error)) => Err(from_audio(&name, &error)),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(Failure::Stopped(Why::Leaving)),
        }
    }

    /// Puts everything into storage, where nobody sees it yet. Keys are noted before anything is written under them.
    async fn keep(
        &self,
        task: &Task,
        production: &Production,
        products: Products,
        keys: &mut Vec<BlobKey>,
    ) -> Result<Made, Failure> {
        let Products { mut made, files, drawings } = products;
        let count = (files.len() + drawings.len()).max(1) as f64;
        for (order, file) in files {
            let kept = self.keep_one(production, &file, keys).await?;
            made.files.push(MadeFile { order, key: kept.0.key, name: kept.0.name, size: kept.0.size, md5: kept.1 });
            task.report(MADE + (1.0 - MADE) * made.files.len() as f64 / count, name_of(Stage::Encoding));
        }
        for file in drawings {
            made.drawings.push(self.keep_one(production, &file, keys).await?.0);
        }
        Ok(made)
    }

    async fn keep_one(
        &self,
        production: &Production,
        file: &Product,
        keys: &mut Vec<BlobKey>,
    ) -> Result<(StoredFile, String), Failure> {
        let announced = self.app.runs().announce(production.owner, production.id, production.run).await;
        let (key, most) = announced.map_err(|error| from_app(&error))?;
        keys.push(key.clone());
        let size = tokio::fs::metadata(&file.path).await.map_err(|error| from_disk(&error))?.len();
        if size > most {
            return Err(Failure::Never(format!(
                "{} has {size} bytes, and there is room for {most} in this account. Remove productions, ask for smaller formats, or ask \
                 the operator.",
                file.name
            )));
        }
        let kept = self.blobs.put_file(&file.path, &key).await.map_err(|error| from_blobs(&error))?;
        if file.md5.as_ref().is_some_and(|md5| *md5 != kept.md5) {
            return Err(Failure::Later(format!("{} changed on its way into storage.", file.name)));
        }
        Ok((StoredFile { key: key.to_string(), name: file.name.clone(), size: kept.size }, kept.md5))
    }

    /// Ends the run and its job in one transaction. A busy database is asked again: hours of work are in this.
    async fn finish(&self, task: &Task, made: Made) -> Result<(), Failure> {
        let mut tries = 0;
        loop {
            match self.app.runs().finish(&task.job, made.clone()).await {
                Ok(Said::Heard) => return Ok(()),
                Ok(Said::TooLate) => return Err(Failure::Stopped(Why::Cancelled)),
                Err(error) if error.is_passing() && tries < MOST_TRIES && task.stopped() != Some(Why::Lost) => {
                    tracing::warn!(%error, "the end of a run could not be written down and is tried again");
                    tries += 1;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(error) => return Err(from_app(&error)),
            }
        }
    }

    async fn reach(&self, task: &Task, stage: Stage, fraction: f64) -> Result<(), Failure> {
        task.report(fraction, name_of(stage));
        match self.app.runs().reach(&task.job, stage).await.map_err(|error| from_app(&error))? {
            Said::Heard => Ok(()),
            // The production is gone, or another run of it is wanted.
            Said::TooLate => Err(Failure::Stopped(Why::Cancelled)),
        }
    }
}

/// Hears of the sound engine how far it is.
struct Listener {
    task: Arc<Task>,
    tell: watch::Sender<Step>,
    /// How much of the way was behind before.
    begun: f64,
    done: Mutex<f64>,
}

impl Watcher for Listener {
    fn progress(&self, progress: Progress) {
        let (from, to, stage) = match progress.step {
            Step::Measure => (FETCHED, 0.3, Stage::Processing),
            Step::Master => (0.3, 0.8, Stage::Processing),
            Step::Verify => (0.8, 0.9, Stage::Encoding),
            Step::Correct => (0.9, MADE, Stage::Encoding),
        };
        let share = progress.of.map_or(0.0, |of| (progress.seconds / of.max(0.001)).clamp(0.0, 1.0));
        // Files may be corrected and verified again; people need not see it go back.
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        // What is before here takes longer where an article was read aloud.
        let way = (from + (to - from) * share - FETCHED) / (1.0 - FETCHED);
        *done = done.max(self.begun + (1.0 - self.begun) * way);
        self.task.report(*done, name_of(stage));
        self.tell.send_if_modified(|step| std::mem::replace(step, progress.step) != progress.step);
    }

    fn cancelled(&self) -> bool {
        self.task.stopped().is_some()
    }
}

/// A stage as progress names it.
fn name_of(stage: Stage) -> &'static str {
    match stage {
        Stage::Fetching => "fetching",
        Stage::Speaking => "speaking",
        Stage::Processing => "processing",
        Stage::Encoding => "encoding",
    }
}

/// The stage that a task was in when it was last heard of.
fn stage_of(task: &Task) -> Stage {
    let named = task.progress().map(|progress| progress.stage);
    let stages = [Stage::Speaking, Stage::Processing, Stage::Encoding];
    let is_named = |stage: &Stage| named.as_deref().is_some_and(|named| named.starts_with(name_of(*stage)));
    stages.into_iter().find(is_named).unwrap_or(Stage::Fetching)
}

/// What is wrong with a recording or the machine, as the end of a run.
fn from_audio(name: &str, error: &AudioError) -> Failure {
    let about_content = |error: &io::Error| {
        matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
    };
    match error {
        AudioError::Read(io) | AudioError::Write(io) if !about_content(io) => from_disk(io),
        error => Failure::Never(format!("{name}: {error}")),
    }
}
