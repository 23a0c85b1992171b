//! What is finished of a sound that a job makes, so that it can be drawn.

use sea_orm_migration::prelude::*;

use super::columns::optional_bytes;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let amplitudes = optional_bytes("progress_amplitudes");
        manager.alter_table(Table::alter().table("jobs").add_column(amplitudes).take()).await
    }
}
