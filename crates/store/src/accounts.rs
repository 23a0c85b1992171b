//! People who own things.

use model::{Account, AccountId, Time, Username};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{Page, Read, StoreError, Tx, counters};

pub(crate) mod row {
    //! How an account lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "accounts")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        #[sea_orm(unique)]
        pub(crate) username: String,
        pub(crate) email: Option<String>,
        pub(crate) is_admin: bool,
        pub(crate) password_hash: Option<String>,
        pub(crate) created_ms: i64,
        pub(crate) number: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Account {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let id = row.id.parse::<AccountId>().map_err(|why| corrupt("accounts", &row.id, why))?;
        let username = row.username.parse::<Username>().map_err(|why| corrupt("accounts", &row.id, why))?;
        let number = row.number.and_then(|number| number.try_into().ok());
        let number = number.ok_or_else(|| corrupt("accounts", &row.id, "it has no number"))?;
        let created = Time::from_ms(row.created_ms);
        Ok(Self { id, number, username, email: row.email, is_admin: row.is_admin, created })
    }
}

/// Keeps a new account; a [`StoreError::Conflict`] where the name is taken.
pub async fn insert(tx: &Tx, account: &Account, password_hash: Option<&str>) -> Result<(), StoreError> {
    let row = row::Model {
        id: account.id.to_string(),
        username: account.username.to_string(),
        email: account.email.clone(),
        is_admin: account.is_admin,
        password_hash: password_hash.map(str::to_owned),
        created_ms: account.created.as_ms(),
        number: i64::try_from(account.number).ok(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The account.
pub async fn find(db: &impl Read, id: AccountId) -> Result<Option<Account>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(Account::try_from).transpose()
}

/// The same, which nobody else can change until the transaction ends.
pub async fn find_for_update(tx: &Tx, id: AccountId) -> Result<Option<Account>, StoreError> {
    let found = Entity::find_by_id(id.as_str()).lock(LockType::Update).one(tx.connection()).await?;
    found.map(Account::try_from).transpose()
}

/// Accounts of these ids, in no order.
pub async fn find_many(db: &impl Read, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
    let known = Column::Id.is_in(ids.iter().map(AccountId::as_str));
    let rows = Entity::find().filter(known).all(db.connection()).await?;
    rows.into_iter().map(Account::try_from).collect()
}

/// A number that no account had before.
pub async fn next_number(tx: &Tx) -> Result<u64, StoreError> {
    counters::next(tx, "accounts").await
}

/// The account with this number.
pub async fn find_by_number(db: &impl Read, number: u64) -> Result<Option<Account>, StoreError> {
    let Ok(number) = i64::try_from(number) else { return Ok(None) };
    let found = Entity::find().filter(Column::Number.eq(number)).one(db.connection()).await?;
    found.map(Account::try_from).transpose()
}

/// The account that signs in by this name, and what is kept of its password.
pub async fn find_by_username(
    db: &impl Read,
    name: &Username,
) -> Result<Option<(Account, Option<String>)>, StoreError> {
    let Some(mut row) = Entity::find().filter(Column::Username.eq(name.as_str())).one(db.connection()).await? else {
        return Ok(None);
    };
    let password_hash = row.password_hash.take();
    Ok(Some((row.try_into()?, password_hash)))
}

/// Changes what is kept of the password; whether there is such an account.
pub async fn set_password(tx: &Tx, id: AccountId, password_hash: Option<&str>) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(password_hash))
        .filter(Column::Id.eq(id.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Changes name, address and rights; whether there is such an account.
pub async fn update(tx: &Tx, account: &Account) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Username, Expr::value(account.username.as_str()))
        .col_expr(Column::Email, Expr::value(account.email.as_deref()))
        .col_expr(Column::IsAdmin, Expr::value(account.is_admin))
        .filter(Column::Id.eq(account.id.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Accounts in the order of their names.
pub async fn list(db: &impl Read, page: Page) -> Result<Vec<Account>, StoreError> {
    let rows = Entity::find().order_by_asc(Column::Username).limit(page.limit).offset(page.offset);
    rows.all(db.connection()).await?.into_iter().map(Account::try_from).collect()
}

/// How many there are.
pub async fn count(db: &impl Read) -> Result<u64, StoreError> {
    Ok(Entity::find().count(db.connection()).await?)
}

/// Forgets the account with its sessions, API keys, apps and what it allowed; whether there was one. Productions and presets have to go first: a
/// [`StoreError::Dangling`] where some are left.
pub async fn remove(tx: &Tx, id: AccountId) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id.as_str()).exec(tx.connection()).await?.rows_affected > 0)
}
