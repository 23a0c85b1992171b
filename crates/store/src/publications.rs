//! Collections of articles, how their words are said, and what organizations call their own people and publications.

use model::organization::{Publication, PublicationMapping, UserMapping};
use model::{AccountId, OrganizationId, PublicationId, Time};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{Page, Read, StoreError, Tx};

pub(crate) mod row {
    //! How a publication lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "publications")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) organization: String,
        pub(crate) name: String,
        pub(crate) created_ms: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod mapping_row {
    //! How the name that an organization has for a publication lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "organization_publications")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) organization: String,
        pub(crate) theirs: String,
        pub(crate) publication: String,
        pub(crate) created_ms: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod user_row {
    //! How the name that an organization has for somebody lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "organization_users")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) organization: String,
        pub(crate) theirs: String,
        pub(crate) account: String,
        pub(crate) created_ms: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod word_row {
    //! How a word's pronunciation lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "pronunciations")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) publication: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) word: String,
        pub(crate) said: String,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Publication {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("publications", &row.id, why);
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            organization: row.organization.parse().map_err(wrong)?,
            name: row.name,
            created: Time::from_ms(row.created_ms),
            changed: Time::from_ms(row.changed_ms),
        })
    }
}

impl TryFrom<mapping_row::Model> for PublicationMapping {
    type Error = StoreError;

    fn try_from(row: mapping_row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("organization_publications", &row.id, why);
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            organization: row.organization.parse().map_err(wrong)?,
            publication: row.publication.parse().map_err(wrong)?,
            theirs: row.theirs,
            created: Time::from_ms(row.created_ms),
            changed: Time::from_ms(row.changed_ms),
        })
    }
}

impl TryFrom<user_row::Model> for UserMapping {
    type Error = StoreError;

    fn try_from(row: user_row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("organization_users", &row.id, why);
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            organization: row.organization.parse().map_err(wrong)?,
            account: row.account.parse().map_err(wrong)?,
            theirs: row.theirs,
            created: Time::from_ms(row.created_ms),
            changed: Time::from_ms(row.changed_ms),
        })
    }
}

