//! `/account/leave`: taking everything along in one archive, and removing the account. What is destroyed is counted first, and the button repeats it.

use app::AppError;
use askama::Template;
use axum::Form;
use axum::body::Body;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};

use super::super::form::Errors;
use super::super::frame::Frame;
use super::super::problem;
use super::super::signing::{Button, leave};
use super::super::visit::{Refusal, Visit};
use super::super::words::{counted, size};
use super::{Place, archive, frame, fresh, places, token};

const HERE: &str = "/account/leave";

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "account/leave.html")]
pub(crate) struct Leave {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) errors: Errors,
    pub(crate) token: String,
    pub(crate) consequence: String,
    pub(crate) button: String,
}

/// `GET /account/leave`
pub(crate) async fn show(visit: Visit) -> Result<Response, Refusal> {
    page(&visit, StatusCode::OK, Errors::default()).await
}

/// `POST /account/export`
pub(crate) async fn export(visit: Visit, Form(button): Form<Button>) -> Result<Response, Refusal> {
    visit.needed()?;
    visit.meant(&button.csrf)?;
    let who = fresh(&visit, HERE).await?;
    let begun = visit.app().leaving().begin_export(&who, visit.from()).await;
    let begun = begun.map_err(|error| problem::refuse(&visit, error))?;
    let name = format!("attachment; filename=\"soundpost-{}.tar\"", who.account().username);
    let bytes = archive::stream(visit.app().clone(), who.caller().clone(), begun);
    let mut response = Body::from_stream(bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// `POST /account/leave`
pub(crate) async fn remove(visit: Visit, Form(button): Form<Button>) -> Result<Response, Refusal> {
    visit.needed()?;
    visit.meant(&button.csrf)?;
    let who = fresh(&visit, HERE).await?;
    match visit.app().leaving().remove(&who, visit.from()).await {
        Ok(()) => {
            let mut response = Redirect::to("/signin?told=removed").into_response();
            leave(&visit, &mut response);
            Ok(response)
        }
        Err(AppError::Conflict(sentence)) => {
            let errors = Errors::whole("Your account stays.", sentence);
            page(&visit, StatusCode::CONFLICT, errors).await
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

async fn page(visit: &Visit, status: StatusCode, errors: Errors) -> Result<Response, Refusal> {
    let who = fresh(visit, HERE).await?;
    let much = visit.app().leaving().belongings(&who).await.map_err(|error| problem::refuse(visit, error))?;
    let frame = frame(visit, "Take along, or go");
    let productions = counted(much.productions, "production");
    let page = Leave {
        token: token(&frame),
        places: places(HERE),
        errors,
        consequence: format!(
            "This destroys {productions} with {} ({} together), {} and {}. Whoever has the address of a file finds nothing there any more. There is no way back.",
            counted(much.files, "file"),
            size(much.bytes),
            counted(much.presets, "preset"),
            counted(much.keys, "API key"),
        ),
        button: format!("Remove my account and {productions}"),
        frame,
    };
    Ok(visit.page(status, &page))
}
