//! Requests whose parameters are a signed token: `{"data": JWT}` with `iss`, `iat`, `mtd`, `url` and `arg`.
//!
//! The checks stand in one order, and each has its own refusal: the body, the algorithm, the app, the signature, the
//! time, the method and path, a replay, the arguments. Three of them are the caller's: whether the app is there,
//! whether it may, and whether the token was seen before.

use std::fmt;

use serde_json::{Map, Value};
use thiserror::Error;

use super::{JwtError, MAX_BYTES, Unverified};
use crate::json;

/// How far `iat` may be from our clock, either way.
const WINDOW_SECONDS: u64 = 300;

/// Bytes of a body: the token, and what is around it.
const MAX_BODY: usize = MAX_BYTES + 4096;

/// Bytes of the name of an app.
const MAX_ISSUER: usize = 255;

/// Why a signed request is refused. The variants stand in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CallRefusal {
    /// The body is no JSON object with a text called `data`.
    #[error("The body is not {{\"data\": token}}. Send JSON with the signed token as data.")]
    Data,
    /// `data` is no token, or one that is signed in another way.
    #[error("{0}")]
    Token(#[from] JwtError),
    /// `iss` is missing, or no text.
    #[error("The token does not say who sends it. Put your APP_ID into iss.")]
    IssuerMissing,
    /// No app is called so. Found by the caller.
    #[error("No app has this APP_ID (iss). Copy it again from the app's page.")]
    IssuerUnknown,
    /// The app is there and may not encode. Found by the caller.
    #[error("This app may not encode. Ask the operator of this server.")]
    IssuerNotAllowed,
    /// It was signed with another secret.
    #[error("The signature does not fit the token. Sign it with the APP_SECRET that belongs to iss.")]
    Signature,
    /// `iat` is missing, or no number.
    #[error("The token does not say when it was made. Put the time in seconds since 1970 into iat.")]
    TimeMissing,
    /// `iat` is too far from the server's clock.
    #[error(
        "The token was made more than {WINDOW_SECONDS} seconds away from the server's clock, which stands at {now}. Set your clock."
    )]
    Time {
        /// The server's clock, in seconds since 1970.
        now: u64,
    },
    /// `mtd` is not the method of the request.
    #[error("The token is for another method: mtd must be {0}, in upper case.")]
    Method(String),
    /// `url` is not the path of the request.
    #[error("The token is for another path: url must be {0}.")]
    Path(String),
    /// The same token was seen before. Found by the caller.
    #[error("This token was used before. Make one for each request.")]
    Replayed,
    /// `arg` is missing, or no object.
    #[error("The token has no arguments. Put an object into arg.")]
    Arguments,
}

/// What a refusal is about, and so which status it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nobody knows who asks: 401.
    Who,
    /// It is known who asks, and they may not: 403.
    MayNot,
    /// What is asked makes no sense: 400.
    What,
}

impl Class {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::Who => 401,
            Self::MayNot => 403,
            Self::What => 400,
        }
    }
}

impl CallRefusal {
    /// What it is about.
    pub fn class(&self) -> Class {
        match self {
            Self::Data
            | Self::IssuerMissing
            | Self::TimeMissing
            | Self::Arguments
            | Self::Token(JwtError::Malformed | JwtError::TooLarge) => Class::What,
            Self::IssuerNotAllowed | Self::Method(_) | Self::Path(_) => Class::MayNot,
            Self::Token(_) | Self::IssuerUnknown | Self::Signature | Self::Time { .. } | Self::Replayed => Class::Who,
        }
    }

    /// The word that programs compare.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Data => "data_missing",
            Self::Token(JwtError::Malformed) => "token_malformed",
            Self::Token(JwtError::TooLarge) => "token_too_large",
            Self::Token(JwtError::Algorithm(_)) => "algorithm_rejected",
            Self::Token(JwtError::Type | JwtError::Critical) => "header_rejected",
            Self::Token(JwtError::Signature) | Self::Signature => "signature_invalid",
            Self::IssuerMissing => "issuer_missing",
            Self::IssuerUnknown => "issuer_unknown",
            Self::IssuerNotAllowed => "issuer_not_allowed",
            Self::TimeMissing => "time_missing",
            Self::Time { .. } => "time_refused",
            Self::Method(_) => "method_mismatch",
            Self::Path(_) => "path_mismatch",
            Self::Replayed => "token_replayed",
            Self::Arguments => "arguments_missing",
        }
    }
}

