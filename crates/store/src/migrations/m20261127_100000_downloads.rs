//! Whether an organization's players offer their sound as a file.

use sea_orm_migration::prelude::*;

use super::columns::optional_flag;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let offers = optional_flag("offers_download");
        manager.alter_table(Table::alter().table("organizations").add_column(offers).take()).await
    }
}
