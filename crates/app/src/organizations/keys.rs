//! What an organization's servers and pages show: keys, the domains that may use the public halves, and addresses that hear of narrations.

use model::organization::{AllowedDomain, Domain, OrganizationKey, WebhookAddress};
use model::{AuditKind, DomainId, Organization, OrganizationId, OrganizationKeyId, Time, WebhookAddressId};
use protocols::webhook::WebhookKey;
use protocols::{Key, KeyKind};
use serde_json::json;

use super::{By, Organizations, there_already};
use crate::apps::is_web_address;
use crate::secret::digest;
use crate::{AppError, Checks};

/// Characters of a private half that are kept to tell pairs apart.
const HINT: usize = 12;

/// Pairs, domains and addresses that one organization may have.
const MOST_KEYS: usize = 50;
const MOST_DOMAINS: usize = 500;
const MOST_WEBHOOKS: usize = 20;

/// A pair that was just made. The private half is in here and nowhere else.
pub struct NewKey {
    /// What is kept of it.
    pub key: OrganizationKey,
    /// The private half.
    pub private: Key,
}

/// An organization's server or page, recognised by its key. Having one *is* having been recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    organization: Organization,
}

impl Partner {
    /// The organization.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }
}

const UNKNOWN: AppError = AppError::Unauthenticated(
    "This key is not known here, or was revoked. Send an organization's private key as user name, without a password.",
);

