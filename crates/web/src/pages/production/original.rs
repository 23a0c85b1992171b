//! The recording as it was uploaded, for listening to beside the result. Only kinds that browsers play are given, and never as
//! anything that a browser would run.

use app::AppError;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::production::Input;

use super::super::problem;
use super::super::visit::{Refusal, Visit};
use super::files;
use crate::http::range::{Wanted, wanted};

/// `GET /productions/{uuid}/original`
pub(crate) async fn original(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    let production = super::find(&visit, caller, &id).await?;
    let refuse = |error| problem::refuse(&visit, error);
    let source = production.draft.input.as_ref().and_then(|input| files::original(input, ""));
    let (Some(source), Some(Input::File(file))) = (source, &production.draft.input) else {
        return Err(refuse(AppError::NotFound("recording")));
    };
    // Keys are made new for every upload, so the end of one names the version.
    let version = file.key.len().saturating_sub(8);
    let etag = format!("\"{}\"", file.key.get(version..).unwrap_or_default());
    let (status, range) = match wanted(visit.headers(), file.size, &etag) {
        Wanted::All => (StatusCode::OK, None),
        Wanted::Piece(range) => (StatusCode::PARTIAL_CONTENT, Some(range)),
        Wanted::Nowhere => {
            let size = [(header::CONTENT_RANGE, format!("bytes */{}", file.size))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, size).into_response());
        }
        Wanted::Known => return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response()),
    };
    let blob = visit.app().files().open(&file.key, range.clone()).await.map_err(refuse)?;
    let length = blob.range.end.saturating_sub(blob.range.start);
    let mut response = (status, Body::from_stream(blob.bytes)).into_response();
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    put(header::CONTENT_TYPE, source.mime);
    put(header::CONTENT_LENGTH, &length.to_string());
    put(header::ACCEPT_RANGES, "bytes");
    put(header::ETAG, &etag);
    put(header::CACHE_CONTROL, "private, no-cache");
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    put(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if let Some(range) = range {
        put(header::CONTENT_RANGE, &format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), file.size));
    }
    Ok(response)
}
