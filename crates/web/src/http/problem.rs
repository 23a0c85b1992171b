//! Causes become statuses, once and here. In which envelope they are told is the surface's choice.

use app::AppError;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use wire::productions::FormErrors;

/// Why a request was not answered as it wished.
#[derive(Debug)]
pub(crate) struct Problem {
    /// The status.
    pub(crate) status: StatusCode,
    /// A short name, for programs.
    pub(crate) code: &'static str,
    /// A sentence, for people. Empty where the fields say it all.
    pub(crate) message: String,
    /// What is wrong with each field.
    pub(crate) fields: FormErrors,
    /// What goes along in headers. In a box, so that refusals stay small on their way.
    pub(crate) headers: Box<HeaderMap>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let fields = FormErrors::default();
        Self { status, code, message: message.into(), fields, headers: Box::default() }
    }

    /// Nobody was recognised. The header says how one introduces oneself.
    pub(crate) fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", message)
            .with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// There is no such thing.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no {what} of that name here."))
    }

    /// The body has more bytes than are read.
    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("The body has more than the {limit} bytes that are read here.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// The body is of a kind that is not read here.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    }

    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.insert(name, value.into());
        self
    }
}

impl From<FormErrors> for Problem {
    fn from(fields: FormErrors) -> Self {
        Self { fields, ..Self::new(StatusCode::BAD_REQUEST, "invalid", "") }
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let message = error.to_string();
        let problem = |status, code| Self::new(status, code, message.as_str());
        match error {
            AppError::NotFound(_) => problem(StatusCode::NOT_FOUND, "not_found"),
            AppError::Unauthenticated(_) => Self::unauthenticated(message.as_str()),
            AppError::Stale => problem(StatusCode::FORBIDDEN, "stale"),
            AppError::Forbidden(_) => problem(StatusCode::FORBIDDEN, "forbidden"),
            AppError::Conflict(_) => problem(StatusCode::CONFLICT, "conflict"),
            AppError::Changed { .. } => problem(StatusCode::CONFLICT, "changed"),
            AppError::Refused(_) => problem(StatusCode::UNPROCESSABLE_ENTITY, "refused"),
            AppError::Invalid(invalid) => {
                let mut fields = FormErrors::default();
                for field in invalid {
                    fields.add(&field.field, field.message);
                }
                fields.into()
            }
            AppError::OAuth2(refusal) => {
                let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
                problem(status, refusal.code.word())
            }
            AppError::OAuth1(unsigned) => {
                let status = StatusCode::from_u16(unsigned.status()).unwrap_or(StatusCode::UNAUTHORIZED);
                problem(status, unsigned.word())
            }
            AppError::Call(refusal) => {
                let status = StatusCode::from_u16(refusal.class().status()).unwrap_or(StatusCode::BAD_REQUEST);
                problem(status, refusal.code())
            }
            AppError::TooLarge { .. } => problem(StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            AppError::OverQuota { .. } => problem(StatusCode::PAYLOAD_TOO_LARGE, "over_quota"),
            AppError::Throttled { now, until, limit } => {
                let seconds = until.since(now).as_secs() + 1;
                super::rate::Reached { limit, remaining: 0, seconds }
                    .onto(problem(StatusCode::TOO_MANY_REQUESTS, "throttled"))
            }
            AppError::OutOfRange { .. } => problem(StatusCode::RANGE_NOT_SATISFIABLE, "out_of_range"),
            AppError::Interrupted => problem(StatusCode::BAD_REQUEST, "interrupted"),
            AppError::NoAnswer => problem(StatusCode::GATEWAY_TIMEOUT, "no_answer"),
            AppError::Busy => problem(StatusCode::SERVICE_UNAVAILABLE, "busy").with(RETRY_AFTER, 1),
            AppError::StorageFull => {
                tracing::error!("storage is full");
                problem(StatusCode::INSUFFICIENT_STORAGE, "storage_full")
            }
            AppError::Storage(source) => {
                tracing::error!(error = %source, "storage does not answer as it should");
                problem(StatusCode::SERVICE_UNAVAILABLE, "storage").with(RETRY_AFTER, 10)
            }
            AppError::Store(source) => {
                tracing::error!(error = %source, "the database does not answer as it should");
                problem(StatusCode::INTERNAL_SERVER_ERROR, "internal")
            }
            AppError::WrongSecretKey(_) => {
                tracing::error!(error = message, "the installation's secret key is another one");
                problem(StatusCode::INTERNAL_SERVER_ERROR, "internal")
            }
            AppError::Broken(what) => {
                tracing::error!(error = what, "something that cannot fail did");
                problem(StatusCode::INTERNAL_SERVER_ERROR, "internal")
            }
        }
    }
}
