//! What happened around accounts.

use model::{AccountId, AuditEntry, AuditId, Time};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{Read, StoreError, Tx};

pub(crate) mod row {
    //! How something that happened lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "audit")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) account: Option<String>,
        pub(crate) app: Option<String>,
        pub(crate) kind: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) detail: Json,
        pub(crate) peer: String,
        pub(crate) created_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for AuditEntry {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let account = row.account.map(|account| account.parse()).transpose();
        Ok(Self {
            id: row.id.parse().map_err(|why| corrupt("audit", &row.id, why))?,
            account: account.map_err(|why| corrupt("audit", &row.id, why))?,
            app: row.app,
            kind: row.kind.parse().map_err(|why| corrupt("audit", &row.id, why))?,
            detail: row.detail,
            peer: row.peer,
            created: Time::from_ms(row.created_ms),
        })
    }
}

/// Writes down what happened, in the transaction in which it does.
pub async fn insert(tx: &Tx, entry: &AuditEntry) -> Result<(), StoreError> {
    document::keepable(&entry.detail)?;
    let row = row::Model {
        id: entry.id.to_string(),
        account: entry.account.map(String::from),
        app: entry.app.clone(),
        kind: entry.kind.name().to_owned(),
        detail: entry.detail.clone(),
        peer: entry.peer.clone(),
        created_ms: entry.created.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// What happened around an account, newest first: before that entry, or the latest.
pub async fn list(
    db: &impl Read,
    account: AccountId,
    before: Option<AuditId>,
    limit: u64,
) -> Result<Vec<AuditEntry>, StoreError> {
    let mut theirs = Entity::find().filter(Column::Account.eq(account.as_str()));
    if let Some(before) = before {
        theirs = theirs.filter(Column::Id.lt(before.as_str()));
    }
    let rows = theirs.order_by_desc(Column::Id).limit(limit).all(db.connection()).await?;
    rows.into_iter().map(AuditEntry::try_from).collect()
}

/// Forgets what happened before, and says how much that was.
pub async fn remove_before(tx: &Tx, before: Time) -> Result<u64, StoreError> {
    let done = Entity::delete_many().filter(Column::CreatedMs.lt(before.as_ms())).exec(tx.connection()).await?;
    Ok(done.rows_affected)
}

/// Forgets what happened around an account, and says how much that was.
pub async fn remove_of_account(tx: &Tx, account: AccountId) -> Result<u64, StoreError> {
    let done = Entity::delete_many().filter(Column::Account.eq(account.as_str())).exec(tx.connection()).await?;
    Ok(done.rows_affected)
}
