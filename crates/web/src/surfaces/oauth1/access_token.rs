//! `/oauth/access_token`: a token that a person allowed is traded for one that lasts (RFC 5849, section 2.3).

use axum::extract::{Request, State};
use axum::response::Response;

use super::reply::{Refused, answer, signed};
use crate::settings::Web;

pub(super) async fn any(State(web): State<Web>, request: Request) -> Result<Response, Refused> {
    let sent = signed(&web, request).await?;
    let reply = web.app().oauth1().access_token(&sent.request()?).await.map_err(|e| sent.refused(&web, e))?;
    Ok(answer(reply.access_token()))
}
