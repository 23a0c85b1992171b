//! Apps: registered by their owners, given more by the operator.
//!
//! An app's secret is shown when it is made and never again; what is kept of it is sealed, since signatures need it.

use std::time::Duration;

use model::registered_app::Services;
use model::{Account, AppId, AppSecretId, RegisteredApp};
use protocols::oauth2::{ScopeSet, check_redirect};
use protocols::{Key, KeyKind, Secret};
use secrecy::ExposeSecret;
use store::apps::AppSecret;
use store::{Page, Read, Tx};

use crate::callers::{Caller, Operator, Via};
use crate::{App, AppError, Invalid};

/// Characters of a name.
const NAME_LENGTH: usize = 60;

/// Characters of what is said about an app.
const ABOUT_LENGTH: usize = 300;

/// Addresses that an app may send people back to.
const MOST_REDIRECTS: usize = 10;

/// Apps that an account may have.
const MOST: u64 = 50;

/// What an app asks for when neither it nor its registration says.
const USUAL_SCOPES: &str = "production.read production.write service.connect profile";

/// How long the old secret works beside a new one, unless it is to end at once.
pub const OVERLAP: Duration = Duration::from_hours(24);

/// Apps.
pub struct Apps<'a>(pub(crate) &'a App);

/// What somebody says of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppDraft {
    /// What people know it by.
    pub name: String,
    /// What it does.
    pub about: String,
    /// Where more is said about it; empty is nowhere.
    pub homepage: String,
    /// Where people may be sent back to in OAuth 2.0.
    pub redirect_uris: Vec<String>,
    /// Where people may be sent back to in OAuth 1.0a; empty is nowhere.
    pub oauth1_callback: String,
    /// What it asks for when it does not say; empty is the usual.
    pub scopes: String,
}

/// Whether an app can keep a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// It runs on a server of its owner's.
    ASecret,
    /// It is in everybody's hands, and proves itself by PKCE alone.
    Nothing,
}

/// When an old secret ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// After [`OVERLAP`].
    Overlapping,
    /// Now.
    AtOnce,
}

/// What the operator decides about an app. What is not said stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Approval {
    /// How far it is an external service.
    pub services: Option<Services>,
    /// Whether it may have songs encoded.
    pub may_encode: Option<bool>,
    /// Whether it may use OAuth 1.0.
    pub may_oauth10: Option<bool>,
    /// Whether it may take people's passwords itself.
    pub may_password: Option<bool>,
}

/// An app, and that whoever holds this may change it: having one *is* the permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnApp(RegisteredApp);

impl OwnApp {
    /// The app.
    pub fn get(&self) -> &RegisteredApp {
        &self.0
    }
}

