//! `POST /v3/sl/echo`: who signed, and what was understood. It changes nothing, and is there only where the operator switched it on.

use app::calls::Repeats;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use serde::Serialize;
use serde_json::{Map, Value};

use super::reply::{Refused, asked};
use crate::settings::Web;

/// What was understood.
#[derive(Debug, Serialize)]
struct Understood<'a> {
    /// The app's id.
    iss: String,
    /// What people know the app by.
    app: &'a str,
    /// The parameters.
    arg: &'a Map<String, Value>,
}

pub(super) async fn post(State(web): State<Web>, request: Request) -> Result<Response, Refused> {
    // It stands for the call that encodes, which does something: the same request does not come twice.
    let call = asked(&web, request, Repeats::Refused).await?;
    let understood = Understood { iss: call.app.id.to_string(), app: &call.app.name, arg: &call.arguments };
    Ok(([(CACHE_CONTROL, "no-store")], Json(understood)).into_response())
}
