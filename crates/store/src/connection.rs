//! The open database: reading from it, and changing it by transactions.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use model::{Account, AppId, Production, ProductionId, RegisteredApp, Time};
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use sea_orm_migration::MigratorTrait;
use tokio::sync::watch;

use crate::api_keys::ApiKey;
use crate::apps::AppSecret;
use crate::backend::{self, Pools};
use crate::migrations::Migrations;
use crate::{Digest, StoreError, Together, oauth1, oauth2};

pub(crate) mod reading {
    //! What a reader is, without anybody outside being able to make one.

    use sea_orm::ConnectionTrait;

    /// Has a connection.
    pub trait Connected {
        /// What kind of connection it is.
        type Connection: ConnectionTrait;

        /// The connection.
        fn connection(&self) -> &Self::Connection;
    }
}

/// What can be read from: the [`Store`], which shows what is committed, and a [`Tx`], which shows its own changes too.
pub trait Read: reading::Connected + Send + Sync {}

/// How to open the database.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:` with a file's path, or `postgres://…`.
    pub url: String,
    /// How many connections at most, on PostgreSQL to read and write, on SQLite to read beside the one that writes.
    pub max_connections: u32,
    /// How long to wait for a connection, or for others to finish writing.
    pub patience: Duration,
}

impl StoreOptions {
    /// A database, with the usual for the rest.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), max_connections: 10, patience: Duration::from_secs(20) }
    }
}

/// The address may hold a password.
impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("max_connections", &self.max_connections)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pools: Arc<Pools>,
    pub(crate) bell: watch::Sender<u64>,
    pub(crate) post: watch::Sender<u64>,
    hints: Arc<Together<(), (), StoreError>>,
    listening: Arc<AtomicBool>,
    /// When jobs whose time had come were last made ready, in milliseconds.
    woke_ms: Arc<AtomicI64>,
    pub(crate) lines: Arc<Lines>,
}

/// Where what is asked with every request waits for others that ask for the same kind of thing.
pub(crate) struct Lines {
    pub(crate) api_keys: Line<Digest, (ApiKey, Arc<Account>)>,
    pub(crate) oauth1: Line<String, (oauth1::AccessToken, Arc<Account>)>,
    pub(crate) oauth2: Line<Digest, (oauth2::Token, Arc<Account>)>,
    pub(crate) apps: Line<AppId, (RegisteredApp, Vec<AppSecret>)>,
    pub(crate) productions: Line<ProductionId, Production>,
}

type Line<K, V> = Together<K, Option<Arc<V>>, StoreError>;

/// Rows that one statement looks up.
const AT_ONCE: usize = 512;

impl Default for Lines {
    fn default() -> Self {
        Self {
            api_keys: Together::new(AT_ONCE),
            oauth1: Together::new(AT_ONCE),
            oauth2: Together::new(AT_ONCE),
            apps: Together::new(AT_ONCE),
            productions: Together::new(AT_ONCE),
        }
    }
}

