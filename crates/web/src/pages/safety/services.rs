//! `/account/services`: where recordings come from and productions go to. Apps connect themselves; stores are added and tested here.

use std::collections::HashMap;

use app::stores::Wanted;
use app::{AppError, Invalid};
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use model::service::Checked;
use model::{AppId, RegisteredApp, Remote, Service, ServiceId, ShownService, Time};
use wire::productions::{STORE_KINDS, StoreField, StoreKind, StoreSaid, Takes, fields_of, store_form};

use super::{Place, frame, places, token};
use crate::pages::form::Errors;
use crate::pages::frame::Frame;
use crate::pages::problem;
use crate::pages::signing::Button;
use crate::pages::state::Look;
use crate::pages::visit::{Refusal, Visit};
use crate::pages::words;

const PLACE: &str = "/account/services";

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "account/services.html")]
pub(crate) struct Services {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) stores: Vec<StoreRow>,
    pub(crate) rows: Vec<Row>,
    pub(crate) listed: Vec<RegisteredApp>,
    pub(crate) kinds: &'static [StoreKind],
    pub(crate) token: String,
}

impl Services {
    /// Whether an app is connected already.
    fn has(&self, app: &RegisteredApp) -> bool {
        self.rows.iter().any(|row| row.app == app.id)
    }
}

/// An app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) app: AppId,
    pub(crate) name: String,
    pub(crate) since: (String, String),
}

/// A store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreRow {
    pub(crate) id: String,
    pub(crate) name: String,
    /// What it is and where.
    pub(crate) place: String,
    pub(crate) look: Look,
    pub(crate) word: String,
    pub(crate) trouble: String,
}

/// The page on which a store is added or changed.
#[derive(Clone, Debug, Template)]
#[template(path = "account/store.html")]
pub(crate) struct Store {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) errors: Errors,
    pub(crate) id: Option<String>,
    pub(crate) kind: &'static StoreKind,
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) token: String,
}

/// A field with what is written in it. What opens a store is never written there.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) field: &'static StoreField,
    pub(crate) value: String,
}

impl Field {
    fn choices(&self) -> &'static [(&'static str, &'static str)] {
        match self.field.takes {
            Takes::Choice(choices) => choices,
            _ => &[],
        }
    }

    fn is_password(&self) -> bool {
        self.field.takes == Takes::Password
    }

    fn is_key(&self) -> bool {
        self.field.takes == Takes::Key
    }

    fn is_port(&self) -> bool {
        self.field.takes == Takes::Port
    }
}

pub(super) async fn show(visit: Visit) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let services = visit.app().services();
    let mine = services.list(caller).await.map_err(|error| problem::refuse(&visit, error))?;
    let listed = services.listed().await.map_err(|error| problem::refuse(&visit, error))?;
    let (stores, apps): (Vec<_>, Vec<_>) = mine.into_iter().partition(|shown| shown.service.store().is_some());
    let rows = apps.into_iter().filter_map(|shown| {
        Some(Row {
            id: shown.service.id.to_string(),
            app: shown.service.app()?.app,
            since: (words::date(shown.service.created), words::stamp(shown.service.created)),
            name: shown.display_name,
        })
    });
    let frame = frame(&visit, "Services");
    let token = token(&frame);
    let page = Services {
        frame,
        places: places(PLACE),
        stores: stores.iter().filter_map(row).collect(),
        rows: rows.collect(),
        listed,
        kinds: STORE_KINDS,
        token,
    };
    Ok(visit.page(StatusCode::OK, &page))
}

fn row(shown: &ShownService) -> Option<StoreRow> {
    let store = shown.service.store()?;
    let kind = StoreKind::of(store.remote.word()).map_or("", |kind| kind.name);
    let (look, word) = match &store.checked {
        None => (Look::NeedsYou, "Not tested yet".to_owned()),
        Some(Checked { trouble: None, at_ms, .. }) => {
            (Look::Ready, format!("Worked on {}", words::date(Time::from_ms(*at_ms))))
        }
        Some(Checked { may_read: true, at_ms, .. }) => {
            (Look::NeedsYou, format!("Could be read only on {}", words::date(Time::from_ms(*at_ms))))
        }
        Some(Checked { at_ms, .. }) => {
            (Look::Fallen, format!("Did not work on {}", words::date(Time::from_ms(*at_ms))))
        }
    };
    Some(StoreRow {
        id: shown.service.id.to_string(),
        name: shown.display_name.clone(),
        place: format!("{kind}, {}", place_of(&store.remote)),
        look,
        word,
        trouble: store.checked.as_ref().and_then(|checked| checked.trouble.clone()).unwrap_or_default(),
    })
}

/// Where a store is, in a few words.
fn place_of(remote: &Remote) -> String {
    let below = |place: &str, path: &str| if path.is_empty() { place.to_owned() } else { format!("{place}, {path}") };
    match remote {
        Remote::S3(at) => below(&at.bucket, &at.path),
        Remote::Sftp(at) => below(&at.host, &at.path),
        Remote::Ftp(at) => below(&at.host, &at.path),
        Remote::WebDav(at) => below(&at.url, &at.path),
    }
}

