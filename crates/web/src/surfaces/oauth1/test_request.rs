//! `/oauth/test_request`: says what was heard, to an app that wants to know whether its signatures are right.

use axum::extract::{Request, State};
use axum::response::Response;

use super::reply::{Refused, answer, signed};
use crate::settings::Web;

pub(super) async fn any(State(web): State<Web>, request: Request) -> Result<Response, Refused> {
    let sent = signed(&web, request).await?;
    let signed = sent.request()?;
    web.app().oauth1().caller(&signed).await.map_err(|e| sent.refused(&web, e))?;
    let own = |name: &str| name.starts_with("oauth_");
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(signed.parameters().filter(|(name, _)| !own(name)));
    Ok(answer(text.finish()))
}
