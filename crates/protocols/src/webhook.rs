//! Signatures of webhooks as Standard Webhooks 1.0.0 describes them: HMAC-SHA256 over `id.timestamp.body`.
//!
//! What belongs here: keys, the three headers, and whether they fit a body. What does not: which receiver has which
//! key, and when to try again.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::mac;

/// What secrets in base64 begin with.
const PREFIX: &str = "whsec_";

/// What signatures of this kind begin with.
const VERSION: &str = "v1,";

/// How far the timestamp may be from our clock, either way, unless somebody knows better.
pub const TOLERANCE_SECONDS: u64 = 300;

/// Signatures in one header that are looked at.
const MAX_SIGNATURES: usize = 16;

/// The header that is the same on every attempt of a delivery.
pub const ID_HEADER: &str = "webhook-id";

/// The header with the time of the attempt, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";

/// The header with the signatures, with spaces between them.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// Why a webhook, or a secret for webhooks, is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WebhookError {
    /// A secret that is not `whsec_` and 24 to 64 bytes in base64.
    #[error("The secret is not whsec_ with 24 to 64 bytes in base64 after it.")]
    Secret,
    /// The id is empty, or has a dot in it, with which one delivery could be read as another.
    #[error("The webhook-id is empty, or has a dot in it.")]
    Id,
    /// The timestamp is no number of seconds.
    #[error("The webhook-timestamp is not a number of seconds since 1970.")]
    Timestamp,
    /// The timestamp is too far from our clock.
    #[error("The webhook was sent too long ago, or too far in the future.")]
    Time,
    /// None of the signatures is right.
    #[error("None of the signatures fits the webhook.")]
    Signature,
}

/// What a sender and a receiver of webhooks share.
#[derive(Clone)]
pub struct WebhookKey(Vec<u8>);

impl WebhookKey {
    /// Reads `whsec_` and base64 of 24 to 64 bytes.
    pub fn parse(secret: &str) -> Result<Self, WebhookError> {
        let encoded = secret.strip_prefix(PREFIX).ok_or(WebhookError::Secret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| WebhookError::Secret)?;
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(WebhookError::Secret) }
    }

    /// Takes a secret that is not `whsec_`, such as an app's `client_secret`: its characters are the key.
    pub fn raw(secret: &str) -> Self {
        Self(secret.as_bytes().to_vec())
    }

    /// A new one, made of bytes that nobody can foretell.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random.to_vec())
    }

    /// Its text, `whsec_…`, to be shown to the receiver.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// One signature: `v1,` and base64.
    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mac = mac::sha256(&self.0, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
        format!("{VERSION}{}", STANDARD.encode(mac))
    }
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey(…)")
    }
}

/// The value of `webhook-signature`: one signature for each key, so that receivers who have the old key and those who
/// have the new one both find theirs. `id` must have no dot in it; `timestamp` is in seconds since 1970.
///
/// ```
/// use protocols::webhook::{WebhookKey, sign};
///
/// let key = WebhookKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let signature = sign(&[&key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, br#"{"test": 2432232314}"#)?;
/// assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
/// # Ok::<(), protocols::webhook::WebhookError>(())
/// ```
pub fn sign(keys: &[&WebhookKey], id: &str, timestamp: u64, body: &[u8]) -> Result<String, WebhookError> {
    check_id(id)?;
    let timestamp = timestamp.to_string();
    let signatures: Vec<_> = keys.iter().map(|key| key.sign(id, &timestamp, body)).collect();
    Ok(signatures.join(" "))
}

/// The three headers as a receiver got them.
#[derive(Clone, Copy)]
pub struct WebhookHeaders<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`.
    pub timestamp: &'a str,
    /// `webhook-signature`.
    pub signature: &'a str,
}

impl fmt::Debug for WebhookHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookHeaders({:?} at {:?} …)", self.id, self.timestamp)
    }
}

/// Whether a webhook was signed with one of these keys, at most `tolerance` seconds from `now` (both in seconds; `now`
/// since 1970). Signatures of other versions, and more than 16 of them, are passed over. Every key is tried on every
/// signature, so that the time tells nothing.
pub fn verify(
    keys: &[&WebhookKey],
    headers: &WebhookHeaders<'_>,
    body: &[u8],
    now: u64,
    tolerance: u64,
) -> Result<(), WebhookError> {
    check_id(headers.id)?;
    let seconds = headers.timestamp.parse::<u64>().ok();
    // The text is what is signed, so it must be the one way to write the number.
    let seconds = seconds.filter(|seconds| seconds.to_string() == headers.timestamp).ok_or(WebhookError::Timestamp)?;
    if seconds.abs_diff(now) > tolerance {
        return Err(WebhookError::Time);
    }
    let mut found = subtle::Choice::from(0);
    for key in keys {
        let right = key.sign(headers.id, headers.timestamp, body);
        for sent in headers.signature.split(' ').take(MAX_SIGNATURES) {
            found |= right.as_bytes().ct_eq(sent.as_bytes());
        }
    }
    if bool::from(found) { Ok(()) } else { Err(WebhookError::Signature) }
}

fn check_id(id: &str) -> Result<(), WebhookError> {
    if id.is_empty() || id.contains('.') { Err(WebhookError::Id) } else { Ok(()) }
}
