//! Answers of this surface: JSON that nobody keeps, and errors by the words of the protocol.

use app::AppError;
use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, PRAGMA, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use protocols::oauth2::{ErrorCode, MAX_BYTES, Refusal, TokenQuestion};
use serde::Serialize;

use crate::http::body;
use crate::http::problem::Problem;

/// An answer that is kept nowhere (RFC 6749, section 5.1).
pub(super) fn answer(body: &impl Serialize) -> Response {
    let mut response = Json(body).into_response();
    keep_nowhere(response.headers_mut());
    response
}

/// Why an app did not get what it asked for.
pub(super) struct Refused {
    status: StatusCode,
    refusal: Refusal,
    /// In a box, so that refusals stay small on their way.
    headers: Box<HeaderMap>,
}

impl Refused {
    /// The refusal of a request that had these headers.
    pub(super) fn new(error: AppError, asked: &HeaderMap) -> Self {
        match error {
            AppError::OAuth2(refusal) => Self::by(refusal, asked),
            other => Problem::from(other).into(),
        }
    }

    /// The same, where it is known why.
    pub(super) fn by(refusal: Refusal, asked: &HeaderMap) -> Self {
        let mut headers = Box::<HeaderMap>::default();
        // RFC 6749, section 5.2: who came with a header is told by a header.
        if refusal.code == ErrorCode::InvalidClient && asked.contains_key(AUTHORIZATION) {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Soundpost\""));
        }
        let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, refusal, headers }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        let code = match problem.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => ErrorCode::TemporarilyUnavailable,
            status if status.is_server_error() => ErrorCode::ServerError,
            _ => ErrorCode::InvalidRequest,
        };
        Self { status: problem.status, refusal: Refusal::new(code, problem.message), headers: problem.headers }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, *self.headers, Json(&self.refusal)).into_response();
        keep_nowhere(response.headers_mut());
        response
    }
}

/// A form, whole. Other kinds of body are refused by name.
pub(super) async fn form(headers: &HeaderMap, sent: Body) -> Result<Bytes, Refused> {
    let kind = body::media_type(headers);
    if kind != "application/x-www-form-urlencoded" {
        let why = "The body is not a form. Send it as application/x-www-form-urlencoded.";
        return Err(Refused::by(Refusal::new(ErrorCode::InvalidRequest, why), headers));
    }
    Ok(body::whole(headers, sent, MAX_BYTES).await?)
}

/// A question about a token, from a form.
pub(super) async fn question(headers: &HeaderMap, sent: Body) -> Result<TokenQuestion, Refused> {
    let form = form(headers, sent).await?;
    TokenQuestion::parse(authorization(headers), &form).map_err(|refusal| Refused::by(refusal, headers))
}

/// The `Authorization` header, if it can be read.
pub(super) fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok())
}

fn keep_nowhere(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
}
