//! `DELETE /api/preset/{uuid}.json`: forget a preset.

use axum::extract::State;
use model::PresetId;
use wire::productions::{Envelope, Nothing};

use super::admit::Asking;
use super::parts::NamedJson;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Forgets a preset. Productions that began with it stay as they are.
#[utoipa::path(
    delete,
    path = "/api/preset/{uuid}.json",
    operation_id = "preset_remove",
    tag = "presets",
    params(("uuid" = String, Path, description = "Uuid of the preset.")),
    responses((status = 200, description = "It is gone.", body = Envelope<Nothing>), Refusals)
)]
pub(super) async fn delete(
    State(web): State<Web>,
    Asking(caller): Asking,
    NamedJson(id): NamedJson<PresetId>,
) -> Reply<Nothing> {
    web.app().presets().remove(&caller, id).await?;
    reply(Nothing(None))
}
