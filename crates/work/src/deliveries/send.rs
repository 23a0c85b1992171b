//! One attempt: bytes, signatures, and what came of it in words.

use std::time::Duration;

use app::deliveries::{Heard, ServiceResult, Signing};
use app::{App, AppError};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use model::delivery::{Attempt, Delivery, DeliveryKind, MOST_KEPT};
use model::{ProductionId, Time};
use protocols::jwt::{service_claims, service_token};
use protocols::webhook::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use serde_json::Value;
use store::deliveries::Body;
use tokio::time::Instant;

use super::hosts::Sign;
use crate::outbound::{Answer, AnswerLimits, Ending, Outbound, OutboundError, Request};

/// Bytes of an answer that are read: enough for what a service may say.
const MOST_READ: usize = 64 << 10;

/// Headers of an answer that are kept, and bytes of each.
const MOST_HEADERS: usize = 32;
const LONGEST_HEADER: usize = 512;

/// Makes the bytes of a delivery, of its facts alone: the same facts give the same bytes.
pub(super) fn render(delivery: &Delivery) -> Option<Body> {
    let text = |name: &str| delivery.fact.get(name).and_then(Value::as_str);
    let production = || text("production")?.parse::<ProductionId>().ok();
    let (content_type, bytes) = match delivery.kind {
        // The claims; they are signed with each attempt.
        DeliveryKind::Service => ("application/jwt", service_claims(production()?.as_str(), text("custom_data"))),
        DeliveryKind::Webhook => {
            let is_done = delivery.fact.get("is_done").and_then(Value::as_bool)?;
            ("application/x-www-form-urlencoded", wire::productions::status_form(production()?, is_done))
        }
        DeliveryKind::Player => ("application/json", wire::narration::player_told(&delivery.fact)?),
    };
    Some(Body { delivery: delivery.id, content_type: content_type.to_owned(), bytes: bytes.into_bytes() })
}

/// Tries once.
pub(super) async fn attempt(
    app: &App,
    outbound: &Outbound,
    timeout: Duration,
    delivery: Delivery,
    body: &Body,
    signing: &Signing,
) -> (Heard, Sign) {
    let (began, clock) = (app.now(), Instant::now());
    let said = match request(&delivery, body, signing, began) {
        Ok(request) => {
            let limits = AnswerLimits { body: MOST_READ, whole: timeout };
            Ok(outbound.send(&delivery.url, request, &limits).await)
        }
        Err(error) => Err(error),
    };
    let took = clock.elapsed();
    let attempt = unanswered(&delivery, began, took);
    match said {
        Ok(Ok(answer)) => (heard(delivery, attempt, &answer, app.now()), Sign::Answered),
        Ok(Err(error)) => {
            // What we refuse ourselves says nothing about the host.
            let sign = match error {
                OutboundError::Url(_) | OutboundError::Refused { .. } => Sign::Answered,
                _ => Sign::Silent,
            };
            (failed(delivery, Attempt { reason: error.to_string(), ..attempt }), sign)
        }
        Err(error) => (failed(delivery, Attempt { reason: error.to_string(), ..attempt }), Sign::Answered),
    }
}

/// What is said of a delivery whose facts make no sense to this program.
pub(super) fn unsendable(delivery: Delivery, now: Time) -> Heard {
    let reason = "Nothing was sent: this version of Soundpost cannot make a body of what is known.".to_owned();
    let attempt = Attempt { reason, ..unanswered(&delivery, now, Duration::ZERO) };
    failed(delivery, attempt)
}

/// The next attempt of a delivery, before anything is known of an answer.
fn unanswered(delivery: &Delivery, began: Time, took: Duration) -> Attempt {
    Attempt {
        number: delivery.attempts + 1,
        began,
        took,
        status: None,
        reason: String::new(),
        address: None,
        headers: Vec::new(),
        body: Vec::new(),
    }
}

