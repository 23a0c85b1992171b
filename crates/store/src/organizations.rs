//! Platforms that integrate server to server, their members, and who was invited to become one.

use model::organization::{Invitation, Member, Role};
use model::{AccountId, InvitationId, MemberId, Organization, OrganizationId, Time};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{Digest, Page, Read, StoreError, Tx};

pub(crate) mod row {
    //! How an organization lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "organizations")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) name: String,
        pub(crate) homepage: Option<String>,
        /// Those of before this was asked do.
        #[serde(default)]
        pub(crate) offers_download: Option<bool>,
        pub(crate) account: String,
        pub(crate) publication: String,
        pub(crate) created_ms: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod member_row {
    //! How somebody's place in an organization lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "organization_members")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) organization: String,
        pub(crate) account: String,
        pub(crate) role: String,
        pub(crate) created_ms: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod invitation_row {
    //! How an invitation lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "organization_invitations")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) secret: Vec<u8>,
        pub(crate) organization: String,
        pub(crate) note: String,
        pub(crate) role: String,
        pub(crate) created_ms: i64,
        pub(crate) expires_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Organization {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("organizations", &row.id, why);
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            account: row.account.parse().map_err(wrong)?,
            publication: row.publication.parse().map_err(wrong)?,
            name: row.name,
            homepage: row.homepage,
            offers_download: row.offers_download.unwrap_or(true),
            created: Time::from_ms(row.created_ms),
            changed: Time::from_ms(row.changed_ms),
        })
    }
}

fn role(table: &'static str, id: &str, word: &str) -> Result<Role, StoreError> {
    Role::from_word(word).ok_or_else(|| corrupt(table, id, "its role is none"))
}

impl TryFrom<member_row::Model> for Member {
    type Error = StoreError;

    fn try_from(row: member_row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("organization_members", &row.id, why);
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            organization: row.organization.parse().map_err(wrong)?,
            account: row.account.parse().map_err(wrong)?,
            role: role("organization_members", &row.id, &row.role)?,
            created: Time::from_ms(row.created_ms),
            changed: Time::from_ms(row.changed_ms),
        })
    }
}

impl TryFrom<invitation_row::Model> for Invitation {
    type Error = StoreError;

    fn try_from(row: invitation_row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("organization_invitations", &row.id, why);
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            organization: row.organization.parse().map_err(wrong)?,
            role: role("organization_invitations", &row.id, &row.role)?,
            note: row.note,
            created: Time::from_ms(row.created_ms),
            expires: Time::from_ms(row.expires_ms),
        })
    }
}

