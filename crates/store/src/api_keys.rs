//! Personal API keys.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use model::{Account, AccountId, ApiKeyId, Time};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::accounts;
use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{Digest, Read, Store, StoreError, Tx};

/// How long a use is not noted again.
const NOTED_FOR: Duration = Duration::from_mins(1);

/// A personal API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its name within the program.
    pub id: ApiKeyId,
    /// Whose it is.
    pub account: AccountId,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for, in the words of `app`.
    pub scopes: String,
    /// When it was made.
    pub created: Time,
    /// When it was last used, to the minute.
    pub used: Option<Time>,
}

impl ApiKey {
    /// Whether its use is to be noted again, by [`touch`].
    pub fn wants_touch(&self, now: Time) -> bool {
        self.used.is_none_or(|used| used < now - NOTED_FOR)
    }
}

pub(crate) mod row {
    //! How an API key lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "api_keys")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) secret: Vec<u8>,
        pub(crate) account: String,
        pub(crate) name: String,
        pub(crate) scopes: String,
        pub(crate) created_ms: i64,
        pub(crate) used_ms: Option<i64>,
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

impl TryFrom<row::Model> for ApiKey {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|why| corrupt("api_keys", &row.id, why))?,
            account: row.account.parse().map_err(|why| corrupt("api_keys", &row.id, why))?,
            name: row.name,
            scopes: row.scopes,
            created: Time::from_ms(row.created_ms),
            used: row.used_ms.map(Time::from_ms),
        })
    }
}

/// Keeps a new key under the digest of its secret.
pub async fn insert(tx: &Tx, key: &ApiKey, secret: &Digest) -> Result<(), StoreError> {
    let row = row::Model {
        id: key.id.to_string(),
        secret: secret.to_vec(),
        account: key.account.to_string(),
        name: key.name.clone(),
        scopes: key.scopes.clone(),
        created_ms: key.created.as_ms(),
        used_ms: key.used.map(Time::as_ms),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The key that has this secret, and whose it is.
pub async fn find_by_secret(db: &impl Read, secret: &Digest) -> Result<Option<(ApiKey, Account)>, StoreError> {
    let found = Entity::find()
        .filter(Column::Secret.eq(secret.to_vec()))
        .find_also_related(accounts::row::Entity)
        .one(db.connection())
        .await?;
    let Some((key, Some(account))) = found else { return Ok(None) };
    Ok(Some((key.try_into()?, account.try_into()?)))
}

/// The same, for a request that waits: it is asked together with others.
pub async fn recognise(store: &Store, secret: Digest) -> Result<Option<Arc<(ApiKey, Arc<Account>)>>, StoreError> {
    let db = store.clone();
    let find = move |secrets: Vec<Digest>| {
        let db = db.clone();
        async move {
            let known = Column::Secret.is_in(secrets.iter().map(|secret| secret.to_vec()));
            let rows =
                Entity::find().filter(known).find_also_related(accounts::row::Entity).all(db.connection()).await?;
            let mut found = HashMap::with_capacity(rows.len());
            for (key, account) in rows {
                let (Ok(secret), Some(account)) = (Digest::try_from(key.secret.as_slice()), account) else { continue };
                found.insert(secret, Arc::new((key.try_into()?, Arc::new(account.try_into()?))));
            }
            Ok(found)
        }
    };
    store.lines.api_keys.find(secret, find).await
}

/// The keys of an account, newest first.
pub async fn list(db: &impl Read, account: AccountId) -> Result<Vec<ApiKey>, StoreError> {
    let rows = Entity::find().filter(Column::Account.eq(account.as_str())).order_by_desc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(ApiKey::try_from).collect()
}

/// Revokes a key of an account; whether there was one.
pub async fn remove(tx: &Tx, account: AccountId, id: ApiKeyId) -> Result<bool, StoreError> {
    let theirs = Column::Account.eq(account.as_str());
    Ok(Entity::delete_by_id(id.as_str()).filter(theirs).exec(tx.connection()).await?.rows_affected > 0)
}

/// Notes a use, at most once a minute; whether it was noted.
pub async fn touch(tx: &Tx, id: ApiKeyId, now: Time) -> Result<bool, StoreError> {
    let stale = Condition::any().add(Column::UsedMs.is_null()).add(Column::UsedMs.lt((now - NOTED_FOR).as_ms()));
    let done = Entity::update_many()
        .col_expr(Column::UsedMs, Expr::value(now.as_ms()))
        .filter(Column::Id.eq(id.as_str()))
        .filter(stale)
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}
