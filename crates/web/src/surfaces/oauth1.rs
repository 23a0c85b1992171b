//! OAuth 1.0 and 1.0a: the endpoints that apps call, and the page that asks people. RFC 5849.
//!
//! Old clients add `/v1` before every path, and a slash behind; both are taken, and the signature is checked over what was sent.

mod access_token;
mod authorize;
mod request_token;
mod test_request;

mod reply;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use crate::http::share;
use crate::settings::Web;

/// Every address of the protocol.
pub(crate) fn router(web: &Web) -> Router<Web> {
    let mut programs = Router::new();
    let mut people = Router::new();
    for before in ["", "/v1"] {
        let at = |path: &str| format!("{before}/oauth/{path}");
        programs = programs
            .route(&at("request_token"), get(request_token::any).post(request_token::any))
            .route(&at("access_token"), get(access_token::any).post(access_token::any))
            .route(&at("test_request"), get(test_request::any).post(test_request::any));
        people = people
            .route(&at("authorize"), get(authorize::get).post(authorize::post))
            .route(&at("authorize_token"), get(authorize::get).post(authorize::post));
    }
    people.merge(programs.layer(from_fn_with_state(web.clone(), share::of_peer)))
}
