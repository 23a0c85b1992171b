//! `/healthz` and `/readyz`: whether the program runs, and whether it can do its work.

use app::AppError;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::http::problem::Problem;
use crate::settings::Web;

const NO_DATABASE: &str = "The database does not answer as it should. The operator can see why in the log.";

/// It runs: whoever reads this has the proof.
pub(crate) async fn alive() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok" }))
}

/// Whether database and storage can be used, and in a sentence why not.
pub(crate) async fn ready(State(web): State<Web>) -> Response {
    match web.app().ready().await {
        Ok(()) => Json(json!({ "status": "ok" })).into_response(),
        Err(error) => {
            let is_database = matches!(error, AppError::Store(_) | AppError::Busy);
            let Problem { mut message, mut code, .. } = error.into();
            if is_database {
                (code, message) = ("database", NO_DATABASE.to_owned());
            }
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": code, "reason": message }))).into_response()
        }
    }
}
