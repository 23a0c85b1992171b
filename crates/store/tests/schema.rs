//! Both databases have the same schema after the same migrations.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, Database as Connection, Statement};
use testkit::database::{on_postgres, on_sqlite};

/// Tables with their columns, and indexes with theirs, in words that are the same for both databases.
type Schema = BTreeMap<String, Vec<String>>;

const SQLITE_TABLES: &str = "SELECT m.name AS thing, c.name || ' ' || c.type || CASE WHEN c.\"notnull\" THEN '' ELSE ' null' END AS part \
    FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, 2";
const SQLITE_INDEXES: &str = "SELECT m.name || '.' || CASE WHEN l.origin = 'c' THEN l.name ELSE l.origin || '_' || (SELECT group_concat(name, '_') FROM pragma_index_info(l.name)) END \
        || CASE WHEN l.\"unique\" THEN ' unique' ELSE '' END || CASE WHEN l.partial THEN ' partial' ELSE '' END AS thing, \
        i.name || CASE WHEN i.\"desc\" THEN ' desc' ELSE '' END AS part \
    FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_xinfo(l.name) i \
    WHERE m.type = 'table' AND i.key ORDER BY 1, i.seqno";
const POSTGRES_TABLES: &str = "SELECT table_name::text AS thing, column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN '' ELSE ' null' END AS part \
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2";
const POSTGRES_INDEXES: &str = "SELECT t.relname || '.' || CASE WHEN c.contype IS NULL THEN i.relname ELSE (CASE c.contype WHEN 'p' THEN 'pk_' ELSE 'u_' END) || (SELECT string_agg(attname, '_' ORDER BY attnum) FROM pg_attribute WHERE attrelid = i.oid) END \
        || CASE WHEN x.indisunique THEN ' unique' ELSE '' END || CASE WHEN x.indpred IS NULL THEN '' ELSE ' partial' END AS thing, \
        a.attname || CASE WHEN x.indoption[a.attnum - 1] & 1 = 1 THEN ' desc' ELSE '' END AS part \
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
        JOIN pg_attribute a ON a.attrelid = i.oid LEFT JOIN pg_constraint c ON c.conindid = i.oid AND c.contype IN ('p', 'u') \
    WHERE n.nspname = 'public' ORDER BY 1, a.attnum";

async fn read(url: &str, queries: [&str; 2]) -> Schema {
    let connection = Connection::connect(url).await.unwrap();
    let mut schema = Schema::new();
    for sql in queries {
        let rows =
            connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await.unwrap();
        for row in rows {
            let thing: String = row.try_get("", "thing").unwrap();
            let part: String = row.try_get("", "part").unwrap();
            schema.entry(thing).or_default().push(in_one_tongue(&part));
        }
    }
    connection.close().await.unwrap();
    // The migrations' own table is not ours.
    schema.retain(|thing, _| !thing.starts_with("seaql_") && !thing.starts_with("sqlite_"));
    schema
}

/// What SQLite calls a type by the name that PostgreSQL has for it.
fn in_one_tongue(part: &str) -> String {
    let mut words: Vec<&str> = part.split(' ').collect();
    if let Some(kind) = words.get_mut(1) {
        *kind = match kind.to_lowercase().as_str() {
            "integer" => "bigint",
            "text" => "text",
            "boolean" => "boolean",
            "jsonb_text" => "jsonb",
            "blob" => "bytea",
            _ => kind,
        };
    }
    words.retain(|word| *word != "precision");
    words.join(" ")
}

#[test]
fn both_databases_have_the_same() {
    let (mut sqlite, mut postgres) = (Schema::new(), Schema::new());
    on_sqlite(async |database| sqlite = read(database.url(), [SQLITE_TABLES, SQLITE_INDEXES]).await);
    on_postgres(async |database| postgres = read(database.url(), [POSTGRES_TABLES, POSTGRES_INDEXES]).await);
    assert!(sqlite.len() > 25, "{sqlite:#?}");
    assert_eq!(sqlite.keys().collect::<Vec<_>>(), postgres.keys().collect::<Vec<_>>());
    for (thing, parts) in &sqlite {
        assert_eq!(parts, &postgres[thing], "{thing}");
    }
}

testkit::both_databases! {
    async fn nothing_is_pending_after_a_migration(database: &Database) {
        assert_eq!(database.store().pending_migrations().await.unwrap(), [""; 0]);
        // Again, and by two at once: nothing happens.
        let other = database.another().await;
        let (first, second) = tokio::join!(database.store().migrate(), other.migrate());
        first.unwrap();
        second.unwrap();
        other.close().await.unwrap();
    }
}

#[test]
fn a_new_database_says_what_it_lacks_and_several_programs_may_migrate_it_at_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let options = store::StoreOptions::new(format!("sqlite:{}", folder.path().join("new.db").display()));
        let opened = futures_util::future::join_all((0..4).map(|_| store::Store::open(&options))).await;
        let stores: Vec<_> = opened.into_iter().map(Result::unwrap).collect();
        assert_eq!(
            stores[0].pending_migrations().await.unwrap(),
            [
                "m20261125_180000_first_schema",
                "m20261125_220000_identity",
                "m20261125_230000_account_safety",
                "m20261126_010000_deliveries",
                "m20261126_040000_stores",
                "m20261126_080000_narration",
                "m20261126_220000_findings",
                "m20261127_050000_drawn",
                "m20261127_090000_replacing",
                "m20261127_100000_downloads",
                "m20261127_130000_replayed"
            ]
        );
        for done in futures_util::future::join_all(stores.iter().map(store::Store::migrate)).await {
            done.unwrap();
        }
        assert_eq!(stores[0].pending_migrations().await.unwrap(), [""; 0]);
    });
}
