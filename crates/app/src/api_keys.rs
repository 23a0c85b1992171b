//! Personal API keys: made, listed, revoked. The key itself is shown once.

use model::{Account, ApiKeyId};
use protocols::{Key, KeyKind};
use store::api_keys::ApiKey;

use crate::secret::digest;
use crate::{App, AppError, Scopes};

/// Characters that a key's name may have.
const NAME_LENGTH: usize = 100;

/// Keys that an account may have.
const MOST: usize = 100;

/// Personal API keys.
pub struct ApiKeys<'a>(pub(crate) &'a App);

impl ApiKeys<'_> {
    /// Makes a key. Its text is in what comes back, and nowhere else.
    pub async fn create(&self, account: &Account, name: &str, scopes: &Scopes) -> Result<(ApiKey, Key), AppError> {
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
        tx.commit().await?;
        Ok((row, key))
    }

    /// The keys of an account, newest first.
    pub async fn list(&self, account: &Account) -> Result<Vec<ApiKey>, AppError> {
        Ok(store::api_keys::list(self.0.store(), account.id).await?)
    }

    /// Revokes a key at once.
    pub async fn remove(&self, account: &Account, id: ApiKeyId) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        if !store::api_keys::remove(&tx, account.id, id).await? {
            return Err(AppError::NotFound("API key"));
        }
        Ok(tx.commit().await?)
    }
}
