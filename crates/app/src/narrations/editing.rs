//! Changing what is read: by whoever it belongs to, by admins of its organization, and by people whom the organization sends here.
//!
//! Every change makes another revision; what was before can be had back. Whoever changes something that somebody else changed meanwhile is told, and
//! nothing is lost; changes of other places go together.

use std::time::Duration;

use model::narration::{Change, Script};
use model::organization::Role;
use model::{AccountId, Narration, OrganizationId, Production, ProductionId, Time};
use protocols::{Key, KeyKind};
use store::Tx;
use store::editor_passes::EditorPass;
use store::narrations::Revision;

use super::asking::THEIRS_LENGTH;
use super::{NONE, Narrations, Player, Requested};
use crate::AppError;
use crate::callers::Caller;
use crate::organizations::{Partner, whole};
use crate::secret::digest;

/// How long a way into the editor that stands in an address is good.
const LINK_LIFE: Duration = Duration::from_mins(5);

/// How long a browser that came by one may edit.
const SESSION_LIFE: Duration = Duration::from_hours(8);

/// Earlier scripts that are kept of a narration.
const MOST_REVISIONS: u32 = 50;

/// Characters of a word that is said in another way, and of how.
const WORD_LENGTH: usize = 100;

/// Words that one publication says in its own way.
const MOST_WORDS: usize = 5_000;

/// Somebody who may change narrations of an organization. Having one *is* having been recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editor {
    account: AccountId,
    organization: OrganizationId,
    is_admin: bool,
    by: EditedBy,
}

/// How it is known who an editor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditedBy {
    /// They signed in.
    SignedIn,
    /// Their organization sent them.
    Sent,
}

impl Editor {
    /// Who it is.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Where.
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// Whether they may change everything there, or only their own.
    pub fn is_admin(&self) -> bool {
        self.is_admin
    }

    /// How it is known who they are.
    pub fn by(&self) -> EditedBy {
        self.by
    }

    fn may(&self, narration: &Narration) -> bool {
        narration.organization == self.organization && (self.is_admin || narration.owner == self.account)
    }
}

/// A browser that was let into the editor.
pub struct EditorSession {
    /// What it shows from now on. A secret.
    pub key: Key,
    /// The narration that it was sent to.
    pub narration: ProductionId,
    /// How long the key is good.
    pub life: Duration,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The narration as it is now.
    pub narration: Narration,
    /// Whether somebody else had changed something meanwhile, so that there is more to see than what was sent.
    pub is_merged: bool,
}

const OVER: AppError = AppError::Unauthenticated(
    "This way into the editor was used already, or is older than five minutes. Open the editor again from where you came.",
);

