//! Browsers that signed in.

use model::{Account, AccountId, SessionId, Time};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::accounts;
use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{Digest, Read, StoreError, Tx};

/// A browser that signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name, which is not its secret.
    pub id: SessionId,
    /// Who signed in.
    pub account: AccountId,
    /// When that was.
    pub created: Time,
    /// When it was last heard of.
    pub seen: Time,
    /// From when on it is worth nothing.
    pub expires: Time,
    /// The address that it signed in from, where that was noted.
    pub peer: Option<String>,
    /// What the browser calls itself, where that was noted.
    pub agent: Option<String>,
    /// When whoever sits before it last proved who they are.
    pub proved: Option<Time>,
}

pub(crate) mod row {
    //! How a session lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "sessions")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) secret: Vec<u8>,
        pub(crate) id: String,
        pub(crate) account: String,
        pub(crate) created_ms: i64,
        pub(crate) seen_ms: i64,
        pub(crate) expires_ms: i64,
        pub(crate) peer: Option<String>,
        pub(crate) agent: Option<String>,
        pub(crate) proved_ms: Option<i64>,
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

impl TryFrom<row::Model> for Session {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|why| corrupt("sessions", &row.id, why))?,
            account: row.account.parse().map_err(|why| corrupt("sessions", &row.id, why))?,
            created: Time::from_ms(row.created_ms),
            seen: Time::from_ms(row.seen_ms),
            expires: Time::from_ms(row.expires_ms),
            peer: row.peer,
            agent: row.agent,
            proved: row.proved_ms.map(Time::from_ms),
        })
    }
}

/// Keeps a new session under the digest of its secret.
pub async fn insert(tx: &Tx, session: &Session, secret: &Digest) -> Result<(), StoreError> {
    let row = row::Model {
        secret: secret.to_vec(),
        id: session.id.to_string(),
        account: session.account.to_string(),
        created_ms: session.created.as_ms(),
        seen_ms: session.seen.as_ms(),
        expires_ms: session.expires.as_ms(),
        peer: session.peer.clone(),
        agent: session.agent.clone(),
        proved_ms: session.proved.map(Time::as_ms),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The session that has this secret and has not expired, and whose it is.
pub async fn find(db: &impl Read, secret: &Digest, now: Time) -> Result<Option<(Session, Account)>, StoreError> {
    let found = Entity::find_by_id(secret.to_vec())
        .filter(Column::ExpiresMs.gt(now.as_ms()))
        .find_also_related(accounts::row::Entity)
        .one(db.connection())
        .await?;
    let Some((session, Some(account))) = found else { return Ok(None) };
    Ok(Some((session.try_into()?, account.try_into()?)))
}

/// The session of that name, if it has not expired.
pub async fn find_by_id(db: &impl Read, id: SessionId, now: Time) -> Result<Option<Session>, StoreError> {
    let found = Entity::find().filter(Column::Id.eq(id.as_str())).filter(Column::ExpiresMs.gt(now.as_ms()));
    found.one(db.connection()).await?.map(Session::try_from).transpose()
}

/// The sessions of an account that have not expired, the one heard of last in front.
pub async fn list(db: &impl Read, account: AccountId, now: Time) -> Result<Vec<Session>, StoreError> {
    let theirs = Entity::find().filter(Column::Account.eq(account.as_str())).filter(Column::ExpiresMs.gt(now.as_ms()));
    let rows = theirs.order_by_desc(Column::SeenMs).order_by_asc(Column::Id).all(db.connection()).await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Notes that whoever sits before it proved who they are; whether there is such a session.
pub async fn prove(tx: &Tx, id: SessionId, now: Time) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::ProvedMs, Expr::value(now.as_ms()))
        .filter(Column::Id.eq(id.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Notes that it was heard of, and how long it is worth something now; whether there is such a session.
pub async fn touch(tx: &Tx, secret: &Digest, seen: Time, expires: Time) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::SeenMs, Expr::value(seen.as_ms()))
        .col_expr(Column::ExpiresMs, Expr::value(expires.as_ms()))
        .filter(Column::Secret.eq(secret.to_vec()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Ends a session; whether there was one.
pub async fn remove(tx: &Tx, secret: &Digest) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(secret.to_vec()).exec(tx.connection()).await?.rows_affected > 0)
}

/// Ends the session of that name of an account; whether there was one.
pub async fn remove_by_id(tx: &Tx, account: AccountId, id: SessionId) -> Result<bool, StoreError> {
    let theirs = Entity::delete_many().filter(Column::Account.eq(account.as_str())).filter(Column::Id.eq(id.as_str()));
    Ok(theirs.exec(tx.connection()).await?.rows_affected > 0)
}

/// Ends every session of an account but one, and says how many there were.
pub async fn remove_others(tx: &Tx, account: AccountId, but: SessionId) -> Result<u64, StoreError> {
    let others = Entity::delete_many().filter(Column::Account.eq(account.as_str())).filter(Column::Id.ne(but.as_str()));
    Ok(others.exec(tx.connection()).await?.rows_affected)
}

/// Ends every session of an account, and says how many there were.
pub async fn remove_of_account(tx: &Tx, account: AccountId) -> Result<u64, StoreError> {
    let done = Entity::delete_many().filter(Column::Account.eq(account.as_str())).exec(tx.connection()).await?;
    Ok(done.rows_affected)
}

/// Forgets what has expired, and says how many there were.
pub async fn remove_expired(tx: &Tx, now: Time) -> Result<u64, StoreError> {
    let done = Entity::delete_many().filter(Column::ExpiresMs.lte(now.as_ms())).exec(tx.connection()).await?;
    Ok(done.rows_affected)
}
