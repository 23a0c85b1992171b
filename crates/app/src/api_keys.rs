//! Personal API keys: made, listed, revoked. The key itself is shown once.

use model::{Account, ApiKeyId, AuditKind};
use protocols::{Key, KeyKind};
use serde_json::json;
use store::api_keys::ApiKey;

use crate::audit::Entry;
use crate::callers::Peer;
use crate::secret::digest;
use crate::sessions::Fresh;
use crate::{App, AppError, Scopes};

/// Characters that a key's name may have.
const NAME_LENGTH: usize = 100;

/// Keys that an account may have.
const MOST: usize = 100;

/// Personal API keys.
pub struct ApiKeys<'a>(pub(crate) &'a App);

impl ApiKeys<'_> {
    /// Makes a key. Its text is in what comes back, and nowhere else.
    ///
    /// `from` is nothing where the operator makes it at a command line.
    pub async fn create(
        &self,
        account: &Account,
        name: &str,
        scopes: &Scopes,
        from: Option<Peer>,
    ) -> Result<(ApiKey, Key), AppError> {
        if name.chars().count() > NAME_LENGTH {
            return Err(AppError::invalid("name", format!("A key's name has at most {NAME_LENGTH} characters.")));
        }
        if store::api_keys::list(self.0.store(), account.id).await?.len() >= MOST {
            return Err(AppError::Conflict(format!("An account has at most {MOST} keys. Revoke one first.")));
        }
        let key = Key::new(KeyKind::Personal, self.0.random());
        let now = self.0.now();
        let row = ApiKey {
            id: ApiKeyId::new(now, self.0.dice()),
            account: account.id,
            name: name.to_owned(),
            scopes: scopes.to_string(),
            created: now,
            used: None,
        };
        let tx = self.0.begin().await?;
        store::api_keys::insert(&tx, &row, &digest(key.reveal())).await?;
        let made =
            Entry::new(AuditKind::KeyMade, account.id, from).with(json!({ "name": row.name, "scopes": row.scopes }));
        self.0.audit().note(&tx, made).await?;
        tx.commit().await?;
        Ok((row, key))
    }

    /// Somebody makes a key of their own.
    pub async fn make(
        &self,
        fresh: &Fresh<'_>,
        name: &str,
        scopes: &Scopes,
        from: Peer,
    ) -> Result<(ApiKey, Key), AppError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(AppError::invalid("name", "Say what the key is for, so that you know it again."));
        }
        self.create(fresh.account(), name, scopes, Some(from)).await
    }

    /// The keys of an account, newest first.
    pub async fn list(&self, account: &Account) -> Result<Vec<ApiKey>, AppError> {
        Ok(store::api_keys::list(self.0.store(), account.id).await?)
    }

    /// Revokes a key at once.
    pub async fn remove(&self, account: &Account, id: ApiKeyId, from: Option<Peer>) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        let name =
            store::api_keys::list(&tx, account.id).await?.into_iter().find(|key| key.id == id).map(|key| key.name);
        if !store::api_keys::remove(&tx, account.id, id).await? {
            return Err(AppError::NotFound("API key"));
        }
        let revoked = Entry::new(AuditKind::KeyRevoked, account.id, from).with(json!({ "name": name }));
        self.0.audit().note(&tx, revoked).await?;
        Ok(tx.commit().await?)
    }
}
