//! Databases to test on: a new one for each test, of both kinds, with the schema of today.
//!
//! A test is written once, as an async function of a [`Database`], inside [`both_databases!`](crate::both_databases), and runs
//! twice. PostgreSQL is started by `tools/with-postgres`, which says where it is; without it those tests fail.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use sea_orm::{ConnectOptions, ConnectionTrait};
use store::{Store, StoreOptions};

/// Where the tests' PostgreSQL is.
const POSTGRES: &str = "SOUNDPOST_TEST_POSTGRES";

/// A database that is copied for each test on PostgreSQL.
const TEMPLATE: &str = "soundpost_template";

/// Makes two tests of each function: `name::sqlite` and `name::postgres`.
///
/// ```text
/// testkit::both_databases! {
///     async fn what_is_kept_comes_back(database: &Database) { … }
/// }
/// ```
#[macro_export]
macro_rules! both_databases {
    ($($(#[$about:meta])* async fn $name:ident($database:ident: &Database) $body:block)*) => {$(
        $(#[$about])*
        mod $name {
            use super::*;

            async fn test($database: &$crate::database::Database) $body

            #[test]
            fn sqlite() {
                $crate::database::on_sqlite(test);
            }

            #[test]
            fn postgres() {
                $crate::database::on_postgres(test);
            }
        }
    )*};
}

/// A database of a test's own, migrated and empty.
pub struct Database {
    url: String,
    store: Store,
}

impl Database {
    /// The store that is open on it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Another store on it, as another process would have one.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn another(&self) -> Store {
        open(&self.url).await
    }
}

/// Runs a test on a new SQLite database.
///
/// # Panics
/// When the test does.
pub fn on_sqlite(test: impl AsyncFnOnce(&Database)) {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("there is no folder for a database: {error}"));
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = open(&url).await;
        store.migrate().await.unwrap_or_else(|error| panic!("the schema cannot be made: {error}"));
        let database = Database { url, store };
        test(&database).await;
        close(database.store).await;
    });
}

/// Runs a test on a new PostgreSQL database. One that failed stays until the cluster goes.
///
/// # Panics
/// When the test does, or there is no PostgreSQL.
pub fn on_postgres(test: impl AsyncFnOnce(&Database)) {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let Ok(cluster) = std::env::var(POSTGRES) else {
        panic!(
            "{POSTGRES} names no PostgreSQL. Run the tests by `tools/with-postgres cargo nextest run …`, as `make unit` does."
        )
    };
    runtime().block_on(async {
        let name = format!("test_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
        let keeper = connect(&cluster).await;
        make_template(&keeper, &cluster).await;
        run(&keeper, &format!("DROP DATABASE IF EXISTS {name}")).await;
        run(&keeper, &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await;
        let url = named(&cluster, &name);
        let store = open(&url).await;
        let database = Database { url, store };
        test(&database).await;
        close(database.store).await;
        run(&keeper, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    });
}

/// Numbers that look thrown and are the same every time.
pub struct SeededDice(Mutex<crate::signal::Dice>);

impl SeededDice {
    /// Dice whose numbers depend on the seed alone.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(crate::signal::Dice::new(seed)))
    }
}

impl model::Dice for SeededDice {
    fn fill(&self, bytes: &mut [u8]) {
        let mut dice = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.fill_with(|| (dice.next_u64() >> 32) as u8);
    }
}

/// Makes the database that others are copies of, unless somebody did; many tests ask at once.
async fn make_template(keeper: &sea_orm::DatabaseConnection, cluster: &str) {
    run(keeper, "SELECT pg_advisory_lock(1)").await;
    let there = sea_orm::Statement::from_string(
        keeper.get_database_backend(),
        format!("SELECT 1 FROM pg_database WHERE datname = '{TEMPLATE}'"),
    );
    let there = keeper.query_one_raw(there).await.unwrap_or_else(|error| panic!("PostgreSQL does not answer: {error}"));
    if there.is_none() {
        // Under another name until it is whole.
        run(keeper, "DROP DATABASE IF EXISTS soundpost_unfinished").await;
        run(keeper, "CREATE DATABASE soundpost_unfinished").await;
        let store = open(&named(cluster, "soundpost_unfinished")).await;
        store.migrate().await.unwrap_or_else(|error| panic!("the schema cannot be made: {error}"));
        close(store).await;
        run(keeper, &format!("ALTER DATABASE soundpost_unfinished RENAME TO {TEMPLATE}")).await;
    }
    run(keeper, "SELECT pg_advisory_unlock(1)").await;
}

/// The address of another database of the same cluster.
fn named(cluster: &str, name: &str) -> String {
    let (address, options) = cluster.split_once('?').unwrap_or((cluster, ""));
    let (server, _) = address.rsplit_once('/').unwrap_or((address, ""));
    format!("{server}/{name}?{options}")
}

async fn open(url: &str) -> Store {
    Store::open(&StoreOptions::new(url)).await.unwrap_or_else(|error| panic!("{url} cannot be opened: {error}"))
}

async fn close(store: Store) {
    store.close().await.unwrap_or_else(|error| panic!("the database cannot be closed: {error}"));
}

/// One connection, so that a lock is let go by whoever took it.
async fn connect(url: &str) -> sea_orm::DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.unwrap_or_else(|error| panic!("{url} cannot be reached: {error}"))
}

async fn run(keeper: &sea_orm::DatabaseConnection, sql: &str) {
    if let Err(error) = keeper.execute_unprepared(sql).await {
        panic!("PostgreSQL refuses {sql}: {error}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap_or_else(|error| panic!("there is no runtime: {error}"))
}
