//! What is done to organizations. The first five changes are those of the published API, by name and parameter.

use app::organizations::{By, Details};
use async_graphql::{Context, ID, Object, SimpleObject};

use super::belongings::{MemberRole, OrganizationApiKey};
use super::organizations::Organization;
use super::scalars::{id, read};
use super::{Message, asking, refused};

/// Organizations, changed.
#[derive(Default)]
pub(super) struct OrganizationChanges;

/// An invitation that was just made.
#[derive(SimpleObject)]
pub(super) struct NewInvitation {
    id: ID,
    /// The address to give to whoever is invited: in this answer, and never again.
    url: String,
}

#[Object]
impl OrganizationChanges {
    /// Makes an organization. Whoever does is its first admin.
    async fn create_organization(&self, context: &Context<'_>, name: String) -> async_graphql::Result<Organization> {
        let (web, caller) = asking(context)?;
        let made = web.app().organizations().create(caller, &name).await.map_err(refused)?;
        Ok(Organization(web.app().organizations().find(caller, made.id).await.map_err(refused)?))
    }

    /// Gives an organization another name, or another page of its own, or says whether its players offer their sound as a file.
    async fn update_organization_details(
        &self,
        context: &Context<'_>,
        organization_id: ID,
        name: Option<String>,
        homepage_url: Option<String>,
        offers_download: Option<bool>,
    ) -> async_graphql::Result<Organization> {
        let (web, caller) = asking(context)?;
        let id = read(&organization_id, "organization")?;
        let organizations = web.app().organizations();
        let details = Details { name: name.as_deref(), homepage: homepage_url.as_deref(), offers_download };
        organizations.update(By::Admin(caller), id, details).await.map_err(refused)?;
        Ok(Organization(organizations.find(caller, id).await.map_err(refused)?))
    }

    /// Makes a further pair of keys.
    async fn generate_organization_api_key(
        &self,
        context: &Context<'_>,
        organization_id: ID,
    ) -> async_graphql::Result<OrganizationApiKey> {
        let (web, caller) = asking(context)?;
        let id = read(&organization_id, "organization")?;
        let made = web.app().organizations().generate_key(By::Admin(caller), id).await.map_err(refused)?;
        Ok(OrganizationApiKey::new(&made, web.app().now()))
    }

    /// Makes a pair in place of the newest that works, with the same public half. The old private half ends now, or works on for a while.
    async fn regenerate_organization_api_key(
        &self,
        context: &Context<'_>,
        organization_id: ID,
        revoke_immediately: bool,
    ) -> async_graphql::Result<OrganizationApiKey> {
        let (web, caller) = asking(context)?;
        let id = read(&organization_id, "organization")?;
        let made = web.app().organizations().regenerate_key(By::Admin(caller), id, revoke_immediately).await;
        Ok(OrganizationApiKey::new(&made.map_err(refused)?, web.app().now()))
    }

    /// Has an address hear of narrations. Admins of several organizations say which one is meant.
    async fn add_organization_webhook_url(
        &self,
        context: &Context<'_>,
        webhook_url: String,
        organization_id: Option<ID>,
    ) -> async_graphql::Result<Message> {
        let (web, caller) = asking(context)?;
        let organizations = web.app().organizations();
        let id = match organization_id {
            Some(id) => read(&id, "organization")?,
            None => organizations.only(caller).await.map_err(refused)?,
        };
        let added = organizations.add_webhook(By::Admin(caller), id, &webhook_url).await.map_err(refused)?;
        Ok(Message::new(format!("{} hears of narrations now.", added.url)))
    }

    /// Does not have an address hear of anything new. What is on its way there still arrives.
    async fn remove_organization_webhook_url(
        &self,
        context: &Context<'_>,
        organization_id: ID,
        webhook_url_id: ID,
    ) -> async_graphql::Result<Message> {
        let (web, caller) = asking(context)?;
        let (id, webhook) = (read(&organization_id, "organization")?, read(&webhook_url_id, "webhook address")?);
        web.app().organizations().remove_webhook(By::Admin(caller), id, webhook).await.map_err(refused)?;
        Ok(Message::new("It hears of nothing new."))
    }