impl Narrations<'_> {
    /// Gives an organization's server a way into the editor for one of its people.
    pub async fn editor_link(&self, partner: &Partner, id: ProductionId, theirs: &str) -> Result<Key, AppError> {
        if theirs.is_empty() || theirs.chars().count() > THEIRS_LENGTH {
            let message = "Say in the header Organization-User-Id which of your people is to edit.";
            return Err(AppError::invalid("Organization-User-Id", message));
        }
        let (organization, now) = (partner.organization().id, self.0.now());
        let tx = self.0.begin().await?;
        let user = store::publications::find_user(&tx, organization, theirs).await?.ok_or(NONE)?;
        let narration = store::narrations::find(&tx, id).await?;
        let narration = narration.filter(|found| found.organization == organization && found.owner == user.account);
        let narration = narration.ok_or(NONE)?.id;
        let key = Key::new(KeyKind::EditorLink, self.0.random());
        let pass =
            EditorPass { organization, account: user.account, narration, is_session: false, expires: now + LINK_LIFE };
        store::editor_passes::insert(&tx, &pass, &digest(key.reveal())).await?;
        tx.commit().await?;
        Ok(key)
    }

    /// Trades a way in that stood in an address, once, for what a browser keeps.
    pub async fn enter_editor(&self, text: &str) -> Result<EditorSession, AppError> {
        let key = Key::parse(text).filter(|key| key.kind() == KeyKind::EditorLink).ok_or(OVER)?;
        let (digest_of_link, now) = (digest(key.reveal()), self.0.now());
        let tx = self.0.begin().await?;
        let pass = store::editor_passes::find(&tx, &digest_of_link, now).await?.ok_or(OVER)?;
        // Of two who come with it at once, one finds it gone.
        if pass.is_session || !store::editor_passes::remove(&tx, &digest_of_link).await? {
            return Err(OVER);
        }
        let key = Key::new(KeyKind::EditorSession, self.0.random());
        let session = EditorPass { is_session: true, expires: now + SESSION_LIFE, ..pass };
        store::editor_passes::insert(&tx, &session, &digest(key.reveal())).await?;
        tx.commit().await?;
        Ok(EditorSession { key, narration: pass.narration, life: SESSION_LIFE })
    }

    /// Whoever was let into the editor with this browser.
    pub async fn editor_by_session(&self, text: &str) -> Result<Editor, AppError> {
        const OVER: AppError = AppError::Unauthenticated(
            "Your time in the editor is over. What you saved is kept. Open the editor again from where you came.",
        );
        let key = Key::parse(text).filter(|key| key.kind() == KeyKind::EditorSession).ok_or(OVER)?;
        let pass = store::editor_passes::find(self.0.store(), &digest(key.reveal()), self.0.now()).await?;
        let pass = pass.filter(|pass| pass.is_session).ok_or(OVER)?;
        Ok(Editor { account: pass.account, organization: pass.organization, is_admin: false, by: EditedBy::Sent })
    }

    /// The caller as an editor of a narration.
    pub async fn editor_of(&self, caller: &Caller, id: ProductionId) -> Result<Editor, AppError> {
        let narration = store::narrations::find(self.0.store(), id).await?.ok_or(NONE)?;
        let editor = self.editor_in(caller, narration.organization).await?;
        editor.filter(|editor| editor.may(&narration)).ok_or(NONE)
    }

    /// The caller as an editor of their narrations in an organization, where they are a member or have an account of its people.
    pub async fn editor_in(&self, caller: &Caller, organization: OrganizationId) -> Result<Option<Editor>, AppError> {
        whole(caller)?;
        let account = caller.account.id;
        let place = store::organizations::find_member(self.0.store(), organization, account).await?;
        let is_admin = place.as_ref().is_some_and(|place| place.role == Role::Admin);
        let is_known = place.is_some()
            || store::publications::find_user_of(self.0.store(), organization, account).await?.is_some();
        Ok(is_known.then_some(Editor { account, organization, is_admin, by: EditedBy::SignedIn }))
    }

    /// Whether somebody may change a narration.
    pub async fn may_edit(&self, editor: &Editor, id: ProductionId) -> Result<bool, AppError> {
        let narration = store::narrations::find(self.0.store(), id).await?;
        Ok(narration.is_some_and(|found| editor.may(&found)))
    }

    /// A narration, for somebody who may change it.
    pub async fn edited(&self, editor: &Editor, id: ProductionId) -> Result<Player, AppError> {
        let narration = store::narrations::find(self.0.store(), id).await?;
        self.shown(narration.filter(|found| editor.may(found)).ok_or(NONE)?).await
    }

    /// The script as it was at a revision, to compare with what somebody typed; an [`AppError::Changed`] where it is not known any more.
    pub async fn script_at(&self, editor: &Editor, id: ProductionId, revision: u32) -> Result<Script, AppError> {
        let narration =
            store::narrations::find(self.0.store(), id).await?.filter(|found| editor.may(found)).ok_or(NONE)?;
        if narration.revision == revision {
            return Ok(narration.script);
        }
        let earlier = store::narrations::find_revision(self.0.store(), id, revision).await?;
        earlier.map(|earlier| earlier.script).ok_or(AppError::Changed { revision: narration.revision })
    }

    /// Makes changes to the script that somebody has before them.
    ///
    /// All of them, or none: an [`AppError::Changed`] where what they are about was changed by somebody else since that revision.
    pub async fn change(
        &self,
        editor: &Editor,
        id: ProductionId,
        base: u32,
        changes: Vec<Change>,
    ) -> Result<Changed, AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let (_, mut narration) = self.locked(&tx, editor, id).await?;
        let is_merged = base != narration.revision;
        if is_merged {
            let before = store::narrations::find_revision(&tx, id, base).await?.map(|revision| revision.script);
            for change in &changes {
                refuse_conflict(before.as_ref(), &narration, change)?;
            }
        }
        let mut script = narration.script.clone();
        for change in changes {
            let checks = &self.0.rules().checks;
            match &change {
                Change::Reader(Some(voice)) => {
                    checks.voice(voice).map_err(|why| AppError::invalid("reader", why))?;
                }
                Change::Voice(id, Some(voice)) => {
                    checks.voice(voice).map_err(|why| AppError::invalid(&format!("voice-{id}"), why))?;
                }
                _ => {}
            }
            script.change(change).map_err(|error| AppError::invalid("script", error.to_string()))?;
        }
        if script.bytes() > narration.script.bytes() || script.words() > narration.script.words() {
            script.check_length().map_err(|error| AppError::invalid("script", error.to_string()))?;
        }
        if script != narration.script {
            self.keep_revision(&tx, &narration, Some(editor.account), now).await?;
            narration.script = script;
            narration.revision += 1;
            narration.changed = now;
            store::narrations::update(&tx, &narration).await?;
            tx.commit().await?;
        }
        Ok(Changed { narration, is_merged })
    }

    /// Takes the last change back, whoever made it.
    pub async fn undo(&self, editor: &Editor, id: ProductionId, base: u32) -> Result<Narration, AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let (_, mut narration) = self.locked(&tx, editor, id).await?;
        if base != narration.revision {
            return Err(AppError::Changed { revision: narration.revision });
        }
        let earlier = store::narrations::last_revision(&tx, id).await?;
        let earlier = earlier.filter(|earlier| !earlier.script.segments.is_empty());
        let Some(earlier) = earlier else {
            return Err(AppError::Conflict("There is nothing to take back.".to_owned()));
        };
        store::narrations::forget_revision(&tx, id, earlier.revision).await?;
        narration.script = earlier.script;
        narration.revision += 1;
        narration.changed = now;
        store::narrations::update(&tx, &narration).await?;
        tx.commit().await?;
        Ok(narration)
    }

    /// Has the script read as it is now. What can be heard is what was published before, until this is published.
    pub async fn render(&self, editor: &Editor, id: ProductionId) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        let (mut production, narration) = self.locked(&tx, editor, id).await?;
        if narration.script.segments.is_empty() && narration.published.is_some() {
            return Err(AppError::Conflict("There is nothing left to read. Take a change back first.".to_owned()));
        }
        self.0.productions().begin_run(&tx, &mut production, self.0.now()).await?;
        Ok(tx.commit().await?)
    }

    /// From now on the player plays what was rendered last.
    pub async fn publish(&self, editor: &Editor, id: ProductionId) -> Result<(), AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let (production, mut narration) = self.locked(&tx, editor, id).await?;
        let Some(made) = production.state.made() else {
            return Err(AppError::Conflict(
                "There is nothing new to publish yet. Render it, and publish it when that is done.".to_owned(),
            ));
        };
        if narration.published.as_ref().is_some_and(|published| published.made == *made) {
            return Err(AppError::Conflict("This is what is published already.".to_owned()));
        }
        self.withdraw(&tx, &mut narration, &production, now).await?;
        self.put_out(&tx, &mut narration, made, now).await?;
        Ok(tx.commit().await?)
    }

    /// Fetches the article once more, and makes all of it anew.
    pub async fn retry(&self, editor: &Editor, id: ProductionId) -> Result<Requested, AppError> {
        let tx = self.0.begin().await?;
        let (production, _) = self.locked(&tx, editor, id).await?;
        if production.state.is_running() {
            return Ok(Requested { id, is_begun: false });
        }
        let done = self.again(&tx, id, None, true, self.0.now()).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Says how a word is said in a narration's publication; nothing is the usual way.
    pub async fn pronounce(
        &self,
        editor: &Editor,
        id: ProductionId,
        word: &str,
        said: Option<&str>,
    ) -> Result<(), AppError> {
        let word = word.trim().to_lowercase();
        let said = said.map(str::trim).filter(|said| !said.is_empty());
        // What is there can go, whatever it is.
        if let Some(said) = said {
            let is_letters = word.chars().all(|letter| letter.is_alphabetic() || matches!(letter, '\'' | '’'));
            if !(1..=WORD_LENGTH).contains(&word.chars().count()) || !is_letters {
                let message = format!(
                    "One word, of at most {WORD_LENGTH} letters, is said in another way. What has a hyphen or a digit is said in parts: give each its own."
                );
                return Err(AppError::invalid("word", message));
            }
            if said.chars().count() > WORD_LENGTH {
                return Err(AppError::invalid("said", format!("How it is said has at most {WORD_LENGTH} characters.")));
            }
            self.0.rules().checks.pronunciation(&word, said).map_err(|why| AppError::invalid("said", why))?;
        }
        let tx = self.0.begin().await?;
        let narration = store::narrations::find(&tx, id).await?.filter(|found| editor.may(found)).ok_or(NONE)?;
        let publication = narration.publication;
        match said {
            Some(said) => {
                if store::publications::pronunciations(&tx, publication).await?.len() >= MOST_WORDS {
                    return Err(AppError::Conflict(format!("A publication has at most {MOST_WORDS} such words.")));
                }
                store::publications::pronounce(&tx, publication, &word, said, self.0.now()).await?;
            }
            None => {
                store::publications::forget_pronunciation(&tx, publication, &word).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Words that a narration's publication says in its own way, and how.
    pub async fn pronunciations(&self, editor: &Editor, id: ProductionId) -> Result<Vec<(String, String)>, AppError> {
        let narration =
            store::narrations::find(self.0.store(), id).await?.filter(|found| editor.may(found)).ok_or(NONE)?;
        Ok(store::publications::pronunciations(self.0.store(), narration.publication).await?)
    }

    /// A narration and its production, which nobody else can change until the transaction ends.
    pub(super) async fn locked(
        &self,
        tx: &Tx,
        editor: &Editor,
        id: ProductionId,
    ) -> Result<(Production, Narration), AppError> {
        let production = store::productions::find_for_update(tx, id).await?.ok_or(NONE)?;
        let narration = store::narrations::find_for_update(tx, id).await?;
        Ok((production, narration.filter(|found| editor.may(found)).ok_or(NONE)?))
    }

    /// Keeps the script as it is before it is changed.
    pub(super) async fn keep_revision(
        &self,
        tx: &Tx,
        narration: &Narration,
        author: Option<AccountId>,
        now: Time,
    ) -> Result<(), AppError> {
        let earlier = Revision { revision: narration.revision, script: narration.script.clone(), author, created: now };
        store::narrations::keep_revision(tx, narration.id, &earlier).await?;
        let oldest = narration.revision.saturating_sub(MOST_REVISIONS);
        Ok(store::narrations::forget_revisions_before(tx, narration.id, oldest).await?)
    }
}

/// Refuses a change of something that is not as it was in the revision that its author had before them.
fn refuse_conflict(before: Option<&Script>, narration: &Narration, change: &Change) -> Result<(), AppError> {
    let changed = AppError::Changed { revision: narration.revision };
    let Some(before) = before else { return Err(changed) };
    let now = &narration.script;
    let segment = |script: &Script, id: u32| script.segments.iter().find(|segment| segment.id == id).cloned();
    let is_there = |id: &Option<u32>| id.is_none_or(|id| segment(now, id).is_some());
    let is_same = match change {
        // Where something new goes, its neighbour only has to be there.
        Change::Insert(after, _) => is_there(after),
        // What goes elsewhere is not elsewhere already.
        Change::Move(id, after) => {
            let is_same = segment(before, *id) == segment(now, *id);
            is_there(after) && is_same && neighbour(before, now, *id) == neighbour(now, before, *id)
        }
        Change::Reader(_) => before.voice == now.voice,
        Change::Text(id, _) | Change::Voice(id, _) | Change::Pause(id, _) | Change::Remove(id) => {
            segment(before, *id) == segment(now, *id)
        }
    };
    if is_same { Ok(()) } else { Err(changed) }
}

/// What goes before a segment, of what two scripts have both.
fn neighbour(script: &Script, other: &Script, id: u32) -> Option<u32> {
    let is_of_both = |id: u32| other.segments.iter().any(|segment| segment.id == id);
    let before = script.segments.iter().map(|segment| segment.id).take_while(|before| *before != id);
    before.filter(|before| is_of_both(*before)).last()
}