impl Store {
    /// Opens the database; a SQLite file is made where there is none. Migrates nothing.
    pub async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let pools = Arc::new(backend::open(options).await?);
        let (bell, post) = (watch::Sender::new(0), watch::Sender::new(0));
        let hints = Arc::new(Together::new(AT_ONCE));
        let (listening, woke_ms) = (Arc::default(), Arc::default());
        Ok(Self { pools, bell, post, hints, listening, woke_ms, lines: Arc::default() })
    }

    /// Brings the schema to what this program expects, whole or not at all. Several programs may do so at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let tx = backend::begin(self.writer()).await?;
        backend::lock_migration(&tx).await?;
        Migrations::up(&tx, None).await?;
        Ok(tx.commit().await?)
    }

    /// The names of migrations that this program knows and the database has not had.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        let pending = Migrations::get_pending_migrations_read_only(&self.pools.read).await?;
        Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
    }

    /// Asks the database whether it is there.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.pools.read.ping().await?)
    }

    /// Begins a transaction that may write. Dropped without [`Tx::commit`], it never happened.
    ///
    /// On SQLite there is one at a time, and the others wait for it; so whoever holds one does not wait for a second.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let inner = backend::begin(self.writer()).await?;
        let (enqueued, delivery) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Tx { inner, enqueued, delivery, bell: self.bell.clone(), post: self.post.clone(), hint: self.hint() })
    }

    /// What the database is at this moment, to be read at leisure.
    pub(crate) async fn moment(&self) -> Result<DatabaseTransaction, StoreError> {
        Ok(backend::moment(&self.pools.read).await?)
    }

    /// Finishes what is under way and lets go of the database.
    pub async fn close(self) -> Result<(), StoreError> {
        self.pools.read.close_by_ref().await?;
        Ok(self.pools.write.close_by_ref().await?)
    }

    /// What single statements that write go by.
    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.pools.write
    }

    /// Whether jobs were made ready within this time before now. If not, the caller does it.
    pub(crate) fn woke_within(&self, now: Time, time: Duration) -> bool {
        let last = Time::from_ms(self.woke_ms.load(Ordering::Relaxed));
        let fresh = last <= now && now.since(last) < time;
        if !fresh {
            self.woke_ms.store(now.as_ms(), Ordering::Relaxed);
        }
        fresh
    }

    fn hint(&self) -> Hint {
        Hint(Arc::clone(&self.pools), Arc::clone(&self.hints))
    }

    /// Hears other processes from now on, once and for all clones.
    pub(crate) fn listen(&self) {
        if !self.listening.swap(true, Ordering::Relaxed) {
            tokio::spawn(backend::listen(self.pools.read.clone(), self.bell.clone(), self.post.clone()));
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// A transaction that may write.
pub struct Tx {
    inner: DatabaseTransaction,
    enqueued: AtomicBool,
    delivery: AtomicBool,
    bell: watch::Sender<u64>,
    post: watch::Sender<u64>,
    hint: Hint,
}

/// Tells other processes that there is something to deliver, once for all that tell it at the same time. Only a hint: whoever
/// does not hear it looks every now and then. So it does not hold up the transactions that caused it, which PostgreSQL would let
/// commit one by one if each told by itself.
#[derive(Clone)]
struct Hint(Arc<Pools>, Arc<Together<(), (), StoreError>>);

impl Hint {
    fn give(self) {
        if !backend::has_listeners(&self.0.write) {
            return;
        }
        tokio::spawn(async move {
            let pools = Arc::clone(&self.0);
            let tell = move |asked: Vec<()>| {
                let pools = Arc::clone(&pools);
                async move {
                    backend::hint(&pools.write).await?;
                    Ok(asked)
                }
            };
            if let Err(error) = self.1.ask((), tell).await {
                tracing::debug!(%error, "other processes were not told of a delivery");
            }
        });
    }
}

impl Tx {
    /// Makes all of it true.
    pub async fn commit(self) -> Result<(), StoreError> {
        let enqueued = self.enqueued.into_inner();
        if enqueued {
            backend::ring(&self.inner).await?;
        }
        self.inner.commit().await?;
        if enqueued {
            self.bell.send_modify(|rings| *rings += 1);
        }
        if self.delivery.into_inner() {
            self.post.send_modify(|rings| *rings += 1);
            self.hint.give();
        }
        Ok(())
    }

    /// Notes that there is a delivery to be told of at the end.
    pub(crate) fn note_delivery(&self) {
        self.delivery.store(true, Ordering::Relaxed);
    }

    /// Notes that there is a job to be told of at the end.
    pub(crate) fn note_enqueued(&self) {
        self.enqueued.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}

impl reading::Connected for Store {
    type Connection = DatabaseConnection;

    fn connection(&self) -> &DatabaseConnection {
        &self.pools.read
    }
}

impl reading::Connected for Tx {
    type Connection = DatabaseTransaction;

    fn connection(&self) -> &DatabaseTransaction {
        &self.inner
    }
}

impl Read for Store {}
impl Read for Tx {}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use model::{Dice, JobId, Time};
    use sea_orm::ConnectionTrait;
    use serde_json::json;

    use super::*;
    use crate::StoreError;
    use crate::jobs::{NewJob, Priority, enqueue};

    /// Counts instead of throwing.
    struct Counter(std::sync::atomic::AtomicU8);

    impl Dice for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    async fn put(store: &Store, dice: &dyn Dice, bytes: usize) -> Result<(), StoreError> {
        let now = Time::from_ms(0);
        let job = NewJob {
            kind: "test",
            payload: json!("x".repeat(bytes)),
            priority: Priority::Normal,
            due: now,
            unique: None,
            subject: None,
            max_attempts: 1,
        };
        let tx = store.begin().await?;
        let _ = enqueue(&tx, now, JobId::new(now, dice), job).await?;
        tx.commit().await
    }

    /// Once, commits after a full disk were said to have worked and had not.
    #[tokio::test]
    async fn what_is_committed_after_a_full_disk_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("full.db").display());
        let store = Store::open(&StoreOptions::new(url.clone())).await.unwrap();
        store.migrate().await.unwrap();
        let dice = Counter(0.into());
        // A statement that finds no room is undone alone, and its transaction is rolled back.
        store.writer().execute_unprepared("PRAGMA max_page_count = 1").await.unwrap();
        let full = put(&store, &dice, 100_000).await;
        assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
        store.writer().execute_unprepared("PRAGMA max_page_count = 1000000").await.unwrap();
        // Where a commit finds none, SQLite rolls back by itself, as it is told to here, and nothing is left to roll back.
        let tx = store.begin().await.unwrap();
        tx.inner.execute_unprepared("ROLLBACK").await.unwrap();
        drop(tx);
        drop(store.begin().await.unwrap());
        for _ in 0..3 {
            put(&store, &dice, 10).await.unwrap();
        }
        let other = Store::open(&StoreOptions::new(url)).await.unwrap();
        assert_eq!(crate::jobs::counts(&other, Time::from_ms(0)).await.unwrap().ready, 3);
        put(&other, &dice, 10).await.unwrap();
    }
}
