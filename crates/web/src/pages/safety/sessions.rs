//! `/account/sessions`: the browsers that are signed in, and signing them out from here.

use app::{AppError, Via};
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use model::browser_in_words;
use serde::Deserialize;

use super::super::frame::Frame;
use super::super::problem;
use super::super::signing::Button;
use super::super::visit::{Refusal, Visit};
use super::super::words::{date, stamp};
use super::{Place, frame, places, token};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "account/sessions.html")]
pub(crate) struct Sessions {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) note: Option<&'static str>,
    pub(crate) token: String,
    pub(crate) rows: Vec<Row>,
}

/// A browser.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) browser: String,
    pub(crate) peer: String,
    /// Whether it is the one that looks.
    pub(crate) here: bool,
    /// For people, and for programs.
    pub(crate) since: (String, String),
    pub(crate) seen: (String, String),
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    told: String,
}

/// `GET /account/sessions`
pub(crate) async fn show(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let listed = visit.app().sessions().list(caller).await.map_err(|error| problem::refuse(&visit, error))?;
    let moment = |time| (date(time), stamp(time));
    let rows = listed.into_iter().map(|session| Row {
        here: caller.via == Via::Session(session.id),
        id: session.id.to_string(),
        browser: browser_in_words(session.agent.as_deref().unwrap_or_default()),
        peer: session.peer.unwrap_or_else(|| "not noted".to_owned()),
        since: moment(session.created),
        seen: moment(session.seen),
    });
    let note = match wish.told.as_str() {
        "removed" => Some("That browser is signed out."),
        "others" => Some("All other browsers are signed out."),
        _ => None,
    };
    let frame = frame(&visit, "Browsers");
    let page =
        Sessions { token: token(&frame), places: places("/account/sessions"), note, rows: rows.collect(), frame };
    Ok(visit.page(StatusCode::OK, &page))
}

/// `POST /account/sessions/{id}`
pub(crate) async fn remove(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&button.csrf)?;
    let removed = match id.parse() {
        Ok(id) => visit.app().sessions().remove(caller, id, visit.from()).await,
        Err(_) => Err(AppError::NotFound("browser")),
    };
    removed.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to("/account/sessions?told=removed").into_response())
}

/// `POST /account/sessions/others`
pub(crate) async fn remove_others(visit: Visit, Form(button): Form<Button>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&button.csrf)?;
    let removed = visit.app().sessions().remove_others(caller, visit.from()).await;
    removed.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to("/account/sessions?told=others").into_response())
}
