//! The social surface: who somebody is. What people publish comes with it later.

mod me;
mod user;

mod reply;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use crate::http::share;
use crate::settings::Web;

/// Every address of the surface, with `/v1` before it and without.
pub(crate) fn router(web: &Web) -> Router<Web> {
    let mut router = Router::new();
    for before in ["", "/v1"] {
        for ending in ["", ".json", ".xml"] {
            router = router.route(&format!("{before}/me{ending}"), get(me::get));
        }
        router = router.route(&format!("{before}/users/{{id}}"), get(user::get));
    }
    router.layer(from_fn_with_state(web.clone(), share::of_peer))
}
