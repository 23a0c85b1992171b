//! From an article's address to a recording in scratch space.
//!
//! What was found in the article is kept before it is spoken, so that people can read it meanwhile and change it later; a script that is there is
//! read as it is. Sound of segments is kept in storage under what it depends on: a run that is done again, and one after a change, speaks only what
//! is new.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use app::narrations::{ALL_SPOKEN, SCRIPT_WRITTEN};
use http::StatusCode;
use model::narration::{Heard, Script};
use model::production::{Input, Stage};
use model::{Draft, Narration, Production};
use speech::script::Script as Pieces;
use tokio::task::spawn_blocking;

use super::make::{Product, Recording};
use super::{Produce, name_of};
use crate::jobs::failures::{from_app, from_disk, from_outbound};
use crate::jobs::reader::gone;
use crate::narration::{Listener, Spoken, chapters, json, reader, vtt};
use crate::outbound::{FetchLimits, OutboundError};
use crate::runner::{Failure, Task, Why};

/// How much is fetched of a page, and how long that may take.
pub const PAGE: FetchLimits =
    FetchLimits { bytes: 10 << 20, whole: Duration::from_secs(20), silence: Duration::from_secs(10) };

/// How often a page is asked for that does not answer: for two and a half minutes. A publishing system that was just restarted is back by then, and
/// people wait for it.
const PAGE_TRIES: u32 = 4;

/// An article, read aloud.
pub(super) struct Narrated {
    /// The sound.
    pub(super) recording: Recording,
    /// What is wanted of the production, with what follows from the article.
    pub(super) draft: Draft,
    /// What is heard when, for the player: beside the files that are made.
    pub(super) beside: Vec<Product>,
    /// The revision of the script that is heard.
    pub(super) revision: u32,
    /// What the owner should know, in sentences.
    pub(super) warnings: Vec<String>,
}

impl Produce {
    /// Reads the article of a production aloud.
    pub(super) async fn narrate(
        &self,
        task: &Arc<Task>,
        production: &Production,
        folder: &Path,
    ) -> Result<Narrated, Failure> {
        let mut reading = self.app.narrations().reading(production.id).await.map_err(|error| from_app(&error))?;
        if reading.narration.script.segments.is_empty() {
            reading.narration = task.unless_stopped(self.write_script(task, &reading.narration)).await?;
        }
        let (about, revision) = (reading.narration.about.clone().unwrap_or_default(), reading.narration.revision);
        let mut speaking = self.reader.prepare(reading).await?;
        let (reader, warnings) = (reader(&speaking.voice().name), std::mem::take(&mut speaking.warnings));
        self.reach(task, Stage::Speaking, SCRIPT_WRITTEN).await?;
        let path = folder.join("spoken.wav");
        let heard = self.reader.speak(task, speaking, path.clone(), Hearing(Arc::clone(task))).await?;
        let heard = Heard { reader, language: about.language, ..heard };
        let mut draft = production.draft.clone();
        if draft.cover.is_none() && !about.image.is_empty() {
            draft.cover = Some(Input::Address(about.image));
        }
        draft.chapters = chapters(&heard);
        let beside = [("words.json", json(&heard)), ("words.vtt", vtt(&heard))].into_iter().map(|(name, text)| {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|error| from_disk(&error))?;
            Ok(Product { name: name.to_owned(), path, md5: None })
        });
        let beside = beside.collect::<Result<_, Failure>>()?;
        let recording = Recording { path, name: production.draft.metadata.title.clone() };
        Ok(Narrated { recording, draft, beside, revision, warnings })
    }

    /// Fetches the article, and keeps what is to be read of it.
    async fn write_script(&self, task: &Task, narration: &Narration) -> Result<Narration, Failure> {
        let fetched = self.outbound.fetch_bytes(&narration.address, &PAGE).await;
        let (fetched, bytes) = fetched.map_err(|error| match from_page(&error) {
            Failure::Later(reason) if task.job.attempt >= PAGE_TRIES => Failure::Never(reason),
            failure => failure,
        })?;
        let address = fetched.target.url().to_string();
        let read = move || article::read(&bytes, fetched.content_type.as_deref(), &address);
        let article = match spawn_blocking(read).await.map_err(gone)? {
            Ok(article) => article,
            Err(error) => {
                let found = findings(&narration.address, fetched.target.url(), &error);
                self.app.narrations().note_findings(&task.job, found).await.map_err(|error| from_app(&error))?;
                return Err(Failure::Never(error.to_string()));
            }
        };
        let (mut about, mut blocks) = (article.about, article.blocks);
        if let Some(language) = &narration.wish.language {
            about.language.clone_from(language);
        }
        let title = narration.wish.title.clone().unwrap_or_else(|| about.title.clone());
        if !title.is_empty() {
            blocks.insert(0, model::article::Block::Heading(1, title));
        }
        let pieces = Pieces::of(&blocks, &about.language).map_err(|error| Failure::Never(error.to_string()))?;
        let pieces = pieces.segments.into_iter().map(|piece| (piece.kind, piece.text));
        let script = Script::of(pieces, narration.wish.voice.clone());
        script.check_length().map_err(|error| Failure::Never(error.to_string()))?;
        let kept = self.app.narrations().write(&task.job, about, script).await.map_err(|error| from_app(&error))?;
        kept.ok_or(Failure::Stopped(Why::Cancelled))
    }
}

/// Why there is no page, in words for whoever wants it read aloud.
fn from_page(error: &OutboundError) -> Failure {
    match error {
        OutboundError::BodyTooLarge { .. } => {
            Failure::Never("The page is larger than 10 MiB, which is more than Soundpost reads of one.".to_owned())
        }
        OutboundError::Status { host, status: status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) } => {
            Failure::Never(format!(
                "{host} answers {status}: the page is behind a login, or closed to programs. Only what everybody can read is read aloud."
            ))
        }
        OutboundError::Status { host, status } => {
            let reason = format!("{host} answers {status} instead of a page.");
            if error.is_passing() { Failure::Later(reason) } else { Failure::Never(reason) }
        }
        error => from_outbound(error),
    }
}

/// What was found in place of an article. Where its address led elsewhere, that is told without name, password and query: everybody
/// who hears of the narration sees it, and the path is what any stranger is led to who asks for the address.
fn findings(asked: &str, found: &url::Url, error: &article::ArticleError) -> Vec<(String, String)> {
    let elsewhere = (found.as_str() != asked).then(|| {
        let mut place = found.clone();
        // Neither can be refused by an address that has a host.
        _ = place.set_username("");
        _ = place.set_password(None);
        place.set_query(None);
        place.set_fragment(None);
        ("Led to", place.to_string())
    });
    let all = elsewhere.into_iter().chain(error.details());
    all.map(|(label, value)| (label.to_owned(), value)).collect()
}

/// Says how far it is: the page shows the segment that is spoken.
struct Hearing(Arc<Task>);

impl Listener for Hearing {
    fn spoken(&self, spoken: Spoken<'_>) {
        let stage = format!("{} {} of {}", name_of(Stage::Speaking), (spoken.segments + 1).min(spoken.of), spoken.of);
        self.0.report_drawn(
            SCRIPT_WRITTEN + (ALL_SPOKEN - SCRIPT_WRITTEN) * spoken.fraction,
            &stage,
            spoken.amplitudes,
        );
    }

    fn is_over(&self) -> bool {
        self.0.is_over()
    }
}
