//! Articles that are read aloud: asked for by an organization's server, shown by their player, and the same for whoever reads them out.
//!
//! A narration is a production with an article for a recording, under the same id. What people change about it is in `narrations/editing.rs`,
//! what workers do with it in `narrations/reading.rs`, what others are told in `narrations/telling.rs`.

mod asking;
mod checks;
mod claiming;
mod editing;
mod reading;
mod telling;
mod trying;
mod underway;

use std::time::Duration;

use model::narration::{Published, Script, Wish};
use model::organization::{Publication, PublicationMapping, UserMapping};
use model::production::{Algorithms, Input, MadeFile, OutputOrder, State, StoredFile};
use model::{
    AccountId, Draft, MappingId, Metadata, Narration, Organization, OrganizationId, Production, ProductionId,
    PublicationId, Time,
};
pub use store::jobs::Progress;
use store::{Page, Tx};

use crate::callers::Caller;
use crate::organizations::{Partner, whole};
use crate::productions::subject;
use crate::{App, AppError};

use self::asking::{checked, digest_of, host};

pub use self::asking::canonical;
pub use self::checks::{Checks, Unchecked};
pub use self::editing::{Changed, EditedBy, Editor, EditorSession};
pub use self::reading::Reading;
pub use self::reading::rendering_key;
pub(crate) use self::reading::{RENDERED_FOR, doom, doom_published, is_played};
pub use self::trying::{SAY, Said};
pub use self::underway::{ALL_SPOKEN, SCRIPT_WRITTEN, Underway};

/// How long a request that has a key of its own is remembered.
pub(crate) const REMEMBERED_FOR: Duration = Duration::from_hours(24);

/// What is made of an article: one voice needs no more.
const OUTPUT: (&str, u32) = ("mp3", 64);

/// Articles that are read aloud.
pub struct Narrations<'a>(pub(crate) &'a App);

/// An article that is to be read aloud.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Where it is.
    pub address: String,
    /// Who of the organization asks, in its own words.
    pub user: String,
    /// What it appears in, in the organization's own words.
    pub publication: Option<String>,
    /// What else is wanted.
    pub wish: Wish,
    /// Whether it is made anew where it was made before.
    pub is_anew: bool,
    /// A name that the organization gave this request, so that it is not done twice.
    pub key: Option<String>,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq)]
pub struct Requested {
    /// The narration.
    pub id: ProductionId,
    /// Whether something was begun, by this request or by the one that it repeats under its key; otherwise it was there, or is on its way.
    pub is_begun: bool,
}

/// What there is to hear or say at a player's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is being made.
    Generating,
    /// It can be heard.
    Ready,
    /// It did not work.
    Error,
}

/// A narration as its player shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Player {
    /// The narration.
    pub narration: Narration,
    /// Its production.
    pub production: Production,
    /// Whose it is.
    pub organization: Organization,
    /// What it appears in.
    pub publication: Option<Publication>,
    /// Who makes it.
    pub underway: Underway,
}

/// How far a narration is.
#[derive(Clone, Debug, PartialEq)]
pub struct Making {
    /// The narration.
    pub narration: Narration,
    /// Its production.
    pub production: Production,
    /// Who makes it.
    pub underway: Underway,
}

impl Player {
    /// What there is to hear or say.
    pub fn status(&self) -> Status {
        status_of(&self.narration, &self.production)
    }

    /// What can be heard.
    pub fn published(&self) -> Option<&Published> {
        self.narration.published.as_ref()
    }

    /// Why there is nothing to hear, where that is so.
    pub fn trouble(&self) -> Option<&str> {
        trouble_of(&self.narration, &self.production)
    }

    /// What the publication, or else the organization, is called.
    pub fn site(&self) -> &str {
        let named =
            self.publication.as_ref().map(|publication| publication.name.as_str()).filter(|name| !name.is_empty());
        let said = self.narration.about.as_ref().map(|about| about.site.as_str()).filter(|site| !site.is_empty());
        named.or(said).unwrap_or(&self.organization.name)
    }
}

/// What there is to hear or say of a narration, beside its production.
pub fn status_of(narration: &Narration, production: &Production) -> Status {
    match &production.state {
        _ if narration.published.is_some() => Status::Ready,
        State::Failed { .. } | State::Idle | State::Outdated { .. } | State::Done { .. } => Status::Error,
        State::Waiting | State::Working { .. } | State::Stopping | State::Publishing { .. } => Status::Generating,
    }
}

