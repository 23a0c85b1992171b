//! Registered apps and their secrets, which lie here sealed.

use std::collections::HashMap;
use std::sync::Arc;

use model::registered_app::Services;
use model::{AccountId, AppId, AppSecretId, RegisteredApp, Time};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{Page, Read, Store, StoreError, Tx};

/// A secret of an app, sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct AppSecret {
    /// Its name within the program.
    pub id: AppSecretId,
    /// Whose it is.
    pub app: AppId,
    /// What it is, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created: Time,
    /// From when on it is worth nothing, where another took its place.
    pub expires: Option<Time>,
}

pub(crate) mod row {
    //! How an app lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "apps")]
    #[expect(clippy::struct_excessive_bools, reason = "a column each")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) owner: String,
        pub(crate) name: String,
        pub(crate) about: String,
        pub(crate) homepage: Option<String>,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) redirect_uris: Json,
        pub(crate) oauth1_callback: Option<String>,
        pub(crate) scopes: String,
        pub(crate) is_public: bool,
        pub(crate) services: String,
        pub(crate) may_encode: bool,
        pub(crate) may_oauth10: bool,
        pub(crate) may_password: bool,
        pub(crate) created_ms: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod secret_row {
    //! How a secret lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "app_secrets")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) app: String,
        pub(crate) sealed: Vec<u8>,
        pub(crate) created_ms: i64,
        pub(crate) expires_ms: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for RegisteredApp {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let services = Services::from_word(&row.services)
            .ok_or_else(|| corrupt("apps", &row.id, format!("“{}” is no state of a service", row.services)))?;
        Ok(Self {
            id: row.id.parse().map_err(|why| corrupt("apps", &row.id, why))?,
            owner: row.owner.parse().map_err(|why| corrupt("apps", &row.id, why))?,
            name: row.name,
            about: row.about,
            homepage: row.homepage,
            redirect_uris: document::read("apps", &row.id, row.redirect_uris)?,
            oauth1_callback: row.oauth1_callback,
            scopes: row.scopes,
            is_public: row.is_public,
            services,
            may_encode: row.may_encode,
            may_oauth10: row.may_oauth10,
            may_password: row.may_password,
            created: Time::from_ms(row.created_ms),
            changed: Time::from_ms(row.changed_ms),
        })
    }
}

impl TryFrom<secret_row::Model> for AppSecret {
    type Error = StoreError;

    fn try_from(row: secret_row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|why| corrupt("app_secrets", &row.id, why))?,
            app: row.app.parse().map_err(|why| corrupt("app_secrets", &row.id, why))?,
            sealed: row.sealed,
            created: Time::from_ms(row.created_ms),
            expires: row.expires_ms.map(Time::from_ms),
        })
    }
}

fn as_row(app: &RegisteredApp) -> Result<row::Model, StoreError> {
    Ok(row::Model {
        id: app.id.to_string(),
        owner: app.owner.to_string(),
        name: app.name.clone(),
        about: app.about.clone(),
        homepage: app.homepage.clone(),
        redirect_uris: document::write(&app.redirect_uris)?,
        oauth1_callback: app.oauth1_callback.clone(),
        scopes: app.scopes.clone(),
        is_public: app.is_public,
        services: app.services.word().to_owned(),
        may_encode: app.may_encode,
        may_oauth10: app.may_oauth10,
        may_password: app.may_password,
        created_ms: app.created.as_ms(),
        changed_ms: app.changed.as_ms(),
    })
}

/// Keeps a new app.
pub async fn insert(tx: &Tx, app: &RegisteredApp) -> Result<(), StoreError> {
    let row = as_row(app)?.into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Writes an app over what was there; whether there was one.
pub async fn update(tx: &Tx, app: &RegisteredApp) -> Result<bool, StoreError> {
    let row = as_row(app)?.into_active_model().reset_all();
    let done = Entity::update_many().set(row).filter(Column::Id.eq(app.id.as_str())).exec(tx.connection()).await?;
    Ok(done.rows_affected > 0)
}

/// The app.
pub async fn find(db: &impl Read, id: AppId) -> Result<Option<RegisteredApp>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(RegisteredApp::try_from).transpose()
}

