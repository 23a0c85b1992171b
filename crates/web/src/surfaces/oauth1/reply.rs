//! Signed requests of this surface, and what they are answered: forms, and problems by their names.

use app::AppError;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use protocols::oauth1::{Problem, SignedRequest};

use crate::caller::oauth1::Sent;
use crate::http::problem::Problem as Cause;
use crate::settings::Web;

/// A request of this surface, read whole. It has to be signed.
pub(super) struct Signed(Sent);

pub(super) async fn signed(web: &Web, request: Request) -> Result<Signed, Refused> {
    let (parts, body) = request.into_parts();
    Ok(Signed(Sent::read(web, &parts, body).await?))
}

impl Signed {
    /// What was signed, and by whom it says to be.
    pub(super) fn request(&self) -> Result<SignedRequest<'_>, Refused> {
        let gathered = SignedRequest::gather(&self.0.raw())?;
        Ok(gathered.ok_or_else(|| {
            Problem::ParameterAbsent(vec!["oauth_consumer_key", "oauth_signature_method", "oauth_signature"])
        })?)
    }

    /// Why an app did not get what it asked for. In development it is told what was signed here, so that the two can be compared.
    pub(super) fn refused(&self, web: &Web, error: AppError) -> Refused {
        let base_string = || self.request().ok().map(|request| request.base_string());
        match error {
            AppError::OAuth1(problem @ Problem::SignatureInvalid) if web.is_development() => {
                Refused { base_string: base_string(), ..problem.into() }
            }
            AppError::OAuth1(problem) => problem.into(),
            other => Cause::from(other).into(),
        }
    }
}

/// A form.
pub(super) fn answer(form: String) -> Response {
    let headers = [(CONTENT_TYPE, Problem::MEDIA_TYPE), (CACHE_CONTROL, "no-store")];
    (headers, form).into_response()
}

/// Why an app did not get what it asked for.
pub(super) struct Refused {
    status: StatusCode,
    /// In a box, so that refusals stay small on their way.
    headers: Box<HeaderMap>,
    form: String,
    base_string: Option<String>,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::UNAUTHORIZED);
        let mut headers = Box::<HeaderMap>::default();
        if let Ok(challenge) = HeaderValue::try_from(problem.challenge("Soundpost")) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        Self { status, headers, form: problem.form(), base_string: None }
    }
}

impl From<Cause> for Refused {
    fn from(cause: Cause) -> Self {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("oauth_problem_advice", &cause.message)
            .finish();
        Self { status: cause.status, headers: cause.headers, form, base_string: None }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let form = match self.base_string {
            Some(base_string) => {
                let mut more = url::form_urlencoded::Serializer::new(self.form);
                more.append_pair("oauth_base_string", &base_string).finish()
            }
            None => self.form,
        };
        let mut response = (self.status, *self.headers, answer(form)).into_response();
        *response.status_mut() = self.status;
        response
    }
}
