//! `POST /api/service/{uuid}.json`: a store is elsewhere now, or opened by something else.

use app::AppError;
use app::stores::Wanted;
use axum::extract::State;
use model::ServiceId;
use wire::productions::{Envelope, Service, StoreRequest};

use super::admit::Asking;
use super::parts::{JsonBody, NamedJson};
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Changes a store. What is not said stays, and null takes a field away; what opens it has to be said again where the server or the
/// user changes.
#[utoipa::path(
    post,
    path = "/api/service/{uuid}.json",
    operation_id = "store_change",
    tag = "services",
    params(("uuid" = String, Path, description = "Uuid of the service.")),
    request_body = StoreRequest,
    responses((status = 200, description = "The service.", body = Envelope<Service>), Refusals)
)]
pub(super) async fn post(
    State(web): State<Web>,
    Asking(caller): Asking,
    NamedJson(id): NamedJson<ServiceId>,
    JsonBody(body): JsonBody,
) -> Reply<Service> {
    let known = web.app().services().find(&caller, id).await?;
    let store = known.service.store().ok_or(AppError::NotFound("store"))?;
    let said = wire::productions::store(&body, Some((&known.service.name, &store.remote)))?;
    let wanted = Wanted { name: said.name, remote: said.remote, secret: said.secret };
    let shown = web.app().stores().change(&caller, id, wanted).await?;
    reply((&shown).into())
}
