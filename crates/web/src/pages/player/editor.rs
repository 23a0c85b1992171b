//! The page on which the text of a narration is changed: its segments as text, rendered again and published by buttons. It works without scripts.
//!
//! Who comes by an organization's link is let in once and keeps a cookie that is good for this page and nothing else; who signed in and may, comes as
//! they are. The page carries the revision that it shows: what somebody else changed meanwhile is shown beside what was typed, and nothing is lost.

use app::AppError;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::SET_COOKIE;
use http::{Method, StatusCode};
use model::ProductionId;
use model::narration::Change;
use serde::Deserialize;

use super::super::form::Errors;
use super::super::problem;
use super::super::visit::{Refusal, Visit};
use super::desk::{Desk, desk, hidden, meant, write_cookie};
use super::edit::{Beside, Edit};
use super::typed::{Typed, changes};
use super::{back, parsed};

/// Fields that the form may have: three for each segment of the longest script that this page takes, and some.
const MOST_FIELDS: usize = 16_000;

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    token: String,
    told: String,
}

/// `GET /p/{id}/edit`
pub(super) async fn show(
    method: Method,
    visit: Visit,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Refusal> {
    let id = parsed(&id).map_err(|error| problem::refuse(&visit, error))?;
    if !wish.token.is_empty() {
        // Mail and chat programs look at addresses before people do, and that is not to use the way in up.
        if method == Method::HEAD {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        return enter(&visit, id, &wish.token).await;
    }
    let desk = desk(&visit, id).await?;
    let note = match wish.told.as_str() {
        "saved" => Some("Saved. What is heard stays as it was until you render and publish."),
        "merged" => Some("Saved, together with what somebody else changed in other places meanwhile."),
        "undone" => Some("The last change was taken back."),
        "published" => Some("Published. Its player plays it from now on."),
        "word" => Some("Kept. It is heard when the article is rendered again."),
        _ => None,
    };
    page(&visit, &desk, id, StatusCode::OK, Errors::default(), note, None).await
}

/// Trades a way in that stands in the address for a cookie, and takes it out of the address. Whoever was let in before just goes on.
async fn enter(visit: &Visit, id: ProductionId, token: &str) -> Result<Response, Refusal> {
    match visit.app().narrations().enter_editor(token).await {
        Ok(session) => {
            let mut response = Redirect::to(&format!("/p/{}/edit", session.narration)).into_response();
            if let Some(cookie) = write_cookie(visit, &session.key, session.life) {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            Ok(response)
        }
        Err(AppError::Unauthenticated(_)) if desk(visit, id).await.is_ok() => {
            Ok(Redirect::to(&format!("/p/{id}/edit")).into_response())
        }
        Err(error @ AppError::Unauthenticated(_)) => Err(visit
            .page(
                StatusCode::UNAUTHORIZED,
                &problem::about_app(visit, "This way in was used already", error.to_string()),
            )
            .into()),
        Err(error) => Err(problem::refuse(visit, error)),
    }
}

/// `POST /p/{id}/edit`
pub(super) async fn act(
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let refuse = |error| problem::refuse(&visit, error);
    let id = parsed(&id).map_err(refuse)?;
    let desk = desk(&visit, id).await?;
    let field = |name: &str| fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    meant(&visit, &desk, field("csrf").unwrap_or_default())?;
    if fields.len() > MOST_FIELDS {
        return Err(refuse(AppError::TooLarge { limit: MOST_FIELDS as u64 }));
    }
    let base = field("base").and_then(|base| base.parse().ok()).unwrap_or_default();
    let narrations = visit.app().narrations();
    let verb = field("verb").unwrap_or("save");
    let done = match verb.split_once(' ') {
        Some(("forget", word)) => save(&visit, &desk, id, base, &fields, Then::Say(word, None)).await,
        Some((way, segment)) => one(&visit, &desk, id, base, &fields, (way, segment)).await,
        None => match verb {
            "undo" => undo(&visit, &desk, id, base, &fields).await,
            "publish" => save(&visit, &desk, id, base, &fields, Then::Publish).await,
            "render" => save(&visit, &desk, id, base, &fields, Then::Render).await,
            "pronounce" => {
                let then = Then::Say(field("word").unwrap_or_default(), field("said"));
                save(&visit, &desk, id, base, &fields, then).await
            }
            // Whoever presses Enter in the field of a word means the word.
            "save" => match field("word").filter(|word| !word.trim().is_empty()) {
                Some(word) => save(&visit, &desk, id, base, &fields, Then::Say(word, field("said"))).await,
                None => save(&visit, &desk, id, base, &fields, Then::Nothing).await,
            },
            _ => Err(AppError::NotFound("button")),
        },
    };
    let (status, errors) = match done {
        Ok(told) => {
            let query = if told.is_empty() { String::new() } else { format!("?told={told}") };
            return Ok(Redirect::to(&format!("/p/{id}/edit{query}")).into_response());
        }
        Err(AppError::Invalid(invalid)) => (StatusCode::UNPROCESSABLE_ENTITY, Errors::from(invalid)),
        Err(error @ AppError::Changed { .. }) => (
            StatusCode::CONFLICT,
            Errors::whole(error.to_string(), "Saving once more keeps what you typed in place of theirs."),
        ),
        Err(error @ AppError::Conflict(_)) => {
            (StatusCode::CONFLICT, Errors::whole("That was not done.", error.to_string()))
        }
        Err(error) => return Err(refuse(error)),
    };
    // A revision that is not kept any more: then everything counts as typed.
    let before = narrations.script_at(&desk.editor, id, base).await.unwrap_or_default();
    page(&visit, &desk, id, status, errors, None, Some(&Typed::new(&before, &fields))).await
}

/// What a button does when what was typed is kept.
enum Then<'f> {
    Nothing,
    Render,
    Publish,
    /// A word is said in another way, or in its own again.
    Say(&'f str, Option<&'f str>),
}

/// Keeps what was typed, so that no button loses it, and does what the button is for.
async fn save(
    visit: &Visit,
    desk: &Desk,
    id: ProductionId,
    base: u32,
    fields: &[(String, String)],
    then: Then<'_>,
) -> Result<&'static str, AppError> {
    let narrations = visit.app().narrations();
    let before = narrations.script_at(&desk.editor, id, base).await?;
    let changes = changes(&before, fields)?;
    let is_merged =
        if changes.is_empty() { false } else { narrations.change(&desk.editor, id, base, changes).await?.is_merged };
    match then {
        Then::Nothing => Ok(if is_merged { "merged" } else { "saved" }),
        Then::Render => narrations.render(&desk.editor, id).await.map(|()| ""),
        Then::Publish => narrations.publish(&desk.editor, id).await.map(|()| "published"),
        Then::Say(word, said) => narrations.pronounce(&desk.editor, id, word, said).await.map(|()| "word"),
    }
}

/// Takes the last change back, where nothing else was typed that would be lost with it.
async fn undo(
    visit: &Visit,
    desk: &Desk,
    id: ProductionId,
    base: u32,
    fields: &[(String, String)],
) -> Result<&'static str, AppError> {
    let narrations = visit.app().narrations();
    let before = narrations.script_at(&desk.editor, id, base).await?;
    if !changes(&before, fields)?.is_empty() {
        let message = "What you typed since is not saved. Save it, and that is the change that Undo takes back.";
        return Err(AppError::Conflict(message.to_owned()));
    }
    narrations.undo(&desk.editor, id, base).await.map(|_| "undone")
}

