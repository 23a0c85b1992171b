//! What was found by a worker for somebody who waits for it: kept until it is heard, or until nobody listens any more.

use model::{JobId, Time};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::Value;

use crate::connection::reading::Connected as _;
use crate::{Read, StoreError, Tx, document};

mod row {
    //! How an answer lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "answers")]
    pub(crate) struct Model {
        /// The job that was asked.
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) answer: Json,
        pub(crate) created_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

/// Keeps what a job found.
pub async fn put(tx: &Tx, id: JobId, answer: Value, now: Time) -> Result<(), StoreError> {
    document::keepable(&answer)?;
    let row = row::Model { id: id.to_string(), answer, created_ms: now.as_ms() };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// What a job found, if it is done.
pub async fn find(db: &impl Read, id: JobId) -> Result<Option<Value>, StoreError> {
    Ok(Entity::find_by_id(id.to_string()).one(db.connection()).await?.map(|row| row.answer))
}

/// Forgets an answer.
pub async fn remove(tx: &Tx, id: JobId) -> Result<(), StoreError> {
    Entity::delete_by_id(id.to_string()).exec(tx.connection()).await?;
    Ok(())
}

/// Forgets answers that nobody came for, and says how many there were.
pub async fn remove_before(tx: &Tx, before: Time) -> Result<u64, StoreError> {
    let old = Column::CreatedMs.lt(before.as_ms());
    Ok(Entity::delete_many().filter(old).exec(tx.connection()).await?.rows_affected)
}
