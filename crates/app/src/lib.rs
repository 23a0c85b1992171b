//! Verbs: what may be done, by whom, each in one transaction.
//!
//! What belongs here: a file for each noun, a function for each operation, and who may. What does not: how a request looks, what
//! a table looks like, networks and codecs. No transaction waits for either; bytes go to storage before one begins and are
//! kept or given up by it.

pub mod accounts;
pub mod api_keys;
pub mod apps;
pub mod audit;
pub mod callers;
pub mod calls;
mod codes;
pub mod deliveries;
mod error;
pub mod factors;
pub mod files;
pub mod grants;
pub mod leaving;
pub mod letters;
pub mod narrations;
pub mod oauth1;
pub mod oauth2;
pub mod organizations;
pub mod passkeys;
pub mod presets;
pub mod productions;
pub mod queue;
mod replays;
pub mod runs;
mod seal;
mod secret;
pub mod services;
pub mod sessions;
pub mod stores;
pub mod sweeps;
mod told;
pub mod transfers;
pub mod uploads;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Dice, Time};
use store::{Blobs, Store, Tx};
use tokio::sync::Semaphore;

use self::replays::Replays;
use self::told::Told;

pub use callers::{Caller, Operator, Peer, Scope, ScopeSet, Scopes, Via};
pub use error::{AppError, Invalid};
pub use narrations::{Checks, Unchecked};
pub use secret::{SecretKey, WrongSecretKey};
pub use sessions::{Fresh, Visitor};
pub use store::Page;

/// What the operator decided, as far as verbs need it.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Whether strangers may make accounts.
    pub signup_open: bool,
    /// Bytes that one recording may have.
    pub upload_limit: u64,
    /// Bytes that are kept for one account, or no limit.
    pub account_quota: Option<u64>,
    /// Productions that one account may have.
    pub most_productions: u64,
    /// How long results are kept after the last change, or for ever.
    pub retention: Option<Duration>,
    /// How long a browser stays signed in after it was last heard of.
    pub session_life: Duration,
    /// How long an access token of OAuth 2.0 works. Clients of this API never refresh, so it is long.
    pub access_token_life: Duration,
    /// How long a refresh token waits to be traded.
    pub refresh_token_life: Duration,
    /// How long a resumable upload waits for its next piece.
    pub upload_life: Duration,
    /// How often work is tried that kills its worker.
    pub most_attempts: u32,
    /// Whether letters can be sent.
    pub has_mail: bool,
    /// The address that people and programs reach this house by, for what others are told.
    pub public_url: String,
    /// How long an organization's old key works on beside its new one, where that is wished.
    pub key_grace: Duration,
    /// Says of addresses, voices and pronunciations that people write whether they can be used here.
    pub checks: Arc<dyn Checks>,
}

impl Default for Rules {
    fn default() -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            signup_open: false,
            upload_limit: 10_000_000_000,
            account_quota: None,
            most_productions: 100_000,
            retention: None,
            session_life: DAY * 30,
            access_token_life: DAY * 365,
            refresh_token_life: DAY * 455,
            upload_life: DAY,
            most_attempts: 5,
            has_mail: false,
            public_url: "http://localhost:8080".to_owned(),
            key_grace: DAY,
            checks: Arc::new(Unchecked),
        }
    }
}

/// Everything that verbs work on.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Storage.
    pub blobs: Blobs,
    /// Whoever tells the time.
    pub clock: Arc<dyn Clock>,
    /// Whoever throws the dice.
    pub dice: Arc<dyn Dice>,
    /// The installation's own secret.
    pub secret: SecretKey,
    /// What the operator decided.
    pub rules: Rules,
}

/// The door to all verbs. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    /// Passwords that are checked at once: each takes 19 MiB and a core.
    password_checks: Semaphore,
    /// Nonces on their way into the database.
    replays: Replays,
    /// Uses of keys that were written down.
    told: Told,
}

impl App {
    /// Puts the parts together. Nothing is asked of them yet.
    pub fn new(parts: Parts) -> Self {
        let (password_checks, replays, told) = (Semaphore::new(2), Replays::default(), Told::default());
        Self(Arc::new(Inner { parts, password_checks, replays, told }))
    }

