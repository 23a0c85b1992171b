//! How the schema came to be, step by step, for both databases at once.
//!
//! A migration that was released is never changed. A new one first only adds (*expand*), so that the program of the day before
//! still runs on it; what nobody reads any more goes in a later release (*contract*). A name begins with the moment it was
//! written, and that is the order in which they run.

mod columns;
mod m20261125_180000_first_schema;
mod m20261125_220000_identity;
mod m20261125_230000_account_safety;
mod m20261126_010000_deliveries;
mod m20261126_040000_stores;
mod m20261126_080000_narration;
mod m20261126_220000_findings;
mod m20261127_050000_drawn;
mod m20261127_090000_replacing;
mod m20261127_100000_downloads;
mod m20261127_130000_replayed;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// All of them.
pub(crate) struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261125_180000_first_schema::Migration),
            Box::new(m20261125_220000_identity::Migration),
            Box::new(m20261125_230000_account_safety::Migration),
            Box::new(m20261126_010000_deliveries::Migration),
            Box::new(m20261126_040000_stores::Migration),
            Box::new(m20261126_080000_narration::Migration),
            Box::new(m20261126_220000_findings::Migration),
            Box::new(m20261127_050000_drawn::Migration),
            Box::new(m20261127_090000_replacing::Migration),
            Box::new(m20261127_100000_downloads::Migration),
            Box::new(m20261127_130000_replayed::Migration),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use sea_orm::{ConnectOptions, ConnectionTrait, Database};

    use super::*;

    /// What is dropped to be made anew takes along what refers to it, where nobody looks to that.
    #[tokio::test]
    async fn services_of_the_time_before_stores_are_kept_with_what_belongs_to_them() {
        let mut options = ConnectOptions::new("sqlite::memory:");
        options.max_connections(1);
        let database = Database::connect(options).await.unwrap();
        Migrations::up(&database, Some(4)).await.unwrap();
        for statement in [
            "INSERT INTO accounts (id, number, username, is_admin, created_ms) VALUES ('ada', 1, 'ada', 0, 1)",
            "INSERT INTO apps (id, owner, name, about, redirect_uris, scopes, services, is_public, may_encode, may_oauth10, may_password, created_ms, changed_ms) \
             VALUES ('app', 'ada', 'Podhost', '', '[]', '', 'public', 0, 0, 0, 0, 1, 1)",
            "INSERT INTO services (id, owner, app, name, webhook_url, created_ms, changed_ms) \
             VALUES ('service', 'ada', 'app', 'My show', 'https://h.example/', 2, 3)",
            "INSERT INTO productions (id, owner, state, state_document, draft, run, created_ms, changed_ms) \
             VALUES ('production', 'ada', 'done', '{}', '{}', 1, 1, 1)",
            "INSERT INTO placings (production, service, success, trouble, result_urls) \
             VALUES ('production', 'service', 1, '', '[]')",
        ] {
            database.execute_unprepared(statement).await.unwrap();
        }
        Migrations::up(&database, None).await.unwrap();
        let count = async |sql: &str| {
            let row = database.query_one_raw(sea_orm::Statement::from_string(database.get_database_backend(), sql));
            row.await.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap()
        };
        let kept = "SELECT count(*) FROM services JOIN placings ON service = services.id \
             WHERE kind = 'external' AND app = 'app' AND webhook_url = 'https://h.example/' AND changed_ms = 3 AND success = 1";
        assert_eq!(count(kept).await, 1);
        // What refers to them still does.
        database.execute_unprepared("DELETE FROM services").await.unwrap();
        assert_eq!(count("SELECT count(*) FROM placings").await, 0);
    }
}
