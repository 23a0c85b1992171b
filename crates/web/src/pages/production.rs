//! The page of one production: where it is, and once it is made, everything to hear, see and fetch. What it shows is put together in
//! `production/view.rs`; here it is fetched, and buttons do what they say.

mod files;
mod original;
pub(crate) mod remove;
pub(crate) mod report;
mod settings;
pub(crate) mod view;

use app::{AppError, Caller};
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::StreamExt;
use http::StatusCode;
use model::{Production, ProductionId};

use super::dat;
use super::problem;
use super::signing::Button;
use super::state::Look;
use super::visit::{Refusal, Visit};
use report::Curve;
use view::{Beside, Notice, View, place};

pub(crate) use original::original;

/// Bytes of a drawing that are read: peaks of six hours have 8.4 million.
const MOST_DRAWN: u64 = 9 << 20;

/// `GET /productions/{uuid}`
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let production = find(&visit, caller, &id).await?;
    page(&visit, caller, &production, StatusCode::OK, None).await
}

/// `POST /productions/{uuid}/start`, `/stop` and `/publish`
pub(crate) async fn act(
    visit: Visit,
    Path((id, verb)): Path<(String, String)>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&button.csrf)?;
    let production = find(&visit, caller, &id).await?;
    let productions = visit.app().productions();
    let done = match verb.as_str() {
        "start" => productions.start(caller, production.id).await,
        "stop" => productions.stop(caller, production.id).await,
        "publish" => productions.publish(caller, production.id).await,
        _ => Err(AppError::NotFound("page")),
    };
    match done {
        Ok(production) => Ok(Redirect::to(&place(&production)).into_response()),
        Err(AppError::Conflict(text)) => again(&visit, caller, &id, StatusCode::CONFLICT, text).await,
        Err(AppError::Invalid(fields)) => {
            let text: Vec<_> = fields.into_iter().map(|field| field.message).collect();
            again(&visit, caller, &id, StatusCode::UNPROCESSABLE_ENTITY, text.join(" ")).await
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

/// `GET /productions/{uuid}/delete`: asks first.
pub(crate) async fn ask(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let production = find(&visit, visit.needed()?, &id).await?;
    Ok(visit.page(StatusCode::OK, &remove::Ask::new(visit.frame(""), &production)))
}

/// `POST /productions/{uuid}/delete`
pub(crate) async fn delete(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&button.csrf)?;
    let production = find(&visit, caller, &id).await?;
    let removed = visit.app().productions().remove(caller, production.id).await;
    removed.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to("/productions?told=deleted").into_response())
}

async fn find(visit: &Visit, caller: &Caller, id: &str) -> Result<Production, Refusal> {
    let found = match id.parse::<ProductionId>() {
        Ok(id) => visit.app().productions().find(caller, id).await,
        Err(_) => Err(AppError::NotFound("production")),
    };
    found.map_err(|error| problem::refuse(visit, error))
}

/// The page as it is now, with what stood in the way.
async fn again(
    visit: &Visit,
    caller: &Caller,
    id: &str,
    status: StatusCode,
    text: String,
) -> Result<Response, Refusal> {
    let production = find(visit, caller, id).await?;
    page(visit, caller, &production, status, Some(Notice { look: Look::Fallen, text })).await
}

async fn page(
    visit: &Visit,
    caller: &Caller,
    production: &Production,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, Refusal> {
    let mut beside = Beside { notice, ..Beside::default() };
    if !production.draft.all_services().is_empty() {
        let services = visit.app().services().beside(production.owner, &[production.id]).await;
        let services = services.map_err(|error| problem::refuse(visit, error))?;
        beside.services = services.into_values().flatten().collect();
    }
    if production.state.is_running() {
        let progress = visit.app().productions().progress(caller, production.id).await;
        let progress = progress.map_err(|error| problem::refuse(visit, error))?;
        beside.percent = progress.map(|progress| (progress.fraction.clamp(0.0, 1.0) * 100.0) as u8);
    } else if production.state.made().is_some() {
        let drawing = |names| drawing(visit, production, names);
        // `waveform.dat` is what players are given: the result as well.
        let (before, after, curve) = tokio::join!(
            drawing(&["before.dat"]),
            drawing(&["after.dat", "waveform.dat"]),
            drawing(&["loudness.json"])
        );
        let peaks = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| dat::read(&bytes)).unwrap_or_default();
        beside.before = peaks(before);
        beside.after = peaks(after);
        beside.curve = curve.and_then(|bytes| Curve::read(&bytes));
        beside.original = Some(format!("{}/original", place(production)));
    }
    Ok(visit.page(status, &View::new(visit.frame(""), production, &beside)))
}

/// The bytes of the first drawing of these names that is there. A page without it is better than none.
async fn drawing(visit: &Visit, production: &Production, names: &[&str]) -> Option<Vec<u8>> {
    let made = production.state.made()?;
    let named = |name: &&str| made.drawings.iter().find(|file| file.name == **name && file.size <= MOST_DRAWN);
    let file = names.iter().find_map(named)?;
    let mut blob = match visit.app().files().open(&file.key, None).await {
        Ok(blob) => blob,
        Err(error) => {
            tracing::info!(%error, name = file.name, "a drawing cannot be read");
            return None;
        }
    };
    let mut bytes = Vec::with_capacity(file.size as usize);
    while let Some(chunk) = blob.bytes.next().await {
        let chunk = chunk.ok()?;
        if bytes.len() + chunk.len() > MOST_DRAWN as usize {
            return None;
        }
        bytes.extend_from_slice(&chunk);
    }
    Some(bytes)
}
