//! Stores of users: whether they work, what is there, and files fetched from and put there.
//!
//! What belongs here: how S3, SFTP, FTP and WebDAV are spoken, within bounds. What does not: whose a store is, when something is
//! fetched or put, and how often it is tried. Where nobody may go is decided in `outbound`, which all connections come from;
//! how replies are read is in `protocols`. `docs/explanation/stores.md` tells why it is built this way.
//!
//! Each call connects, does one thing and hangs up. Nothing is kept between calls, so that two files do not wait for each
//! other and a store that hangs holds one job and no more.

mod error;
mod files;
mod ftp;
mod moving;
mod s3;
mod sftp;
#[cfg(test)]
mod tests;
mod web;
mod webdav;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::{Clock, Dice, Remote, RemoteSecret, random_text};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

pub use self::error::RemoteError;
use self::files::{Gathered, check_name};
pub use self::files::{Listing, RemoteFile, public_address};
pub use self::moving::Moved;
use self::moving::{Sink, Source};
use crate::outbound::{Outbound, OutboundError};

/// What is written to see whether it can be.
const PROBE: &[u8] = b"Soundpost tried whether it can write here. This file can be deleted.\n";

/// How long what a failed transfer left behind may take to be removed.
const TIDYING: Duration = Duration::from_secs(15);

/// How long something may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Without a single byte, or for an answer.
    pub silence: Duration,
    /// From connecting to the end, where a store is tested or its files are listed. Somebody waits for it.
    pub look: Duration,
    /// From connecting to the end, where a file is fetched or put.
    pub whole: Duration,
}

impl Default for Limits {
    /// A minute of silence; 14 s to look, which ends before the 15 s that a page waits; six hours for a file.
    fn default() -> Self {
        Self { silence: Duration::from_mins(1), look: Duration::from_secs(14), whole: Duration::from_hours(6) }
    }
}

/// What a test of a store found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whether its files can be listed.
    pub may_read: bool,
    /// Whether a file could be written and removed again.
    pub may_write: bool,
    /// The fingerprint of the key by which a server of SFTP is known from now on: to be kept in [`model::remote::Sftp::host_key`].
    pub host_key: Option<String>,
}

/// A file that was put into a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// Bytes.
    pub bytes: u64,
    /// Where everybody finds it, if the store has a `base_url`.
    pub address: Option<String>,
}

/// The way to stores of users. Made once, cloned freely.
#[derive(Clone)]
pub struct Remotes {
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    limits: Limits,
}

/// What one call has with it.
struct Way<'a> {
    outbound: &'a Outbound,
    secret: &'a RemoteSecret,
    silence: Duration,
    /// Asked anew for each signature: a large file takes longer than one is good for.
    clock: &'a dyn Clock,
    /// The name under which a file is written until it is whole.
    part: String,
    remains: &'a Remains,
}

/// What would be left behind in a store if a transfer ended now.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Remnant {
    /// A file under the name of a part.
    File(String),
    /// Parts of an upload to S3.
    Upload { key: String, id: String },
}

/// Holds what would be left behind.
#[derive(Clone, Default)]
struct Remains(Arc<Mutex<Option<Remnant>>>);

impl Remains {
    fn are(&self, remnant: Remnant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(remnant);
    }

