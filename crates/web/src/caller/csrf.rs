//! Whether a request that a browser sent was meant by whoever sits before it.
//!
//! A page carries a token that is made of the session's key, which other sites do not know and from which the key cannot be
//! found. Scripts of our own pages send it in a header, forms in a field; a browser's own word that the request
//! comes from this site will do as well.

use std::fmt::Write;

use http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The token for pages of a session.
pub(crate) fn token(key: &str) -> String {
    let digest = Sha256::digest(format!("soundpost csrf {key}"));
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a token is that of a session.
pub(crate) fn is_token(sent: &str, key: &str) -> bool {
    token(key).as_bytes().ct_eq(sent.as_bytes()).into()
}

/// Whether a request of a session was meant.
pub(crate) fn is_ours(headers: &HeaderMap, key: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("x-csrf-token") {
        Some(sent) => is_token(sent, key),
        None => text("sec-fetch-site") == Some("same-origin"),
    }
}
