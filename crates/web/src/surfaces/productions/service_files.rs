//! `GET /api/service/{uuid}/ls.json`: the recordings that lie on a store.

use app::AppError;
use axum::extract::State;
use model::ServiceId;
use wire::productions::Envelope;

use super::admit::Asking;
use super::parts::Named;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// The recordings on a store, by name. An app that connected itself takes productions and holds nothing. Takes up to fifteen seconds.
#[utoipa::path(
    get,
    path = "/api/service/{uuid}/ls.json",
    operation_id = "service_files",
    tag = "services",
    params(("uuid" = String, Path, description = "Uuid of the service.")),
    responses(
        (status = 200, description = "The files' names.", body = Envelope<Vec<String>>),
        (status = 504, description = "No worker answered within fifteen seconds."),
        Refusals
    )
)]
pub(super) async fn get(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ServiceId>,
) -> Reply<Vec<String>> {
    let shown = web.app().services().find(&caller, id).await?;
    if shown.service.store().is_none() {
        let message = format!("{} takes productions and holds no recordings: it cannot be listed.", shown.display_name);
        return Err(AppError::Conflict(message).into());
    }
    reply(web.app().stores().files(&caller, id).await?)
}
