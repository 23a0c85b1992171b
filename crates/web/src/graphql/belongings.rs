//! What belongs to organizations, piece by piece. Types and fields have the names of the published schema.

use app::organizations::{NewKey, Person};
use async_graphql::{Enum, ID, SimpleObject};
use model::Time;
use model::organization::{
    AllowedDomain, Invitation, OrganizationKey, Publication as Collection, PublicationMapping, Role, UserMapping,
    WebhookAddress,
};

use super::scalars::{Moment, id};

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum MemberRole {
    /// Everything: keys, members, domains, webhooks, all narrations.
    Admin,
    /// Own narrations.
    Creator,
}

impl From<Role> for MemberRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Creator => Self::Creator,
        }
    }
}

impl From<MemberRole> for Role {
    fn from(role: MemberRole) -> Self {
        match role {
            MemberRole::Admin => Self::Admin,
            MemberRole::Creator => Self::Creator,
        }
    }
}

/// Somebody's place in an organization.
#[derive(SimpleObject)]
pub(super) struct OrganizationMember {
    id: ID,
    organization_id: ID,
    /// Who.
    user_id: ID,
    username: String,
    role: MemberRole,
    created_at: Moment,
    updated_at: Moment,
}

impl From<Person> for OrganizationMember {
    fn from(person: Person) -> Self {
        Self {
            id: id(&person.member.id),
            organization_id: id(&person.member.organization),
            user_id: id(&person.account.id),
            username: person.account.username.to_string(),
            role: person.member.role.into(),
            created_at: person.member.created.into(),
            updated_at: person.member.changed.into(),
        }
    }
}

/// An invitation that waits.
#[derive(SimpleObject)]
pub(super) struct OrganizationInvitation {
    id: ID,
    organization_id: ID,
    /// Whom it is meant for, in the words of whoever invited.
    note: String,
    role: MemberRole,
    created_at: Moment,
    /// Until when it can be accepted.
    expires_at: Moment,
}

impl From<Invitation> for OrganizationInvitation {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: id(&invitation.id),
            organization_id: id(&invitation.organization),
            note: invitation.note,
            role: invitation.role.into(),
            created_at: invitation.created.into(),
            expires_at: invitation.expires.into(),
        }
    }
}

/// Whether a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum ApiKeyStatus {
    /// It works, until `revokesAt` where that is set.
    Live,
    /// It is refused.
    Revoked,
}

/// A pair of keys.
#[derive(SimpleObject)]
pub(super) struct OrganizationApiKey {
    id: ID,
    organization_id: ID,
    /// The half that browsers of listeners see.
    public_key: String,
    /// The half that only servers know: in the answer that makes it, and never again.
    secret_key: Option<String>,
    /// The first characters of the private half, to tell pairs apart.
    hint: String,
    status: ApiKeyStatus,
    /// From when on it is refused, where that is decided.
    revokes_at: Option<Moment>,
    created_at: Moment,
    updated_at: Moment,
}

impl OrganizationApiKey {
    /// A pair that was just made, with its private half.
    pub(super) fn new(made: &NewKey, now: Time) -> Self {
        Self::of(made.key.clone(), Some(made.private.reveal().into()), now)
    }

    pub(super) fn of(key: OrganizationKey, secret_key: Option<String>, now: Time) -> Self {
        Self {
            id: id(&key.id),
            organization_id: id(&key.organization),
            status: if key.is_live(now) { ApiKeyStatus::Live } else { ApiKeyStatus::Revoked },
            public_key: key.public,
            secret_key,
            hint: key.hint,
            revokes_at: key.revokes.map(Moment),
            created_at: key.created.into(),
            updated_at: key.changed.into(),
        }
    }
}

/// A domain whose pages may use the public keys.
#[derive(SimpleObject)]
pub(super) struct OrganizationWhitelistedDomain {
    id: ID,
    organization_id: ID,
    /// A host, or `*.news.example` for all below one.
    domain: String,
    created_at: Moment,
    updated_at: Moment,
}

impl From<AllowedDomain> for OrganizationWhitelistedDomain {
    fn from(allowed: AllowedDomain) -> Self {
        Self {
            id: id(&allowed.id),
            organization_id: id(&allowed.organization),
            domain: allowed.domain.to_string(),
            created_at: allowed.created.into(),
            updated_at: allowed.created.into(),
        }
    }
}

/// An address that hears of narrations.
#[derive(SimpleObject)]
pub(super) struct OrganizationWebhookUrl {
    id: ID,
    organization_id: ID,
    url: String,
    created_at: Moment,
    updated_at: Moment,
}

impl From<WebhookAddress> for OrganizationWebhookUrl {
    fn from(webhook: WebhookAddress) -> Self {
        Self {
            id: id(&webhook.id),
            organization_id: id(&webhook.organization),
            url: webhook.url,
            created_at: webhook.created.into(),
            updated_at: webhook.created.into(),
        }
    }
}

/// A collection of articles.
#[derive(SimpleObject)]
pub(super) struct Publication {
    id: ID,
    organization_id: ID,
    /// What people call it; empty until somebody says.
    name: String,
    created_at: Moment,
    updated_at: Moment,
}

impl From<Collection> for Publication {
    fn from(publication: Collection) -> Self {
        Self {
            id: id(&publication.id),
            organization_id: id(&publication.organization),
            name: publication.name,
            created_at: publication.created.into(),
            updated_at: publication.changed.into(),
        }
    }
}

/// Which publication one of the organization's is.
#[derive(SimpleObject)]
pub(super) struct OrganizationPublicationMapping {
    id: ID,
    organization_id: ID,
    /// The publication here.
    audyo_publication_id: ID,
    /// What the organization calls it.
    organization_publication_id: String,
    created_at: Moment,
    updated_at: Moment,
}

impl From<PublicationMapping> for OrganizationPublicationMapping {
    fn from(mapping: PublicationMapping) -> Self {
        Self {
            id: id(&mapping.id),
            organization_id: id(&mapping.organization),
            audyo_publication_id: id(&mapping.publication),
            organization_publication_id: mapping.theirs,
            created_at: mapping.created.into(),
            updated_at: mapping.changed.into(),
        }
    }
}

/// Who one of the organization's people is.
#[derive(SimpleObject)]
pub(super) struct OrganizationUserMapping {
    id: ID,
    organization_id: ID,
    /// The account here.
    audyo_user_id: ID,
    /// What the organization calls them.
    organization_user_id: String,
    created_at: Moment,
    updated_at: Moment,
}

impl From<UserMapping> for OrganizationUserMapping {
    fn from(mapping: UserMapping) -> Self {
        Self {
            id: id(&mapping.id),
            organization_id: id(&mapping.organization),
            audyo_user_id: id(&mapping.account),
            organization_user_id: mapping.theirs,
            created_at: mapping.created.into(),
            updated_at: mapping.changed.into(),
        }
    }
}
