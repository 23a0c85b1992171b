//! Questions that wait for an answer: second steps of signing in, and passkeys about to be made or used. Each is answered once, within minutes.

use model::{AccountId, Time};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::Value;

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{Digest, Read, StoreError, Tx};

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct Challenge {
    /// What is asked.
    pub kind: String,
    /// Who is asked, where that is known.
    pub account: Option<AccountId>,
    /// What else is to be known when the answer comes.
    pub document: Value,
    /// Answers that were wrong.
    pub tries: u32,
    /// When it was asked.
    pub created: Time,
    /// From when on it is too late.
    pub expires: Time,
}

mod row {
    //! How a question lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "challenges")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) secret: Vec<u8>,
        pub(crate) kind: String,
        pub(crate) account: Option<String>,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) document: Json,
        pub(crate) tries: i64,
        pub(crate) created_ms: i64,
        pub(crate) expires_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Challenge {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let account = row.account.map(|account| account.parse()).transpose();
        Ok(Self {
            account: account.map_err(|why| corrupt("challenges", &row.kind, why))?,
            tries: row.tries.try_into().map_err(|why| corrupt("challenges", &row.kind, why))?,
            kind: row.kind,
            document: row.document,
            created: Time::from_ms(row.created_ms),
            expires: Time::from_ms(row.expires_ms),
        })
    }
}

/// Keeps a question under the digest of its secret.
pub async fn insert(tx: &Tx, challenge: &Challenge, secret: &Digest) -> Result<(), StoreError> {
    document::keepable(&challenge.document)?;
    let row = row::Model {
        secret: secret.to_vec(),
        kind: challenge.kind.clone(),
        account: challenge.account.map(String::from),
        document: challenge.document.clone(),
        tries: challenge.tries.into(),
        created_ms: challenge.created.as_ms(),
        expires_ms: challenge.expires.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The question of that kind that has this secret, while it can be answered.
pub async fn find(db: &impl Read, kind: &str, secret: &Digest, now: Time) -> Result<Option<Challenge>, StoreError> {
    let open =
        Entity::find_by_id(secret.to_vec()).filter(Column::Kind.eq(kind)).filter(Column::ExpiresMs.gt(now.as_ms()));
    open.one(db.connection()).await?.map(Challenge::try_from).transpose()
}

/// Counts a try, unless there were so many already; whether there was one left.
pub async fn count_try(tx: &Tx, secret: &Digest, most: u32) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
        .filter(Column::Secret.eq(secret.to_vec()))
        .filter(Column::Tries.lt(i64::from(most)))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Forgets a question, because it was answered; whether nobody had before.
pub async fn remove(tx: &Tx, secret: &Digest) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(secret.to_vec()).exec(tx.connection()).await?.rows_affected > 0)
}

/// Forgets questions to an account, and says how many there were.
pub async fn remove_of_account(tx: &Tx, account: AccountId) -> Result<u64, StoreError> {
    let theirs = Entity::delete_many().filter(Column::Account.eq(account.as_str()));
    Ok(theirs.exec(tx.connection()).await?.rows_affected)
}

/// Forgets what it is too late to answer, and says how many there were.
pub async fn remove_expired(tx: &Tx, now: Time) -> Result<u64, StoreError> {
    let done = Entity::delete_many().filter(Column::ExpiresMs.lte(now.as_ms())).exec(tx.connection()).await?;
    Ok(done.rows_affected)
}
