//! Letters under way: what the address in one is good for, once and for a while.

use model::{AccountId, Time};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};

use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{Digest, Read, StoreError, Tx};

/// A letter under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// What it is good for.
    pub kind: String,
    /// Whose account it is about.
    pub account: AccountId,
    /// Where it went.
    pub email: String,
    /// When it was written.
    pub created: Time,
    /// From when on it is good for nothing.
    pub expires: Time,
}

mod row {
    //! How a letter lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mail_tokens")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) secret: Vec<u8>,
        pub(crate) kind: String,
        pub(crate) account: String,
        pub(crate) email: String,
        pub(crate) created_ms: i64,
        pub(crate) expires_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Letter {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            account: row.account.parse().map_err(|why| corrupt("mail_tokens", &row.account, why))?,
            kind: row.kind,
            email: row.email,
            created: Time::from_ms(row.created_ms),
            expires: Time::from_ms(row.expires_ms),
        })
    }
}

/// Keeps a letter under the digest of its secret.
pub async fn insert(tx: &Tx, letter: &Letter, secret: &Digest) -> Result<(), StoreError> {
    let row = row::Model {
        secret: secret.to_vec(),
        kind: letter.kind.clone(),
        account: letter.account.to_string(),
        email: letter.email.clone(),
        created_ms: letter.created.as_ms(),
        expires_ms: letter.expires.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The letter of that kind that has this secret, while it is good.
pub async fn find(db: &impl Read, kind: &str, secret: &Digest, now: Time) -> Result<Option<Letter>, StoreError> {
    let good =
        Entity::find_by_id(secret.to_vec()).filter(Column::Kind.eq(kind)).filter(Column::ExpiresMs.gt(now.as_ms()));
    good.one(db.connection()).await?.map(Letter::try_from).transpose()
}

/// Forgets a letter, because it was used; whether nobody had before.
pub async fn remove(tx: &Tx, secret: &Digest) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(secret.to_vec()).exec(tx.connection()).await?.rows_affected > 0)
}

/// How many letters of that kind went to an account since.
pub async fn count_since(db: &impl Read, kind: &str, account: AccountId, since: Time) -> Result<u64, StoreError> {
    let theirs = Entity::find()
        .filter(Column::Account.eq(account.as_str()))
        .filter(Column::Kind.eq(kind))
        .filter(Column::CreatedMs.gt(since.as_ms()));
    Ok(theirs.count(db.connection()).await?)
}

/// Makes the letters of an account good for nothing, and says how many there were.
pub async fn remove_of_account(tx: &Tx, account: AccountId) -> Result<u64, StoreError> {
    let theirs = Entity::delete_many().filter(Column::Account.eq(account.as_str()));
    Ok(theirs.exec(tx.connection()).await?.rows_affected)
}

/// Forgets what is good for nothing any more, and says how many there were.
pub async fn remove_expired(tx: &Tx, now: Time) -> Result<u64, StoreError> {
    let done = Entity::delete_many().filter(Column::ExpiresMs.lte(now.as_ms())).exec(tx.connection()).await?;
    Ok(done.rows_affected)
}
