//! Publishing targets of accounts.

use model::service::Placing;
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

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "services")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) owner: String,
        pub(crate) app: String,
        pub(crate) name: String,
        pub(crate) webhook_url: String,
        pub(crate) custom_data: Option<String>,
        pub(crate) created_ms: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
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
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            owner: row.owner.parse().map_err(wrong)?,
            app: row.app.parse().map_err(wrong)?,
            name: row.name,
            webhook_url: row.webhook_url,
            custom_data: row.custom_data,
            created: Time::from_ms(row.created_ms),
            changed: Time::from_ms(row.changed_ms),
        })
    }
}

/// Keeps a new service. A [`StoreError::Conflict`] where the app has one of that name with its owner.
pub async fn insert(tx: &Tx, service: &Service) -> Result<(), StoreError> {
    check(service)?;
    let row = row::Model {
        id: service.id.to_string(),
        owner: service.owner.to_string(),
        app: service.app.to_string(),
        name: service.name.clone(),
        webhook_url: service.webhook_url.clone(),
        custom_data: service.custom_data.clone(),
        created_ms: service.created.as_ms(),
        changed_ms: service.changed.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Gives a service another address and other data.
pub async fn update(tx: &Tx, service: &Service) -> Result<(), StoreError> {
    check(service)?;
    Entity::update_many()
        .col_expr(Column::WebhookUrl, Expr::value(service.webhook_url.as_str()))
        .col_expr(Column::CustomData, Expr::value(service.custom_data.as_deref()))
        .col_expr(Column::ChangedMs, Expr::value(service.changed.as_ms()))
        .filter(Column::Id.eq(service.id.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(())
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

fn check(service: &Service) -> Result<(), StoreError> {
    let data = service.custom_data.as_deref().unwrap_or_default();
    [&service.name, &service.webhook_url, data].into_iter().try_for_each(document::plain)
}
