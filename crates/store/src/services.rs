//! Places of accounts that recordings come from and productions go to: apps that connected themselves, and stores with what opens them.

use model::service::{AppTarget, Checked, Placing, StoreTarget, Target};
use model::{AccountId, AppId, ProductionId, Service, ServiceId, Time};
use sea_orm::sea_query::{Expr, LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{Read, StoreError, Tx};

pub(crate) mod row {
    //! How a service lies in the database.

    use sea_orm::entity::prelude::*;

    /// What an app is, among the words for the kinds of stores.
    pub(crate) const APP: &str = "external";

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "services")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) owner: String,
        /// Backups of the time before there were stores say nothing here.
        #[serde(default = "app")]
        pub(crate) kind: String,
        pub(crate) name: String,
        pub(crate) app: Option<String>,
        pub(crate) webhook_url: Option<String>,
        pub(crate) custom_data: Option<String>,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        #[serde(default)]
        pub(crate) remote: Option<Json>,
        /// What opens a store, sealed by `app`.
        #[serde(default)]
        pub(crate) sealed: Option<Vec<u8>>,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        #[serde(default)]
        pub(crate) checked: Option<Json>,
        pub(crate) created_ms: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    fn app() -> String {
        APP.to_owned()
    }
}

pub(crate) mod placing_row {
    //! How it went with a production at a service.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "placings")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) production: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) service: String,
        pub(crate) success: Option<bool>,
        pub(crate) trouble: String,
        pub(crate) result_page: Option<String>,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) result_urls: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<placing_row::Model> for Placing {
    type Error = StoreError;

    fn try_from(row: placing_row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("placings", &row.production, why);
        Ok(Self {
            production: row.production.parse().map_err(wrong)?,
            service: row.service.parse().map_err(wrong)?,
            success: row.success,
            result_urls: document::read("placings", &row.production, row.result_urls)?,
            trouble: row.trouble,
            result_page: row.result_page,
        })
    }
}

/// Notes how it went with a production at a service, over what was noted before.
pub async fn place(tx: &Tx, placing: &Placing) -> Result<(), StoreError> {
    use placing_row::Column;
    document::plain(placing.result_page.as_deref().unwrap_or_default())?;
    let row = placing_row::Model {
        production: placing.production.to_string(),
        service: placing.service.to_string(),
        success: placing.success,
        trouble: placing.trouble.replace('\0', "\u{fffd}"),
        result_page: placing.result_page.clone(),
        result_urls: document::write(&placing.result_urls)?,
    };
    let known = OnConflict::columns([Column::Production, Column::Service])
        .update_columns([Column::Success, Column::Trouble, Column::ResultPage, Column::ResultUrls])
        .to_owned();
    let insert = placing_row::Entity::insert(row.into_active_model().reset_all()).on_conflict(known);
    insert.exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// How it went with productions at services.
pub async fn placings(db: &impl Read, productions: &[ProductionId]) -> Result<Vec<Placing>, StoreError> {
    let of = placing_row::Column::Production.is_in(productions.iter().map(ProductionId::as_str));
    let rows = placing_row::Entity::find().filter(of).all(db.connection()).await?;
    rows.into_iter().map(Placing::try_from).collect()
}

/// Forgets how it went with a production.
pub async fn forget_placings(tx: &Tx, production: ProductionId) -> Result<(), StoreError> {
    let of = placing_row::Column::Production.eq(production.as_str());
    placing_row::Entity::delete_many().filter(of).exec(tx.connection()).await?;
    Ok(())
}

impl TryFrom<row::Model> for Service {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("services", &row.id, why);
        let target = match (row.app, row.webhook_url, row.remote) {
            (Some(app), Some(webhook_url), None) => {
                Target::App(AppTarget { app: app.parse().map_err(wrong)?, webhook_url, custom_data: row.custom_data })
            }
            (None, None, Some(remote)) => Target::Store(StoreTarget {
                remote: document::read("services", &row.id, remote)?,
                checked: row.checked.map(|checked| document::read("services", &row.id, checked)).transpose()?,
            }),
            _ => return Err(corrupt("services", &row.id, "it is neither an app nor a store")),
        };
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            owner: row.owner.parse().map_err(wrong)?,
            name: row.name,
            target,
            created: Time::from_ms(row.created_ms),
            changed: Time::from_ms(row.changed_ms),
        })
    }
}

