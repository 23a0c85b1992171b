//! `POST /api/productions.json`: make a production from JSON.

use app::productions::NewProduction;
use axum::extract::State;
use wire::productions::{self, Action, Envelope, Production, ProductionRequest};

use super::admit::Asking;
use super::parts::JsonBody;
use super::reply::{Refusals, Reply, reply};
use super::shown::shown;
use crate::settings::Web;

/// Makes a production, and starts it if that is wished.
#[utoipa::path(
    post,
    path = "/api/productions.json",
    operation_id = "production_create",
    tag = "productions",
    request_body = ProductionRequest,
    responses((status = 200, description = "The production.", body = Envelope<Production>), Refusals)
)]
pub(super) async fn post(
    State(web): State<Web>,
    Asking(caller): Asking,
    JsonBody(body): JsonBody,
) -> Reply<Production> {
    let request = productions::production(&body, web.offer())?;
    let start = request.action == Action::Start;
    let new = NewProduction { preset: request.preset, edit: request.edit, start };
    let production = web.app().productions().create(&caller, new).await?;
    reply(shown(&web, &caller, &production, &request.warnings).await?)
}
