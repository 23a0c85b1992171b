//! Writing and sending letters. Which ones, and what the codes in them are good for, is decided in `app`.

use std::sync::Arc;
use std::time::Duration;

use app::letters::MAIL;
use app::{App, AppError};
use futures_util::future::BoxFuture;
use store::Store;

use crate::mail::{MailError, Mailer};
use crate::runner::{Body, Failure, Task, Why};

/// The first wait after a mail server did not take a letter; each further one is twice as long, up to the last.
const FIRST_WAIT: Duration = Duration::from_secs(15);
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// Writes and sends letters.
pub struct Mail {
    /// The verbs.
    pub app: App,
    /// The database, for its job table.
    pub store: Store,
    /// The operator's mail server, where one is named.
    pub mailer: Option<Mailer>,
}

impl Body for Mail {
    fn kind(&self) -> &'static str {
        MAIL
    }

    fn run(self: Arc<Self>, task: Arc<Task>) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move {
            let Some(mailer) = &self.mailer else {
                return Err(Failure::Never("This worker has no SOUNDPOST_SMTP_URL.".to_owned()));
            };
            let letters =
                self.app.letters().write(&task.job).await.map_err(|error| Failure::Later(error.to_string()))?;
            for (number, letter) in letters.iter().enumerate() {
                let reference = format!("{}.{}.{number}", task.job.id, task.job.attempt);
                let sent = task.unless_stopped(async {
                    mailer.send(letter, &reference, self.app.now()).await.map_err(|error| match error {
                        MailError::Later(_) => Failure::Later(error.to_string()),
                        _ => Failure::Never(error.to_string()),
                    })
                });
                if let Err(failure) = sent.await {
                    // Codes that nobody was sent are good for nothing, and do not count against whoever asked.
                    if let Err(error) = self.app.letters().take_back(&letters[number..]).await {
                        tracing::warn!(%error, "codes that were not sent end by themselves");
                    }
                    return Err(failure);
                }
            }
            match self.app.letters().sent(&task.job).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(Failure::Stopped(Why::Lost)),
                Err(error) => Err(Failure::Later(error.to_string())),
            }
        })
    }

    fn end<'a>(&'a self, task: &'a Task, failure: &'a Failure) -> BoxFuture<'a, Result<(), AppError>> {
        Box::pin(async move {
            let (job, now) = (&task.job, self.app.now());
            let tx = self.store.begin().await?;
            match failure {
                Failure::Later(reason) => {
                    let wait = FIRST_WAIT.saturating_mul(1 << job.attempt.saturating_sub(1).min(16)).min(LONGEST_WAIT);
                    let _ = store::jobs::fail_later(&tx, job, now, now + wait, reason).await?;
                }
                Failure::Never(reason) => {
                    store::jobs::fail_never(&tx, job, now, reason).await?;
                }
                Failure::Stopped(Why::Leaving) => {
                    store::jobs::hand_back(&tx, job, now).await?;
                }
                Failure::Stopped(Why::Cancelled | Why::Lost) => {
                    store::jobs::ack(&tx, job).await?;
                }
            }
            Ok(tx.commit().await?)
        })
    }
}

#[cfg(test)]
mod tests;
