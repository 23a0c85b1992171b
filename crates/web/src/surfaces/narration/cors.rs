//! What browsers ask before a page may read: whether its origin is on any organization's list. They show no key yet, so the read asks again
//! whether it is on its own.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::partner::host_of;
use super::reply::Refused;
use crate::caller::peer;
use crate::http::rate::Who;
use crate::settings::Web;

pub(super) async fn preflight(State(web): State<Web>, request: Request) -> Result<Response, Refused> {
    let (parts, _) = request.into_parts();
    web.limiter().count(Who::peer(peer::of(&parts)))?;
    let mut headers = HeaderMap::new();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    let Some((origin, host)) = parts.headers.get(ORIGIN).cloned().zip(host_of(&parts.headers)) else {
        return Ok((StatusCode::NO_CONTENT, headers).into_response());
    };
    if !web.app().organizations().is_listed(&host).await? {
        return Ok((StatusCode::FORBIDDEN, headers).into_response());
    }
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}
