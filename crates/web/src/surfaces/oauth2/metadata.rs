//! `GET /.well-known/oauth-authorization-server`: what works here, and where (RFC 8414).

use axum::Json;
use axum::extract::State;
use protocols::oauth2::{Endpoints, GrantType, Metadata};

use crate::settings::Web;

pub(super) async fn get(State(web): State<Web>) -> Json<Metadata> {
    let endpoints = Endpoints {
        authorization: web.address("/oauth2/authorize/"),
        token: web.address("/oauth2/token/"),
        revocation: web.address("/oauth2/revoke/"),
        introspection: web.address("/oauth2/introspect/"),
    };
    // Passwords are for single apps by the operator's leave, so that is not told to everybody.
    let grants = [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::OAuth1Token];
    Json(Metadata::new(web.address(""), endpoints, &grants))
}
