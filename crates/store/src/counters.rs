//! Numbers that are given once each, in order, whoever asks.

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{ConnectionTrait, TryGetable};

use crate::connection::reading::Connected as _;
use crate::{StoreError, Tx};

pub(crate) mod row {
    //! How a counter lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "counters")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) name: String,
        pub(crate) value: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

/// The next number, from 1 on. Whoever asks at the same time waits for this transaction, so a number that is given back by
/// one that ends badly is not lost.
pub(crate) async fn next(tx: &Tx, name: &str) -> Result<u64, StoreError> {
    let value = Expr::col((Entity, Column::Value));
    let mut insert = Query::insert();
    insert
        .into_table(Entity)
        .columns([Column::Name, Column::Value])
        .values_panic([name.into(), 1_i64.into()])
        .on_conflict(OnConflict::column(Column::Name).value(Column::Value, value.add(1)).to_owned())
        .returning_col(Column::Value);
    let counted = tx.connection().query_one(&insert).await?;
    let counted = counted.map(|row| i64::try_get(&row, "", "value")).transpose().map_err(sea_orm::DbErr::from)?;
    counted
        .and_then(|value| value.try_into().ok())
        .ok_or_else(|| StoreError::Database("a number was taken and did not come back".to_owned()))
}
