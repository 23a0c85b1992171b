//! What browsers show that an organization sent to the editor: first once, in an address, and then as a cookie.
//!
//! Neither is good for anything but one account's narrations in one organization.

use model::{AccountId, OrganizationId, ProductionId, Time};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{Digest, Read, StoreError, Tx};

/// A right to edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EditorPass {
    /// In which organization.
    pub organization: OrganizationId,
    /// As whom.
    pub account: AccountId,
    /// What it was asked for.
    pub narration: ProductionId,
    /// Whether it is a cookie; otherwise it stands in an address and is good once.
    pub is_session: bool,
    /// Until when.
    pub expires: Time,
}

pub(crate) mod row {
    //! How such a right lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "editor_passes")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) secret: Vec<u8>,
        pub(crate) organization: String,
        pub(crate) account: String,
        pub(crate) narration: String,
        pub(crate) is_session: bool,
        pub(crate) expires_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for EditorPass {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("editor_passes", &row.narration, why);
        Ok(Self {
            organization: row.organization.parse().map_err(wrong)?,
            account: row.account.parse().map_err(wrong)?,
            narration: row.narration.parse().map_err(wrong)?,
            is_session: row.is_session,
            expires: Time::from_ms(row.expires_ms),
        })
    }
}

/// Keeps a right under the digest of what is shown for it.
pub async fn insert(tx: &Tx, pass: &EditorPass, secret: &Digest) -> Result<(), StoreError> {
    let row = row::Model {
        secret: secret.to_vec(),
        organization: pass.organization.to_string(),
        account: pass.account.to_string(),
        narration: pass.narration.to_string(),
        is_session: pass.is_session,
        expires_ms: pass.expires.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The right that is shown by this, while it is one.
pub async fn find(db: &impl Read, secret: &Digest, now: Time) -> Result<Option<EditorPass>, StoreError> {
    let found = Entity::find_by_id(secret.to_vec()).filter(Column::ExpiresMs.gt(now.as_ms()));
    found.one(db.connection()).await?.map(EditorPass::try_from).transpose()
}

/// Forgets a right; whether there was one. Of several who do so at once, one hears yes.
pub async fn remove(tx: &Tx, secret: &Digest) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(secret.to_vec()).exec(tx.connection()).await?.rows_affected > 0)
}

/// Forgets rights whose time is over, and says how many there were.
pub async fn remove_expired(tx: &Tx, now: Time) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::ExpiresMs.lte(now.as_ms())).exec(tx.connection()).await?.rows_affected)
}
