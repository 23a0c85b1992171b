//! Narrations from the worker's side: what is to be read, what was found in the article, sound that was rendered before, and the end.

use model::article::About;
use model::narration::{Published, Script};
use model::production::{Made, State};
use model::{Narration, Production, ProductionId, Time};
use store::jobs::Claimed;
use store::{BlobKey, Tx};

use super::{NONE, Narrations};
use crate::AppError;
use crate::files::parse_key;
use crate::runs::current;

/// How long sound is kept that nobody used.
pub(crate) const RENDERED_FOR: std::time::Duration = std::time::Duration::from_hours(7 * 24);

/// What is to be read, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The narration. Its script is empty until the article was read.
    pub narration: Narration,
    /// Versions of the script that may have been rendered: the one that is published, and the one before this.
    pub earlier: Vec<Script>,
    /// Words that its publication says in its own way, and how.
    pub pronunciations: Vec<(String, String)>,
}

impl Narrations<'_> {
    /// What is to be read of a production, where it is a narration.
    pub async fn reading(&self, id: ProductionId) -> Result<Reading, AppError> {
        let narration = store::narrations::find(self.0.store(), id).await?.ok_or(NONE)?;
        let pronunciations = store::publications::pronunciations(self.0.store(), narration.publication).await?;
        let mut earlier = Vec::new();
        let before = narration.revision.checked_sub(1);
        let published = narration.published.as_ref().map(|published| published.revision);
        // Usually those are one and the same.
        for revision in before.into_iter().chain(published.filter(|_| published != before)) {
            let found = store::narrations::find_revision(self.0.store(), id, revision).await?;
            earlier.extend(found.map(|found| found.script));
        }
        Ok(Reading { narration, earlier, pronunciations })
    }

    /// Keeps what was found in an article, so that it can be read while it is spoken. Gives back what is to be spoken.
    pub async fn write(&self, job: &Claimed, about: About, script: Script) -> Result<Option<Narration>, AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let Some(mut production) = current(&tx, job).await? else { return Ok(None) };
        let mut narration = store::narrations::find_for_update(&tx, production.id).await?.ok_or(NONE)?;
        if narration.script.segments.is_empty() {
            narration.script = script;
            narration.revision += 1;
        }
        let metadata = &mut production.draft.metadata;
        let title = narration.wish.title.clone().unwrap_or_else(|| about.title.clone());
        if !title.is_empty() {
            metadata.title = title;
        }
        metadata.artist.clone_from(&about.author);
        metadata.album.clone_from(&about.site);
        metadata.summary.clone_from(&about.summary);
        metadata.url.clone_from(&narration.address);
        metadata.year = about.published.split('-').next().unwrap_or_default().to_owned();
        narration.about = Some(about);
        narration.changed = now;
        production.changed = now;
        store::narrations::update(&tx, &narration).await?;
        store::productions::update(&tx, &production).await?;
        tx.commit().await?;
        Ok(Some(narration))
    }

    /// Notes what was found where there is no article to read aloud.
    pub async fn note_findings(&self, job: &Claimed, findings: Vec<(String, String)>) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        let Some(production) = current(&tx, job).await? else { return Ok(()) };
        let mut narration = store::narrations::find_for_update(&tx, production.id).await?.ok_or(NONE)?;
        narration.findings = findings;
        store::narrations::update(&tx, &narration).await?;
        Ok(tx.commit().await?)
    }

    /// Which of these segments' sounds were rendered before; they count as used now.
    pub async fn rendered(&self, keys: &[String]) -> Result<Vec<String>, AppError> {
        let known = store::renderings::known(self.0.store(), keys).await?;
        if !known.is_empty() {
            let tx = self.0.begin().await?;
            store::renderings::touch(&tx, &known, self.0.now()).await?;
            tx.commit().await?;
        }
        Ok(known)
    }

    /// Notes the sound of a segment that lies in storage now, with its bytes: from now on it is found there, and swept away in the end.
    pub async fn note_rendered(&self, key: &str, size: u64) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        store::renderings::note(&tx, key, size, self.0.now()).await?;
        Ok(tx.commit().await?)
    }

    /// A run of a narration came to a good end: if nothing can be heard yet, or all of it was made anew, this can from now on.
    pub(crate) async fn made(&self, tx: &Tx, production: &Production) -> Result<(), AppError> {
        let Some(mut narration) = store::narrations::find_for_update(tx, production.id).await? else { return Ok(()) };
        let Some(made) = production.state.made() else { return Ok(()) };
        if narration.published.is_some() && narration.replacing != Some(production.run) {
            return Ok(());
        }
        let now = self.0.now();
        self.withdraw(tx, &mut narration, production, now).await?;
        self.put_out(tx, &mut narration, made, now).await
    }

    /// A run of a narration did not work.
    pub(crate) async fn failed(&self, tx: &Tx, production: &Production) -> Result<(), AppError> {
        let State::Failed { reason, .. } = &production.state else { return Ok(()) };
        let Some(narration) = store::narrations::find(tx, production.id).await? else { return Ok(()) };
        // What was heard before is still heard. Whoever asked for all of it anew waits to hear of it.
        if narration.published.is_some() && narration.replacing != Some(production.run) {
            return Ok(());
        }
        self.tell(tx, &narration, Err(reason)).await
    }

    /// From now on this is what the player plays.
    pub(super) async fn put_out(
        &self,
        tx: &Tx,
        narration: &mut Narration,
        made: &Made,
        now: Time,
    ) -> Result<(), AppError> {
        let revision = made.revision.unwrap_or(narration.revision);
        narration.published = Some(Published { made: made.clone(), revision, at: now });
        narration.changed = now;
        store::narrations::update(tx, narration).await?;
        self.tell(tx, narration, Ok(made)).await
    }

    /// Takes away what the player plays. Its files go, unless the production has them still: then they go with those.
    pub(super) async fn withdraw(
        &self,
        tx: &Tx,
        narration: &mut Narration,
        production: &Production,
        now: Time,
    ) -> Result<(), AppError> {
        if let Some(published) = narration.published.take()
            && production.state.made() != Some(&published.made)
        {
            doom(tx, &published.made, now).await?;
        }
        Ok(())
    }
}

