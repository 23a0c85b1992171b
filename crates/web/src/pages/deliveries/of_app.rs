//! `/developer/apps/{id}/deliveries`: what an app is told, whoever caused it.

use app::apps::OwnApp;
use app::deliveries::Whose;
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use http::StatusCode;
use model::RegisteredApp;

use super::{Ask, List, Many, One, Wish};
use crate::pages::developer::own;
use crate::pages::frame::Frame;
use crate::pages::signing::Button;
use crate::pages::visit::{Refusal, Visit};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "developer/deliveries.html")]
pub(crate) struct Deliveries {
    pub(crate) frame: Frame,
    pub(crate) app: RegisteredApp,
    pub(crate) list: List,
}

/// One delivery.
#[derive(Clone, Debug, Template)]
#[template(path = "developer/delivery.html")]
pub(crate) struct Shown {
    pub(crate) frame: Frame,
    pub(crate) app: RegisteredApp,
    pub(crate) one: One,
}

/// Whether to send many once more.
#[derive(Clone, Debug, Template)]
#[template(path = "developer/replay.html")]
pub(crate) struct Asked {
    pub(crate) frame: Frame,
    pub(crate) app: RegisteredApp,
    pub(crate) ask: Ask,
}

fn place(app: &OwnApp) -> String {
    format!("/developer/apps/{}/deliveries", app.get().id)
}

fn token(frame: &Frame) -> String {
    frame.user.as_ref().map(|user| user.token.clone()).unwrap_or_default()
}

pub(crate) async fn list(visit: Visit, Path(id): Path<String>, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    let app = own(&visit, &id).await?;
    let list = super::list(&visit, Whose::App(&app), place(&app), &wish).await?;
    let page = Deliveries { frame: visit.frame("Deliveries"), app: app.get().clone(), list };
    Ok(visit.page(StatusCode::OK, &page))
}

pub(crate) async fn show(visit: Visit, Path((id, delivery)): Path<(String, String)>) -> Result<Response, Refusal> {
    let app = own(&visit, &id).await?;
    let told = super::find(&visit, Whose::App(&app), &delivery).await?;
    let frame = visit.frame("Delivery");
    let is_owner = visit.needed()?.account.id == told.delivery.owner;
    let one = One::new(place(&app), &told, is_owner, token(&frame));
    Ok(visit.page(StatusCode::OK, &Shown { frame, app: app.get().clone(), one }))
}

pub(crate) async fn replay(
    visit: Visit,
    Path((id, delivery)): Path<(String, String)>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let app = own(&visit, &id).await?;
    visit.meant(&button.csrf)?;
    super::replay(&visit, Whose::App(&app), &place(&app), &delivery).await
}

pub(crate) async fn ask(visit: Visit, Path(id): Path<String>, Query(many): Query<Many>) -> Result<Response, Refusal> {
    let app = own(&visit, &id).await?;
    let frame = visit.frame("Send again");
    let ask = super::ask(&visit, Whose::App(&app), place(&app), &many, token(&frame)).await?;
    Ok(visit.page(StatusCode::OK, &Asked { frame, app: app.get().clone(), ask }))
}

pub(crate) async fn replay_all(
    visit: Visit,
    Path(id): Path<String>,
    Form(many): Form<Many>,
) -> Result<Response, Refusal> {
    let app = own(&visit, &id).await?;
    super::replay_all(&visit, Whose::App(&app), &place(&app), &many).await
}
