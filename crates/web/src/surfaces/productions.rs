//! The productions API. Each file is one endpoint or two of the same address; what they share is at the end of the list.

mod clear;
mod create;
mod deliveries;
mod details;
mod download;
mod events;
mod info;
mod list;
mod preset_create;
mod preset_details;
mod preset_list;
mod preset_remove;
mod preset_update;
mod preset_upload;
mod preset_webhook;
mod publish;
mod remove;
mod resumable;
mod service_connect;
mod service_files;
mod service_list;
mod service_remove;
mod simple;
mod start;
mod status;
mod stop;
mod store_add;
mod store_change;
mod store_check;
mod update;
mod upload;
mod user;

mod admit;
mod files;
pub(crate) mod openapi;
mod parts;
mod reply;
mod shown;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};

use crate::settings::Web;
use reply::{Refused, no_such_method, no_such_path};

/// Every address of the API, below `/api`.
pub(crate) fn router(web: &Web) -> Router<Web> {
    // Routers cannot match a name with an ending, so `{uuid}` takes both and `parts` looks at what it is.
    let known = Router::new()
        .route("/api/simple/productions.json", post(simple::post))
        .route("/api/productions.json", get(list::get).post(create::post))
        .route("/api/production/{uuid}", get(details::get).post(update::post).delete(remove::delete))
        .route("/api/production/{uuid}/upload.json", post(upload::post))
        .route("/api/production/{uuid}/start.json", post(start::post))
        .route("/api/production/{uuid}/stop.json", post(stop::post))
        .route("/api/production/{uuid}/publish.json", post(publish::post))
        .route("/api/production/{uuid}/status.json", get(status::get))
        .route("/api/production/{uuid}/events", get(events::get))
        .route("/api/production/{uuid}/chapters.json", delete(clear::chapters))
        .route("/api/production/{uuid}/output_files.json", delete(clear::output_files))
        .route("/api/production/{uuid}/outgoing_services.json", delete(clear::outgoing_services))
        .route("/api/production/{uuid}/multi_input_files/{track}", delete(clear::multi_input_file))
        .route("/api/production/{uuid}/uploads", post(resumable::post).options(resumable::options))
        .route(
            "/api/production/{uuid}/uploads/{upload}",
            get(resumable::head).patch(resumable::patch).delete(resumable::delete).options(resumable::options),
        )
        .route("/api/presets.json", get(preset_list::get).post(preset_create::post))
        .route("/api/preset/{uuid}", get(preset_details::get).post(preset_update::post).delete(preset_remove::delete))
        .route("/api/preset/{uuid}/upload.json", post(preset_upload::post))
        .route(
            "/api/preset/{uuid}/webhook.json",
            get(preset_webhook::get).post(preset_webhook::post).delete(preset_webhook::delete),
        )
        .route("/api/production/{uuid}/deliveries.json", get(deliveries::get))
        .route("/api/services.json", get(service_list::get).post(store_add::post))
        .route("/api/service/connect.json", post(service_connect::post))
        .route("/api/service/{uuid}", delete(service_remove::delete).post(store_change::post))
        .route("/api/service/{uuid}/check.json", post(store_check::post))
        .route("/api/service/{uuid}/ls.json", get(service_files::get))
        .route("/api/user.json", get(user::get))
        .route("/api/download/audio-result/{uuid}/{filename}", get(download::result))
        .route("/api/download/cover/production/{uuid}", get(download::production_cover))
        .route("/api/download/cover/preset/{uuid}", get(download::preset_cover))
        .layer(from_fn_with_state(web.clone(), admit::caller));
    let open = Router::new()
        .route("/api/info.json", get(info::all))
        .route("/api/info/algorithms.json", get(info::algorithms))
        .route("/api/info/file_endings.json", get(info::file_endings))
        .route("/api/info/output_files.json", get(info::output_files))
        .route("/api/info/production_status.json", get(info::production_status))
        .route("/api/info/service_types.json", get(info::service_types))
        .route("/api", get(no_such_path))
        .route("/api/{*rest}", axum::routing::any(no_such_path))
        .layer(from_fn_with_state(web.clone(), admit::peer));
    known.merge(open).method_not_allowed_fallback(no_such_method)
}

/// What a panic in a handler is answered with.
pub(crate) fn broken() -> axum::response::Response {
    use axum::response::IntoResponse;
    Refused::from(app::AppError::Broken("a handler panicked")).into_response()
}