    fn take(&self) -> Option<Remnant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Remotes {
    /// The way to stores, by the way out.
    pub fn new(outbound: Outbound, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>, limits: Limits) -> Self {
        Self { outbound, clock, dice, limits }
    }

    /// Tests a store: connects, signs in, lists, and writes a small file that it removes again. A server of SFTP whose key is
    /// not known yet is taken at its word, and its key is in the answer.
    pub async fn check(&self, remote: &Remote, secret: &RemoteSecret) -> Result<Checked, RemoteError> {
        made_sense(remote, secret)?;
        let guard = Tidy::new(self, remote, secret);
        let way = self.way(secret, &guard.remains);
        let done = Box::pin(async {
            match remote {
                Remote::S3(at) => s3::check(&way, at).await,
                Remote::Sftp(at) => sftp::check(&way, at).await,
                Remote::Ftp(at) => ftp::check(&way, at).await,
                Remote::WebDav(at) => webdav::check(&way, at).await,
            }
        });
        let done = within(self.limits.look, remote, done).await;
        guard.settle(done).await
    }

    /// The audio files in a store's folder, at most so many, by name. Folders in it are passed over.
    pub async fn list(&self, remote: &Remote, secret: &RemoteSecret, most: usize) -> Result<Listing, RemoteError> {
        made_sense(remote, secret)?;
        let remains = Remains::default();
        let way = self.way(secret, &remains);
        let mut found = Gathered::new(most);
        let done = Box::pin(async {
            match remote {
                Remote::S3(at) => s3::list(&way, at, &mut found).await,
                Remote::Sftp(at) => sftp::list(&way, at, &mut found).await,
                Remote::Ftp(at) => ftp::list(&way, at, &mut found).await,
                Remote::WebDav(at) => webdav::list(&way, at, &mut found).await,
            }
        });
        within(self.limits.look, remote, done).await?;
        Ok(found.finish())
    }

    /// Fetches a file into a sink, at most so many bytes, in memory that does not grow with it. Returns how many there were.
    /// `heard` is told now and then how many there are. Dropping the future hangs up.
    pub async fn fetch<S: AsyncWrite + Unpin + Send>(
        &self,
        remote: &Remote,
        secret: &RemoteSecret,
        name: &str,
        sink: &mut S,
        most: u64,
        heard: &(dyn Fn(Moved) + Sync),
    ) -> Result<u64, RemoteError> {
        made_sense(remote, secret)?;
        check_name(name)?;
        let remains = Remains::default();
        let way = self.way(secret, &remains);
        let mut to = Sink::new(sink, remote, most, heard);
        let done = Box::pin(async {
            match remote {
                Remote::S3(at) => s3::fetch(&way, at, name, &mut to).await,
                Remote::Sftp(at) => sftp::fetch(&way, at, name, &mut to).await,
                Remote::Ftp(at) => ftp::fetch(&way, at, name, &mut to).await,
                Remote::WebDav(at) => webdav::fetch(&way, at, name, &mut to).await,
            }
        });
        within(self.limits.whole, remote, done).await?;
        let bytes = to.bytes();
        sink.flush().await.map_err(OutboundError::Write)?;
        Ok(bytes)
    }

    /// Fetches a file to a path, where it stays only when it is whole.
    pub async fn fetch_to_file(
        &self,
        remote: &Remote,
        secret: &RemoteSecret,
        name: &str,
        path: &Path,
        most: u64,
        heard: &(dyn Fn(Moved) + Sync),
    ) -> Result<u64, RemoteError> {
        let part = crate::outbound::Part::new(path);
        let mut sink = part.create().await?;
        let bytes = self.fetch(remote, secret, name, &mut sink, most, heard).await?;
        part.keep();
        Ok(bytes)
    }

    /// Puts a file into a store under a name. It appears there whole or not at all, as far as the store can do that; one of
    /// that name is replaced. What was begun is removed when it fails; when the future is dropped, that is tried beside.
    pub async fn put(
        &self,
        remote: &Remote,
        secret: &RemoteSecret,
        name: &str,
        file: &Path,
        heard: &(dyn Fn(Moved) + Sync),
    ) -> Result<Put, RemoteError> {
        made_sense(remote, secret)?;
        check_name(name)?;
        let source = Source::open(file, heard).await?;
        let guard = Tidy::new(self, remote, secret);
        let way = self.way(secret, &guard.remains);
        let done = Box::pin(async {
            match remote {
                Remote::S3(at) => s3::put(&way, at, name, &source).await,
                Remote::Sftp(at) => sftp::put(&way, at, name, &source).await,
                Remote::Ftp(at) => ftp::put(&way, at, name, &source).await,
                Remote::WebDav(at) => webdav::put(&way, at, name, &source).await,
            }
        });
        let done = within(self.limits.whole, remote, done).await;
        guard.settle(done).await?;
        Ok(Put { bytes: source.size(), address: remote.base_url().map(|base| public_address(base, name)) })
    }

    fn way<'a>(&'a self, secret: &'a RemoteSecret, remains: &'a Remains) -> Way<'a> {
        Way {
            outbound: &self.outbound,
            secret,
            silence: self.limits.silence,
            clock: &*self.clock,
            part: format!("soundpost-{}.part", random_text(12, &*self.dice)),
            remains,
        }
    }

    /// Removes what a transfer left behind. That it cannot be is no error of its own: the store is as broken as before.
    async fn clear(&self, remote: &Remote, secret: &RemoteSecret, remnant: &Remnant) {
        let remains = Remains::default();
        let way = self.way(secret, &remains);
        let cleared = timeout(TIDYING.min(self.limits.whole), async {
            match (remote, remnant) {
                (Remote::S3(at), Remnant::Upload { key, id }) => s3::abort(&way, at, key, id).await,
                (Remote::S3(at), Remnant::File(name)) => s3::remove(&way, at, name).await,
                (Remote::Sftp(at), Remnant::File(name)) => sftp::remove(&way, at, name).await,
                (Remote::Ftp(at), Remnant::File(name)) => ftp::remove(&way, at, name).await,
                (Remote::WebDav(at), Remnant::File(name)) => webdav::remove(&way, at, name).await,
                (_, Remnant::Upload { .. }) => Ok(()),
            }
        });
        if let Ok(Err(error)) = cleared.await {
            tracing::info!(error = %error, remote.kind = remote.word(), "remotes.left_behind");
        }
    }
}

