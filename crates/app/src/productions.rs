//! Pieces of audio being made, from their owner's side.
//!
//! Somebody else's production is not there. What workers do with one is in `runs.rs`.

use std::sync::Arc;

use model::production::{Edit, Input, MadeFile, OutputOrder, State, StoredFile};
use model::{Chapters, Draft, JobId, Production, ProductionId, Time};
use serde_json::json;
use store::jobs::{NewJob, Priority, Progress};
use store::{Page, Tx};

use crate::callers::{Caller, Scope};
use crate::files::settle;
use crate::narrations::{doom, doom_published, is_played};
use crate::{App, AppError};

/// The kind of job that makes a production.
pub const PRODUCE: &str = "produce";

/// What is made when nothing is asked for.
const DEFAULT_OUTPUT: (&str, u32) = ("mp3", 128);

/// Pieces of audio being made, from their owner's side.
pub struct Productions<'a>(pub(crate) &'a App);

/// How a production begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewProduction {
    /// The preset whose draft it begins with: its id, or its name.
    pub preset: Option<String>,
    /// What is wanted beyond that.
    pub edit: Edit,
    /// Whether to start it at once.
    pub start: bool,
}

/// A list that can be emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Chapter marks.
    Chapters,
    /// Files to make.
    Outputs,
    /// Services to publish to.
    Services,
}

