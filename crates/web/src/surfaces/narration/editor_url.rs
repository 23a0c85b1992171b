//! `GET /audyo/players/{playerId}/editor_url`: a way into the editor for one of an organization's people.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use wire::narration::Edited;

use super::create::USER;
use super::partner::{self, no_player};
use super::reply::{ProblemShown, Refused, answer};
use crate::settings::Web;

/// A way into the editor, for the browser of the person that the header names: good once, for five minutes, and for that person's narrations in
/// this organization only.
#[utoipa::path(
    get,
    path = "/audyo/players/{player_id}/editor_url",
    operation_id = "editor_url",
    tag = "narration",
    params(
        ("player_id" = String, Path, description = "The player."),
        ("Organization-User-Id" = String, Header, description = "Which of the organization's people is to edit, in its own words."),
    ),
    responses(
        (status = 200, description = "The address to open.", body = Edited),
        (status = 401, description = "The key is not known.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 403, description = "The key is a public one.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 404, description = "There is no such player of that person.", body = ProblemShown, content_type = "application/problem+json"),
    ),
    security(("private_key" = []))
)]
pub(super) async fn get(State(web): State<Web>, Path(id): Path<String>, request: Request) -> Result<Response, Refused> {
    let (parts, _) = request.into_parts();
    let partner = partner::private(&web, &parts).await?;
    let id = id.parse().map_err(|_| no_player())?;
    let theirs = parts.headers.get(&USER).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned());
    let key = web.app().narrations().editor_link(&partner, id, &theirs.unwrap_or_default()).await?;
    let editor_url = web.address(&format!("/p/{id}/edit?token={}", key.reveal()));
    Ok(answer(StatusCode::OK, &Edited { editor_url }, None))
}
