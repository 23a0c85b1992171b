//! The page on which somebody makes the account their own that an organization had made for them.

use app::accounts::NewAccount;
use app::{AppError, Visitor};
use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::SET_COOKIE;

use super::super::form::Errors;
use super::super::frame::Frame;
use super::super::problem;
use super::super::visit::{Refusal, Visit};
use super::desk::{desk, hidden, meant};
use super::parsed;

/// The page on which an account is made one's own.
#[derive(Clone, Debug, Template)]
#[template(path = "player/claim.html")]
struct Claim {
    frame: Frame,
    id: String,
    token: String,
    errors: Errors,
    username: String,
    email: String,
}

/// `GET /p/{id}/claim`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let id = parsed(&id).map_err(|error| problem::refuse(&visit, error))?;
    let desk = desk(&visit, id).await?;
    let claim = Claim {
        frame: visit.frame("Make this account yours"),
        id: id.to_string(),
        token: hidden(&desk),
        errors: Errors::default(),
        username: String::new(),
        email: String::new(),
    };
    Ok(visit.page(StatusCode::OK, &claim))
}

/// `POST /p/{id}/claim`
pub(super) async fn act(
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let refuse = |error| problem::refuse(&visit, error);
    let id = parsed(&id).map_err(refuse)?;
    let desk = desk(&visit, id).await?;
    let field =
        |name: &str| fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()).unwrap_or_default();
    meant(&visit, &desk, &field("csrf"))?;
    let new =
        NewAccount { username: field("username"), email: field("email"), password: field("password"), is_admin: false };
    let visitor: Visitor = visit.visitor();
    let errors = match visit.app().narrations().claim(&desk.editor, new, &visitor).await {
        Ok(signed_in) => {
            let mut response = Redirect::to(&format!("/p/{id}/edit")).into_response();
            let cookie = crate::caller::session::set(&signed_in.key, signed_in.life, visit.is_secure());
            if let Some(cookie) = cookie {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            return Ok(response);
        }
        Err(AppError::Invalid(invalid)) => Errors::from(invalid),
        Err(error @ AppError::Conflict(_)) => Errors::whole("The account was not made yours.", error.to_string()),
        Err(error) => return Err(refuse(error)),
    };
    let claim = Claim {
        frame: visit.frame("Make this account yours"),
        id: id.to_string(),
        token: hidden(&desk),
        errors,
        username: field("username"),
        email: field("email"),
    };
    Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &claim))
}
