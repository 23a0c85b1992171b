//! `GET /audyo/players/{playerId}`: a player, for programs.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use wire::narration::PlayerShown;

use super::partner::{self, no_player};
use super::reply::{ProblemShown, Refused, answer, shown};
use crate::settings::Web;

/// How far a player is, and what it plays.
#[utoipa::path(
    get,
    path = "/audyo/players/{player_id}",
    operation_id = "player",
    tag = "narration",
    params(("player_id" = String, Path, description = "The player.")),
    responses(
        (status = 200, description = "The player.", body = PlayerShown),
        (status = 401, description = "The key is not known.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 403, description = "The page may not use this key.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 404, description = "There is no such player.", body = ProblemShown, content_type = "application/problem+json"),
    ),
    security(("private_key" = []), ("public_key" = []))
)]
pub(super) async fn get(State(web): State<Web>, Path(id): Path<String>, request: Request) -> Result<Response, Refused> {
    let (parts, _) = request.into_parts();
    let reader = partner::either(&web, &parts).await?;
    let found = async {
        let id = id.parse().map_err(|_| no_player())?;
        Ok::<_, Refused>(web.app().narrations().player_of(&reader.partner, id).await?)
    };
    let player = found.await.map_err(|refused| Refused { origin: reader.origin.clone(), ..refused })?;
    Ok(answer(StatusCode::OK, &shown(&web, &player, reader.is_server).await?, reader.origin))
}
