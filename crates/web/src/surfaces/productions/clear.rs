//! `DELETE /api/production/{uuid}/….json`: empty one list of a production.

use app::productions::List;
use axum::extract::State;
use model::ProductionId;
use wire::productions::{Envelope, Production};

use super::admit::Asking;
use super::parts::Named;
use super::reply::{Refusals, Reply, reply};
use super::shown::shown;
use crate::http::problem::Problem;
use crate::settings::Web;

/// Takes all chapter marks away.
#[utoipa::path(
    delete,
    path = "/api/production/{uuid}/chapters.json",
    operation_id = "production_clear_chapters",
    tag = "productions",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses((status = 200, description = "The production.", body = Envelope<Production>), Refusals)
)]
pub(super) async fn chapters(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
) -> Reply<Production> {
    let production = web.app().productions().clear(&caller, id, List::Chapters).await?;
    reply(shown(&web, &caller, &production, &[]).await?)
}

/// Takes all files to make away.
#[utoipa::path(
    delete,
    path = "/api/production/{uuid}/output_files.json",
    operation_id = "production_clear_output_files",
    tag = "productions",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses((status = 200, description = "The production.", body = Envelope<Production>), Refusals)
)]
pub(super) async fn output_files(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
) -> Reply<Production> {
    let production = web.app().productions().clear(&caller, id, List::Outputs).await?;
    reply(shown(&web, &caller, &production, &[]).await?)
}

/// Takes all services away.
#[utoipa::path(
    delete,
    path = "/api/production/{uuid}/outgoing_services.json",
    operation_id = "production_clear_outgoing_services",
    tag = "productions",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses((status = 200, description = "The production.", body = Envelope<Production>), Refusals)
)]
pub(super) async fn outgoing_services(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
) -> Reply<Production> {
    let production = web.app().productions().clear(&caller, id, List::Services).await?;
    reply(shown(&web, &caller, &production, &[]).await?)
}

/// Takes one track away. There are none yet, so there is never one of that name.
#[utoipa::path(
    delete,
    path = "/api/production/{uuid}/multi_input_files/{id}.json",
    operation_id = "production_remove_track",
    tag = "productions",
    params(
        ("uuid" = String, Path, description = "Uuid of the production."),
        ("id" = String, Path, description = "Id of the track."),
    ),
    responses(Refusals)
)]
pub(super) async fn multi_input_file(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
) -> Reply<Production> {
    web.app().productions().find(&caller, id).await?;
    Err(Problem::not_found("track").into())
}