fn request(delivery: &Delivery, body: &Body, signing: &Signing, now: Time) -> Result<Request, AppError> {
    let bytes = match (delivery.kind, &signing.secret) {
        (DeliveryKind::Service, Some(secret)) => {
            let claims = std::str::from_utf8(&body.bytes).map_err(|_| AppError::Broken("claims are not text"))?;
            Bytes::from(service_token(claims, secret.reveal()))
        }
        (DeliveryKind::Service, None) => return Err(AppError::Broken("an app has no secret to sign with")),
        (DeliveryKind::Webhook | DeliveryKind::Player, _) => Bytes::copy_from_slice(&body.bytes),
    };
    let seconds = u64::try_from(now.as_ms() / 1_000).unwrap_or(0);
    let keys: Vec<_> = signing.keys.iter().collect();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, value(&body.content_type)?);
    headers.insert(HeaderName::from_static(ID_HEADER), value(delivery.id.as_str())?);
    headers.insert(HeaderName::from_static(TIMESTAMP_HEADER), HeaderValue::from(seconds));
    if !keys.is_empty() {
        let signature = sign(&keys, delivery.id.as_str(), seconds, &bytes);
        let signature = signature.map_err(|_| AppError::Broken("a delivery could not be signed"))?;
        headers.insert(HeaderName::from_static(SIGNATURE_HEADER), value(&signature)?);
    }
    Ok(Request { method: Method::POST, headers, body: bytes })
}

fn value(text: &str) -> Result<HeaderValue, AppError> {
    HeaderValue::from_str(text).map_err(|_| AppError::Broken("a header cannot be written"))
}

fn failed(delivery: Delivery, attempt: Attempt) -> Heard {
    Heard { delivery, attempt, retry_after: None, result: ServiceResult::default() }
}

#[expect(clippy::needless_pass_by_value, reason = "the rest of the attempt is taken over")]
fn heard(delivery: Delivery, attempt: Attempt, answer: &Answer, now: Time) -> Heard {
    let is_taken = delivery.kind.is_taken(answer.status.as_u16());
    let result = if is_taken && delivery.kind == DeliveryKind::Service {
        let (page, urls) = wire::productions::service_reply(&answer.body);
        ServiceResult { page, urls }
    } else {
        ServiceResult::default()
    };
    let retry_after = answer.headers.get(RETRY_AFTER).and_then(|value| put_off(value, now));
    let headers = answer.headers.iter().take(MOST_HEADERS).map(|(name, value)| {
        let mut text = String::from_utf8_lossy(value.as_bytes()).replace('\0', "\u{fffd}");
        if text.len() > LONGEST_HEADER {
            let end = (0..=LONGEST_HEADER).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
        }
        (name.as_str().to_owned(), text)
    });
    let attempt = Attempt {
        status: Some(answer.status.as_u16()),
        reason: reason(answer, is_taken),
        address: answer.address.map(|address| address.to_string()),
        headers: headers.collect(),
        body: answer.body.get(..answer.body.len().min(MOST_KEPT)).unwrap_or_default().to_vec(),
        ..attempt
    };
    Heard { delivery, attempt, retry_after, result }
}

/// What came of it, in a sentence.
fn reason(answer: &Answer, is_taken: bool) -> String {
    let Answer { status, ending, .. } = answer;
    let how = match ending {
        Ending::Whole => "",
        Ending::Cut => " Its answer is longer than is read.",
        Ending::BrokenOff => " It broke off in the middle of its answer.",
        Ending::TimedOut => " It did not end its answer in time.",
    };
    if is_taken {
        return format!("Taken: the receiver answered {status}.{how}");
    }
    if status.is_redirection() {
        let to = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
        // Only where to, not with what: tokens stand in addresses.
        let to = to.split(['?', '#']).next().unwrap_or_default();
        return format!(
            "The receiver answered {status} and points to {to}. Redirects are not followed: give the final address."
        );
    }
    let then = match *status {
        StatusCode::GONE => " It does not want to be told any more.",
        StatusCode::ACCEPTED => " That is a promise and no yes, so it is tried again.",
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            " It may know another secret than the one this was signed with."
        }
        _ => "",
    };
    format!("The receiver answered {status}.{then}{how}")
}

/// How long a receiver wishes to be left alone: seconds, or a date. RFC 9110, section 10.2.3.
fn put_off(value: &HeaderValue, now: Time) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let at = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let now = Duration::from_millis(u64::try_from(now.as_ms()).ok()?);
    at.checked_sub(now)
}
