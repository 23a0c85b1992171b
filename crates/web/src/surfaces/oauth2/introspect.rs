//! `POST /oauth2/introspect/`: an app asks about a token of its own (RFC 7662).

use axum::extract::{Request, State};
use axum::response::Response;
use protocols::oauth2::TokenQuestion;

use super::reply::{Refused, answer, authorization, form};
use crate::settings::Web;

pub(super) async fn post(State(web): State<Web>, request: Request) -> Result<Response, Refused> {
    let (parts, sent) = request.into_parts();
    let form = form(&parts.headers, sent).await?;
    let question = TokenQuestion::parse(authorization(&parts.headers), &form);
    let question = question.map_err(|refusal| Refused::by(refusal, &parts.headers))?;
    let told = web.app().oauth2().introspect(&question, &web.address("")).await;
    told.map(|told| answer(&told)).map_err(|error| Refused::new(error, &parts.headers))
}
