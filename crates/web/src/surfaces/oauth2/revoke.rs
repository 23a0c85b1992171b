//! `POST /oauth2/revoke/`: a token is worth nothing from then on (RFC 7009).

use axum::extract::{Request, State};
use http::StatusCode;

use super::reply::{Refused, question};
use crate::settings::Web;

pub(super) async fn post(State(web): State<Web>, request: Request) -> Result<StatusCode, Refused> {
    let (parts, sent) = request.into_parts();
    let question = question(&parts.headers, sent).await?;
    let revoked = web.app().oauth2().revoke(&question).await;
    revoked.map(|()| StatusCode::OK).map_err(|error| Refused::new(error, &parts.headers))
}
