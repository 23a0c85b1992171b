//! Which files in storage are meant to be there, so that a crash neither leaks one nor shows half of one.
//!
//! A file is *begun* before its first byte is written, *kept* in the transaction that first refers to it, and *doomed* in the
//! one that last did. What is doomed is removed from storage and then forgotten, in this order, by a sweep; what was begun
//! and never kept is doomed by it after a while.

use model::{AccountId, Time};
use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{BlobKey, Read, StoreError, Tx};

pub(crate) mod row {
    //! How what is known of a file lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "files")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) key: String,
        pub(crate) owner: String,
        pub(crate) state: String,
        pub(crate) size: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

const BEGUN: &str = "begun";
pub(crate) const KEPT: &str = "kept";
pub(crate) const DOOMED: &str = "doomed";

/// Says that a file is about to be written. Commit before writing it. A [`StoreError::Conflict`] where one of that key was
/// begun before.
pub async fn begin(tx: &Tx, key: &BlobKey, owner: AccountId, now: Time) -> Result<(), StoreError> {
    let row = row::Model {
        key: key.to_string(),
        owner: owner.to_string(),
        state: BEGUN.to_owned(),
        size: 0,
        changed_ms: now.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Dooms every file there is.
pub(crate) async fn doom_all(tx: &Tx, now: Time) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(DOOMED))
        .col_expr(Column::ChangedMs, Expr::value(now.as_ms()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Says that a file is still being written; whether it may be.
pub async fn touch(tx: &Tx, key: &BlobKey, now: Time) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::ChangedMs, Expr::value(now.as_ms()))
        .filter(Column::Key.eq(key.as_str()))
        .filter(Column::State.eq(BEGUN))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Says that a file is whole and referred to. `false` where it was given up meanwhile, or never begun: then nothing may refer
/// to it, and the transaction is to be dropped.
pub async fn keep(tx: &Tx, key: &BlobKey, size: u64, now: Time) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(KEPT))
        .col_expr(Column::Size, Expr::value(size as i64))
        .col_expr(Column::ChangedMs, Expr::value(now.as_ms()))
        .filter(Column::Key.eq(key.as_str()))
        .filter(Column::State.eq(BEGUN))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Says that nothing refers to these files any more, or that they will not be finished; and how many of them there were.
pub async fn doom(tx: &Tx, keys: &[BlobKey], now: Time) -> Result<u64, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(DOOMED))
        .col_expr(Column::ChangedMs, Expr::value(now.as_ms()))
        .filter(Column::Key.is_in(keys.iter().map(BlobKey::as_str)))
        .filter(Column::State.ne(DOOMED))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// Dooms files that were begun and not heard of since, and says which.
pub async fn doom_abandoned(tx: &Tx, before: Time, limit: u64, now: Time) -> Result<Vec<BlobKey>, StoreError> {
    // Whoever keeps one of them at this very moment is faster.
    let abandoned = Query::select()
        .column(Column::Key)
        .from(Entity)
        .and_where(Column::State.eq(BEGUN))
        .and_where(Column::ChangedMs.lt(before.as_ms()))
        .order_by(Column::ChangedMs, sea_orm::Order::Asc)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .take();
    let keys: Vec<BlobKey> = tx
        .connection()
        .query_all(&abandoned)
        .await?
        .iter()
        .map(|row| row.try_get::<String>("", "key").map_err(StoreError::from).and_then(|key| parse(&key)))
        .collect::<Result<_, _>>()?;
    doom(tx, &keys, now).await?;
    Ok(keys)
}

/// Files to remove from storage, those doomed first in front.
pub async fn list_doomed(db: &impl Read, limit: u64) -> Result<Vec<BlobKey>, StoreError> {
    let doomed = Entity::find().filter(Column::State.eq(DOOMED)).order_by_asc(Column::ChangedMs).limit(limit);
    doomed.all(db.connection()).await?.into_iter().map(|row| parse(&row.key)).collect()
}

/// Forgets a doomed file that was removed from storage; whether there was one.
pub async fn forget(tx: &Tx, key: &BlobKey) -> Result<bool, StoreError> {
    let doomed = Column::State.eq(DOOMED);
    Ok(Entity::delete_by_id(key.as_str()).filter(doomed).exec(tx.connection()).await?.rows_affected > 0)
}

/// Keys of all files that are kept.
pub(crate) async fn kept(db: &impl ConnectionTrait) -> Result<Vec<BlobKey>, StoreError> {
    let rows = Entity::find().filter(Column::State.eq(KEPT)).order_by_asc(Column::Key).all(db).await?;
    rows.iter().map(|row| parse(&row.key)).collect()
}

/// How many bytes are kept for an account.
pub async fn usage(db: &impl Read, owner: AccountId) -> Result<u64, StoreError> {
    // PostgreSQL adds whole numbers up to decimal ones.
    let sum = Query::select()
        .expr_as(Column::Size.sum().cast_as("bigint"), "bytes")
        .from(Entity)
        .and_where(Column::Owner.eq(owner.as_str()))
        .and_where(Column::State.eq(KEPT))
        .take();
    let Some(row) = db.connection().query_one(&sum).await? else { return Ok(0) };
    let bytes: Option<i64> = row.try_get("", "bytes")?;
    Ok(bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0))
}

fn parse(key: &str) -> Result<BlobKey, StoreError> {
    key.parse().map_err(|why| corrupt("files", key, why))
}
