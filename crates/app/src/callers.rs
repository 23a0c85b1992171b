//! Whom a credential stands for, and what may be done with it.
//!
//! A [`Caller`] is made here and nowhere else: having one *is* having been recognised.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{Account, ApiKeyId, AppId, AuditKind, GrantId, SessionId, Username};
pub use protocols::oauth2::{Scope, ScopeSet};
use protocols::{Key, KeyKind};
use serde_json::json;
use store::Digest;
use store::api_keys::ApiKey;
use store::oauth2::TokenKind;

use crate::accounts::place;
use crate::audit::Entry;
use crate::secret::digest;
use crate::{App, AppError};

/// Where a request came from.
pub type Peer = IpAddr;

/// Somebody who was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub account: Arc<Account>,
    /// How that is known.
    pub via: Via,
    /// What may be done with this credential.
    pub scopes: Scopes,
}

/// How somebody was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// By name and password, with each request.
    Password,
    /// By a personal API key.
    ApiKey(ApiKeyId),
    /// By a browser that signed in.
    Session(SessionId),
    /// By an app that this account allowed something.
    App {
        /// Which one.
        app: AppId,
        /// By what was allowed.
        grant: GrantId,
    },
}

/// What may be done with a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// Everything that its owner may.
    All,
    /// Only this.
    Only(ScopeSet),
}

impl Scopes {
    /// Reads scopes that are written with spaces between; none written is all.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        let scopes = text.parse::<ScopeSet>().map_err(|unknown| AppError::invalid("scope", unknown.to_string()))?;
        Ok(if scopes.is_empty() { Self::All } else { Self::Only(scopes) })
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Only(scopes) => scopes.fmt(f),
        }
    }
}

/// Scopes as they are kept.
pub(crate) fn scope_set(text: &str) -> Result<ScopeSet, AppError> {
    text.parse().map_err(|_| AppError::Broken("a scope that was kept is not known"))
}

/// Whoever runs the house: having one *is* the permission.
#[derive(Debug)]
pub struct Operator(());

impl Operator {
    /// Somebody at the command line of the machine that has the database.
    pub fn at_the_console() -> Self {
        Self(())
    }
}

impl Caller {
    /// Whether this credential is good for that.
    pub fn may(&self, scope: Scope) -> Result<(), AppError> {
        let fine = match &self.scopes {
            Scopes::All => true,
            Scopes::Only(scopes) => scopes.contains(scope),
        };
        let name = scope.name();
        if fine {
            Ok(())
        } else {
            Err(AppError::Forbidden(format!("This key is not good for {name}. Make one that is.")))
        }
    }
}

/// Credentials, and whom they stand for.
pub struct Callers<'a>(pub(crate) &'a App);

/// How long a session is not noted again as heard of.
const SEEN_FOR: Duration = Duration::from_mins(5);

/// How long the use of a token is not noted again.
const USED_FOR: Duration = Duration::from_mins(1);

/// How long the use of a key from one place is not written down again.
const TOLD_FOR: Duration = Duration::from_hours(24);

const UNKNOWN: AppError = AppError::Unauthenticated("This key is not known here. It may have been revoked.");

