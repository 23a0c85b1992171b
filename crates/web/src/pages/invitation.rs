//! The page on which somebody becomes a member of an organization that invited them.
//!
//! What an invitation is accepted with stands behind the # of its address, where no server sees it; a script puts it into the form. Without scripts it
//! is pasted.

use app::AppError;
use askama::Template;
use axum::Form;
use axum::response::Response;
use http::StatusCode;
use model::organization::Role;
use serde::Deserialize;

use super::form::Errors;
use super::frame::Frame;
use super::problem;
use super::visit::{Refusal, Visit};

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    code: String,
    verb: String,
    csrf: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "invitation.html")]
pub(crate) struct Invitation {
    pub(crate) frame: Frame,
    pub(crate) errors: Errors,
    pub(crate) code: String,
    /// What it is to, and what one becomes there.
    pub(crate) to: Option<(String, &'static str)>,
    /// Whether that was accepted.
    pub(crate) is_in: bool,
}

/// `GET /invitation`
pub(crate) async fn show(visit: Visit) -> Result<Response, Refusal> {
    visit.needed()?;
    Ok(page(&visit, StatusCode::OK, Errors::default(), String::new(), None, false))
}

/// `POST /invitation`: says what it is to, or accepts it.
pub(crate) async fn act(visit: Visit, Form(sent): Form<Sent>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&sent.csrf)?;
    // Whoever copied the whole address meant the code in it.
    let code = sent.code.trim();
    let code = code.rsplit_once('#').map_or(code, |(_, code)| code).to_owned();
    let organizations = visit.app().organizations();
    let done = if sent.verb == "accept" {
        organizations.accept(caller, &code).await.map(|seen| (seen.organization().name.clone(), seen.role(), true))
    } else {
        organizations.invitation(&code).await.map(|(organization, role)| (organization.name, role, false))
    };
    match done {
        Ok((name, role, is_in)) => {
            let to = Some((name, in_words(role)));
            Ok(page(&visit, StatusCode::OK, Errors::default(), code, to, is_in))
        }
        Err(AppError::NotFound(_)) => {
            let mut errors = Errors::default();
            errors
                .add("code", "No such invitation waits. It may be older than a week, taken back, or accepted already.");
            Ok(page(&visit, StatusCode::UNPROCESSABLE_ENTITY, errors, code, None, false))
        }
        Err(error @ AppError::Conflict(_)) => {
            let errors = Errors::whole("You are not a member yet.", error.to_string());
            Ok(page(&visit, StatusCode::CONFLICT, errors, code, None, false))
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

fn page(
    visit: &Visit,
    status: StatusCode,
    errors: Errors,
    code: String,
    to: Option<(String, &'static str)>,
    is_in: bool,
) -> Response {
    visit.page(status, &Invitation { frame: visit.frame("Invitation"), errors, code, to, is_in })
}

fn in_words(role: Role) -> &'static str {
    match role {
        Role::Admin => "an admin, who keeps its keys, members and narrations",
        Role::Creator => "a creator, who has narrations of their own there",
    }
}
