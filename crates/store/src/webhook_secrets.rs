//! What accounts share with those whom their productions tell things. Sealed: every signature needs them again.

use model::{AccountId, Time, WebhookSecretId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{Read, StoreError, Tx};

/// A secret of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSecret {
    /// Its name within the program.
    pub id: WebhookSecretId,
    /// Whose it is.
    pub owner: AccountId,
    /// The secret, sealed by `app`.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created: Time,
    /// When it ends, once there is a newer one.
    pub expires: Option<Time>,
}

pub(crate) mod row {
    //! How such a secret lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "webhook_secrets")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) owner: String,
        pub(crate) sealed: Vec<u8>,
        pub(crate) created_ms: i64,
        pub(crate) expires_ms: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for WebhookSecret {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|why| corrupt("webhook_secrets", &row.id, why))?,
            owner: row.owner.parse().map_err(|why| corrupt("webhook_secrets", &row.id, why))?,
            sealed: row.sealed,
            created: Time::from_ms(row.created_ms),
            expires: row.expires_ms.map(Time::from_ms),
        })
    }
}

/// Keeps a new secret.
pub async fn insert(tx: &Tx, secret: &WebhookSecret) -> Result<(), StoreError> {
    let row = row::Model {
        id: secret.id.to_string(),
        owner: secret.owner.to_string(),
        sealed: secret.sealed.clone(),
        created_ms: secret.created.as_ms(),
        expires_ms: secret.expires.map(Time::as_ms),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The secrets of an account that are worth something now, newest first.
pub async fn list(db: &impl Read, owner: AccountId, now: Time) -> Result<Vec<WebhookSecret>, StoreError> {
    let alive = Condition::any().add(Column::ExpiresMs.is_null()).add(Column::ExpiresMs.gt(now.as_ms()));
    let rows = Entity::find().filter(Column::Owner.eq(owner.as_str())).filter(alive).order_by_desc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(WebhookSecret::try_from).collect()
}

/// Gives every secret of an account that has no end yet this one.
pub async fn expire(tx: &Tx, owner: AccountId, at: Time) -> Result<(), StoreError> {
    let endless = Entity::update_many().col_expr(Column::ExpiresMs, Expr::value(at.as_ms()));
    let endless = endless.filter(Column::Owner.eq(owner.as_str())).filter(Column::ExpiresMs.is_null());
    endless.exec(tx.connection()).await?;
    Ok(())
}

/// Forgets secrets whose time is over, and says how many there were.
pub async fn remove_expired(tx: &Tx, now: Time) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::ExpiresMs.lte(now.as_ms())).exec(tx.connection()).await?.rows_affected)
}
