//! `/account/keys`: keys for programs. Each is shown once, when it is made.

use app::{AppError, Scope, Scopes};
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::super::form::Errors;
use super::super::frame::Frame;
use super::super::problem;
use super::super::signing::Button;
use super::super::visit::{Refusal, Visit};
use super::super::words::{date, stamp};
use super::{Place, frame, fresh, places, token};

const HERE: &str = "/account/keys";

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "account/keys.html")]
pub(crate) struct Keys {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) errors: Errors,
    pub(crate) note: Option<&'static str>,
    pub(crate) token: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<Choice>,
    pub(crate) rows: Vec<Row>,
}

/// The page that shows a new key, once.
#[derive(Clone, Template)]
#[template(path = "account/key-made.html")]
pub(crate) struct Made {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) name: String,
    pub(crate) key: String,
}

/// Something that a key may be good for.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) scope: &'static str,
    pub(crate) text: &'static str,
    pub(crate) chosen: bool,
}

/// A key in the list.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scopes: String,
    /// For people, and for programs.
    pub(crate) made: (String, String),
    pub(crate) used: Option<(String, String)>,
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    told: String,
}

/// What the form sends: a name, and for each scope a field of its name.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    csrf: String,
    name: String,
    #[serde(rename = "production.read")]
    read: Option<String>,
    #[serde(rename = "production.write")]
    write: Option<String>,
    #[serde(rename = "service.connect")]
    connect: Option<String>,
    profile: Option<String>,
    #[serde(rename = "tracks.write")]
    tracks: Option<String>,
}

impl Typed {
    fn scopes(&self) -> Vec<Scope> {
        let all = [
            (Scope::ProductionRead, &self.read),
            (Scope::ProductionWrite, &self.write),
            (Scope::ServiceConnect, &self.connect),
            (Scope::Profile, &self.profile),
            (Scope::TracksWrite, &self.tracks),
        ];
        all.into_iter().filter(|(_, sent)| sent.is_some()).map(|(scope, _)| scope).collect()
    }
}

/// `GET /account/keys`
pub(crate) async fn show(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    let note = (wish.told == "revoked").then_some("The key is revoked. Whoever uses it is refused from now on.");
    page(&visit, "", &Scope::ALL, StatusCode::OK, Errors::default(), note).await
}

/// `POST /account/keys`
pub(crate) async fn make(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    visit.needed()?;
    visit.meant(&typed.csrf)?;
    let who = fresh(&visit, HERE).await?;
    let scopes = typed.scopes();
    if scopes.is_empty() {
        let mut errors = Errors::default();
        errors.add("production.read", "Choose what the key is good for.");
        return page(&visit, &typed.name, &scopes, StatusCode::UNPROCESSABLE_ENTITY, errors, None).await;
    }
    match visit
        .app()
        .api_keys()
        .make(&who, &typed.name, &Scopes::Only(scopes.iter().copied().collect()), visit.from())
        .await
    {
        Ok((row, key)) => {
            let frame = frame(&visit, "Your new key");
            let made = Made { frame, places: places(HERE), name: row.name, key: key.reveal().to_owned() };
            Ok(visit.page(StatusCode::OK, &made))
        }
        Err(AppError::Invalid(invalid)) => {
            let errors = Errors::from(invalid);
            page(&visit, &typed.name, &scopes, StatusCode::UNPROCESSABLE_ENTITY, errors, None).await
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

/// `POST /account/keys/{id}/revoke`
pub(crate) async fn revoke(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&button.csrf)?;
    let revoked = match id.parse() {
        Ok(id) => visit.app().api_keys().remove(&caller.account, id, Some(visit.from())).await,
        Err(_) => Err(AppError::NotFound("API key")),
    };
    revoked.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to("/account/keys?told=revoked").into_response())
}

async fn page(
    visit: &Visit,
    name: &str,
    chosen: &[Scope],
    status: StatusCode,
    errors: Errors,
    note: Option<&'static str>,
) -> Result<Response, Refusal> {
    let keys = visit.app().api_keys().list(&visit.needed()?.account).await;
    let keys = keys.map_err(|error| problem::refuse(visit, error))?;
    let moment = |time| (date(time), stamp(time));
    let rows = keys.into_iter().map(|key| Row {
        id: key.id.to_string(),
        name: if key.name.is_empty() { "without a name".to_owned() } else { key.name },
        scopes: if key.scopes.is_empty() { "everything".to_owned() } else { key.scopes },
        made: moment(key.created),
        used: key.used.map(moment),
    });
    let frame = frame(visit, "API keys");
    let page = Keys {
        token: token(&frame),
        places: places(HERE),
        errors,
        note,
        name: name.to_owned(),
        scopes: choices(chosen),
        rows: rows.collect(),
        frame,
    };
    Ok(visit.page(status, &page))
}

/// Every scope, in words.
pub(crate) fn choices(chosen: &[Scope]) -> Vec<Choice> {
    let words = |scope| match scope {
        Scope::ProductionRead => "See productions and presets, and have their files",
        Scope::ProductionWrite => "Make, change and remove productions and presets",
        Scope::ServiceConnect => "Add places to publish to",
        Scope::Profile => "See who you are",
        Scope::TracksWrite => "Publish, change and remove tracks, playlists and comments",
    };
    let choice = |scope: Scope| Choice { scope: scope.name(), text: words(scope), chosen: chosen.contains(&scope) };
    Scope::ALL.into_iter().map(choice).collect()
}
