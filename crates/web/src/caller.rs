//! Credentials become callers. Each kind is a file in the folder beside this one; the verbs decide whom they stand for.

pub(crate) mod basic;
pub(crate) mod csrf;
pub(crate) mod oauth1;
pub(crate) mod peer;
pub(crate) mod session;

use app::Caller;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Method};

use crate::http::problem::Problem;
use crate::settings::Web;

/// Where a token may stand in the address: only where a browser or player fetches a file and cannot send a header.
const MEDIA: &str = "/api/download/";

/// What is said when there are no credentials at all.
const NONE: &str = "This needs credentials: an API key as “Authorization: Bearer KEY”, or a user name and password.";

/// Whoever was recognised, as handlers find it in a request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Recognised(pub(crate) Option<Caller>);

/// Recognises whoever sent a request. Nobody is fine here; wrong credentials are not.
///
/// Programs come with a key, thousands of times a second: ways that are long and seldom are boxed, so that this one stays small.
pub(crate) async fn recognise(web: &Web, parts: &Parts) -> Result<Option<Caller>, Problem> {
    if let Some(credentials) = parts.headers.get(AUTHORIZATION) {
        let credentials = credentials.to_str().map_err(|_| Problem::unauthenticated(NONE))?;
        return by_header(web, parts, credentials).await.map(Some);
    }
    let reads = parts.method == Method::GET || parts.method == Method::HEAD;
    if reads
        && parts.uri.path().starts_with(MEDIA)
        && let Some(token) = bearer_token(parts)
    {
        return Ok(Some(web.app().callers().by_key(&token, peer::of(parts)).await?));
    }
    let Some(key) = session::key(&parts.headers, web.is_secure()) else { return Ok(None) };
    let caller = Box::pin(web.app().callers().by_session(&key)).await?;
    if !reads && !csrf::is_ours(&parts.headers, &key) {
        let message = "This request came from a browser without the token of its page. Load the page again.";
        return Err(Problem::new(http::StatusCode::FORBIDDEN, "csrf", message));
    }
    Ok(Some(caller))
}

/// The caller, or what to do to become one.
pub(crate) fn needed(recognised: Option<&Recognised>) -> Result<Caller, Problem> {
    recognised.and_then(|recognised| recognised.0.clone()).ok_or_else(|| Problem::unauthenticated(NONE))
}

async fn by_header(web: &Web, parts: &Parts, credentials: &str) -> Result<Caller, Problem> {
    let (scheme, rest) = credentials.trim().split_once(' ').unwrap_or((credentials, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(web.app().callers().by_key(rest.trim(), peer::of(parts)).await?);
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let (name, secret) = basic::read(rest).ok_or_else(|| {
            Problem::unauthenticated(
                "After “Basic” comes the base64 of a user name, a colon and a password or API key.",
            )
        })?;
        return Ok(Box::pin(web.app().callers().by_name(&name, &secret, peer::of(parts))).await?);
    }
    Err(Problem::unauthenticated(NONE))
}

/// `?bearer_token=TOKEN`. Tokens have no character that would be encoded.
fn bearer_token(parts: &Parts) -> Option<String> {
    let query = parts.uri.query()?;
    let token = query.split('&').find_map(|pair| pair.strip_prefix("bearer_token="))?;
    Some(token.to_owned())
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(http::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}
