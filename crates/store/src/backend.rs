//! Where SQLite and PostgreSQL differ: how they are opened, what keeps two migrations apart, how a bell is rung, and what their
//! errors mean. Nothing else in this house asks which of the two it is.

use std::time::Duration;

use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, RuntimeErr, SqliteTransactionMode, TransactionOptions, TransactionTrait, sqlx,
};
use tokio::sync::watch;

use crate::{StoreError, StoreOptions};

/// What PostgreSQL's processes tell each other that a job was put in the queue by.
const CHANNEL: &str = "soundpost_jobs";

/// The same for deliveries.
const DELIVERIES: &str = "soundpost_deliveries";

/// The advisory lock of a migration; any number would do, as long as it stays the same.
const MIGRATION_LOCK: i64 = 0x50_6f75_6e64;

/// How long to leave PostgreSQL alone that could not be listened to.
const LISTEN_AGAIN: Duration = Duration::from_secs(5);

/// Connections to write by and to read by. PostgreSQL has one pool for both; SQLite has one connection that writes, so that
/// writers queue up fairly instead of polling for its lock, and a pool beside it whose readers wait for nobody.
pub(crate) struct Pools {
    pub(crate) write: DatabaseConnection,
    pub(crate) read: DatabaseConnection,
}

pub(crate) async fn open(options: &StoreOptions) -> Result<Pools, StoreError> {
    let scheme = options.url.split(':').next().unwrap_or_default();
    match scheme {
        "sqlite" => open_sqlite(options).await,
        "postgres" | "postgresql" => {
            let mut connect = usual(options, options.max_connections.max(2));
            connect.test_before_acquire_if_idle_for(Duration::from_secs(30));
            connect.set_application_name("soundpost");
            let pool = Database::connect(connect).await?;
            Ok(Pools { write: pool.clone(), read: pool })
        }
        _ => Err(StoreError::Address("it begins with neither `sqlite:` nor `postgres:`".to_owned())),
    }
}

async fn open_sqlite(options: &StoreOptions) -> Result<Pools, StoreError> {
    let parsed: SqliteConnectOptions =
        options.url.parse().map_err(|error: sqlx::Error| StoreError::Address(error.to_string()))?;
    if options.url.contains(":memory:")
        || options.url.contains("mode=memory")
        || parsed.get_filename().as_os_str().is_empty()
    {
        return Err(StoreError::Address(
            "a database in memory is nothing that others can open; name a file".to_owned(),
        ));
    }
    let patience = options.patience;
    let mut write = usual(options, 1);
    write.test_before_acquire(false).idle_timeout(None).max_lifetime(None).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .create_if_missing(true)
            .busy_timeout(patience)
            .journal_mode(SqliteJournalMode::Wal)
            // Whole after a power cut, though the last commits may be missing; a kill loses nothing.
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            // Each time the log is carried over the disk is waited for; 32 MiB of it are not much.
            .pragma("wal_autocheckpoint", "8192")
            // A log that once grew is cut again.
            .pragma("journal_size_limit", "67108864")
    });
    write.map_sqlx_sqlite_pool_opts(|pool| pool.after_release(|writer, _| Box::pin(is_out_of_transactions(writer))));
    let mut read = usual(options, options.max_connections.max(1));
    read.test_before_acquire(false).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite.create_if_missing(false).busy_timeout(patience).foreign_keys(true).pragma("query_only", "1")
    });
    // The writer first: it makes the file and puts it into its mode.
    let write = connect_patiently(write, patience).await?;
    let read = Database::connect(read).await?;
    Ok(Pools { write, read })
}

/// Whether the writer may be used again. Where a disk is full, SQLite ends a transaction by itself, and then rolling it back fails: the
/// library goes on counting it as open, opens the next ones within it, and nothing that is written is ever committed, though each
/// commit is said to have worked. Such a connection is closed, and another one made.
async fn is_out_of_transactions(writer: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if writer.is_in_transaction() {
        // A rollback of what was dropped may be under way; whatever comes after it is answered after it.
        writer.ping().await?;
    }
    Ok(!writer.is_in_transaction())
}

