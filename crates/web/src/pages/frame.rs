//! What every page has around it, and how a page is sent: headers that let nothing in but our own files.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// What a page's frame shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Frame {
    /// What the window is called.
    pub(crate) title: String,
    /// Who is looking, if anybody signed in.
    pub(crate) user: Option<User>,
    /// Under which name this house is reached.
    pub(crate) host: String,
    /// After so many seconds the page is asked for again, where no script listens.
    pub(crate) refresh: Option<u32>,
    /// Whether this is the list of productions.
    pub(crate) at_list: bool,
    /// Whether this is about the account.
    pub(crate) at_account: bool,
}

/// Somebody who signed in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct User {
    /// What they are called.
    pub(crate) name: String,
    /// The hidden field that their forms carry.
    pub(crate) token: String,
}

/// Everything from here, nothing from elsewhere, nothing within the page itself, and no page of others around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; media-src 'self'";

/// The policy of a page with a form that leads to a place of others in the end.
pub(crate) fn policy_that_leads_to(place: &str) -> String {
    POLICY.replace("form-action 'self'", &format!("form-action 'self' {place}"))
}

/// The policy of a page that pages of others may show within themselves.
pub(crate) fn policy_framed_by_anybody() -> HeaderValue {
    let policy = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *");
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static(POLICY))
}

/// Sends a page.
pub(crate) fn page(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, headers(), html).into_response(),
        Err(cause) => {
            // Templates are compiled in and write to memory; it would take a lack of it.
            tracing::error!(%cause, "a page could not be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "The page could not be written. Load it again.\n").into_response()
        }
    }
}

fn headers() -> HeaderMap {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_from_elsewhere() {
        let policy = headers()[header::CONTENT_SECURITY_POLICY].clone();
        let policy = policy.to_str().unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}