impl Productions<'_> {
    /// Makes a production, and starts it if that is wished.
    pub async fn create(&self, caller: &Caller, new: NewProduction) -> Result<Production, AppError> {
        caller.may(Scope::ProductionWrite)?;
        let owner = caller.account.id;
        let mut draft = Draft::default();
        if let Some(wanted) = &new.preset {
            let preset = self.0.presets().named(owner, wanted).await?;
            draft = Draft { preset: Some(preset.id), ..preset.draft };
        }
        draft.apply(new.edit);
        let now = self.0.now();
        let id = ProductionId::new(now, self.0.dice());
        let mut production = Production { id, owner, draft, state: State::Idle, run: 0, created: now, changed: now };
        let tx = self.0.begin().await?;
        if store::productions::count(&tx, owner).await? >= self.0.rules().most_productions {
            return Err(AppError::Conflict(format!(
                "This account has {} productions, and no more than that are kept. Remove some first.",
                self.0.rules().most_productions
            )));
        }
        self.0.services().check(&tx, owner, &production.draft).await?;
        settle(&tx, None, Some(&production.draft), now).await?;
        store::productions::insert(&tx, &production).await?;
        if new.start {
            self.begin_run(&tx, &mut production, now).await?;
        }
        tx.commit().await?;
        Ok(production)
    }

    /// The production.
    pub async fn find(&self, caller: &Caller, id: ProductionId) -> Result<Production, AppError> {
        caller.may(Scope::ProductionRead)?;
        owned(store::productions::find(self.0.store(), id).await?, caller)
    }

    /// The production, to be looked at.
    pub async fn glance(&self, caller: &Caller, id: ProductionId) -> Result<Arc<Production>, AppError> {
        caller.may(Scope::ProductionRead)?;
        let found = store::productions::glance(self.0.store(), id).await?;
        found.filter(|found| found.owner == caller.account.id).ok_or(NONE)
    }

    /// Productions of the caller, newest first.
    pub async fn list(&self, caller: &Caller, page: Page) -> Result<Vec<Production>, AppError> {
        caller.may(Scope::ProductionRead)?;
        Ok(store::productions::list(self.0.store(), caller.account.id, page).await?)
    }

    /// How many productions the caller has.
    pub async fn count(&self, caller: &Caller) -> Result<u64, AppError> {
        caller.may(Scope::ProductionRead)?;
        Ok(store::productions::count(self.0.store(), caller.account.id).await?)
    }

    /// Changes what is wanted. Not while it is being made.
    pub async fn update(&self, caller: &Caller, id: ProductionId, edit: Edit) -> Result<Production, AppError> {
        self.change(caller, id, |draft| draft.apply(edit)).await
    }

    /// Takes the preset's draft in place of what was wanted, and changes that.
    pub async fn update_from_preset(
        &self,
        caller: &Caller,
        id: ProductionId,
        preset: &str,
        edit: Edit,
    ) -> Result<Production, AppError> {
        caller.may(Scope::ProductionWrite)?;
        let preset = self.0.presets().named(caller.account.id, preset).await?;
        self.change(caller, id, |draft| {
            // The recording is the production's own; a preset has none.
            let input = draft.input.take();
            *draft = Draft { preset: Some(preset.id), ..preset.draft };
            draft.input = draft.input.take().or(input);
            draft.apply(edit);
        })
        .await
    }

    /// Empties a list. Not while it is being made.
    pub async fn clear(&self, caller: &Caller, id: ProductionId, list: List) -> Result<Production, AppError> {
        self.change(caller, id, |draft| clear(draft, list)).await
    }

    /// Forgets the production and its files. If it is being made, that is stopped.
    pub async fn remove(&self, caller: &Caller, id: ProductionId) -> Result<(), AppError> {
        caller.may(Scope::ProductionWrite)?;
        let tx = self.0.begin().await?;
        let production = owned(store::productions::find_for_update(&tx, id).await?, caller)?;
        remove(&tx, &production, self.0.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Has it made.
    pub async fn start(&self, caller: &Caller, id: ProductionId) -> Result<Production, AppError> {
        caller.may(Scope::ProductionWrite)?;
        let tx = self.0.begin().await?;
        let mut production = owned(store::productions::find_for_update(&tx, id).await?, caller)?;
        self.begin_run(&tx, &mut production, self.0.now()).await?;
        tx.commit().await?;
        Ok(production)
    }

    /// Has whoever makes it stop. That nobody does is fine.
    pub async fn stop(&self, caller: &Caller, id: ProductionId) -> Result<Production, AppError> {
        caller.may(Scope::ProductionWrite)?;
        let tx = self.0.begin().await?;
        let mut production = owned(store::productions::find_for_update(&tx, id).await?, caller)?;
        if production.state.is_running() {
            let is_left = self.halt(&tx, &mut production).await?;
            if is_left && production.state == State::Idle {
                production.state = State::Stopping;
            }
            production.changed = self.0.now();
            store::productions::update(&tx, &production).await?;
        }
        tx.commit().await?;
        Ok(production)
    }

    /// Has whoever makes it stop; whether there is somebody who has to hear of it. What they say afterwards counts for nothing where another
    /// run was begun.
    pub(crate) async fn halt(&self, tx: &Tx, production: &mut Production) -> Result<bool, AppError> {
        if !production.state.is_running() {
            return Ok(false);
        }
        let cancelled = store::jobs::ask_cancel(tx, &subject(production.id)).await?;
        if matches!(production.state, State::Publishing { .. }) {
            // What was made stays; only its way to the stores is over.
            self.0.transfers().stop(tx, production).await?;
        } else {
            production.state = State::Idle;
        }
        Ok(cancelled.asked > 0)
    }

    /// Publishes what waits for that; what did not arrive at stores is sent once more.
    pub async fn publish(&self, caller: &Caller, id: ProductionId) -> Result<Production, AppError> {
        caller.may(Scope::ProductionWrite)?;
        let tx = self.0.begin().await?;
        let mut production = owned(store::productions::find_for_update(&tx, id).await?, caller)?;
        let made = match &production.state {
            State::Done { made, in_review: true } => made.clone(),
            State::Done { .. } => {
                self.0.transfers().again(&tx, &mut production).await?;
                tx.commit().await?;
                return Ok(production);
            }
            _ => {
                let message = "There is nothing to publish yet: this production is not done.";
                return Err(AppError::Conflict(message.to_owned()));
            }
        };
        self.0.transfers().publish(&tx, &mut production, made).await?;
        production.changed = self.0.now();
        store::productions::update(&tx, &production).await?;
        tx.commit().await?;
        Ok(production)
    }

    /// How far its making is, where somebody makes it.
    pub async fn progress(&self, caller: &Caller, id: ProductionId) -> Result<Option<Progress>, AppError> {
        caller.may(Scope::ProductionRead)?;
        Ok(store::jobs::progress_of(self.0.store(), &subject(id)).await?)
    }

    /// A file that was made, by its name.
    pub async fn result(&self, caller: &Caller, id: ProductionId, name: &str) -> Result<MadeFile, AppError> {
        let production = self.find(caller, id).await?;
        let made = production.state.made().ok_or(AppError::NotFound("file"))?;
        made.files.iter().find(|file| file.name == name).cloned().ok_or(AppError::NotFound("file"))
    }

    /// A drawing for the production's page, by its name.
    pub async fn drawing(&self, caller: &Caller, id: ProductionId, name: &str) -> Result<StoredFile, AppError> {
        let production = self.find(caller, id).await?;
        let made = production.state.made().ok_or(AppError::NotFound("file"))?;
        made.drawings.iter().find(|file| file.name == name).cloned().ok_or(AppError::NotFound("file"))
    }

    /// The recording, where it was uploaded.
    pub async fn recording(&self, caller: &Caller, id: ProductionId) -> Result<StoredFile, AppError> {
        match self.find(caller, id).await?.draft.input {
            Some(Input::File(file)) => Ok(file),
            _ => Err(AppError::NotFound("recording")),
        }
    }

    async fn change(
        &self,
        caller: &Caller,
        id: ProductionId,
        change: impl FnOnce(&mut Draft),
    ) -> Result<Production, AppError> {
        caller.may(Scope::ProductionWrite)?;
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let mut production = owned(store::productions::find_for_update(&tx, id).await?, caller)?;
        refuse_running(&production)?;
        let before = production.draft.clone();
        change(&mut production.draft);
        self.0.services().check(&tx, production.owner, &production.draft).await?;
        settle(&tx, Some(&before), Some(&production.draft), now).await?;
        production.state = production.state.edited();
        production.changed = now;
        store::productions::update(&tx, &production).await?;
        tx.commit().await?;
        Ok(production)
    }

    /// Has it made, as part of a transaction.
    pub(crate) async fn begin_run(&self, tx: &Tx, production: &mut Production, now: Time) -> Result<(), AppError> {
        refuse_running(production)?;
        if production.draft.input.is_none() {
            return Err(AppError::invalid(
                "input_file",
                "There is no recording yet. Upload one, or give the address of one, and start then.",
            ));
        }
        if production.draft.outputs.is_empty() {
            let (format, bitrate) = DEFAULT_OUTPUT;
            let order = OutputOrder { format: format.to_owned(), bitrate: Some(bitrate), ..OutputOrder::default() };
            production.draft.outputs.push(order);
        }
        // Whoever publishes a production gets a file that every player plays.
        let (format, bitrate) = DEFAULT_OUTPUT;
        if production.draft.outputs.iter().all(|order| order.format != format)
            && self.0.services().has_app(tx, production).await?
        {
            let order = OutputOrder { format: format.to_owned(), bitrate: Some(bitrate), ..OutputOrder::default() };
            production.draft.outputs.push(order);
        }
        // What a player plays is heard until something else is published.
        if !is_played(tx, production).await? {
            doom_made(tx, production, now).await?;
        }
        production.run += 1;
        production.state = State::Waiting;
        production.changed = now;
        store::productions::update(tx, production).await?;
        let job = NewJob {
            kind: PRODUCE,
            payload: json!({ "production": production.id, "run": production.run }),
            priority: Priority::Normal,
            due: now,
            unique: Some(format!("{} run {}", subject(production.id), production.run)),
            subject: Some(subject(production.id)),
            max_attempts: self.0.rules().most_attempts,
        };
        // A run's number is new, so nobody can have enqueued it.
        let _ = store::jobs::enqueue(tx, now, JobId::new(now, self.0.dice()), job).await?;
        Ok(())
    }
}

/// What jobs about a production are found by.
pub(crate) fn subject(id: ProductionId) -> String {
    format!("production {id}")
}

/// Empties a list of a draft.
pub(crate) fn clear(draft: &mut Draft, list: List) {
    match list {
        List::Chapters => draft.chapters = Chapters::default(),
        List::Outputs => draft.outputs.clear(),
        List::Services => draft.services.clear(),
    }
}

/// Forgets a production, whoever asked for that.
pub(crate) async fn remove(tx: &Tx, production: &Production, now: Time) -> Result<(), AppError> {
    let _ = store::jobs::ask_cancel(tx, &subject(production.id)).await?;
    settle(tx, Some(&production.draft), None, now).await?;
    doom_published(tx, production, now).await?;
    doom_made(tx, production, now).await?;
    for upload in store::uploads::list_by_production(tx, production.id).await? {
        store::files::doom(tx, &upload.parts, now).await?;
        store::uploads::remove(tx, upload.id).await?;
    }
    store::productions::remove(tx, production.id).await?;
    Ok(())
}

/// Dooms what came of an earlier run.
async fn doom_made(tx: &Tx, production: &Production, now: Time) -> Result<(), AppError> {
    match production.state.made() {
        Some(made) => doom(tx, made, now).await,
        None => Ok(()),
    }
}

const NONE: AppError = AppError::NotFound("production");

fn owned(found: Option<Production>, caller: &Caller) -> Result<Production, AppError> {
    found.filter(|production| production.owner == caller.account.id).ok_or(NONE)
}

fn refuse_running(production: &Production) -> Result<(), AppError> {
    if production.state.is_running() {
        return Err(AppError::Conflict(
            "This production is being made right now. Wait until it is done, or stop it first.".to_owned(),
        ));
    }
    Ok(())
}
