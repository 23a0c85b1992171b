//! Pages that the server renders: sign in and up, one's productions, the page of each, and what is said when something is not there.
//!
//! What belongs here: what people see and the forms they post. They work without scripts; `assets/page.js` replaces, never
//! reveals. What does not: JSON for programs, which is in the surfaces, and who may do what, which is in the app.

mod account;
mod assets;
mod connected;
pub(crate) mod consent;
mod dat;
mod deliveries;
mod developer;
mod figures;
mod form;
mod frame;
mod icons;
mod invitation;
mod list;
mod loudness;
mod passkey;
mod player;
pub(crate) mod problem;
mod production;
mod productions;
mod reset;
mod safety;
mod second;
mod signing;
mod state;
#[cfg(test)]
mod tests;
pub(crate) mod visit;
mod waveform;
mod words;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::settings::Web;

pub(crate) use assets::href as asset;
pub(crate) use problem::{broken, nothing};

/// All pages. They find out by themselves who looks, and take an ended session for nobody's, so no recognition of the surfaces belongs
/// before them.
pub(crate) fn router() -> Router<Web> {
    // Recordings are streamed to storage, which counts their bytes.
    let uploads = Router::new()
        .route("/productions", get(productions::list).post(productions::create))
        .layer(DefaultBodyLimit::disable());
    Router::new()
        .route("/", get(signing::home))
        .route("/signin", get(signing::sign_in_form).post(signing::sign_in))
        .route("/signin/second", get(second::show).post(second::answer))
        .route("/signin/passkey", post(passkey::sign_in))
        .route("/signin/passkey/ask", post(passkey::ask))
        .route("/reset", get(reset::ask_form).post(reset::ask))
        .route("/reset/code", get(reset::code_form).post(reset::code))
        .route("/signup", get(signing::sign_up_form).post(signing::sign_up))
        .route("/signout", post(signing::sign_out))
        .route("/invitation", get(invitation::show).post(invitation::act))
        .route("/productions/{uuid}", get(production::show))
        .route("/productions/{uuid}/delete", get(production::ask).post(production::delete))
        .route("/productions/{uuid}/original", get(production::original))
        .route("/productions/{uuid}/{verb}", post(production::act))
        .route("/assets/{fingerprint}/{*name}", get(assets::get))
        .route("/account/apps", get(connected::show))
        .route("/account/apps/{id}/remove", post(connected::remove))
        .merge(developer::router())
        .merge(player::router())
        .merge(uploads)
        .merge(safety::router())
}
