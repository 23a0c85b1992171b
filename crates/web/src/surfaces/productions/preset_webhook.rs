//! `/api/preset/{uuid}/webhook.json`: the address that hears of every production made with a preset.

use app::AppError;
use axum::Json;
use axum::extract::State;
use model::PresetId;
use model::production::Preset;
use wire::productions::{self, FormErrors, WebhookEnvelope, WebhookRequest};

use super::admit::Asking;
use super::parts::{JsonBody, Named};
use super::reply::{Refusals, Refused};
use crate::settings::Web;

type Reply = Result<Json<WebhookEnvelope>, Refused>;

/// The addresses that hear.
#[utoipa::path(
    get,
    path = "/api/preset/{uuid}/webhook.json",
    operation_id = "preset_webhook_find",
    tag = "presets",
    params(("uuid" = String, Path, description = "Uuid of the preset.")),
    responses((status = 200, description = "The addresses.", body = WebhookEnvelope), Refusals)
)]
pub(super) async fn get(State(web): State<Web>, Asking(caller): Asking, Named(id): Named<PresetId>) -> Reply {
    let preset = web.app().presets().find(&caller, id).await?;
    reply(&preset)
}

/// Tells an address from now on, in place of the one before.
#[utoipa::path(
    post,
    path = "/api/preset/{uuid}/webhook.json",
    operation_id = "preset_webhook_set",
    tag = "presets",
    params(("uuid" = String, Path, description = "Uuid of the preset.")),
    request_body = WebhookRequest,
    responses((status = 200, description = "The addresses.", body = WebhookEnvelope), Refusals)
)]
pub(super) async fn post(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<PresetId>,
    JsonBody(body): JsonBody,
) -> Reply {
    let webhook = productions::webhook(&body)?
        .ok_or_else(|| FormErrors::of("webhook", "webhook is missing. It is the http or https address to tell."))?;
    let preset = web.app().presets().set_webhook(&caller, id, Some(webhook)).await?;
    reply(&preset)
}

/// Tells an address no more: the one in the body, or whichever there is where none is named.
#[utoipa::path(
    delete,
    path = "/api/preset/{uuid}/webhook.json",
    operation_id = "preset_webhook_remove",
    tag = "presets",
    params(("uuid" = String, Path, description = "Uuid of the preset.")),
    responses((status = 200, description = "The addresses that are left.", body = WebhookEnvelope), Refusals)
)]
pub(super) async fn delete(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<PresetId>,
    JsonBody(body): JsonBody,
) -> Reply {
    let named = productions::webhook(&body)?;
    let presets = web.app().presets();
    let preset = presets.find(&caller, id).await?;
    if named.is_some() && preset.draft.webhook != named {
        return Err(AppError::NotFound("webhook").into());
    }
    let preset = presets.set_webhook(&caller, id, None).await?;
    reply(&preset)
}

#[expect(clippy::unnecessary_wraps, reason = "it is the last line of handlers that may refuse")]
fn reply(preset: &Preset) -> Reply {
    let addresses: Vec<String> = preset.draft.webhook.iter().cloned().collect();
    Ok(Json(WebhookEnvelope::of(&addresses)))
}
