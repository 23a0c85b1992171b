//! `/account/deliveries`: what others were told for this account, what they answered, and sending it once more.

use app::deliveries::{Filter, Told};
use app::{AppError, Page};
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use model::delivery::DeliveryState;
use model::{Delivery, DeliveryId, DeliveryKind};
use serde::Deserialize;

use super::{Place, frame, places, token};
use crate::pages::frame::Frame;
use crate::pages::problem;
use crate::pages::signing::Button;
use crate::pages::state::Look;
use crate::pages::visit::{Refusal, Visit};
use crate::pages::words;

const PLACE: &str = "/account/deliveries";

/// Deliveries on one page.
const SHOWN: u64 = 50;

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "account/deliveries.html")]
pub(crate) struct Deliveries {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) rows: Vec<Row>,
    pub(crate) older: Option<u64>,
    pub(crate) is_failed_only: bool,
    /// A secret that was just made, shown this once.
    pub(crate) secret: Option<String>,
    pub(crate) token: String,
}

/// A delivery in the list.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) what: &'static str,
    pub(crate) host: String,
    pub(crate) production: String,
    pub(crate) state: (Look, &'static str),
    pub(crate) trouble: String,
    pub(crate) when: (String, String),
}

/// One delivery.
#[derive(Clone, Debug, Template)]
#[template(path = "account/delivery.html")]
pub(crate) struct Shown {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) row: Row,
    pub(crate) url: String,
    pub(crate) disabled: String,
    pub(crate) body: Option<(String, String)>,
    pub(crate) attempts: Vec<Tried>,
    pub(crate) has_ended: bool,
    pub(crate) token: String,
}

/// An attempt.
#[derive(Clone, Debug)]
pub(crate) struct Tried {
    pub(crate) number: u32,
    pub(crate) when: (String, String),
    pub(crate) took: String,
    pub(crate) reason: String,
    pub(crate) answer: String,
}

/// Which piece of the list is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    after: u64,
    failed: Option<String>,
}

impl Row {
    pub(crate) fn new(delivery: &Delivery) -> Self {
        let state = match delivery.state {
            DeliveryState::Delivered(_) => (Look::Ready, "Delivered"),
            DeliveryState::GivenUp(_) => (Look::Fallen, "Given up"),
            DeliveryState::Sending => (Look::Making, "Being sent"),
            DeliveryState::Waiting(_) if delivery.attempts == 0 => (Look::Waiting, "About to be sent"),
            DeliveryState::Waiting(_) | DeliveryState::Held => (Look::Waiting, "Will be tried again"),
        };
        let what = match delivery.kind {
            DeliveryKind::Service => "External service",
            DeliveryKind::Webhook => "Webhook",
        };
        Self {
            id: delivery.id.to_string(),
            what,
            host: model::delivery::host_of(&delivery.url),
            production: delivery.subject.clone(),
            state,
            trouble: delivery.trouble.clone().unwrap_or_default(),
            when: (words::date(delivery.created), words::stamp(delivery.created)),
        }
    }
}

pub(super) async fn list(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    listed(&visit, &wish, None).await
}

/// Makes another secret for webhooks, and shows it this once.
pub(super) async fn rotate(visit: Visit, Form(button): Form<Button>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&button.csrf)?;
    let key = visit.app().deliveries().rotate(caller).await.map_err(|error| problem::refuse(&visit, error))?;
    listed(&visit, &Wish::default(), Some(key.reveal())).await
}

async fn listed(visit: &Visit, wish: &Wish, secret: Option<String>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let is_failed_only = wish.failed.is_some();
    let filter = Filter { given_up: is_failed_only, ..Filter::default() };
    let page = Page { limit: SHOWN + 1, offset: wish.after.min(1 << 40) };
    let found = visit.app().deliveries().list(caller, filter, page).await;
    let found = found.map_err(|error| problem::refuse(visit, error))?;
    let older = (found.len() as u64 > SHOWN).then_some(page.offset + SHOWN);
    let rows = found.iter().take(SHOWN as usize).map(Row::new).collect();
    let frame = frame(visit, "Deliveries");
    let token = token(&frame);
    let page = Deliveries { frame, places: places(PLACE), rows, older, is_failed_only, secret, token };
    Ok(visit.page(StatusCode::OK, &page))
}

pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let told = find(&visit, &id).await?;
    let frame = frame(&visit, "Delivery");
    let token = token(&frame);
    let attempts = told.attempts.iter().map(|attempt| Tried {
        number: attempt.number,
        when: (words::date(attempt.began), words::stamp(attempt.began)),
        took: format!("{}\u{2009}s", words::number(attempt.took.as_secs_f64(), 2)),
        reason: attempt.reason.clone(),
        answer: String::from_utf8_lossy(&attempt.body).into_owned(),
    });
    let shown = Shown {
        frame,
        places: places(PLACE),
        row: Row::new(&told.delivery),
        url: told.delivery.url.clone(),
        disabled: told.receiver.as_ref().and_then(|receiver| receiver.disabled_why.clone()).unwrap_or_default(),
        body: told
            .body
            .as_ref()
            .map(|body| (body.content_type.clone(), String::from_utf8_lossy(&body.bytes).into_owned())),
        attempts: attempts.collect(),
        has_ended: matches!(told.delivery.state, DeliveryState::Delivered(_) | DeliveryState::GivenUp(_)),
        token,
    };
    Ok(visit.page(StatusCode::OK, &shown))
}

pub(super) async fn replay(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let told = find(&visit, &id).await?;
    visit.meant(&button.csrf)?;
    let done = visit.app().deliveries().replay(visit.needed()?, told.delivery.id).await;
    done.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to(&format!("{PLACE}/{}", told.delivery.id)).into_response())
}

/// Tells the receiver of a delivery things again.
pub(super) async fn enable(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let told = find(&visit, &id).await?;
    visit.meant(&button.csrf)?;
    let done = visit.app().deliveries().enable(visit.needed()?, told.delivery.receiver).await;
    done.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to(&format!("{PLACE}/{}", told.delivery.id)).into_response())
}

async fn find(visit: &Visit, id: &str) -> Result<Told, Refusal> {
    let caller = visit.needed()?;
    let found = match id.parse::<DeliveryId>() {
        Ok(id) => visit.app().deliveries().find(caller, id).await,
        Err(_) => Err(AppError::NotFound("delivery")),
    };
    found.map_err(|error| problem::refuse(visit, error))
}
