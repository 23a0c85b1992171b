//! What every JSON reply of the productions API is wrapped in. Clients look at all five keys, so all five are always there.

use serde::Serialize;
use utoipa::ToSchema;

use super::FormErrors;

/// A reply: what became of the request, and what was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Envelope<T> {
    /// The HTTP status again.
    #[schema(example = 200)]
    pub status_code: u16,
    /// What is wrong with the request, by field.
    pub form_errors: FormErrors,
    /// A short name of what went wrong, for programs.
    pub error_code: Option<String>,
    /// What went wrong, in a sentence for people; empty when nothing did.
    pub error_message: String,
    /// What was asked for.
    pub data: T,
}

impl<T> Envelope<T> {
    /// What was asked for, with status 200.
    pub fn of(data: T) -> Self {
        Self {
            status_code: 200,
            form_errors: FormErrors::default(),
            error_code: None,
            error_message: String::new(),
            data,
        }
    }
}

/// Nothing, where there could be something: null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Option<Object>)]
pub struct Nothing(pub Option<()>);

impl Envelope<Nothing> {
    /// A refusal. The message may be left empty where form errors say it all; they become the message then.
    pub fn refusal(status_code: u16, code: &str, message: impl Into<String>, form_errors: FormErrors) -> Self {
        let mut error_message = message.into();
        if error_message.is_empty() {
            error_message = form_errors.summary();
        }
        Self { status_code, form_errors, error_code: Some(code.to_owned()), error_message, data: Nothing(None) }
    }

    /// That something was done of which there is nothing to show.
    pub fn done() -> Self {
        Self::of(Nothing(None))
    }
}

/// The reply about a preset's webhooks, which has them beside the data rather than in it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WebhookEnvelope {
    /// The HTTP status again.
    #[schema(example = 200)]
    pub status_code: u16,
    /// What is wrong with the request, by field.
    pub form_errors: FormErrors,
    /// A short name of what went wrong, for programs.
    pub error_code: Option<String>,
    /// What went wrong, in a sentence for people; empty when nothing did.
    pub error_message: String,
    /// Always null.
    pub data: Nothing,
    /// The addresses that hear of every production made with the preset, or null where there is none.
    pub webhook: Option<Vec<String>>,
}

impl WebhookEnvelope {
    /// The addresses as they are now.
    pub fn of(addresses: &[String]) -> Self {
        let Envelope { status_code, form_errors, error_code, error_message, .. } = Envelope::of(());
        let webhook = (!addresses.is_empty()).then(|| addresses.to_vec());
        Self { status_code, form_errors, error_code, error_message, data: Nothing(None), webhook }
    }
}
