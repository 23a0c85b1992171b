//! The tables of the first server: accounts, productions, uploads, files, jobs.

use sea_orm_migration::prelude::*;

use super::columns::{
    bytes, document, flag, id, index, number, optional_number, optional_text, reference, table, text,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        table("accounts")
            .col(id())
            .col(text("username").unique_key())
            .col(optional_text("email"))
            .col(flag("is_admin"))
            .col(optional_text("password_hash"))
            .col(number("created_ms"))
            .take(),
        table("sessions")
            .col(bytes("secret").primary_key())
            .col(text("id").unique_key())
            .col(text("account"))
            .col(number("created_ms"))
            .col(number("seen_ms"))
            .col(number("expires_ms"))
            .foreign_key(&mut reference("sessions", "account", "accounts", ForeignKeyAction::Cascade))
            .take(),
        table("api_keys")
            .col(id())
            .col(bytes("secret").unique_key())
            .col(text("account"))
            .col(text("name"))
            .col(text("scopes"))
            .col(number("created_ms"))
            .col(optional_number("used_ms"))
            .foreign_key(&mut reference("api_keys", "account", "accounts", ForeignKeyAction::Cascade))
            .take(),
        table("productions")
            .col(id())
            .col(text("owner"))
            .col(text("state"))
            .col(document("state_document"))
            .col(document("draft"))
            .col(number("run"))
            .col(number("created_ms"))
            .col(number("changed_ms"))
            .foreign_key(&mut reference("productions", "owner", "accounts", ForeignKeyAction::Restrict))
            .take(),
        table("presets")
            .col(id())
            .col(text("owner"))
            .col(text("name"))
            .col(document("draft"))
            .col(number("created_ms"))
            .col(number("changed_ms"))
            .foreign_key(&mut reference("presets", "owner", "accounts", ForeignKeyAction::Restrict))
            .take(),
        table("uploads")
            .col(id())
            .col(text("production"))
            .col(text("field"))
            .col(text("name"))
            .col(optional_number("length"))
            .col(number("offset"))
            .col(document("parts"))
            .col(number("created_ms"))
            .col(number("expires_ms"))
            .foreign_key(&mut reference("uploads", "production", "productions", ForeignKeyAction::Restrict))
            .take(),
        // The owner may be gone before the file is.
        table("files")
            .col(text("key").primary_key())
            .col(text("owner"))
            .col(text("state"))
            .col(number("size"))
            .col(number("changed_ms"))
            .take(),
        table("throttles").col(text("key").primary_key()).col(number("count")).col(number("until_ms")).take(),
        table("house").col(text("name").primary_key()).col(text("value")).take(),
        table("jobs")
            .col(id())
            .col(text("kind"))
            .col(document("payload"))
            .col(number("priority"))
            .col(text("state"))
            .col(number("due_ms"))
            .col(optional_text("unique_key"))
            .col(optional_text("subject"))
            .col(number("attempts"))
            .col(number("max_attempts"))
            .col(optional_text("worker"))
            .col(optional_text("token"))
            .col(flag("cancel_asked"))
            .col(ColumnDef::new("progress_fraction").double())
            .col(optional_text("progress_stage"))
            .col(optional_text("trouble"))
            .col(number("enqueued_ms"))
            .take(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let state = || Expr::col("state");
    vec![
        index("sessions", "sessions_account").col("account").take(),
        index("sessions", "sessions_expires").col("expires_ms").take(),
        index("api_keys", "api_keys_account").col("account").take(),
        index("productions", "productions_owner").col("owner").col("id").take(),
        index("productions", "productions_state").col("state").col("changed_ms").take(),
        index("presets", "presets_owner").col("owner").col("id").take(),
        index("uploads", "uploads_production").col("production").take(),
        index("uploads", "uploads_expires").col("expires_ms").take(),
        index("files", "files_state").col("state").col("changed_ms").take(),
        index("files", "files_owner").col("owner").take(),
        index("throttles", "throttles_until").col("until_ms").take(),
        // What is claimed, in the order in which it is claimed.
        index("jobs", "jobs_ready")
            .col(("priority", IndexOrder::Desc))
            .col("due_ms")
            .col("id")
            .and_where(state().eq("ready"))
            .take(),
        // What waits for its time, or for a sign of life.
        index("jobs", "jobs_timed").col("due_ms").and_where(state().is_in(["later", "leased"])).take(),
        index("jobs", "jobs_dead").col("due_ms").and_where(state().eq("dead")).take(),
        index("jobs", "jobs_unique").col("unique_key").unique().and_where(state().ne("dead")).take(),
        index("jobs", "jobs_subject").col("subject").take(),
    ]
}
