//! Facts about this installation, by name: the check of the secret key, and the like.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use crate::connection::reading::Connected as _;
use crate::{Read, StoreError, Tx};

pub(crate) mod row {
    //! How a fact lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "house")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) name: String,
        pub(crate) value: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

/// The fact, if it was noted.
pub async fn get(db: &impl Read, name: &str) -> Result<Option<String>, StoreError> {
    Ok(Entity::find_by_id(name).one(db.connection()).await?.map(|row| row.value))
}

/// Notes a fact in the place of what was there.
pub async fn put(tx: &Tx, name: &str, value: &str) -> Result<(), StoreError> {
    insert(tx, name, value, OnConflict::column(Column::Name).update_column(Column::Value).to_owned()).await
}

/// Notes a fact unless there is one of that name, and says which one stands now.
pub async fn put_first(tx: &Tx, name: &str, value: &str) -> Result<String, StoreError> {
    // What another process noted at the same moment is waited for here, and read below.
    insert(tx, name, value, OnConflict::column(Column::Name).do_nothing().to_owned()).await?;
    Ok(get(tx, name).await?.unwrap_or_else(|| value.to_owned()))
}

/// Forgets a fact; whether there was one.
pub async fn remove(tx: &Tx, name: &str) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(name).exec(tx.connection()).await?.rows_affected > 0)
}

async fn insert(tx: &Tx, name: &str, value: &str, otherwise: OnConflict) -> Result<(), StoreError> {
    let row = row::Model { name: name.to_owned(), value: value.to_owned() };
    let row = row.into_active_model().reset_all();
    Entity::insert(row).on_conflict(otherwise).exec_without_returning(tx.connection()).await?;
    Ok(())
}
