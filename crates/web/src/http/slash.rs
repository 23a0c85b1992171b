//! A slash at the end of an address means nothing.

use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;

/// The path as it was sent, which is what signatures are made over.
#[derive(Clone, Debug)]
pub(crate) struct Sent(Uri);

impl Sent {
    /// The path, byte for byte.
    pub(crate) fn path(&self) -> &str {
        self.0.path()
    }
}

/// Takes a slash off the end of a request's path.
pub(crate) fn trim(mut request: Request) -> Request {
    let uri = request.uri();
    let path = uri.path();
    let trimmed = path.trim_end_matches('/');
    if trimmed.len() == path.len() || trimmed.is_empty() {
        return request;
    }
    let text = match uri.query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    if let Ok(path) = PathAndQuery::try_from(text) {
        parts.path_and_query = Some(path);
        if let Ok(uri) = Uri::from_parts(parts) {
            let sent = std::mem::replace(request.uri_mut(), uri);
            request.extensions_mut().insert(Sent(sent));
        }
    }
    request
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn slashes_go_and_queries_stay() {
        for (given, expected) in [
            ("/", "/"),
            ("/api/info.json", "/api/info.json"),
            ("/api/info.json/", "/api/info.json"),
            ("/api/info.json//?a=/b/", "/api/info.json?a=/b/"),
            ("http://h.example/a/?b", "http://h.example/a?b"),
        ] {
            let mut request = Request::new(Body::empty());
            *request.uri_mut() = given.parse().unwrap_or_default();
            assert_eq!(trim(request).uri().to_string(), expected);
        }
    }
}
