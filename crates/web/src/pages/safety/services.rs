//! `/account/services`: the apps that productions can be published to, and those that could be.

use app::AppError;
use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use model::{RegisteredApp, ServiceId};

use super::{Place, frame, places, token};
use crate::pages::frame::Frame;
use crate::pages::problem;
use crate::pages::signing::Button;
use crate::pages::visit::{Refusal, Visit};
use crate::pages::words;

const PLACE: &str = "/account/services";

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "account/services.html")]
pub(crate) struct Services {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) rows: Vec<Row>,
    pub(crate) listed: Vec<RegisteredApp>,
    pub(crate) token: String,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) since: (String, String),
}

pub(super) async fn show(visit: Visit) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let services = visit.app().services();
    let mine = services.list(caller).await.map_err(|error| problem::refuse(&visit, error))?;
    let listed = services.listed().await.map_err(|error| problem::refuse(&visit, error))?;
    let rows = mine.into_iter().map(|shown| Row {
        id: shown.service.id.to_string(),
        name: shown.display_name,
        since: (words::date(shown.service.created), words::stamp(shown.service.created)),
    });
    let frame = frame(&visit, "External services");
    let token = token(&frame);
    let page = Services { frame, places: places(PLACE), rows: rows.collect(), listed, token };
    Ok(visit.page(StatusCode::OK, &page))
}

pub(super) async fn remove(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&button.csrf)?;
    let removed = match id.parse::<ServiceId>() {
        Ok(id) => visit.app().services().remove(caller, id).await,
        Err(_) => Err(AppError::NotFound("service")),
    };
    removed.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to(PLACE).into_response())
}
