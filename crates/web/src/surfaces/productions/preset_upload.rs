//! `POST /api/preset/{uuid}/upload.json`: a cover.

use axum::extract::State;
use model::PresetId;
use wire::productions::{Envelope, Preset, UploadRequest};

use super::admit::Asking;
use super::files::{self, Files};
use super::parts::Named;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Sends a cover to a preset.
#[utoipa::path(
    post,
    path = "/api/preset/{uuid}/upload.json",
    operation_id = "preset_upload",
    tag = "presets",
    params(("uuid" = String, Path, description = "Uuid of the preset.")),
    request_body(content = UploadRequest, content_type = "multipart/form-data"),
    responses((status = 200, description = "The preset.", body = Envelope<Preset>), Refusals)
)]
pub(super) async fn post(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<PresetId>,
    body: Files,
) -> Reply<Preset> {
    let presets = web.app().presets();
    // Whose it is, is asked before bytes are taken in.
    presets.find(&caller, id).await?;
    let request = files::uploads(web.app(), &caller, body, web.offer(), &["image"]).await?;
    let preset = presets.update(&caller, id, None, request.edit).await?;
    reply(Preset::of(&preset, &[], &web))
}
