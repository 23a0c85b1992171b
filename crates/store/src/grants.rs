//! What accounts allowed apps, once for each time they were asked. Tokens belong to a grant and go with it.

use model::{AccountId, AppId, GrantId, RegisteredApp, Time};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{Read, StoreError, Tx, apps};

/// Something that an account allowed an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its name within the program.
    pub id: GrantId,
    /// Whom it was allowed.
    pub app: AppId,
    /// Who allowed it.
    pub account: AccountId,
    /// By which protocol.
    pub protocol: Protocol,
    /// What was allowed, as words with spaces between.
    pub scopes: String,
    /// When.
    pub created: Time,
    /// When it was last made use of, to the minute or so.
    pub used: Option<Time>,
}

/// The protocol by which something was allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// OAuth 1.0 and 1.0a.
    OAuth1,
    /// OAuth 2.0.
    OAuth2,
}

impl Protocol {
    fn word(self) -> &'static str {
        match self {
            Self::OAuth1 => "oauth1",
            Self::OAuth2 => "oauth2",
        }
    }
}

pub(crate) mod row {
    //! How a grant lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "grants")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) app: String,
        pub(crate) account: String,
        pub(crate) protocol: String,
        pub(crate) scopes: String,
        pub(crate) created_ms: i64,
        pub(crate) used_ms: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {
        #[sea_orm(belongs_to = "crate::apps::row::Entity", from = "Column::App", to = "crate::apps::row::Column::Id")]
        App,
    }

    impl Related<crate::apps::row::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::App.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Grant {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let protocol = [Protocol::OAuth1, Protocol::OAuth2].into_iter().find(|each| each.word() == row.protocol);
        Ok(Self {
            id: row.id.parse().map_err(|why| corrupt("grants", &row.id, why))?,
            app: row.app.parse().map_err(|why| corrupt("grants", &row.id, why))?,
            account: row.account.parse().map_err(|why| corrupt("grants", &row.id, why))?,
            protocol: protocol
                .ok_or_else(|| corrupt("grants", &row.id, format!("“{}” is no protocol", row.protocol)))?,
            scopes: row.scopes,
            created: Time::from_ms(row.created_ms),
            used: row.used_ms.map(Time::from_ms),
        })
    }
}

/// Keeps a new grant.
pub async fn insert(tx: &Tx, grant: &Grant) -> Result<(), StoreError> {
    let row = row::Model {
        id: grant.id.to_string(),
        app: grant.app.to_string(),
        account: grant.account.to_string(),
        protocol: grant.protocol.word().to_owned(),
        scopes: grant.scopes.clone(),
        created_ms: grant.created.as_ms(),
        used_ms: grant.used.map(Time::as_ms),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The grant.
pub async fn find(db: &impl Read, id: GrantId) -> Result<Option<Grant>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(Grant::try_from).transpose()
}

/// What an account allowed, newest first, and whom.
pub async fn list_of(db: &impl Read, account: AccountId) -> Result<Vec<(Grant, RegisteredApp)>, StoreError> {
    let rows = Entity::find().filter(Column::Account.eq(account.as_str())).find_also_related(apps::row::Entity);
    let rows = rows.order_by_desc(Column::Id).all(db.connection()).await?;
    rows.into_iter().filter_map(|(grant, app)| app.map(|app| Ok((grant.try_into()?, app.try_into()?)))).collect()
}

/// Takes back one grant, with its tokens; whether there was one.
pub async fn remove(tx: &Tx, id: GrantId) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id.as_str()).exec(tx.connection()).await?.rows_affected > 0)
}

/// Takes back everything that an account allowed an app, with all tokens, and says how many grants there were.
pub async fn remove_between(tx: &Tx, account: AccountId, app: AppId) -> Result<u64, StoreError> {
    let between = Condition::all().add(Column::Account.eq(account.as_str())).add(Column::App.eq(app.as_str()));
    Ok(Entity::delete_many().filter(between).exec(tx.connection()).await?.rows_affected)
}

/// Notes a use.
pub async fn touch(tx: &Tx, id: GrantId, now: Time) -> Result<(), StoreError> {
    let touch = Entity::update_many().col_expr(Column::UsedMs, Expr::value(now.as_ms()));
    touch.filter(Column::Id.eq(id.as_str())).exec(tx.connection()).await?;
    Ok(())
}