/// Connects to a SQLite file that others may be connecting to at this moment. Only one of them can put a new file into its mode, and
/// for that SQLite refuses the others at once, whatever time it was given to wait.
async fn connect_patiently(options: ConnectOptions, patience: Duration) -> Result<DatabaseConnection, StoreError> {
    const PAUSE: Duration = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    loop {
        match Database::connect(options.clone()).await.map_err(StoreError::from) {
            Err(StoreError::Busy) if waited < patience => {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            done => return done,
        }
    }
}

fn usual(options: &StoreOptions, connections: u32) -> ConnectOptions {
    let mut connect = ConnectOptions::new(options.url.clone());
    connect.max_connections(connections).acquire_timeout(options.patience).sqlx_logging(false);
    connect
}

/// Begins a transaction that has the right to write from the start: one that asks for it later may be refused for ever.
pub(crate) async fn begin(write: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options =
        TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
    write.begin_with_options(options).await
}

/// Begins a transaction that shows one moment, whatever others commit meanwhile. On SQLite every transaction does.
pub(crate) async fn moment(read: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let mut options = TransactionOptions::default();
    if read.get_database_backend() == DbBackend::Postgres {
        options.isolation_level = Some(IsolationLevel::RepeatableRead);
        options.access_mode = Some(AccessMode::ReadOnly);
    }
    read.begin_with_options(options).await
}

/// Lets nobody else migrate until the transaction ends. On SQLite nobody else writes anyway.
pub(crate) async fn lock_migration(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
    }
    Ok(())
}

/// Tells other processes of a job, once the transaction is committed.
pub(crate) async fn ring(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared(&format!("NOTIFY {CHANNEL}")).await?;
    }
    Ok(())
}

/// Whether other processes can hear anything.
pub(crate) fn has_listeners(write: &DatabaseConnection) -> bool {
    write.get_database_backend() == DbBackend::Postgres
}

/// Tells other processes of a delivery.
pub(crate) async fn hint(write: &DatabaseConnection) -> Result<(), DbErr> {
    write.execute_unprepared(&format!("NOTIFY {DELIVERIES}")).await?;
    Ok(())
}

/// Counts up whenever another process tells of a job, or of a delivery, until the pool is closed. Does nothing on SQLite.
pub(crate) async fn listen(read: DatabaseConnection, bell: watch::Sender<u64>, post: watch::Sender<u64>) {
    if read.get_database_backend() != DbBackend::Postgres {
        return;
    }
    let pool = read.get_postgres_connection_pool();
    while !pool.is_closed() {
        if let Err(error) = listen_once(pool, &bell, &post).await
            && !pool.is_closed()
        {
            // Workers look every now and then anyway.
            tracing::info!(%error, "PostgreSQL cannot be listened to at the moment");
            tokio::time::sleep(LISTEN_AGAIN).await;
        }
    }
}

async fn listen_once(
    pool: &sqlx::PgPool,
    bell: &watch::Sender<u64>,
    post: &watch::Sender<u64>,
) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all([CHANNEL, DELIVERIES]).await?;
    loop {
        let told = listener.recv().await?;
        let which = if told.channel() == DELIVERIES { post } else { bell };
        which.send_modify(|rings| *rings += 1);
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::ConnectionAcquire(_) => Self::Busy,
            DbErr::Conn(RuntimeErr::SqlxError(inner))
            | DbErr::Exec(RuntimeErr::SqlxError(inner))
            | DbErr::Query(RuntimeErr::SqlxError(inner)) => from_driver(inner).unwrap_or_else(|| other(&error)),
            _ => other(&error),
        }
    }
}

fn other(error: &DbErr) -> StoreError {
    StoreError::Database(error.to_string())
}

fn from_driver(error: &sqlx::Error) -> Option<StoreError> {
    let sqlx::Error::Database(error) = error else {
        return matches!(error, sqlx::Error::PoolTimedOut).then_some(StoreError::Busy);
    };
    let code = error.code()?;
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        // https://www.sqlite.org/rescode.html: the lowest byte is the cause, the others say more.
        let code: u32 = code.parse().ok()?;
        return match (code, code & 0xff) {
            (1555 | 2067, _) => Some(StoreError::Conflict),
            (787 | 1811, _) => Some(StoreError::Dangling),
            (_, 5 | 6) => Some(StoreError::Busy),
            (_, 13) => Some(StoreError::Full),
            _ => None,
        };
    }
    // PostgreSQL 15, appendix A.
    match code.as_ref() {
        "23505" => Some(StoreError::Conflict),
        "23503" | "23001" => Some(StoreError::Dangling),
        "40001" | "40P01" | "55P03" | "53300" | "57014" => Some(StoreError::Busy),
        "53100" => Some(StoreError::Full),
        "22021" | "22P05" => Some(StoreError::Unkeepable),
        _ => None,
    }
}
