//! The pages under `/account`: who one is here, what one signs in with, where one is signed in, and what happened lately.
//!
//! What belongs here: the list of these pages, in one place, and what they have in common. What does not: coming in, which is in signing.rs and
//! second.rs. What is dangerous is done by somebody who has just proved who they are; others are led to `/account/prove` first.

mod activity;
mod archive;
mod factors;
mod keys;
mod leave;
mod password;
mod profile;
mod prove;
mod services;
mod sessions;
mod told;

use app::{AppError, Fresh};
use axum::Router;
use axum::routing::{get, post};

use super::deliveries::of_account;
use super::frame::Frame;
use super::problem;
use super::visit::{Refusal, Visit};
use crate::settings::Web;

pub(crate) use profile::Mail;

#[cfg(test)]
pub(crate) use {
    activity::Activity,
    factors::{AppSetUp, Codes, Factors, Key, picture},
    keys::{Keys, Made, Row as KeyRow, choices},
    leave::Leave,
    password::Password,
    profile::Profile,
    prove::Prove,
    sessions::{Row as SessionRow, Sessions},
};

/// Every page about the account, in the order of its list.
const PLACES: &[(&str, &str)] = &[
    ("/account", "You"),
    ("/account/password", "Password"),
    ("/account/factors", "Second step"),
    ("/account/keys", "API keys"),
    ("/account/apps", "Connected apps"),
    ("/account/services", "Services"),
    ("/account/deliveries", "Deliveries"),
    ("/account/sessions", "Browsers"),
    ("/account/activity", "Activity"),
    ("/account/leave", "Take along, or go"),
];

/// A page about the account in the list beside each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) href: &'static str,
    pub(crate) text: &'static str,
    /// Whether this is where one is.
    pub(crate) here: bool,
}

/// The list, and where in it one is.
pub(crate) fn places(here: &str) -> Vec<Place> {
    PLACES.iter().map(|(href, text)| Place { href, text, here: *href == here }).collect()
}

/// What is around a page about the account.
pub(crate) fn frame(visit: &Visit, title: &str) -> Frame {
    Frame { at_account: true, ..visit.frame(title) }
}

/// Whoever has just proved who they are; others prove it first and come back to that place.
pub(crate) async fn fresh<'v>(visit: &'v Visit, place: &str) -> Result<Fresh<'v>, Refusal> {
    match visit.app().sessions().fresh(visit.needed()?).await {
        Ok(fresh) => Ok(fresh),
        Err(AppError::Stale) => Err(problem::prove(place)),
        Err(error) => Err(problem::refuse(visit, error)),
    }
}

/// The hidden field of forms of whoever looks.
pub(crate) fn token(frame: &Frame) -> String {
    frame.user.as_ref().map_or_else(String::new, |user| user.token.clone())
}

/// All pages about the account.
pub(crate) fn router() -> Router<Web> {
    Router::new()
        .route("/account", get(profile::show).post(profile::update))
        .route("/account/email/letter", post(profile::letter))
        .route("/account/email/code", post(profile::code))
        .route("/account/prove", get(prove::show).post(prove::by_password))
        .route("/account/prove/passkey", post(prove::by_passkey))
        .route("/account/password", get(password::show).post(password::change))
        .route("/account/factors", get(factors::show))
        .route("/account/factors/app", get(factors::set_up).post(factors::confirm))
        .route("/account/factors/app/remove", post(factors::remove_app))
        .route("/account/factors/codes", post(factors::renew))
        .route("/account/factors/passkeys", post(factors::make))
        .route("/account/factors/passkeys/ask", post(factors::ask))
        .route("/account/factors/passkeys/{id}", post(factors::rename))
        .route("/account/factors/passkeys/{id}/remove", post(factors::remove))
        .route("/account/keys", get(keys::show).post(keys::make))
        .route("/account/keys/{id}/revoke", post(keys::revoke))
        .route("/account/services", get(services::show))
        .route("/account/services/new", get(services::new).post(services::add))
        .route("/account/services/{id}", get(services::edit).post(services::change))
        .route("/account/services/{id}/check", post(services::check))
        .route("/account/services/{id}/remove", post(services::remove))
        .route("/account/deliveries", get(of_account::list))
        .route("/account/deliveries/secret", post(of_account::rotate))
        .route("/account/deliveries/replay", get(of_account::ask).post(of_account::replay_all))
        .route("/account/deliveries/{id}", get(of_account::show))
        .route("/account/deliveries/{id}/replay", post(of_account::replay))
        .route("/account/deliveries/{id}/enable", post(of_account::enable))
        .route("/account/sessions", get(sessions::show))
        .route("/account/sessions/others", post(sessions::remove_others))
        .route("/account/sessions/{id}", post(sessions::remove))
        .route("/account/activity", get(activity::show))
        .route("/account/leave", get(leave::show).post(leave::remove))
        .route("/account/export", post(leave::export))
}
