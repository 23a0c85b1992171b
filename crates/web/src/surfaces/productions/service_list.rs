//! `GET /api/services.json`: the publishing targets of the caller.

use axum::extract::State;
use wire::productions::{Envelope, Service};

use super::admit::Asking;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// The services of the caller, those first that were connected first.
#[utoipa::path(
    get,
    path = "/api/services.json",
    operation_id = "service_list",
    tag = "services",
    responses((status = 200, description = "The services.", body = Envelope<Vec<Service>>), Refusals)
)]
pub(super) async fn get(State(web): State<Web>, Asking(caller): Asking) -> Reply<Vec<Service>> {
    let services = web.app().services().list(&caller).await?;
    reply(services.iter().map(Service::from).collect())
}
