//! Passkeys: public halves of keys that lie in people's devices.

use model::{AccountId, PasskeyId, Time};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{Read, StoreError, Tx, document};

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Its name within the program.
    pub id: PasskeyId,
    /// Whose it is.
    pub account: AccountId,
    /// Its name within the device.
    pub credential: Vec<u8>,
    /// What its signatures are checked with.
    pub public_key: Vec<u8>,
    /// How often it says to have been used.
    pub counter: u32,
    /// What its owner calls it.
    pub name: String,
    /// When it was made.
    pub created: Time,
    /// When it was last used.
    pub used: Option<Time>,
}

pub(crate) mod row {
    //! How a passkey lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "passkeys")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) account: String,
        pub(crate) credential: Vec<u8>,
        pub(crate) public_key: Vec<u8>,
        pub(crate) counter: i64,
        pub(crate) name: String,
        pub(crate) created_ms: i64,
        pub(crate) used_ms: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Passkey {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|why| corrupt("passkeys", &row.id, why))?,
            account: row.account.parse().map_err(|why| corrupt("passkeys", &row.id, why))?,
            credential: row.credential,
            public_key: row.public_key,
            counter: row.counter.try_into().map_err(|why| corrupt("passkeys", &row.id, why))?,
            name: row.name,
            created: Time::from_ms(row.created_ms),
            used: row.used_ms.map(Time::from_ms),
        })
    }
}

/// Keeps a new passkey; a [`StoreError::Conflict`] where it is somebody's already.
pub async fn insert(tx: &Tx, passkey: &Passkey) -> Result<(), StoreError> {
    document::plain(&passkey.name)?;
    let row = row::Model {
        id: passkey.id.to_string(),
        account: passkey.account.to_string(),
        credential: passkey.credential.clone(),
        public_key: passkey.public_key.clone(),
        counter: passkey.counter.into(),
        name: passkey.name.clone(),
        created_ms: passkey.created.as_ms(),
        used_ms: passkey.used.map(Time::as_ms),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The passkeys of an account, oldest first.
pub async fn list(db: &impl Read, account: AccountId) -> Result<Vec<Passkey>, StoreError> {
    let theirs = Entity::find().filter(Column::Account.eq(account.as_str())).order_by_asc(Column::Id);
    theirs.all(db.connection()).await?.into_iter().map(Passkey::try_from).collect()
}

/// The passkey that a device calls so.
pub async fn find_by_credential(db: &impl Read, credential: &[u8]) -> Result<Option<Passkey>, StoreError> {
    let found = Entity::find().filter(Column::Credential.eq(credential.to_vec()));
    found.one(db.connection()).await?.map(Passkey::try_from).transpose()
}

/// Notes a use. `false` where the count has moved on meanwhile: then the use is not to be taken.
pub async fn note_use(tx: &Tx, passkey: &Passkey, counter: u32, now: Time) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Counter, Expr::value(i64::from(counter)))
        .col_expr(Column::UsedMs, Expr::value(now.as_ms()))
        .filter(Column::Id.eq(passkey.id.as_str()))
        .filter(Column::Counter.eq(i64::from(passkey.counter)))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Calls a passkey of an account something else; whether there is one.
pub async fn rename(tx: &Tx, account: AccountId, id: PasskeyId, name: &str) -> Result<bool, StoreError> {
    document::plain(name)?;
    let done = Entity::update_many()
        .col_expr(Column::Name, Expr::value(name))
        .filter(Column::Id.eq(id.as_str()))
        .filter(Column::Account.eq(account.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Forgets a passkey of an account; whether there was one.
pub async fn remove(tx: &Tx, account: AccountId, id: PasskeyId) -> Result<bool, StoreError> {
    let theirs = Column::Account.eq(account.as_str());
    Ok(Entity::delete_by_id(id.as_str()).filter(theirs).exec(tx.connection()).await?.rows_affected > 0)
}

/// Forgets the passkeys of an account, and says how many there were.
pub async fn remove_of_account(tx: &Tx, account: AccountId) -> Result<u64, StoreError> {
    let theirs = Entity::delete_many().filter(Column::Account.eq(account.as_str()));
    Ok(theirs.exec(tx.connection()).await?.rows_affected)
}
