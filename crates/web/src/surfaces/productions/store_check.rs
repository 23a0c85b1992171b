//! `POST /api/service/{uuid}/check.json`: whether a store can be reached, read and written.

use axum::extract::State;
use model::ServiceId;
use wire::productions::{Envelope, Service};

use super::admit::Asking;
use super::parts::Named;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Tests the connection: signs in, lists, and writes a small file that is removed again. What came of it is in `last_check`. Takes up to
/// fifteen seconds.
#[utoipa::path(
    post,
    path = "/api/service/{uuid}/check.json",
    operation_id = "store_check",
    tag = "services",
    params(("uuid" = String, Path, description = "Uuid of the service.")),
    responses(
        (status = 200, description = "The service, with what came of it.", body = Envelope<Service>),
        (status = 504, description = "No worker answered within fifteen seconds."),
        Refusals
    )
)]
pub(super) async fn post(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ServiceId>,
) -> Reply<Service> {
    let shown = web.app().stores().check(&caller, id).await?;
    reply((&shown).into())
}
