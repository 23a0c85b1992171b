//! `GET /api/production/{uuid}/deliveries.json`: who was told of a production, and what they answered.

use axum::extract::State;
use model::ProductionId;
use wire::productions::{DeliveryReply, Envelope};

use super::admit::Asking;
use super::parts::Named;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Who was told of a production, first to last, with every attempt.
#[utoipa::path(
    get,
    path = "/api/production/{uuid}/deliveries.json",
    operation_id = "production_deliveries",
    tag = "services",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses((status = 200, description = "What was told.", body = Envelope<Vec<DeliveryReply>>), Refusals)
)]
pub(super) async fn get(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
) -> Reply<Vec<DeliveryReply>> {
    let all = web.app().deliveries().of_production(&caller, id).await?;
    reply(all.iter().map(|told| DeliveryReply::of(&told.delivery, &told.attempts)).collect())
}
