//! Second factors: an authenticator app, passkeys, and recovery codes for the day when both are lost.
//!
//! An account with an app that works, or with a passkey, has a second step when it signs in by password. Recovery codes alone are none: they
//! come with the first of the two and go with the last.

use std::time::Duration;

use model::{Account, AccountId, AuditKind, random_text};
use protocols::totp;
use secrecy::{ExposeSecret, SecretSlice};
use serde_json::json;
use store::Tx;
use store::challenges::Challenge;
use store::passkeys::Passkey;
use store::totp::Totp;

use crate::accounts::{SignedIn, place};
use crate::audit::Entry;
use crate::callers::Caller;
use crate::codes::{new_code, read_code};
use crate::secret::digest;
use crate::sessions::{Fresh, Visitor, own_session};
use crate::{App, AppError};

/// How long a second step may take.
const STEP_LIFE: Duration = Duration::from_mins(5);

/// Answers that one second step takes.
const STEP_TRIES: u32 = 5;

/// Wrong answers from one place for one account, and from one place for whatever account, in a quarter of an hour.
const MOST_BY_ACCOUNT: u32 = 10;
const MOST_BY_PLACE: u32 = 100;
const WINDOW: Duration = Duration::from_mins(15);

/// Recovery codes that are given out together.
const CODES: usize = 10;

/// Characters of the key of a second step: 256 bits and more.
const KEY_LENGTH: usize = 43;

const SECOND: &str = "second step";

const OVER: AppError =
    AppError::Unauthenticated("This sign-in took too long, or was tried too often. Begin again with your password.");

/// Second factors.
pub struct Factors<'a>(pub(crate) &'a App);

/// What an account has beside its password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Whether an authenticator app is set up and works.
    pub has_app: bool,
    /// Its passkeys, oldest first.
    pub passkeys: Vec<Passkey>,
    /// Recovery codes that are left.
    pub codes_left: u64,
}

/// A sign-in that waits for its second step.
pub struct SecondStep {
    /// What the browser shows when it answers. A secret.
    pub key: String,
    /// How long there is for that.
    pub life: Duration,
}

/// What can be answered at a second step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ways {
    /// A code of an authenticator app.
    pub app: bool,
    /// A passkey.
    pub passkey: bool,
}

