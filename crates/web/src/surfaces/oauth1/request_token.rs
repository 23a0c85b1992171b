//! `/oauth/request_token`: an app is given a token with which it sends a person here (RFC 5849, section 2.1).

use axum::extract::{Request, State};
use axum::response::Response;

use super::reply::{Refused, answer, signed};
use crate::settings::Web;

pub(super) async fn any(State(web): State<Web>, request: Request) -> Result<Response, Refused> {
    let sent = signed(&web, request).await?;
    let (reply, revision) =
        web.app().oauth1().request_token(&sent.request()?).await.map_err(|e| sent.refused(&web, e))?;
    Ok(answer(reply.request_token(revision)))
}
