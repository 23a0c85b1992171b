//! People, and how they sign in and out.
//!
//! A wrong name and a wrong password take the same time and get the same answer. Tries are counted in the database, by name
//! and place together and by place alone, so that nobody can lock out somebody else by trying.

use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use model::{Account, AccountId, AuditKind, Username};
use protocols::Key;
use serde_json::json;
use store::{Page, StoreError, Tx};

use crate::audit::Entry;
use crate::callers::{Caller, Peer};
use crate::factors::SecondStep;
use crate::letters::Wish;
use crate::secret::digest;
use crate::sessions::{Fresh, Visitor, own_session};
use crate::{App, AppError};

/// Characters that a password may have.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 10..=256;

/// Characters that an e-mail address may have (RFC 5321, section 4.5.3.1.3).
const EMAIL_LENGTH: usize = 254;

/// What tries are counted in.
const WINDOW: Duration = Duration::from_mins(15);

/// Wrong tries from one place in a window, for whatever name.
const MOST_BY_PLACE: u32 = 100;

/// What is said to everybody whose name and password do not go together.
const WRONG: AppError = AppError::Unauthenticated("That name and password do not go together. Check both.");

/// What is said to a program whose password is right and not enough.
const NOT_ENOUGH: AppError = AppError::Unauthenticated(
    "This account has a second factor, so its password alone is not enough. Make an API key on the page /account/keys, and send that in place of the password.",
);

/// People, and how they sign in.
pub struct Accounts<'a>(pub(crate) &'a App);

/// How many wrong tries are taken from one name and place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Throttle {
    /// A person at a form.
    People,
    /// A program that sends its password with each request.
    Requests,
}

impl Throttle {
    fn most(self) -> u32 {
        match self {
            Self::People => 10,
            Self::Requests => 20,
        }
    }
}

/// What somebody wants to be known as.
#[derive(Clone)]
pub struct NewAccount {
    /// The name to sign in with.
    pub username: String,
    /// Where to write to, or empty.
    pub email: String,
    /// The password.
    pub password: String,
    /// Whether this person runs the house, too.
    pub is_admin: bool,
}

/// A browser that has just signed in.
pub struct SignedIn {
    /// What the browser shows from now on. A secret.
    pub key: Key,
    /// Who signed in.
    pub account: Account,
    /// How long the key is good for if nothing is heard of the browser.
    pub life: Duration,
}

/// How far a password leads.
pub enum Entrance {
    /// All the way.
    In(SignedIn),
    /// To the second step.
    Second(SecondStep),
}

