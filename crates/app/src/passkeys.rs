//! Passkeys: made, renamed, removed, and used to come in or to prove who one is. A device checks who sits before it, so one is worth a password and a
//! second factor together.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{AccountId, AuditKind, PasskeyId};
use protocols::passkey::{self, Expected, Made, Used};
use serde_json::json;
use store::challenges::Challenge;
use store::passkeys::Passkey;
use store::{StoreError, Tx};

use crate::accounts::{SignedIn, place};
use crate::audit::Entry;
use crate::callers::{Caller, Peer};
use crate::secret::digest;
use crate::sessions::{Fresh, Visitor, own_session};
use crate::{App, AppError};

/// How long a browser may take to answer.
const LIFE: Duration = Duration::from_mins(5);

/// Questions that one place may ask for in a quarter of an hour.
const MOST_BY_PLACE: u32 = 100;

/// Passkeys that an account may have, and characters of their names.
const MOST: usize = 20;
const NAME_LENGTH: usize = 60;

/// Bytes of a credential's id and public key.
const LONGEST: usize = 1_023;

const MAKE: &str = "passkey to be made";
const USE: &str = "passkey to be used";

const REFUSED: AppError = AppError::Unauthenticated(
    "This passkey does not open an account here. It may have been removed, or the page was open for too long. Load it again.",
);

/// Passkeys.
pub struct Passkeys<'a>(pub(crate) &'a App);

/// Where browsers find this house: a passkey is good for one address only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Scheme, host and port: `https://audio.example.org`.
    pub origin: String,
    /// The host.
    pub host: String,
}

/// What a browser says when it made a passkey.
#[derive(Clone, Debug)]
pub struct NewPasskey {
    /// What its owner calls it.
    pub name: String,
    /// The credential's id.
    pub credential: Vec<u8>,
    /// `clientDataJSON`.
    pub client: Vec<u8>,
    /// The authenticator's data.
    pub authenticator: Vec<u8>,
    /// The public key, as certificates have it.
    pub public_key: Vec<u8>,
}

/// What a browser says when a passkey was used.
#[derive(Clone, Debug)]
pub struct UsedPasskey {
    /// The credential's id.
    pub credential: Vec<u8>,
    /// `clientDataJSON`.
    pub client: Vec<u8>,
    /// The authenticator's data.
    pub authenticator: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

impl Passkeys<'_> {
    /// What a browser is asked when it makes a passkey, in base64url.
    pub async fn ask_to_make(&self, fresh: &Fresh<'_>) -> Result<String, AppError> {
        self.ask(MAKE, Some(fresh.account().id)).await
    }

