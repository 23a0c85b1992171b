//! The pages under `/developer`: the apps that somebody registered, their secrets and addresses.
//!
//! What belongs here: forms and what they show. What does not: what makes sense in them, and who may, which is the app's.

mod change;
mod edit;
mod list;
mod show;

use app::AppError;
use app::apps::OwnApp;
use axum::Router;
use axum::routing::{get, post};
use model::AppId;

use super::deliveries::of_app;
use super::form::Errors;
use super::problem;
use super::visit::{Refusal, Visit};
use crate::settings::Web;

/// All of them.
pub(crate) fn router() -> Router<Web> {
    Router::new()
        .route("/developer", get(list::get))
        .route("/developer/apps/new", get(edit::new).post(edit::create))
        .route("/developer/apps/{id}", get(show::get))
        .route("/developer/apps/{id}/edit", get(edit::get).post(edit::update))
        .route("/developer/apps/{id}/secret", post(change::rotate))
        .route("/developer/apps/{id}/deliveries", get(of_app::list))
        .route("/developer/apps/{id}/deliveries/replay", get(of_app::ask).post(of_app::replay_all))
        .route("/developer/apps/{id}/deliveries/{delivery}", get(of_app::show))
        .route("/developer/apps/{id}/deliveries/{delivery}/replay", post(of_app::replay))
        .route("/developer/apps/{id}/delete", get(change::ask).post(change::delete))
}

/// An app of whoever looks. One that is not theirs is not there.
pub(crate) async fn own(visit: &Visit, id: &str) -> Result<OwnApp, Refusal> {
    let caller = visit.needed()?;
    let found = match id.parse::<AppId>() {
        Ok(id) => visit.app().apps().own(caller, id).await,
        Err(_) => Err(AppError::NotFound("app")),
    };
    found.map_err(|error| problem::refuse(visit, error))
}

/// What the verbs found wrong, beside the fields; the page of another error where it is none of a field.
fn errors(visit: &Visit, error: AppError) -> Result<Errors, Refusal> {
    let AppError::Invalid(invalid) = error else { return Err(problem::refuse(visit, error)) };
    let mut errors = Errors::default();
    for field in invalid {
        errors.add(field.field, field.message);
    }
    Ok(errors)
}
