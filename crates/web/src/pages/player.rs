//! Players: the public page of a narration, its compact form for pages of others, and what belongs to them. What the page shows is put together in
//! `player/view.rs`; the page on which the text is changed is in `player/editor.rs`.
//!
//! Whoever has the address may look. Nobody has to sign in, and nobody is told whose it is beyond what the article says.

mod claim;
mod compared;
mod desk;
mod edit;
mod editor;
mod events;
mod oembed;
mod progress;
#[cfg(test)]
pub(super) mod tests;
mod text;
mod trying;
mod typed;
mod view;

use app::AppError;
use app::narrations::{Player, Status};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures_util::StreamExt;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use model::ProductionId;
use model::narration::Heard;
use serde::Deserialize;

use super::dat;
use super::frame::policy_framed_by_anybody;
use super::problem;
use super::visit::{Refusal, Visit};
use crate::http::problem::Problem;
use crate::http::stored::{self, Stored};
use crate::settings::Web;
use view::{Beside, Embed, Here, LOW, Page, TALL, View};

/// Bytes of a drawing, and of what is heard when, that are read.
const MOST_READ: u64 = 32 << 20;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/p/{id}", get(show))
        .route("/p/{id}/state", get(events::state))
        .route("/p/{id}/events", get(events::stream))
        .route("/p/{id}/audio.mp3", get(audio))
        .route("/p/{id}/words.vtt", get(words))
        .route("/p/{id}/retry", post(editor::retry))
        .route("/p/{id}/edit", get(editor::show).post(editor::act))
        .route("/p/{id}/edit/rendered.mp3", get(trying::rendered))
        .route("/p/{id}/edit/segments/{segment}/sound.wav", get(trying::segment))
        .route("/p/{id}/claim", get(claim::show).post(claim::act))
        .route("/p/{id}/claim/link", post(claim::link))
        .route("/embed/{id}", get(embed))
        .route("/embed.js", get(script))
        .route("/oembed", get(oembed::get))
}

/// What the address of a player says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    /// Where to begin, in seconds.
    t: String,
    /// How an embed looks: `light` or `dark`.
    theme: String,
}

impl Wish {
    fn seconds(&self) -> Option<u64> {
        self.t.trim_end_matches('s').parse().ok()
    }
}

/// `GET /p/{id}`
async fn show(visit: Visit, Path(id): Path<String>, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    let player = find(&visit, &id).await?;
    let mut beside = beside(&visit, &player).await;
    if player.status() == Status::Error
        && let Ok(desk) = desk::desk(&visit, player.narration.id).await
    {
        beside.retry = Some(desk::hidden(&desk));
    }
    let view = View { page: Page::new(&here(&visit), &player, &beside, wish.seconds(), TALL) };
    let mut response = visit.page(StatusCode::OK, &view);
    // It changes when the text does; whoever has it asks whether it did.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// `GET /embed/{id}`: for an iframe on any page.
async fn embed(visit: Visit, Path(id): Path<String>, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    let player = find(&visit, &id).await?;
    let beside = beside(&visit, &player).await;
    let theme = Some(wish.theme.clone()).filter(|theme| matches!(theme.as_str(), "light" | "dark"));
    let view = Embed { page: Page { theme, ..Page::new(&here(&visit), &player, &beside, wish.seconds(), LOW) } };
    let mut response = super::frame::page(StatusCode::OK, &view);
    let headers = response.headers_mut();
    headers.remove(X_FRAME_OPTIONS);
    headers.insert(CONTENT_SECURITY_POLICY, policy_framed_by_anybody());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// `GET /embed.js`: for pages of others, under an address that stays.
async fn script() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=3600"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, super::assets::bytes("embed.js")).into_response()
}

/// `GET /p/{id}/audio.mp3`
async fn audio(
    State(web): State<Web>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Silent> {
    let file = web.app().narrations().sound(parsed(&id)?, "mp3").await?;
    let stored = Stored {
        key: &file.key,
        size: file.size,
        version: &file.md5,
        kind: "audio/mpeg",
        saved_as: None,
        cache: "public, no-cache",
    };
    Ok(anybody(stored::serve(&web, &stored, &method, &headers).await?))
}

/// `GET /p/{id}/words.vtt`
async fn words(
    State(web): State<Web>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Silent> {
    let file = web.app().narrations().drawing(parsed(&id)?, "words.vtt").await?;
    // Keys are made new for every run, so the end of one names the version.
    let version = file.key.get(file.key.len().saturating_sub(12)..).unwrap_or_default();
    let stored = Stored {
        key: &file.key,
        size: file.size,
        version,
        kind: "text/vtt; charset=utf-8",
        saved_as: None,
        cache: "public, no-cache",
    };
    Ok(anybody(stored::serve(&web, &stored, &method, &headers).await?))
}

/// Lets players of others play what is public anyway.
fn anybody(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(http::header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}

/// Why a file is not sent: a status and a sentence, since no person looks at it.
struct Silent(Problem);

impl From<AppError> for Silent {
    fn from(error: AppError) -> Self {
        Self(error.into())
    }
}

impl From<Problem> for Silent {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Silent {
    fn into_response(self) -> Response {
        (self.0.status, *self.0.headers, format!("{}\n", self.0.message)).into_response()
    }
}

fn here(visit: &Visit) -> Here {
    Here { base: visit.address(""), now: visit.app().now() }
}

fn parsed(id: &str) -> Result<ProductionId, AppError> {
    id.parse().map_err(|_| AppError::NotFound("player"))
}

pub(super) async fn find(visit: &Visit, id: &str) -> Result<Player, Refusal> {
    let found = async { visit.app().narrations().player(parsed(id)?).await };
    found.await.map_err(|error| problem::refuse(visit, error))
}

/// What belongs to a player besides itself: what is heard when, and the shape of the sound.
async fn beside(visit: &Visit, player: &Player) -> Beside {
    let Some(published) = player.published() else { return Beside::default() };
    let read = |name: &'static str| async move {
        let file = published.made.drawings.iter().find(|file| file.name == name && file.size <= MOST_READ)?;
        let mut blob = visit.app().files().open(&file.key, None).await.ok()?;
        let mut bytes = Vec::with_capacity(file.size as usize);
        while let Some(chunk) = blob.bytes.next().await {
            bytes.extend_from_slice(&chunk.ok()?);
            if bytes.len() as u64 > MOST_READ {
                return None;
            }
        }
        Some(bytes)
    };
    let (words, peaks) = tokio::join!(read("words.json"), read("waveform.dat"));
    let heard = words.and_then(|bytes| serde_json::from_slice::<Heard>(&bytes).ok());
    if heard.is_none() {
        tracing::warn!(player = %player.narration.id, "what is heard when cannot be read");
    }
    let peaks = peaks.and_then(|bytes| dat::read(&bytes)).unwrap_or_default();
    Beside { heard: heard.unwrap_or_default(), peaks, retry: None }
}

/// The way back to a player's page.
pub(super) fn back(id: ProductionId) -> Response {
    Redirect::to(&format!("/p/{id}")).into_response()
}
