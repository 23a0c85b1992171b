//! What happened around an account: written down in the transaction in which it happens, shown to whoever the account belongs to.

use model::{AccountId, AuditEntry, AuditId, AuditKind};
use serde_json::Value;
use store::Tx;

use crate::callers::{Caller, Peer, Scope};
use crate::{App, AppError};

/// Entries that are given out at once.
const MOST: u64 = 100;

/// What happened around accounts.
pub struct Audit<'a>(pub(crate) &'a App);

/// Something that happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Whose account it is about.
    pub account: Option<AccountId>,
    /// The id of the app that it is about.
    pub app: Option<String>,
    /// What happens.
    pub kind: AuditKind,
    /// What else is to be said: names, never secrets. An object, or nothing.
    pub detail: Value,
    /// Where it comes from; nothing where it is the operator at a command line, or the house itself.
    pub from: Option<Peer>,
}

impl Entry {
    /// Something that happens around an account.
    pub fn new(kind: AuditKind, account: AccountId, from: Option<Peer>) -> Self {
        Self { account: Some(account), app: None, kind, detail: Value::Null, from }
    }

    /// The same, with more to be said.
    #[must_use]
    pub fn with(self, detail: Value) -> Self {
        Self { detail, ..self }
    }
}

impl Audit<'_> {
    /// Writes down what happens, in the transaction in which it does.
    pub async fn note(&self, tx: &Tx, entry: Entry) -> Result<(), AppError> {
        let now = self.0.now();
        let entry = AuditEntry {
            id: AuditId::new(now, self.0.dice()),
            account: entry.account,
            app: entry.app,
            kind: entry.kind,
            detail: entry.detail,
            peer: entry.from.map_or_else(String::new, |from| from.to_canonical().to_string()),
            created: now,
        };
        Ok(store::audit::insert(tx, &entry).await?)
    }

    /// What happened around the caller's account, newest first: before that entry, or the latest. At most a hundred at once.
    pub async fn list(&self, caller: &Caller, before: Option<AuditId>) -> Result<Vec<AuditEntry>, AppError> {
        caller.may(Scope::Profile)?;
        Ok(store::audit::list(self.0.store(), caller.account.id, before, MOST).await?)
    }
}
