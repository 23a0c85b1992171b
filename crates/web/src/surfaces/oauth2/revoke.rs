//! `POST /oauth2/revoke/`: a token is worth nothing from then on (RFC 7009).

use axum::extract::{Request, State};
use http::StatusCode;
use protocols::oauth2::TokenQuestion;

use super::reply::{Refused, authorization, form};
use crate::settings::Web;

pub(super) async fn post(State(web): State<Web>, request: Request) -> Result<StatusCode, Refused> {
    let (parts, sent) = request.into_parts();
    let form = form(&parts.headers, sent).await?;
    let question = TokenQuestion::parse(authorization(&parts.headers), &form);
    let question = question.map_err(|refusal| Refused::by(refusal, &parts.headers))?;
    let revoked = web.app().oauth2().revoke(&question).await;
    revoked.map(|()| StatusCode::OK).map_err(|error| Refused::new(error, &parts.headers))
}
