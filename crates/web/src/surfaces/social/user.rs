//! `GET /users/{id}`: somebody, by number or permalink. Everybody may look.

use axum::extract::{Path, State};
use axum::response::Response;
use http::request::Parts;

use super::reply::{Refused, form_of, shown};
use crate::settings::Web;

pub(super) async fn get(State(web): State<Web>, Path(id): Path<String>, parts: Parts) -> Result<Response, Refused> {
    let form = form_of(&parts);
    let id = id.strip_suffix(".json").or_else(|| id.strip_suffix(".xml")).unwrap_or(&id);
    let account = match id.parse::<u64>() {
        Ok(number) => web.app().accounts().find_by_number(number).await,
        Err(_) => web.app().accounts().find(id).await,
    };
    let account = account.map_err(|error| Refused::new(error, form))?;
    Ok(shown(&wire::social::person(&account, &web), form))
}
