//! `/account/activity`: what happened around the account, newest first, in sentences.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use http::StatusCode;
use model::AuditEntry;
use serde::Deserialize;

use super::super::frame::Frame;
use super::super::problem;
use super::super::visit::{Refusal, Visit};
use super::super::words::{date, stamp};
use super::told::{is_trouble, sentence};
use super::{Place, frame, places};

/// Entries on a page, fewer than the app gives out at once.
const ROWS: usize = 50;

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    before: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "account/activity.html")]
pub(crate) struct Activity {
    frame: Frame,
    places: Vec<Place>,
    rows: Vec<Row>,
    older: Option<String>,
}

#[derive(Clone, Debug)]
struct Row {
    sentence: String,
    is_trouble: bool,
    peer: String,
    /// For people, and for programs.
    when: (String, String),
}

impl Activity {
    /// Puts the page together from what happened, newest first.
    pub(crate) fn new(frame: Frame, entries: &[AuditEntry]) -> Self {
        let more = entries.len() > ROWS;
        let shown = &entries[..entries.len().min(ROWS)];
        let older = shown.last().filter(|_| more).map(|last| format!("/account/activity?before={}", last.id));
        Self { frame, places: places("/account/activity"), rows: shown.iter().map(row).collect(), older }
    }
}

/// `GET /account/activity`
pub(crate) async fn show(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let listed = visit.app().audit().list(caller, wish.before.parse().ok()).await;
    let entries = listed.map_err(|error| problem::refuse(&visit, error))?;
    Ok(visit.page(StatusCode::OK, &Activity::new(frame(&visit, "Activity"), &entries)))
}

fn row(entry: &AuditEntry) -> Row {
    Row {
        sentence: sentence(entry),
        is_trouble: is_trouble(entry.kind),
        peer: if entry.peer.is_empty() { "the server itself".to_owned() } else { entry.peer.clone() },
        when: (date(entry.created), stamp(entry.created)),
    }
}