impl Factors<'_> {
    /// What the caller's account has beside its password.
    pub async fn overview(&self, caller: &Caller) -> Result<Overview, AppError> {
        own_session(caller)?;
        let (store, account) = (self.0.store(), caller.account.id);
        Ok(Overview {
            has_app: store::totp::find(store, account).await?.is_some_and(|totp| totp.confirmed.is_some()),
            passkeys: store::passkeys::list(store, account).await?,
            codes_left: store::recovery::left(store, account).await?,
        })
    }

    /// The secret that an authenticator app is to be given. The same one until it is confirmed.
    pub async fn offer_app(&self, fresh: &Fresh<'_>) -> Result<SecretSlice<u8>, AppError> {
        let account = fresh.account().id;
        let tx = self.0.begin().await?;
        if let Some(totp) = store::totp::find(&tx, account).await? {
            if totp.confirmed.is_some() {
                return Err(AppError::Conflict(
                    "An authenticator app is set up already. Remove it first, and set up the other one then."
                        .to_owned(),
                ));
            }
            return self.0.open_sealed(&purpose(account), &totp.secret);
        }
        let mut secret = vec![0; totp::SECRET];
        self.0.dice().fill(&mut secret);
        let sealed = self.0.seal(&purpose(account), &secret)?;
        let totp = Totp { account, secret: sealed, last_step: 0, created: self.0.now(), confirmed: None };
        store::totp::put(&tx, &totp).await?;
        tx.commit().await?;
        Ok(SecretSlice::from(secret))
    }

    /// Shows that the app works, by a code of it. What comes back are recovery codes, where there were none yet: to be shown once.
    pub async fn confirm_app(&self, fresh: &Fresh<'_>, code: &str, at: &Visitor) -> Result<Vec<String>, AppError> {
        let account = fresh.account().id;
        let tx = self.0.begin().await?;
        let totp = store::totp::find(&tx, account).await?.filter(|totp| totp.confirmed.is_none());
        let totp =
            totp.ok_or_else(|| AppError::Conflict("There is no authenticator app to be confirmed.".to_owned()))?;
        if !self.spend_app_code(&tx, &totp, code).await? {
            return Err(AppError::invalid(
                "code",
                "That is not the code of this moment. Wait for the next one, and look whether the telephone's clock is right.",
            ));
        }
        store::totp::confirm(&tx, account, self.0.now()).await?;
        let entry = Entry::new(AuditKind::FactorAdded, account, Some(at.from)).with(json!({ "factor": "totp" }));
        self.0.audit().note(&tx, entry).await?;
        let codes = self.first_codes(&tx, account).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Forgets the app. Recovery codes go with the last factor.
    pub async fn remove_app(&self, fresh: &Fresh<'_>, at: &Visitor) -> Result<(), AppError> {
        let account = fresh.account().id;
        let tx = self.0.begin().await?;
        let totp = store::totp::find(&tx, account).await?;
        store::totp::remove(&tx, account).await?;
        if totp.is_some_and(|totp| totp.confirmed.is_some()) {
            let entry = Entry::new(AuditKind::FactorRemoved, account, Some(at.from)).with(json!({ "factor": "totp" }));
            self.0.audit().note(&tx, entry).await?;
        }
        self.drop_codes_without_factor(&tx, account).await?;
        Ok(tx.commit().await?)
    }

    /// Other recovery codes in the place of those that there were, to be shown once.
    pub async fn renew_codes(&self, fresh: &Fresh<'_>, at: &Visitor) -> Result<Vec<String>, AppError> {
        let account = fresh.account().id;
        let tx = self.0.begin().await?;
        if !self.has_second(&tx, account).await? {
            return Err(AppError::Conflict(
                "Recovery codes stand in for a second factor, and there is none yet. Set up an app or a passkey first."
                    .to_owned(),
            ));
        }
        let codes = self.make_codes(&tx, account).await?;
        let entry =
            Entry::new(AuditKind::FactorAdded, account, Some(at.from)).with(json!({ "factor": "recovery codes" }));
        self.0.audit().note(&tx, entry).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// The operator takes all second factors of an account away, for somebody who lost everything.
    pub async fn reset(&self, account: &Account) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        store::totp::remove(&tx, account.id).await?;
        store::passkeys::remove_of_account(&tx, account.id).await?;
        store::recovery::remove(&tx, account.id).await?;
        store::challenges::remove_of_account(&tx, account.id).await?;
        store::sessions::remove_of_account(&tx, account.id).await?;
        self.0.audit().note(&tx, Entry::new(AuditKind::FactorRemoved, account.id, None)).await?;
        Ok(tx.commit().await?)
    }

    /// What can be answered at this second step.
    pub async fn ways(&self, key: &str) -> Result<Ways, AppError> {
        let (store, now) = (self.0.store(), self.0.now());
        let challenge = store::challenges::find(store, SECOND, &digest(key), now).await?;
        let account = challenge.filter(|step| step.tries < STEP_TRIES).and_then(|step| step.account).ok_or(OVER)?;
        let app = store::totp::find(store, account).await?.is_some_and(|totp| totp.confirmed.is_some());
        Ok(Ways { app, passkey: !store::passkeys::list(store, account).await?.is_empty() })
    }

    /// Answers a second step with a code: of the app, or for recovery.
    pub async fn answer(&self, key: &str, code: &str, at: &Visitor) -> Result<SignedIn, AppError> {
        let now = self.0.now();
        let step = digest(key);
        let challenge = store::challenges::find(self.0.store(), SECOND, &step, now).await?;
        let account = challenge.and_then(|challenge| challenge.account).ok_or(OVER)?;
        let (by_account, by_place) =
            (format!("second {account} {}", place(at.from)), format!("second {}", place(at.from)));
        self.0.accounts().may_try(&by_account, MOST_BY_ACCOUNT).await?;
        self.0.accounts().may_try(&by_place, MOST_BY_PLACE).await?;
        let tx = self.0.begin().await?;
        // Counted before it is looked at, so that several at once are no way around the bound.
        if !store::challenges::count_try(&tx, &step, STEP_TRIES).await? {
            return Err(OVER);
        }
        let account = store::accounts::find(&tx, account).await?.ok_or(OVER)?;
        let Some(kind) = self.spend_code(&tx, account.id, code).await? else {
            store::throttles::hit(&tx, &by_account, now, WINDOW).await?;
            store::throttles::hit(&tx, &by_place, now, WINDOW).await?;
            self.0.audit().note(&tx, Entry::new(AuditKind::FactorRefused, account.id, Some(at.from))).await?;
            tx.commit().await?;
            return Err(AppError::invalid(
                "code",
                "That code is not right, or was used already. Wait for the next one.",
            ));
        };
        if !store::challenges::remove(&tx, &step).await? {
            return Err(OVER);
        }
        store::throttles::clear(&tx, &by_account).await?;
        let entry = Entry::new(kind, account.id, Some(at.from)).with(json!({ "factor": "totp" }));
        self.0.audit().note(&tx, entry).await?;
        let signed_in = self.0.admit(&tx, account, at, json!({})).await?;
        tx.commit().await?;
        Ok(signed_in)
    }

    /// Whether signing in by password has a second step.
    pub(crate) async fn has_second(&self, db: &impl store::Read, account: AccountId) -> Result<bool, AppError> {
        let app = store::totp::find(db, account).await?;
        Ok(app.is_some_and(|app| app.confirmed.is_some()) || !store::passkeys::list(db, account).await?.is_empty())
    }

    /// Begins the second step of somebody whose password was right.
    pub(crate) async fn ask(&self, tx: &Tx, account: AccountId) -> Result<SecondStep, AppError> {
        let now = self.0.now();
        let key = random_text(KEY_LENGTH, self.0.dice());
        let challenge = Challenge {
            kind: SECOND.to_owned(),
            account: Some(account),
            document: json!({}),
            tries: 0,
            created: now,
            expires: now + STEP_LIFE,
        };
        store::challenges::insert(tx, &challenge, &digest(&key)).await?;
        Ok(SecondStep { key, life: STEP_LIFE })
    }

    /// Recovery codes for an account that has none left.
    pub(crate) async fn first_codes(&self, tx: &Tx, account: AccountId) -> Result<Vec<String>, AppError> {
        if store::recovery::left(tx, account).await? > 0 {
            return Ok(Vec::new());
        }
        self.make_codes(tx, account).await
    }

    /// Forgets recovery codes where nothing is left that they stand in for.
    pub(crate) async fn drop_codes_without_factor(&self, tx: &Tx, account: AccountId) -> Result<(), AppError> {
        if !self.has_second(tx, account).await? {
            store::recovery::remove(tx, account).await?;
        }
        Ok(())
    }

    async fn make_codes(&self, tx: &Tx, account: AccountId) -> Result<Vec<String>, AppError> {
        let codes: Vec<String> = (0..CODES).map(|_| new_code(self.0.dice())).collect();
        let digests: Vec<_> = codes.iter().map(|code| recovery(account, code)).collect();
        store::recovery::replace(tx, account, &digests, self.0.now()).await?;
        Ok(codes)
    }

    /// Spends a code, and says what it was; nothing where it was none.
    async fn spend_code(&self, tx: &Tx, account: AccountId, typed: &str) -> Result<Option<AuditKind>, AppError> {
        if let Some(code) = read_code(typed) {
            let spent = store::recovery::spend(tx, account, &recovery(account, &code), self.0.now()).await?;
            return Ok(spent.then_some(AuditKind::RecoveryCodeUsed));
        }
        let Some(totp) = store::totp::find(tx, account).await?.filter(|totp| totp.confirmed.is_some()) else {
            return Ok(None);
        };
        Ok(self.spend_app_code(tx, &totp, typed).await?.then_some(AuditKind::FactorUsed))
    }

    async fn spend_app_code(&self, tx: &Tx, totp: &Totp, typed: &str) -> Result<bool, AppError> {
        let secret = self.0.open_sealed(&purpose(totp.account), &totp.secret)?;
        let seconds = self.0.now().as_ms().max(0).unsigned_abs() / 1_000;
        match totp::find(secret.expose_secret(), typed, seconds) {
            Some(step) => Ok(store::totp::spend(tx, totp.account, step).await?),
            None => Ok(false),
        }
    }
}

/// What the app's secret is sealed for.
fn purpose(account: AccountId) -> String {
    format!("totp {account}")
}

fn recovery(account: AccountId, code: &str) -> store::Digest {
    digest(&format!("recovery {account} {code}"))
}