impl Apps<'_> {
    /// Registers an app. Its secret is in what comes back, and nowhere else.
    pub async fn create(
        &self,
        owner: &Account,
        draft: AppDraft,
        keeps: Keeps,
    ) -> Result<(RegisteredApp, Option<Secret>), AppError> {
        let draft = check(&draft)?;
        if store::apps::count_of(self.0.store(), owner.id).await? >= MOST {
            return Err(AppError::Conflict(format!("An account has at most {MOST} apps. Remove one first.")));
        }
        let now = self.0.now();
        let app = RegisteredApp {
            id: AppId::new(now, self.0.dice()),
            owner: owner.id,
            name: String::new(),
            about: String::new(),
            homepage: None,
            redirect_uris: Vec::new(),
            oauth1_callback: None,
            scopes: String::new(),
            is_public: keeps == Keeps::Nothing,
            services: Services::Pending,
            may_encode: false,
            may_oauth10: false,
            may_password: false,
            created: now,
            changed: now,
        };
        let app = draft.onto(&app);
        let tx = self.0.begin().await?;
        store::apps::insert(&tx, &app).await?;
        let secret = match keeps {
            Keeps::ASecret => Some(self.add_secret(&tx, &app).await?),
            Keeps::Nothing => None,
        };
        tx.commit().await?;
        tracing::info!(app = %app.id, "an app is registered");
        Ok((app, secret))
    }

    /// The caller's apps, newest first.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<RegisteredApp>, AppError> {
        in_person(caller)?;
        Ok(store::apps::list_of(self.0.store(), caller.account.id).await?)
    }

    /// An app of the caller's, to be changed.
    pub async fn own(&self, caller: &Caller, id: AppId) -> Result<OwnApp, AppError> {
        in_person(caller)?;
        let found = store::apps::find(self.0.store(), id).await?;
        found.filter(|app| app.owner == caller.account.id).map(OwnApp).ok_or(NONE)
    }

    /// Says something else of an app.
    pub async fn update(&self, app: OwnApp, draft: AppDraft) -> Result<OwnApp, AppError> {
        let mut app = check(&draft)?.onto(&app.0);
        app.changed = self.0.now();
        self.save(&app).await?;
        Ok(OwnApp(app))
    }

    /// Gives an app another secret, and the old one an end.
    pub async fn rotate(&self, app: &OwnApp, rotation: Rotation) -> Result<Secret, AppError> {
        if app.0.is_public {
            return Err(AppError::Conflict("This app is public: it has no secret that could be replaced.".to_owned()));
        }
        let now = self.0.now();
        let end = match rotation {
            Rotation::Overlapping => now + OVERLAP,
            Rotation::AtOnce => now,
        };
        let tx = self.0.begin().await?;
        store::apps::expire_secrets(&tx, app.0.id, end).await?;
        let secret = self.add_secret(&tx, &app.0).await?;
        tx.commit().await?;
        tracing::info!(app = %app.0.id, "an app has another secret");
        Ok(secret)
    }

    /// Removes an app with everything that it was allowed.
    pub async fn remove(&self, app: OwnApp) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        store::apps::remove(&tx, app.0.id).await?;
        tx.commit().await?;
        tracing::info!(app = %app.0.id, "an app is removed");
        Ok(())
    }

    /// Every app, for the operator.
    pub async fn list_all(&self, _: &Operator, page: Page) -> Result<Vec<RegisteredApp>, AppError> {
        Ok(store::apps::list(self.0.store(), page).await?)
    }

    /// Any app, for the operator to change.
    pub async fn any(&self, _: &Operator, id: AppId) -> Result<OwnApp, AppError> {
        store::apps::find(self.0.store(), id).await?.map(OwnApp).ok_or(NONE)
    }

    /// The operator decides about an app.
    pub async fn approve(&self, _: &Operator, id: AppId, approval: Approval) -> Result<RegisteredApp, AppError> {
        let mut app = store::apps::find(self.0.store(), id).await?.ok_or(NONE)?;
        app.services = approval.services.unwrap_or(app.services);
        app.may_encode = approval.may_encode.unwrap_or(app.may_encode);
        app.may_oauth10 = approval.may_oauth10.unwrap_or(app.may_oauth10);
        app.may_password = approval.may_password.unwrap_or(app.may_password);
        app.changed = self.0.now();
        self.save(&app).await?;
        tracing::info!(app = %app.id, ?approval, "the operator decided about an app");
        Ok(app)
    }

    /// The app, for protocols that are about to check who says to be it.
    pub(crate) async fn find(&self, id: &str) -> Result<Option<RegisteredApp>, AppError> {
        let Ok(id) = id.parse() else { return Ok(None) };
        Ok(store::apps::find(self.0.store(), id).await?)
    }

    /// The app that says to speak, with the secrets that it may have signed with. It is asked for together with others.
    pub(crate) async fn speaker(&self, id: &str) -> Result<Option<Speaker>, AppError> {
        let Ok(id) = id.parse() else { return Ok(None) };
        let Some(found) = store::apps::recognise(self.0.store(), id).await? else { return Ok(None) };
        let (app, sealed) = &*found;
        let now = self.0.now();
        let alive = sealed.iter().filter(|secret| secret.expires.is_none_or(|expires| expires > now));
        let secrets =
            alive.map(|secret| self.0.open_text(&purpose(app.id), &secret.sealed)).collect::<Result<_, _>>()?;
        Ok(Some(Speaker { app: app.clone(), secrets }))
    }

    /// The secrets of an app that work now, the newest first.
    pub(crate) async fn secrets(&self, db: &impl Read, app: AppId) -> Result<Vec<Secret>, AppError> {
        let sealed = store::apps::secrets(db, app, self.0.now()).await?;
        sealed.into_iter().map(|secret| self.0.open_text(&purpose(app), &secret.sealed)).collect()
    }

    async fn add_secret(&self, tx: &Tx, app: &RegisteredApp) -> Result<Secret, AppError> {
        let key = Key::new(KeyKind::AppSecret, self.0.random());
        let now = self.0.now();
        let secret = AppSecret {
            id: AppSecretId::new(now, self.0.dice()),
            app: app.id,
            sealed: self.0.seal(&purpose(app.id), key.reveal().as_bytes())?,
            created: now,
            expires: None,
        };
        store::apps::insert_secret(tx, &secret).await?;
        Ok(Secret::new(key.reveal()))
    }

    async fn save(&self, app: &RegisteredApp) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        if !store::apps::update(&tx, app).await? {
            return Err(NONE);
        }
        Ok(tx.commit().await?)
    }
}

