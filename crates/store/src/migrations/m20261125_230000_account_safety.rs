//! What keeps accounts safe: what happened around them, where browsers sign in from, second factors, letters under way.

use sea_orm_migration::prelude::*;

use super::columns::{bytes, document, index, number, optional_number, optional_text, reference, table, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite takes one column at a time.
        for column in [optional_text("peer"), optional_text("agent"), optional_number("proved_ms")] {
            manager.alter_table(Table::alter().table("sessions").add_column(column).take()).await?;
        }
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
        // What happened is kept for a while when the account is gone.
        table("audit")
            .col(text("id").primary_key())
            .col(optional_text("account"))
            .col(optional_text("app"))
            .col(text("kind"))
            .col(document("detail"))
            .col(text("peer"))
            .col(number("created_ms"))
            .take(),
        table("totp")
            .col(text("account").primary_key())
            .col(bytes("secret"))
            .col(number("last_step"))
            .col(number("created_ms"))
            .col(optional_number("confirmed_ms"))
            .foreign_key(&mut of_account("totp"))
            .take(),
        table("recovery_codes")
            .col(bytes("secret").primary_key())
            .col(text("account"))
            .col(number("created_ms"))
            .col(optional_number("used_ms"))
            .foreign_key(&mut of_account("recovery_codes"))
            .take(),
        table("passkeys")
            .col(text("id").primary_key())
            .col(text("account"))
            .col(bytes("credential").unique_key())
            .col(bytes("public_key"))
            .col(number("counter"))
            .col(text("name"))
            .col(number("created_ms"))
            .col(optional_number("used_ms"))
            .foreign_key(&mut of_account("passkeys"))
            .take(),
        table("challenges")
            .col(bytes("secret").primary_key())
            .col(text("kind"))
            .col(optional_text("account"))
            .col(document("document"))
            .col(number("tries"))
            .col(number("created_ms"))
            .col(number("expires_ms"))
            .foreign_key(&mut of_account("challenges"))
            .take(),
        table("mail_tokens")
            .col(bytes("secret").primary_key())
            .col(text("kind"))
            .col(text("account"))
            .col(text("email"))
            .col(number("created_ms"))
            .col(number("expires_ms"))
            .foreign_key(&mut of_account("mail_tokens"))
            .take(),
        table("verified_emails")
            .col(text("account").primary_key())
            .col(text("email"))
            .col(number("verified_ms"))
            .foreign_key(&mut of_account("verified_emails"))
            .take(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("audit", "audit_account").col("account").col("id").take(),
        index("audit", "audit_created").col("created_ms").take(),
        index("recovery_codes", "recovery_codes_account").col("account").take(),
        index("passkeys", "passkeys_account").col("account").col("id").take(),
        index("challenges", "challenges_expires").col("expires_ms").take(),
        index("challenges", "challenges_account").col("account").take(),
        index("mail_tokens", "mail_tokens_account").col("account").take(),
        index("mail_tokens", "mail_tokens_expires").col("expires_ms").take(),
        index("verified_emails", "verified_emails_email").col("email").take(),
    ]
}

/// Goes with the account.
fn of_account(table: &'static str) -> ForeignKeyCreateStatement {
    reference(table, "account", "accounts", ForeignKeyAction::Cascade)
}
