//! `DELETE /api/production/{uuid}.json`: forget a production and its files.

use axum::extract::State;
use model::ProductionId;
use wire::productions::{Envelope, Nothing};

use super::admit::Asking;
use super::parts::NamedJson;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Forgets a production and its files. If it is being made, that is stopped.
#[utoipa::path(
    delete,
    path = "/api/production/{uuid}.json",
    operation_id = "production_remove",
    tag = "productions",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses((status = 200, description = "It is gone.", body = Envelope<Nothing>), Refusals)
)]
pub(super) async fn delete(
    State(web): State<Web>,
    Asking(caller): Asking,
    NamedJson(id): NamedJson<ProductionId>,
) -> Reply<Nothing> {
    web.app().productions().remove(&caller, id).await?;
    reply(Nothing(None))
}