/// Keeps a new service, and what opens it where that is a store. A [`StoreError::Conflict`] where an app has one of that name with its
/// owner.
pub async fn insert(tx: &Tx, service: &Service, sealed: Option<Vec<u8>>) -> Result<(), StoreError> {
    let row = row_of(service, sealed)?;
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Changes what a service is. What opens a store stays unless there is something new.
pub async fn update(tx: &Tx, service: &Service, sealed: Option<Vec<u8>>) -> Result<(), StoreError> {
    let row = row_of(service, sealed)?;
    let mut update = Entity::update_many()
        .col_expr(Column::Name, Expr::value(row.name))
        .col_expr(Column::WebhookUrl, Expr::value(row.webhook_url))
        .col_expr(Column::CustomData, Expr::value(row.custom_data))
        .col_expr(Column::Remote, Expr::value(row.remote))
        .col_expr(Column::Checked, Expr::value(row.checked))
        .col_expr(Column::ChangedMs, Expr::value(row.changed_ms));
    if row.sealed.is_some() {
        update = update.col_expr(Column::Sealed, Expr::value(row.sealed));
    }
    update.filter(Column::Id.eq(service.id.as_str())).exec(tx.connection()).await?;
    Ok(())
}

fn row_of(service: &Service, sealed: Option<Vec<u8>>) -> Result<row::Model, StoreError> {
    document::plain(&service.name)?;
    let mut row = row::Model {
        id: service.id.to_string(),
        owner: service.owner.to_string(),
        kind: row::APP.to_owned(),
        name: service.name.clone(),
        app: None,
        webhook_url: None,
        custom_data: None,
        remote: None,
        sealed,
        checked: None,
        created_ms: service.created.as_ms(),
        changed_ms: service.changed.as_ms(),
    };
    match &service.target {
        Target::App(app) => {
            [&app.webhook_url, app.custom_data.as_ref().unwrap_or(&String::new())]
                .into_iter()
                .try_for_each(|text| document::plain(text))?;
            row.app = Some(app.app.to_string());
            row.webhook_url = Some(app.webhook_url.clone());
            row.custom_data.clone_from(&app.custom_data);
        }
        Target::Store(store) => {
            store.remote.word().clone_into(&mut row.kind);
            row.remote = Some(document::write(&store.remote)?);
            row.checked = store.checked.as_ref().map(document::write).transpose()?;
        }
    }
    Ok(row)
}

/// Notes what came of a test of a store's connection, unless the store was changed since it began.
pub async fn note_check(tx: &Tx, id: ServiceId, changed: Time, store: &StoreTarget) -> Result<bool, StoreError> {
    let checked: Option<&Checked> = store.checked.as_ref();
    let done = Entity::update_many()
        .col_expr(Column::Remote, Expr::value(document::write(&store.remote)?))
        .col_expr(Column::Checked, Expr::value(checked.map(document::write).transpose()?))
        .filter(Column::Id.eq(id.as_str()))
        .filter(Column::ChangedMs.eq(changed.as_ms()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// A service and what opens it, sealed by `app`.
pub async fn find_with_sealed(db: &impl Read, id: ServiceId) -> Result<Option<(Service, Option<Vec<u8>>)>, StoreError> {
    let found = Entity::find_by_id(id.as_str()).one(db.connection()).await?;
    found
        .map(|mut row| {
            let sealed = row.sealed.take();
            Ok((Service::try_from(row)?, sealed))
        })
        .transpose()
}

/// A service that nobody else can change until the transaction ends.
pub async fn find_for_update(tx: &Tx, id: ServiceId) -> Result<Option<Service>, StoreError> {
    let found = Entity::find_by_id(id.as_str()).lock(LockType::Update);
    found.one(tx.connection()).await?.map(Service::try_from).transpose()
}

/// What an app has of an account under a name, which nobody else can change until the transaction ends.
pub async fn find_named(tx: &Tx, owner: AccountId, app: AppId, name: &str) -> Result<Option<Service>, StoreError> {
    let found = Entity::find()
        .filter(Column::Owner.eq(owner.as_str()))
        .filter(Column::App.eq(app.as_str()))
        .filter(Column::Name.eq(name))
        .lock(LockType::Update);
    found.one(tx.connection()).await?.map(Service::try_from).transpose()
}

/// The service.
pub async fn find(db: &impl Read, id: ServiceId) -> Result<Option<Service>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(Service::try_from).transpose()
}

/// The services of an account, those first that were connected first.
pub async fn list(db: &impl Read, owner: AccountId) -> Result<Vec<Service>, StoreError> {
    let rows = Entity::find().filter(Column::Owner.eq(owner.as_str())).order_by_asc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(Service::try_from).collect()
}

/// How many an account has.
pub async fn count(db: &impl Read, owner: AccountId) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::Owner.eq(owner.as_str())).count(db.connection()).await?)
}

/// Forgets a service; whether there was one.
pub async fn remove(tx: &Tx, id: ServiceId) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id.as_str()).exec(tx.connection()).await?.rows_affected > 0)
}
