//! The social surface: who somebody is. What people publish comes with it later.

mod me;
mod user;

mod reply;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;

use crate::http::share;
use crate::settings::Web;

/// Every address of the surface, with `/v1` before it and without.
pub(crate) fn router(web: &Web) -> Router<Web> {
    let mut somebody = Router::new();
    let mut anybody = Router::new();
    for before in ["", "/v1"] {
        for ending in ["", ".json", ".xml"] {
            somebody = somebody.route(&format!("{before}/me{ending}"), get(me::get));
        }
        anybody = anybody.route(&format!("{before}/users/{{id}}"), get(user::get));
    }
    // Whoever is recognised is counted as themselves, by the handler: many people come from one address.
    somebody.layer(from_fn(share::uncounted)).merge(anybody.layer(from_fn_with_state(web.clone(), share::of_peer)))
}
