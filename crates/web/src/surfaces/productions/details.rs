//! `GET /api/production/{uuid}.json`: everything about a production.

use axum::extract::State;
use model::ProductionId;
use wire::productions::{Envelope, Production};

use super::admit::Asking;
use super::parts::NamedJson;
use super::reply::{Refusals, Reply, reply};
use super::shown::shown;
use crate::settings::Web;

/// Everything about a production.
#[utoipa::path(
    get,
    path = "/api/production/{uuid}.json",
    operation_id = "production_find",
    tag = "productions",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses((status = 200, description = "The production.", body = Envelope<Production>), Refusals)
)]
pub(super) async fn get(
    State(web): State<Web>,
    Asking(caller): Asking,
    NamedJson(id): NamedJson<ProductionId>,
) -> Reply<Production> {
    let production = web.app().productions().glance(&caller, id).await?;
    reply(shown(&web, &caller, &production, &[]).await?)
}
