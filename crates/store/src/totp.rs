//! Authenticator apps: the sealed secret that an account shares with one, and the last code that was taken.

use model::{AccountId, Time};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{Read, StoreError, Tx};

/// An authenticator app.
#[derive(Clone, PartialEq, Eq)]
pub struct Totp {
    /// Whose it is.
    pub account: AccountId,
    /// What it shares with us, sealed.
    pub secret: Vec<u8>,
    /// The step of the last code that was taken; codes of it and of those before are spent.
    pub last_step: u64,
    /// When it was offered.
    pub created: Time,
    /// When the first code of it was right. Before, it protects nothing.
    pub confirmed: Option<Time>,
}

pub(crate) mod row {
    //! How an authenticator app lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "totp")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) account: String,
        pub(crate) secret: Vec<u8>,
        pub(crate) last_step: i64,
        pub(crate) created_ms: i64,
        pub(crate) confirmed_ms: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Totp {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            account: row.account.parse().map_err(|why| corrupt("totp", &row.account, why))?,
            secret: row.secret,
            last_step: row.last_step.try_into().map_err(|why| corrupt("totp", &row.account, why))?,
            created: Time::from_ms(row.created_ms),
            confirmed: row.confirmed_ms.map(Time::from_ms),
        })
    }
}

/// Keeps an app in the place of the one that was there.
pub async fn put(tx: &Tx, totp: &Totp) -> Result<(), StoreError> {
    let row = row::Model {
        account: totp.account.to_string(),
        secret: totp.secret.clone(),
        last_step: totp.last_step as i64,
        created_ms: totp.created.as_ms(),
        confirmed_ms: totp.confirmed.map(Time::as_ms),
    };
    let others = [Column::Secret, Column::LastStep, Column::CreatedMs, Column::ConfirmedMs];
    Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::column(Column::Account).update_columns(others).to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The app of an account, confirmed or not.
pub async fn find(db: &impl Read, account: AccountId) -> Result<Option<Totp>, StoreError> {
    Entity::find_by_id(account.as_str()).one(db.connection()).await?.map(Totp::try_from).transpose()
}

/// Spends the codes up to a step. `false` where that one was spent already: then the code is not to be taken.
pub async fn spend(tx: &Tx, account: AccountId, step: u64) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::LastStep, Expr::value(step as i64))
        .filter(Column::Account.eq(account.as_str()))
        .filter(Column::LastStep.lt(step as i64))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Says that the app works; whether there is one that waited for that.
pub async fn confirm(tx: &Tx, account: AccountId, now: Time) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::ConfirmedMs, Expr::value(now.as_ms()))
        .filter(Column::Account.eq(account.as_str()))
        .filter(Column::ConfirmedMs.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Forgets the app of an account; whether there was one.
pub async fn remove(tx: &Tx, account: AccountId) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(account.as_str()).exec(tx.connection()).await?.rows_affected > 0)
}
