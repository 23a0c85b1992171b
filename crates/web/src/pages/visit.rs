//! Who looks at a page, and whether a form was meant by whoever sits before it.
//!
//! Pages know people by their browser's session only, and a session that ended is nobody's: a sign-in page is the answer, not an error.
//! Forms of somebody signed in carry the token of the session. Those of strangers carry what a cookie of their browser carries,
//! which no other site can read or, in browsers that tell where a request is from, send.

use std::net::IpAddr;

use app::{App, AppError, Caller, Visitor};
use askama::Template;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use model::random_text;
use subtle::ConstantTimeEq;

use super::frame::{Frame, User, page};
use super::problem;
use crate::caller::{cookie, csrf, peer, session};
use crate::http::percent;
use crate::http::request_id::RequestId;
use crate::settings::Web;

/// A look at a page.
pub(crate) struct Visit {
    web: Web,
    /// The key of the session and whose it is.
    session: Option<(String, Caller)>,
    /// What forms of strangers carry.
    form: String,
    /// Whether the browser has that already.
    is_known: bool,
    headers: HeaderMap,
    from: IpAddr,
    /// The address that was asked for, without the host; for forms the list.
    place: String,
    reference: Option<String>,
}

/// A page that is sent instead of the one that was asked for.
pub(crate) struct Refusal(Box<Response>);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl From<Response> for Refusal {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

/// Characters of a stranger's token: 190 bits.
const TOKEN_LENGTH: usize = 32;

impl FromRequestParts<Web> for Visit {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Refusal> {
        // A form cannot be sent again by going to where it was sent.
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        let place =
            parts.uri.path_and_query().filter(|_| reads).map_or("/productions", |place| place.as_str()).to_owned();
        let kept = cookie(&parts.headers, form_cookie(web)).filter(|token| is_token(token)).map(str::to_owned);
        let mut visit = Self {
            session: None,
            is_known: kept.is_some(),
            form: kept.unwrap_or_else(|| random_text(TOKEN_LENGTH, web.dice())),
            headers: parts.headers.clone(),
            from: peer::of(parts),
            place,
            reference: parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned()),
            web: web.clone(),
        };
        if let Some(key) = session::key(&parts.headers, web.is_secure()) {
            match web.app().callers().by_session(&key).await {
                Ok(caller) => visit.session = Some((key, caller)),
                Err(AppError::Unauthenticated(_)) => {}
                Err(error) => return Err(problem::refuse(&visit, error)),
            }
        }
        Ok(visit)
    }
}

impl Visit {
    /// The verbs.
    pub(crate) fn app(&self) -> &App {
        self.web.app()
    }

    /// The name of this server in protocols: its public address.
    pub(crate) fn issuer(&self) -> String {
        self.web.address("")
    }

    /// Whether browsers come by https.
    pub(crate) fn is_secure(&self) -> bool {
        self.web.is_secure()
    }

    /// Where it comes from.
    pub(crate) fn from(&self) -> IpAddr {
        self.from
    }

    /// Where it comes from, and what the browser calls itself.
    pub(crate) fn visitor(&self) -> Visitor {
        let agent = self.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Visitor { from: self.from, agent: agent.unwrap_or_default().to_owned() }
    }

    /// An address of this server.
    pub(crate) fn address(&self, path: &str) -> String {
        self.web.address(path)
    }

    /// The request's headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The address that was asked for, without the host; for forms the list.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// What to ask for in the log.
    pub(crate) fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// Whoever signed in.
    pub(crate) fn caller(&self) -> Option<&Caller> {
        self.session.as_ref().map(|(_, caller)| caller)
    }

    /// The key of the browser's session.
    pub(crate) fn key(&self) -> Option<&str> {
        self.session.as_ref().map(|(key, _)| key.as_str())
    }

    /// Whoever signed in; the sign-in page, with the way back here, where nobody did.
    pub(crate) fn needed(&self) -> Result<&Caller, Refusal> {
        self.caller().ok_or_else(|| {
            let next = format!("/signin?next={}", percent::encode(&self.place));
            Redirect::to(&next).into_response().into()
        })
    }

    /// What is around a page.
    pub(crate) fn frame(&self, title: &str) -> Frame {
        let user = self
            .session
            .as_ref()
            .map(|(key, caller)| User { name: caller.account.username.to_string(), token: hidden(&csrf::token(key)) });
        let host = self.web.address("");
        let host = host.split_once("://").map_or(host.as_str(), |(_, host)| host).to_owned();
        Frame { title: title.to_owned(), user, host, ..Frame::default() }
    }

    /// The hidden field of a stranger's form.
    pub(crate) fn stranger_token(&self) -> String {
        hidden(&self.form)
    }

    /// Refuses a form of somebody signed in that does not come from a page of this session.
    pub(crate) fn meant(&self, token: &str) -> Result<(), Refusal> {
        let ours = self.key().is_some_and(|key| csrf::is_token(token, key));
        if ours && self.is_from_here() { Ok(()) } else { Err(problem::not_meant(self)) }
    }

    /// Refuses a stranger's form that does not come from a page of ours in the same browser.
    pub(crate) fn meant_by_stranger(&self, token: &str) -> Result<(), Refusal> {
        let ours = self.is_known && bool::from(token.as_bytes().ct_eq(self.form.as_bytes()));
        if ours && self.is_from_here() { Ok(()) } else { Err(problem::not_meant(self)) }
    }

    /// Sends a page.
    pub(crate) fn page(&self, status: StatusCode, template: &impl Template) -> Response {
        let mut response = page(status, template);
        if !self.is_known && self.session.is_none() {
            let secure = if self.is_secure() { "; Secure" } else { "" };
            let text = format!("{}={}; Path=/; HttpOnly; SameSite=Lax{secure}", form_cookie(&self.web), self.form);
            if let Ok(value) = HeaderValue::try_from(text) {
                response.headers_mut().append(SET_COOKIE, value);
            }
        }
        response
    }

    /// A browser's own word about where a request is from, where it gives it.
    fn is_from_here(&self) -> bool {
        let site = self.headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
        matches!(site, None | Some("same-origin" | "none"))
    }
}

fn form_cookie(web: &Web) -> &'static str {
    if web.is_secure() { "__Host-soundpost-form" } else { "soundpost-form" }
}

/// Whether a cookie's value can stand in a page and a header as it is.
fn is_token(text: &str) -> bool {
    text.len() == TOKEN_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The field as markup. Tokens are letters and digits.
fn hidden(token: &str) -> String {
    format!("<input type=\"hidden\" name=\"csrf\" value=\"{token}\">")
}
