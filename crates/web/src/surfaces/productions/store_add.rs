//! `POST /api/services.json`: a store of the caller becomes a service.

use app::stores::Wanted;
use axum::extract::State;
use wire::productions::{Envelope, Service, StoreRequest};

use super::admit::Asking;
use super::parts::JsonBody;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Adds a store. Whether it works, `check.json` finds out; a server by SFTP whose fingerprint is not given is known from that on.
#[utoipa::path(
    post,
    path = "/api/services.json",
    operation_id = "store_add",
    tag = "services",
    request_body = StoreRequest,
    responses((status = 200, description = "The service.", body = Envelope<Service>), Refusals)
)]
pub(super) async fn post(State(web): State<Web>, Asking(caller): Asking, JsonBody(body): JsonBody) -> Reply<Service> {
    let said = wire::productions::store(&body, None)?;
    let wanted = Wanted { name: said.name, remote: said.remote, secret: said.secret };
    let shown = web.app().stores().add(&caller, wanted).await?;
    reply((&shown).into())
}
