//! Bytes that come in and go out: uploads before anything refers to them, results, signed addresses.
//!
//! A file comes in three steps. It is announced, in a transaction of its own; its bytes are written, in none; and it is kept
//! in the transaction that first refers to it. Whatever happens in between, a sweep finds it.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use model::production::{Draft, Input, MadeFile, StoredFile};
use model::{AccountId, ProductionId, Time, random_text};
use store::blobs::Blob;
use store::{BlobKey, Tx};

use crate::callers::{Caller, Scope};
use crate::secret::{hex, unhex};
use crate::{App, AppError};

/// Characters that a file's name may have.
const NAME_LENGTH: usize = 255;

/// What signed addresses are signed for.
const DOWNLOAD: &str = "download of a result";

/// Bytes that come in and go out.
pub struct Files<'a>(pub(crate) &'a App);

impl Files<'_> {
    /// Takes in a file. Nothing refers to it yet: give what comes back to a verb that does, or it is swept away.
    pub async fn receive<E>(
        &self,
        caller: &Caller,
        name: &str,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<StoredFile, AppError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        caller.may(Scope::ProductionWrite)?;
        self.receive_for(caller.account.id, name, bytes).await
    }

    /// Takes in a file for an account: what a worker fetched.
    pub async fn receive_for<E>(
        &self,
        owner: AccountId,
        name: &str,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<StoredFile, AppError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (key, limit) = self.announce(owner, "uploads").await?;
        match self.0.blobs().put_stream(&key, bytes, limit.bytes).await {
            Ok(size) => Ok(StoredFile { key: key.as_str().to_owned(), name: plain_name(name), size }),
            Err(error) => {
                self.give_up(&[key]).await;
                Err(limit.explain(error.into()))
            }
        }
    }

    /// A file's bytes, or a piece of them.
    pub async fn open(&self, key: &str, range: Option<Range<u64>>) -> Result<Blob, AppError> {
        Ok(self.0.blobs().get(&parse_key(key)?, range).await?)
    }

    /// What is added to the address of a result so that it can be had without credentials until then.
    pub fn sign(&self, production: ProductionId, name: &str, until: Time) -> String {
        hex(&self.0.secret().sign(DOWNLOAD, &signed_text(production, name, until)))
    }

    /// Whether such an addition is ours and the time is not over.
    pub fn is_signed(&self, production: ProductionId, name: &str, until: Time, signature: &str) -> bool {
        let ours = unhex(signature)
            .is_some_and(|bytes| self.0.secret().verify(DOWNLOAD, &signed_text(production, name, until), &bytes));
        ours && self.0.now() < until
    }

    /// A result for whoever has a signed address.
    pub async fn signed_result(
        &self,
        production: ProductionId,
        name: &str,
        until: Time,
        signature: &str,
    ) -> Result<MadeFile, AppError> {
        if !self.is_signed(production, name, until, signature) {
            return Err(AppError::Forbidden("This address was good for a while, and is not any more.".to_owned()));
        }
        let found = store::productions::find(self.0.store(), production).await?;
        let made = found.as_ref().and_then(|production| production.state.made());
        made.and_then(|made| made.files.iter().find(|file| file.name == name))
            .cloned()
            .ok_or(AppError::NotFound("file"))
    }

    /// How long a signed address is good for.
    pub const SIGNED_FOR: Duration = Duration::from_mins(5);

    /// Announces a file for an account, and says how many bytes it may have.
    pub(crate) async fn announce(&self, owner: AccountId, folder: &str) -> Result<(BlobKey, Limit), AppError> {
        let now = self.0.now();
        let key = parse_key(&format!("{folder}/{}", random_text(32, self.0.dice())))?;
        let rules = self.0.rules();
        let mut limit = Limit { bytes: rules.upload_limit, quota: None };
        if let Some(quota) = rules.account_quota {
            let used = store::files::usage(self.0.store(), owner).await?;
            if used >= quota {
                return Err(AppError::OverQuota { used, quota });
            }
            if quota - used < limit.bytes {
                limit = Limit { bytes: quota - used, quota: Some((used, quota)) };
            }
        }
        let tx = self.0.begin().await?;
        store::files::begin(&tx, &key, owner, now).await?;
        tx.commit().await?;
        Ok((key, limit))
    }

    /// Lets a sweep remove what will not be referred to. That this fails is no trouble: the sweep finds it later.
    pub(crate) async fn give_up(&self, keys: &[BlobKey]) {
        let attempt = async {
            let tx = self.0.begin().await?;
            store::files::doom(&tx, keys, self.0.now()).await?;
            tx.commit().await?;
            Ok::<_, AppError>(())
        };
        if let Err(error) = attempt.await {
            tracing::info!(%error, "files that are not wanted stay until a sweep finds them");
        }
    }
}

