//! Articles that are read aloud, how their scripts came to be, and requests that are not to be done twice.

use model::article::About;
use model::narration::{Published, Script, Wish};
use model::{AccountId, Narration, OrganizationId, ProductionId, Time};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest as _, Sha256};

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{Digest, Page, Read, StoreError, Tx};

pub(crate) mod row {
    //! How a narration lies in the database. Its id is the production's.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "narrations")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) owner: String,
        pub(crate) organization: String,
        pub(crate) publication: String,
        pub(crate) address: String,
        /// Addresses may be longer than what an index takes.
        pub(crate) address_digest: Vec<u8>,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) wish: Json,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub(crate) about: Option<Json>,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        #[serde(default)]
        pub(crate) findings: Option<Json>,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) script: Json,
        pub(crate) revision: i64,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub(crate) published: Option<Json>,
        #[serde(default)]
        pub(crate) replacing_run: Option<i64>,
        pub(crate) created_ms: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod revision_row {
    //! How an earlier script lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "narration_revisions")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) narration: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) revision: i64,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) script: Json,
        pub(crate) author: String,
        pub(crate) created_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod request_row {
    //! How a request that has a key of its own lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "narration_requests")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) organization: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) request_key: String,
        pub(crate) digest: Vec<u8>,
        pub(crate) narration: String,
        pub(crate) created_ms: i64,
        pub(crate) has_begun: Option<bool>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

/// An earlier script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Which one.
    pub revision: u32,
    /// What was to be read.
    pub script: Script,
    /// Who wrote it, or nobody where it was made of the article.
    pub author: Option<AccountId>,
    /// When.
    pub created: Time,
}

impl TryFrom<revision_row::Model> for Revision {
    type Error = StoreError;

    fn try_from(row: revision_row::Model) -> Result<Self, StoreError> {
        let table = "narration_revisions";
        Ok(Self {
            revision: row.revision.try_into().map_err(|why| corrupt(table, &row.narration, why))?,
            author: match row.author.as_str() {
                "" => None,
                author => Some(author.parse().map_err(|why| corrupt(table, &row.narration, why))?),
            },
            created: Time::from_ms(row.created_ms),
            script: document::read(table, &row.narration, row.script)?,
        })
    }
}

impl TryFrom<row::Model> for Narration {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("narrations", &row.id, why);
        let about = row.about.map(|about| document::read::<About>("narrations", &row.id, about)).transpose()?;
        let findings = row.findings.map(|found| document::read("narrations", &row.id, found)).transpose()?;
        let findings = findings.unwrap_or_default();
        let published =
            row.published.map(|made| document::read::<Published>("narrations", &row.id, made)).transpose()?;
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            owner: row.owner.parse().map_err(wrong)?,
            organization: row.organization.parse().map_err(wrong)?,
            publication: row.publication.parse().map_err(wrong)?,
            wish: document::read::<Wish>("narrations", &row.id, row.wish)?,
            script: document::read::<Script>("narrations", &row.id, row.script)?,
            revision: row.revision.try_into().map_err(|why| corrupt("narrations", &row.id, why))?,
            replacing: row
                .replacing_run
                .map(|run| run.try_into().map_err(|why| corrupt("narrations", &row.id, why)))
                .transpose()?,
            about,
            findings,
            published,
            address: row.address,
            created: Time::from_ms(row.created_ms),
            changed: Time::from_ms(row.changed_ms),
        })
    }
}

fn digest(address: &str) -> Vec<u8> {
    Sha256::digest(address).to_vec()
}

