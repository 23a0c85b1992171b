//! Letters to people: the address that they gave is theirs, or they lost their password, or their account has another address now.
//!
//! A letter is promised in the transaction of its cause, and written when a worker sends it: the code in it exists from then on, and as a digest
//! only. Codes are typed and never stand in an address, where logs and others' machines would see them. Whoever asks for a letter hears the same
//! and waits as long whether there is such an account or not, because nobody looks before the worker does.

use std::time::Duration;

use model::{Account, AccountId, AuditKind, JobId, Username};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::jobs::{Claimed, NewJob, Priority};
use store::letters::Letter;

use crate::accounts::{check_password_rules, place};
use crate::audit::Entry;
use crate::callers::{Caller, Peer};
use crate::codes::{new_code, read_code};
use crate::secret::digest;
use crate::sessions::own_session;
use crate::{App, AppError};

/// The kind of job that writes letters.
pub const MAIL: &str = "mail";

/// How long a code is good for.
pub const CODE_LIFE: Duration = Duration::from_mins(30);

/// Letters of a kind that an account is sent within the life of a code.
const MOST_LETTERS: u64 = 3;

/// Accounts of one address that are written to.
const MOST_ACCOUNTS: u64 = 5;

/// Letters, and codes, that are tried from one place in a quarter of an hour.
const MOST_ASKED: u32 = 20;
const MOST_CODES: u32 = 100;

/// Bytes of what somebody types to say who they are: an address has at most 254.
const WHO_LENGTH: usize = 254;

/// How often a letter is tried.
const ATTEMPTS: u32 = 8;

const VERIFY: &str = "verify";
const RESET: &str = "reset";

/// Letters to people.
pub struct Letters<'a>(pub(crate) &'a App);

/// Why a letter is to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "letter")]
pub enum Wish {
    /// The account's address is to be shown to be its owner's.
    Verify {
        /// The account.
        account: AccountId,
    },
    /// Somebody lost their password.
    Reset {
        /// What they typed: a user name or an address.
        who: String,
        /// Where they are.
        from: Peer,
    },
    /// An account has another address now. Whoever reads the old one is told, in case it was not them.
    Moved {
        /// What the account is called now.
        username: Username,
        /// The old address, which was shown to be its owner's.
        to: String,
    },
    /// Somebody whom the account's productions told things is told nothing any more.
    Disabled {
        /// The account.
        account: AccountId,
        /// The host, without what stands after it: tokens stand there.
        host: String,
        /// Why, in a sentence.
        why: String,
    },
}

/// A letter that is ready to be sent.
pub struct Written {
    /// Where to.
    pub to: String,
    /// Whom it is about.
    pub username: Username,
    /// What it says.
    pub about: About,
}

/// What a letter is about.
pub enum About {
    /// The address is to be shown to be its owner's, by this code. A secret.
    Address(String),
    /// The password was lost; this code sets another. A secret.
    Password(String),
    /// The account has another address from now on.
    Moved,
    /// A receiver is told nothing any more.
    Disabled {
        /// The host.
        host: String,
        /// Why, in a sentence.
        why: String,
    },
}

impl About {
    /// The code that is to stand in it.
    fn code(&self) -> Option<&str> {
        match self {
            Self::Address(code) | Self::Password(code) => Some(code),
            Self::Moved | Self::Disabled { .. } => None,
        }
    }
}