/// Keeps a new organization.
pub async fn insert(tx: &Tx, organization: &Organization) -> Result<(), StoreError> {
    document::plain(&organization.name)?;
    let row = row::Model {
        id: organization.id.to_string(),
        name: organization.name.clone(),
        homepage: organization.homepage.clone(),
        offers_download: Some(organization.offers_download),
        account: organization.account.to_string(),
        publication: organization.publication.to_string(),
        created_ms: organization.created.as_ms(),
        changed_ms: organization.changed.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The organization.
pub async fn find(db: &impl Read, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(Organization::try_from).transpose()
}

/// Organizations of these ids, in no order.
pub async fn find_many(db: &impl Read, ids: &[OrganizationId]) -> Result<Vec<Organization>, StoreError> {
    let known = Column::Id.is_in(ids.iter().map(OrganizationId::as_str));
    let rows = Entity::find().filter(known).all(db.connection()).await?;
    rows.into_iter().map(Organization::try_from).collect()
}

/// The organization, which nobody else can change until the transaction ends.
pub async fn find_for_update(tx: &Tx, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
    let found = Entity::find_by_id(id.as_str()).lock(LockType::Update).one(tx.connection()).await?;
    found.map(Organization::try_from).transpose()
}

/// Changes name and page, and what its players offer.
pub async fn update(tx: &Tx, organization: &Organization) -> Result<(), StoreError> {
    document::plain(&organization.name)?;
    Entity::update_many()
        .col_expr(Column::Name, Expr::value(organization.name.as_str()))
        .col_expr(Column::Homepage, Expr::value(organization.homepage.as_deref()))
        .col_expr(Column::OffersDownload, Expr::value(organization.offers_download))
        .col_expr(Column::ChangedMs, Expr::value(organization.changed.as_ms()))
        .filter(Column::Id.eq(organization.id.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// All of them, those first that were made first.
pub async fn list(db: &impl Read, page: Page) -> Result<Vec<Organization>, StoreError> {
    let rows = Entity::find().order_by_asc(Column::Id).limit(page.limit).offset(page.offset);
    rows.all(db.connection()).await?.into_iter().map(Organization::try_from).collect()
}

/// Keeps a new member; a [`StoreError::Conflict`] where the account is one.
pub async fn insert_member(tx: &Tx, member: &Member) -> Result<(), StoreError> {
    let row = member_row::Model {
        id: member.id.to_string(),
        organization: member.organization.to_string(),
        account: member.account.to_string(),
        role: member.role.word().to_owned(),
        created_ms: member.created.as_ms(),
        changed_ms: member.changed.as_ms(),
    };
    member_row::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The place of an account in an organization.
pub async fn find_member(
    db: &impl Read,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Option<Member>, StoreError> {
    use member_row::{Column, Entity};
    let found = Entity::find()
        .filter(Column::Organization.eq(organization.as_str()))
        .filter(Column::Account.eq(account.as_str()));
    found.one(db.connection()).await?.map(Member::try_from).transpose()
}

/// The members of organizations, those first who came first.
pub async fn members(db: &impl Read, organizations: &[OrganizationId]) -> Result<Vec<Member>, StoreError> {
    use member_row::{Column, Entity};
    let of = Column::Organization.is_in(organizations.iter().map(OrganizationId::as_str));
    let rows = Entity::find().filter(of).order_by_asc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(Member::try_from).collect()
}

/// The places that an account has, oldest first.
pub async fn memberships(db: &impl Read, account: AccountId) -> Result<Vec<Member>, StoreError> {
    use member_row::{Column, Entity};
    let rows = Entity::find().filter(Column::Account.eq(account.as_str())).order_by_asc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(Member::try_from).collect()
}

/// Gives a member another role; whether there is one.
pub async fn set_role(
    tx: &Tx,
    organization: OrganizationId,
    id: MemberId,
    role: Role,
    now: Time,
) -> Result<bool, StoreError> {
    use member_row::{Column, Entity};
    let done = Entity::update_many()
        .col_expr(Column::Role, Expr::value(role.word()))
        .col_expr(Column::ChangedMs, Expr::value(now.as_ms()))
        .filter(Column::Id.eq(id.as_str()))
        .filter(Column::Organization.eq(organization.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Forgets a member; whether there was one.
pub async fn remove_member(tx: &Tx, organization: OrganizationId, id: MemberId) -> Result<bool, StoreError> {
    use member_row::{Column, Entity};
    let of = Column::Organization.eq(organization.as_str());
    Ok(Entity::delete_by_id(id.as_str()).filter(of).exec(tx.connection()).await?.rows_affected > 0)
}

/// Keeps an invitation under the digest of what it is accepted with.
pub async fn insert_invitation(tx: &Tx, invitation: &Invitation, secret: &Digest) -> Result<(), StoreError> {
    document::plain(&invitation.note)?;
    let row = invitation_row::Model {
        id: invitation.id.to_string(),
        secret: secret.to_vec(),
        organization: invitation.organization.to_string(),
        note: invitation.note.clone(),
        role: invitation.role.word().to_owned(),
        created_ms: invitation.created.as_ms(),
        expires_ms: invitation.expires.as_ms(),
    };
    invitation_row::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The invitation that is accepted with this, while it can be.
pub async fn find_invitation(db: &impl Read, secret: &Digest, now: Time) -> Result<Option<Invitation>, StoreError> {
    use invitation_row::{Column, Entity};
    let found = Entity::find().filter(Column::Secret.eq(secret.to_vec())).filter(Column::ExpiresMs.gt(now.as_ms()));
    found.one(db.connection()).await?.map(Invitation::try_from).transpose()
}

/// Invitations of organizations that can be accepted, oldest first.
pub async fn invitations(
    db: &impl Read,
    organizations: &[OrganizationId],
    now: Time,
) -> Result<Vec<Invitation>, StoreError> {
    use invitation_row::{Column, Entity};
    let of = Column::Organization.is_in(organizations.iter().map(OrganizationId::as_str));
    let rows = Entity::find().filter(of).filter(Column::ExpiresMs.gt(now.as_ms())).order_by_asc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(Invitation::try_from).collect()
}

/// Forgets an invitation; whether there was one.
pub async fn remove_invitation(tx: &Tx, organization: OrganizationId, id: InvitationId) -> Result<bool, StoreError> {
    use invitation_row::{Column, Entity};
    let of = Column::Organization.eq(organization.as_str());
    Ok(Entity::delete_by_id(id.as_str()).filter(of).exec(tx.connection()).await?.rows_affected > 0)
}

/// Forgets invitations whose time is over, and says how many there were.
pub async fn remove_expired_invitations(tx: &Tx, now: Time) -> Result<u64, StoreError> {
    use invitation_row::{Column, Entity};
    Ok(Entity::delete_many().filter(Column::ExpiresMs.lte(now.as_ms())).exec(tx.connection()).await?.rows_affected)
}
