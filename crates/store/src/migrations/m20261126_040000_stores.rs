//! Stores become services as well: a service is an app, or a store with what opens it.
//!
//! Columns that must not be empty until now may be, which SQLite can only be told by making the table anew. What refers to it is made
//! anew with it: otherwise dropping the old table would take that along.

use sea_orm_migration::prelude::*;

use super::columns::{
    document, id, index, number, optional_bytes, optional_document, optional_flag, optional_text, reference, table,
    text,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["services_owner", "services_app"] {
            manager.drop_index(Index::drop().name(name).table("services").to_owned()).await?;
        }
        for (name, old) in [("placings", "old_placings"), ("services", "old_services")] {
            manager.rename_table(Table::rename().table(name, old).take()).await?;
        }
        let to = |from, column, to| reference(from, column, to, ForeignKeyAction::Cascade);
        let services = table("services")
            .col(id())
            .col(text("owner"))
            .col(text("kind"))
            .col(text("name"))
            .col(optional_text("app"))
            .col(optional_text("webhook_url"))
            .col(optional_text("custom_data"))
            .col(optional_document("remote"))
            .col(optional_bytes("sealed"))
            .col(optional_document("checked"))
            .col(number("created_ms"))
            .col(number("changed_ms"))
            .foreign_key(&mut to("services", "owner", "accounts"))
            .foreign_key(&mut to("services", "app", "apps"))
            .take();
        let placings = table("placings")
            .col(text("production"))
            .col(text("service"))
            .col(optional_flag("success"))
            .col(text("trouble"))
            .col(optional_text("result_page"))
            .col(document("result_urls"))
            .primary_key(Index::create().col("production").col("service"))
            .foreign_key(&mut to("placings", "production", "productions"))
            .foreign_key(&mut to("placings", "service", "services"))
            .take();
        manager.create_table(services).await?;
        manager.create_table(placings).await?;
        let database = manager.get_connection();
        for copy in [
            "INSERT INTO services (id, owner, kind, name, app, webhook_url, custom_data, created_ms, changed_ms) \
             SELECT id, owner, 'external', name, app, webhook_url, custom_data, created_ms, changed_ms FROM old_services",
            "INSERT INTO placings (production, service, success, trouble, result_page, result_urls) \
             SELECT production, service, success, trouble, result_page, result_urls FROM old_placings",
        ] {
            database.execute_unprepared(copy).await?;
        }
        for old in ["old_placings", "old_services"] {
            manager.drop_table(Table::drop().table(old).take()).await?;
        }
        // Two stores of an account may have the same name; an app has each of its names once.
        manager
            .create_index(index("services", "services_owner").col("owner").col("app").col("name").unique().take())
            .await?;
        manager.create_index(index("services", "services_app").col("app").take()).await?;
        // What was found in a store for somebody who waits for it.
        let answers = table("answers").col(id()).col(document("answer")).col(number("created_ms")).take();
        manager.create_table(answers).await?;
        manager.create_index(index("answers", "answers_created").col("created_ms").take()).await
    }
}
