//! Services on the wire: how an app connects itself, and what others were told.

use model::delivery::DeliveryState;
use model::service::Checked;
use model::{Attempt, Delivery, Remote, ShownService, Time};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::form_errors::{At, FormErrors};
use super::present::timestamp;
use super::read::Fields;
use super::stores::{StoreCheck, fields_of};

/// What kind of service an app is that connected itself.
pub const EXTERNAL: &str = "external";

/// What an app says when it connects itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connect {
    /// Where it is told.
    pub webhook_url: String,
    /// What it calls itself here, beside its own name.
    pub display_name: String,
    /// What it wants to have back with each webhook.
    pub custom_data: Option<String>,
}

/// The body of `POST /api/service/connect.json`, as OpenAPI describes it.
#[derive(Clone, Debug, ToSchema)]
pub struct ConnectRequest {
    /// Where the app is told when a production is done.
    #[schema(example = "https://host.example/hooks/soundpost")]
    pub webhook_url: String,
    /// What the app calls itself here. People see the app's own name before it.
    #[schema(example = "My Family Podcast", max_length = 200)]
    pub display_name: String,
    /// What the app wants to have back with each webhook, at most 64 KiB. Left out, nothing comes back.
    pub custom_data: Option<String>,
}

/// Reads the body with which an app connects itself. A comma before a closing brace is passed over: the call was published with one.
pub fn connect(body: &[u8]) -> Result<Connect, FormErrors> {
    let fields = match Fields::parse(body) {
        Ok(fields) => fields,
        Err(errors) => Fields::parse(&without_trailing_commas(body)).map_err(|_| errors)?,
    };
    let mut errors = FormErrors::default();
    let mut take = |field: &'static str, is_needed: bool| {
        let value = fields.0.iter().find(|(name, _)| name == field).map_or(&Value::Null, |(_, value)| value);
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Null if is_needed => {
                errors.add(field, format!("{field} is missing."));
                None
            }
            Value::Null => None,
            other => {
                At::new(&mut errors, field, field).wants("a text", other);
                None
            }
        }
    };
    let said = Connect {
        webhook_url: take("webhook_url", true).unwrap_or_default().trim().to_owned(),
        display_name: take("display_name", true).unwrap_or_default(),
        custom_data: take("custom_data", false),
    };
    if errors.is_empty() { Ok(said) } else { Err(errors) }
}

/// The same text without commas that only a closing brace or bracket follows, outside of strings.
fn without_trailing_commas(body: &[u8]) -> Vec<u8> {
    let mut kept: Vec<u8> = Vec::with_capacity(body.len());
    let (mut in_string, mut is_escaped) = (false, false);
    for byte in body {
        if in_string {
            in_string = *byte != b'"' || is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
        } else {
            in_string = *byte == b'"';
            is_escaped = false;
            if matches!(byte, b'}' | b']') {
                let end = kept.iter().rposition(|before| !before.is_ascii_whitespace());
                if let Some(end) = end.filter(|end| kept[*end] == b',') {
                    kept.remove(end);
                }
            }
        }
        kept.push(*byte);
    }
    kept
}

/// A service of the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Service {
    /// Its uuid.
    pub uuid: String,
    /// The app's name, and what the app calls itself here.
    #[schema(example = "Podhost: My Family Podcast")]
    pub display_name: String,
    /// What kind of service it is: `external` for an app that connected itself, or the type of a store.
    #[schema(example = "external")]
    pub r#type: &'static str,
    /// Whether recordings can be taken from it.
    pub incoming: bool,
    /// Whether productions can be published to it.
    pub outgoing: bool,
    /// What came of the last test of a store's connection; null where there was none.
    pub last_check: Option<StoreCheck>,
    /// A store: its own fields, as `GET /api/info/service_types.json` lists them, but for what opens it.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
}

/// What kind of service it is.
pub(super) fn type_of(service: &model::Service) -> &'static str {
    service.store().map_or(EXTERNAL, |store| store.remote.word())
}

/// Whether recordings can be taken from a service, and whether productions can go there.
pub(super) fn directions(service: &model::Service) -> (bool, bool) {
    match service.store().map(|store| (&store.remote, &store.checked)) {
        None => (false, true),
        Some((_, Some(checked))) => (checked.may_read, checked.may_write),
        // A server whose key nobody saw is tested first.
        Some((Remote::Sftp(at), None)) => (at.host_key.is_some(), at.host_key.is_some()),
        Some((_, None)) => (true, true),
    }
}

