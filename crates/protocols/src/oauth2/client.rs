//! Which app asks, and how it shows that (RFC 6749 §2.3).

use std::str::from_utf8;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::pairs::Pairs;
use super::{ErrorCode, Refusal};
use crate::percent::{self, Plus};
use crate::{Secret, header};

/// Base64 with or without the padding at its end: clients differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The app that a request says it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its public name.
    pub id: String,
    /// What it shows.
    pub authentication: Authentication,
}

/// How an app shows who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// Not at all: an app that cannot keep a secret.
    None,
    /// With its secret in an `Authorization: Basic` header. A refusal needs a `WWW-Authenticate: Basic` header (RFC
    /// 6749 §5.2).
    Basic(Secret),
    /// With its secret in the body.
    Body(Secret),
}

impl Authentication {
    /// The secret, wherever it was.
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::None => None,
            Self::Basic(secret) | Self::Body(secret) => Some(secret),
        }
    }
}

impl Client {
    /// Reads credentials from header or body. In both at once is `invalid_request`, nowhere is `invalid_client`.
    pub(super) fn read(authorization: Option<&str>, pairs: &Pairs) -> Result<Self, Refusal> {
        let (id, secret) = (pairs.get("client_id")?, pairs.get("client_secret")?);
        let basic = authorization.and_then(|text| header::credentials(text, "Basic"));
        let (id, authentication) = match (basic, id, secret) {
            (Some(_), _, Some(_)) => {
                return Err(Refusal::invalid("The app shows its secret twice: send it in the header or in the body."));
            }
            (Some(basic), id, None) => {
                let (name, secret) = read_basic(basic).ok_or_else(unreadable)?;
                // Many clients repeat the name in the body.
                if id.is_some_and(|id| id != name) {
                    return Err(Refusal::invalid("The client_id of the body is not the one of the header."));
                }
                let authentication =
                    if secret.is_empty() { Authentication::None } else { Authentication::Basic(Secret::new(secret)) };
                (name, authentication)
            }
            (None, Some(id), Some(secret)) => (id.to_owned(), Authentication::Body(Secret::new(secret))),
            (None, Some(id), None) => (id.to_owned(), Authentication::None),
            (None, None, _) => {
                let why = "The app does not say who it is. Send client_id, or a Basic header.";
                return Err(Refusal::new(ErrorCode::InvalidClient, why));
            }
        };
        Ok(Self { id, authentication })
    }
}

/// Name and secret, each encoded as in a form before they were joined (RFC 6749 §2.3.1).
fn read_basic(credentials: &str) -> Option<(String, String)> {
    let bytes = BASE64.decode(credentials.trim()).ok()?;
    let (name, secret) = from_utf8(&bytes).ok()?.split_once(':')?;
    let decode = |text: &str| String::from_utf8(percent::decode(text.as_bytes(), Plus::Space).into_owned()).ok();
    let (name, secret) = (decode(name)?, decode(secret)?);
    (!name.is_empty()).then_some((name, secret))
}

fn unreadable() -> Refusal {
    Refusal::new(ErrorCode::InvalidClient, "The Basic header cannot be read: it is base64 of client_id:client_secret.")
}
