//! `GET /p/{id}/state` and `/p/{id}/events`: how far a narration is, for its own page.

use std::convert::Infallible;
use std::time::Duration;

use app::AppError;
use app::narrations::Making;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use http::StatusCode;
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use model::ProductionId;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{MissedTickBehavior, interval};
use wire::narration::{Playing, StatusName};

use super::progress::said;
use super::{Silent, parsed};
use crate::http::problem::Problem;
use crate::settings::Web;

/// How often is looked whether something changed.
const LOOK: Duration = Duration::from_millis(500);

/// How often something is said so that proxies keep the line.
const ALIVE: Duration = Duration::from_secs(15);

/// Looks after which a stream ends in any case: an hour. Browsers come back by themselves.
const MOST_LOOKS: u32 = 2 * 60 * 60;

pub(super) async fn state(State(web): State<Web>, Path(id): Path<String>) -> Result<Response, Silent> {
    let now = look(&web, parsed(&id)?).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(now)).into_response())
}

pub(super) async fn stream(State(web): State<Web>, Path(id): Path<String>) -> Result<Response, Silent> {
    let id = parsed(&id)?;
    look(&web, id).await?;
    let place = web.player_streams().try_acquire_owned().map_err(|_| {
        let message = "Too many streams are open. Ask for the state, or come back in a minute.";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).with(RETRY_AFTER, 60)
    })?;
    let stream = Sse::new(changes(web, id, place)).keep_alive(KeepAlive::new().interval(ALIVE));
    // Proxies that collect replies would hold events back.
    let headers = [(CACHE_CONTROL, "no-store"), (http::HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, stream).into_response())
}

/// How far it is now.
async fn look(web: &Web, id: ProductionId) -> Result<Playing, AppError> {
    let making = web.app().narrations().making(id).await?;
    let Making { narration, production, underway } = making;
    Ok(said(&narration, &production, &underway, web.app().now()))
}

/// Looks again and again, and tells what changed, until there is nothing more to come.
fn changes(web: Web, id: ProductionId, place: OwnedSemaphorePermit) -> impl Stream<Item = Result<Event, Infallible>> {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let last: Option<Playing> = None;
    futures_util::stream::unfold((web, looks, last, MOST_LOOKS, place), move |state| async move {
        let (web, mut looks, last, mut left, place) = state;
        let mut stopping = web.stopping();
        let is_over = last.as_ref().is_some_and(|last| last.status != StatusName::Generating);
        while !is_over && left > 0 && !*stopping.borrow() {
            left -= 1;
            tokio::select! {
                _ = looks.tick() => {}
                _ = stopping.changed() => break,
            }
            let Ok(now) = look(&web, id).await else { break };
            if last.as_ref() != Some(&now) {
                let data = serde_json::to_string(&now).unwrap_or_default();
                return Some((Ok(Event::default().data(data)), (web, looks, Some(now), left, place)));
            }
        }
        None
    })
}
