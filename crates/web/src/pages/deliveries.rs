//! What others were told, what they answered, and sending it once more: at `/account/deliveries` what an account caused, and at
//! `/developer/apps/{id}/deliveries` what an app is told, whoever caused it.

pub(crate) mod of_account;
pub(crate) mod of_app;

use app::deliveries::{Filter, Told, Whose};
use app::{AppError, Page};
use axum::response::{IntoResponse, Redirect, Response};
use model::delivery::DeliveryState;
use model::{Delivery, DeliveryId, DeliveryKind, Time};
use serde::Deserialize;

use super::problem;
use super::state::Look;
use super::visit::{Refusal, Visit};
use super::words;

/// Deliveries on one page.
const SHOWN: u64 = 50;

/// How far back one can send everything once more: what is said in the address, hours, and words.
const SINCE: [(&str, u64, &str); 4] = [
    ("hour", 1, "the last hour"),
    ("day", 24, "the last 24 hours"),
    ("week", 7 * 24, "the last seven days"),
    ("month", 30 * 24, "the last 30 days"),
];

/// A list, or one after another page of it.
#[derive(Clone, Debug)]
pub(crate) struct List {
    /// Where the pages of these deliveries are.
    pub(crate) place: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) older: Option<u64>,
    pub(crate) is_failed_only: bool,
    pub(crate) since: &'static [(&'static str, u64, &'static str)],
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
#[derive(Clone, Debug)]
pub(crate) struct One {
    /// Where the pages of these deliveries are.
    pub(crate) place: String,
    pub(crate) row: Row,
    pub(crate) url: String,
    pub(crate) disabled: String,
    /// Whether whoever looks may have it told things again, and has the production.
    pub(crate) is_owner: bool,
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

/// Whether to send many once more, and how many those are.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// Where the pages of these deliveries are.
    pub(crate) place: String,
    pub(crate) count: u64,
    pub(crate) since: &'static str,
    pub(crate) words: &'static str,
    pub(crate) is_failed_only: bool,
    pub(crate) token: String,
}

/// Which piece of the list is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    after: u64,
    failed: Option<String>,
}

/// Which are to be sent once more.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Many {
    since: String,
    failed: Option<String>,
    csrf: String,
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
            DeliveryKind::Player => "Player webhook",
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

impl One {
    fn new(place: String, told: &Told, is_owner: bool, token: String) -> Self {
        let attempts = told.attempts.iter().map(|attempt| Tried {
            number: attempt.number,
            when: (words::date(attempt.began), words::stamp(attempt.began)),
            took: format!("{}\u{2009}s", words::number(attempt.took.as_secs_f64(), 2)),
            reason: attempt.reason.clone(),
            answer: String::from_utf8_lossy(&attempt.body).into_owned(),
        });
        let body = told.body.as_ref();
        Self {
            place,
            row: Row::new(&told.delivery),
            url: told.delivery.url.clone(),
            disabled: told.receiver.as_ref().and_then(|receiver| receiver.disabled_why.clone()).unwrap_or_default(),
            is_owner,
            body: body.map(|body| (body.content_type.clone(), String::from_utf8_lossy(&body.bytes).into_owned())),
            attempts: attempts.collect(),
            has_ended: matches!(told.delivery.state, DeliveryState::Delivered(_) | DeliveryState::GivenUp(_)),
            token,
        }
    }
}

async fn list(visit: &Visit, whose: Whose<'_>, place: String, wish: &Wish) -> Result<List, Refusal> {
    let is_failed_only = wish.failed.is_some();
    let filter = Filter { given_up: is_failed_only, ..Filter::default() };
    let page = Page { limit: SHOWN + 1, offset: wish.after.min(1 << 40) };
    let found = visit.app().deliveries().list(whose, filter, page).await;
    let found = found.map_err(|error| problem::refuse(visit, error))?;
    let older = (found.len() as u64 > SHOWN).then_some(page.offset + SHOWN);
    let rows = found.iter().take(SHOWN as usize).map(Row::new).collect();
    Ok(List { place, rows, older, is_failed_only, since: &SINCE })
}

async fn find(visit: &Visit, whose: Whose<'_>, id: &str) -> Result<Told, Refusal> {
    let found = match id.parse::<DeliveryId>() {
        Ok(id) => visit.app().deliveries().find(whose, id).await,
        Err(_) => Err(AppError::NotFound("delivery")),
    };
    found.map_err(|error| problem::refuse(visit, error))
}

async fn replay(visit: &Visit, whose: Whose<'_>, place: &str, id: &str) -> Result<Response, Refusal> {
    let told = find(visit, whose, id).await?;
    let done = visit.app().deliveries().replay(whose, told.delivery.id).await;
    done.map_err(|error| problem::refuse(visit, error))?;
    Ok(Redirect::to(&format!("{place}/{}", told.delivery.id)).into_response())
}

/// Says how many would be sent, before any is.
async fn ask(visit: &Visit, whose: Whose<'_>, place: String, many: &Many, token: String) -> Result<Ask, Refusal> {
    let (since, words, filter) = meant(visit, many)?;
    let count = visit.app().deliveries().count(whose, filter).await;
    let count = count.map_err(|error| problem::refuse(visit, error))?;
    Ok(Ask { place, count, since, words, is_failed_only: filter.given_up, token })
}

async fn replay_all(visit: &Visit, whose: Whose<'_>, place: &str, many: &Many) -> Result<Response, Refusal> {
    visit.meant(&many.csrf)?;
    let (.., filter) = meant(visit, many)?;
    let done = visit.app().deliveries().replay_all(whose, filter).await;
    done.map_err(|error| problem::refuse(visit, error))?;
    Ok(Redirect::to(place).into_response())
}

fn meant(visit: &Visit, many: &Many) -> Result<(&'static str, &'static str, Filter), Refusal> {
    let found = SINCE.into_iter().find(|(word, ..)| *word == many.since);
    let (word, hours, words) = found.ok_or_else(|| problem::refuse(visit, AppError::NotFound("page")))?;
    let since: Time = visit.app().now() - std::time::Duration::from_hours(hours);
    Ok((word, words, Filter { since: Some(since), given_up: many.failed.is_some(), ..Filter::default() }))
}
