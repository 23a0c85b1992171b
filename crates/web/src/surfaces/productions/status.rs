//! `GET /api/production/{uuid}/status.json`: how far a production is, and nothing else.

use axum::extract::State;
use model::ProductionId;
use wire::productions::{Envelope, Status};

use super::admit::Asking;
use super::parts::Named;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// How far a production is.
#[utoipa::path(
    get,
    path = "/api/production/{uuid}/status.json",
    operation_id = "production_status",
    tag = "productions",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses((status = 200, description = "The status.", body = Envelope<Status>), Refusals)
)]
pub(super) async fn get(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
) -> Reply<Status> {
    let production = web.app().productions().glance(&caller, id).await?;
    reply(Status::of(&production))
}
