//! Which run of a narration replaces what its player plays.

use sea_orm_migration::prelude::*;

use super::columns::optional_number;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let run = optional_number("replacing_run");
        manager.alter_table(Table::alter().table("narrations").add_column(run).take()).await
    }
}