/// How many bytes a file may have, and whether that is because of what is there already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) bytes: u64,
    quota: Option<(u64, u64)>,
}

impl Limit {
    pub(crate) fn explain(self, error: AppError) -> AppError {
        match (error, self.quota) {
            (AppError::TooLarge { .. }, Some((used, quota))) => AppError::OverQuota { used, quota },
            (error, _) => error,
        }
    }
}

/// Keeps the files that a draft refers to now, and dooms those that it does not any more.
pub(crate) async fn settle(tx: &Tx, before: Option<&Draft>, after: Option<&Draft>, now: Time) -> Result<(), AppError> {
    let files = |draft: Option<&Draft>| -> Vec<StoredFile> {
        let inputs = draft.into_iter().flat_map(|draft| [&draft.input, &draft.cover]).flatten();
        inputs.filter_map(|input| if let Input::File(file) = input { Some(file.clone()) } else { None }).collect()
    };
    let (before, after) = (files(before), files(after));
    for file in after.iter().filter(|file| !before.contains(file)) {
        keep(tx, file, now).await?;
    }
    let gone = before.iter().filter(|file| !after.contains(file)).map(|file| parse_key(&file.key));
    let gone = gone.collect::<Result<Vec<_>, _>>()?;
    store::files::doom(tx, &gone, now).await?;
    Ok(())
}

/// Keeps a file that was announced and written.
pub(crate) async fn keep(tx: &Tx, file: &StoredFile, now: Time) -> Result<(), AppError> {
    if store::files::keep(tx, &parse_key(&file.key)?, file.size, now).await? {
        return Ok(());
    }
    Err(AppError::Conflict("The upload took too long and was cleared away. Send it again.".to_owned()))
}

pub(crate) fn parse_key(key: &str) -> Result<BlobKey, AppError> {
    key.parse().map_err(|_| AppError::Broken("a key in storage is none"))
}

fn signed_text(production: ProductionId, name: &str, until: Time) -> Vec<u8> {
    // The id has a fixed length, and the time ends at the colon.
    format!("{production}{}:{name}", until.as_ms()).into_bytes()
}

/// What a person calls a file, as it is kept: without folders, on one line, of bounded length, never empty.
pub(crate) fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let unseen = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let plain: String = last.chars().filter(|c| !unseen(*c)).take(NAME_LENGTH).collect();
    let plain = plain.trim().trim_start_matches('.');
    if plain.is_empty() { "recording".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_folders_and_tricks() {
        for (given, kept) in [
            ("talk.wav", "talk.wav"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\x\\talk.wav", "talk.wav"),
            ("..", "recording"),
            ("", "recording"),
            ("a\nb\u{202e}vaw.x", "abvaw.x"),
            (".htaccess", "htaccess"),
            ("Gespräch 1.wav", "Gespräch 1.wav"),
        ] {
            assert_eq!(plain_name(given), kept, "{given:?}");
        }
        assert_eq!(plain_name(&"ä".repeat(300)).chars().count(), NAME_LENGTH);
    }
}
