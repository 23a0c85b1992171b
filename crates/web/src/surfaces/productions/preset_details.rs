//! `GET /api/preset/{uuid}.json`: everything about a preset.

use axum::extract::State;
use model::PresetId;
use wire::productions::{Envelope, Preset};

use super::admit::Asking;
use super::parts::NamedJson;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Everything about a preset.
#[utoipa::path(
    get,
    path = "/api/preset/{uuid}.json",
    operation_id = "preset_find",
    tag = "presets",
    params(("uuid" = String, Path, description = "Uuid of the preset.")),
    responses((status = 200, description = "The preset.", body = Envelope<Preset>), Refusals)
)]
pub(super) async fn get(
    State(web): State<Web>,
    Asking(caller): Asking,
    NamedJson(id): NamedJson<PresetId>,
) -> Reply<Preset> {
    let preset = web.app().presets().find(&caller, id).await?;
    reply(Preset::of(&preset, &[], &web))
}
