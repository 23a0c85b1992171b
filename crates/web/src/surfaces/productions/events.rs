//! `GET /api/production/{uuid}/events`: status and progress as they change, until there is nothing more to come.

use std::convert::Infallible;
use std::time::Duration;

use app::{AppError, Caller};
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use futures_util::Stream;
use http::StatusCode;
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use model::ProductionId;
use model::production::State as Production;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{MissedTickBehavior, interval};
use wire::productions::Event;

use super::admit::Asking;
use super::parts::Named;
use super::reply::{Refusals, Refused};
use crate::http::problem::Problem;
use crate::settings::Web;

/// How often is looked whether something changed.
const LOOK: Duration = Duration::from_millis(500);
/// How often something is said so that proxies keep the line.
const ALIVE: Duration = Duration::from_secs(15);
/// Looks after which a stream ends in any case: twelve hours. Browsers come back by themselves.
const MOST_LOOKS: u32 = 2 * 12 * 60 * 60;

/// Status and progress as server-sent events named `status`, one now and one at each change. The stream ends when the
/// production is done or did not work.
#[utoipa::path(
    get,
    path = "/api/production/{uuid}/events",
    operation_id = "production_events",
    tag = "productions",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses((status = 200, description = "Events; the data of each is JSON.", body = Event, content_type = "text/event-stream"), Refusals)
)]
pub(super) async fn get(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
) -> Result<impl IntoResponse, Refused> {
    web.app().productions().glance(&caller, id).await?;
    let place = web.streams().try_acquire_owned().map_err(|_| {
        let message = "Too many streams are open. Ask for status.json, or come back in a minute.";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).with(RETRY_AFTER, 60)
    })?;
    let stream = Sse::new(changes(web, caller, id, place)).keep_alive(KeepAlive::new().interval(ALIVE));
    // Proxies that collect replies would hold events back.
    Ok(([(CACHE_CONTROL, "no-store"), (http::HeaderName::from_static("x-accel-buffering"), "no")], stream))
}

/// Looks again and again, and tells what changed.
fn changes(
    web: Web,
    caller: Caller,
    id: ProductionId,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Message, Infallible>> {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watch = Watch { web, caller, id, last: None, left: MOST_LOOKS, is_over: false, _place: place };
    futures_util::stream::unfold((watch, looks), |(mut watch, mut looks)| async move {
        let mut stopping = watch.web.stopping();
        while !watch.is_over && watch.left > 0 && !*stopping.borrow() {
            watch.left -= 1;
            tokio::select! {
                _ = looks.tick() => {}
                _ = stopping.changed() => break,
            }
            match watch.look().await {
                Ok(None) => {}
                Ok(Some(event)) => return Some((Ok(message(&event)), (watch, looks))),
                Err(_) => break,
            }
        }
        None
    })
}

struct Watch {
    web: Web,
    caller: Caller,
    id: ProductionId,
    last: Option<Event>,
    left: u32,
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

impl Watch {
    /// What there is to say now, if it is something new.
    async fn look(&mut self) -> Result<Option<Event>, AppError> {
        let productions = self.web.app().productions();
        let production = productions.find(&self.caller, self.id).await?;
        let progress = match &production.state {
            Production::Working { .. } => productions.progress(&self.caller, self.id).await?,
            _ => None,
        };
        let fraction = match &production.state {
            Production::Done { .. } => Some(1.0),
            _ => progress.map(|progress| progress.fraction),
        };
        self.is_over = matches!(production.state, Production::Done { .. } | Production::Failed { .. });
        let event = Event::of(&production, fraction);
        if self.last.as_ref() == Some(&event) {
            return Ok(None);
        }
        self.last = Some(event.clone());
        Ok(Some(event))
    }
}

fn message(event: &Event) -> Message {
    let data = serde_json::to_string(event).unwrap_or_default();
    Message::default().event("status").data(data)
}