/// The apps of an account, newest first.
pub async fn list_of(db: &impl Read, owner: AccountId) -> Result<Vec<RegisteredApp>, StoreError> {
    let rows = Entity::find().filter(Column::Owner.eq(owner.as_str())).order_by_desc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(RegisteredApp::try_from).collect()
}

/// All apps, newest first.
pub async fn list(db: &impl Read, page: Page) -> Result<Vec<RegisteredApp>, StoreError> {
    let rows = Entity::find().order_by_desc(Column::Id).limit(page.limit).offset(page.offset);
    rows.all(db.connection()).await?.into_iter().map(RegisteredApp::try_from).collect()
}

/// How many an account has.
pub async fn count_of(db: &impl Read, owner: AccountId) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::Owner.eq(owner.as_str())).count(db.connection()).await?)
}

/// Forgets an app with everything that it was allowed; whether there was one.
pub async fn remove(tx: &Tx, id: AppId) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id.as_str()).exec(tx.connection()).await?.rows_affected > 0)
}

/// Keeps a new secret.
pub async fn insert_secret(tx: &Tx, secret: &AppSecret) -> Result<(), StoreError> {
    let row = secret_row::Model {
        id: secret.id.to_string(),
        app: secret.app.to_string(),
        sealed: secret.sealed.clone(),
        created_ms: secret.created.as_ms(),
        expires_ms: secret.expires.map(Time::as_ms),
    };
    let row = row.into_active_model().reset_all();
    secret_row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The secrets of an app that are worth something now, newest first.
pub async fn secrets(db: &impl Read, app: AppId, now: Time) -> Result<Vec<AppSecret>, StoreError> {
    use secret_row::Column;
    let alive = Condition::any().add(Column::ExpiresMs.is_null()).add(Column::ExpiresMs.gt(now.as_ms()));
    let rows = secret_row::Entity::find().filter(Column::App.eq(app.as_str())).filter(alive);
    let rows = rows.order_by_desc(Column::Id).all(db.connection()).await?;
    rows.into_iter().map(AppSecret::try_from).collect()
}

/// An app that says to have sent a request, and its secrets, the newest first, among them such as are over. It is asked together
/// with others.
pub async fn recognise(store: &Store, id: AppId) -> Result<Option<Arc<(RegisteredApp, Vec<AppSecret>)>>, StoreError> {
    let db = store.clone();
    let find = move |ids: Vec<AppId>| {
        let db = db.clone();
        async move {
            let ids: Vec<_> = ids.iter().map(AppId::as_str).collect();
            let apps = Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(db.connection()).await?;
            let secrets = secret_row::Entity::find().filter(secret_row::Column::App.is_in(ids));
            let secrets = secrets.order_by_desc(secret_row::Column::Id).all(db.connection()).await?;
            let mut kept: HashMap<AppId, Vec<AppSecret>> = HashMap::new();
            for secret in secrets {
                let secret = AppSecret::try_from(secret)?;
                kept.entry(secret.app).or_default().push(secret);
            }
            let mut found = HashMap::with_capacity(apps.len());
            for app in apps {
                let app = RegisteredApp::try_from(app)?;
                let secrets = kept.remove(&app.id).unwrap_or_default();
                found.insert(app.id, Arc::new((app, secrets)));
            }
            Ok(found)
        }
    };
    store.lines.apps.find(id, find).await
}

/// Gives every secret of an app that has no end yet this one, or an earlier one to those that have a later.
pub async fn expire_secrets(tx: &Tx, app: AppId, at: Time) -> Result<(), StoreError> {
    use secret_row::Column;
    let later = Condition::any().add(Column::ExpiresMs.is_null()).add(Column::ExpiresMs.gt(at.as_ms()));
    secret_row::Entity::update_many()
        .col_expr(Column::ExpiresMs, Expr::value(at.as_ms()))
        .filter(Column::App.eq(app.as_str()))
        .filter(later)
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Forgets secrets whose time is over.
pub async fn remove_expired_secrets(tx: &Tx, now: Time) -> Result<u64, StoreError> {
    let over = secret_row::Column::ExpiresMs.lte(now.as_ms());
    Ok(secret_row::Entity::delete_many().filter(over).exec(tx.connection()).await?.rows_affected)
}
