//! `GET /api/info.json` and its five parts: what can be asked for. Nobody has to be recognised.

use axum::extract::State;
use wire::productions::{
    self, AlgorithmInfo, Envelope, FormatInfo, Info, Named, ServiceTypeInfo, algorithm_infos, format_infos,
};

use super::reply::{Reply, reply};
use crate::settings::Web;

/// Everything that can be asked for.
#[utoipa::path(
    get,
    path = "/api/info.json",
    operation_id = "info_all",
    tag = "info",
    security(()),
    responses((status = 200, description = "Everything that can be asked for.", body = Envelope<Info>))
)]
pub(super) async fn all(State(web): State<Web>) -> Reply<Info> {
    reply(Info::of(web.offer()))
}

/// Algorithms by name.
#[utoipa::path(
    get,
    path = "/api/info/algorithms.json",
    operation_id = "info_algorithms",
    tag = "info",
    security(()),
    responses((status = 200, description = "Algorithms by name.", body = Envelope<std::collections::BTreeMap<String, AlgorithmInfo>>))
)]
pub(super) async fn algorithms() -> Reply<Named<AlgorithmInfo>> {
    reply(algorithm_infos())
}

/// File name endings by format.
#[utoipa::path(
    get,
    path = "/api/info/file_endings.json",
    operation_id = "info_file_endings",
    tag = "info",
    security(()),
    responses((status = 200, description = "File name endings by format.", body = Envelope<std::collections::BTreeMap<String, Vec<String>>>))
)]
pub(super) async fn file_endings(State(web): State<Web>) -> Reply<Named<Vec<&'static str>>> {
    reply(productions::file_endings(web.offer()))
}

/// Files that can be made, by format.
#[utoipa::path(
    get,
    path = "/api/info/output_files.json",
    operation_id = "info_output_files",
    tag = "info",
    security(()),
    responses((status = 200, description = "Files that can be made, by format.", body = Envelope<std::collections::BTreeMap<String, FormatInfo>>))
)]
pub(super) async fn output_files(State(web): State<Web>) -> Reply<Named<FormatInfo>> {
    reply(format_infos(web.offer()))
}

/// Status numbers, each with its words.
#[utoipa::path(
    get,
    path = "/api/info/production_status.json",
    operation_id = "info_production_status",
    tag = "info",
    security(()),
    responses((status = 200, description = "Status numbers, each with its words.", body = Envelope<std::collections::BTreeMap<String, String>>))
)]
pub(super) async fn production_status() -> Reply<Named<&'static str>> {
    reply(productions::production_status())
}

/// Kinds of services that can be connected.
#[utoipa::path(
    get,
    path = "/api/info/service_types.json",
    operation_id = "info_service_types",
    tag = "info",
    security(()),
    responses((status = 200, description = "Kinds of services that can be connected.", body = Envelope<std::collections::BTreeMap<String, ServiceTypeInfo>>))
)]
pub(super) async fn service_types(State(web): State<Web>) -> Reply<Named<ServiceTypeInfo>> {
    reply(Info::of(web.offer()).service_types)
}