impl App {
    /// Opens what was sealed as text.
    pub(crate) fn open_text(&self, purpose: &str, envelope: &[u8]) -> Result<Secret, AppError> {
        let bytes = self.open_sealed(purpose, envelope)?;
        let text = std::str::from_utf8(bytes.expose_secret());
        text.map(Secret::new).map_err(|_| AppError::Broken("what was sealed as text is none"))
    }
}

/// An app that says to have sent a request, and the secrets that work now, the newest first.
pub(crate) struct Speaker {
    pub(crate) app: RegisteredApp,
    pub(crate) secrets: Vec<Secret>,
}

const NONE: AppError = AppError::NotFound("app");

fn purpose(app: AppId) -> String {
    format!("app secret {app}")
}

/// Apps are looked after by their owner at a browser, never by an app that was allowed something.
fn in_person(caller: &Caller) -> Result<(), AppError> {
    match caller.via {
        Via::Session(_) => Ok(()),
        _ => Err(AppError::Forbidden("Apps are looked after in a browser. Sign in and open /developer.".to_owned())),
    }
}

/// What was said, found to make sense.
struct Checked {
    name: String,
    about: String,
    homepage: Option<String>,
    redirect_uris: Vec<String>,
    oauth1_callback: Option<String>,
    scopes: ScopeSet,
}

impl Checked {
    fn onto(self, app: &RegisteredApp) -> RegisteredApp {
        RegisteredApp {
            name: self.name,
            about: self.about,
            homepage: self.homepage,
            redirect_uris: self.redirect_uris,
            oauth1_callback: self.oauth1_callback,
            scopes: self.scopes.to_string(),
            ..*app
        }
    }
}

fn check(draft: &AppDraft) -> Result<Checked, AppError> {
    let mut wrong = Vec::new();
    let mut find = |field: &str, message: String| wrong.push(Invalid { field: field.to_owned(), message });
    let (name, about) = (line(&draft.name), line(&draft.about));
    match name.chars().count() {
        0 => find("name", "Say what people know the app by.".to_owned()),
        length if length > NAME_LENGTH => {
            find("name", format!("A name has at most {NAME_LENGTH} characters. This one has {length}."));
        }
        // The name of a service is the app's name, a colon, and what the app calls itself there.
        _ if name.contains(':') => find("name", "A name has no colon in it.".to_owned()),
        _ => {}
    }
    if about.chars().count() > ABOUT_LENGTH {
        find("about", format!("Say it in at most {ABOUT_LENGTH} characters."));
    }
    let homepage = some(&draft.homepage);
    if homepage.as_deref().is_some_and(|url| !is_web_address(url)) {
        find("homepage", "The homepage begins with https:// or http:// and names a host.".to_owned());
    }
    let redirect_uris: Vec<_> = draft.redirect_uris.iter().filter_map(|uri| some(uri)).collect();
    if redirect_uris.len() > MOST_REDIRECTS {
        find("redirect_uris", format!("An app has at most {MOST_REDIRECTS} redirect addresses."));
    }
    for uri in &redirect_uris {
        if let Err(problem) = check_redirect(uri) {
            find("redirect_uris", format!("{uri}: {problem}"));
        }
    }
    let oauth1_callback = some(&draft.oauth1_callback);
    // An address is a callback of itself where it is one at all.
    if oauth1_callback.as_deref().is_some_and(|url| !protocols::oauth1::is_callback_of(url, url)) {
        find("oauth1_callback", "The callback is a whole address, such as https://app.example/back.".to_owned());
    }
    let scopes = if draft.scopes.trim().is_empty() { USUAL_SCOPES } else { draft.scopes.trim() };
    let scopes = match scopes.parse::<ScopeSet>() {
        Ok(scopes) => scopes,
        Err(unknown) => {
            find("scopes", unknown.to_string());
            ScopeSet::NONE
        }
    };
    if wrong.is_empty() {
        Ok(Checked { name, about, homepage, redirect_uris, oauth1_callback, scopes })
    } else {
        Err(AppError::Invalid(wrong))
    }
}

/// One line: whatever is white space or invisible in a text is one space.
fn line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

pub(crate) fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    let plain = text.len() <= 2_048 && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>`".contains(&byte));
    plain && host.is_some_and(|host| !host.is_empty() && !host.contains('@'))
}
