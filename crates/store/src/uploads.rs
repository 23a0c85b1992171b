//! Resumable uploads under way. Each piece that arrived whole is a file of its own until the upload is complete.

use model::{ProductionId, Time, UploadId};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{BlobKey, Read, StoreError, Tx};

/// A resumable upload under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its name within the program.
    pub id: UploadId,
    /// What it is for.
    pub production: ProductionId,
    /// What it is there: the recording or the cover, in the words of `app`.
    pub field: String,
    /// What its owner calls the file.
    pub name: String,
    /// How many bytes there will be, where that was said.
    pub length: Option<u64>,
    /// How many bytes are there.
    pub offset: u64,
    /// Where they lie, in their order.
    pub parts: Vec<BlobKey>,
    /// When it was begun.
    pub created: Time,
    /// From when on it is given up.
    pub expires: Time,
}

pub(crate) mod row {
    //! How an upload lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "uploads")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) production: String,
        pub(crate) field: String,
        pub(crate) name: String,
        pub(crate) length: Option<i64>,
        pub(crate) offset: i64,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) parts: Json,
        pub(crate) created_ms: i64,
        pub(crate) expires_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Upload {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|why| corrupt("uploads", &row.id, why))?,
            production: row.production.parse().map_err(|why| corrupt("uploads", &row.id, why))?,
            field: row.field,
            name: row.name,
            length: row.length.map(u64::try_from).transpose().map_err(|why| corrupt("uploads", &row.id, why))?,
            offset: row.offset.try_into().map_err(|why| corrupt("uploads", &row.id, why))?,
            parts: document::read("uploads", &row.id, row.parts)?,
            created: Time::from_ms(row.created_ms),
            expires: Time::from_ms(row.expires_ms),
        })
    }
}

/// Keeps a new upload.
pub async fn insert(tx: &Tx, upload: &Upload) -> Result<(), StoreError> {
    document::plain(&upload.name)?;
    let row = row::Model {
        id: upload.id.to_string(),
        production: upload.production.to_string(),
        field: upload.field.clone(),
        name: upload.name.clone(),
        length: upload.length.map(|length| length as i64),
        offset: upload.offset as i64,
        parts: document::write(&upload.parts)?,
        created_ms: upload.created.as_ms(),
        expires_ms: upload.expires.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The upload.
pub async fn find(db: &impl Read, id: UploadId) -> Result<Option<Upload>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(Upload::try_from).transpose()
}

/// The upload, which nobody else can change until the transaction ends.
pub async fn find_for_update(tx: &Tx, id: UploadId) -> Result<Option<Upload>, StoreError> {
    let found = Entity::find_by_id(id.as_str()).lock(LockType::Update).one(tx.connection()).await?;
    found.map(Upload::try_from).transpose()
}

/// Changes length, offset, parts and expiry; whether there is such an upload.
pub async fn update(tx: &Tx, upload: &Upload) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Length, Expr::value(upload.length.map(|length| length as i64)))
        .col_expr(Column::Offset, Expr::value(upload.offset as i64))
        .col_expr(Column::Parts, Expr::value(document::write(&upload.parts)?))
        .col_expr(Column::ExpiresMs, Expr::value(upload.expires.as_ms()))
        .filter(Column::Id.eq(upload.id.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Forgets it; whether there was one. Its parts are doomed by the caller.
pub async fn remove(tx: &Tx, id: UploadId) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id.as_str()).exec(tx.connection()).await?.rows_affected > 0)
}

/// Uploads for a production, oldest first.
pub async fn list_by_production(db: &impl Read, production: ProductionId) -> Result<Vec<Upload>, StoreError> {
    let rows = Entity::find().filter(Column::Production.eq(production.as_str())).order_by_asc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(Upload::try_from).collect()
}

/// Uploads that are given up, those that expired first in front.
pub async fn list_expired(db: &impl Read, now: Time, limit: u64) -> Result<Vec<Upload>, StoreError> {
    let over = Entity::find().filter(Column::ExpiresMs.lte(now.as_ms())).order_by_asc(Column::ExpiresMs);
    over.limit(limit).all(db.connection()).await?.into_iter().map(Upload::try_from).collect()
}