/// Removes what is left behind, however the transfer ends.
struct Tidy {
    remotes: Remotes,
    remote: Remote,
    secret: RemoteSecret,
    remains: Remains,
}

impl Tidy {
    fn new(remotes: &Remotes, remote: &Remote, secret: &RemoteSecret) -> Self {
        Self { remotes: remotes.clone(), remote: remote.clone(), secret: secret.clone(), remains: Remains::default() }
    }

    async fn settle<T>(self, done: Result<T, RemoteError>) -> Result<T, RemoteError> {
        if let Some(remnant) = self.remains.take() {
            self.remotes.clear(&self.remote, &self.secret, &remnant).await;
        }
        done
    }
}

impl Drop for Tidy {
    fn drop(&mut self) {
        let (Some(remnant), Ok(runtime)) = (self.remains.take(), tokio::runtime::Handle::try_current()) else { return };
        let (remotes, remote, secret) = (self.remotes.clone(), self.remote.clone(), self.secret.clone());
        runtime.spawn(async move { remotes.clear(&remote, &secret, &remnant).await });
    }
}

impl Way<'_> {
    /// Waits for something on the other side, but not for ever.
    async fn hear<T>(&self, host: &str, done: impl Future<Output = T>) -> Result<T, RemoteError> {
        timeout(self.silence, done)
            .await
            .map_err(|_| OutboundError::Silent { host: host.to_owned(), seconds: self.silence.as_secs() }.into())
    }
}

/// Fields are checked where they are typed. They come from elsewhere, too, and a line break in a path is a command.
fn made_sense(remote: &Remote, secret: &RemoteSecret) -> Result<(), RemoteError> {
    let faults = remote.check(secret).err().unwrap_or_default();
    faults.into_iter().next().map_or(Ok(()), |fault| Err(RemoteError::Field(fault)))
}

async fn within<T>(
    whole: Duration,
    remote: &Remote,
    done: impl Future<Output = Result<T, RemoteError>>,
) -> Result<T, RemoteError> {
    match timeout(whole, done).await {
        Ok(done) => done,
        Err(_) => Err(OutboundError::TooSlow { host: host(remote), seconds: whole.as_secs() }.into()),
    }
}

/// What a store is called in texts: its server.
fn host(remote: &Remote) -> String {
    let of = |address: &str| {
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        match rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
            Some((address, _)) => address.to_owned(),
            None => rest.split(['/', ':']).next().unwrap_or_default().to_owned(),
        }
    };
    match remote {
        Remote::S3(at) => at.endpoint.as_deref().map_or_else(|| "Amazon S3".to_owned(), of),
        Remote::Sftp(at) => at.host.clone(),
        Remote::Ftp(at) => at.host.clone(),
        Remote::WebDav(at) => of(&at.url),
    }
}

/// A path of a folder and a name in it, with one slash between.
fn in_folder(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder if folder.ends_with('/') => format!("{folder}{name}"),
        folder => format!("{folder}/{name}"),
    }
}
