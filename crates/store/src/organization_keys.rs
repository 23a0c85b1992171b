//! Pairs of keys of organizations, domains that may use the public halves, and addresses that hear of narrations.
//!
//! Of a private half there is only the digest. A pair that follows another has the same public half; the earlier one ends at a moment.

use model::organization::{AllowedDomain, Domain, OrganizationKey, WebhookAddress};
use model::{DomainId, Organization, OrganizationId, OrganizationKeyId, Time, WebhookAddressId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{Digest, Read, StoreError, Tx, organizations};

pub(crate) mod row {
    //! How a pair of keys lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "organization_keys")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) organization: String,
        pub(crate) public_key: String,
        pub(crate) secret: Vec<u8>,
        pub(crate) hint: String,
        pub(crate) revokes_ms: Option<i64>,
        pub(crate) created_ms: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {
        #[sea_orm(
            belongs_to = "crate::organizations::row::Entity",
            from = "Column::Organization",
            to = "crate::organizations::row::Column::Id"
        )]
        Organization,
    }

    impl Related<crate::organizations::row::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Organization.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod domain_row {
    //! How an allowed domain lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "organization_domains")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) organization: String,
        pub(crate) domain: String,
        pub(crate) created_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod webhook_row {
    //! How an address that hears of narrations lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "organization_webhooks")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) organization: String,
        pub(crate) url: String,
        pub(crate) created_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for OrganizationKey {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("organization_keys", &row.id, why);
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            organization: row.organization.parse().map_err(wrong)?,
            public: row.public_key,
            hint: row.hint,
            revokes: row.revokes_ms.map(Time::from_ms),
            created: Time::from_ms(row.created_ms),
            changed: Time::from_ms(row.changed_ms),
        })
    }
}

impl TryFrom<domain_row::Model> for AllowedDomain {
    type Error = StoreError;

    fn try_from(row: domain_row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("organization_domains", &row.id, why);
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            organization: row.organization.parse().map_err(wrong)?,
            domain: row.domain.parse().map_err(|why| corrupt("organization_domains", &row.id, why))?,
            created: Time::from_ms(row.created_ms),
        })
    }
}

impl TryFrom<webhook_row::Model> for WebhookAddress {
    type Error = StoreError;

    fn try_from(row: webhook_row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("organization_webhooks", &row.id, why);
        Ok(Self {
            id: row.id.parse().map_err(wrong)?,
            organization: row.organization.parse().map_err(wrong)?,
            url: row.url,
            created: Time::from_ms(row.created_ms),
        })
    }
}