/// The form for a new store of that kind.
pub(super) async fn new(visit: Visit, Query(asked): Query<HashMap<String, String>>) -> Result<Response, Refusal> {
    visit.needed()?;
    let word = asked.get("type").map_or("", String::as_str);
    let Some(kind) = StoreKind::of(word) else {
        return Err(problem::refuse(&visit, AppError::NotFound("kind of store")));
    };
    Ok(visit.page(StatusCode::OK, &form(&visit, kind, None, String::new(), |_| String::new(), Errors::default())))
}

pub(super) async fn add(visit: Visit, Form(pairs): Form<Vec<(String, String)>>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let pairs = meant(&visit, pairs)?;
    let done = match store_form(&pairs, None) {
        Ok(said) => visit.app().stores().add(caller, wanted(said)).await,
        Err(errors) => Err(invalid(&errors)),
    };
    after(&visit, done, &pairs, None).await
}

pub(super) async fn edit(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let service = own(&visit, &id).await?;
    let (Some(store), Some(kind)) = (service.store(), kind_of(&service)) else { return Err(none(&visit)) };
    let known = fields_of(&store.remote);
    let value = |name: &str| match known.get(name) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    Ok(visit.page(StatusCode::OK, &form(&visit, kind, Some(id), service.name.clone(), value, Errors::default())))
}

pub(super) async fn change(
    visit: Visit,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let service = own(&visit, &id).await?;
    let caller = visit.needed()?;
    let pairs = meant(&visit, pairs)?;
    let done = match store_form(&pairs, service.store().map(|store| store.remote.word())) {
        Ok(said) => visit.app().stores().change(caller, service.id, wanted(said)).await,
        Err(errors) => Err(invalid(&errors)),
    };
    after(&visit, done, &pairs, Some(id)).await
}

/// Tests the connection at once, so that whoever typed a password wrongly learns it here and not from a production.
async fn after(
    visit: &Visit,
    done: Result<ShownService, AppError>,
    pairs: &[(String, String)],
    id: Option<String>,
) -> Result<Response, Refusal> {
    match done {
        Ok(shown) => tested(visit, shown.service.id).await,
        Err(AppError::Invalid(wrong)) => {
            let get = |name: &str| pairs.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value);
            let Some(kind) = StoreKind::of(get("type")) else { return Err(none(visit)) };
            let value = |name: &str| get(name).to_owned();
            let page = form(visit, kind, id, get("display_name").to_owned(), value, wrong.into());
            Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(problem::refuse(visit, error)),
    }
}

pub(super) async fn check(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let service = own(&visit, &id).await?;
    visit.meant(&button.csrf)?;
    tested(&visit, service.id).await
}

async fn tested(visit: &Visit, id: ServiceId) -> Result<Response, Refusal> {
    let checked = visit.app().stores().check(visit.needed()?, id).await;
    checked.map_err(|error| problem::refuse(visit, error))?;
    Ok(Redirect::to(PLACE).into_response())
}

fn form(
    visit: &Visit,
    kind: &'static StoreKind,
    id: Option<String>,
    name: String,
    value: impl Fn(&str) -> String,
    errors: Errors,
) -> Store {
    let frame = frame(visit, if id.is_some() { "Change a store" } else { "Add a store" });
    let token = token(&frame);
    let shown = |field: &'static StoreField| Field {
        field,
        value: if field.takes.is_secret() { String::new() } else { value(field.name) },
    };
    Store {
        frame,
        places: places(PLACE),
        errors,
        id,
        kind,
        name,
        fields: kind.fields.iter().map(shown).collect(),
        token,
    }
}

/// The fields of a form that came from a page of ours.
fn meant(visit: &Visit, mut pairs: Vec<(String, String)>) -> Result<Vec<(String, String)>, Refusal> {
    let token = pairs.iter().position(|(name, _)| name == "csrf").map(|at| pairs.remove(at).1);
    visit.meant(&token.unwrap_or_default())?;
    Ok(pairs)
}

fn wanted(said: StoreSaid) -> Wanted {
    Wanted { name: said.name, remote: said.remote, secret: said.secret }
}

fn invalid(errors: &wire::productions::FormErrors) -> AppError {
    let all = errors.iter().flat_map(|(field, said)| said.iter().map(move |message| (field, message)));
    AppError::Invalid(
        all.map(|(field, message)| Invalid { field: field.to_owned(), message: message.clone() }).collect(),
    )
}

async fn own(visit: &Visit, id: &str) -> Result<Service, Refusal> {
    let Ok(id) = id.parse::<ServiceId>() else { return Err(none(visit)) };
    let found = visit.app().services().find(visit.needed()?, id).await;
    Ok(found.map_err(|error| problem::refuse(visit, error))?.service)
}

fn kind_of(service: &Service) -> Option<&'static StoreKind> {
    StoreKind::of(service.store()?.remote.word())
}

fn none(visit: &Visit) -> Refusal {
    problem::refuse(visit, AppError::NotFound("store"))
}

pub(super) async fn remove(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&button.csrf)?;
    let removed = match id.parse::<ServiceId>() {
        Ok(id) => visit.app().services().remove(caller, id).await,
        Err(_) => Err(AppError::NotFound("service")),
    };
    removed.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to(PLACE).into_response())
}