impl Organizations<'_> {
    /// An organization's server, by the private half of a key.
    pub async fn by_private_key(&self, text: &str) -> Result<Partner, AppError> {
        let key = Key::parse(text).ok_or(UNKNOWN)?;
        match key.kind() {
            KeyKind::OrganizationPrivate => {}
            KeyKind::OrganizationPublic => {
                return Err(AppError::Forbidden(
                    "This is the public half of a key, and this is done with the private one, from server to server."
                        .to_owned(),
                ));
            }
            _ => return Err(UNKNOWN),
        }
        let found = store::organization_keys::find_by_secret(self.0.store(), &digest(key.reveal())).await?;
        let (key, organization) = found.ok_or(UNKNOWN)?;
        if !key.is_live(self.0.now()) {
            return Err(AppError::Unauthenticated(
                "This key was replaced, and its time is over. The organization's admins have the new one.",
            ));
        }
        Ok(Partner { organization })
    }

    /// A page of listeners, by the public half of a key and the host that it stands on.
    pub async fn by_public_key(&self, text: &str, host: Option<&str>) -> Result<Partner, AppError> {
        let key = Key::parse(text).filter(|key| key.kind() == KeyKind::OrganizationPublic).ok_or(UNKNOWN)?;
        let found = store::organization_keys::find_by_public(self.0.store(), key.reveal(), self.0.now()).await?;
        let (_, organization) = found.ok_or(UNKNOWN)?;
        let Some(host) = host else {
            return Err(AppError::Forbidden(
                "A public key is used by pages, and this request does not say which page it is from.".to_owned(),
            ));
        };
        let allowed = store::organization_keys::domains(self.0.store(), &[organization.id]).await?;
        if allowed.iter().any(|allowed| allowed.domain.takes(host)) {
            return Ok(Partner { organization });
        }
        Err(AppError::Forbidden(format!(
            "{host} may not use this key. An admin of {} can add it to the organization's domains.",
            organization.name
        )))
    }

    /// Whether pages of a host may use any organization's key. Browsers ask that before they show one.
    pub async fn is_listed(&self, host: &str) -> Result<bool, AppError> {
        let host = host.to_ascii_lowercase();
        // The host itself, and everything that it is below.
        let name = host.split(':').next().unwrap_or_default();
        let above = name.char_indices().filter(|(_, c)| *c == '.').map(|(at, _)| format!("*{}", &host[at..]));
        let domains: Vec<Domain> =
            std::iter::once(host.clone()).chain(above).filter_map(|text| text.parse().ok()).collect();
        Ok(store::organization_keys::is_any_allowed(self.0.store(), &domains).await?)
    }

    /// Makes a further pair.
    pub async fn generate_key(&self, by: By<'_>, id: OrganizationId) -> Result<NewKey, AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let organization = self.admin(&tx, by, id).await?;
        let known = store::organization_keys::list(&tx, &[id]).await?;
        if known.iter().filter(|key| key.is_live(now)).count() >= MOST_KEYS {
            return Err(AppError::Conflict(format!("An organization has at most {MOST_KEYS} keys. Revoke one first.")));
        }
        let public = Key::new(KeyKind::OrganizationPublic, self.0.random()).reveal().to_owned();
        let new = self.pair(id, public, now);
        store::organization_keys::insert(&tx, &new.key, &digest(new.private.reveal())).await?;
        self.note(&tx, by, AuditKind::OrganizationKeyMade, &organization, json!({ "key": new.key.hint })).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Makes a pair in place of the newest one, with the same public half, so that embeds go on working. The old private half ends now, or works
    /// on for as long as the operator grants.
    pub async fn regenerate_key(&self, by: By<'_>, id: OrganizationId, at_once: bool) -> Result<NewKey, AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        // One at a time: otherwise two would follow the same.
        store::organizations::find_for_update(&tx, id).await?;
        let organization = self.admin(&tx, by, id).await?;
        let known = store::organization_keys::list(&tx, &[id]).await?;
        // One that was revoked stays so: embeds that name it are not to work again.
        let public = known.iter().find(|key| key.is_live(now)).map(|key| key.public.clone()).ok_or_else(|| {
            AppError::Conflict(
                "This organization has no key that works and could be replaced. Generate one.".to_owned(),
            )
        })?;
        let end = if at_once { now } else { now + self.0.rules().key_grace };
        for old in known.iter().filter(|old| old.public == public && old.is_live(now)) {
            // What ends sooner already does not get more time.
            let end = old.revokes.map_or(end, |at| at.min(end));
            store::organization_keys::revoke(&tx, id, old.id, end, now).await?;
        }
        let new = self.pair(id, public, now);
        store::organization_keys::insert(&tx, &new.key, &digest(new.private.reveal())).await?;
        let detail = json!({ "key": new.key.hint, "at_once": at_once });
        self.note(&tx, by, AuditKind::OrganizationKeyMade, &organization, detail).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Revokes a pair at once.
    pub async fn revoke_key(&self, by: By<'_>, id: OrganizationId, key: OrganizationKeyId) -> Result<(), AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let organization = self.admin(&tx, by, id).await?;
        let known = store::organization_keys::list(&tx, &[id]).await?;
        let known = known.into_iter().find(|known| known.id == key).ok_or(AppError::NotFound("key"))?;
        if known.is_live(now) {
            store::organization_keys::revoke(&tx, id, key, now, now).await?;
            self.note(&tx, by, AuditKind::OrganizationKeyRevoked, &organization, json!({ "key": known.hint })).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The pairs of organizations, newest first, those that ended too.
    pub async fn keys(&self, by: By<'_>, of: &[OrganizationId]) -> Result<Vec<OrganizationKey>, AppError> {
        self.admin_of(by, of).await?;
        Ok(store::organization_keys::list(self.0.store(), of).await?)
    }

    fn pair(&self, organization: OrganizationId, public: String, now: Time) -> NewKey {
        let private = Key::new(KeyKind::OrganizationPrivate, self.0.random());
        let key = OrganizationKey {
            id: OrganizationKeyId::new(now, self.0.dice()),
            organization,
            public,
            hint: private.reveal().chars().take(HINT).collect(),
            revokes: None,
            created: now,
            changed: now,
        };
        NewKey { key, private }
    }

    /// Lets pages of a domain use the public keys. That they may already is fine.
    pub async fn add_domain(&self, by: By<'_>, id: OrganizationId, domain: &str) -> Result<AllowedDomain, AppError> {
        let domain: Domain = domain.parse().map_err(|error: model::organization::NotADomain| {
            AppError::invalid("domain", format!("{error} This is “{domain}”."))
        })?;
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let organization = self.admin(&tx, by, id).await?;
        let known = store::organization_keys::domains(&tx, &[id]).await?;
        if let Some(known) = known.iter().find(|known| known.domain == domain) {
            return Ok(known.clone());
        }
        if known.len() >= MOST_DOMAINS {
            return Err(AppError::Conflict(format!("An organization has at most {MOST_DOMAINS} domains.")));
        }
        let allowed = AllowedDomain { id: DomainId::new(now, self.0.dice()), organization: id, domain, created: now };
        let conflict = |error| there_already(error, "This domain was just added by somebody else.");
        store::organization_keys::insert_domain(&tx, &allowed).await.map_err(conflict)?;
        let detail = json!({ "what": "domain added", "domain": allowed.domain });
        self.note(&tx, by, AuditKind::OrganizationChanged, &organization, detail).await?;
        tx.commit().await?;
        Ok(allowed)
    }

    /// Does not let pages of a domain use the public keys any more.
    pub async fn remove_domain(&self, by: By<'_>, id: OrganizationId, domain: DomainId) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        let organization = self.admin(&tx, by, id).await?;
        if !store::organization_keys::remove_domain(&tx, id, domain).await? {
            return Err(AppError::NotFound("domain"));
        }
        self.note(&tx, by, AuditKind::OrganizationChanged, &organization, json!({ "what": "domain removed" })).await?;
        Ok(tx.commit().await?)
    }

    /// The domains of organizations.
    pub async fn domains(&self, by: By<'_>, of: &[OrganizationId]) -> Result<Vec<AllowedDomain>, AppError> {
        self.admin_of(by, of).await?;
        Ok(store::organization_keys::domains(self.0.store(), of).await?)
    }

    /// Has an address hear of narrations. That it does already is fine.
    pub async fn add_webhook(&self, by: By<'_>, id: OrganizationId, url: &str) -> Result<WebhookAddress, AppError> {
        let url = checked_webhook("webhookUrl", url, &*self.0.rules().checks)?;
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let organization = self.admin(&tx, by, id).await?;
        let known = store::organization_keys::webhooks(&tx, &[id]).await?;
        if let Some(known) = known.iter().find(|known| known.url == url) {
            return Ok(known.clone());
        }
        if known.len() >= MOST_WEBHOOKS {
            return Err(AppError::Conflict(format!("An organization has at most {MOST_WEBHOOKS} webhook addresses.")));
        }
        let webhook =
            WebhookAddress { id: WebhookAddressId::new(now, self.0.dice()), organization: id, url, created: now };
        let conflict = |error| there_already(error, "This address was just added by somebody else.");
        store::organization_keys::insert_webhook(&tx, &webhook).await.map_err(conflict)?;
        let detail = json!({ "what": "webhook added", "address": webhook.url });
        self.note(&tx, by, AuditKind::OrganizationChanged, &organization, detail).await?;
        tx.commit().await?;
        Ok(webhook)
    }

    /// Does not have an address hear of narrations any more. What is on its way there still arrives.
    pub async fn remove_webhook(
        &self,
        by: By<'_>,
        id: OrganizationId,
        webhook: WebhookAddressId,
    ) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        let organization = self.admin(&tx, by, id).await?;
        if !store::organization_keys::remove_webhook(&tx, id, webhook).await? {
            return Err(AppError::NotFound("webhook address"));
        }
        self.note(&tx, by, AuditKind::OrganizationChanged, &organization, json!({ "what": "webhook removed" })).await?;
        Ok(tx.commit().await?)
    }

    /// The addresses that hear of organizations' narrations.
    pub async fn webhooks(&self, by: By<'_>, of: &[OrganizationId]) -> Result<Vec<WebhookAddress>, AppError> {
        self.admin_of(by, of).await?;
        Ok(store::organization_keys::webhooks(self.0.store(), of).await?)
    }

    /// What an organization's webhooks are signed with now.
    pub async fn webhook_secret(&self, by: By<'_>, id: OrganizationId) -> Result<WebhookKey, AppError> {
        let tx = self.0.begin().await?;
        let organization = self.admin(&tx, by, id).await?;
        drop(tx);
        let keys = self.0.deliveries().signing(None, organization.account).await?.keys;
        keys.into_iter().next().ok_or(AppError::Broken("an organization has no webhook secret"))
    }
}

/// An address that hears of narrations, or what is wrong with it.
pub(crate) fn checked_webhook(field: &str, url: &str, checks: &dyn Checks) -> Result<String, AppError> {
    let url = url.trim();
    if !is_web_address(url) {
        let message = format!("An address begins with https:// or http:// and names a host; this is “{url}”.");
        return Err(AppError::invalid(field, message));
    }
    checks.address(url).map_err(|why| AppError::invalid(field, why))?;
    Ok(url.to_owned())
}
