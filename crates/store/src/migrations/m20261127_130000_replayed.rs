//! Whether a request that has a key of its own began something, so that the same again is answered alike.

use sea_orm_migration::prelude::*;

use super::columns::optional_flag;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let has_begun = optional_flag("has_begun");
        manager.alter_table(Table::alter().table("narration_requests").add_column(has_begun).take()).await
    }
}