impl Letters<'_> {
    /// Whether the account's address was shown to be its owner's.
    pub async fn is_verified(&self, caller: &Caller) -> Result<bool, AppError> {
        Ok(store::emails::is_verified(self.0.store(), &caller.account).await?)
    }

    /// The caller wants to show that their address is theirs.
    pub async fn ask_verify(&self, caller: &Caller, from: Peer) -> Result<(), AppError> {
        own_session(caller)?;
        self.expect_mail()?;
        if caller.account.email.is_none() {
            return Err(AppError::Conflict("There is no e-mail address to write to yet.".to_owned()));
        }
        self.0.accounts().count_try(&format!("letter {}", place(from)), MOST_ASKED).await?;
        let tx = self.0.begin().await?;
        self.promise(&tx, Wish::Verify { account: caller.account.id }).await?;
        Ok(tx.commit().await?)
    }

    /// The caller types the code of such a letter.
    pub async fn verify(&self, caller: &Caller, code: &str, from: Peer) -> Result<(), AppError> {
        own_session(caller)?;
        self.0.accounts().count_try(&format!("code {}", place(from)), MOST_CODES).await?;
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let letter = self.open(&tx, VERIFY, code).await?;
        let letter = letter.filter(|letter| {
            letter.account == caller.account.id && caller.account.email.as_deref() == Some(&*letter.email)
        });
        let letter = letter.ok_or_else(wrong_code)?;
        store::emails::put(&tx, letter.account, &letter.email, now).await?;
        let detail = json!({ "email": letter.email });
        self.0.audit().note(&tx, Entry::new(AuditKind::EmailVerified, letter.account, Some(from)).with(detail)).await?;
        Ok(tx.commit().await?)
    }

    /// Somebody lost their password. What is typed is looked at by the worker only.
    pub async fn ask_reset(&self, who: &str, from: Peer) -> Result<(), AppError> {
        self.expect_mail()?;
        self.0.accounts().count_try(&format!("letter {}", place(from)), MOST_ASKED).await?;
        let who: String = who.trim().chars().filter(|c| !c.is_control()).take(WHO_LENGTH).collect();
        let tx = self.0.begin().await?;
        self.promise(&tx, Wish::Reset { who, from }).await?;
        Ok(tx.commit().await?)
    }

    /// Somebody sets another password by the code of such a letter. All browsers are signed out; a second factor stays what it was.
    pub async fn reset(&self, code: &str, password: String, from: Peer) -> Result<(), AppError> {
        check_password_rules(&password).map_err(|error| AppError::invalid("password", error))?;
        self.0.accounts().count_try(&format!("code {}", place(from)), MOST_CODES).await?;
        let hash = self.0.accounts().hash(password).await?;
        let tx = self.0.begin().await?;
        let letter = self.open(&tx, RESET, code).await?.ok_or_else(wrong_code)?;
        store::accounts::set_password(&tx, letter.account, Some(&hash)).await?;
        store::sessions::remove_of_account(&tx, letter.account).await?;
        self.0.accounts().forget_ways_in(&tx, letter.account).await?;
        self.0.audit().note(&tx, Entry::new(AuditKind::ResetDone, letter.account, Some(from))).await?;
        Ok(tx.commit().await?)
    }

    /// Promises a letter, where letters can be sent.
    pub(crate) async fn promise(&self, tx: &Tx, wish: Wish) -> Result<(), AppError> {
        if !self.0.rules().has_mail {
            return Ok(());
        }
        let now = self.0.now();
        let payload = serde_json::to_value(&wish).map_err(|_| AppError::Broken("a wish for a letter"))?;
        let job = NewJob {
            kind: MAIL,
            payload,
            priority: Priority::High,
            due: now,
            unique: None,
            subject: None,
            max_attempts: ATTEMPTS,
        };
        // Without a unique key nothing can be in the way.
        let _ = store::jobs::enqueue(tx, now, JobId::new(now, self.0.dice()), job).await?;
        Ok(())
    }

    /// Writes the letters that a job promises: none where there is nobody to write to, or they were written to often enough.
    pub async fn write(&self, job: &Claimed) -> Result<Vec<Written>, AppError> {
        let wish = serde_json::from_value(job.payload.clone()).map_err(|_| AppError::Broken("a wish for a letter"))?;
        let tx = self.0.begin().await?;
        let mut written = Vec::new();
        match wish {
            Wish::Verify { account } => {
                if let Some(account) = store::accounts::find(&tx, account).await? {
                    written.extend(self.write_one(&tx, account, VERIFY).await?);
                }
            }
            Wish::Reset { who, from } => {
                for account in self.known_as(&tx, &who).await? {
                    let entry = Entry::new(AuditKind::ResetAsked, account.id, Some(from));
                    if let Some(letter) = self.write_one(&tx, account, RESET).await? {
                        self.0.audit().note(&tx, entry).await?;
                        written.push(letter);
                    }
                }
            }
            Wish::Disabled { account, host, why } => {
                if let Some(account) = store::accounts::find(&tx, account).await?
                    && store::emails::is_verified(&tx, &account).await?
                    && let Some(to) = account.email
                {
                    written.push(Written { to, username: account.username, about: About::Disabled { host, why } });
                }
            }
            Wish::Moved { username, to } => written.push(Written { to, username, about: About::Moved }),
        }
        tx.commit().await?;
        Ok(written)
    }

    /// Makes the codes of letters that could not be sent good for nothing.
    pub async fn take_back(&self, letters: &[Written]) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        for code in letters.iter().filter_map(|letter| letter.about.code()) {
            store::letters::remove(&tx, &digest(code)).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The letters are sent: forgets the job. `false` where it was somebody else's by then.
    pub async fn sent(&self, job: &Claimed) -> Result<bool, AppError> {
        let tx = self.0.begin().await?;
        if !store::jobs::ack(&tx, job).await? {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn write_one(&self, tx: &Tx, account: Account, kind: &str) -> Result<Option<Written>, AppError> {
        let now = self.0.now();
        let Some(email) = account.email else { return Ok(None) };
        if store::letters::count_since(tx, kind, account.id, now - CODE_LIFE).await? >= MOST_LETTERS {
            return Ok(None);
        }
        let code = new_code(self.0.dice());
        let letter = Letter {
            kind: kind.to_owned(),
            account: account.id,
            email: email.clone(),
            created: now,
            expires: now + CODE_LIFE,
        };
        store::letters::insert(tx, &letter, &digest(&code)).await?;
        let about = if kind == RESET { About::Password(code) } else { About::Address(code) };
        Ok(Some(Written { to: email, username: account.username, about }))
    }

    /// Whoever goes by a user name or an address, where that address was shown to be theirs: letters to another would give accounts away.
    async fn known_as(&self, tx: &Tx, who: &str) -> Result<Vec<Account>, AppError> {
        if who.contains('@') {
            return Ok(store::emails::accounts(tx, who, MOST_ACCOUNTS).await?);
        }
        let Ok(name) = who.parse::<Username>() else { return Ok(Vec::new()) };
        let Some((account, _)) = store::accounts::find_by_username(tx, &name).await? else { return Ok(Vec::new()) };
        Ok(if store::emails::is_verified(tx, &account).await? { vec![account] } else { Vec::new() })
    }

    /// The letter that a code stood in, which is good for nothing once this transaction is committed.
    async fn open(&self, tx: &Tx, kind: &str, typed: &str) -> Result<Option<Letter>, AppError> {
        let Some(code) = read_code(typed) else { return Ok(None) };
        let secret = digest(&code);
        let Some(letter) = store::letters::find(tx, kind, &secret, self.0.now()).await? else { return Ok(None) };
        Ok(store::letters::remove(tx, &secret).await?.then_some(letter))
    }

    fn expect_mail(&self) -> Result<(), AppError> {
        if self.0.rules().has_mail {
            return Ok(());
        }
        Err(AppError::Conflict(
            "This server sends no letters. Its operator can set another password for you.".to_owned(),
        ))
    }
}

fn wrong_code() -> AppError {
    AppError::invalid(
        "code",
        "This code is not right, was used already, or is older than 30 minutes. Ask for another letter.",
    )
}
