//! `/healthz` and `/readyz`: whether the program runs, and whether it can do its work.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::http::problem::Problem;
use crate::settings::Web;

/// It runs: whoever reads this has the proof.
pub(crate) async fn alive() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok" }))
}

/// Whether database and storage can be used, and in a sentence why not.
pub(crate) async fn ready(State(web): State<Web>) -> Response {
    match web.app().ready().await {
        Ok(()) => Json(json!({ "status": "ok" })).into_response(),
        Err(error) => {
            let Problem { message, code, .. } = error.into();
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": code, "reason": message }))).into_response()
        }
    }
}
