//! `DELETE /api/service/{uuid}.json`: a publishing target is none any more.

use axum::extract::State;
use model::ServiceId;
use wire::productions::{Envelope, Nothing};

use super::admit::Asking;
use super::parts::NamedJson;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Takes a service away. What was to be told there is not told any more.
#[utoipa::path(
    delete,
    path = "/api/service/{uuid}.json",
    operation_id = "service_remove",
    tag = "services",
    params(("uuid" = String, Path, description = "Uuid of the service.")),
    responses((status = 200, description = "It is gone.", body = Envelope<Nothing>), Refusals)
)]
pub(super) async fn delete(
    State(web): State<Web>,
    Asking(caller): Asking,
    NamedJson(id): NamedJson<ServiceId>,
) -> Reply<Nothing> {
    web.app().services().remove(&caller, id).await?;
    reply(Nothing(None))
}
