//! `GET /audyo/players?url=…`: the player of an article, for the page that shows it.

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use wire::narration::PlayerShown;

use super::partner;
use super::reply::{ProblemShown, Refused, answer, shown};
use crate::settings::Web;

/// The player of an article.
#[utoipa::path(
    get,
    path = "/audyo/players",
    operation_id = "find_player",
    tag = "narration",
    params(("url" = String, Query, description = "The address of the article.")),
    responses(
        (status = 200, description = "The player.", body = PlayerShown),
        (status = 400, description = "This is no address.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 401, description = "The key is not known.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 403, description = "The page may not use this key.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 404, description = "Nobody asked for this article.", body = ProblemShown, content_type = "application/problem+json"),
    ),
    security(("public_key" = []), ("private_key" = []))
)]
pub(super) async fn get(State(web): State<Web>, request: Request) -> Result<Response, Refused> {
    let (parts, _) = request.into_parts();
    let reader = partner::either(&web, &parts).await?;
    let query = parts.uri.query().unwrap_or_default();
    let address = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "url");
    let address = address.map(|(_, value)| value.into_owned()).unwrap_or_default();
    let found = web.app().narrations().player_at(&reader.partner, &address).await;
    let player = found.map_err(|error| Refused { origin: reader.origin.clone(), ..error.into() })?;
    Ok(answer(StatusCode::OK, &shown(&web, &player, reader.is_server).await?, reader.origin))
}
