//! `/account/prove`: somebody who is signed in shows once more that it is them, by password or passkey, before something dangerous.

use app::AppError;
use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::super::account::spoken_art;
use super::super::form::{Errors, own_place};
use super::super::frame::Frame;
use super::super::passkey::{Said, is_possible, site};
use super::super::problem;
use super::super::signing::{later, too_often};
use super::super::visit::{Refusal, Visit};
use super::{frame, token};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "account/prove.html")]
pub(crate) struct Prove {
    pub(crate) frame: Frame,
    pub(crate) art: String,
    pub(crate) errors: Errors,
    pub(crate) token: String,
    pub(crate) next: String,
    pub(crate) username: String,
    pub(crate) passkey: bool,
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    next: String,
}

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    csrf: String,
    next: String,
    password: String,
}

/// `GET /account/prove`
pub(crate) async fn show(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    Ok(visit.page(StatusCode::OK, &page(&visit, &wish.next, Errors::default())?))
}

/// `POST /account/prove`
pub(crate) async fn by_password(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&typed.csrf)?;
    let proved = visit.app().sessions().prove(caller, &typed.password, visit.from()).await;
    answer(&visit, proved, &typed.next, "password", "That is not your password.")
}

/// `POST /account/prove/passkey`
pub(crate) async fn by_passkey(visit: Visit, Form(said): Form<Said>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&said.csrf)?;
    let proved = visit.app().passkeys().prove(caller, said.used(), &site(&visit)).await;
    answer(&visit, proved, &said.next, "password", "That passkey is not one of this account.")
}

fn answer(
    visit: &Visit,
    proved: Result<(), AppError>,
    next: &str,
    field: &str,
    wrong: &str,
) -> Result<Response, Refusal> {
    match proved {
        Ok(()) => Ok(Redirect::to(own_place(next).unwrap_or("/account")).into_response()),
        Err(AppError::Unauthenticated(_)) => {
            let mut errors = Errors::default();
            errors.add(field, wrong);
            Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page(visit, next, errors)?))
        }
        Err(AppError::Throttled { now, until, .. }) => {
            let seconds = until.since(now).as_secs() + 1;
            let page = page(visit, next, too_often(seconds))?;
            Ok(later(visit.page(StatusCode::TOO_MANY_REQUESTS, &page), seconds))
        }
        Err(error) => Err(problem::refuse(visit, error)),
    }
}

fn page(visit: &Visit, next: &str, errors: Errors) -> Result<Prove, Refusal> {
    let username = visit.needed()?.account.username.to_string();
    let frame = frame(visit, "Is it you?");
    let next = own_place(next).unwrap_or("/account").to_owned();
    let passkey = is_possible(visit);
    Ok(Prove { token: token(&frame), art: spoken_art(), errors, next, username, passkey, frame })
}
