//! `POST /api/presets.json`: make a preset.

use axum::extract::State;
use wire::productions::{self, Envelope, FormErrors, Preset, PresetRequest};

use super::admit::Asking;
use super::parts::JsonBody;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Makes a preset.
#[utoipa::path(
    post,
    path = "/api/presets.json",
    operation_id = "preset_create",
    tag = "presets",
    request_body = PresetRequest,
    responses((status = 200, description = "The preset.", body = Envelope<Preset>), Refusals)
)]
pub(super) async fn post(State(web): State<Web>, Asking(caller): Asking, JsonBody(body): JsonBody) -> Reply<Preset> {
    let request = productions::preset(&body, web.offer())?;
    let name = request
        .preset_name
        .ok_or_else(|| FormErrors::of("preset_name", "preset_name is missing. It says what people call the preset."))?;
    let preset = web.app().presets().create(&caller, &name, request.edit).await?;
    reply(Preset::of(&preset, &request.warnings, &web))
}
