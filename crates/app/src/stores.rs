//! Stores of users as services: how one is added and changed, tested, and looked into.
//!
//! What opens a store is sealed, leaves this file only towards a worker, and is never shown. Nothing here goes to the network: a test
//! and a list are jobs that somebody waits for.

use model::service::{Checked, ShownService, StoreTarget, Target};
use model::{AccountId, AuditKind, Remote, RemoteSecret, Service, ServiceId};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::jobs::Claimed;

use crate::audit::Entry;
use crate::callers::{Caller, Scope, Via};
use crate::services::{NONE, checked_name, shown};
use crate::{App, AppError, Invalid};

/// The kind of job that looks at a store while somebody waits.
pub const LOOK: &str = "look";

/// Stores of users.
pub struct Stores<'a>(pub(crate) &'a App);

/// What somebody says of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it is to be called.
    pub name: String,
    /// Where it is.
    pub remote: Remote,
    /// What opens it. A store that is changed keeps what it had where nothing is said, as long as that goes to the same server.
    pub secret: Option<RemoteSecret>,
}

/// What is to be found out about a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    /// Whether it can be reached, read and written.
    Check,
    /// Which recordings are there.
    List,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It was tested; what came of it is kept with the store.
    Checked,
    /// The recordings that are there, by name.
    Files(Vec<String>),
    /// It did not work, in a sentence.
    Trouble(String),
}

/// A store, and what opens it, as a worker is given them.
#[derive(Debug)]
pub struct Opened {
    /// The service.
    pub service: ServiceId,
    /// Where it is.
    pub remote: Remote,
    /// What opens it.
    pub secret: RemoteSecret,
}

