//! What was found where there was no article to read aloud.

use sea_orm_migration::prelude::*;

use super::columns::optional_document;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("narrations").add_column(optional_document("findings")).take()).await
    }
}
