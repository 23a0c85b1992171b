//! `/account/apps`: the apps that somebody allowed something, and the way to take it back.

use app::AppError;
use app::grants::Connected;
use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use model::AppId;

use super::frame::Frame;
use super::problem;
use super::safety::{self, Place};
use super::signing::Button;
use super::visit::{Refusal, Visit};
use super::words;

const PLACE: &str = "/account/apps";

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "connected.html")]
pub(crate) struct Apps {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) rows: Vec<Row>,
    pub(crate) token: String,
}

/// An app in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: AppId,
    pub(crate) name: String,
    pub(crate) scopes: String,
    pub(crate) since: (String, String),
    pub(crate) used: Option<(String, String)>,
}

impl Row {
    /// A row about an app.
    pub(crate) fn new(connected: Connected) -> Self {
        Self {
            id: connected.app.id,
            name: connected.app.name,
            scopes: connected.scopes,
            since: moment(connected.since),
            used: connected.used.map(moment),
        }
    }
}

pub(crate) async fn show(visit: Visit) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let connected = visit.app().grants().list(caller).await.map_err(|error| problem::refuse(&visit, error))?;
    let frame = safety::frame(&visit, "Connected apps");
    let token = frame.user.as_ref().map(|user| user.token.clone()).unwrap_or_default();
    let rows = connected.into_iter().map(Row::new).collect();
    Ok(visit.page(StatusCode::OK, &Apps { frame, places: safety::places(PLACE), rows, token }))
}

pub(crate) async fn remove(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&button.csrf)?;
    let removed = match id.parse::<AppId>() {
        Ok(id) => visit.app().grants().remove(caller, id, visit.from()).await,
        Err(_) => Err(AppError::NotFound("connected app")),
    };
    removed.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to(PLACE).into_response())
}

/// A moment for people, and for programs.
fn moment(time: model::Time) -> (String, String) {
    (words::date(time), words::stamp(time))
}