/// A button of one segment; what was typed elsewhere in the form is kept with it.
async fn one(
    visit: &Visit,
    desk: &Desk,
    id: ProductionId,
    base: u32,
    fields: &[(String, String)],
    (way, segment): (&str, &str),
) -> Result<&'static str, AppError> {
    let narrations = visit.app().narrations();
    let script = narrations.script_at(&desk.editor, id, base).await?;
    let at = segment.parse().ok().and_then(|id: u32| script.segments.iter().position(|segment| segment.id == id));
    let at = at.ok_or(AppError::NotFound("segment"))?;
    let here = script.segments[at].id;
    let neighbour = |at: usize| script.segments.get(at).map(|segment| segment.id);
    let mut changes = changes(&script, fields)?;
    match way {
        "up" if at == 0 => {}
        // Segments that what was typed takes away are still there when others move.
        "up" => changes.insert(0, Change::Move(here, at.checked_sub(2).and_then(neighbour))),
        "down" => {
            if let Some(next) = neighbour(at + 1) {
                changes.insert(0, Change::Move(here, Some(next)));
            }
        }
        "remove" => {
            changes.retain(|change| !matches!(change, Change::Text(id, _) if *id == here));
            changes.push(Change::Remove(here));
        }
        _ => return Err(AppError::NotFound("button")),
    }
    if changes.is_empty() {
        return Ok("saved");
    }
    let changed = narrations.change(&desk.editor, id, base, changes).await?;
    Ok(if changed.is_merged { "merged" } else { "saved" })
}

/// `POST /p/{id}/retry`
pub(super) async fn retry(
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let refuse = |error| problem::refuse(&visit, error);
    let id = parsed(&id).map_err(refuse)?;
    let desk = desk(&visit, id).await?;
    let token = fields.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value.as_str());
    meant(&visit, &desk, token.unwrap_or_default())?;
    visit.app().narrations().retry(&desk.editor, id).await.map_err(refuse)?;
    Ok(back(id))
}

/// The page as it is now; what was typed and not kept stays in it.
async fn page(
    visit: &Visit,
    desk: &Desk,
    id: ProductionId,
    status: StatusCode,
    errors: Errors,
    note: Option<&'static str>,
    typed: Option<&Typed<'_>>,
) -> Result<Response, Refusal> {
    let refuse = |error| problem::refuse(visit, error);
    let narrations = visit.app().narrations();
    let player = narrations.edited(&desk.editor, id).await.map_err(refuse)?;
    let words = narrations.pronunciations(&desk.editor, id).await.map_err(refuse)?;
    let heard = super::beside(visit, &player).await.heard;
    let read = match player.published() {
        Some(published) => narrations.script_at(&desk.editor, id, published.revision).await.ok(),
        None => None,
    };
    let beside = Beside {
        read,
        heard,
        words,
        can_claim: narrations.can_claim(&desk.editor).await.map_err(refuse)?,
        token: hidden(desk),
        now: visit.app().now(),
    };
    let frame = visit.frame("Edit the narration");
    Ok(visit.page(status, &Edit::new(frame, &player, beside, errors, note, typed)))
}
