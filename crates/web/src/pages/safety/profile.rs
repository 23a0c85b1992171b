//! `/account`: what one is called and where one is written to.

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
use super::super::signing::Button;
use super::super::visit::{Refusal, Visit};
use super::super::words::date;
use super::{Place, frame, fresh, places, token};

const HERE: &str = "/account";

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "account/profile.html")]
pub(crate) struct Profile {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) errors: Errors,
    pub(crate) note: Option<&'static str>,
    pub(crate) token: String,
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) mail: Mail,
    pub(crate) since: String,
}

/// How it is with letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mail {
    /// There is no address, or no letters are sent.
    None,
    /// The address is to be shown to be its owner's.
    ToShow,
    /// It was shown.
    Shown,
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
    username: String,
    email: String,
    code: String,
}

/// `GET /account`
pub(crate) async fn show(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    let note = match wish.told.as_str() {
        "changed" => Some("It is kept."),
        "sent" => Some("A letter is on its way. Type its code below; it works once, for 30 minutes."),
        "shown" => Some("The address is shown to be yours."),
        _ => None,
    };
    page(&visit, None, StatusCode::OK, Errors::default(), note).await
}

/// `POST /account`
pub(crate) async fn update(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    visit.needed()?;
    visit.meant(&typed.csrf)?;
    let who = fresh(&visit, HERE).await?;
    match visit.app().accounts().update(&who, typed.username.trim(), &typed.email, visit.from()).await {
        Ok(_) => Ok(Redirect::to("/account?told=changed").into_response()),
        Err(AppError::Invalid(invalid)) => {
            page(&visit, Some(typed), StatusCode::UNPROCESSABLE_ENTITY, Errors::from(invalid), None).await
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

/// `POST /account/email/letter`
pub(crate) async fn letter(visit: Visit, Form(button): Form<Button>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&button.csrf)?;
    let asked = visit.app().letters().ask_verify(caller, visit.from()).await;
    asked.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to("/account?told=sent").into_response())
}

/// `POST /account/email/code`
pub(crate) async fn code(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&typed.csrf)?;
    match visit.app().letters().verify(caller, &typed.code, visit.from()).await {
        Ok(()) => Ok(Redirect::to("/account?told=shown").into_response()),
        Err(AppError::Invalid(invalid)) => {
            page(&visit, None, StatusCode::UNPROCESSABLE_ENTITY, Errors::from(invalid), None).await
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

async fn page(
    visit: &Visit,
    typed: Option<Typed>,
    status: StatusCode,
    errors: Errors,
    note: Option<&'static str>,
) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let account = &caller.account;
    let letters = visit.app().letters();
    let verified = letters.is_verified(caller).await.map_err(|error| problem::refuse(visit, error))?;
    let mail = match (&account.email, verified) {
        (Some(_), true) => Mail::Shown,
        (Some(_), false) if visit.app().rules().has_mail => Mail::ToShow,
        _ => Mail::None,
    };
    let (username, email) = match typed {
        Some(typed) => (typed.username, typed.email),
        None => (account.username.to_string(), account.email.clone().unwrap_or_default()),
    };
    let frame = frame(visit, "Your account");
    let page = Profile {
        token: token(&frame),
        places: places(HERE),
        errors,
        note,
        username,
        email,
        mail,
        since: date(account.created),
        frame,
    };
    Ok(visit.page(status, &page))
}
