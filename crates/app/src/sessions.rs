//! Browsers that are signed in: listed, signed out from elsewhere, and asked again who sits before them before something dangerous.

use std::time::Duration;

use model::{Account, AuditKind, SessionId, browser_in_words};
use protocols::{Key, KeyKind};
use serde_json::{Value, json};
use store::Tx;
use store::sessions::Session;

use crate::accounts::{SignedIn, Throttle};
use crate::audit::Entry;
use crate::callers::{Caller, Peer, Via};
use crate::secret::digest;
use crate::{App, AppError};

/// How long somebody counts as having just proved who they are.
const FRESH_FOR: Duration = Duration::from_mins(10);

/// Characters that are kept of what a browser calls itself.
const AGENT_LENGTH: usize = 300;

/// Browsers that are signed in.
pub struct Sessions<'a>(pub(crate) &'a App);

/// A browser at the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Where it is.
    pub from: Peer,
    /// What it calls itself.
    pub agent: String,
}

impl From<Peer> for Visitor {
    fn from(from: Peer) -> Self {
        Self { from, agent: String::new() }
    }
}

/// Somebody who has just proved who they are, in a browser. Having one *is* the check.
#[derive(Clone, Debug)]
pub struct Fresh<'a> {
    caller: &'a Caller,
}

impl Fresh<'_> {
    /// Who it is.
    pub fn caller(&self) -> &Caller {
        self.caller
    }

    /// Whose account it is.
    pub fn account(&self) -> &Account {
        &self.caller.account
    }
}

impl Sessions<'_> {
    /// The browsers of the caller's account, the one heard of last in front.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Session>, AppError> {
        own_session(caller)?;
        Ok(store::sessions::list(self.0.store(), caller.account.id, self.0.now()).await?)
    }

    /// Signs a browser of the caller's out.
    pub async fn remove(&self, caller: &Caller, id: SessionId, from: Peer) -> Result<(), AppError> {
        own_session(caller)?;
        let account = caller.account.id;
        let tx = self.0.begin().await?;
        let theirs = store::sessions::list(&tx, account, self.0.now()).await?;
        let session = theirs.into_iter().find(|session| session.id == id).ok_or(AppError::NotFound("browser"))?;
        store::sessions::remove_by_id(&tx, account, id).await?;
        let browser = browser_in_words(session.agent.as_deref().unwrap_or_default());
        let entry = Entry::new(AuditKind::SessionRevoked, account, Some(from)).with(json!({ "browser": browser }));
        self.0.audit().note(&tx, entry).await?;
        Ok(tx.commit().await?)
    }

    /// Signs all other browsers of the caller's out, and says how many there were.
    pub async fn remove_others(&self, caller: &Caller, from: Peer) -> Result<u64, AppError> {
        let own = own_session(caller)?;
        let tx = self.0.begin().await?;
        let removed = store::sessions::remove_others(&tx, caller.account.id, own).await?;
        if removed > 0 {
            self.0.audit().note(&tx, Entry::new(AuditKind::SessionRevoked, caller.account.id, Some(from))).await?;
        }
        tx.commit().await?;
        Ok(removed)
    }

    /// The caller as somebody who has just proved who they are; [`AppError::Stale`] where that was too long ago.
    pub async fn fresh<'c>(&self, caller: &'c Caller) -> Result<Fresh<'c>, AppError> {
        let id = own_session(caller)?;
        let now = self.0.now();
        let session = store::sessions::find_by_id(self.0.store(), id, now).await?;
        let proved = session.and_then(|session| session.proved);
        if proved.is_some_and(|proved| now.since(proved) <= FRESH_FOR) {
            Ok(Fresh { caller })
        } else {
            Err(AppError::Stale)
        }
    }

    /// The caller proves who they are by their password.
    pub async fn prove(&self, caller: &Caller, password: &str, from: Peer) -> Result<(), AppError> {
        let id = own_session(caller)?;
        let name = caller.account.username.as_str();
        self.0.accounts().check_password(name, password, from, Throttle::People).await?;
        let tx = self.0.begin().await?;
        store::sessions::prove(&tx, id, self.0.now()).await?;
        Ok(tx.commit().await?)
    }
}

impl App {
    /// Lets a browser in, under a key that it did not have before: what it showed until now is worth nothing.
    pub(crate) async fn admit(
        &self,
        tx: &Tx,
        account: Account,
        visitor: &Visitor,
        detail: Value,
    ) -> Result<SignedIn, AppError> {
        let now = self.now();
        let key = Key::new(KeyKind::Session, self.random());
        let life = self.rules().session_life;
        let agent: String = visitor.agent.chars().filter(|c| !c.is_control()).take(AGENT_LENGTH).collect();
        let mut detail = detail;
        if !agent.is_empty() {
            detail["browser"] = browser_in_words(&agent).into();
        }
        let session = Session {
            id: SessionId::new(now, self.dice()),
            account: account.id,
            created: now,
            seen: now,
            expires: now + life,
            peer: Some(visitor.from.to_canonical().to_string()),
            agent: Some(agent).filter(|agent| !agent.is_empty()),
            proved: Some(now),
        };
        store::sessions::insert(tx, &session, &digest(key.reveal())).await?;
        let entry = Entry::new(AuditKind::SignIn, account.id, Some(visitor.from)).with(detail);
        self.audit().note(tx, entry).await?;
        Ok(SignedIn { key, account, life })
    }
}

/// The session that the caller sits before. Keys and passwords in headers do not get to what keeps an account safe.
pub(crate) fn own_session(caller: &Caller) -> Result<SessionId, AppError> {
    match caller.via {
        Via::Session(id) => Ok(id),
        _ => Err(AppError::Forbidden("This is done in a browser that is signed in, not by a program.".to_owned())),
    }
}
