//! `POST /api/production/{uuid}/publish.json`: publish what waits for its owner.

use axum::extract::State;
use model::ProductionId;
use wire::productions::{Envelope, Production};

use super::admit::Asking;
use super::parts::Named;
use super::reply::{Refusals, Reply, reply};
use super::shown::shown;
use crate::settings::Web;

/// Publishes a production that waits for its owner.
#[utoipa::path(
    post,
    path = "/api/production/{uuid}/publish.json",
    operation_id = "production_publish",
    tag = "productions",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses((status = 200, description = "It is published.", body = Envelope<Production>), Refusals)
)]
pub(super) async fn post(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
) -> Reply<Production> {
    let production = web.app().productions().publish(&caller, id).await?;
    reply(shown(&web, &caller, &production, &[]).await?)
}
