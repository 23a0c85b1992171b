//! Apps, what people allowed them, and the tokens that came of it. Accounts get a number beside their id.

use sea_orm_migration::prelude::*;

use super::columns::{
    bytes, document, flag, id, index, number, optional_bytes, optional_number, optional_text, reference, table, text,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        let number = optional_number("number");
        manager.alter_table(Table::alter().table("accounts").add_column(number).take()).await?;
        // Ids begin with the moment of making, so numbers come in that order.
        let before =
            "UPDATE accounts SET number = (SELECT count(*) FROM accounts AS other WHERE other.id <= accounts.id)";
        manager.get_connection().execute_unprepared(before).await?;
        // Not where there is none: whoever moves in brings the count along.
        let counted = "INSERT INTO counters (name, value) SELECT 'accounts', total \
                       FROM (SELECT count(*) AS total FROM accounts) AS counted WHERE total > 0";
        manager.get_connection().execute_unprepared(counted).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn tables() -> Vec<TableCreateStatement> {
    let to = |from, column, to| reference(from, column, to, ForeignKeyAction::Cascade);
    vec![
        table("apps")
            .col(id())
            .col(text("owner"))
            .col(text("name"))
            .col(text("about"))
            .col(optional_text("homepage"))
            .col(document("redirect_uris"))
            .col(optional_text("oauth1_callback"))
            .col(text("scopes"))
            .col(flag("is_public"))
            .col(text("services"))
            .col(flag("may_encode"))
            .col(flag("may_oauth10"))
            .col(flag("may_password"))
            .col(number("created_ms"))
            .col(number("changed_ms"))
            .foreign_key(&mut to("apps", "owner", "accounts"))
            .take(),
        table("app_secrets")
            .col(id())
            .col(text("app"))
            .col(bytes("sealed"))
            .col(number("created_ms"))
            .col(optional_number("expires_ms"))
            .foreign_key(&mut to("app_secrets", "app", "apps"))
            .take(),
        table("grants")
            .col(id())
            .col(text("app"))
            .col(text("account"))
            .col(text("protocol"))
            .col(text("scopes"))
            .col(number("created_ms"))
            .col(optional_number("used_ms"))
            .foreign_key(&mut to("grants", "app", "apps"))
            .foreign_key(&mut to("grants", "account", "accounts"))
            .take(),
        table("oauth2_codes")
            .col(bytes("digest").primary_key())
            .col(text("app"))
            .col(text("account"))
            .col(text("redirect_uri"))
            .col(flag("redirect_uri_sent"))
            .col(text("scopes"))
            .col(optional_text("challenge"))
            .col(number("created_ms"))
            .col(number("expires_ms"))
            .col(flag("is_spent"))
            .col(optional_text("grant"))
            .foreign_key(&mut to("oauth2_codes", "app", "apps"))
            .foreign_key(&mut to("oauth2_codes", "account", "accounts"))
            .take(),
        table("oauth2_tokens")
            .col(bytes("digest").primary_key())
            .col(text("kind"))
            .col(text("grant"))
            .col(text("app"))
            .col(text("account"))
            .col(text("scopes"))
            .col(number("created_ms"))
            .col(number("expires_ms"))
            .col(flag("is_spent"))
            .col(optional_number("used_ms"))
            .foreign_key(&mut to("oauth2_tokens", "grant", "grants"))
            .foreign_key(&mut to("oauth2_tokens", "account", "accounts"))
            .take(),
        table("oauth1_tokens")
            .col(text("token").primary_key())
            .col(text("kind"))
            .col(text("app"))
            .col(bytes("sealed"))
            .col(optional_text("callback"))
            .col(optional_text("account"))
            .col(optional_bytes("verifier"))
            .col(number("tries"))
            .col(optional_text("grant"))
            .col(text("scopes"))
            .col(number("created_ms"))
            .col(optional_number("expires_ms"))
            .col(optional_number("used_ms"))
            .foreign_key(&mut to("oauth1_tokens", "app", "apps"))
            .foreign_key(&mut to("oauth1_tokens", "account", "accounts"))
            .foreign_key(&mut to("oauth1_tokens", "grant", "grants"))
            .take(),
        table("counters").col(text("name").primary_key()).col(number("value")).take(),
        table("nonces").col(bytes("digest").primary_key()).col(number("expires_ms")).take(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("accounts", "accounts_number").col("number").unique().take(),
        index("apps", "apps_owner").col("owner").col("id").take(),
        index("apps", "apps_services").col("services").take(),
        index("app_secrets", "app_secrets_app").col("app").take(),
        index("grants", "grants_account").col("account").col("app").take(),
        index("grants", "grants_app").col("app").take(),
        index("oauth2_codes", "oauth2_codes_expires").col("expires_ms").take(),
        index("oauth2_codes", "oauth2_codes_app").col("app").take(),
        index("oauth2_codes", "oauth2_codes_account").col("account").take(),
        index("oauth2_tokens", "oauth2_tokens_grant").col("grant").take(),
        index("oauth2_tokens", "oauth2_tokens_account").col("account").take(),
        index("oauth2_tokens", "oauth2_tokens_expires").col("expires_ms").take(),
        index("oauth1_tokens", "oauth1_tokens_grant").col("grant").take(),
        index("oauth1_tokens", "oauth1_tokens_app").col("app").take(),
        index("oauth1_tokens", "oauth1_tokens_account").col("account").take(),
        index("oauth1_tokens", "oauth1_tokens_expires").col("expires_ms").take(),
        index("nonces", "nonces_expires").col("expires_ms").take(),
    ]
}