    /// Keeps a new passkey. What comes back are recovery codes, where there were none yet: to be shown once.
    pub async fn create(
        &self,
        fresh: &Fresh<'_>,
        new: NewPasskey,
        site: &Site,
        at: &Visitor,
    ) -> Result<Vec<String>, AppError> {
        let account = fresh.account().id;
        let name = check_name(&new.name)?;
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let challenge = self.answered(&tx, MAKE, &new.client).await?;
        let asked = challenge.as_ref().is_some_and(|(_, asked)| asked.account == Some(account));
        let (challenge, _) = challenge.filter(|_| asked).ok_or(REFUSED)?;
        let made = Made {
            id: &new.credential,
            client: &new.client,
            authenticator: &new.authenticator,
            public_key: &new.public_key,
        };
        let counter = passkey::check_made(made, expected(site, &challenge)).map_err(|error| {
            tracing::info!(%error, "a passkey was not kept");
            REFUSED
        })?;
        if store::passkeys::list(&tx, account).await?.len() >= MOST {
            return Err(AppError::Conflict(format!("An account has at most {MOST} passkeys. Remove one first.")));
        }
        let passkey = Passkey {
            id: PasskeyId::new(now, self.0.dice()),
            account,
            credential: new.credential,
            public_key: new.public_key,
            counter,
            name: name.clone(),
            created: now,
            used: None,
        };
        store::passkeys::insert(&tx, &passkey).await.map_err(|error| match error {
            StoreError::Conflict => AppError::Conflict("This passkey is kept already.".to_owned()),
            other => other.into(),
        })?;
        let detail = json!({ "factor": "passkey", "name": name });
        self.0.audit().note(&tx, Entry::new(AuditKind::FactorAdded, account, Some(at.from)).with(detail)).await?;
        let codes = self.0.factors().first_codes(&tx, account).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Calls a passkey something else.
    pub async fn rename(&self, caller: &Caller, id: PasskeyId, name: &str) -> Result<(), AppError> {
        own_session(caller)?;
        let name = check_name(name)?;
        let tx = self.0.begin().await?;
        if !store::passkeys::rename(&tx, caller.account.id, id, &name).await? {
            return Err(AppError::NotFound("passkey"));
        }
        Ok(tx.commit().await?)
    }

    /// Forgets a passkey. Recovery codes go with the last factor.
    pub async fn remove(&self, fresh: &Fresh<'_>, id: PasskeyId, at: &Visitor) -> Result<(), AppError> {
        let account = fresh.account().id;
        let tx = self.0.begin().await?;
        let passkey = store::passkeys::list(&tx, account).await?.into_iter().find(|passkey| passkey.id == id);
        let passkey = passkey.ok_or(AppError::NotFound("passkey"))?;
        store::passkeys::remove(&tx, account, id).await?;
        let detail = json!({ "factor": "passkey", "name": passkey.name });
        self.0.audit().note(&tx, Entry::new(AuditKind::FactorRemoved, account, Some(at.from)).with(detail)).await?;
        self.0.factors().drop_codes_without_factor(&tx, account).await?;
        Ok(tx.commit().await?)
    }

    /// What a browser is asked when a passkey is to be used, in base64url. Anybody may ask; whose passkey it is turns out later.
    pub async fn ask_to_use(&self, from: Peer) -> Result<String, AppError> {
        self.0.accounts().count_try(&format!("passkey {}", place(from)), MOST_BY_PLACE).await?;
        self.ask(USE, None).await
    }

    /// Somebody signs in by a passkey alone.
    pub async fn sign_in(&self, used: UsedPasskey, site: &Site, at: &Visitor) -> Result<SignedIn, AppError> {
        let tx = self.0.begin().await?;
        let passkey = self.check(&tx, &used, site).await?;
        let account = store::accounts::find(&tx, passkey.account).await?.ok_or(REFUSED)?;
        store::challenges::remove_of_account(&tx, account.id).await?;
        let signed_in = self.0.admit(&tx, account, at, json!({ "passkey": passkey.name })).await?;
        tx.commit().await?;
        Ok(signed_in)
    }

    /// The caller proves who they are by a passkey.
    pub async fn prove(&self, caller: &Caller, used: UsedPasskey, site: &Site) -> Result<(), AppError> {
        let session = own_session(caller)?;
        let tx = self.0.begin().await?;
        let passkey = self.check(&tx, &used, site).await?;
        if passkey.account != caller.account.id {
            return Err(REFUSED);
        }
        store::sessions::prove(&tx, session, self.0.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn ask(&self, kind: &str, account: Option<AccountId>) -> Result<String, AppError> {
        let now = self.0.now();
        let text = URL_SAFE_NO_PAD.encode(self.0.random());
        let challenge = Challenge {
            kind: kind.to_owned(),
            account,
            document: json!({}),
            tries: 0,
            created: now,
            expires: now + LIFE,
        };
        let tx = self.0.begin().await?;
        store::challenges::insert(&tx, &challenge, &digest(&text)).await?;
        tx.commit().await?;
        Ok(text)
    }

    /// The question that a browser answers, which nobody can answer again once this transaction is committed.
    async fn answered(&self, tx: &Tx, kind: &str, client: &[u8]) -> Result<Option<(String, Challenge)>, AppError> {
        let Some(text) = passkey::challenge(client) else { return Ok(None) };
        let secret = digest(&text);
        let Some(challenge) = store::challenges::find(tx, kind, &secret, self.0.now()).await? else { return Ok(None) };
        Ok(store::challenges::remove(tx, &secret).await?.then_some((text, challenge)))
    }

    async fn check(&self, tx: &Tx, used: &UsedPasskey, site: &Site) -> Result<Passkey, AppError> {
        let (challenge, _) = self.answered(tx, USE, &used.client).await?.ok_or(REFUSED)?;
        if used.credential.len() > LONGEST {
            return Err(REFUSED);
        }
        let passkey = store::passkeys::find_by_credential(tx, &used.credential).await?.ok_or(REFUSED)?;
        let said = Used { client: &used.client, authenticator: &used.authenticator, signature: &used.signature };
        let expected = expected(site, &challenge);
        let counter = passkey::check_used(said, &passkey.public_key, passkey.counter, expected).map_err(|error| {
            tracing::info!(%error, passkey = %passkey.id, "a passkey was refused");
            REFUSED
        })?;
        if !store::passkeys::note_use(tx, &passkey, counter, self.0.now()).await? {
            return Err(REFUSED);
        }
        Ok(passkey)
    }
}

fn expected<'a>(site: &'a Site, challenge: &'a str) -> Expected<'a> {
    Expected { origin: &site.origin, host: &site.host, challenge }
}

fn check_name(name: &str) -> Result<String, AppError> {
    let name = name.trim();
    let length = name.chars().count();
    if (1..=NAME_LENGTH).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(AppError::invalid(
        "name",
        format!("A passkey's name has 1 to {NAME_LENGTH} characters on one line. This one has {length}."),
    ))
}