/// Where the sound of a segment lies in storage, by what it depends on.
pub fn rendering_key(key: &str) -> Result<BlobKey, AppError> {
    parse_key(&format!("renderings/{key}"))
}

/// Whether what came of a production is what its player plays, so that it stays when the production is made anew.
pub(crate) async fn is_played(tx: &Tx, production: &Production) -> Result<bool, AppError> {
    let Some(made) = production.state.made() else { return Ok(false) };
    let narration = store::narrations::find(tx, production.id).await?;
    Ok(narration.and_then(|narration| narration.published).is_some_and(|published| published.made == *made))
}

/// Lets a sweep remove what a narration's player plays, where the production has other files by now.
pub(crate) async fn doom_published(tx: &Tx, production: &Production, now: Time) -> Result<(), AppError> {
    let narration = store::narrations::find(tx, production.id).await?;
    match narration.and_then(|narration| narration.published) {
        Some(published) if production.state.made() != Some(&published.made) => doom(tx, &published.made, now).await,
        _ => Ok(()),
    }
}

/// Lets a sweep remove the files of a run.
pub(crate) async fn doom(tx: &Tx, made: &Made, now: Time) -> Result<(), AppError> {
    let keys = made.files.iter().map(|file| &file.key).chain(made.drawings.iter().map(|file| &file.key));
    let keys = keys.map(|key| parse_key(key)).collect::<Result<Vec<_>, _>>()?;
    store::files::doom(tx, &keys, now).await?;
    Ok(())
}
