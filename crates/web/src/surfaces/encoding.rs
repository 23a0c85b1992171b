//! The encoding surface: requests that an app signs as a whole. So far only the call that says back what was understood, for
//! whoever builds a client; songs come later.

mod echo;

mod reply;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::post;

use crate::http::share;
use crate::settings::Web;

/// Every address of the surface.
pub(crate) fn router(web: &Web) -> Router<Web> {
    let router = if web.echoes_calls() { Router::new().route("/v3/sl/echo", post(echo::post)) } else { Router::new() };
    router.layer(from_fn_with_state(web.clone(), share::of_peer))
}
