//! Who may edit a narration, and how their browser shows that: by the cookie of an organization's link, or signed in.

use std::time::Duration;

use app::AppError;
use app::narrations::Editor;
use http::{HeaderValue, StatusCode};
use model::ProductionId;
use protocols::Key;

use super::super::problem;
use super::super::visit::{Refusal, Visit};
use crate::caller::{cookie, csrf};

/// Somebody who may edit, and what their forms carry.
pub(super) struct Desk {
    pub(super) editor: Editor,
    secret: String,
    is_member: bool,
}

/// Whoever may edit: by the cookie of an organization's link, or signed in.
pub(super) async fn desk(visit: &Visit, id: ProductionId) -> Result<Desk, Refusal> {
    let narrations = visit.app().narrations();
    let sent = cookie(visit.headers(), name_of_cookie(visit)).map(str::to_owned);
    let mut over = None;
    if let Some(secret) = sent {
        match narrations.editor_by_session(&secret).await {
            Ok(editor) => match narrations.may_edit(&editor, id).await {
                Ok(true) => return Ok(Desk { editor, secret, is_member: false }),
                Ok(false) => {}
                Err(error) => return Err(problem::refuse(visit, error)),
            },
            Err(error) => over = Some(error),
        }
    }
    let Some((caller, key)) = visit.caller().zip(visit.key()) else {
        return Err(match over {
            Some(error @ AppError::Unauthenticated(_)) => {
                let page = problem::about_app(visit, "Your time in the editor is over", error.to_string());
                visit.page(StatusCode::UNAUTHORIZED, &page).into()
            }
            Some(error) => problem::refuse(visit, error),
            None => {
                visit.needed().map_or_else(|refusal| refusal, |_| problem::refuse(visit, AppError::NotFound("page")))
            }
        });
    };
    let editor = narrations.editor_of(caller, id).await.map_err(|error| problem::refuse(visit, error))?;
    Ok(Desk { editor, secret: key.to_owned(), is_member: true })
}

/// Refuses a form that does not come from a page of this browser.
pub(super) fn meant(visit: &Visit, desk: &Desk, token: &str) -> Result<(), Refusal> {
    if desk.is_member {
        return visit.meant(token);
    }
    if csrf::is_token(token, &desk.secret) { Ok(()) } else { Err(problem::not_meant(visit)) }
}

pub(super) fn hidden(desk: &Desk) -> String {
    format!("<input type=\"hidden\" name=\"csrf\" value=\"{}\">", csrf::token(&desk.secret))
}

fn name_of_cookie(visit: &Visit) -> &'static str {
    if visit.is_secure() { "__Host-soundpost-editor" } else { "soundpost-editor" }
}

pub(super) fn write_cookie(visit: &Visit, key: &Key, life: Duration) -> Option<HeaderValue> {
    let secure = if visit.is_secure() { "; Secure" } else { "" };
    let text = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}",
        name_of_cookie(visit),
        key.reveal(),
        life.as_secs()
    );
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
