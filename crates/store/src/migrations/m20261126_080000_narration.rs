//! Organizations with what belongs to them, narrations, and sound that was rendered before.

use sea_orm_migration::prelude::*;

use super::columns::{
    bytes, document, flag, id, index, number, optional_document, optional_number, optional_text, reference, table, text,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in organizations().into_iter().chain(narrations()) {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn with(from: &'static str, column: &'static str, to: &'static str) -> ForeignKeyCreateStatement {
    reference(from, column, to, ForeignKeyAction::Cascade)
}

fn organizations() -> Vec<TableCreateStatement> {
    vec![
        table("organizations")
            .col(id())
            .col(text("name"))
            .col(optional_text("homepage"))
            .col(text("account"))
            .col(text("publication"))
            .col(number("created_ms"))
            .col(number("changed_ms"))
            .foreign_key(&mut reference("organizations", "account", "accounts", ForeignKeyAction::Restrict))
            .take(),
        table("organization_members")
            .col(id())
            .col(text("organization"))
            .col(text("account"))
            .col(text("role"))
            .col(number("created_ms"))
            .col(number("changed_ms"))
            .foreign_key(&mut with("organization_members", "organization", "organizations"))
            .foreign_key(&mut with("organization_members", "account", "accounts"))
            .take(),
        table("organization_invitations")
            .col(id())
            .col(bytes("secret").unique_key())
            .col(text("organization"))
            .col(text("note"))
            .col(text("role"))
            .col(number("created_ms"))
            .col(number("expires_ms"))
            .foreign_key(&mut with("organization_invitations", "organization", "organizations"))
            .take(),
        table("organization_keys")
            .col(id())
            .col(text("organization"))
            .col(text("public_key"))
            .col(bytes("secret").unique_key())
            .col(text("hint"))
            .col(optional_number("revokes_ms"))
            .col(number("created_ms"))
            .col(number("changed_ms"))
            .foreign_key(&mut with("organization_keys", "organization", "organizations"))
            .take(),
        table("organization_domains")
            .col(id())
            .col(text("organization"))
            .col(text("domain"))
            .col(number("created_ms"))
            .foreign_key(&mut with("organization_domains", "organization", "organizations"))
            .take(),
        table("organization_webhooks")
            .col(id())
            .col(text("organization"))
            .col(text("url"))
            .col(number("created_ms"))
            .foreign_key(&mut with("organization_webhooks", "organization", "organizations"))
            .take(),
        table("organization_users")
            .col(id())
            .col(text("organization"))
            .col(text("theirs"))
            .col(text("account"))
            .col(number("created_ms"))
            .col(number("changed_ms"))
            .foreign_key(&mut with("organization_users", "organization", "organizations"))
            .foreign_key(&mut with("organization_users", "account", "accounts"))
            .take(),
        table("publications")
            .col(id())
            .col(text("organization"))
            .col(text("name"))
            .col(number("created_ms"))
            .col(number("changed_ms"))
            .foreign_key(&mut with("publications", "organization", "organizations"))
            .take(),
        table("organization_publications")
            .col(id())
            .col(text("organization"))
            .col(text("theirs"))
            .col(text("publication"))
            .col(number("created_ms"))
            .col(number("changed_ms"))
            .foreign_key(&mut with("organization_publications", "organization", "organizations"))
            .foreign_key(&mut with("organization_publications", "publication", "publications"))
            .take(),
        table("pronunciations")
            .col(text("publication"))
            .col(text("word"))
            .col(text("said"))
            .col(number("changed_ms"))
            .primary_key(Index::create().col("publication").col("word"))
            .foreign_key(&mut with("pronunciations", "publication", "publications"))
            .take(),
    ]
}

fn narrations() -> Vec<TableCreateStatement> {
    vec![
        // Its id is the production's.
        table("narrations")
            .col(id())
            .col(text("owner"))
            .col(text("organization"))
            .col(text("publication"))
            .col(text("address"))
            .col(bytes("address_digest"))
            .col(document("wish"))
            .col(optional_document("about"))
            .col(document("script"))
            .col(number("revision"))
            .col(optional_document("published"))
            .col(number("created_ms"))
            .col(number("changed_ms"))
            .foreign_key(&mut with("narrations", "id", "productions"))
            .foreign_key(&mut with("narrations", "organization", "organizations"))
            .take(),
        table("narration_revisions")
            .col(text("narration"))
            .col(number("revision"))
            .col(document("script"))
            .col(text("author"))
            .col(number("created_ms"))
            .primary_key(Index::create().col("narration").col("revision"))
            .foreign_key(&mut with("narration_revisions", "narration", "narrations"))
            .take(),
        table("narration_requests")
            .col(text("organization"))
            .col(text("request_key"))
            .col(bytes("digest"))
            .col(text("narration"))
            .col(number("created_ms"))
            .primary_key(Index::create().col("organization").col("request_key"))
            .foreign_key(&mut with("narration_requests", "organization", "organizations"))
            .foreign_key(&mut with("narration_requests", "narration", "narrations"))
            .take(),
        // What browsers show that were sent to the editor, before and after the address was traded for a cookie.
        table("editor_passes")
            .col(bytes("secret").primary_key())
            .col(text("organization"))
            .col(text("account"))
            .col(text("narration"))
            .col(flag("is_session"))
            .col(number("expires_ms"))
            .foreign_key(&mut with("editor_passes", "organization", "organizations"))
            .foreign_key(&mut with("editor_passes", "account", "accounts"))
            .foreign_key(&mut with("editor_passes", "narration", "narrations"))
            .take(),
        // Sound of segments that was rendered before, found by what it depends on.
        table("renderings").col(text("key").primary_key()).col(number("size")).col(number("used_ms")).take(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("organization_members", "organization_members_one").col("organization").col("account").unique().take(),
        index("organization_members", "organization_members_account").col("account").take(),
        index("organization_invitations", "organization_invitations_of").col("organization").take(),
        index("organization_invitations", "organization_invitations_expires").col("expires_ms").take(),
        index("organization_keys", "organization_keys_of").col("organization").take(),
        index("organization_keys", "organization_keys_public").col("public_key").take(),
        index("organization_domains", "organization_domains_one").col("organization").col("domain").unique().take(),
        index("organization_domains", "organization_domains_domain").col("domain").take(),
        index("organization_webhooks", "organization_webhooks_one").col("organization").col("url").unique().take(),
        index("organization_users", "organization_users_one").col("organization").col("theirs").unique().take(),
        index("organization_users", "organization_users_account").col("account").take(),
        index("publications", "publications_of").col("organization").take(),
        index("organization_publications", "organization_publications_one")
            .col("organization")
            .col("theirs")
            .unique()
            .take(),
        index("narrations", "narrations_one").col("organization").col("address_digest").col("owner").unique().take(),
        index("narrations", "narrations_owner").col("owner").col("id").take(),
        index("narrations", "narrations_of").col("organization").col("id").take(),
        index("narration_requests", "narration_requests_created").col("created_ms").take(),
        index("editor_passes", "editor_passes_expires").col("expires_ms").take(),
        index("renderings", "renderings_used").col("used_ms").take(),
    ]
}