impl Accounts<'_> {
    /// A stranger makes an account and is signed in; refused where that is closed.
    pub async fn sign_up(&self, new: NewAccount, visitor: &Visitor) -> Result<SignedIn, AppError> {
        if !self.0.rules().signup_open {
            return Err(AppError::Forbidden("New accounts are made by the operator here.".to_owned()));
        }
        self.count_try(&format!("sign-up {}", place(visitor.from)), MOST_BY_PLACE).await?;
        let account = self.create(NewAccount { is_admin: false, ..new }).await?;
        let tx = self.0.begin().await?;
        if account.email.is_some() {
            self.0.letters().promise(&tx, Wish::Verify { account: account.id }).await?;
        }
        let signed_in = self.0.admit(&tx, account, visitor, json!({})).await?;
        tx.commit().await?;
        Ok(signed_in)
    }

    /// The operator makes an account.
    pub async fn create(&self, new: NewAccount) -> Result<Account, AppError> {
        let now = self.0.now();
        let id = AccountId::new(now, self.0.dice());
        let unnamed =
            Account { id, number: 0, username: Username::of_shell(0), email: None, is_admin: false, created: now };
        let (account, hash) = self.named(unnamed, new).await?;
        let tx = self.0.begin().await?;
        let account = Account { number: store::accounts::next_number(&tx).await?, ..account };
        store::accounts::insert(&tx, &account, Some(&hash)).await.map_err(taken)?;
        tx.commit().await?;
        Ok(account)
    }

    /// An account as it is called from now on, and what is kept of its password.
    pub(crate) async fn named(&self, account: Account, new: NewAccount) -> Result<(Account, String), AppError> {
        let mut wrong = Vec::new();
        let username = Username::taken_anew(&new.username).map_err(|error| ("username", error.to_string()));
        let email = check_email(&new.email).map_err(|error| ("email", error));
        let password = check_password_rules(&new.password).map_err(|error| ("password", error));
        for (field, message) in
            [username.as_ref().err(), email.as_ref().err(), password.as_ref().err()].into_iter().flatten()
        {
            wrong.push(crate::Invalid { field: (*field).to_owned(), message: message.clone() });
        }
        let (Ok(username), Ok(email), Ok(())) = (username, email, password) else {
            return Err(AppError::Invalid(wrong));
        };
        let hash = self.hash(new.password).await?;
        Ok((Account { username, email, is_admin: new.is_admin, ..account }, hash))
    }

    /// Keeps what an account that was there before is called from now on.
    pub(crate) async fn rename(&self, tx: &Tx, account: &Account, hash: &str) -> Result<(), AppError> {
        store::accounts::update(tx, account).await.map_err(taken)?;
        store::accounts::set_password(tx, account.id, Some(hash)).await?;
        Ok(())
    }

    /// A person comes to the door with a browser. What was good in it before is worth nothing afterwards.
    pub async fn enter(&self, name: &str, password: &str, visitor: &Visitor) -> Result<Entrance, AppError> {
        let account = self.check_password(name, password, visitor.from, Throttle::People).await?;
        let tx = self.0.begin().await?;
        let entrance = if self.0.factors().has_second(&tx, account.id).await? {
            Entrance::Second(self.0.factors().ask(&tx, account.id).await?)
        } else {
            Entrance::In(self.0.admit(&tx, account, visitor, json!({})).await?)
        };
        tx.commit().await?;
        Ok(entrance)
    }

    /// The same for whoever cannot take a second step: those who have one are refused.
    pub async fn sign_in(&self, name: &str, password: &str, from: Peer) -> Result<SignedIn, AppError> {
        match self.enter(name, password, &from.into()).await? {
            Entrance::In(signed_in) => Ok(signed_in),
            Entrance::Second(_) => Err(NOT_ENOUGH),
        }
    }

    /// A browser signs out. That it was not signed in is fine.
    pub async fn sign_out(&self, session: &str, from: Peer) -> Result<(), AppError> {
        let Some(key) = Key::parse(session) else { return Ok(()) };
        let digest = digest(key.reveal());
        let tx = self.0.begin().await?;
        if let Some((session, _)) = store::sessions::find(&tx, &digest, self.0.now()).await? {
            store::sessions::remove(&tx, &digest).await?;
            self.0.audit().note(&tx, Entry::new(AuditKind::SignOut, session.account, Some(from))).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The operator gives somebody another password. All of that person's browsers are signed out.
    pub async fn set_password(&self, name: &str, password: String) -> Result<(), AppError> {
        check_password_rules(&password).map_err(|error| AppError::invalid("password", error))?;
        let account = self.find(name).await?;
        let hash = self.hash(password).await?;
        let tx = self.0.begin().await?;
        store::accounts::set_password(&tx, account.id, Some(&hash)).await?;
        store::sessions::remove_of_account(&tx, account.id).await?;
        self.forget_ways_in(&tx, account.id).await?;
        self.0.audit().note(&tx, Entry::new(AuditKind::PasswordChanged, account.id, None)).await?;
        Ok(tx.commit().await?)
    }

    /// A person takes another password, and shows that they know the one of now. Their other browsers are signed out.
    pub async fn change_password(&self, caller: &Caller, old: &str, new: String, from: Peer) -> Result<(), AppError> {
        let session = own_session(caller)?;
        check_password_rules(&new).map_err(|error| AppError::invalid("new", error))?;
        let name = caller.account.username.as_str();
        let account = match self.check_password(name, old, from, Throttle::People).await {
            Err(AppError::Unauthenticated(_)) => {
                return Err(AppError::invalid("old", "That is not your password of now."));
            }
            checked => checked?,
        };
        let hash = self.hash(new).await?;
        let tx = self.0.begin().await?;
        store::accounts::set_password(&tx, account.id, Some(&hash)).await?;
        store::sessions::remove_others(&tx, account.id, session).await?;
        store::sessions::prove(&tx, session, self.0.now()).await?;
        self.forget_ways_in(&tx, account.id).await?;
        self.0.audit().note(&tx, Entry::new(AuditKind::PasswordChanged, account.id, Some(from))).await?;
        Ok(tx.commit().await?)
    }

    /// A person is called something else, or reached elsewhere. Another address has to be shown to be theirs again.
    pub async fn update(
        &self,
        fresh: &Fresh<'_>,
        username: &str,
        email: &str,
        from: Peer,
    ) -> Result<Account, AppError> {
        let mut account = fresh.account().clone();
        let mut wrong = Vec::new();
        let mut invalid =
            |field: &str, message: String| wrong.push(crate::Invalid { field: field.to_owned(), message });
        // Whoever has a name that could not be taken today keeps it for as long as they like.
        let username = match username.parse() {
            Ok(same) if same == account.username => Ok(same),
            _ => Username::taken_anew(username).map_err(|error| invalid("username", error.to_string())),
        };
        let email = check_email(email).map_err(|error| invalid("email", error));
        let (Ok(username), Ok(email)) = (username, email) else { return Err(AppError::Invalid(wrong)) };
        let (renamed, moved) = (username != account.username, email != account.email);
        let what = match (renamed, moved) {
            (false, false) => return Ok(account),
            (true, false) => "user name",
            (false, true) => "e-mail address",
            (true, true) => "user name and e-mail address",
        };
        account.username = username;
        account.email = email;
        let tx = self.0.begin().await?;
        store::accounts::update(&tx, &account).await.map_err(taken)?;
        if moved {
            store::letters::remove_of_account(&tx, account.id).await?;
            // Nobody else is written to: an address that was never shown may be a stranger's.
            if let Some(to) = fresh.account().email.clone()
                && store::emails::is_verified(&tx, fresh.account()).await?
            {
                self.0.letters().promise(&tx, Wish::Moved { username: account.username.clone(), to }).await?;
            }
            if account.email.is_some() {
                self.0.letters().promise(&tx, Wish::Verify { account: account.id }).await?;
            }
        }
        let entry = Entry::new(AuditKind::AccountChanged, account.id, Some(from)).with(json!({ "what": what }));
        self.0.audit().note(&tx, entry).await?;
        tx.commit().await?;
        Ok(account)
    }

    /// The account that signs in by this name.
    pub async fn find(&self, name: &str) -> Result<Account, AppError> {
        const NONE: AppError = AppError::NotFound("account");
        let name = name.parse::<Username>().map_err(|_| NONE)?;
        let found = store::accounts::find_by_username(self.0.store(), &name).await?;
        found.map(|(account, _)| account).ok_or(NONE)
    }

    /// The account with this number.
    pub async fn find_by_number(&self, number: u64) -> Result<Account, AppError> {
        let found = store::accounts::find_by_number(self.0.store(), number).await?;
        found.ok_or(AppError::NotFound("account"))
    }

    /// Accounts in the order of their names.
    pub async fn list(&self, page: Page) -> Result<Vec<Account>, AppError> {
        Ok(store::accounts::list(self.0.store(), page).await?)
    }

    /// The account of a program that sends a password and can take no second step. Where there is one, it is refused.
    pub(crate) async fn by_password_alone(&self, name: &str, password: &str, from: Peer) -> Result<Account, AppError> {
        let account = self.check_password(name, password, from, Throttle::Requests).await?;
        if self.0.factors().has_second(self.0.store(), account.id).await? { Err(NOT_ENOUGH) } else { Ok(account) }
    }

    /// The account that a name and a password belong to.
    pub(crate) async fn check_password(
        &self,
        name: &str,
        password: &str,
        from: Peer,
        throttle: Throttle,
    ) -> Result<Account, AppError> {
        let place = place(from);
        let by_name = format!("sign-in {} {place}", crate::secret::hex(&digest(&name.to_lowercase())[..8]));
        let by_place = format!("sign-in {place}");
        self.may_try(&by_name, throttle.most()).await?;
        self.may_try(&by_place, MOST_BY_PLACE).await?;
        let found = match name.parse::<Username>() {
            Ok(name) => store::accounts::find_by_username(self.0.store(), &name).await?,
            Err(_) => None,
        };
        let (account, hash) = found.unzip();
        let fine = self.verify(password.to_owned(), hash.flatten()).await?;
        let tx = self.0.begin().await?;
        if let Some(account) = account.as_ref().filter(|_| !fine) {
            self.0.audit().note(&tx, Entry::new(AuditKind::SignInRefused, account.id, Some(from))).await?;
        }
        let account = account.filter(|_| fine);
        if account.is_some() {
            store::throttles::clear(&tx, &by_name).await?;
        } else {
            let now = self.0.now();
            store::throttles::hit(&tx, &by_name, now, WINDOW).await?;
            store::throttles::hit(&tx, &by_place, now, WINDOW).await?;
        }
        tx.commit().await?;
        account.ok_or(WRONG)
    }

    /// Second steps that were begun and letters under way lead in with what was known before: they end with it.
    pub(crate) async fn forget_ways_in(&self, tx: &Tx, account: AccountId) -> Result<(), AppError> {
        store::challenges::remove_of_account(tx, account).await?;
        store::letters::remove_of_account(tx, account).await?;
        Ok(())
    }

    /// Refuses where something was tried too often in this window.
    pub(crate) async fn may_try(&self, key: &str, most: u32) -> Result<(), AppError> {
        let now = self.0.now();
        match store::throttles::peek(self.0.store(), key, now).await? {
            Some(hits) if hits.count >= most => Err(AppError::Throttled { now, until: hits.until, limit: most }),
            _ => Ok(()),
        }
    }

    /// Counts a try, and refuses where there were too many.
    pub(crate) async fn count_try(&self, key: &str, most: u32) -> Result<(), AppError> {
        self.may_try(key, most).await?;
        let tx: Tx = self.0.begin().await?;
        store::throttles::hit(&tx, key, self.0.now(), WINDOW).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn hash(&self, password: String) -> Result<String, AppError> {
        let mut salt = [0; 16];
        self.0.dice().fill(&mut salt);
        self.0
            .with_password(move || {
                Argon2::default().hash_password_with_salt(password.as_bytes(), &salt).map(|hash| hash.to_string()).ok()
            })
            .await?
            .ok_or(AppError::Broken("a password could not be hashed"))
    }

    async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, AppError> {
        // What an account without a password is compared with: nobody's, at the same cost.
        const NOBODY: &str =
            "$argon2id$v=19$m=19456,t=2,p=1$c291bmRwb3N0bm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let fits = self
            .0
            .with_password(move || {
                let hash = PasswordHash::new(&hash).ok()?;
                Some(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?
            .ok_or(AppError::Broken("a password's hash could not be read"))?;
        Ok(known && fits)
    }
}

impl App {
    /// Does something with a password: off the threads that answer, and not too many at once.
    async fn with_password<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
        let Ok(_place) = self.0.password_checks.acquire().await else {
            return Err(AppError::Broken("the queue for passwords is closed"));
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| AppError::Broken("checking a password ended early"))
    }

    /// Bytes that nobody can foretell.
    pub(crate) fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.dice().fill(&mut bytes);
        bytes
    }
}

/// The place that tries are counted by: one machine, or one home with IPv6.
pub(crate) fn place(from: Peer) -> String {
    match from.to_canonical() {
        Peer::V4(address) => address.to_string(),
        Peer::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

pub(crate) fn check_password_rules(password: &str) -> Result<(), String> {
    let length = password.chars().count();
    if PASSWORD_LENGTH.contains(&length) {
        return Ok(());
    }
    Err(format!(
        "A password has {} to {} characters. This one has {length}.",
        PASSWORD_LENGTH.start(),
        PASSWORD_LENGTH.end()
    ))
}

fn taken(error: StoreError) -> AppError {
    match error {
        StoreError::Conflict => AppError::invalid("username", "This name is taken. Choose another."),
        other => other.into(),
    }
}

fn check_email(email: &str) -> Result<Option<String>, String> {
    let email = email.trim();
    if email.is_empty() {
        return Ok(None);
    }
    let plain = !email.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = email.rsplit_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.is_empty());
    if plain && parts && email.len() <= EMAIL_LENGTH {
        Ok(Some(email.to_owned()))
    } else {
        Err("An e-mail address looks like name@example.org.".to_owned())
    }
}
