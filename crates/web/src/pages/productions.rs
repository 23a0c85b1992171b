//! The list of one's productions as it is asked for, and recordings that come in through its form. The page itself is in list.rs.

use app::productions::NewProduction;
use app::{AppError, Caller, Page};
use axum::extract::Query;
use axum::extract::multipart::{Field, Multipart, MultipartRejection};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use model::Production;
use model::production::{Edit, Input, StoredFile};
use serde::Deserialize;

use super::form::Errors;
use super::list::{Choice, List, Shown};
use super::problem;
use super::production::view::place;
use super::visit::{Refusal, Visit};
use crate::http::body;

/// Productions on a page.
const ROWS: u64 = 50;
/// Presets to choose from.
const PRESETS: u64 = 200;
/// Services to choose from.
const SERVICES: usize = 50;
/// Fields that the form may have, and bytes of each that is not a file.
const FIELDS: usize = 16 + SERVICES;
const SHORT: usize = 1_024;

/// What the address of the list says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    page: u64,
    told: String,
}

/// What the form sent.
#[derive(Default)]
struct Sent {
    is_meant: bool,
    preset: String,
    services: Vec<String>,
    file: Option<StoredFile>,
}

/// `GET /productions`
pub(crate) async fn list(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let note = (wish.told == "deleted").then_some("The production is deleted, with its files.");
    let page = wish.page.clamp(1, 1_000_000);
    show(&visit, caller, page, StatusCode::OK, Errors::default(), &Sent::default(), note).await
}

/// `POST /productions`: a recording comes in and is started.
pub(crate) async fn create(
    visit: Visit,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let Ok(mut form) = form else { return Err(problem::not_meant(&visit)) };
    let mut sent = Sent::default();
    let read = match body::fits(&headers, visit.app().rules().upload_limit) {
        Ok(()) => read(&visit, caller, &mut form, &mut sent).await,
        Err(error) => Err(error.into()),
    };
    let errors = match read {
        Ok(()) => match start(&visit, caller, &sent).await {
            Ok(production) => return Ok(Redirect::to(&place(&production)).into_response()),
            Err(error) => told(error),
        },
        Err(Stop::NotMeant) => return Err(problem::not_meant(&visit)),
        Err(Stop::Error(error)) => told(error),
    };
    let errors = errors.map_err(|error| problem::refuse(&visit, error))?;
    show(&visit, caller, 1, StatusCode::UNPROCESSABLE_ENTITY, errors, &sent, None).await
}

enum Stop {
    NotMeant,
    Error(AppError),
}

impl From<AppError> for Stop {
    fn from(error: AppError) -> Self {
        Self::Error(error)
    }
}

/// Reads the form. The token comes first, so that no stranger's bytes are kept.
async fn read(visit: &Visit, caller: &Caller, form: &mut Multipart, sent: &mut Sent) -> Result<(), Stop> {
    for _ in 0..FIELDS {
        let Some(field) = form.next_field().await.map_err(|_| AppError::Interrupted)? else { return Ok(()) };
        let name = field.name().unwrap_or_default().to_owned();
        if name == "csrf" {
            let token = short(field).await?;
            visit.meant(&token).map_err(|_| Stop::NotMeant)?;
            sent.is_meant = true;
        } else if !sent.is_meant {
            return Err(Stop::NotMeant);
        } else if name == "preset" {
            sent.preset = short(field).await?;
        } else if name == "services" {
            sent.services.push(short(field).await?);
        } else if name == "input_file" && sent.file.is_none() {
            let file_name = field.file_name().unwrap_or_default().to_owned();
            if !file_name.is_empty() {
                sent.file = Some(visit.app().files().receive(caller, &file_name, field).await?);
            }
        }
    }
    Ok(())
}

async fn start(visit: &Visit, caller: &Caller, sent: &Sent) -> Result<Production, AppError> {
    let file = sent.file.clone().filter(|file| file.size > 0);
    let file = file.ok_or_else(|| match &sent.file {
        Some(empty) => AppError::invalid("input_file", format!("“{}” is empty. Choose another.", empty.name)),
        None => AppError::invalid("input_file", "Choose a recording first."),
    })?;
    let services = sent.services.iter().map(|id| {
        let unknown = || AppError::invalid("services", "One of these is not there any more.");
        id.parse().map_err(|_| unknown())
    });
    let services = services.collect::<Result<_, _>>()?;
    let edit = Edit { input: Some(Input::File(file)), services, ..Edit::default() };
    let preset = Some(sent.preset.clone()).filter(|preset| !preset.is_empty());
    visit.app().productions().create(caller, NewProduction { preset, edit, start: true }).await
}

/// What is wrong, where the page with the form can say it.
fn told(error: AppError) -> Result<Errors, AppError> {
    match error {
        AppError::Invalid(invalid) => {
            let mut errors = Errors::default();
            for field in invalid {
                errors.add(field.field, field.message);
            }
            Ok(errors)
        }
        AppError::TooLarge { .. } | AppError::OverQuota { .. } | AppError::Conflict(_) | AppError::Interrupted => {
            Ok(Errors::whole("The recording was not kept.", error.to_string()))
        }
        other => Err(other),
    }
}

async fn show(
    visit: &Visit,
    caller: &Caller,
    page: u64,
    status: StatusCode,
    errors: Errors,
    sent: &Sent,
    note: Option<&'static str>,
) -> Result<Response, Refusal> {
    let refuse = |error| problem::refuse(visit, error);
    let productions = visit.app().productions();
    let rows = Page { limit: ROWS, offset: (page - 1) * ROWS };
    let shown = productions.list(caller, rows).await.map_err(refuse)?;
    let total = productions.count(caller).await.map_err(refuse)?;
    let presets = visit.app().presets().list(caller, Page::first(PRESETS)).await.map_err(refuse)?;
    let usual = Choice { value: String::new(), text: "Podcast, −16 LUFS".to_owned(), chosen: sent.preset.is_empty() };
    let own = presets.into_iter().map(|own| {
        let value = own.id.to_string();
        Choice { chosen: value == sent.preset, value, text: own.name }
    });
    let services = visit.app().services().list(caller).await.map_err(refuse)?;
    let services = services.into_iter().take(SERVICES).map(|shown| {
        let value = shown.service.id.to_string();
        Choice { chosen: sent.services.contains(&value), value, text: shown.display_name }
    });
    let list = List::new(
        visit.frame(""),
        Shown {
            productions: &shown,
            total,
            older: (page * ROWS < total).then(|| format!("/productions?page={}", page + 1)),
            presets: std::iter::once(usual).chain(own).collect(),
            services: services.collect(),
            upload_limit: visit.app().rules().upload_limit,
            errors,
            note,
        },
    );
    Ok(visit.page(status, &list))
}

/// A field that is not a file. One that is longer than it may be is cut.
async fn short(mut field: Field<'_>) -> Result<String, AppError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|_| AppError::Interrupted)? {
        let room = SHORT.saturating_sub(bytes.len());
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
