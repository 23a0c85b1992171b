//! Who signed a request of this surface, and how refusals are told: `{"error": {"code", "message"}}`.

use app::AppError;
use app::calls::{Call, Repeats};
use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::http::body;
use crate::http::problem::Problem;
use crate::http::slash::Sent;
use crate::settings::Web;

/// Bytes of a body: what a token may have, and what is around it. The verifier says what is too long for a token.
const MOST: usize = 128 << 10;

/// Reads a request whole, and finds out who signed it.
pub(super) async fn asked(web: &Web, request: Request, repeats: Repeats) -> Result<Call, Refused> {
    let (parts, body) = request.into_parts();
    let body = body::whole(&parts.headers, body, MOST).await?;
    // The path as it was sent: that is what the client signed, with a slash behind it or without.
    let path = parts.extensions.get::<Sent>().map_or(parts.uri.path(), Sent::path);
    Ok(web.app().calls().verify(&body, parts.method.as_str(), path, repeats).await?)
}

/// Why an app did not get what it asked for.
pub(super) struct Refused(Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<AppError> for Refused {
    fn from(error: AppError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Problem { status, code, message, headers, .. } = self.0;
        let mut headers = *headers;
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // HTTP asks for a challenge beside every 401 (RFC 9110, section 15.5.2), though here one introduces oneself in the body.
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("JWT"));
        }
        (status, headers, Json(json!({ "error": { "code": code, "message": message } }))).into_response()
    }
}
