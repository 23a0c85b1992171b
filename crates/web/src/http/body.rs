//! Bodies that are read whole: JSON and small forms. Files are streamed and never come here.

use app::AppError;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};

use super::problem::Problem;

/// Reads a body of at most so many bytes.
pub(crate) async fn whole(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    if announced(headers).is_some_and(|bytes| bytes > limit as u64) {
        return Err(Problem::too_large(limit));
    }
    let mut held = BytesMut::new();
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| AppError::Interrupted)?;
        if held.len() + piece.len() > limit {
            return Err(Problem::too_large(limit));
        }
        held.extend_from_slice(&piece);
    }
    Ok(held.freeze())
}

/// Refuses a form that says of itself that it has more bytes than a recording and what comes beside it may have, before any of them is
/// read.
pub(crate) fn fits(headers: &HeaderMap, upload_limit: u64) -> Result<(), AppError> {
    /// A picture, chapter marks and texts.
    const BESIDE_A_RECORDING: u64 = 64 << 20;
    match announced(headers) {
        Some(bytes) if bytes > upload_limit.saturating_add(BESIDE_A_RECORDING) => {
            Err(AppError::TooLarge { limit: upload_limit })
        }
        _ => Ok(()),
    }
}

/// The media type of a body, in lower case and without its parameters; empty where none is said.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Bytes that a body is said to have.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
