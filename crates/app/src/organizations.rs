//! Organizations: made, named, and kept by their admins. Who they consist of is in `organizations/people.rs`, what their servers and pages show
//! is in `organizations/keys.rs`.
//!
//! What an organization's own server may do is in `narrations.rs`: it comes with a key and is a [`Partner`], not a [`Caller`].

mod keys;
mod people;

use model::organization::{Member, Publication, PublicationMapping, Role};
use model::{Account, AccountId, AuditKind, MemberId, Organization, OrganizationId, PublicationId, Username};
use serde_json::{Value, json};
use store::{Page, StoreError, Tx};

use crate::apps::is_web_address;
use crate::audit::Entry;
use crate::callers::{Caller, Operator, Peer, Scopes};
use crate::{App, AppError};

pub(crate) use self::keys::checked_webhook;
pub use self::keys::{NewKey, Partner};
pub use self::people::{Invited, Person};

/// Characters that a name may have.
pub(crate) const NAME_LENGTH: usize = 200;

/// Organizations that one account may be in.
const MOST: usize = 100;

/// Organizations.
pub struct Organizations<'a>(pub(crate) &'a App);

/// Who does something to an organization: one of its admins, or the operator.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// Somebody who was recognised, and is one of its admins.
    Admin(&'a Caller),
    /// Whoever runs the house.
    Operator(&'a Operator),
}

impl By<'_> {
    pub(crate) fn account(&self) -> Option<AccountId> {
        match self {
            Self::Admin(caller) => Some(caller.account.id),
            Self::Operator(_) => None,
        }
    }
}

/// An organization, and what whoever looks is in it. Having one *is* being in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    organization: Organization,
    role: Role,
}

impl Seen {
    /// The organization.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// What whoever looks is in it.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Refuses who is not one of its admins.
    pub fn admin(&self) -> Result<(), AppError> {
        match self.role {
            Role::Admin => Ok(()),
            Role::Creator => Err(AppError::Forbidden(format!(
                "This is done by admins of {}, and you are a creator there.",
                self.organization.name
            ))),
        }
    }
}

const NONE: AppError = AppError::NotFound("organization");

/// What is to be otherwise about an organization; the rest stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details<'a> {
    /// What people call it.
    pub name: Option<&'a str>,
    /// Its own page; an empty one is none.
    pub homepage: Option<&'a str>,
    /// Whether its players offer their sound as a file.
    pub offers_download: Option<bool>,
}