impl Stores<'_> {
    /// Adds a store. Whether it works is another question: [`Self::check`].
    pub async fn add(&self, caller: &Caller, wanted: Wanted) -> Result<ShownService, AppError> {
        refuse_app(caller)?;
        let secret =
            wanted.secret.as_ref().ok_or_else(|| AppError::invalid(secret_field(&wanted.remote), NO_SECRET))?;
        let name = checked(&wanted.name, &wanted.remote, secret)?;
        let (now, owner) = (self.0.now(), caller.account.id);
        let id = ServiceId::new(now, self.0.dice());
        let sealed = self.seal(id, secret)?;
        let target = Target::Store(StoreTarget { remote: wanted.remote, checked: None });
        let service = Service { id, owner, name, target, created: now, changed: now };
        let tx = self.0.begin().await?;
        self.0.services().refuse_full(&tx, owner).await?;
        store::services::insert(&tx, &service, Some(sealed)).await?;
        self.note(&tx, &service, AuditKind::StoreAdded).await?;
        tx.commit().await?;
        Ok(shown(service, None))
    }

    /// Changes a store. What is known of its connection is forgotten; so is the key of its server, where that is another one.
    pub async fn change(&self, caller: &Caller, id: ServiceId, mut wanted: Wanted) -> Result<ShownService, AppError> {
        refuse_app(caller)?;
        let (known, sealed) = self.owned(caller, id).await?;
        let Target::Store(before) = &known.target else { return Err(NO_STORE) };
        let alike = before.remote.is_opened_alike(&wanted.remote);
        let secret = match wanted.secret.take() {
            Some(secret) => secret,
            None if alike => self.open(id, &sealed)?,
            // Whoever gets hold of a session must not have the old password sent to a server of their own.
            None => return Err(AppError::invalid(secret_field(&wanted.remote), MOVED)),
        };
        let name = checked(&wanted.name, &wanted.remote, &secret)?;
        if let (Remote::Sftp(before), Remote::Sftp(after)) = (&before.remote, &mut wanted.remote)
            && before.host == after.host
            && before.port == after.port
            && after.host_key.is_none()
        {
            after.host_key.clone_from(&before.host_key);
        }
        let target = Target::Store(StoreTarget { remote: wanted.remote, checked: None });
        let service = Service { name, target, changed: self.0.now(), ..known };
        let sealed = self.seal(id, &secret)?;
        let tx = self.0.begin().await?;
        store::services::find_for_update(&tx, id).await?.ok_or(NONE)?;
        store::services::update(&tx, &service, Some(sealed)).await?;
        self.note(&tx, &service, AuditKind::StoreChanged).await?;
        tx.commit().await?;
        Ok(shown(service, None))
    }

    /// Tests whether a store can be reached, read and written, and keeps what came of it. A server of SFTP that nobody has seen before is
    /// known from then on.
    pub async fn check(&self, caller: &Caller, id: ServiceId) -> Result<ShownService, AppError> {
        refuse_app(caller)?;
        match self.ask(caller, id, Question::Check).await? {
            Answer::Checked => self.0.services().find(caller, id).await,
            Answer::Trouble(why) => Err(AppError::Conflict(why)),
            Answer::Files(_) => Err(AppError::Broken("a test of a store was answered by a list")),
        }
    }

    /// The names of the recordings in a store.
    pub async fn files(&self, caller: &Caller, id: ServiceId) -> Result<Vec<String>, AppError> {
        caller.may(Scope::ProductionRead)?;
        match self.ask(caller, id, Question::List).await? {
            Answer::Files(names) => Ok(names),
            Answer::Trouble(why) => Err(AppError::Conflict(why)),
            Answer::Checked => Err(AppError::Broken("a list of a store was answered by a test")),
        }
    }

    /// The store of an account that a recording lies on, where it is still there.
    pub async fn source(&self, owner: AccountId, id: ServiceId) -> Result<Option<Opened>, AppError> {
        let found = store::services::find_with_sealed(self.0.store(), id).await?;
        match found.filter(|(service, _)| service.owner == owner) {
            Some((service, Some(sealed))) => self.opened(service, &sealed),
            _ => Ok(None),
        }
    }

    /// What a worker was asked about a store: which, and what. Nothing, where the store is gone; [`AppError::NoAnswer`], where nobody waits for it any more.
    pub async fn asked(&self, job: &Claimed) -> Result<Option<(Opened, Question)>, AppError> {
        self.0.somebody_waits(job)?;
        let service = job.payload.get("service").and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
        let question = job.payload.get("question").cloned().and_then(|word| serde_json::from_value(word).ok());
        let (Some(service), Some(question)) = (service, question) else { return Ok(None) };
        Ok(self.find_opened(service).await?.map(|opened| (opened, question)))
    }

    /// A worker tested a store. `remote` is the store with what is known of it since.
    pub async fn note_check(
        &self,
        job: &Claimed,
        opened: &Opened,
        remote: Remote,
        checked: Checked,
    ) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        if let Some(service) = store::services::find_for_update(&tx, opened.service).await?
            && service.store().is_some_and(|store| store.remote == opened.remote)
        {
            let target = StoreTarget { remote, checked: Some(checked) };
            store::services::note_check(&tx, service.id, service.changed, &target).await?;
        }
        self.0.answer(tx, job, json!(Answer::Checked)).await
    }

    /// A worker says what it found.
    pub async fn answer(&self, job: &Claimed, answer: &Answer) -> Result<(), AppError> {
        self.0.answer(self.0.begin().await?, job, json!(answer)).await
    }

    /// Has a worker find something out, and waits for it.
    async fn ask(&self, caller: &Caller, id: ServiceId, question: Question) -> Result<Answer, AppError> {
        let (service, _) = self.owned(caller, id).await?;
        if service.store().is_none() {
            return Err(NO_STORE);
        }
        let payload = json!({ "service": id, "question": question });
        let answer = self.0.ask_worker(LOOK, format!("service {id}"), payload).await?;
        serde_json::from_value(answer).map_err(|_| AppError::Broken("an answer cannot be read"))
    }

    /// A store by its id, and what opens it.
    pub(crate) async fn find_opened(&self, id: ServiceId) -> Result<Option<Opened>, AppError> {
        match store::services::find_with_sealed(self.0.store(), id).await? {
            Some((service, Some(sealed))) => self.opened(service, &sealed),
            _ => Ok(None),
        }
    }

    fn opened(&self, service: Service, sealed: &[u8]) -> Result<Option<Opened>, AppError> {
        let Target::Store(store) = service.target else { return Ok(None) };
        let secret = self.open(service.id, sealed)?;
        Ok(Some(Opened { service: service.id, remote: store.remote, secret }))
    }

    async fn owned(&self, caller: &Caller, id: ServiceId) -> Result<(Service, Vec<u8>), AppError> {
        let found = store::services::find_with_sealed(self.0.store(), id).await?;
        let (service, sealed) = found.filter(|(service, _)| service.owner == caller.account.id).ok_or(NONE)?;
        Ok((service, sealed.unwrap_or_default()))
    }

    fn seal(&self, id: ServiceId, secret: &RemoteSecret) -> Result<Vec<u8>, AppError> {
        let text = serde_json::to_vec(secret).map_err(|_| AppError::Broken("a secret cannot be written"))?;
        self.0.seal(&purpose(id), &text)
    }

    fn open(&self, id: ServiceId, sealed: &[u8]) -> Result<RemoteSecret, AppError> {
        let text = self.0.open_sealed(&purpose(id), sealed)?;
        serde_json::from_slice(text.expose_secret()).map_err(|_| AppError::Broken("a secret cannot be read"))
    }

    /// Notes for its owner what was done with a store; of an app nothing.
    pub(crate) async fn note(&self, tx: &store::Tx, service: &Service, kind: AuditKind) -> Result<(), AppError> {
        let Target::Store(store) = &service.target else { return Ok(()) };
        let entry = Entry::new(kind, service.owner, None);
        self.0.audit().note(tx, entry.with(json!({ "name": service.name, "type": store.remote.word() }))).await
    }
}

const NO_STORE: AppError = AppError::NotFound("store");
const NO_SECRET: &str = "Say what opens the store.";
const MOVED: &str = "The server or whoever signs in there changed, so say once more what opens it.";

/// Credentials are for people: an app is told what it needs to know of a store by its name alone.
fn refuse_app(caller: &Caller) -> Result<(), AppError> {
    caller.may(Scope::ProductionWrite)?;
    if matches!(caller.via, Via::App { .. }) {
        return Err(AppError::Forbidden(
            "Stores are kept by people, with their own API key or in a browser; an app can use them and not change them."
                .to_owned(),
        ));
    }
    Ok(())
}

fn checked(name: &str, remote: &Remote, secret: &RemoteSecret) -> Result<String, AppError> {
    let mut wrong = Vec::new();
    let name = checked_name(name, &mut wrong);
    for fault in remote.check(secret).err().unwrap_or_default() {
        wrong.push(Invalid { field: fault.field.to_owned(), message: fault.what.to_owned() });
    }
    if wrong.is_empty() { Ok(name) } else { Err(AppError::Invalid(wrong)) }
}

const fn secret_field(remote: &Remote) -> &'static str {
    match remote {
        Remote::S3(_) => "secret_key",
        Remote::Sftp(_) | Remote::Ftp(_) | Remote::WebDav(_) => "password",
    }
}

fn purpose(id: ServiceId) -> String {
    format!("store {id}")
}
