//! `GET /developer`: one's apps.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use model::RegisteredApp;

use crate::pages::frame::Frame;
use crate::pages::problem;
use crate::pages::visit::{Refusal, Visit};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "developer/list.html")]
pub(crate) struct List {
    pub(crate) frame: Frame,
    pub(crate) apps: Vec<RegisteredApp>,
}

pub(super) async fn get(visit: Visit) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let apps = visit.app().apps().list(caller).await.map_err(|error| problem::refuse(&visit, error))?;
    Ok(visit.page(StatusCode::OK, &List { frame: visit.frame("Apps"), apps }))
}
