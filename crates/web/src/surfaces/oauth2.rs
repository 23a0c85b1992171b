//! OAuth 2.0: the pages that ask people, and the endpoints that apps call. RFC 6749, 7009, 7662, 8414.

mod authorize;
mod introspect;
mod metadata;
mod revoke;
mod token;

mod reply;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::http::share;
use crate::settings::Web;

/// Every address of the protocol. A slash at the end means nothing, so `/oauth2/token/` is here as well.
pub(crate) fn router(web: &Web) -> Router<Web> {
    let programs = Router::new()
        .route("/oauth2/token", post(token::post))
        .route("/oauth2/revoke", post(revoke::post))
        .route("/oauth2/introspect", post(introspect::post))
        .route("/.well-known/oauth-authorization-server", get(metadata::get))
        .layer(from_fn_with_state(web.clone(), share::of_peer));
    Router::new().route("/oauth2/authorize", get(authorize::get).post(authorize::post)).merge(programs)
}