impl Callers<'_> {
    /// Whoever holds a personal API key, or the access token of an app.
    pub async fn by_key(&self, text: &str, from: Peer) -> Result<Caller, AppError> {
        let key = Key::parse(text).ok_or(UNKNOWN)?;
        match key.kind() {
            KeyKind::Personal => self.by_api_key(&key, from).await,
            KeyKind::AccessToken => self.by_token(&key).await,
            _ => Err(UNKNOWN),
        }
    }

    async fn by_token(&self, key: &Key) -> Result<Caller, AppError> {
        const OVER: AppError =
            AppError::Unauthenticated("This token has expired. Get another one with the refresh token.");
        let (digest, now) = (digest(key.reveal()), self.0.now());
        let found = store::oauth2::recognise(self.0.store(), digest).await?;
        let found = found.filter(|found| found.0.kind == TokenKind::Access).ok_or(UNKNOWN)?;
        let (token, account) = &*found;
        if token.expires <= now {
            return Err(OVER);
        }
        if token.used.is_none_or(|used| now.since(used) > USED_FOR) {
            Box::pin(self.touch_token(&digest, token.grant)).await?;
        }
        let via = Via::App { app: token.app, grant: token.grant };
        Ok(Caller { account: account.clone(), via, scopes: Scopes::Only(scope_set(&token.scopes)?) })
    }

    async fn touch_token(&self, digest: &Digest, grant: GrantId) -> Result<(), AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        store::oauth2::touch_token(&tx, digest, now).await?;
        store::grants::touch(&tx, grant, now).await?;
        Ok(tx.commit().await?)
    }

    async fn by_api_key(&self, key: &Key, from: Peer) -> Result<Caller, AppError> {
        let found = store::api_keys::recognise(self.0.store(), digest(key.reveal())).await?.ok_or(UNKNOWN)?;
        let (key, account) = &*found;
        let now = self.0.now();
        if key.wants_touch(now) {
            Box::pin(self.touch_key(key.id)).await?;
        }
        let used = format!("key {} {}", key.id, place(from));
        if !self.0.told().is_known(&used, now) {
            Box::pin(self.note_use(key, used, from)).await?;
        }
        Ok(Caller { account: account.clone(), via: Via::ApiKey(key.id), scopes: Scopes::parse(&key.scopes)? })
    }

    /// Whoever gives a name and a password, or a name and a key of that account.
    pub async fn by_name(&self, name: &str, secret: &str, from: Peer) -> Result<Caller, AppError> {
        if Key::parse(secret).is_some() {
            let caller = self.by_key(secret, from).await?;
            let same = name.parse::<Username>().is_ok_and(|name| name == caller.account.username);
            return if same { Ok(caller) } else { Err(UNKNOWN) };
        }
        let account = self.0.accounts().by_password_alone(name, secret, from).await?;
        Ok(Caller { account: account.into(), via: Via::Password, scopes: Scopes::All })
    }

    async fn touch_key(&self, id: ApiKeyId) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        store::api_keys::touch(&tx, id, self.0.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Writes down that a key is used from a place, once a day.
    async fn note_use(&self, key: &ApiKey, used: String, from: Peer) -> Result<(), AppError> {
        let now = self.0.now();
        let until = if let Some(hits) = store::throttles::peek(self.0.store(), &used, now).await? {
            hits.until
        } else {
            let tx = self.0.begin().await?;
            // Of several requests at once the first one tells.
            let hits = store::throttles::hit(&tx, &used, now, TOLD_FOR).await?;
            if hits.count == 1 {
                let entry = Entry::new(AuditKind::KeyUsed, key.account, Some(from)).with(json!({ "name": key.name }));
                self.0.audit().note(&tx, entry).await?;
            }
            tx.commit().await?;
            hits.until
        };
        self.0.told().remember(used, until);
        Ok(())
    }

    /// Whoever signed in with this browser.
    pub async fn by_session(&self, text: &str) -> Result<Caller, AppError> {
        const OVER: AppError = AppError::Unauthenticated("You were signed out. Sign in again.");
        let key = Key::parse(text).filter(|key| key.kind() == KeyKind::Session).ok_or(OVER)?;
        let now = self.0.now();
        let digest = digest(key.reveal());
        let (session, account) = store::sessions::find(self.0.store(), &digest, now).await?.ok_or(OVER)?;
        if now.since(session.seen) > SEEN_FOR {
            let tx = self.0.begin().await?;
            store::sessions::touch(&tx, &digest, now, now + self.0.rules().session_life).await?;
            tx.commit().await?;
        }
        Ok(Caller { account: account.into(), via: Via::Session(session.id), scopes: Scopes::All })
    }
}
