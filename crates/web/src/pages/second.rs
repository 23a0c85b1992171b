//! `/signin/second`: the second step of signing in, for accounts that have one.
//!
//! What says that the first step was taken is a cookie that is good for minutes and for a few tries. It is nobody's session.

use std::time::Duration;

use app::AppError;
use app::factors::{SecondStep, Ways};
use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::SET_COOKIE;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;

use super::account::spoken_art;
use super::form::{Errors, own_place};
use super::frame::Frame;
use super::problem;
use super::signing::{HOME, enter, later, too_often};
use super::visit::{Refusal, Visit};
use crate::caller::cookie;
use crate::http::percent;

const PLACE: &str = "/signin/second";

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "second.html")]
pub(crate) struct Second {
    pub(crate) frame: Frame,
    pub(crate) art: String,
    pub(crate) errors: Errors,
    pub(crate) token: String,
    pub(crate) next: Option<String>,
    /// Whether an authenticator app is set up.
    pub(crate) app: bool,
    /// Whether a passkey is.
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
    code: String,
}

/// Leads from the first step to the second.
pub(crate) fn begin(visit: &Visit, step: &SecondStep, next: Option<&str>) -> Response {
    let place = next.map_or_else(|| PLACE.to_owned(), |next| format!("{PLACE}?next={}", percent::encode(next)));
    let mut response = Redirect::to(&place).into_response();
    remember(visit, &mut response, &step.key, step.life);
    response
}

/// `GET /signin/second`
pub(crate) async fn show(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    if visit.caller().is_some() {
        return Ok(Redirect::to(own_place(&wish.next).unwrap_or(HOME)).into_response());
    }
    let ways = match key(&visit) {
        Some(key) => visit.app().factors().ways(key).await,
        None => return Ok(over()),
    };
    match ways {
        Ok(ways) => Ok(visit.page(StatusCode::OK, &page(&visit, &ways, &wish.next, Errors::default()))),
        Err(AppError::Unauthenticated(_)) => Ok(over()),
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

/// `POST /signin/second`
pub(crate) async fn answer(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    visit.meant_by_stranger(&typed.csrf)?;
    let Some(key) = key(&visit) else { return Ok(over()) };
    let factors = visit.app().factors();
    let (status, errors, wait) = match factors.answer(key, &typed.code, &visit.visitor()).await {
        Ok(signed_in) => {
            let mut response = enter(&visit, &signed_in, own_place(&typed.next).unwrap_or(HOME)).await?;
            remember(&visit, &mut response, "", Duration::ZERO);
            return Ok(response);
        }
        Err(AppError::Invalid(invalid)) => (StatusCode::UNPROCESSABLE_ENTITY, Errors::from(invalid), None),
        Err(AppError::Throttled { now, until, .. }) => {
            let seconds = until.since(now).as_secs() + 1;
            (StatusCode::TOO_MANY_REQUESTS, too_often(seconds), Some(seconds))
        }
        Err(AppError::Unauthenticated(_)) => return Ok(over()),
        Err(error) => return Err(problem::refuse(&visit, error)),
    };
    let ways = match factors.ways(key).await {
        Ok(ways) => ways,
        Err(AppError::Unauthenticated(_)) => return Ok(over()),
        Err(error) => return Err(problem::refuse(&visit, error)),
    };
    let response = visit.page(status, &page(&visit, &ways, &typed.next, errors));
    Ok(match wait {
        Some(seconds) => later(response, seconds),
        None => response,
    })
}

fn page(visit: &Visit, ways: &Ways, next: &str, errors: Errors) -> Second {
    Second {
        frame: visit.frame("Second step"),
        art: spoken_art(),
        errors,
        token: visit.stranger_token(),
        next: own_place(next).map(str::to_owned),
        app: ways.app,
        passkey: ways.passkey,
    }
}

/// Back to the first step.
fn over() -> Response {
    Redirect::to("/signin?told=over").into_response()
}

fn key(visit: &Visit) -> Option<&str> {
    cookie(visit.headers(), name(visit)).filter(|key| !key.is_empty())
}

fn name(visit: &Visit) -> &'static str {
    if visit.is_secure() { "__Host-soundpost-second" } else { "soundpost-second" }
}

fn remember(visit: &Visit, response: &mut Response, key: &str, life: Duration) {
    let secure = if visit.is_secure() { "; Secure" } else { "" };
    let text = format!("{}={key}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}", name(visit), life.as_secs());
    if let Ok(mut value) = HeaderValue::try_from(text) {
        value.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, value);
    }
}
