//! The words for errors, wherever they are said: RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};
use thiserror::Error;

use crate::header;

/// What kind of error it is, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request lacks something, repeats something, or cannot be read.
    InvalidRequest,
    /// The app is not known, or did not prove who it is.
    InvalidClient,
    /// The code, refresh token or password is wrong, spent, expired, or another app's.
    InvalidGrant,
    /// This app may not ask in this way.
    UnauthorizedClient,
    /// The grant type is not one that works here.
    UnsupportedGrantType,
    /// The response type is not `code`.
    UnsupportedResponseType,
    /// A scope that does not exist, or that may not be had.
    InvalidScope,
    /// The user, or the server, said no.
    AccessDenied,
    /// Something broke. By redirect only, where no status can be sent.
    ServerError,
    /// The server cannot answer now. By redirect only.
    TemporarilyUnavailable,
    /// The token is not accepted (RFC 6750).
    InvalidToken,
    /// The token is good, but not for this (RFC 6750).
    InsufficientScope,
    /// Tokens of this type cannot be revoked (RFC 7009).
    UnsupportedTokenType,
}

impl ErrorCode {
    /// Its name on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::UnsupportedTokenType => "unsupported_token_type",
        }
    }

    /// The HTTP status, where the error is not a redirect.
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::AccessDenied | Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// An error with a sentence for whoever writes the app. Written as JSON it is the body of RFC 6749 §5.2.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{description}")]
pub struct Refusal {
    /// The kind.
    pub code: ErrorCode,
    /// What happened and what to do.
    pub description: String,
}

impl Refusal {
    /// A refusal with its sentence.
    pub fn new(code: ErrorCode, description: impl Into<String>) -> Self {
        Self { code, description: description.into() }
    }

    /// The sentence in the characters that may stand in `error_description`: printable ASCII without quote and
    /// backslash.
    pub fn plain_description(&self) -> String {
        header::quotable(&self.description)
    }

    pub(super) fn invalid(description: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("Refusal", 2)?;
        body.serialize_field("error", self.code.word())?;
        body.serialize_field("error_description", &self.plain_description())?;
        body.end()
    }
}
