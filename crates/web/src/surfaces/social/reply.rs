//! Who asks on this surface, and how it is answered.

use app::{AppError, Caller};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use protocols::oauth1::{Problem as Unsigned, SignedRequest};
use wire::social::{Form, Representation, errors};

use crate::caller;
use crate::caller::oauth1::Sent;
use crate::http::problem::Problem;
use crate::http::rate::{Reached, Who};
use crate::settings::Web;

const NONE: &str = "This needs a signature of OAuth 1.0a, or an access token as “Authorization: Bearer TOKEN”.";

/// What is said to a password outside of the sandbox.
const NO_BASIC: &str = "User name and password are taken in the sandbox only, which is a server of its own. Here, sign the request or send \
                        a token.";

/// An answer.
pub(super) fn shown(what: &Representation, form: Form) -> Response {
    ([(CONTENT_TYPE, form.media_type())], what.write(form)).into_response()
}

/// How the answer is wanted.
pub(super) fn form_of(parts: &Parts) -> Form {
    let last = parts.uri.path().rsplit('/').next().unwrap_or_default();
    let ending = last.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| matches!(*ending, "json" | "xml"));
    Form::of(ending, parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok()))
}

/// Whoever asks, and how much of their share is left. Nobody is refused, and counted for the address that they come from.
pub(super) async fn asking(web: &Web, parts: &Parts) -> Result<(Caller, Option<Reached>), Refused> {
    let recognised = recognised(web, parts).await;
    let who = match &recognised {
        Ok(caller) => Who::Account(caller.account.id),
        Err(_) => Who::peer(caller::peer::of(parts)),
    };
    let counted = web.limiter().count(who);
    let reached = counted.map_err(|problem| Refused { form: form_of(parts), ..problem.into() })?;
    Ok((recognised?, reached))
}

async fn recognised(web: &Web, parts: &Parts) -> Result<Caller, Refused> {
    let form = form_of(parts);
    let refused = |error| Refused::new(error, form);
    // Only addresses that are read come here so far, so there is no form that would be signed along.
    let sent = Sent::head(web, parts);
    if let Some(signed) = SignedRequest::gather(&sent.raw()).map_err(|problem| refused(problem.into()))? {
        return web.app().oauth1().caller(&signed).await.map_err(refused);
    }
    let basic = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let basic = basic
        .is_some_and(|text| text.trim_start().get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic ")));
    if basic && !web.is_sandbox() {
        return Err(Refused { form, ..Refused::nobody(NO_BASIC) });
    }
    match caller::recognise(web, parts).await {
        Ok(Some(caller)) => Ok(caller),
        Ok(None) => Err(Refused { form, ..Refused::nobody(NONE) }),
        Err(problem) => Err(Refused { form, ..problem.into() }),
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    message: String,
    /// In a box, so that refusals stay small on their way.
    headers: Box<HeaderMap>,
    form: Form,
}

impl Refused {
    pub(super) fn new(error: AppError, form: Form) -> Self {
        let refused = match error {
            AppError::OAuth1(problem) => problem.into(),
            other => Problem::from(other).into(),
        };
        Self { form, ..refused }
    }

    fn nobody(message: &str) -> Self {
        let mut headers = Box::<HeaderMap>::default();
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("OAuth realm=\"Soundpost\""));
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        Self { status: StatusCode::UNAUTHORIZED, message: message.to_owned(), headers, form: Form::Json }
    }
}

impl From<Unsigned> for Refused {
    fn from(problem: Unsigned) -> Self {
        let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::UNAUTHORIZED);
        let mut headers = Box::<HeaderMap>::default();
        if let Ok(challenge) = HeaderValue::try_from(problem.challenge("Soundpost")) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        Self { status, message: format!("{}: {problem}", problem.word()), headers, form: Form::Json }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { status: problem.status, message: problem.message, headers: problem.headers, form: Form::Json }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = ([(CONTENT_TYPE, self.form.media_type())], errors(&self.message, self.form));
        (self.status, *self.headers, body).into_response()
    }
}
