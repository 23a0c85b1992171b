//! `POST /api/service/connect.json`: an app makes itself a publishing target of whoever allowed it to.

use app::services::Connect;
use axum::extract::State;
use wire::productions::{ConnectRequest, Envelope, Service};

use super::admit::Asking;
use super::parts::JsonBody;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Makes the app that asks a publishing target, or gives the one of that name another address and other data.
#[utoipa::path(
    post,
    path = "/api/service/connect.json",
    operation_id = "service_connect",
    tag = "services",
    request_body = ConnectRequest,
    responses((status = 200, description = "The service.", body = Envelope<Service>), Refusals)
)]
pub(super) async fn post(State(web): State<Web>, Asking(caller): Asking, JsonBody(body): JsonBody) -> Reply<Service> {
    let wire::productions::Connect { webhook_url, display_name, custom_data } = wire::productions::connect(&body)?;
    let connect = Connect { webhook_url, display_name, custom_data };
    let shown = web.app().services().connect(&caller, connect).await?;
    reply((&shown).into())
}
