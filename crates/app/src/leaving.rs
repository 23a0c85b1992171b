//! Taking everything along, and going.
//!
//! An export is handed out piece by piece, in the order in which it is asked for, so that nothing of it is held whole. A removal is one
//! transaction; the bytes in storage are doomed by it and go with the next sweep.

use model::{AuditKind, Production};
use serde::Serialize;
use serde_json::{Value, json};
use store::Page;
use store::leaving::Belongings;

use crate::audit::Entry;
use crate::callers::{Caller, Peer};
use crate::productions::subject;
use crate::sessions::Fresh;
use crate::{App, AppError};

/// Productions that are looked up at once while exporting.
const AT_ONCE: u64 = 20;

/// Presets that an account has at most, and then some.
const MOST_PRESETS: u64 = 10_000;

/// Taking everything along, and going.
pub struct Leaving<'a>(pub(crate) &'a App);

/// A piece of an export.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// A text that is made here.
    Document {
        /// Where it lies in the archive.
        name: String,
        /// What it says.
        bytes: Vec<u8>,
    },
    /// A file in storage.
    File {
        /// Where it lies in the archive.
        name: String,
        /// Where it lies in storage.
        key: String,
        /// Bytes.
        size: u64,
    },
}

impl Leaving<'_> {
    /// How much would be destroyed.
    pub async fn belongings(&self, fresh: &Fresh<'_>) -> Result<Belongings, AppError> {
        Ok(store::leaving::count(self.0.store(), fresh.account().id).await?)
    }

    /// Forgets the account and everything that it owns. The last one that runs the house stays.
    pub async fn remove(&self, fresh: &Fresh<'_>, from: Peer) -> Result<(), AppError> {
        let account = fresh.account();
        let tx = self.0.begin().await?;
        let admins = store::leaving::admins_for_update(&tx).await?;
        if admins == [account.id] {
            return Err(AppError::Conflict(
                "You are the only one here who runs the house. Make somebody else an admin first: soundpost admin user create --admin.".to_owned(),
            ));
        }
        for production in store::leaving::list_running(&tx, account.id).await? {
            let _ = store::jobs::ask_cancel(&tx, &subject(production)).await?;
        }
        store::audit::remove_of_account(&tx, account.id).await?;
        if !store::leaving::remove(&tx, account.id, self.0.now()).await? {
            return Err(AppError::NotFound("account"));
        }
        self.0.audit().note(&tx, Entry::new(AuditKind::AccountRemoved, account.id, Some(from))).await?;
        Ok(tx.commit().await?)
    }

    /// Begins an export: everything but productions.
    pub async fn begin_export(&self, fresh: &Fresh<'_>, from: Peer) -> Result<Vec<Piece>, AppError> {
        let account = fresh.account();
        let (store, now) = (self.0.store(), self.0.now());
        let tx = self.0.begin().await?;
        self.0.audit().note(&tx, Entry::new(AuditKind::AccountExported, account.id, Some(from))).await?;
        tx.commit().await?;
        let keys = store::api_keys::list(store, account.id).await?;
        let keys = keys.iter().map(|key| {
            json!({ "id": key.id, "name": key.name, "scopes": key.scopes, "created_ms": key.created, "used_ms": key.used })
        });
        let sessions = store::sessions::list(store, account.id, now).await?;
        let sessions = sessions.iter().map(|session| {
            json!({
                "id": session.id, "created_ms": session.created, "seen_ms": session.seen, "from": session.peer, "browser": session.agent,
            })
        });
        let passkeys = store::passkeys::list(store, account.id).await?;
        let passkeys = passkeys
            .iter()
            .map(|passkey| json!({ "name": passkey.name, "created_ms": passkey.created, "used_ms": passkey.used }));
        let presets = store::presets::list(store, account.id, Page::first(MOST_PRESETS)).await?;
        let presets = presets.iter().map(|preset| {
            json!({
                "id": preset.id, "name": preset.name, "draft": preset.draft, "created_ms": preset.created, "changed_ms": preset.changed,
            })
        });
        let about = json!({
            "id": account.id, "username": account.username, "email": account.email, "admin": account.is_admin,
            "email_verified": store::emails::is_verified(store, account).await?, "created_ms": account.created,
            "exported_ms": now,
        });
        Ok(vec![
            document("account.json", &about)?,
            document("api-keys.json", &keys.collect::<Value>())?,
            document("sessions.json", &sessions.collect::<Value>())?,
            document("passkeys.json", &passkeys.collect::<Value>())?,
            document("presets.json", &presets.collect::<Value>())?,
            document("activity.json", &self.activity(fresh.caller()).await?)?,
        ])
    }

    /// Goes on with an export: some productions with their files, after so many. None is the end.
    pub async fn go_on_exporting(&self, caller: &Caller, after: u64) -> Result<(u64, Vec<Piece>), AppError> {
        let page = Page { limit: AT_ONCE, offset: after };
        let productions = store::productions::list(self.0.store(), caller.account.id, page).await?;
        let pieces = productions.iter().map(pieces).collect::<Result<Vec<_>, _>>()?;
        Ok((productions.len() as u64, pieces.concat()))
    }

    async fn activity(&self, caller: &Caller) -> Result<Value, AppError> {
        let mut all = Vec::new();
        let mut before = None;
        loop {
            let entries = self.0.audit().list(caller, before).await?;
            let Some(last) = entries.last() else { return Ok(Value::Array(all)) };
            before = Some(last.id);
            all.extend(entries.iter().map(|entry| {
                json!({
                    "what": entry.kind.name(), "detail": entry.detail, "app": entry.app, "from": entry.peer, "at_ms": entry.created,
                })
            }));
        }
    }
}

/// A production and its files.
fn pieces(production: &Production) -> Result<Vec<Piece>, AppError> {
    use model::production::Input;
    let folder = format!("productions/{}", production.id);
    let about = json!({
        "id": production.id, "draft": production.draft, "state": production.state, "run": production.run,
        "created_ms": production.created, "changed_ms": production.changed,
    });
    let mut pieces = vec![document(&format!("{folder}/production.json"), &about)?];
    let file = |place: &str, name: &str, key: &str, size: u64| Piece::File {
        name: format!("{folder}/{place}/{name}"),
        key: key.to_owned(),
        size,
    };
    for (place, input) in [("original", &production.draft.input), ("cover", &production.draft.cover)] {
        if let Some(Input::File(stored)) = input {
            pieces.push(file(place, &stored.name, &stored.key, stored.size));
        }
    }
    if let Some(made) = production.state.made() {
        pieces.extend(made.files.iter().map(|made| file("made", &made.name, &made.key, made.size)));
        pieces.extend(made.drawings.iter().map(|made| file("drawings", &made.name, &made.key, made.size)));
    }
    Ok(pieces)
}

fn document(name: &str, value: &impl Serialize) -> Result<Piece, AppError> {
    let bytes = serde_json::to_vec_pretty(value).map_err(|_| AppError::Broken("an export could not be written"))?;
    Ok(Piece::Document { name: name.to_owned(), bytes })
}
