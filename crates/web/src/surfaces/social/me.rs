//! `GET /me`: who asks.

use app::Scope;
use axum::extract::State;
use axum::response::Response;
use http::request::Parts;

use super::reply::{Refused, asking, form_of, shown};
use crate::settings::Web;

pub(super) async fn get(State(web): State<Web>, parts: Parts) -> Result<Response, Refused> {
    let form = form_of(&parts);
    let (caller, reached) = asking(&web, &parts).await?;
    caller.may(Scope::Profile).map_err(|error| Refused::new(error, form))?;
    let mut response = shown(&wire::social::person(&caller.account, &web), form);
    if let Some(reached) = reached {
        reached.write(response.headers_mut());
    }
    Ok(response)
}
