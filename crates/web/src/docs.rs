//! `/docs`: the APIs described for people, with a form to try each call. Everything comes out of the program itself.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa_swagger_ui::Config;

use crate::surfaces::productions::openapi;

/// Where the description is.
pub(crate) const DESCRIPTION: &str = "/docs/openapi/productions.json";

/// The front of the documentation. Its files lie below it, so the address ends in a name.
pub(crate) async fn front() -> Redirect {
    Redirect::temporary("/docs/index.html")
}

/// A file of the documentation.
pub(crate) async fn file(Path(name): Path<String>) -> Response {
    let config = Config::from(DESCRIPTION).try_it_out_enabled(true).persist_authorization(false).validator_url("none");
    match utoipa_swagger_ui::serve(&name, Arc::new(config)) {
        Ok(Some(file)) => {
            let headers = [(CONTENT_TYPE, file.content_type), (CACHE_CONTROL, "public, max-age=3600".to_owned())];
            (headers, file.bytes.into_owned()).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "a file of the documentation could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The description of the productions API.
pub(crate) async fn description() -> Response {
    ([(CONTENT_TYPE, "application/json")], openapi::json()).into_response()
}
