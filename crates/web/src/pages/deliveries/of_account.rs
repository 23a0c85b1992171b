//! `/account/deliveries`: what others were told of an account's productions, and the secret by which its webhooks are signed.

use app::deliveries::Whose;
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;

use super::{Ask, List, Many, One, Wish};
use crate::pages::frame::Frame;
use crate::pages::problem;
use crate::pages::safety::{Place, frame, places, token};
use crate::pages::signing::Button;
use crate::pages::visit::{Refusal, Visit};

const PLACE: &str = "/account/deliveries";

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "account/deliveries.html")]
pub(crate) struct Deliveries {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) list: List,
    /// A secret that was just made, shown this once.
    pub(crate) secret: Option<String>,
    pub(crate) token: String,
}

/// One delivery.
#[derive(Clone, Debug, Template)]
#[template(path = "account/delivery.html")]
pub(crate) struct Shown {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) one: One,
}

/// Whether to send many once more.
#[derive(Clone, Debug, Template)]
#[template(path = "account/replay.html")]
pub(crate) struct Asked {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) ask: Ask,
}

pub(crate) async fn list(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    listed(&visit, &wish, None).await
}

/// Makes another secret for webhooks, and shows it this once.
pub(crate) async fn rotate(visit: Visit, Form(button): Form<Button>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&button.csrf)?;
    let key = visit.app().deliveries().rotate(caller).await.map_err(|error| problem::refuse(&visit, error))?;
    listed(&visit, &Wish::default(), Some(key.reveal())).await
}

async fn listed(visit: &Visit, wish: &Wish, secret: Option<String>) -> Result<Response, Refusal> {
    let list = super::list(visit, Whose::Account(visit.needed()?), PLACE.to_owned(), wish).await?;
    let frame = frame(visit, "Deliveries");
    let token = token(&frame);
    Ok(visit.page(StatusCode::OK, &Deliveries { frame, places: places(PLACE), list, secret, token }))
}

pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let told = super::find(&visit, Whose::Account(visit.needed()?), &id).await?;
    let frame = frame(&visit, "Delivery");
    let one = One::new(PLACE.to_owned(), &told, true, token(&frame));
    Ok(visit.page(StatusCode::OK, &Shown { frame, places: places(PLACE), one }))
}

pub(crate) async fn replay(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    visit.meant(&button.csrf)?;
    super::replay(&visit, Whose::Account(visit.needed()?), PLACE, &id).await
}

pub(crate) async fn ask(visit: Visit, Query(many): Query<Many>) -> Result<Response, Refusal> {
    let frame = frame(&visit, "Send again");
    let ask = super::ask(&visit, Whose::Account(visit.needed()?), PLACE.to_owned(), &many, token(&frame)).await?;
    Ok(visit.page(StatusCode::OK, &Asked { frame, places: places(PLACE), ask }))
}

pub(crate) async fn replay_all(visit: Visit, Form(many): Form<Many>) -> Result<Response, Refusal> {
    super::replay_all(&visit, Whose::Account(visit.needed()?), PLACE, &many).await
}

/// Tells the receiver of a delivery things again.
pub(crate) async fn enable(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&button.csrf)?;
    let told = super::find(&visit, Whose::Account(caller), &id).await?;
    let done = visit.app().deliveries().enable(caller, told.delivery.receiver).await;
    done.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to(&format!("{PLACE}/{}", told.delivery.id)).into_response())
}
