//! Services that apps connected, and everything that anybody is told: receivers, deliveries, their bodies and attempts.

use sea_orm_migration::prelude::*;

use super::columns::{
    bytes, document, flag, id, index, number, optional_bytes, optional_flag, optional_number, optional_text, reference,
    table, text,
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
    let to = |from, column, to| reference(from, column, to, ForeignKeyAction::Cascade);
    vec![
        table("services")
            .col(id())
            .col(text("owner"))
            .col(text("app"))
            .col(text("name"))
            .col(text("webhook_url"))
            .col(optional_text("custom_data"))
            .col(number("created_ms"))
            .col(number("changed_ms"))
            .foreign_key(&mut to("services", "owner", "accounts"))
            .foreign_key(&mut to("services", "app", "apps"))
            .take(),
        table("placings")
            .col(text("production"))
            .col(text("service"))
            .col(optional_flag("success"))
            .col(text("trouble"))
            .col(optional_text("result_page"))
            .col(document("result_urls"))
            .primary_key(Index::create().col("production").col("service"))
            .foreign_key(&mut to("placings", "production", "productions"))
            .foreign_key(&mut to("placings", "service", "services"))
            .take(),
        table("receivers")
            .col(id())
            .col(text("owner"))
            .col(text("kind"))
            .col(text("key"))
            .col(text("url"))
            .col(optional_text("app"))
            .col(flag("is_ordered"))
            .col(optional_number("failing_ms"))
            .col(optional_number("disabled_ms"))
            .col(optional_text("disabled_why"))
            .col(number("created_ms"))
            .foreign_key(&mut to("receivers", "owner", "accounts"))
            .foreign_key(&mut to("receivers", "app", "apps"))
            .take(),
        table("deliveries")
            .col(id())
            .col(text("receiver"))
            .col(text("owner"))
            .col(optional_text("app"))
            .col(text("kind"))
            .col(text("subject"))
            .col(document("fact"))
            .col(text("url"))
            .col(text("host"))
            .col(flag("is_ordered"))
            .col(text("state"))
            .col(number("due_ms"))
            .col(number("attempts"))
            .col(number("tries"))
            .col(optional_text("token"))
            .col(optional_text("trouble"))
            .col(number("created_ms"))
            .foreign_key(&mut to("deliveries", "receiver", "receivers"))
            .take(),
        table("delivery_bodies")
            .col(text("delivery").primary_key())
            .col(text("content_type"))
            .col(bytes("body"))
            .foreign_key(&mut to("delivery_bodies", "delivery", "deliveries"))
            .take(),
        table("delivery_attempts")
            .col(text("delivery"))
            .col(number("number"))
            .col(number("began_ms"))
            .col(number("took_ms"))
            .col(optional_number("status"))
            .col(text("reason"))
            .col(optional_text("address"))
            .col(document("headers"))
            .col(optional_bytes("body"))
            .primary_key(Index::create().col("delivery").col("number"))
            .foreign_key(&mut to("delivery_attempts", "delivery", "deliveries"))
            .take(),
        table("delivery_workers").col(text("token").primary_key()).col(number("until_ms")).take(),
        table("webhook_secrets")
            .col(id())
            .col(text("owner"))
            .col(bytes("sealed"))
            .col(number("created_ms"))
            .col(optional_number("expires_ms"))
            .foreign_key(&mut to("webhook_secrets", "owner", "accounts"))
            .take(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let state = || Expr::col("state");
    vec![
        index("services", "services_owner").col("owner").col("app").col("name").unique().take(),
        index("services", "services_app").col("app").take(),
        index("receivers", "receivers_key").col("owner").col("kind").col("key").unique().take(),
        index("receivers", "receivers_app").col("app").take(),
        // What can be tried, what waits for its host, and what is being tried are asked for often; the rest is a log.
        index("deliveries", "deliveries_due").col("due_ms").and_where(state().eq("waiting")).take(),
        index("deliveries", "deliveries_held").col("host").col("due_ms").and_where(state().eq("held")).take(),
        index("deliveries", "deliveries_sending").col("token").and_where(state().eq("sending")).take(),
        index("deliveries", "deliveries_receiver").col("receiver").col("id").take(),
        index("deliveries", "deliveries_owner").col("owner").col("id").take(),
        index("deliveries", "deliveries_subject").col("subject").take(),
        index("webhook_secrets", "webhook_secrets_owner").col("owner").take(),
    ]
}
