//! What cannot be undone: another secret, and the end of an app.

use app::apps::Rotation;
use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use model::RegisteredApp;
use serde::Deserialize;

use super::own;
use super::show::Show;
use crate::pages::frame::Frame;
use crate::pages::problem;
use crate::pages::signing::Button;
use crate::pages::visit::{Refusal, Visit};

/// The page that asks before an app is removed.
#[derive(Clone, Debug, Template)]
#[template(path = "developer/delete.html")]
pub(crate) struct Ask {
    pub(crate) frame: Frame,
    pub(crate) app: RegisteredApp,
    pub(crate) token: String,
}

/// What the form for another secret sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    csrf: String,
    old: String,
}

pub(super) async fn rotate(visit: Visit, Path(id): Path<String>, Form(wish): Form<Wish>) -> Result<Response, Refusal> {
    let app = own(&visit, &id).await?;
    visit.meant(&wish.csrf)?;
    let rotation = if wish.old == "now" { Rotation::AtOnce } else { Rotation::Overlapping };
    let secret = visit.app().apps().rotate(&app, rotation).await.map_err(|error| problem::refuse(&visit, error))?;
    Ok(visit.page(StatusCode::OK, &Show::new(&visit, &app, Some(secret.reveal().to_owned()))))
}

pub(super) async fn ask(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let app = own(&visit, &id).await?;
    let frame = visit.frame("Remove an app");
    let token = frame.user.as_ref().map(|user| user.token.clone()).unwrap_or_default();
    Ok(visit.page(StatusCode::OK, &Ask { frame, app: app.get().clone(), token }))
}

pub(super) async fn delete(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let app = own(&visit, &id).await?;
    visit.meant(&button.csrf)?;
    visit.app().apps().remove(app).await.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to("/developer").into_response())
}
