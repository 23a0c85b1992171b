//! JSON Web Tokens with HMAC-SHA256, and no other kind (RFC 7519, RFC 7515, RFC 7518 §3.2).
//!
//! What belongs here: signing bytes exactly as they are given, reading a token without believing it, and believing it
//! once its signature is right. What does not: which secret is whose, and whether a token was seen before.

mod call;
mod service;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

pub use call::{CallRefusal, Class, SignedCall, UntrustedIssuer, VerifiedCall};
pub use service::{SERVICE_HEADER, service_claims, service_token};

use crate::{json, mac};

/// Bytes of a token that are looked at.
pub const MAX_BYTES: usize = 64 * 1024;

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JwtError {
    /// More bytes than are looked at.
    #[error("The token is longer than {MAX_BYTES} bytes.")]
    TooLarge,
    /// It is not three parts of base64url without padding, with JSON objects in the first two.
    #[error(
        "This is not a JSON Web Token: three parts of base64url without padding, with dots between, the first two of them JSON objects in which no name stands twice."
    )]
    Malformed,
    /// It is signed in another way, or not at all.
    #[error("The token says that it is signed with {}. Only HS256 is accepted.", .0.as_deref().unwrap_or("nothing"))]
    Algorithm(Option<String>),
    /// It says that it is something other than a JWT.
    #[error("The token says in its header that it is no JWT.")]
    Type,
    /// It names extensions that must be understood (RFC 7515 §4.1.11), and none is.
    #[error("The token asks for extensions in its header (crit). None are supported.")]
    Critical,
    /// The signature is not that of these bytes with this secret.
    #[error("The signature does not fit the token. Check the secret.")]
    Signature,
}

/// A token that was read, and that nobody vouches for.
pub struct Unverified {
    /// The first two parts with the dot between, which is what is signed.
    signed: String,
    signature: [u8; 32],
    claims: Map<String, Value>,
}

impl Unverified {
    /// Reads a token. Its header must say `HS256`, may say that it is a `JWT`, and must not ask for extensions.
    pub fn parse(token: &str) -> Result<Self, JwtError> {
        if token.len() > MAX_BYTES {
            return Err(JwtError::TooLarge);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(JwtError::Malformed)?;
        if claims.contains('.') {
            return Err(JwtError::Malformed);
        }
        check_header(&object(header)?)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| JwtError::Malformed)?;
        // A token with a header for HS256 and a signature of another length is not made with HS256.
        let signature = signature.try_into().map_err(|_| JwtError::Signature)?;
        Ok(Self { claims: object(claims)?, signed: signed.to_owned(), signature })
    }

    /// What it claims. Anybody can have written this.
    pub fn untrusted_claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The claims, if the token was signed with this secret. During a rotation ask once for each secret.
    pub fn verify(&self, secret: &[u8]) -> Result<&Map<String, Value>, JwtError> {
        let right: bool = mac::sha256(secret, &[self.signed.as_bytes()]).ct_eq(&self.signature).into();
        if right { Ok(&self.claims) } else { Err(JwtError::Signature) }
    }

    /// A digest by which the same token is known again, however it was wrapped. Its text has one spelling only.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.signed.as_bytes()).into()
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unverified(…)")
    }
}

/// Signs a header and claims, byte for byte as they are given.
///
/// ```
/// use protocols::jwt::{Unverified, sign};
///
/// let token = sign(br#"{"alg":"HS256","typ":"JWT"}"#, br#"{"iss":"app"}"#, b"secret");
/// let unverified = Unverified::parse(&token)?;
/// assert_eq!(unverified.verify(b"secret")?["iss"], "app");
/// assert!(unverified.verify(b"another").is_err());
/// # Ok::<(), protocols::jwt::JwtError>(())
/// ```
pub fn sign(header: &[u8], claims: &[u8], secret: &[u8]) -> String {
    let mut token = String::with_capacity((header.len() + claims.len()) * 4 / 3 + 64);
    URL_SAFE_NO_PAD.encode_string(header, &mut token);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = mac::sha256(secret, &[token.as_bytes()]);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// A part of a token that is a JSON object.
fn object(part: &str) -> Result<Map<String, Value>, JwtError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Malformed)?;
    match json::parse(&bytes) {
        Some(Value::Object(object)) => Ok(object),
        _ => Err(JwtError::Malformed),
    }
}

fn check_header(header: &Map<String, Value>) -> Result<(), JwtError> {
    match header.get("alg") {
        Some(Value::String(name)) if name == "HS256" => (),
        Some(Value::String(name)) => return Err(JwtError::Algorithm(Some(name.chars().take(32).collect()))),
        _ => return Err(JwtError::Algorithm(None)),
    }
    // RFC 7519 §5.1: written in upper case, and compared without regard to it as media types are.
    let is_jwt = |value: &Value| value.as_str().is_some_and(|name| name.eq_ignore_ascii_case("JWT"));
    if !header.get("typ").is_none_or(is_jwt) {
        return Err(JwtError::Type);
    }
    if header.contains_key("crit") {
        return Err(JwtError::Critical);
    }
    Ok(())
}
