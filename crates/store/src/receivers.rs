//! Who is told things.

use model::delivery::{DeliveryKind, Receiver};
use model::{AccountId, ReceiverId, Time};
use sea_orm::sea_query::{Expr, LockType, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

use crate::connection::reading::Connected as _;
use crate::deliveries::row as delivery;
use crate::document;
use crate::error::corrupt;
use crate::{Read, StoreError, Tx};

pub(crate) mod row {
    //! How a receiver lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "receivers")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) owner: String,
        pub(crate) kind: String,
        pub(crate) key: String,
        pub(crate) url: String,
        pub(crate) app: Option<String>,
        pub(crate) is_ordered: bool,
        pub(crate) failing_ms: Option<i64>,
        pub(crate) disabled_ms: Option<i64>,
        pub(crate) disabled_why: Option<String>,
        pub(crate) created_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Receiver {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("receivers", &row.id, why);
        let kind = DeliveryKind::from_word(&row.kind);
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            owner: row.owner.parse().map_err(wrong)?,
            kind: kind.ok_or_else(|| corrupt("receivers", &row.id, "it is of no known kind"))?,
            app: row.app.as_deref().map(str::parse).transpose().map_err(wrong)?,
            key: row.key,
            url: row.url,
            is_ordered: row.is_ordered,
            failing: row.failing_ms.map(Time::from_ms),
            disabled: row.disabled_ms.map(Time::from_ms),
            disabled_why: row.disabled_why,
            created: Time::from_ms(row.created_ms),
        })
    }
}

/// Keeps a receiver, unless its owner has one of that kind and key; says which one there is now.
pub async fn keep(tx: &Tx, receiver: &Receiver) -> Result<Receiver, StoreError> {
    document::plain(&receiver.key)?;
    document::plain(&receiver.url)?;
    let row = row::Model {
        id: receiver.id.to_string(),
        owner: receiver.owner.to_string(),
        kind: receiver.kind.word().to_owned(),
        key: receiver.key.clone(),
        url: receiver.url.clone(),
        app: receiver.app.map(String::from),
        is_ordered: receiver.is_ordered,
        failing_ms: None,
        disabled_ms: None,
        disabled_why: None,
        created_ms: receiver.created.as_ms(),
    };
    let known = find_by_key(tx, receiver.owner, receiver.kind, &receiver.key).await?;
    if let Some(known) = known {
        return Ok(known);
    }
    let insert = Entity::insert(row.into_active_model().reset_all());
    insert.on_conflict(OnConflict::new().do_nothing().to_owned()).exec_without_returning(tx.connection()).await?;
    let kept = find_by_key(tx, receiver.owner, receiver.kind, &receiver.key).await?;
    kept.ok_or_else(|| StoreError::Database("a receiver was written and did not come back".to_owned()))
}

/// The receiver of a kind and key.
pub async fn find_by_key(
    db: &impl Read,
    owner: AccountId,
    kind: DeliveryKind,
    key: &str,
) -> Result<Option<Receiver>, StoreError> {
    let found = Entity::find()
        .filter(Column::Owner.eq(owner.as_str()))
        .filter(Column::Kind.eq(kind.word()))
        .filter(Column::Key.eq(key));
    found.one(db.connection()).await?.map(Receiver::try_from).transpose()
}

/// The receiver.
pub async fn find(db: &impl Read, id: ReceiverId) -> Result<Option<Receiver>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(Receiver::try_from).transpose()
}

/// Lets nobody else change what the receiver is told in order, until the transaction ends.
pub async fn lock(tx: &Tx, id: ReceiverId) -> Result<(), StoreError> {
    Entity::find_by_id(id.as_str()).lock(LockType::Update).one(tx.connection()).await?;
    Ok(())
}

/// Gives a receiver another address, and tells it things again where it was disabled.
pub async fn move_to(tx: &Tx, id: ReceiverId, url: &str) -> Result<(), StoreError> {
    document::plain(url)?;
    let update = Entity::update_many().col_expr(Column::Url, Expr::value(url));
    enabled(update).filter(Column::Id.eq(id.as_str())).exec(tx.connection()).await?;
    Ok(())
}

/// Tells a receiver of the account things again; whether there is one.
pub async fn enable(tx: &Tx, owner: AccountId, id: ReceiverId) -> Result<bool, StoreError> {
    let update = enabled(Entity::update_many()).filter(Column::Id.eq(id.as_str()));
    let done = update.filter(Column::Owner.eq(owner.as_str())).exec(tx.connection()).await?;
    Ok(done.rows_affected > 0)
}

fn enabled(update: sea_orm::UpdateMany<Entity>) -> sea_orm::UpdateMany<Entity> {
    update
        .col_expr(Column::FailingMs, Expr::value(Option::<i64>::None))
        .col_expr(Column::DisabledMs, Expr::value(Option::<i64>::None))
        .col_expr(Column::DisabledWhy, Expr::value(Option::<String>::None))
}

/// Notes that receivers took something.
pub async fn note_taken(tx: &Tx, ids: &[ReceiverId]) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::FailingMs, Expr::value(Option::<i64>::None))
        .filter(Column::Id.is_in(ids.iter().map(ReceiverId::as_str)))
        .filter(Column::FailingMs.is_not_null())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Notes that a receiver failed, and says since when it does nothing else; nothing where there is no such receiver.
pub async fn note_failed(tx: &Tx, id: ReceiverId, now: Time) -> Result<Option<Receiver>, StoreError> {
    Entity::update_many()
        .col_expr(Column::FailingMs, Expr::value(now.as_ms()))
        .filter(Column::Id.eq(id.as_str()))
        .filter(Column::FailingMs.is_null())
        .exec(tx.connection())
        .await?;
    find(tx, id).await
}

/// Tells a receiver nothing any more: what waits for it is given up. Whether it was told things until now.
pub async fn disable(tx: &Tx, id: ReceiverId, why: &str, now: Time) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::DisabledMs, Expr::value(now.as_ms()))
        .col_expr(Column::DisabledWhy, Expr::value(why))
        .filter(Column::Id.eq(id.as_str()))
        .filter(Column::DisabledMs.is_null())
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 0 {
        return Ok(false);
    }
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(delivery::GIVEN_UP))
        .col_expr(delivery::Column::DueMs, Expr::value(now.as_ms()))
        .col_expr(delivery::Column::Trouble, Expr::value(why))
        .filter(delivery::Column::Receiver.eq(id.as_str()))
        .filter(delivery::Column::State.is_in([delivery::WAITING, delivery::HELD]))
        .exec(tx.connection())
        .await?;
    Ok(true)
}

/// Forgets a receiver with everything that it was told; whether there was one.
pub async fn remove(tx: &Tx, id: ReceiverId) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id.as_str()).exec(tx.connection()).await?.rows_affected > 0)
}
