//! `POST /oauth2/introspect/`: an app asks about a token of its own (RFC 7662).

use axum::extract::{Request, State};
use axum::response::Response;

use super::reply::{Refused, answer, question};
use crate::settings::Web;

pub(super) async fn post(State(web): State<Web>, request: Request) -> Result<Response, Refused> {
    let (parts, sent) = request.into_parts();
    let question = question(&parts.headers, sent).await?;
    let told = web.app().oauth2().introspect(&question, &web.address("")).await;
    told.map(|told| answer(&told)).map_err(|error| Refused::new(error, &parts.headers))
}
