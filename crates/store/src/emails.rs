//! E-mail addresses that were shown to be their owners'. An account whose address is another one by now has not shown that one.

use model::{Account, AccountId, Time};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, OnConflict};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use crate::accounts;
use crate::connection::reading::Connected as _;
use crate::{Read, StoreError, Tx};

pub(crate) mod row {
    //! How an address that was shown lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "verified_emails")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) account: String,
        pub(crate) email: String,
        pub(crate) verified_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {
        #[sea_orm(
            belongs_to = "crate::accounts::row::Entity",
            from = "Column::Account",
            to = "crate::accounts::row::Column::Id"
        )]
        Account,
    }

    impl Related<crate::accounts::row::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Account.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

/// Notes that an address is its owner's.
pub async fn put(tx: &Tx, account: AccountId, email: &str, now: Time) -> Result<(), StoreError> {
    let row = row::Model { account: account.to_string(), email: email.to_owned(), verified_ms: now.as_ms() };
    Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::column(Column::Account).update_columns([Column::Email, Column::VerifiedMs]).to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Whether the account's address of now was shown to be its owner's.
pub async fn is_verified(db: &impl Read, account: &Account) -> Result<bool, StoreError> {
    let shown = Entity::find_by_id(account.id.as_str()).one(db.connection()).await?;
    Ok(shown.is_some_and(|shown| account.email.as_deref() == Some(&*shown.email)))
}

/// Accounts whose address was shown to be this one, capitals or not, the oldest first.
pub async fn accounts(db: &impl Read, email: &str, limit: u64) -> Result<Vec<Account>, StoreError> {
    let found = Entity::find()
        .filter(Expr::expr(Func::lower(Expr::col((Entity, Column::Email)))).eq(email.to_lowercase()))
        .find_also_related(accounts::row::Entity)
        .order_by_asc(Column::Account)
        .limit(limit)
        .all(db.connection())
        .await?;
    let accounts = found.into_iter().filter_map(|(shown, account)| {
        account.filter(|account| account.email.as_deref() == Some(&*shown.email)).map(Account::try_from)
    });
    accounts.collect()
}
