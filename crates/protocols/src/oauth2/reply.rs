//! Answers of the endpoints for tokens: RFC 6749 §5.1, RFC 7662 §2.2.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::ScopeSet;
use crate::Secret;

/// A token, as JSON. Send it with `Cache-Control: no-store`.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenReply {
    /// The access token.
    pub access_token: Secret,
    /// How long it lives, in seconds.
    pub expires_in: u64,
    /// What the next one is got with.
    pub refresh_token: Secret,
    /// What it is good for.
    pub scope: ScopeSet,
    /// Whose it is.
    pub user_name: String,
}

impl TokenReply {
    /// The only type of token there is here. Clients of this interface expect it in lower case.
    pub const TOKEN_TYPE: &str = "bearer";
}

impl Serialize for TokenReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_map(Some(6))?;
        body.serialize_entry("access_token", self.access_token.reveal())?;
        body.serialize_entry("token_type", Self::TOKEN_TYPE)?;
        body.serialize_entry("expires_in", &self.expires_in)?;
        body.serialize_entry("refresh_token", self.refresh_token.reveal())?;
        body.serialize_entry("scope", &self.scope)?;
        body.serialize_entry("user_name", &self.user_name)?;
        body.end()
    }
}

impl fmt::Debug for TokenReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenReply({} for {} s …)", self.scope, self.expires_in)
    }
}

/// What is told about a token, as JSON. Of one that is not alive, or not the asker's to know about, only that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// A token that works.
    Alive {
        /// What it is good for.
        scope: ScopeSet,
        /// Which app it was given to.
        client_id: String,
        /// Whose it is, for people.
        username: String,
        /// When it ends, in seconds since 1970.
        expires: u64,
        /// When it was given, in seconds since 1970.
        issued: u64,
        /// Whose it is, for programs.
        subject: String,
        /// Which server gave it.
        issuer: String,
    },
    /// Anything else.
    Dead,
}

impl Serialize for Introspection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_map(None)?;
        match self {
            Self::Dead => body.serialize_entry("active", &false)?,
            Self::Alive { scope, client_id, username, expires, issued, subject, issuer } => {
                body.serialize_entry("active", &true)?;
                body.serialize_entry("scope", scope)?;
                body.serialize_entry("client_id", client_id)?;
                body.serialize_entry("username", username)?;
                body.serialize_entry("token_type", TokenReply::TOKEN_TYPE)?;
                body.serialize_entry("exp", expires)?;
                body.serialize_entry("iat", issued)?;
                body.serialize_entry("sub", subject)?;
                body.serialize_entry("iss", issuer)?;
            }
        }
        body.end()
    }
}
