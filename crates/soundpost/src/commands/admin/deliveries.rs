//! `soundpost admin delivery`: what others were told, what they answered, and having it sent once more.

use std::fmt::Write;
use std::time::Duration;

use app::deliveries::{Filter, Told, Whose};
use app::{App, AppError, Operator, Page};
use model::delivery::DeliveryState;
use model::{Delivery, DeliveryId};
use serde_json::{Value, json};

use super::{Answer, MOST, lines, said};
use crate::cli::{Deliveries, Meant};
use crate::failure::Failure;

/// Does what the operator asks.
pub(super) async fn run(app: &App, asked: Deliveries) -> Result<Answer, Failure> {
    let operator = Operator::at_the_console();
    let everybody = Whose::Everybody(&operator);
    match asked {
        Deliveries::List { meant, .. } => list(app, &meant).await,
        Deliveries::Show { id, .. } => {
            let told = app.deliveries().find(everybody, parse(&id)?).await.map_err(said)?;
            Ok(show(&told))
        }
        Deliveries::Replay { id: Some(id), .. } => {
            let id = parse(&id)?;
            let (count, text) = match app.deliveries().replay(everybody, id).await {
                Ok(()) => (1, "It is sent once more.".to_owned()),
                Err(AppError::Conflict(why)) => (0, why),
                Err(error) => return Err(said(error)),
            };
            Ok(Answer { json: json!({ "replayed": count }), text })
        }
        Deliveries::Replay { id: None, meant, yes, .. } => {
            let filter = filter(app, &meant)?;
            let count = app.deliveries().count(everybody, filter).await.map_err(said)?;
            if !yes {
                let text = format!("{count} would be sent once more. Say --yes to do it.");
                return Ok(Answer { json: json!({ "would_replay": count }), text });
            }
            let count = app.deliveries().replay_all(everybody, filter).await.map_err(said)?;
            Ok(Answer { json: json!({ "replayed": count }), text: format!("{count} are sent once more.") })
        }
    }
}

async fn list(app: &App, meant: &Meant) -> Result<Answer, Failure> {
    let (filter, page) = (filter(app, meant)?, Page::first(MOST));
    let operator = Operator::at_the_console();
    let all = app.deliveries().list(Whose::Everybody(&operator), filter, page).await.map_err(said)?;
    let text = all.iter().map(|delivery| {
        let trouble = delivery.trouble.as_deref().unwrap_or_default();
        let Delivery { id, kind, attempts, url, .. } = delivery;
        format!("{:<9} {id}  {:<7} {attempts:>2}  {url}  {trouble}", state(delivery), kind.word()).trim_end().to_owned()
    });
    Ok(Answer { json: all.iter().map(brief).collect(), text: lines(text, "Nobody was told anything.") })
}

fn show(told: &Told) -> Answer {
    let Told { delivery, receiver, body, attempts } = told;
    let mut json = brief(delivery);
    let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if let Value::Object(fields) = &mut json {
        fields.insert("receiver".into(), json!(receiver.as_ref().map(|receiver| json!({
            "id": receiver.id, "url": receiver.url, "failing_since_ms": receiver.failing, "disabled_ms": receiver.disabled,
            "disabled_why": receiver.disabled_why,
        }))));
        fields.insert(
            "body".into(),
            json!(body.as_ref().map(|body| json!({
                "content_type": body.content_type, "text": text_of(&body.bytes),
            }))),
        );
        let attempts = attempts.iter().map(|attempt| {
            json!({
                "number": attempt.number, "began_ms": attempt.began, "took_ms": attempt.took.as_millis(),
                "status": attempt.status, "reason": attempt.reason, "address": attempt.address,
                "headers": attempt.headers, "answer": text_of(&attempt.body),
            })
        });
        fields.insert("attempts".into(), attempts.collect());
    }
    let mut text = format!("{} {} to {}: {}", delivery.kind.word(), delivery.id, delivery.url, state(delivery));
    // Writing to a string cannot fail.
    if let Some(why) = receiver.as_ref().and_then(|receiver| receiver.disabled_why.as_deref()) {
        let _ = write!(text, "\nThe receiver is disabled. {why}");
    }
    match body {
        Some(body) => _ = write!(text, "\n{}: {}", body.content_type, text_of(&body.bytes)),
        None => text.push_str("\nIts body was not made yet, or is not kept any more."),
    }
    for attempt in attempts {
        let took = attempt.took.as_millis();
        let _ = write!(text, "\n{}. {took} ms: {}", attempt.number, attempt.reason);
    }
    Answer { json, text }
}

fn brief(delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id, "kind": delivery.kind.word(), "owner": delivery.owner, "app": delivery.app,
        "subject": delivery.subject, "url": delivery.url, "state": state(delivery), "attempts": delivery.attempts,
        "trouble": delivery.trouble, "created_ms": delivery.created,
    })
}

fn state(delivery: &Delivery) -> &'static str {
    match delivery.state {
        DeliveryState::Waiting(_) => "waiting",
        DeliveryState::Held => "held",
        DeliveryState::Sending => "sending",
        DeliveryState::Delivered(_) => "delivered",
        DeliveryState::GivenUp(_) => "given up",
    }
}

fn filter(app: &App, meant: &Meant) -> Result<Filter, Failure> {
    let client = meant.app.as_deref().map(super::apps::id).transpose()?;
    let since = meant.since_hours.map(|hours| app.now() - Duration::from_secs(u64::from(hours) * 3_600));
    Ok(Filter { app: client, since, given_up: meant.failed, ..Filter::default() })
}

fn parse(id: &str) -> Result<DeliveryId, Failure> {
    id.parse().map_err(|error| Failure::WrongUse(format!("“{id}” is no delivery's id: {error}.")))
}
