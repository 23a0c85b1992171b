//! Bodies that are read whole: JSON and small forms. Files are streamed and never come here.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};

use super::problem::Problem;

/// Reads a body of at most so many bytes.
pub(crate) async fn whole(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > limit as u64) {
        return Err(Problem::too_large(limit));
    }
    let mut held = BytesMut::new();
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| app::AppError::Interrupted)?;
        if held.len() + piece.len() > limit {
            return Err(Problem::too_large(limit));
        }
        held.extend_from_slice(&piece);
    }
    Ok(held.freeze())
}

/// The media type of a body, in lower case and without its parameters; empty where none is said.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
