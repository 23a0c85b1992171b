//! Named drafts to begin productions with.

use model::production::{Edit, Preset};
use model::{AccountId, Draft, PresetId};
use store::Page;

use crate::callers::{Caller, Scope};
use crate::files::settle;
use crate::productions::{List, clear};
use crate::{App, AppError};

/// Characters that a preset's name may have.
const NAME_LENGTH: usize = 200;

/// Presets that an account may have.
const MOST: u64 = 1_000;

const NONE: AppError = AppError::NotFound("preset");

/// Named drafts.
pub struct Presets<'a>(pub(crate) &'a App);

impl Presets<'_> {
    /// Makes a preset.
    pub async fn create(&self, caller: &Caller, name: &str, edit: Edit) -> Result<Preset, AppError> {
        caller.may(Scope::ProductionWrite)?;
        let name = check_name(name)?;
        let mut draft = Draft::default();
        draft.apply(edit);
        let now = self.0.now();
        let id = PresetId::new(now, self.0.dice());
        let preset = Preset { id, owner: caller.account.id, name, draft, created: now, changed: now };
        let tx = self.0.begin().await?;
        if store::presets::count(&tx, preset.owner).await? >= MOST {
            return Err(AppError::Conflict(format!("An account has at most {MOST} presets. Remove one first.")));
        }
        settle(&tx, None, Some(&preset.draft), now).await?;
        store::presets::insert(&tx, &preset).await?;
        tx.commit().await?;
        Ok(preset)
    }

    /// The preset.
    pub async fn find(&self, caller: &Caller, id: PresetId) -> Result<Preset, AppError> {
        caller.may(Scope::ProductionRead)?;
        owned(store::presets::find(self.0.store(), id).await?, caller.account.id)
    }

    /// Presets of the caller, newest first.
    pub async fn list(&self, caller: &Caller, page: Page) -> Result<Vec<Preset>, AppError> {
        caller.may(Scope::ProductionRead)?;
        Ok(store::presets::list(self.0.store(), caller.account.id, page).await?)
    }

    /// Changes what productions that begin with it will want, and its name if one is given.
    pub async fn update(
        &self,
        caller: &Caller,
        id: PresetId,
        name: Option<&str>,
        edit: Edit,
    ) -> Result<Preset, AppError> {
        let name = name.map(check_name).transpose()?;
        self.change(caller, id, |preset| {
            preset.name = name.unwrap_or_else(|| std::mem::take(&mut preset.name));
            preset.draft.apply(edit);
        })
        .await
    }

    /// Empties a list.
    pub async fn clear(&self, caller: &Caller, id: PresetId, list: List) -> Result<Preset, AppError> {
        self.change(caller, id, |preset| clear(&mut preset.draft, list)).await
    }

    /// Changes the address that hears of productions which begin with it; none takes it away.
    pub async fn set_webhook(
        &self,
        caller: &Caller,
        id: PresetId,
        webhook: Option<String>,
    ) -> Result<Preset, AppError> {
        self.change(caller, id, |preset| preset.draft.webhook = webhook).await
    }

    /// Forgets the preset. Productions that began with it stay as they are.
    pub async fn remove(&self, caller: &Caller, id: PresetId) -> Result<(), AppError> {
        caller.may(Scope::ProductionWrite)?;
        let tx = self.0.begin().await?;
        let preset = owned(store::presets::find_for_update(&tx, id).await?, caller.account.id)?;
        settle(&tx, Some(&preset.draft), None, self.0.now()).await?;
        store::presets::remove(&tx, id).await?;
        Ok(tx.commit().await?)
    }

    /// The preset that a person means by an id or a name.
    pub(crate) async fn named(&self, owner: AccountId, wanted: &str) -> Result<Preset, AppError> {
        let unknown = || AppError::invalid("preset", format!("There is no preset “{}”.", excerpt(wanted)));
        if let Ok(id) = wanted.parse::<PresetId>()
            && let Some(preset) = store::presets::find(self.0.store(), id).await?
        {
            return owned(Some(preset), owner).map_err(|_| unknown());
        }
        let all = store::presets::list(self.0.store(), owner, Page::first(MOST)).await?;
        all.into_iter().find(|preset| preset.name == wanted).ok_or_else(unknown)
    }

    async fn change(
        &self,
        caller: &Caller,
        id: PresetId,
        change: impl FnOnce(&mut Preset),
    ) -> Result<Preset, AppError> {
        caller.may(Scope::ProductionWrite)?;
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let mut preset = owned(store::presets::find_for_update(&tx, id).await?, caller.account.id)?;
        let before = preset.draft.clone();
        change(&mut preset);
        settle(&tx, Some(&before), Some(&preset.draft), now).await?;
        preset.changed = now;
        store::presets::update(&tx, &preset).await?;
        tx.commit().await?;
        Ok(preset)
    }
}

fn owned(found: Option<Preset>, owner: AccountId) -> Result<Preset, AppError> {
    found.filter(|preset| preset.owner == owner).ok_or(NONE)
}

fn check_name(name: &str) -> Result<String, AppError> {
    let name = name.trim();
    let length = name.chars().count();
    if (1..=NAME_LENGTH).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(AppError::invalid(
        "preset_name",
        format!("A preset's name has 1 to {NAME_LENGTH} characters on one line. This one has {length}."),
    ))
}

fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
