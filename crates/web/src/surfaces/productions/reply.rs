//! Replies in the envelope of the productions API, refusals as well.

use std::collections::BTreeMap;

use app::AppError;
use axum::Json;
use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use utoipa::openapi::response::{Response as Described, ResponseBuilder};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};
use wire::productions::{Envelope, FormErrors};

use crate::http::problem::Problem;

/// What was asked for, or why it is not there.
pub(super) type Reply<T> = Result<Json<Envelope<T>>, Refused>;

/// What was asked for.
#[expect(clippy::unnecessary_wraps, reason = "it is the last line of handlers that may refuse")]
pub(super) fn reply<T>(data: T) -> Reply<T> {
    Ok(Json(Envelope::of(data)))
}

/// Why something is not there, in the envelope.
#[derive(Debug)]
pub(crate) struct Refused(pub(super) Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<AppError> for Refused {
    fn from(error: AppError) -> Self {
        Self(error.into())
    }
}

impl From<FormErrors> for Refused {
    fn from(errors: FormErrors) -> Self {
        Self(errors.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Problem { status, code, message, fields, headers } = self.0;
        let body = Envelope::refusal(status.as_u16(), code, message, fields);
        (status, *headers, Json(body)).into_response()
    }
}

/// Nothing is at that address.
pub(super) async fn no_such_path(OriginalUri(uri): OriginalUri) -> Refused {
    let path: String = uri.path().chars().take(100).collect();
    let message = format!("There is nothing at {path}. What there is, /docs shows.");
    Problem::new(StatusCode::NOT_FOUND, "not_found", message).into()
}

/// Something is at that address, and does not take that method.
pub(super) async fn no_such_method(method: Method) -> Refused {
    let message = format!("This address does not take {method}. What it takes, /docs shows.");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).into()
}

/// Refusals as OpenAPI describes them: status, name, meaning.
const REFUSALS: [(&str, &str, &str); 8] = [
    ("400", "Invalid", "Something in the request makes no sense; `form_errors` says what, by field."),
    ("401", "Unauthenticated", "Credentials are missing or wrong."),
    ("403", "Forbidden", "The credentials are not good for this."),
    ("404", "NotFound", "There is no such thing, or it is somebody else's."),
    ("409", "Conflict", "It cannot be done as things are now."),
    ("413", "TooLarge", "It has more bytes than are taken."),
    ("415", "Unsupported", "The body is of a kind that is not read here."),
    ("429", "TooMany", "Too much was asked for in a minute; headers say when to go on."),
];

/// The refusals of an operation, each by its name.
pub(super) struct Refusals;

impl utoipa::IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        let named = |(status, name, _): (&str, &str, &str)| (status.to_owned(), Ref::from_response_name(name).into());
        REFUSALS.into_iter().map(named).collect()
    }
}

impl Refusals {
    /// What the names stand for.
    pub(super) fn described() -> impl Iterator<Item = (&'static str, Described)> {
        REFUSALS.into_iter().map(|(_, name, what)| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Envelope_Nothing"))).build();
            (name, ResponseBuilder::new().description(what).content("application/json", content).build())
        })
    }
}
