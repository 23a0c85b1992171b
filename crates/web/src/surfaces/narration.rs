//! The narration surface, Audyo's: an organization's servers ask for articles to be read aloud, and its pages find their players.
//!
//! Whoever asks comes with an organization's key and not as a person: the private half from server to server, the public half from a page of
//! listeners, for reading only and from allowed domains only.

mod cors;
mod create;
mod editor_url;
mod find;
pub(crate) mod openapi;
mod partner;
mod player;
mod reply;

use axum::Router;
use axum::routing::{any, get, post};

use crate::settings::Web;

/// Every address of the surface. Who asks is found out, and counted, by the handlers: there are two kinds of keys.
pub(crate) fn router(_: &Web) -> Router<Web> {
    Router::new()
        .route("/audyo", post(create::post))
        .route("/audyo/players", get(find::get).options(cors::preflight))
        .route("/audyo/players/{player_id}", get(player::get).options(cors::preflight))
        .route("/audyo/players/{player_id}/editor_url", get(editor_url::get))
        .route("/audyo/{*rest}", any(reply::no_such_path))
        .method_not_allowed_fallback(reply::no_such_method)
}
