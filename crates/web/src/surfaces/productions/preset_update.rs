//! `POST /api/preset/{uuid}.json`: change a preset. Lists are added to, unless it is reset first.

use axum::extract::State;
use model::PresetId;
use wire::productions::{self, Envelope, Preset, PresetRequest};

use super::admit::Asking;
use super::parts::{JsonBody, NamedJson};
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Changes a preset.
#[utoipa::path(
    post,
    path = "/api/preset/{uuid}.json",
    operation_id = "preset_update",
    tag = "presets",
    params(("uuid" = String, Path, description = "Uuid of the preset.")),
    request_body = PresetRequest,
    responses((status = 200, description = "The preset.", body = Envelope<Preset>), Refusals)
)]
pub(super) async fn post(
    State(web): State<Web>,
    Asking(caller): Asking,
    NamedJson(id): NamedJson<PresetId>,
    JsonBody(body): JsonBody,
) -> Reply<Preset> {
    let request = productions::preset(&body, web.offer())?;
    let preset = web.app().presets().update(&caller, id, request.preset_name.as_deref(), request.edit).await?;
    reply(Preset::of(&preset, &request.warnings, &web))
}
