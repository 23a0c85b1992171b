//! What belongs to organizations, fetched at once for all organizations that a question names.

use std::collections::HashMap;
use std::hash::Hash;

use app::organizations::{By, Person};
use app::{App, AppError, Caller};
use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::runtime::{TokioSpawner, TokioTimer};
use model::OrganizationId;
use model::organization::{
    AllowedDomain, Invitation, OrganizationKey, Publication, PublicationMapping, WebhookAddress,
};

use super::refused;
use crate::settings::Web;

/// Where rows of organizations are asked for, and by whom.
pub(super) struct Shelf {
    web: Web,
    caller: Caller,
}

/// One question's way to them.
pub(super) type Shelves = DataLoader<Shelf>;

/// What whoever asks may see of their organizations.
pub(super) fn shelves(web: &Web, caller: &Caller) -> Shelves {
    let shelf = Shelf { web: web.clone(), caller: caller.clone() };
    DataLoader::new(shelf, TokioSpawner::current(), TokioTimer::default())
}

/// A kind of what belongs to organizations.
pub(super) trait Belongings: Copy + Eq + Hash + Send + Sync + 'static {
    /// A piece of it.
    type Row: Clone + Send + Sync + 'static;

    /// What belongs to all of them, with whose it is, in the order in which it is shown.
    fn fetch(
        app: &App,
        caller: &Caller,
        of: &[OrganizationId],
    ) -> impl Future<Output = Result<Vec<(OrganizationId, Self::Row)>, AppError>> + Send;
}

impl<B: Belongings> Loader<(OrganizationId, B)> for Shelf {
    type Value = Vec<B::Row>;
    type Error = async_graphql::Error;

    async fn load(
        &self,
        keys: &[(OrganizationId, B)],
    ) -> async_graphql::Result<HashMap<(OrganizationId, B), Vec<B::Row>>> {
        let Some((_, what)) = keys.first() else { return Ok(HashMap::new()) };
        let of: Vec<_> = keys.iter().map(|(organization, _)| *organization).collect();
        let mut found: HashMap<_, Vec<B::Row>> = HashMap::new();
        for (organization, row) in B::fetch(self.web.app(), &self.caller, &of).await.map_err(refused)? {
            found.entry((organization, *what)).or_default().push(row);
        }
        Ok(found)
    }
}

/// Members, with who they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Members;

impl Belongings for Members {
    type Row = Person;

    async fn fetch(
        app: &App,
        caller: &Caller,
        of: &[OrganizationId],
    ) -> Result<Vec<(OrganizationId, Person)>, AppError> {
        let people = app.organizations().members(caller, of).await?;
        Ok(people.into_iter().map(|person| (person.member.organization, person)).collect())
    }
}

/// Invitations that wait.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Invitations;

impl Belongings for Invitations {
    type Row = Invitation;

    async fn fetch(
        app: &App,
        caller: &Caller,
        of: &[OrganizationId],
    ) -> Result<Vec<(OrganizationId, Invitation)>, AppError> {
        let invitations = app.organizations().invitations(By::Admin(caller), of).await?;
        Ok(invitations.into_iter().map(|invitation| (invitation.organization, invitation)).collect())
    }
}

/// Pairs of keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Keys;

impl Belongings for Keys {
    type Row = OrganizationKey;

    async fn fetch(
        app: &App,
        caller: &Caller,
        of: &[OrganizationId],
    ) -> Result<Vec<(OrganizationId, OrganizationKey)>, AppError> {
        let keys = app.organizations().keys(By::Admin(caller), of).await?;
        Ok(keys.into_iter().map(|key| (key.organization, key)).collect())
    }
}

/// Domains whose pages may use the public halves.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Domains;

impl Belongings for Domains {
    type Row = AllowedDomain;

    async fn fetch(
        app: &App,
        caller: &Caller,
        of: &[OrganizationId],
    ) -> Result<Vec<(OrganizationId, AllowedDomain)>, AppError> {
        let domains = app.organizations().domains(By::Admin(caller), of).await?;
        Ok(domains.into_iter().map(|allowed| (allowed.organization, allowed)).collect())
    }
}

/// Addresses that hear of narrations.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Webhooks;

impl Belongings for Webhooks {
    type Row = WebhookAddress;

    async fn fetch(
        app: &App,
        caller: &Caller,
        of: &[OrganizationId],
    ) -> Result<Vec<(OrganizationId, WebhookAddress)>, AppError> {
        let webhooks = app.organizations().webhooks(By::Admin(caller), of).await?;
        Ok(webhooks.into_iter().map(|webhook| (webhook.organization, webhook)).collect())
    }
}

/// Publications.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Publications;

impl Belongings for Publications {
    type Row = Publication;

    async fn fetch(
        app: &App,
        caller: &Caller,
        of: &[OrganizationId],
    ) -> Result<Vec<(OrganizationId, Publication)>, AppError> {
        let publications = app.organizations().publications(caller, of).await?;
        Ok(publications.into_iter().map(|publication| (publication.organization, publication)).collect())
    }
}

/// What organizations call their publications.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PublicationMappings;

impl Belongings for PublicationMappings {
    type Row = PublicationMapping;

    async fn fetch(
        app: &App,
        caller: &Caller,
        of: &[OrganizationId],
    ) -> Result<Vec<(OrganizationId, PublicationMapping)>, AppError> {
        let mappings = app.organizations().publication_mappings(caller, of).await?;
        Ok(mappings.into_iter().map(|mapping| (mapping.organization, mapping)).collect())
    }
}
