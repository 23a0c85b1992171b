//! Files out of storage, whole or in pieces, and never as anything that a browser would run.

use app::AppError;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::problem::Problem;
use super::range::{Wanted, wanted};
use crate::settings::Web;

/// A file on its way out.
pub(crate) struct Stored<'a> {
    /// Where it lies.
    pub(crate) key: &'a str,
    /// Bytes.
    pub(crate) size: u64,
    /// Stands for its contents.
    pub(crate) version: &'a str,
    /// Its media type.
    pub(crate) kind: &'static str,
    /// The header by which it is saved under a name, where it is to be saved.
    pub(crate) saved_as: Option<String>,
    /// How it may be kept.
    pub(crate) cache: &'static str,
}

/// Sends what is asked for of a file.
pub(crate) async fn serve(
    web: &Web,
    file: &Stored<'_>,
    method: &Method,
    asked: &HeaderMap,
) -> Result<Response, Problem> {
    let etag = format!("\"{}\"", file.version);
    let mut headers = HeaderMap::new();
    let mut put = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    put(ETAG, &etag);
    put(CACHE_CONTROL, file.cache);
    put(ACCEPT_RANGES, "bytes");
    let wanted = wanted(asked, file.size, &etag);
    if wanted == Wanted::Known {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    put(CONTENT_TYPE, file.kind);
    if let Some(saved_as) = &file.saved_as {
        put(CONTENT_DISPOSITION, saved_as);
    }
    // What people send us is never a page of this site.
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
    let (status, range) = match wanted {
        Wanted::Nowhere => {
            let problem = Problem::from(AppError::OutOfRange { size: file.size });
            let range = HeaderValue::try_from(format!("bytes */{}", file.size));
            let range = range.unwrap_or_else(|_| HeaderValue::from_static("bytes */*"));
            return Err(problem.with(CONTENT_RANGE, range));
        }
        Wanted::Piece(range) => {
            put(CONTENT_RANGE, &format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), file.size));
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Wanted::All | Wanted::Known => (StatusCode::OK, 0..file.size),
    };
    put(CONTENT_LENGTH, &(range.end - range.start).to_string());
    if *method == Method::HEAD || range.is_empty() {
        return Ok((status, headers).into_response());
    }
    let piece = (status == StatusCode::PARTIAL_CONTENT).then_some(range);
    let blob = web.app().files().open(file.key, piece).await?;
    Ok((status, headers, Body::from_stream(blob.bytes)).into_response())
}
