//! Named drafts to begin productions with.

use model::production::Preset;
use model::{AccountId, PresetId, Time};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{Page, Read, StoreError, Tx};

pub(crate) mod row {
    //! How a preset lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "presets")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) owner: String,
        pub(crate) name: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) draft: Json,
        pub(crate) created_ms: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Preset {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|why| corrupt("presets", &row.id, why))?,
            owner: row.owner.parse().map_err(|why| corrupt("presets", &row.id, why))?,
            name: row.name,
            draft: document::read("presets", &row.id, row.draft)?,
            created: Time::from_ms(row.created_ms),
            changed: Time::from_ms(row.changed_ms),
        })
    }
}

/// Keeps a new preset.
pub async fn insert(tx: &Tx, preset: &Preset) -> Result<(), StoreError> {
    document::plain(&preset.name)?;
    let row = row::Model {
        id: preset.id.to_string(),
        owner: preset.owner.to_string(),
        name: preset.name.clone(),
        draft: document::write(&preset.draft)?,
        created_ms: preset.created.as_ms(),
        changed_ms: preset.changed.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The preset.
pub async fn find(db: &impl Read, id: PresetId) -> Result<Option<Preset>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(Preset::try_from).transpose()
}

/// The preset, which nobody else can change until the transaction ends.
pub async fn find_for_update(tx: &Tx, id: PresetId) -> Result<Option<Preset>, StoreError> {
    let found = Entity::find_by_id(id.as_str()).lock(LockType::Update).one(tx.connection()).await?;
    found.map(Preset::try_from).transpose()
}

/// Changes everything but id, owner and when it was made; whether there is such a preset.
pub async fn update(tx: &Tx, preset: &Preset) -> Result<bool, StoreError> {
    document::plain(&preset.name)?;
    let done = Entity::update_many()
        .col_expr(Column::Name, Expr::value(preset.name.as_str()))
        .col_expr(Column::Draft, Expr::value(document::write(&preset.draft)?))
        .col_expr(Column::ChangedMs, Expr::value(preset.changed.as_ms()))
        .filter(Column::Id.eq(preset.id.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Forgets it; whether there was one.
pub async fn remove(tx: &Tx, id: PresetId) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id.as_str()).exec(tx.connection()).await?.rows_affected > 0)
}

/// Presets of an account, newest first.
pub async fn list(db: &impl Read, owner: AccountId, page: Page) -> Result<Vec<Preset>, StoreError> {
    let theirs = Entity::find().filter(Column::Owner.eq(owner.as_str())).order_by_desc(Column::Id);
    let rows = theirs.limit(page.limit).offset(page.offset).all(db.connection()).await?;
    rows.into_iter().map(Preset::try_from).collect()
}

/// How many presets an account has.
pub async fn count(db: &impl Read, owner: AccountId) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::Owner.eq(owner.as_str())).count(db.connection()).await?)
}
