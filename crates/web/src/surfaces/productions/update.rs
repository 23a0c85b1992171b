//! `POST /api/production/{uuid}.json`: change a production. Lists are added to, unless it is reset first.

use axum::extract::State;
use model::ProductionId;
use model::production::Input;
use wire::productions::{self, Action, Envelope, Production, ProductionRequest};

use super::admit::Asking;
use super::parts::{JsonBody, NamedJson};
use super::reply::{Refusals, Reply, reply};
use super::shown::shown;
use crate::settings::Web;

/// Changes a production, and starts it if that is wished.
#[utoipa::path(
    post,
    path = "/api/production/{uuid}.json",
    operation_id = "production_update",
    tag = "productions",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    request_body = ProductionRequest,
    responses((status = 200, description = "The production.", body = Envelope<Production>), Refusals)
)]
pub(super) async fn post(
    State(web): State<Web>,
    Asking(caller): Asking,
    NamedJson(id): NamedJson<ProductionId>,
    JsonBody(body): JsonBody,
) -> Reply<Production> {
    let productions = web.app().productions();
    let mut request = productions::production(&body, web.offer())?;
    if let Some(service) = request.service {
        // Only the store was said: the file keeps its name.
        if let Some(Input::OnService { name, .. }) = productions.find(&caller, id).await?.draft.input {
            request.edit.input = Some(Input::OnService { service, name });
        }
    }
    let mut production = match &request.preset {
        Some(preset) => productions.update_from_preset(&caller, id, preset, request.edit).await?,
        None => productions.update(&caller, id, request.edit).await?,
    };
    if request.action == Action::Start {
        production = productions.start(&caller, id).await?;
    }
    reply(shown(&web, &caller, &production, &request.warnings).await?)
}