    /// People, and how they sign in.
    pub fn accounts(&self) -> accounts::Accounts<'_> {
        accounts::Accounts(self)
    }

    /// Personal API keys.
    pub fn api_keys(&self) -> api_keys::ApiKeys<'_> {
        api_keys::ApiKeys(self)
    }

    /// Registered apps.
    pub fn apps(&self) -> apps::Apps<'_> {
        apps::Apps(self)
    }

    /// What happened around accounts.
    pub fn audit(&self) -> audit::Audit<'_> {
        audit::Audit(self)
    }

    /// Requests that apps sign as a whole.
    pub fn calls(&self) -> calls::Calls<'_> {
        calls::Calls(self)
    }

    /// Credentials, and whom they stand for.
    pub fn callers(&self) -> callers::Callers<'_> {
        callers::Callers(self)
    }

    /// Telling others.
    pub fn deliveries(&self) -> deliveries::Deliveries<'_> {
        deliveries::Deliveries(self)
    }

    /// Bytes that come in and go out.
    pub fn files(&self) -> files::Files<'_> {
        files::Files(self)
    }

    /// What people allowed apps.
    pub fn grants(&self) -> grants::Grants<'_> {
        grants::Grants(self)
    }

    /// Articles that are read aloud.
    pub fn narrations(&self) -> narrations::Narrations<'_> {
        narrations::Narrations(self)
    }

    /// Platforms that integrate server to server.
    pub fn organizations(&self) -> organizations::Organizations<'_> {
        organizations::Organizations(self)
    }

    /// OAuth 1.0 and 1.0a.
    pub fn oauth1(&self) -> oauth1::OAuth1<'_> {
        oauth1::OAuth1(self)
    }

    /// OAuth 2.0.
    pub fn oauth2(&self) -> oauth2::OAuth2<'_> {
        oauth2::OAuth2(self)
    }

    /// Second factors.
    pub fn factors(&self) -> factors::Factors<'_> {
        factors::Factors(self)
    }

    /// Taking everything along, and going.
    pub fn leaving(&self) -> leaving::Leaving<'_> {
        leaving::Leaving(self)
    }

    /// Letters to people.
    pub fn letters(&self) -> letters::Letters<'_> {
        letters::Letters(self)
    }

    /// Passkeys.
    pub fn passkeys(&self) -> passkeys::Passkeys<'_> {
        passkeys::Passkeys(self)
    }

    /// Publishing targets.
    pub fn services(&self) -> services::Services<'_> {
        services::Services(self)
    }

    /// Stores of users.
    pub fn stores(&self) -> stores::Stores<'_> {
        stores::Stores(self)
    }

    /// What was made goes to where it is published.
    pub fn transfers(&self) -> transfers::Transfers<'_> {
        transfers::Transfers(self)
    }

    /// Browsers that are signed in.
    pub fn sessions(&self) -> sessions::Sessions<'_> {
        sessions::Sessions(self)
    }

    /// Named drafts.
    pub fn presets(&self) -> presets::Presets<'_> {
        presets::Presets(self)
    }

    /// The queue as an operator sees it.
    pub fn queue(&self) -> queue::Queue<'_> {
        queue::Queue(self)
    }

    /// Pieces of audio being made, from their owner's side.
    pub fn productions(&self) -> productions::Productions<'_> {
        productions::Productions(self)
    }

    /// Pieces of audio being made, from the worker's side.
    pub fn runs(&self) -> runs::Runs<'_> {
        runs::Runs(self)
    }

    /// What has to be cleared away.
    pub fn sweeps(&self) -> sweeps::Sweeps<'_> {
        sweeps::Sweeps(self)
    }

    /// Resumable uploads.
    pub fn uploads(&self) -> uploads::Uploads<'_> {
        uploads::Uploads(self)
    }

    /// What the operator decided.
    pub fn rules(&self) -> &Rules {
        &self.0.parts.rules
    }

    /// This moment.
    pub fn now(&self) -> Time {
        self.0.parts.clock.now()
    }

    /// Whether database and storage can be used, in a sentence where they cannot.
    pub async fn ready(&self) -> Result<(), AppError> {
        self.store().ping().await?;
        Ok(self.blobs().check().await?)
    }

    /// Throws everything away that is kept here: accounts, productions, files. For a sandbox.
    pub async fn reset(&self, _: &Operator) -> Result<(), AppError> {
        let tx = self.begin().await?;
        store::archive::clear(&tx, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Notes which secret key this installation has, or finds that it is another one than last time.
    pub async fn check_secret_key(&self) -> Result<(), AppError> {
        let check = self.0.parts.secret.fingerprint();
        let tx = self.begin().await?;
        let noted = store::house::put_first(&tx, "secret_key_check", &check).await?;
        tx.commit().await?;
        if noted == check { Ok(()) } else { Err(WrongSecretKey.into()) }
    }

    fn store(&self) -> &Store {
        &self.0.parts.store
    }

    fn blobs(&self) -> &Blobs {
        &self.0.parts.blobs
    }

    fn replays(&self) -> &Replays {
        &self.0.replays
    }

    fn told(&self) -> &Told {
        &self.0.told
    }

    fn dice(&self) -> &dyn Dice {
        &*self.0.parts.dice
    }

    fn secret(&self) -> &SecretKey {
        &self.0.parts.secret
    }

    async fn begin(&self) -> Result<Tx, AppError> {
        Ok(self.store().begin().await?)
    }
}

/// A moment as protocols count: whole seconds since 1970.
pub(crate) fn seconds(time: Time) -> u64 {
    u64::try_from(time.as_ms() / 1_000).unwrap_or(0)
}
