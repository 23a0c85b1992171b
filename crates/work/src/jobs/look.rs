//! Looking at a store while somebody waits: whether the connection works, and which recordings are there.

use std::sync::Arc;

use app::stores::{Answer, LOOK, Opened, Question};
use app::{App, AppError};
use futures_util::future::BoxFuture;
use model::Remote;
use model::service::Checked;

use super::failures::{from_app, to_whoever_waits};
use crate::remotes::Remotes;
use crate::runner::{Body, Failure, Task};

/// Names that are listed at most.
const MOST_LISTED: usize = 1_000;

/// Looks at stores.
pub struct Look {
    /// The verbs.
    pub app: App,
    /// The way to stores of users.
    pub remotes: Remotes,
}

impl Body for Look {
    fn kind(&self) -> &'static str {
        LOOK
    }

    fn run(self: Arc<Self>, task: Arc<Task>) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move {
            let stores = self.app.stores();
            let asked = stores.asked(&task.job).await.map_err(|error| from_app(&error))?;
            let Some((opened, question)) = asked else {
                return Err(Failure::Never("The store was removed.".to_owned()));
            };
            let said = match question {
                Question::Check => {
                    let checking = Box::pin(async { Ok(self.check(&opened).await) });
                    let (remote, checked) = task.unless_stopped(checking).await?;
                    stores.note_check(&task.job, &opened, remote, checked).await
                }
                Question::List => {
                    let listed = task.unless_stopped(async {
                        Ok(self.remotes.list(&opened.remote, &opened.secret, MOST_LISTED).await)
                    });
                    let answer = match listed.await? {
                        Ok(listing) => Answer::Files(listing.files.into_iter().map(|file| file.name).collect()),
                        Err(error) => Answer::Trouble(error.to_string()),
                    };
                    stores.answer(&task.job, &answer).await
                }
            };
            said.map_err(|error| from_app(&error))
        })
    }

    fn end<'a>(&'a self, task: &'a Task, failure: &'a Failure) -> BoxFuture<'a, Result<(), AppError>> {
        Box::pin(async move {
            match to_whoever_waits(failure) {
                Some(why) => self.app.stores().answer(&task.job, &Answer::Trouble(why.to_owned())).await,
                None => Ok(()),
            }
        })
    }
}

impl Look {
    /// What came of a test, and the store with what is known of it since.
    async fn check(&self, opened: &Opened) -> (Remote, Checked) {
        let at_ms = self.app.now().as_ms();
        let mut remote = opened.remote.clone();
        match self.remotes.check(&opened.remote, &opened.secret).await {
            Ok(found) => {
                if let Remote::Sftp(at) = &mut remote {
                    at.host_key = found.host_key.or(at.host_key.take());
                }
                let trouble = match (found.may_read, found.may_write) {
                    (true, true) => None,
                    (true, false) => Some("Files can be fetched from there, and none can be put there."),
                    (false, true) => Some("Files can be put there, and what is there cannot be listed."),
                    (false, false) => Some("Whoever signs in there may neither list files nor put any."),
                };
                let trouble = trouble.map(str::to_owned);
                (remote, Checked { at_ms, may_read: found.may_read, may_write: found.may_write, trouble })
            }
            Err(error) => {
                let trouble = Some(error.to_string());
                (remote, Checked { at_ms, may_read: false, may_write: false, trouble })
            }
        }
    }
}