impl From<&ShownService> for Service {
    fn from(shown: &ShownService) -> Self {
        let (incoming, outgoing) = directions(&shown.service);
        let check = |checked: &Checked| StoreCheck {
            time: timestamp(Time::from_ms(checked.at_ms)),
            may_read: checked.may_read,
            may_write: checked.may_write,
            error_message: checked.trouble.clone().unwrap_or_default(),
        };
        let store = shown.service.store();
        Self {
            uuid: shown.service.id.to_string(),
            display_name: shown.display_name.clone(),
            r#type: type_of(&shown.service),
            incoming,
            outgoing,
            last_check: store.and_then(|store| store.checked.as_ref()).map(check),
            fields: store.map(|store| fields_of(&store.remote)).unwrap_or_default(),
        }
    }
}

/// Something that somebody was told about a production.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DeliveryReply {
    /// Its id, which is the `webhook-id` of every attempt.
    pub id: String,
    /// What it is: `service` or `webhook`.
    pub kind: &'static str,
    /// The uuid of the service, where one is told.
    pub service: Option<String>,
    /// Where it goes.
    pub url: String,
    /// `waiting`, `sending`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    pub state: &'static str,
    /// When it is tried next.
    pub next_attempt: Option<String>,
    /// Why the last attempt did not work, in a sentence.
    pub trouble: Option<String>,
    /// When it was caused.
    pub creation_time: String,
    /// The attempts, first to last.
    pub attempts: Vec<AttemptReply>,
}

/// One attempt to tell somebody something.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AttemptReply {
    /// When it began.
    pub time: String,
    /// How long it took, in seconds.
    pub duration: f64,
    /// The HTTP status of the answer, where one came.
    pub status: Option<u16>,
    /// What came of it, in a sentence.
    pub reason: String,
    /// The beginning of the answer, where it is text.
    pub answer: String,
}

impl DeliveryReply {
    /// Shows a delivery.
    pub fn of(delivery: &Delivery, attempts: &[Attempt]) -> Self {
        let (state, next) = match delivery.state {
            DeliveryState::Waiting(due) => ("waiting", Some(timestamp(due))),
            DeliveryState::Held => ("waiting", None),
            DeliveryState::Sending => ("sending", None),
            DeliveryState::Delivered(_) => ("delivered", None),
            DeliveryState::GivenUp(_) => ("failed", None),
        };
        Self {
            id: delivery.id.to_string(),
            kind: delivery.kind.word(),
            service: delivery.fact.get("service").and_then(Value::as_str).map(str::to_owned),
            url: delivery.url.clone(),
            state,
            next_attempt: next,
            trouble: delivery.trouble.clone(),
            creation_time: timestamp(delivery.created),
            attempts: attempts.iter().map(AttemptReply::from).collect(),
        }
    }
}

impl From<&Attempt> for AttemptReply {
    fn from(attempt: &Attempt) -> Self {
        Self {
            time: timestamp(attempt.began),
            duration: attempt.took.as_secs_f64(),
            status: attempt.status,
            reason: attempt.reason.clone(),
            answer: String::from_utf8_lossy(&attempt.body).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_call_is_read_with_its_comma() {
        let body = br#"{
"display_name": "My Family Podcast",
"webhook_url": "https://your-service.fm/userXY/webhook/aweouihreu/",
"custom_data": "any-data-string-you-want",
}"#;
        let said = connect(body);
        assert_eq!(
            said.ok(),
            Some(Connect {
                webhook_url: "https://your-service.fm/userXY/webhook/aweouihreu/".into(),
                display_name: "My Family Podcast".into(),
                custom_data: Some("any-data-string-you-want".into()),
            })
        );
    }

    #[test]
    fn commas_within_texts_stay() {
        let said =
            connect(br#"{"display_name": "a,}\",]", "webhook_url": "https://h.example/,}", "custom_data": null,}"#);
        assert_eq!(
            said.map(|said| (said.display_name, said.webhook_url, said.custom_data)).ok(),
            Some(("a,}\",]".into(), "https://h.example/,}".into(), None))
        );
    }

    #[test]
    fn what_is_wrong_is_said_by_field() {
        let wrong = connect(br#"{"webhook_url": 5, "custom_data": {"a": 1}}"#);
        let said = format!("{:?}", wrong.err());
        for field in ["webhook_url takes a text, not 5", "custom_data takes a text", "display_name is missing"] {
            assert!(said.contains(field), "{field}: {said}");
        }
        assert!(connect(b"{").is_err());
        assert!(connect(b"{,}").is_err());
        assert!(connect(b"").is_err());
    }
}