/// Keeps a new pair, the private half as a digest.
pub async fn insert(tx: &Tx, key: &OrganizationKey, secret: &Digest) -> Result<(), StoreError> {
    let row = row::Model {
        id: key.id.to_string(),
        organization: key.organization.to_string(),
        public_key: key.public.clone(),
        secret: secret.to_vec(),
        hint: key.hint.clone(),
        revokes_ms: key.revokes.map(Time::as_ms),
        created_ms: key.created.as_ms(),
        changed_ms: key.changed.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The pair with this private half, and whose it is.
pub async fn find_by_secret(
    db: &impl Read,
    secret: &Digest,
) -> Result<Option<(OrganizationKey, Organization)>, StoreError> {
    let found = Entity::find()
        .filter(Column::Secret.eq(secret.to_vec()))
        .find_also_related(organizations::row::Entity)
        .one(db.connection())
        .await?;
    let Some((key, Some(organization))) = found else { return Ok(None) };
    Ok(Some((key.try_into()?, organization.try_into()?)))
}

/// A pair with this public half that works now, and whose it is.
pub async fn find_by_public(
    db: &impl Read,
    public: &str,
    now: Time,
) -> Result<Option<(OrganizationKey, Organization)>, StoreError> {
    let works = Condition::any().add(Column::RevokesMs.is_null()).add(Column::RevokesMs.gt(now.as_ms()));
    let found = Entity::find()
        .filter(Column::PublicKey.eq(public))
        .filter(works)
        .find_also_related(organizations::row::Entity)
        .one(db.connection())
        .await?;
    let Some((key, Some(organization))) = found else { return Ok(None) };
    Ok(Some((key.try_into()?, organization.try_into()?)))
}

/// The pairs of organizations, newest first.
pub async fn list(db: &impl Read, organizations: &[OrganizationId]) -> Result<Vec<OrganizationKey>, StoreError> {
    let of = Column::Organization.is_in(organizations.iter().map(OrganizationId::as_str));
    let rows = Entity::find().filter(of).order_by_desc(Column::CreatedMs).order_by_desc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(OrganizationKey::try_from).collect()
}

/// Lets a pair end at a moment; whether there is such a pair.
pub async fn revoke(
    tx: &Tx,
    organization: OrganizationId,
    id: OrganizationKeyId,
    at: Time,
    now: Time,
) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::RevokesMs, Expr::value(at.as_ms()))
        .col_expr(Column::ChangedMs, Expr::value(now.as_ms()))
        .filter(Column::Id.eq(id.as_str()))
        .filter(Column::Organization.eq(organization.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Allows a domain; a [`StoreError::Conflict`] where it is allowed.
pub async fn insert_domain(tx: &Tx, domain: &AllowedDomain) -> Result<(), StoreError> {
    let row = domain_row::Model {
        id: domain.id.to_string(),
        organization: domain.organization.to_string(),
        domain: domain.domain.to_string(),
        created_ms: domain.created.as_ms(),
    };
    domain_row::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The domains of organizations, in the order of the alphabet.
pub async fn domains(db: &impl Read, organizations: &[OrganizationId]) -> Result<Vec<AllowedDomain>, StoreError> {
    use domain_row::{Column, Entity};
    let of = Column::Organization.is_in(organizations.iter().map(OrganizationId::as_str));
    let rows = Entity::find().filter(of).order_by_asc(Column::Domain).order_by_asc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(AllowedDomain::try_from).collect()
}

/// Whether any organization allows one of these.
pub async fn is_any_allowed(db: &impl Read, domains: &[Domain]) -> Result<bool, StoreError> {
    use domain_row::{Column, Entity};
    let one_of = Column::Domain.is_in(domains.iter().map(Domain::as_str));
    Ok(Entity::find().filter(one_of).one(db.connection()).await?.is_some())
}

/// Does not allow a domain any more; whether it was.
pub async fn remove_domain(tx: &Tx, organization: OrganizationId, id: DomainId) -> Result<bool, StoreError> {
    use domain_row::{Column, Entity};
    let of = Column::Organization.eq(organization.as_str());
    Ok(Entity::delete_by_id(id.as_str()).filter(of).exec(tx.connection()).await?.rows_affected > 0)
}

/// Keeps an address; a [`StoreError::Conflict`] where it is there.
pub async fn insert_webhook(tx: &Tx, webhook: &WebhookAddress) -> Result<(), StoreError> {
    document::plain(&webhook.url)?;
    let row = webhook_row::Model {
        id: webhook.id.to_string(),
        organization: webhook.organization.to_string(),
        url: webhook.url.clone(),
        created_ms: webhook.created.as_ms(),
    };
    webhook_row::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The addresses of organizations, those first that were added first.
pub async fn webhooks(db: &impl Read, organizations: &[OrganizationId]) -> Result<Vec<WebhookAddress>, StoreError> {
    use webhook_row::{Column, Entity};
    let of = Column::Organization.is_in(organizations.iter().map(OrganizationId::as_str));
    let rows = Entity::find().filter(of).order_by_asc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(WebhookAddress::try_from).collect()
}

/// Forgets an address; whether there was one.
pub async fn remove_webhook(tx: &Tx, organization: OrganizationId, id: WebhookAddressId) -> Result<bool, StoreError> {
    use webhook_row::{Column, Entity};
    let of = Column::Organization.eq(organization.as_str());
    Ok(Entity::delete_by_id(id.as_str()).filter(of).exec(tx.connection()).await?.rows_affected > 0)
}