/// Keeps a new publication.
pub async fn insert(tx: &Tx, publication: &Publication) -> Result<(), StoreError> {
    document::plain(&publication.name)?;
    let row = row::Model {
        id: publication.id.to_string(),
        organization: publication.organization.to_string(),
        name: publication.name.clone(),
        created_ms: publication.created.as_ms(),
        changed_ms: publication.changed.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The publication.
pub async fn find(db: &impl Read, id: PublicationId) -> Result<Option<Publication>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(Publication::try_from).transpose()
}

/// The publications of organizations, those first that were seen first.
pub async fn list(db: &impl Read, organizations: &[OrganizationId]) -> Result<Vec<Publication>, StoreError> {
    let of = Column::Organization.is_in(organizations.iter().map(OrganizationId::as_str));
    let rows = Entity::find().filter(of).order_by_asc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(Publication::try_from).collect()
}

/// Gives a publication another name; whether there is one.
pub async fn rename(
    tx: &Tx,
    organization: OrganizationId,
    id: PublicationId,
    name: &str,
    now: Time,
) -> Result<bool, StoreError> {
    document::plain(name)?;
    let done = Entity::update_many()
        .col_expr(Column::Name, Expr::value(name))
        .col_expr(Column::ChangedMs, Expr::value(now.as_ms()))
        .filter(Column::Id.eq(id.as_str()))
        .filter(Column::Organization.eq(organization.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Keeps what an organization calls a publication; a [`StoreError::Conflict`] where it calls one that.
pub async fn insert_mapping(tx: &Tx, mapping: &PublicationMapping) -> Result<(), StoreError> {
    document::plain(&mapping.theirs)?;
    let row = mapping_row::Model {
        id: mapping.id.to_string(),
        organization: mapping.organization.to_string(),
        theirs: mapping.theirs.clone(),
        publication: mapping.publication.to_string(),
        created_ms: mapping.created.as_ms(),
        changed_ms: mapping.changed.as_ms(),
    };
    mapping_row::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// What an organization calls by this name.
pub async fn find_mapping(
    db: &impl Read,
    organization: OrganizationId,
    theirs: &str,
) -> Result<Option<PublicationMapping>, StoreError> {
    use mapping_row::{Column, Entity};
    let found = Entity::find().filter(Column::Organization.eq(organization.as_str())).filter(Column::Theirs.eq(theirs));
    found.one(db.connection()).await?.map(PublicationMapping::try_from).transpose()
}

/// What organizations call publications.
pub async fn mappings(db: &impl Read, organizations: &[OrganizationId]) -> Result<Vec<PublicationMapping>, StoreError> {
    use mapping_row::{Column, Entity};
    let of = Column::Organization.is_in(organizations.iter().map(OrganizationId::as_str));
    let rows = Entity::find().filter(of).order_by_asc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(PublicationMapping::try_from).collect()
}

/// What an organization calls a publication, where it has a name for it.
pub async fn theirs(db: &impl Read, publication: PublicationId) -> Result<Option<String>, StoreError> {
    use mapping_row::{Column, Entity};
    let found = Entity::find().filter(Column::Publication.eq(publication.as_str())).order_by_asc(Column::Id);
    Ok(found.one(db.connection()).await?.map(|row| row.theirs))
}

/// Keeps who somebody of an organization is; a [`StoreError::Conflict`] where that is known.
pub async fn insert_user(tx: &Tx, mapping: &UserMapping) -> Result<(), StoreError> {
    document::plain(&mapping.theirs)?;
    let row = user_row::Model {
        id: mapping.id.to_string(),
        organization: mapping.organization.to_string(),
        theirs: mapping.theirs.clone(),
        account: mapping.account.to_string(),
        created_ms: mapping.created.as_ms(),
        changed_ms: mapping.changed.as_ms(),
    };
    user_row::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Who somebody of an organization is.
pub async fn find_user(
    db: &impl Read,
    organization: OrganizationId,
    theirs: &str,
) -> Result<Option<UserMapping>, StoreError> {
    use user_row::{Column, Entity};
    let found = Entity::find().filter(Column::Organization.eq(organization.as_str())).filter(Column::Theirs.eq(theirs));
    found.one(db.connection()).await?.map(UserMapping::try_from).transpose()
}

/// What an organization calls an account.
pub async fn find_user_of(
    db: &impl Read,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Option<UserMapping>, StoreError> {
    use user_row::{Column, Entity};
    let found = Entity::find()
        .filter(Column::Organization.eq(organization.as_str()))
        .filter(Column::Account.eq(account.as_str()))
        .order_by_asc(Column::Id);
    found.one(db.connection()).await?.map(UserMapping::try_from).transpose()
}

/// Who people of an organization are, those first who were seen first.
pub async fn users(db: &impl Read, organization: OrganizationId, page: Page) -> Result<Vec<UserMapping>, StoreError> {
    use user_row::{Column, Entity};
    let of = Entity::find().filter(Column::Organization.eq(organization.as_str())).order_by_asc(Column::Id);
    let rows = of.limit(page.limit).offset(page.offset).all(db.connection()).await?;
    rows.into_iter().map(UserMapping::try_from).collect()
}

/// The words that a publication says in its own way, and how.
pub async fn pronunciations(db: &impl Read, publication: PublicationId) -> Result<Vec<(String, String)>, StoreError> {
    use word_row::{Column, Entity};
    let rows = Entity::find().filter(Column::Publication.eq(publication.as_str())).order_by_asc(Column::Word);
    Ok(rows.all(db.connection()).await?.into_iter().map(|row| (row.word, row.said)).collect())
}

/// Keeps how a word is said, over what was kept before.
pub async fn pronounce(
    tx: &Tx,
    publication: PublicationId,
    word: &str,
    said: &str,
    now: Time,
) -> Result<(), StoreError> {
    use word_row::{Column, Entity, Model};
    document::plain(word)?;
    document::plain(said)?;
    let row = Model {
        publication: publication.to_string(),
        word: word.to_owned(),
        said: said.to_owned(),
        changed_ms: now.as_ms(),
    };
    let known = OnConflict::columns([Column::Publication, Column::Word])
        .update_columns([Column::Said, Column::ChangedMs])
        .to_owned();
    let insert = Entity::insert(row.into_active_model().reset_all()).on_conflict(known);
    insert.exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Forgets how a word is said; whether that was known.
pub async fn forget_pronunciation(tx: &Tx, publication: PublicationId, word: &str) -> Result<bool, StoreError> {
    use word_row::{Column, Entity};
    let done = Entity::delete_many()
        .filter(Column::Publication.eq(publication.as_str()))
        .filter(Column::Word.eq(word))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}
