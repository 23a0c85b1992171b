//! `POST /api/production/{uuid}/start.json`: has it made.

use axum::extract::State;
use model::ProductionId;
use wire::productions::{Envelope, Production};

use super::admit::Asking;
use super::parts::Named;
use super::reply::{Refusals, Reply, reply};
use super::shown::shown;
use crate::settings::Web;

/// Has the production made.
#[utoipa::path(
    post,
    path = "/api/production/{uuid}/start.json",
    operation_id = "production_start",
    tag = "productions",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses((status = 200, description = "It waits for a worker.", body = Envelope<Production>), Refusals)
)]
pub(super) async fn post(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
) -> Reply<Production> {
    let production = web.app().productions().start(&caller, id).await?;
    reply(shown(&web, &caller, &production, &[]).await?)
}
