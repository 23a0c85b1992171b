//! The three ways to sign (RFC 5849 §3.4.2 and §3.4.4, and HMAC-SHA256 in the manner of §3.4.2).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use crate::{mac, percent};

/// How a request was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureMethod {
    /// HMAC over SHA-1, the one that every client knows (§3.4.2). Collisions of SHA-1 do not help against an HMAC.
    HmacSha1,
    /// HMAC over SHA-256.
    HmacSha256,
    /// The secrets themselves (§3.4.4): only where nobody listens.
    Plaintext,
}

impl SignatureMethod {
    /// Reads the name. Names are case-sensitive; RSA is not offered.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::HmacSha1, Self::HmacSha256, Self::Plaintext].into_iter().find(|method| method.name() == name)
    }

    /// The name as it stands in `oauth_signature_method`.
    pub fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::Plaintext => "PLAINTEXT",
        }
    }

    /// Signs a base string; `PLAINTEXT` does not look at it.
    pub fn sign(self, base_string: &str, secrets: &Secrets<'_>) -> String {
        let key = secrets.key();
        match self {
            Self::HmacSha1 => STANDARD.encode(mac::sha1(key.as_bytes(), &[base_string.as_bytes()])),
            Self::HmacSha256 => STANDARD.encode(mac::sha256(key.as_bytes(), &[base_string.as_bytes()])),
            Self::Plaintext => key,
        }
    }

    /// Whether a signature is the right one. The time that it takes tells only the length.
    pub fn verify(self, base_string: &str, secrets: &Secrets<'_>, signature: &str) -> bool {
        self.sign(base_string, secrets).as_bytes().ct_eq(signature.as_bytes()).into()
    }
}

impl fmt::Display for SignatureMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What only the app and the server know.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    /// The app's own.
    pub consumer: &'a str,
    /// The token's; empty where there is no token.
    pub token: &'a str,
}

impl Secrets<'_> {
    /// The key of §3.4.2 and the signature of §3.4.4: both secrets, encoded, with an `&` between them even where one is
    /// empty.
    fn key(&self) -> String {
        let mut key = String::with_capacity(self.consumer.len() + self.token.len() + 16);
        percent::encode_into(&mut key, self.consumer.as_bytes());
        key.push('&');
        percent::encode_into(&mut key, self.token.as_bytes());
        key
    }
}

impl fmt::Debug for Secrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}
