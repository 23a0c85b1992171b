//! What people allowed apps: looked at, and taken back.

use model::{AccountId, AppId, AuditKind, GrantId, RegisteredApp, Time};
use serde_json::json;
use store::Tx;
use store::grants::{Grant, Protocol};

use crate::audit::Entry;
use crate::callers::{Caller, Peer};
use crate::oauth2::in_person;
use crate::{App, AppError};

/// What people allowed apps.
pub struct Grants<'a>(pub(crate) &'a App);

/// An app that is allowed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Which one.
    pub app: RegisteredApp,
    /// What it may do, by all that it was ever allowed, as words with spaces between.
    pub scopes: String,
    /// Since when.
    pub since: Time,
    /// When it last made use of it.
    pub used: Option<Time>,
}

impl Grants<'_> {
    /// The apps that the caller allowed something, the latest first.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Connected>, AppError> {
        in_person(caller)?;
        let mut connected: Vec<Connected> = Vec::new();
        for (grant, app) in store::grants::list_of(self.0.store(), caller.account.id).await? {
            let Some(known) = connected.iter_mut().find(|known| known.app.id == app.id) else {
                connected.push(Connected { app, scopes: grant.scopes, since: grant.created, used: grant.used });
                continue;
            };
            let both = format!("{} {}", known.scopes, grant.scopes);
            known.scopes = crate::callers::scope_set(&both)?.to_string();
            known.since = known.since.min(grant.created);
            known.used = known.used.max(grant.used);
        }
        Ok(connected)
    }

    /// Takes back everything that the caller allowed an app. Its tokens are worth nothing from then on.
    pub async fn remove(&self, caller: &Caller, app: AppId, from: Peer) -> Result<(), AppError> {
        in_person(caller)?;
        let tx = self.0.begin().await?;
        let name = store::apps::find(&tx, app).await?.map(|app| app.name);
        if store::grants::remove_between(&tx, caller.account.id, app).await? == 0 {
            return Err(AppError::NotFound("connected app"));
        }
        let entry = Entry::new(AuditKind::AppRevoked, caller.account.id, Some(from)).with(json!({ "name": name }));
        self.0.audit().note(&tx, Entry { app: Some(app.to_string()), ..entry }).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps that an app was allowed something, in the transaction in which it has the tokens for it.
    pub(crate) async fn insert(
        &self,
        tx: &Tx,
        app: &RegisteredApp,
        account: AccountId,
        protocol: Protocol,
        scopes: &str,
    ) -> Result<GrantId, AppError> {
        let now = self.0.now();
        let id = GrantId::new(now, self.0.dice());
        let scopes = scopes.to_owned();
        let grant = Grant { id, app: app.id, account, protocol, scopes, created: now, used: None };
        store::grants::insert(tx, &grant).await?;
        Ok(id)
    }
}
