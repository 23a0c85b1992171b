//! `POST /api/production/{uuid}/upload.json`: a recording, a cover, or both.

use axum::extract::State;
use http::StatusCode;
use model::ProductionId;
use wire::productions::{Envelope, Production, UploadRequest};

use super::admit::Asking;
use super::files::{self, Files};
use super::parts::Named;
use super::reply::{Refusals, Reply, reply};
use super::shown::shown;
use crate::http::problem::Problem;
use crate::settings::Web;

/// Sends files to a production.
#[utoipa::path(
    post,
    path = "/api/production/{uuid}/upload.json",
    operation_id = "production_upload",
    tag = "productions",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    request_body(content = UploadRequest, content_type = "multipart/form-data"),
    responses((status = 200, description = "The production.", body = Envelope<Production>), Refusals)
)]
pub(super) async fn post(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
    body: Files,
) -> Reply<Production> {
    let productions = web.app().productions();
    // Whose it is, and whether it may be changed, is asked before bytes are taken in.
    if productions.find(&caller, id).await?.state.is_running() {
        let message = "This production is being made right now. Wait until it is done, or stop it first.";
        return Err(Problem::new(StatusCode::CONFLICT, "conflict", message).into());
    }
    let request = files::uploads(web.app(), &caller, body, web.offer(), &["input_file", "image"]).await?;
    let production = productions.update(&caller, id, request.edit).await?;
    reply(shown(&web, &caller, &production, &[]).await?)
}