/// Who a request says it is from. Good for looking up a secret, and for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UntrustedIssuer<'a>(pub &'a str);

/// A signed request that was read, and that nobody vouches for.
pub struct SignedCall {
    token: Unverified,
    issuer: String,
}

impl SignedCall {
    /// Reads a body: the first half of the checks, up to who it says it is from.
    pub fn parse(body: &[u8]) -> Result<Self, CallRefusal> {
        if body.len() > MAX_BODY {
            return Err(JwtError::TooLarge.into());
        }
        let Some(Value::Object(body)) = json::parse(body) else { return Err(CallRefusal::Data) };
        let data = body.get("data").and_then(Value::as_str).ok_or(CallRefusal::Data)?;
        let token = Unverified::parse(data)?;
        let issuer = token.untrusted_claims().get("iss").and_then(Value::as_str);
        let issuer = issuer.filter(|issuer| !issuer.is_empty() && issuer.len() <= MAX_ISSUER);
        let issuer = issuer.ok_or(CallRefusal::IssuerMissing)?.to_owned();
        Ok(Self { token, issuer })
    }

    /// Whose secret is to be looked up.
    pub fn issuer(&self) -> UntrustedIssuer<'_> {
        UntrustedIssuer(&self.issuer)
    }

    /// The second half: signature, then time, then method and path. `now` is in seconds since 1970. During a rotation
    /// ask once for each secret.
    ///
    /// ```
    /// use protocols::jwt::{SignedCall, sign};
    ///
    /// let claims = br#"{"iss":"my_app_id","iat":1700000000,"mtd":"POST","url":"/v3/sl/encoding","arg":{"src":"https://example.com/song.mp3"}}"#;
    /// let body = format!(r#"{{"data":"{}"}}"#, sign(br#"{"alg":"HS256","typ":"JWT"}"#, claims, b"my_app_secret"));
    ///
    /// let call = SignedCall::parse(body.as_bytes())?;
    /// assert_eq!(call.issuer().0, "my_app_id");
    /// let call = call.verify(b"my_app_secret", 1_700_000_100, "POST", "/v3/sl/encoding")?;
    /// // Remember call.fingerprint(), and refuse one that was there before; then:
    /// assert_eq!(call.arguments()?["src"], "https://example.com/song.mp3");
    /// # Ok::<(), protocols::jwt::CallRefusal>(())
    /// ```
    pub fn verify(&self, secret: &[u8], now: u64, method: &str, path: &str) -> Result<VerifiedCall, CallRefusal> {
        let claims = self.token.verify(secret).map_err(|_| CallRefusal::Signature)?;
        let issued = claims.get("iat").and_then(seconds).ok_or(CallRefusal::TimeMissing)?;
        if issued.abs_diff(now) > WINDOW_SECONDS {
            return Err(CallRefusal::Time { now });
        }
        if claims.get("mtd").and_then(Value::as_str) != Some(method) {
            return Err(CallRefusal::Method(method.to_owned()));
        }
        if claims.get("url").and_then(Value::as_str) != Some(path) {
            return Err(CallRefusal::Path(path.to_owned()));
        }
        let arguments = match claims.get("arg") {
            Some(Value::Object(arguments)) => Some(arguments.clone()),
            _ => None,
        };
        Ok(VerifiedCall { fingerprint: self.token.fingerprint(), issuer: self.issuer.clone(), issued, arguments })
    }
}

impl fmt::Debug for SignedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedCall({:?} …)", self.issuer)
    }
}

/// A request that its app signed, now, for this method and path.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedCall {
    fingerprint: [u8; 32],
    issuer: String,
    issued: u64,
    arguments: Option<Map<String, Value>>,
}

impl VerifiedCall {
    /// The app.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// When it was made, in seconds since 1970 by the app's clock. After `issued` and five minutes the fingerprint may
    /// be forgotten.
    pub fn issued(&self) -> u64 {
        self.issued
    }

    /// By this a replay is known.
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// The parameters: the last check.
    pub fn arguments(&self) -> Result<&Map<String, Value>, CallRefusal> {
        self.arguments.as_ref().ok_or(CallRefusal::Arguments)
    }
}

/// RFC 7519 §2, `NumericDate`: seconds, perhaps with a fraction, which is dropped.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let seconds = value.as_f64().filter(|seconds| (0.0..1e15).contains(seconds))?;
        Some(seconds as u64)
    })
}
