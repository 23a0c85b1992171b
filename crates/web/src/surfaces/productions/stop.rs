//! `POST /api/production/{uuid}/stop.json`: stop making it.

use axum::extract::State;
use model::ProductionId;
use wire::productions::{Envelope, Production};

use super::admit::Asking;
use super::parts::Named;
use super::reply::{Refusals, Reply, reply};
use super::shown::shown;
use crate::settings::Web;

/// Has whoever makes the production stop. That nobody does is fine.
#[utoipa::path(
    post,
    path = "/api/production/{uuid}/stop.json",
    operation_id = "production_stop",
    tag = "productions",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses((status = 200, description = "It stops, or was not running.", body = Envelope<Production>), Refusals)
)]
pub(super) async fn post(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
) -> Reply<Production> {
    let production = web.app().productions().stop(&caller, id).await?;
    reply(shown(&web, &caller, &production, &[]).await?)
}
