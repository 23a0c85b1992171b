//! Saying one segment of a script while somebody waits, who wants to hear it before all of it is rendered.

use std::sync::Arc;

use app::AppError;
use app::narrations::{SAY, Said};
use futures_util::future::BoxFuture;

use super::failures::{from_app, to_whoever_waits};
use super::reader::Reader;
use crate::runner::{Body, Failure, Task};

/// Says segments.
pub struct Say {
    /// Who reads.
    pub reader: Reader,
}

impl Body for Say {
    fn kind(&self) -> &'static str {
        SAY
    }

    fn run(self: Arc<Self>, task: Arc<Task>) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move {
            let narrations = self.reader.app.narrations();
            let reading = narrations.to_say(&task.job).await.map_err(|error| from_app(&error))?;
            let Some(reading) = reading else {
                return Err(Failure::Never("This segment is not in the script any more.".to_owned()));
            };
            let speaking = self.reader.prepare(reading).await?;
            let said = match self.reader.say(&task, speaking).await? {
                Some((key, size)) => Said::Sound { key, size },
                None => Said::Trouble(
                    "This segment lasts longer than three minutes. Render all of it to hear it.".to_owned(),
                ),
            };
            narrations.said(&task.job, &said).await.map_err(|error| from_app(&error))
        })
    }

    fn end<'a>(&'a self, task: &'a Task, failure: &'a Failure) -> BoxFuture<'a, Result<(), AppError>> {
        Box::pin(async move {
            match to_whoever_waits(failure) {
                Some(why) => self.reader.app.narrations().said(&task.job, &Said::Trouble(why.to_owned())).await,
                None => Ok(()),
            }
        })
    }
}
