//! `/account/password`: another password, by whoever knows the one of now.

use app::AppError;
use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::super::form::Errors;
use super::super::frame::Frame;
use super::super::problem;
use super::super::signing::{SHORTEST, later, too_often};
use super::super::visit::{Refusal, Visit};
use super::{Place, frame, places, token};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "account/password.html")]
pub(crate) struct Password {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) errors: Errors,
    pub(crate) note: Option<&'static str>,
    pub(crate) token: String,
    pub(crate) username: String,
    /// Characters that a password has at least.
    pub(crate) shortest: usize,
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    told: String,
}

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    csrf: String,
    old: String,
    new: String,
}

/// `GET /account/password`
pub(crate) async fn show(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    let note = (wish.told == "changed").then_some("Your password is changed, and your other browsers are signed out.");
    Ok(visit.page(StatusCode::OK, &page(&visit, Errors::default(), note)?))
}

/// `POST /account/password`
pub(crate) async fn change(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&typed.csrf)?;
    match visit.app().accounts().change_password(caller, &typed.old, typed.new, visit.from()).await {
        Ok(()) => Ok(Redirect::to("/account/password?told=changed").into_response()),
        Err(AppError::Invalid(invalid)) => {
            let page = page(&visit, Errors::from(invalid), None)?;
            Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(AppError::Throttled { now, until, .. }) => {
            let seconds = until.since(now).as_secs() + 1;
            let page = page(&visit, too_often(seconds), None)?;
            Ok(later(visit.page(StatusCode::TOO_MANY_REQUESTS, &page), seconds))
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

fn page(visit: &Visit, errors: Errors, note: Option<&'static str>) -> Result<Password, Refusal> {
    let username = visit.needed()?.account.username.to_string();
    let frame = frame(visit, "Password");
    let places = places("/account/password");
    Ok(Password { token: token(&frame), places, errors, note, username, shortest: SHORTEST, frame })
}
