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

/// Kinds of what belongs to organizations: a row, the verb that fetches rows, and whose a row is.
macro_rules! belongings {
    ($($(#[$about:meta])* $kind:ident: $row:ident = |$verbs:ident, $caller:ident, $of:ident| $fetch:expr, |$one:ident| $whose:expr;)*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub(super) struct $kind;

        impl Belongings for $kind {
            type Row = $row;

            async fn fetch(
                app: &App,
                $caller: &Caller,
                $of: &[OrganizationId],
            ) -> Result<Vec<(OrganizationId, $row)>, AppError> {
                let $verbs = app.organizations();
                Ok($fetch.await?.into_iter().map(|$one| ($whose, $one)).collect())
            }
        }
    )*};
}

belongings! {
    /// Members, with who they are.
    Members: Person = |verbs, caller, of| verbs.members(caller, of), |person| person.member.organization;
    /// Invitations that wait.
    Invitations: Invitation = |verbs, caller, of| verbs.invitations(By::Admin(caller), of), |invitation| invitation.organization;
    /// Pairs of keys.
    Keys: OrganizationKey = |verbs, caller, of| verbs.keys(By::Admin(caller), of), |key| key.organization;
    /// Domains whose pages may use the public halves.
    Domains: AllowedDomain = |verbs, caller, of| verbs.domains(By::Admin(caller), of), |allowed| allowed.organization;
    /// Addresses that hear of narrations.
    Webhooks: WebhookAddress = |verbs, caller, of| verbs.webhooks(By::Admin(caller), of), |webhook| webhook.organization;
    /// Publications.
    Publications: Publication = |verbs, caller, of| verbs.publications(caller, of), |publication| publication.organization;
    /// What organizations call their publications.
    PublicationMappings: PublicationMapping = |verbs, caller, of| verbs.publication_mappings(caller, of), |mapping| mapping.organization;
}
