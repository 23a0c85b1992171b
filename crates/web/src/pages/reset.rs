//! `/reset`: another password for somebody who lost theirs, by a letter with a code. Whoever asks hears the same whether there is such an
//! account or not, and waits as long; where no letters are sent, the page says whom to ask.

use app::AppError;
use askama::Template;
use axum::Form;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::account::{Plain, Way, spoken_art};
use super::form::Errors;
use super::frame::Frame;
use super::problem;
use super::signing::{SHORTEST, later, too_often};
use super::visit::{Refusal, Visit};

/// The page that asks who it is.
#[derive(Clone, Debug, Template)]
#[template(path = "reset.html")]
pub(crate) struct Reset {
    pub(crate) frame: Frame,
    pub(crate) art: String,
    pub(crate) errors: Errors,
    pub(crate) token: String,
    pub(crate) who: String,
}

/// The page that takes the code of a letter.
#[derive(Clone, Debug, Template)]
#[template(path = "reset-code.html")]
pub(crate) struct Code {
    pub(crate) frame: Frame,
    pub(crate) art: String,
    pub(crate) errors: Errors,
    pub(crate) token: String,
    /// Characters that a password has at least.
    pub(crate) shortest: usize,
}

/// What the forms send.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    csrf: String,
    who: String,
    code: String,
    password: String,
}

/// `GET /reset`
pub(crate) async fn ask_form(visit: Visit) -> Response {
    if !visit.app().rules().has_mail {
        return visit.page(StatusCode::OK, &no_letters(visit.frame("Ask the operator")));
    }
    visit.page(StatusCode::OK, &ask_page(&visit, String::new(), Errors::default()))
}

/// `POST /reset`
pub(crate) async fn ask(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    visit.meant_by_stranger(&typed.csrf)?;
    if !visit.app().rules().has_mail {
        return Ok(visit.page(StatusCode::OK, &no_letters(visit.frame("Ask the operator"))));
    }
    if typed.who.trim().is_empty() {
        let mut errors = Errors::default();
        errors.add("who", "Say your user name or your e-mail address.");
        return Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &ask_page(&visit, typed.who, errors)));
    }
    match visit.app().letters().ask_reset(&typed.who, visit.from()).await {
        Ok(()) => Ok(Redirect::to("/reset/code").into_response()),
        Err(AppError::Throttled { now, until, .. }) => {
            let seconds = until.since(now).as_secs() + 1;
            let page = ask_page(&visit, typed.who, too_often(seconds));
            Ok(later(visit.page(StatusCode::TOO_MANY_REQUESTS, &page), seconds))
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

/// `GET /reset/code`
pub(crate) async fn code_form(visit: Visit) -> Response {
    visit.page(StatusCode::OK, &code_page(&visit, Errors::default()))
}

/// `POST /reset/code`
pub(crate) async fn code(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    visit.meant_by_stranger(&typed.csrf)?;
    match visit.app().letters().reset(&typed.code, typed.password, visit.from()).await {
        Ok(()) => Ok(Redirect::to("/signin?told=reset").into_response()),
        Err(AppError::Invalid(invalid)) => {
            let page = code_page(&visit, Errors::from(invalid));
            Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(AppError::Throttled { now, until, .. }) => {
            let seconds = until.since(now).as_secs() + 1;
            let page = code_page(&visit, too_often(seconds));
            Ok(later(visit.page(StatusCode::TOO_MANY_REQUESTS, &page), seconds))
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

/// What is said where no letters are sent.
pub(crate) fn no_letters(frame: Frame) -> Plain {
    Plain {
        frame,
        art: spoken_art(),
        heading: "Ask the operator for a new password".to_owned(),
        sentence: "This server sends no letters. Whoever runs it can set a new password for you, and you change it under Account then."
            .to_owned(),
        reference: None,
        ways: vec![Way::new("Sign in", "/signin")],
    }
}

fn ask_page(visit: &Visit, who: String, errors: Errors) -> Reset {
    Reset { frame: visit.frame("New password"), art: spoken_art(), errors, token: visit.stranger_token(), who }
}

fn code_page(visit: &Visit, errors: Errors) -> Code {
    Code {
        frame: visit.frame("New password"),
        art: spoken_art(),
        errors,
        token: visit.stranger_token(),
        shortest: SHORTEST,
    }
}