impl Organizations<'_> {
    /// Makes an organization. Whoever does is its first admin.
    pub async fn create(&self, caller: &Caller, name: &str) -> Result<Organization, AppError> {
        whole(caller)?;
        if store::organizations::memberships(self.0.store(), caller.account.id).await?.len() >= MOST {
            return Err(AppError::Conflict(format!("One account can be in {MOST} organizations. Leave one first.")));
        }
        self.make(name, &caller.account, None).await
    }

    /// The operator makes one for somebody.
    pub async fn create_for(&self, _: &Operator, name: &str, admin: &Account) -> Result<Organization, AppError> {
        self.make(name, admin, None).await
    }

    async fn make(&self, name: &str, admin: &Account, from: Option<Peer>) -> Result<Organization, AppError> {
        let name = checked_name(name)?;
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let account = self.shell(&tx).await?.id;
        let id = OrganizationId::new(now, self.0.dice());
        let publication = Publication {
            id: PublicationId::new(now, self.0.dice()),
            organization: id,
            name: String::new(),
            created: now,
            changed: now,
        };
        let organization = Organization {
            id,
            name,
            homepage: None,
            offers_download: true,
            account,
            publication: publication.id,
            created: now,
            changed: now,
        };
        store::organizations::insert(&tx, &organization).await?;
        store::publications::insert(&tx, &publication).await?;
        let member = Member {
            id: MemberId::new(now, self.0.dice()),
            organization: id,
            account: admin.id,
            role: Role::Admin,
            created: now,
            changed: now,
        };
        store::organizations::insert_member(&tx, &member).await?;
        // Whoever gets the first webhook finds a secret to check it by.
        self.0.deliveries().add_key(&tx, account).await?;
        let entry = Entry::new(AuditKind::OrganizationChanged, admin.id, from);
        self.0.audit().note(&tx, entry.with(json!({ "organization": organization.name, "what": "made" }))).await?;
        tx.commit().await?;
        Ok(organization)
    }

    /// Makes an account that nobody signs in with: for an organization, or for one of its own people.
    pub(crate) async fn shell(&self, tx: &Tx) -> Result<Account, AppError> {
        let now = self.0.now();
        let number = store::accounts::next_number(tx).await?;
        let account = Account {
            id: AccountId::new(now, self.0.dice()),
            number,
            username: Username::of_shell(number),
            email: None,
            is_admin: false,
            created: now,
        };
        store::accounts::insert(tx, &account, None).await?;
        Ok(account)
    }

    /// Gives an organization another name, or another page of its own. What is left out stays; an empty page is none.
    pub async fn update(&self, by: By<'_>, id: OrganizationId, details: Details<'_>) -> Result<Organization, AppError> {
        let Details { name, homepage, offers_download } = details;
        let name = name.map(checked_name).transpose()?;
        if let Some(homepage) = homepage.filter(|homepage| !homepage.is_empty() && !is_web_address(homepage)) {
            let message = format!("A page begins with https:// or http:// and names a host; this is “{homepage}”.");
            return Err(AppError::invalid("homepageUrl", message));
        }
        let tx = self.0.begin().await?;
        let mut organization = store::organizations::find_for_update(&tx, id).await?.ok_or(NONE)?;
        self.admin(&tx, by, id).await?;
        if let Some(name) = name {
            organization.name = name;
        }
        if let Some(homepage) = homepage {
            organization.homepage = Some(homepage.to_owned()).filter(|homepage| !homepage.is_empty());
        }
        organization.offers_download = offers_download.unwrap_or(organization.offers_download);
        organization.changed = self.0.now();
        store::organizations::update(&tx, &organization).await?;
        tx.commit().await?;
        Ok(organization)
    }

    /// The organizations that the caller is in, with what they are there, those first that were entered first.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Seen>, AppError> {
        whole(caller)?;
        let places = store::organizations::memberships(self.0.store(), caller.account.id).await?;
        let ids: Vec<_> = places.iter().map(|place| place.organization).collect();
        let found = store::organizations::find_many(self.0.store(), &ids).await?;
        let seen = places.iter().filter_map(|place| {
            let organization = found.iter().find(|organization| organization.id == place.organization)?.clone();
            Some(Seen { organization, role: place.role })
        });
        Ok(seen.collect())
    }

    /// An organization that the caller is in.
    pub async fn find(&self, caller: &Caller, id: OrganizationId) -> Result<Seen, AppError> {
        whole(caller)?;
        let place = store::organizations::find_member(self.0.store(), id, caller.account.id).await?.ok_or(NONE)?;
        let organization = store::organizations::find(self.0.store(), id).await?.ok_or(NONE)?;
        Ok(Seen { organization, role: place.role })
    }

    /// All of them, for the operator.
    pub async fn all(&self, _: &Operator, page: Page) -> Result<Vec<Organization>, AppError> {
        Ok(store::organizations::list(self.0.store(), page).await?)
    }

    /// Any of them, for the operator.
    pub async fn any(&self, _: &Operator, id: OrganizationId) -> Result<Organization, AppError> {
        store::organizations::find(self.0.store(), id).await?.ok_or(NONE)
    }

    /// The one organization that an admin must mean who names none.
    pub async fn only(&self, caller: &Caller) -> Result<OrganizationId, AppError> {
        let admins = self.list(caller).await?.into_iter().filter(|seen| seen.role == Role::Admin);
        let mut ids = admins.map(|seen| seen.organization.id);
        match (ids.next(), ids.next()) {
            (Some(id), None) => Ok(id),
            (None, _) => Err(AppError::Forbidden("You are not an admin of any organization.".to_owned())),
            (Some(_), Some(_)) => Err(AppError::invalid(
                "organizationId",
                "You are an admin of several organizations, so say which one is meant.",
            )),
        }
    }

    /// The publications of organizations that the caller is in.
    pub async fn publications(&self, caller: &Caller, of: &[OrganizationId]) -> Result<Vec<Publication>, AppError> {
        self.seen(caller, of).await?;
        Ok(store::publications::list(self.0.store(), of).await?)
    }

    /// What organizations call their publications in words of their own.
    pub async fn publication_mappings(
        &self,
        caller: &Caller,
        of: &[OrganizationId],
    ) -> Result<Vec<PublicationMapping>, AppError> {
        self.seen(caller, of).await?;
        Ok(store::publications::mappings(self.0.store(), of).await?)
    }

    /// Gives a publication a name.
    pub async fn rename_publication(
        &self,
        by: By<'_>,
        id: OrganizationId,
        publication: PublicationId,
        name: &str,
    ) -> Result<(), AppError> {
        let name = checked_name(name)?;
        let tx = self.0.begin().await?;
        self.admin(&tx, by, id).await?;
        if !store::publications::rename(&tx, id, publication, &name, self.0.now()).await? {
            return Err(AppError::NotFound("publication"));
        }
        Ok(tx.commit().await?)
    }

    /// The organization, for one of its admins or the operator.
    pub(crate) async fn admin(&self, tx: &Tx, by: By<'_>, id: OrganizationId) -> Result<Organization, AppError> {
        let organization = store::organizations::find(tx, id).await?.ok_or(NONE)?;
        let By::Admin(caller) = by else { return Ok(organization) };
        whole(caller)?;
        let place = store::organizations::find_member(tx, id, caller.account.id).await?.ok_or(NONE)?;
        let seen = Seen { organization, role: place.role };
        seen.admin()?;
        Ok(seen.organization)
    }

    /// Refuses who is not an admin of all of them.
    pub(crate) async fn admin_of(&self, by: By<'_>, of: &[OrganizationId]) -> Result<(), AppError> {
        let By::Admin(caller) = by else { return Ok(()) };
        self.seen(caller, of).await?.iter().try_for_each(Seen::admin)
    }

    /// The organizations, of which the caller has to be in every one.
    pub(crate) async fn seen(&self, caller: &Caller, of: &[OrganizationId]) -> Result<Vec<Seen>, AppError> {
        let mut all = self.list(caller).await?;
        all.retain(|seen| of.contains(&seen.organization.id));
        let is_in = |id: &OrganizationId| all.iter().any(|seen| seen.organization.id == *id);
        if of.iter().all(is_in) { Ok(all) } else { Err(NONE) }
    }

    /// Writes down that something was done to an organization, where one of its admins did it.
    pub(crate) async fn note(
        &self,
        tx: &Tx,
        by: By<'_>,
        kind: AuditKind,
        organization: &Organization,
        mut detail: Value,
    ) -> Result<(), AppError> {
        let account = by.account().unwrap_or(organization.account);
        detail["organization"] = organization.name.as_str().into();
        self.0.audit().note(tx, Entry::new(kind, account, None).with(detail)).await
    }
}

/// Keys for one thing only, and apps, do not get to organizations.
pub(crate) fn whole(caller: &Caller) -> Result<(), AppError> {
    if caller.scopes == Scopes::All {
        return Ok(());
    }
    Err(AppError::Forbidden(
        "Organizations are kept by their admins, not by apps or keys that are good for one thing.".to_owned(),
    ))
}

pub(crate) fn checked_name(name: &str) -> Result<String, AppError> {
    let name: Vec<&str> = name.split_whitespace().collect();
    let name = name.join(" ");
    let characters = name.chars().count();
    if name.is_empty() {
        return Err(AppError::invalid("name", "Give it a name."));
    }
    if characters > NAME_LENGTH || name.chars().any(char::is_control) {
        let message = format!("A name has at most {NAME_LENGTH} characters that can be seen; this has {characters}.");
        return Err(AppError::invalid("name", message));
    }
    Ok(name)
}

/// A conflict in words of what was to be added.
pub(crate) fn there_already(error: StoreError, message: &str) -> AppError {
    match error {
        StoreError::Conflict => AppError::Conflict(message.to_owned()),
        other => other.into(),
    }
}
