//! What a body is given: its job, a way to say how far it is, and a way to hear that it is to stop.

use std::sync::{Mutex, PoisonError};

use store::jobs::{Claimed, Progress};
use tokio::sync::watch;

/// A job under way.
pub struct Task {
    /// The job.
    pub job: Claimed,
    progress: Mutex<Option<Progress>>,
    stop: watch::Sender<Option<Why>>,
}

/// Why a job is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody does not want it any more.
    Cancelled,
    /// The worker leaves; another one will do it.
    Leaving,
    /// It is another worker's by now. Nothing that is done here counts.
    Lost,
}

/// Why a job did not work. The texts are for whoever asked for the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It may work later.
    Later(String),
    /// It would not work the next time either.
    Never(String),
    /// It was asked to stop.
    Stopped(Why),
}

impl Task {
    pub(crate) fn new(job: Claimed) -> Self {
        Self { job, progress: Mutex::default(), stop: watch::Sender::new(None) }
    }

    /// Says how far it is. Within a stage it never goes back.
    pub fn report(&self, fraction: f64, stage: &str) {
        self.note(fraction, stage, None);
    }

    /// The same of a sound, of which so much is drawn, in amplitudes of 0 to 127: that stays until more of it is.
    pub fn report_drawn(&self, fraction: f64, stage: &str, amplitudes: &[u8]) {
        self.note(fraction, stage, Some(amplitudes));
    }

    fn note(&self, fraction: f64, stage: &str, drawn: Option<&[u8]>) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let before = progress.take();
        let least = before.as_ref().filter(|before| before.stage == stage).map_or(0.0, |before| before.fraction);
        let amplitudes = match drawn {
            Some(drawn) => drawn.to_vec(),
            None => before.map(|before| before.amplitudes).unwrap_or_default(),
        };
        *progress = Some(Progress { fraction: fraction.clamp(least, 1.0), stage: stage.to_owned(), amplitudes });
    }

    /// How far it is, if that was said.
    pub fn progress(&self) -> Option<Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why it is to stop, if it is.
    pub fn stopped(&self) -> Option<Why> {
        *self.stop.borrow()
    }

    /// Waits until it is to stop.
    pub async fn stopping(&self) -> Why {
        let mut stop = self.stop.subscribe();
        let why = stop.wait_for(Option::is_some).await.ok().and_then(|why| *why);
        // The sender is a field of this very task, and so is never gone.
        why.unwrap_or(Why::Leaving)
    }

    /// Does something unless it is to stop, and drops it in the middle when it is.
    pub async fn unless_stopped<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            why = self.stopping() => Err(Failure::Stopped(why)),
            done = work => done,
        }
    }

    /// Asks it to stop. The first reason stays, unless the job is lost.
    pub(super) fn stop(&self, why: Why) {
        self.stop.send_if_modified(|known| {
            let news = known.is_none() || (why == Why::Lost && *known != Some(Why::Lost));
            if news {
                *known = Some(why);
            }
            news
        });
    }
}
