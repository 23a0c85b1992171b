//! `/docs`: the APIs described for people, with a form to try each call. Everything comes out of the program itself.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa_swagger_ui::{Config, Url};

use crate::surfaces::{narration, productions};

/// Where the descriptions are.
pub(crate) const PRODUCTIONS: &str = "/docs/openapi/productions.json";
pub(crate) const NARRATION: &str = "/docs/openapi/narration.json";

/// The front of the documentation. Its files lie below it, so the address ends in a name.
pub(crate) async fn front() -> Redirect {
    Redirect::temporary("/docs/index.html")
}

/// A file of the documentation.
pub(crate) async fn file(Path(name): Path<String>) -> Response {
    let urls = [Url::with_primary("Productions", PRODUCTIONS, true), Url::new("Narration", NARRATION)];
    let config = Config::new(urls).try_it_out_enabled(true).persist_authorization(false).validator_url("none");
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
pub(crate) async fn of_productions() -> Response {
    ([(CONTENT_TYPE, "application/json")], productions::openapi::json()).into_response()
}

/// The description of the narration API.
pub(crate) async fn of_narration() -> Response {
    ([(CONTENT_TYPE, "application/json")], narration::openapi::json()).into_response()
}
