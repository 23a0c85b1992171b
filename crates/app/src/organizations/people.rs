//! Who an organization consists of: members, those who are invited, and people of its own who are somebody here.

use std::collections::HashMap;
use std::time::Duration;

use model::organization::{Invitation, Member, Role, UserMapping};
use model::{Account, AuditKind, InvitationId, MemberId, Organization, OrganizationId};
use protocols::{Key, KeyKind};
use serde_json::json;
use store::Page;

use super::{By, Organizations, Seen, whole};
use crate::AppError;
use crate::callers::Caller;
use crate::secret::digest;

/// How long an invitation can be accepted.
const INVITED_FOR: Duration = Duration::from_hours(7 * 24);

/// Members, and invitations that wait, that one organization may have.
const MOST_MEMBERS: usize = 1_000;
const MOST_INVITATIONS: usize = 100;

/// Characters that a note on an invitation may have.
const NOTE_LENGTH: usize = 200;

/// A member, and who that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their place.
    pub member: Member,
    /// Who they are.
    pub account: Account,
}

/// An invitation that was just made. What it is accepted with is in here and nowhere else.
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// What it is accepted with.
    pub key: Key,
}

const OVER: AppError = AppError::NotFound("invitation");

impl Organizations<'_> {
    /// The members of organizations that the caller is in, those first who came first.
    pub async fn members(&self, caller: &Caller, of: &[OrganizationId]) -> Result<Vec<Person>, AppError> {
        self.seen(caller, of).await?;
        let members = store::organizations::members(self.0.store(), of).await?;
        let ids: Vec<_> = members.iter().map(|member| member.account).collect();
        let accounts = store::accounts::find_many(self.0.store(), &ids).await?;
        let accounts: HashMap<_, _> = accounts.into_iter().map(|account| (account.id, account)).collect();
        let person = |member: Member| Some(Person { account: accounts.get(&member.account)?.clone(), member });
        Ok(members.into_iter().filter_map(person).collect())
    }

    /// Invites somebody. They accept with what comes back, signed in as whoever they are.
    pub async fn invite(&self, by: By<'_>, id: OrganizationId, role: Role, note: &str) -> Result<Invited, AppError> {
        let note = note.trim();
        if note.chars().count() > NOTE_LENGTH {
            return Err(AppError::invalid("note", format!("A note has at most {NOTE_LENGTH} characters.")));
        }
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let organization = self.admin(&tx, by, id).await?;
        if store::organizations::invitations(&tx, &[id], now).await?.len() >= MOST_INVITATIONS {
            return Err(AppError::Conflict(format!(
                "{MOST_INVITATIONS} invitations wait already. Take some of them back first."
            )));
        }
        let key = Key::new(KeyKind::Invitation, self.0.random());
        let invitation = Invitation {
            id: InvitationId::new(now, self.0.dice()),
            organization: id,
            note: note.to_owned(),
            role,
            created: now,
            expires: now + INVITED_FOR,
        };
        store::organizations::insert_invitation(&tx, &invitation, &digest(key.reveal())).await?;
        let detail = json!({ "what": "invited", "role": role, "note": note });
        self.note(&tx, by, AuditKind::OrganizationChanged, &organization, detail).await?;
        tx.commit().await?;
        Ok(Invited { invitation, key })
    }

    /// What an invitation is to, and what one becomes there, for whoever has it.
    pub async fn invitation(&self, text: &str) -> Result<(Organization, Role), AppError> {
        let key = Key::parse(text).filter(|key| key.kind() == KeyKind::Invitation).ok_or(OVER)?;
        let found = store::organizations::find_invitation(self.0.store(), &digest(key.reveal()), self.0.now()).await?;
        let invitation = found.ok_or(OVER)?;
        let organization = store::organizations::find(self.0.store(), invitation.organization).await?.ok_or(OVER)?;
        Ok((organization, invitation.role))
    }

    /// Somebody accepts an invitation, which is spent then. Who is a member already becomes more, never less.
    pub async fn accept(&self, caller: &Caller, text: &str) -> Result<Seen, AppError> {
        whole(caller)?;
        let key = Key::parse(text).filter(|key| key.kind() == KeyKind::Invitation).ok_or(OVER)?;
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let found = store::organizations::find_invitation(&tx, &digest(key.reveal()), now).await?;
        let invitation = found.ok_or(OVER)?;
        let id = invitation.organization;
        // Of two who accept at once, one finds it gone.
        if !store::organizations::remove_invitation(&tx, id, invitation.id).await? {
            return Err(OVER);
        }
        let organization = store::organizations::find_for_update(&tx, id).await?.ok_or(OVER)?;
        let members = store::organizations::members(&tx, &[id]).await?;
        let mut role = invitation.role;
        if let Some(known) = members.iter().find(|member| member.account == caller.account.id) {
            if known.role == Role::Admin {
                role = Role::Admin;
            }
            store::organizations::set_role(&tx, id, known.id, role, now).await?;
        } else {
            if members.len() >= MOST_MEMBERS {
                return Err(AppError::Conflict(format!("An organization has at most {MOST_MEMBERS} members.")));
            }
            let member = Member {
                id: MemberId::new(now, self.0.dice()),
                organization: id,
                account: caller.account.id,
                role,
                created: now,
                changed: now,
            };
            store::organizations::insert_member(&tx, &member).await?;
        }
        let detail = json!({ "what": "joined", "role": role });
        self.note(&tx, By::Admin(caller), AuditKind::OrganizationChanged, &organization, detail).await?;
        tx.commit().await?;
        Ok(Seen { organization, role })
    }

    /// Invitations that wait.
    pub async fn invitations(&self, by: By<'_>, of: &[OrganizationId]) -> Result<Vec<Invitation>, AppError> {
        self.admin_of(by, of).await?;
        Ok(store::organizations::invitations(self.0.store(), of, self.0.now()).await?)
    }

    /// Takes an invitation back.
    pub async fn uninvite(&self, by: By<'_>, id: OrganizationId, invitation: InvitationId) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        self.admin(&tx, by, id).await?;
        if !store::organizations::remove_invitation(&tx, id, invitation).await? {
            return Err(OVER);
        }
        Ok(tx.commit().await?)
    }

    /// Gives a member another role. The last admin stays one.
    pub async fn set_role(&self, by: By<'_>, id: OrganizationId, member: MemberId, role: Role) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        store::organizations::find_for_update(&tx, id).await?;
        let organization = self.admin(&tx, by, id).await?;
        let members = store::organizations::members(&tx, &[id]).await?;
        if role != Role::Admin {
            refuse_last(&members, member)?;
        }
        if !store::organizations::set_role(&tx, id, member, role, self.0.now()).await? {
            return Err(AppError::NotFound("member"));
        }
        let detail = json!({ "what": "role changed", "role": role });
        self.note(&tx, by, AuditKind::OrganizationChanged, &organization, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Takes a member out, or the caller leaves. The last admin stays.
    pub async fn remove_member(&self, by: By<'_>, id: OrganizationId, member: MemberId) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        let organization = store::organizations::find_for_update(&tx, id).await?.ok_or(super::NONE)?;
        let members = store::organizations::members(&tx, &[id]).await?;
        let gone = members.iter().find(|known| known.id == member).ok_or(AppError::NotFound("member"))?;
        if by.account() != Some(gone.account) {
            self.admin(&tx, by, id).await?;
        }
        refuse_last(&members, member)?;
        store::organizations::remove_member(&tx, id, member).await?;
        self.note(&tx, by, AuditKind::OrganizationChanged, &organization, json!({ "what": "member left" })).await?;
        Ok(tx.commit().await?)
    }

    /// People of an organization's own, and who they are here.
    pub async fn users(&self, by: By<'_>, id: OrganizationId, page: Page) -> Result<Vec<UserMapping>, AppError> {
        self.admin_of(by, &[id]).await?;
        Ok(store::publications::users(self.0.store(), id, page).await?)
    }
}

fn refuse_last(members: &[Member], gone: MemberId) -> Result<(), AppError> {
    let other = |member: &&Member| member.role == Role::Admin && member.id != gone;
    if members.iter().any(|member| other(&member)) {
        return Ok(());
    }
    let message = "An organization has at least one admin. Make somebody else one first.";
    Err(AppError::Conflict(message.to_owned()))
}