/// Keeps a new narration; a [`StoreError::Conflict`] where its owner has one of this address in that organization. Its production has to
/// be there.
pub async fn insert(tx: &Tx, narration: &Narration) -> Result<(), StoreError> {
    document::plain(&narration.address)?;
    let row = row::Model {
        id: narration.id.to_string(),
        owner: narration.owner.to_string(),
        organization: narration.organization.to_string(),
        publication: narration.publication.to_string(),
        address: narration.address.clone(),
        address_digest: digest(&narration.address),
        wish: document::write(&narration.wish)?,
        about: narration.about.as_ref().map(document::write).transpose()?,
        findings: Some(document::write(&narration.findings)?),
        script: document::write(&narration.script)?,
        revision: narration.revision.into(),
        published: narration.published.as_ref().map(document::write).transpose()?,
        replacing_run: narration.replacing.map(i64::from),
        created_ms: narration.created.as_ms(),
        changed_ms: narration.changed.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Changes everything but whose it is, where it is from and when it was asked for.
pub async fn update(tx: &Tx, narration: &Narration) -> Result<(), StoreError> {
    let about = narration.about.as_ref().map(document::write).transpose()?;
    let published = narration.published.as_ref().map(document::write).transpose()?;
    Entity::update_many()
        .col_expr(Column::Publication, Expr::value(narration.publication.as_str()))
        .col_expr(Column::Wish, Expr::value(document::write(&narration.wish)?))
        .col_expr(Column::About, Expr::value(about))
        .col_expr(Column::Findings, Expr::value(document::write(&narration.findings)?))
        .col_expr(Column::Script, Expr::value(document::write(&narration.script)?))
        .col_expr(Column::Revision, Expr::value(i64::from(narration.revision)))
        .col_expr(Column::Published, Expr::value(published))
        .col_expr(Column::ReplacingRun, Expr::value(narration.replacing.map(i64::from)))
        .col_expr(Column::ChangedMs, Expr::value(narration.changed.as_ms()))
        .filter(Column::Id.eq(narration.id.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// The narration of a production, where it is one.
pub async fn find(db: &impl Read, id: ProductionId) -> Result<Option<Narration>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(Narration::try_from).transpose()
}

/// The same, which nobody else can change until the transaction ends. Its production has to be asked for before.
pub async fn find_for_update(tx: &Tx, id: ProductionId) -> Result<Option<Narration>, StoreError> {
    let found = Entity::find_by_id(id.as_str()).lock(LockType::Update).one(tx.connection()).await?;
    found.map(Narration::try_from).transpose()
}

/// What somebody of an organization has of an article.
pub async fn find_by_address(
    db: &impl Read,
    organization: OrganizationId,
    owner: AccountId,
    address: &str,
) -> Result<Option<Narration>, StoreError> {
    let found = Entity::find()
        .filter(Column::Organization.eq(organization.as_str()))
        .filter(Column::AddressDigest.eq(digest(address)))
        .filter(Column::Owner.eq(owner.as_str()));
    found.one(db.connection()).await?.map(Narration::try_from).transpose()
}

/// What anybody of an organization has of an article, what can be heard before what cannot, newest first.
pub async fn find_published(
    db: &impl Read,
    organization: OrganizationId,
    address: &str,
) -> Result<Option<Narration>, StoreError> {
    let of = Entity::find()
        .filter(Column::Organization.eq(organization.as_str()))
        .filter(Column::AddressDigest.eq(digest(address)))
        .order_by_asc(Column::Published.is_null())
        .order_by_desc(Column::Id);
    of.one(db.connection()).await?.map(Narration::try_from).transpose()
}

/// Narrations of an organization, newest first; all, or those of one account.
pub async fn list(
    db: &impl Read,
    organization: OrganizationId,
    owner: Option<AccountId>,
    page: Page,
) -> Result<Vec<Narration>, StoreError> {
    let mut of = Entity::find().filter(Column::Organization.eq(organization.as_str())).order_by_desc(Column::Id);
    if let Some(owner) = owner {
        of = of.filter(Column::Owner.eq(owner.as_str()));
    }
    let rows = of.limit(page.limit).offset(page.offset).all(db.connection()).await?;
    rows.into_iter().map(Narration::try_from).collect()
}

/// Keeps a script as it was.
pub async fn keep_revision(tx: &Tx, narration: ProductionId, revision: &Revision) -> Result<(), StoreError> {
    let row = revision_row::Model {
        narration: narration.to_string(),
        revision: revision.revision.into(),
        script: document::write(&revision.script)?,
        author: revision.author.map(|author| author.to_string()).unwrap_or_default(),
        created_ms: revision.created.as_ms(),
    };
    revision_row::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// An earlier script.
pub async fn find_revision(
    db: &impl Read,
    narration: ProductionId,
    revision: u32,
) -> Result<Option<Revision>, StoreError> {
    let found = revision_row::Entity::find_by_id((narration.to_string(), i64::from(revision)));
    found.one(db.connection()).await?.map(Revision::try_from).transpose()
}

/// The script before the last change.
pub async fn last_revision(db: &impl Read, narration: ProductionId) -> Result<Option<Revision>, StoreError> {
    use revision_row::{Column, Entity};
    let last = Entity::find().filter(Column::Narration.eq(narration.as_str())).order_by_desc(Column::Revision);
    last.one(db.connection()).await?.map(Revision::try_from).transpose()
}

/// Forgets one script.
pub async fn forget_revision(tx: &Tx, narration: ProductionId, revision: u32) -> Result<(), StoreError> {
    let one = revision_row::Entity::delete_by_id((narration.to_string(), i64::from(revision)));
    one.exec(tx.connection()).await?;
    Ok(())
}

/// Forgets scripts before a revision.
pub async fn forget_revisions_before(tx: &Tx, narration: ProductionId, revision: u32) -> Result<(), StoreError> {
    use revision_row::{Column, Entity};
    Entity::delete_many()
        .filter(Column::Narration.eq(narration.as_str()))
        .filter(Column::Revision.lt(i64::from(revision)))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// What came of a request that has a key of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What it said.
    pub digest: Vec<u8>,
    /// The narration.
    pub narration: ProductionId,
    /// Whether something began with it.
    pub has_begun: bool,
}

/// What came of the request with this key of an organization.
pub async fn find_request(
    db: &impl Read,
    organization: OrganizationId,
    key: &str,
) -> Result<Option<Answered>, StoreError> {
    let found = request_row::Entity::find_by_id((organization.to_string(), key.to_owned()));
    let Some(row) = found.one(db.connection()).await? else { return Ok(None) };
    let narration = row.narration.parse().map_err(|why| corrupt("narration_requests", key, why))?;
    // Of those from before this was noted, nearly all had begun something.
    Ok(Some(Answered { digest: row.digest, narration, has_begun: row.has_begun.unwrap_or(true) }))
}

/// Remembers a request; a [`StoreError::Conflict`] where one of that key is remembered.
pub async fn note_request(
    tx: &Tx,
    organization: OrganizationId,
    key: &str,
    digest: &Digest,
    (narration, has_begun): (ProductionId, bool),
    now: Time,
) -> Result<(), StoreError> {
    document::plain(key)?;
    let row = request_row::Model {
        organization: organization.to_string(),
        request_key: key.to_owned(),
        digest: digest.to_vec(),
        narration: narration.to_string(),
        created_ms: now.as_ms(),
        has_begun: Some(has_begun),
    };
    request_row::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Forgets requests from before a moment, and says how many there were.
pub async fn forget_requests_before(tx: &Tx, before: Time) -> Result<u64, StoreError> {
    use request_row::{Column, Entity};
    let old = Entity::delete_many().filter(Column::CreatedMs.lt(before.as_ms()));
    Ok(old.exec(tx.connection()).await?.rows_affected)
}
