//! What the server says about itself, so that apps need not be told (RFC 8414).

use serde::Serialize;

use super::{GrantType, ScopeSet};

/// Where the endpoints are, as whole addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where browsers are sent.
    pub authorization: String,
    /// Where codes are traded in.
    pub token: String,
    /// Where tokens are revoked (RFC 7009).
    pub revocation: String,
    /// Where tokens are asked about (RFC 7662).
    pub introspection: String,
}

/// The document at `/.well-known/oauth-authorization-server`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// The server's name: its public address. The same as `iss` in redirects.
    pub issuer: String,
    /// See [`Endpoints`].
    pub authorization_endpoint: String,
    /// See [`Endpoints`].
    pub token_endpoint: String,
    /// See [`Endpoints`].
    pub revocation_endpoint: String,
    /// See [`Endpoints`].
    pub introspection_endpoint: String,
    /// Every scope.
    pub scopes_supported: Vec<&'static str>,
    /// `code`.
    pub response_types_supported: Vec<&'static str>,
    /// `query`.
    pub response_modes_supported: Vec<&'static str>,
    /// Those that work on this server.
    pub grant_types_supported: Vec<&'static str>,
    /// Basic, body, and none for public apps.
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    /// The same.
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    /// Basic and body: a public app cannot ask.
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    /// `S256`.
    pub code_challenge_methods_supported: Vec<&'static str>,
    /// Redirects carry `iss` (RFC 9207 §3).
    pub authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// The document of a server that is called `issuer` and knows these ways to get a token.
    pub fn new(issuer: impl Into<String>, endpoints: Endpoints, grants: &[GrantType]) -> Self {
        let with_secret = ["client_secret_basic", "client_secret_post"];
        let any = || with_secret.into_iter().chain(["none"]).collect();
        Self {
            issuer: issuer.into(),
            authorization_endpoint: endpoints.authorization,
            token_endpoint: endpoints.token,
            revocation_endpoint: endpoints.revocation,
            introspection_endpoint: endpoints.introspection,
            scopes_supported: ScopeSet::ALL.iter().map(super::Scope::name).collect(),
            response_types_supported: vec!["code"],
            response_modes_supported: vec!["query"],
            grant_types_supported: grants.iter().map(|grant| grant.name()).collect(),
            token_endpoint_auth_methods_supported: any(),
            revocation_endpoint_auth_methods_supported: any(),
            introspection_endpoint_auth_methods_supported: with_secret.to_vec(),
            code_challenge_methods_supported: vec!["S256"],
            authorization_response_iss_parameter_supported: true,
        }
    }
}
