//! The page on which somebody makes the account their own that an organization had made for them, or takes what is in it into the account that they
//! have.

use app::accounts::NewAccount;
use app::{AppError, Visitor};
use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::SET_COOKIE;
use model::ProductionId;

use super::super::form::Errors;
use super::super::frame::Frame;
use super::super::problem;
use super::super::visit::{Refusal, Visit};
use super::desk::{Desk, desk, hidden, meant};
use super::parsed;

/// The page on which an account is made one's own.
#[derive(Clone, Debug, Template)]
#[template(path = "player/claim.html")]
pub(super) struct Claim {
    pub(super) frame: Frame,
    pub(super) id: String,
    pub(super) token: String,
    pub(super) errors: Errors,
    pub(super) username: String,
    pub(super) email: String,
}

/// `GET /p/{id}/claim`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let refuse = |error| problem::refuse(&visit, error);
    let id = parsed(&id).map_err(refuse)?;
    let desk = desk(&visit, id).await?;
    if !visit.app().narrations().can_claim(&desk.editor).await.map_err(refuse)? {
        return Err(refuse(AppError::Conflict("This account has a name already. Sign in with it.".to_owned())));
    }
    Ok(visit.page(StatusCode::OK, &page(&visit, &desk, id, Errors::default(), |_| String::new())))
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
    Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page(&visit, &desk, id, errors, field)))
}

/// `POST /p/{id}/claim/link`
pub(super) async fn link(
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let id = parsed(&id).map_err(|error| problem::refuse(&visit, error))?;
    let desk = desk(&visit, id).await?;
    let token = fields.iter().find(|(name, _)| name == "csrf").map_or("", |(_, value)| value);
    // It is the account's owner who agrees, not whoever was sent.
    let caller = visit.needed()?;
    visit.meant(token)?;
    let errors = match visit.app().narrations().link(&desk.editor, caller, &visit.visitor()).await {
        Ok(()) => return Ok(Redirect::to(&format!("/p/{id}/edit")).into_response()),
        Err(error @ AppError::Conflict(_)) => Errors::whole("Nothing was changed.", error.to_string()),
        Err(error) => return Err(problem::refuse(&visit, error)),
    };
    Ok(visit.page(StatusCode::CONFLICT, &page(&visit, &desk, id, errors, |_| String::new())))
}

fn page(visit: &Visit, desk: &Desk, id: ProductionId, errors: Errors, typed: impl Fn(&str) -> String) -> Claim {
    Claim {
        frame: visit.frame("Make this account yours"),
        id: id.to_string(),
        token: hidden(desk),
        errors,
        username: typed("username"),
        email: typed("email"),
    }
}
