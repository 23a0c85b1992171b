//! Which sound of segments was rendered before and lies in storage. It can be made again at any time, so nothing depends on it.

use model::Time;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use crate::connection::reading::Connected as _;
use crate::{Read, StoreError, Tx};

pub(crate) mod row {
    //! How what is known of a rendering lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "renderings")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) key: String,
        pub(crate) size: i64,
        pub(crate) used_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity, Model};

/// Which of these were rendered before.
pub async fn known(db: &impl Read, keys: &[String]) -> Result<Vec<String>, StoreError> {
    // Statements of a bounded length: a script may have thousands of segments.
    let mut found = Vec::new();
    for keys in keys.chunks(500) {
        let rows =
            Entity::find().filter(Column::Key.is_in(keys.iter().map(String::as_str))).all(db.connection()).await?;
        found.extend(rows.into_iter().map(|row| row.key));
    }
    Ok(found)
}

/// Notes that these are there, with their sizes in bytes, and were used now.
pub async fn note(tx: &Tx, key: &str, size: u64, now: Time) -> Result<(), StoreError> {
    let row = Model { key: key.to_owned(), size: i64::try_from(size).unwrap_or(i64::MAX), used_ms: now.as_ms() };
    let again = OnConflict::column(Column::Key).update_columns([Column::Size, Column::UsedMs]).to_owned();
    Entity::insert(row.into_active_model().reset_all())
        .on_conflict(again)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Notes that these were used now.
pub async fn touch(tx: &Tx, keys: &[String], now: Time) -> Result<(), StoreError> {
    for keys in keys.chunks(500) {
        Entity::update_many()
            .col_expr(Column::UsedMs, Expr::value(now.as_ms()))
            .filter(Column::Key.is_in(keys.iter().map(String::as_str)))
            .exec(tx.connection())
            .await?;
    }
    Ok(())
}

/// Those that nobody used since a moment, the oldest first.
pub async fn list_unused(db: &impl Read, since: Time, limit: u64) -> Result<Vec<String>, StoreError> {
    let old = Entity::find().filter(Column::UsedMs.lt(since.as_ms())).order_by_asc(Column::UsedMs).limit(limit);
    Ok(old.all(db.connection()).await?.into_iter().map(|row| row.key).collect())
}

/// Forgets one that is not in storage any more.
pub async fn forget(tx: &Tx, key: &str) -> Result<(), StoreError> {
    Entity::delete_by_id(key).exec(tx.connection()).await?;
    Ok(())
}
