//! Requests that are signed by OAuth 1.0a, as the client sent them: the path before any slash was taken off it, the scheme and host of
//! the public address, whatever a proxy made of them (RFC 5849, section 3.4.1).

use axum::body::Body;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use protocols::oauth1::{Channel, RawRequest};

use crate::http::body;
use crate::http::problem::Problem;
use crate::http::slash::Sent as SentPath;
use crate::settings::Web;

/// Bytes of a form that is signed along.
const MOST_FORM: usize = 64 << 10;

/// A request as it came, its form in hand.
pub(crate) struct Sent {
    method: String,
    scheme: &'static str,
    host: String,
    path: String,
    query: Option<String>,
    authorization: Option<String>,
    content_type: Option<String>,
    body: Bytes,
    channel: Channel,
}

impl Sent {
    /// Reads a request, and its body if that is a form.
    pub(crate) async fn read(web: &Web, parts: &Parts, sent: Body) -> Result<Self, Problem> {
        let request = Self::head(web, parts);
        let body =
            if request.raw().has_form() { body::whole(&parts.headers, sent, MOST_FORM).await? } else { Bytes::new() };
        Ok(Self { body, ..request })
    }

    /// A request without its body, where none is signed along.
    pub(crate) fn head(web: &Web, parts: &Parts) -> Self {
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (scheme, host) = web.origin();
        let path = parts.extensions.get::<SentPath>().map_or(parts.uri.path(), |sent| sent.path());
        let loopback = super::peer::of(parts).is_loopback();
        Self {
            method: parts.method.as_str().to_owned(),
            scheme,
            host: host.to_owned(),
            path: path.to_owned(),
            query: parts.uri.query().map(str::to_owned),
            authorization: header(AUTHORIZATION),
            content_type: header(CONTENT_TYPE),
            body: Bytes::new(),
            channel: if scheme == "https" || loopback { Channel::Private } else { Channel::Open },
        }
    }

    /// The request, for whoever checks its signature.
    pub(crate) fn raw(&self) -> RawRequest<'_> {
        RawRequest {
            method: &self.method,
            scheme: self.scheme,
            host: &self.host,
            path: &self.path,
            query: self.query.as_deref(),
            authorization: self.authorization.as_deref(),
            content_type: self.content_type.as_deref(),
            body: &self.body,
            channel: self.channel,
        }
    }
}
