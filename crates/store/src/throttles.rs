//! How often something was tried lately, counted for all processes together.

use std::time::Duration;

use model::Time;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait as _, FromQueryResult, QueryFilter};

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{Read, StoreError, Tx};

/// How often something was tried in its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hits {
    /// How often.
    pub count: u32,
    /// When the count begins anew.
    pub until: Time,
}

mod row {
    //! How a count lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "throttles")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) key: String,
        pub(crate) count: i64,
        pub(crate) until_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Hits {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let count = row.count.try_into().map_err(|why| corrupt("throttles", &row.key, why))?;
        Ok(Self { count, until: Time::from_ms(row.until_ms) })
    }
}

/// Counts a try. The first one opens a window; what is counted ends with it.
///
/// Windows that are over go by the way, so that the table holds no more than what was tried within one window.
pub async fn hit(tx: &Tx, key: &str, now: Time, window: Duration) -> Result<Hits, StoreError> {
    document::plain(key)?;
    remove_expired(tx, now).await?;
    let count = Expr::col((Entity, Column::Count));
    let mut insert = Query::insert();
    insert
        .into_table(Entity)
        .columns([Column::Key, Column::Count, Column::UntilMs])
        .values_panic([key.into(), 1_i64.into(), (now + window).as_ms().into()])
        .on_conflict(OnConflict::column(Column::Key).value(Column::Count, count.add(1)).to_owned())
        .returning_all();
    let Some(counted) = tx.connection().query_one(&insert).await? else {
        return Err(StoreError::Database("a count was written and did not come back".to_owned()));
    };
    row::Model::from_query_result(&counted, "")?.try_into()
}

/// What was counted, if a window is open.
pub async fn peek(db: &impl Read, key: &str, now: Time) -> Result<Option<Hits>, StoreError> {
    let open = Entity::find_by_id(key).filter(Column::UntilMs.gt(now.as_ms())).one(db.connection()).await?;
    open.map(Hits::try_from).transpose()
}

/// Forgets what was counted; whether something was.
pub async fn clear(tx: &Tx, key: &str) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(key).exec(tx.connection()).await?.rows_affected > 0)
}

/// Forgets windows that are over, and says how many there were.
pub async fn remove_expired(tx: &Tx, now: Time) -> Result<u64, StoreError> {
    let done = Entity::delete_many().filter(Column::UntilMs.lte(now.as_ms())).exec(tx.connection()).await?;
    Ok(done.rows_affected)
}