    /// Revokes a key at once.
    async fn revoke_organization_api_key(
        &self,
        context: &Context<'_>,
        organization_id: ID,
        api_key_id: ID,
    ) -> async_graphql::Result<Message> {
        let (web, caller) = asking(context)?;
        let (id, key) = (read(&organization_id, "organization")?, read(&api_key_id, "key")?);
        web.app().organizations().revoke_key(By::Admin(caller), id, key).await.map_err(refused)?;
        Ok(Message::new("The key is refused from now on."))
    }

    /// Lets pages of a domain use the public keys.
    async fn add_organization_whitelisted_domain(
        &self,
        context: &Context<'_>,
        organization_id: ID,
        domain: String,
    ) -> async_graphql::Result<Message> {
        let (web, caller) = asking(context)?;
        let id = read(&organization_id, "organization")?;
        let allowed = web.app().organizations().add_domain(By::Admin(caller), id, &domain).await.map_err(refused)?;
        Ok(Message::new(format!("Pages of {} may use the public keys now.", allowed.domain)))
    }

    /// Does not let pages of a domain use the public keys any more.
    async fn remove_organization_whitelisted_domain(
        &self,
        context: &Context<'_>,
        organization_id: ID,
        domain_id: ID,
    ) -> async_graphql::Result<Message> {
        let (web, caller) = asking(context)?;
        let (id, domain) = (read(&organization_id, "organization")?, read(&domain_id, "domain")?);
        web.app().organizations().remove_domain(By::Admin(caller), id, domain).await.map_err(refused)?;
        Ok(Message::new("Its pages are refused from now on."))
    }

    /// Invites somebody, who accepts at the address in the answer within a week.
    async fn invite_organization_member(
        &self,
        context: &Context<'_>,
        organization_id: ID,
        role: MemberRole,
        note: Option<String>,
    ) -> async_graphql::Result<NewInvitation> {
        let (web, caller) = asking(context)?;
        let organization = read(&organization_id, "organization")?;
        let by = By::Admin(caller);
        let note = note.unwrap_or_default();
        let made = web.app().organizations().invite(by, organization, role.into(), &note).await.map_err(refused)?;
        let url = web.address(&format!("/invitation#{}", made.key.reveal()));
        Ok(NewInvitation { id: id(&made.invitation.id), url })
    }

    /// Accepts an invitation, by what stands behind the # of its address.
    async fn accept_organization_invitation(
        &self,
        context: &Context<'_>,
        invitation: String,
    ) -> async_graphql::Result<Organization> {
        let (web, caller) = asking(context)?;
        Ok(Organization(web.app().organizations().accept(caller, &invitation).await.map_err(refused)?))
    }

    /// Gives a member another role. The last admin stays one.
    async fn set_organization_member_role(
        &self,
        context: &Context<'_>,
        organization_id: ID,
        member_id: ID,
        role: MemberRole,
    ) -> async_graphql::Result<Message> {
        let (web, caller) = asking(context)?;
        let (id, member) = (read(&organization_id, "organization")?, read(&member_id, "member")?);
        web.app().organizations().set_role(By::Admin(caller), id, member, role.into()).await.map_err(refused)?;
        Ok(Message::new("They have another role now."))
    }

    /// Takes a member out, or whoever asks leaves.
    async fn remove_organization_member(
        &self,
        context: &Context<'_>,
        organization_id: ID,
        member_id: ID,
    ) -> async_graphql::Result<Message> {
        let (web, caller) = asking(context)?;
        let (id, member) = (read(&organization_id, "organization")?, read(&member_id, "member")?);
        web.app().organizations().remove_member(By::Admin(caller), id, member).await.map_err(refused)?;
        Ok(Message::new("They are a member no more."))
    }

    /// Gives a publication a name.
    async fn rename_publication(
        &self,
        context: &Context<'_>,
        organization_id: ID,
        publication_id: ID,
        name: String,
    ) -> async_graphql::Result<Message> {
        let (web, caller) = asking(context)?;
        let (id, publication) = (read(&organization_id, "organization")?, read(&publication_id, "publication")?);
        let organizations = web.app().organizations();
        organizations.rename_publication(By::Admin(caller), id, publication, &name).await.map_err(refused)?;
        Ok(Message::new(format!("It is called {name} now.")))
    }
}
