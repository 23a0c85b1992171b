//! Recovery codes: ways in for the day when a telephone is lost, each good once.

use model::{AccountId, Time};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};

use crate::connection::reading::Connected as _;
use crate::{Digest, Read, StoreError, Tx};

pub(crate) mod row {
    //! How a recovery code lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "recovery_codes")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) secret: Vec<u8>,
        pub(crate) account: String,
        pub(crate) created_ms: i64,
        pub(crate) used_ms: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

/// Keeps codes in the place of those that were there.
pub async fn replace(tx: &Tx, account: AccountId, codes: &[Digest], now: Time) -> Result<(), StoreError> {
    remove(tx, account).await?;
    for code in codes {
        let row =
            row::Model { secret: code.to_vec(), account: account.to_string(), created_ms: now.as_ms(), used_ms: None };
        Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    }
    Ok(())
}

/// Spends a code; whether it was one of the account's that nobody had spent.
pub async fn spend(tx: &Tx, account: AccountId, code: &Digest, now: Time) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::UsedMs, Expr::value(now.as_ms()))
        .filter(Column::Secret.eq(code.to_vec()))
        .filter(Column::Account.eq(account.as_str()))
        .filter(Column::UsedMs.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// How many of an account's codes are left.
pub async fn left(db: &impl Read, account: AccountId) -> Result<u64, StoreError> {
    let theirs = Entity::find().filter(Column::Account.eq(account.as_str())).filter(Column::UsedMs.is_null());
    Ok(theirs.count(db.connection()).await?)
}

/// Forgets the codes of an account, and says how many there were.
pub async fn remove(tx: &Tx, account: AccountId) -> Result<u64, StoreError> {
    let theirs = Entity::delete_many().filter(Column::Account.eq(account.as_str()));
    Ok(theirs.exec(tx.connection()).await?.rows_affected)
}
