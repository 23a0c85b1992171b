//! Organizations as the portal sees them, with everything that belongs to them.

use app::deliveries::Whose;
use app::narrations::Editor;
use app::organizations::{By, Seen};
use async_graphql::{Context, ID, Object};

use super::belongings::{
    MemberRole, OrganizationApiKey, OrganizationInvitation, OrganizationMember, OrganizationPublicationMapping,
    OrganizationUserMapping, OrganizationWebhookUrl, OrganizationWhitelistedDomain, Publication,
};
use super::deliveries::{Delivery, DeliveryFilter, read_filter};
use super::narrations::{Narration, narrations_of};
use super::scalars::{Moment, id, page, part, read, rows};
use super::shelf::{self, Belongings, Shelves};
use super::{asking, refused};

/// Organizations, asked for.
#[derive(Default)]
pub(super) struct OrganizationQuestions;

#[Object]
impl OrganizationQuestions {
    /// Organizations that whoever asks is in, those first that were entered first.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn organizations(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<Organization>> {
        let (web, caller) = asking(context)?;
        let all = web.app().organizations().list(caller).await.map_err(refused)?;
        Ok(part(all, first, offset)?.map(Organization).collect())
    }

    /// One of them.
    async fn organization(&self, context: &Context<'_>, id: ID) -> async_graphql::Result<Organization> {
        let (web, caller) = asking(context)?;
        let id = read(&id, "organization")?;
        Ok(Organization(web.app().organizations().find(caller, id).await.map_err(refused)?))
    }
}

/// A platform that integrates server to server.
pub(super) struct Organization(pub(super) Seen);

impl Organization {
    /// What belongs to it, fetched together with what is asked of other organizations.
    async fn own<B: Belongings>(&self, context: &Context<'_>, what: B) -> async_graphql::Result<Vec<B::Row>> {
        let found = context.data::<Shelves>()?.load_one((self.0.organization().id, what)).await?;
        Ok(found.unwrap_or_default())
    }

    /// The same, where only admins may see it.
    async fn kept<B: Belongings>(&self, context: &Context<'_>, what: B) -> async_graphql::Result<Vec<B::Row>> {
        self.0.admin().map_err(refused)?;
        self.own(context, what).await
    }
}

#[Object]
impl Organization {
    async fn id(&self) -> ID {
        id(&self.0.organization().id)
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.organization().name
    }

    /// Its own page.
    async fn homepage_url(&self) -> Option<&str> {
        self.0.organization().homepage.as_deref()
    }

    /// Whether its players offer their sound as a file.
    async fn offers_download(&self) -> bool {
        self.0.organization().offers_download
    }

    async fn created_at(&self) -> Moment {
        self.0.organization().created.into()
    }

    async fn updated_at(&self) -> Moment {
        self.0.organization().changed.into()
    }

    /// What whoever asks is in it.
    async fn role(&self) -> MemberRole {
        self.0.role().into()
    }

    /// Its members, those first who came first.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn members(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<OrganizationMember>> {
        Ok(part(self.own(context, shelf::Members).await?, first, offset)?.map(OrganizationMember::from).collect())
    }

    /// Invitations that wait. For admins.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn invitations(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<OrganizationInvitation>> {
        Ok(part(self.kept(context, shelf::Invitations).await?, first, offset)?
            .map(OrganizationInvitation::from)
            .collect())
    }

    /// Its keys, newest first, without their private halves. For admins.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn api_keys(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<OrganizationApiKey>> {
        let now = asking(context)?.0.app().now();
        let keys = self.kept(context, shelf::Keys).await?;
        Ok(part(keys, first, offset)?.map(|key| OrganizationApiKey::of(key, None, now)).collect())
    }

    /// Domains whose pages may use the public keys. For admins.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn whitelisted_domains(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<OrganizationWhitelistedDomain>> {
        Ok(part(self.kept(context, shelf::Domains).await?, first, offset)?
            .map(OrganizationWhitelistedDomain::from)
            .collect())
    }

    /// Addresses that hear of its narrations. For admins.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn webhook_urls(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<OrganizationWebhookUrl>> {
        Ok(part(self.kept(context, shelf::Webhooks).await?, first, offset)?.map(OrganizationWebhookUrl::from).collect())
    }

    /// What its webhooks are signed with. For admins.
    #[graphql(complexity = "10")]
    async fn webhook_secret(&self, context: &Context<'_>) -> async_graphql::Result<String> {
        let (web, caller) = asking(context)?;
        let secret = web.app().organizations().webhook_secret(By::Admin(caller), self.0.organization().id).await;
        Ok(secret.map_err(refused)?.reveal())
    }

    /// Its publications.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn publications(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<Publication>> {
        Ok(part(self.own(context, shelf::Publications).await?, first, offset)?.map(Publication::from).collect())
    }

    /// What it calls them in words of its own.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn publication_mappings(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<OrganizationPublicationMapping>> {
        let mappings = self.own(context, shelf::PublicationMappings).await?;
        Ok(part(mappings, first, offset)?.map(OrganizationPublicationMapping::from).collect())
    }

    /// People of its own, and who they are here. For admins.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn user_mappings(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<OrganizationUserMapping>> {
        let (web, caller) = asking(context)?;
        let by = By::Admin(caller);
        let users = web.app().organizations().users(by, self.0.organization().id, page(first, offset)?).await;
        Ok(users.map_err(refused)?.into_iter().map(OrganizationUserMapping::from).collect())
    }

    /// Narrations, newest first: all for admins, their own for creators.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn narrations(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<Narration>> {
        let (web, caller) = asking(context)?;
        let editor = web.app().narrations().editor_in(caller, self.0.organization().id).await.map_err(refused)?;
        let Some(editor): Option<Editor> = editor else { return Ok(Vec::new()) };
        narrations_of(web, &editor, page(first, offset)?).await
    }

    /// What its addresses were told, newest first. For admins.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn deliveries(
        &self,
        context: &Context<'_>,
        filter: Option<DeliveryFilter>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<Delivery>> {
        let (web, _) = asking(context)?;
        let whose = Whose::Organization(&self.0);
        let all = web.app().deliveries().list(whose, read_filter(filter), page(first, offset)?).await;
        Ok(all.map_err(refused)?.into_iter().map(Delivery::from).collect())
    }
}