/// Why there is nothing to hear, where that is so.
pub fn trouble_of<'p>(narration: &Narration, production: &'p Production) -> Option<&'p str> {
    match &production.state {
        _ if status_of(narration, production) != Status::Error => None,
        State::Failed { reason, .. } => Some(reason),
        _ => Some("Its making was stopped."),
    }
}

const NONE: AppError = AppError::NotFound("player");

impl Narrations<'_> {
    /// An organization's server has an article read aloud. Nothing is fetched before this is answered.
    ///
    /// The same article again for the same person gives the same narration; one that did not work is tried again.
    pub async fn request(&self, partner: &Partner, request: Request) -> Result<Requested, AppError> {
        self.asked(partner.organization(), None, request).await
    }

    /// A member of an organization has an article read aloud, for themselves.
    pub async fn create(
        &self,
        caller: &Caller,
        organization: OrganizationId,
        address: &str,
        wish: Wish,
    ) -> Result<Requested, AppError> {
        let nowhere = || AppError::NotFound("organization");
        whole(caller)?;
        let member = caller.account.id;
        let place = store::organizations::find_member(self.0.store(), organization, member).await?;
        place.ok_or_else(nowhere)?;
        let organization = store::organizations::find(self.0.store(), organization).await?.ok_or_else(nowhere)?;
        let request = Request { address: address.to_owned(), wish, ..Request::default() };
        self.asked(&organization, Some(member), request).await
    }

    /// Forgets a narration, its production and all that came of it. Its player is gone.
    pub async fn remove(&self, editor: &Editor, id: ProductionId) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        let (production, _) = self.locked(&tx, editor, id).await?;
        crate::productions::remove(&tx, &production, self.0.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Whoever asks is a member, or whom the request names.
    async fn asked(
        &self,
        organization: &Organization,
        member: Option<AccountId>,
        request: Request,
    ) -> Result<Requested, AppError> {
        let checks = &*self.0.rules().checks;
        let request = checked(request, member.is_none(), checks)?;
        checks.address(&request.address).map_err(AppError::Refused)?;
        // Whoever asks for the same at the same moment was first, and then it is there to be found: the person, the publication, or all of it.
        for _ in 0..2 {
            match self.put(organization, member, &request).await {
                Err(AppError::Conflict(_)) => {}
                done => return done,
            }
        }
        self.put(organization, member, &request).await
    }

    async fn put(
        &self,
        organization: &Organization,
        member: Option<AccountId>,
        request: &Request,
    ) -> Result<Requested, AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let digest = digest_of(request);
        if let Some(key) = &request.key
            && let Some(known) = store::narrations::find_request(&tx, organization.id, key).await?
        {
            // It is answered as it was then, by whoever did not hear that.
            if known.digest == digest {
                return Ok(Requested { id: known.narration, is_begun: known.has_begun });
            }
            let message = "This Idempotency-Key was used for another request. Give each request a key of its own.";
            return Err(AppError::Refused(message.to_owned()));
        }
        let owner = match member {
            Some(member) => member,
            None => self.user(&tx, organization.id, &request.user, now).await?,
        };
        let publication = match &request.publication {
            Some(theirs) => self.publication(&tx, organization.id, theirs, now).await?,
            None => organization.publication,
        };
        let known = store::narrations::find_by_address(&tx, organization.id, owner, &request.address).await?;
        let done = match known {
            Some(known) => self.again(&tx, known.id, Some((request, publication)), request.is_anew, now).await?,
            None => self.begin(&tx, organization, owner, publication, request, now).await?,
        };
        if let Some(key) = &request.key {
            store::narrations::note_request(&tx, organization.id, key, &digest, (done.id, done.is_begun), now).await?;
        }
        tx.commit().await?;
        Ok(done)
    }

    async fn begin(
        &self,
        tx: &Tx,
        organization: &Organization,
        owner: AccountId,
        publication: PublicationId,
        request: &Request,
        now: Time,
    ) -> Result<Requested, AppError> {
        if store::productions::count(tx, owner).await? >= self.0.rules().most_productions {
            return Err(AppError::Refused(format!(
                "This person has {} productions, and no more than that are kept. Remove some first.",
                self.0.rules().most_productions
            )));
        }
        let (format, bitrate) = OUTPUT;
        let mut production = Production {
            id: ProductionId::new(now, self.0.dice()),
            owner,
            draft: Draft {
                metadata: Metadata {
                    title: request.wish.title.clone().unwrap_or_else(|| host(&request.address).to_owned()),
                    ..Metadata::default()
                },
                input: Some(Input::Article(request.address.clone())),
                output_basename: "narration".to_owned(),
                outputs: vec![OutputOrder {
                    format: format.to_owned(),
                    bitrate: Some(bitrate),
                    ..OutputOrder::default()
                }],
                // A voice of ours has no rumble, and is as loud in the end as in the beginning.
                algorithms: Algorithms { leveler: false, filtering: false, ..Algorithms::default() },
                ..Draft::default()
            },
            state: State::Idle,
            run: 0,
            created: now,
            changed: now,
        };
        store::productions::insert(tx, &production).await?;
        let narration = Narration {
            id: production.id,
            owner,
            organization: organization.id,
            publication,
            address: request.address.clone(),
            wish: request.wish.clone(),
            about: None,
            findings: Vec::new(),
            script: Script::default(),
            revision: 0,
            published: None,
            replacing: None,
            created: now,
            changed: now,
        };
        store::narrations::insert(tx, &narration).await?;
        self.0.productions().begin_run(tx, &mut production, now).await?;
        Ok(Requested { id: production.id, is_begun: true })
    }

    /// Has it made anew, where that is wanted, or where it did not work; the article is fetched again. What is under way goes on, unless it
    /// is to be made anew: then it is stopped, since it may have an older article. What can be heard is heard until the new sound is made.
    async fn again(
        &self,
        tx: &Tx,
        id: ProductionId,
        request: Option<(&Request, PublicationId)>,
        is_anew: bool,
        now: Time,
    ) -> Result<Requested, AppError> {
        let mut production = store::productions::find_for_update(tx, id).await?.ok_or(NONE)?;
        let mut narration = store::narrations::find_for_update(tx, id).await?.ok_or(NONE)?;
        let is_wanted = is_anew || status_of(&narration, &production) == Status::Error;
        if !is_wanted || (production.state.is_running() && !is_anew) {
            return Ok(Requested { id, is_begun: false });
        }
        self.0.productions().halt(tx, &mut production).await?;
        if let Some((request, publication)) = request {
            narration.publication = publication;
            narration.wish = request.wish.clone();
            if let Some(title) = &request.wish.title {
                production.draft.metadata.title.clone_from(title);
            }
        }
        narration.findings.clear();
        if !narration.script.segments.is_empty() {
            self.keep_revision(tx, &narration, None, now).await?;
            narration.script = Script::default();
            narration.revision += 1;
        }
        self.0.productions().begin_run(tx, &mut production, now).await?;
        narration.replacing = Some(production.run);
        narration.changed = now;
        store::narrations::update(tx, &narration).await?;
        Ok(Requested { id, is_begun: true })
    }

    /// Who somebody of an organization is; whoever was never seen is given an account that nobody signs in with.
    async fn user(
        &self,
        tx: &Tx,
        organization: OrganizationId,
        theirs: &str,
        now: Time,
    ) -> Result<AccountId, AppError> {
        if let Some(known) = store::publications::find_user(tx, organization, theirs).await? {
            return Ok(known.account);
        }
        let account = self.0.organizations().shell(tx).await?.id;
        let id = MappingId::new(now, self.0.dice());
        let mapping = UserMapping { id, organization, theirs: theirs.to_owned(), account, created: now, changed: now };
        store::publications::insert_user(tx, &mapping).await?;
        Ok(account)
    }

    /// The same for publications.
    async fn publication(
        &self,
        tx: &Tx,
        organization: OrganizationId,
        theirs: &str,
        now: Time,
    ) -> Result<PublicationId, AppError> {
        if let Some(known) = store::publications::find_mapping(tx, organization, theirs).await? {
            return Ok(known.publication);
        }
        let publication = PublicationId::new(now, self.0.dice());
        let new = Publication { id: publication, organization, name: String::new(), created: now, changed: now };
        store::publications::insert(tx, &new).await?;
        let id = MappingId::new(now, self.0.dice());
        let mapping =
            PublicationMapping { id, organization, theirs: theirs.to_owned(), publication, created: now, changed: now };
        store::publications::insert_mapping(tx, &mapping).await?;
        Ok(publication)
    }

    /// A narration as its player shows it. Players are public: whoever has the address may look.
    pub async fn player(&self, id: ProductionId) -> Result<Player, AppError> {
        let narration = store::narrations::find(self.0.store(), id).await?.ok_or(NONE)?;
        self.shown(narration).await
    }

    /// The same, for an organization's own server or page.
    pub async fn player_of(&self, partner: &Partner, id: ProductionId) -> Result<Player, AppError> {
        let narration = store::narrations::find(self.0.store(), id).await?;
        let narration = narration.filter(|found| found.organization == partner.organization().id).ok_or(NONE)?;
        self.shown(narration).await
    }

    /// The player of an article, for a page that shows it.
    pub async fn player_at(&self, partner: &Partner, address: &str) -> Result<Player, AppError> {
        let address = canonical(address)?;
        let found = store::narrations::find_published(self.0.store(), partner.organization().id, &address).await?;
        self.shown(found.ok_or(NONE)?).await
    }

    /// What its organization calls whoever asked for it.
    pub async fn theirs(&self, player: &Player) -> Result<Option<String>, AppError> {
        let (organization, owner) = (player.narration.organization, player.narration.owner);
        let found = store::publications::find_user_of(self.0.store(), organization, owner).await?;
        Ok(found.map(|mapping| mapping.theirs))
    }

    async fn shown(&self, narration: Narration) -> Result<Player, AppError> {
        let production = store::productions::find(self.0.store(), narration.id).await?.ok_or(NONE)?;
        let organization = store::organizations::find(self.0.store(), narration.organization).await?.ok_or(NONE)?;
        let publication = store::publications::find(self.0.store(), narration.publication).await?;
        let underway = self.underway(&production).await?;
        Ok(Player { narration, production, organization, publication, underway })
    }

    /// How far a narration is: for whoever looks again and again, and knows the rest of its player already.
    pub async fn making(&self, id: ProductionId) -> Result<Making, AppError> {
        let narration = store::narrations::find(self.0.store(), id).await?.ok_or(NONE)?;
        let production = store::productions::find(self.0.store(), id).await?.ok_or(NONE)?;
        let underway = self.underway(&production).await?;
        Ok(Making { narration, production, underway })
    }

    async fn underway(&self, production: &Production) -> Result<Underway, AppError> {
        if !production.state.is_running() {
            return Ok(Underway::Nobody);
        }
        let (store, subject) = (self.0.store(), subject(production.id));
        if let Some(progress) = store::jobs::progress_of(store, &subject).await? {
            return Ok(Underway::Worker(progress));
        }
        let again = store::jobs::again_of(store, &subject).await?;
        Ok(again.map_or(Underway::Nobody, |(at, why)| Underway::Again { at, why }))
    }

    /// What can be heard, in a format such as `mp3`.
    pub async fn sound(&self, id: ProductionId, format: &str) -> Result<MadeFile, AppError> {
        let narration = store::narrations::find(self.0.store(), id).await?.ok_or(NONE)?;
        let made = narration.published.ok_or(AppError::NotFound("file"))?.made;
        made.files.into_iter().find(|file| file.order.format == format).ok_or(AppError::NotFound("file"))
    }

    /// A drawing or what is heard when, by its name.
    pub async fn drawing(&self, id: ProductionId, name: &str) -> Result<StoredFile, AppError> {
        let narration = store::narrations::find(self.0.store(), id).await?.ok_or(NONE)?;
        let made = narration.published.ok_or(NONE)?.made;
        made.drawings.into_iter().find(|file| file.name == name).ok_or(AppError::NotFound("file"))
    }

    /// Narrations that an editor may change, newest first.
    pub async fn list(&self, editor: &Editor, page: Page) -> Result<Vec<Narration>, AppError> {
        let owner = (!editor.is_admin()).then(|| editor.account());
        Ok(store::narrations::list(self.0.store(), editor.organization(), owner, page).await?)
    }

    /// Productions of narrations, in no order.
    pub async fn productions_of(&self, narrations: &[Narration]) -> Result<Vec<Production>, AppError> {
        let ids: Vec<_> = narrations.iter().map(|narration| narration.id).collect();
        Ok(store::productions::find_many(self.0.store(), &ids).await?)
    }
}
