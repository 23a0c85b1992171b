//! Telling others: what is told is decided in the transaction of its cause, and what an answer means is decided here, too. Making
//! bytes of it, signing and sending are the business of workers.

mod causes;
mod looking;

use std::collections::BTreeMap;
use std::time::Duration;

use model::delivery::{DeliveryKind, FAILS_FOR, Receiver, next_wait};
use model::service::Placing;
use model::{AccountId, AppId, Attempt, AuditKind, Delivery, Production, ReceiverId, ServiceId, Time, WebhookSecretId};
use protocols::Secret;
use protocols::webhook::WebhookKey;
use serde_json::json;
use store::Tx;
use store::deliveries::{Settled, Verdict};
use store::webhook_secrets::WebhookSecret;

use crate::audit::Entry;
use crate::letters::Wish;
use crate::{App, AppError};

pub(crate) use self::causes::Tell;
pub use self::looking::{Told, Whose};
pub use store::deliveries::Filter;

/// How long the old secret of an account still signs beside the new one.
const OVERLAP: Duration = Duration::from_hours(24);

/// Telling others.
pub struct Deliveries<'a>(pub(crate) &'a App);

/// What came of an attempt, as far as a worker can tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// What was told.
    pub delivery: Delivery,
    /// What happened.
    pub attempt: Attempt,
    /// How long the receiver wishes to be left alone.
    pub retry_after: Option<Duration>,
    /// What a service made of a production, as far as it said so.
    pub result: ServiceResult,
}

/// What a service made of a production.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceResult {
    /// A page.
    pub page: Option<String>,
    /// Files.
    pub urls: Vec<String>,
}

/// What an attempt is signed with.
#[derive(Debug)]
pub struct Signing {
    /// Signs the headers: the newest first, each for a receiver that may have only that one.
    pub keys: Vec<WebhookKey>,
    /// Signs a body that carries its own signature: the oldest that still works, which every receiver has.
    pub secret: Option<Secret>,
}

impl Deliveries<'_> {
    /// What a delivery is signed with at this moment.
    pub async fn signing(&self, app: Option<AppId>, owner: AccountId) -> Result<Signing, AppError> {
        if let Some(app) = app {
            let speaker = self.0.apps().speaker(app.as_str()).await?.ok_or(AppError::NotFound("app"))?;
            let keys = speaker.secrets.iter().map(|secret| WebhookKey::raw(secret.reveal())).collect();
            return Ok(Signing { keys, secret: speaker.secrets.into_iter().next_back() });
        }
        Ok(Signing { keys: self.account_keys(owner).await?, secret: None })
    }

    /// What an account signs with now, newest first.
    async fn account_keys(&self, owner: AccountId) -> Result<Vec<WebhookKey>, AppError> {
        let sealed = store::webhook_secrets::list(self.0.store(), owner, self.0.now()).await?;
        sealed.iter().map(|secret| self.open_key(owner, &secret.sealed)).collect()
    }

    fn open_key(&self, owner: AccountId, sealed: &[u8]) -> Result<WebhookKey, AppError> {
        let text = self.0.open_text(&purpose(owner), sealed)?;
        WebhookKey::parse(text.reveal()).map_err(|_| AppError::Broken("a webhook secret that was kept is none"))
    }

    /// Makes another secret for an account.
    pub(crate) async fn add_key(&self, tx: &Tx, owner: AccountId) -> Result<WebhookKey, AppError> {
        let key = WebhookKey::new(self.0.random());
        let now = self.0.now();
        let secret = WebhookSecret {
            id: WebhookSecretId::new(now, self.0.dice()),
            owner,
            sealed: self.0.seal(&purpose(owner), key.reveal().as_bytes())?,
            created: now,
            expires: None,
        };
        store::webhook_secrets::insert(tx, &secret).await?;
        Ok(key)
    }

    /// Writes down what came of attempts, and does what follows: all of it, or nothing.
    pub async fn settle(&self, token: &str, heard: &[Heard]) -> Result<(), AppError> {
        let now = self.0.now();
        let judged: Vec<_> = heard.iter().map(|heard| (heard, self.judge(heard, now))).collect();
        let tx = self.0.begin().await?;
        let settled: Vec<_> = judged
            .iter()
            .map(|(heard, verdict)| Settled {
                delivery: heard.delivery.id,
                receiver: heard.delivery.receiver,
                is_ordered: heard.delivery.is_ordered,
                attempt: heard.attempt.clone(),
                verdict: *verdict,
            })
            .collect();
        store::deliveries::settle(&tx, token, now, &settled).await?;
        // In one order for everybody, so that no two transactions wait for each other.
        let mut receivers: BTreeMap<ReceiverId, Vec<&(&Heard, Verdict)>> = BTreeMap::new();
        for each in &judged {
            receivers.entry(each.0.delivery.receiver).or_default().push(each);
        }
        let taken = |each: &&(&Heard, Verdict)| each.1 == Verdict::Taken;
        let (good, bad): (Vec<_>, Vec<_>) = receivers.into_iter().partition(|(_, said)| said.iter().any(taken));
        let good: Vec<_> = good.into_iter().map(|(id, _)| id).collect();
        if !good.is_empty() {
            store::receivers::note_taken(&tx, &good).await?;
        }
        for (id, said) in bad {
            self.note_failure(&tx, id, &said, now).await?;
        }
        for (heard, verdict) in &judged {
            if heard.delivery.kind == DeliveryKind::Service {
                place(&tx, heard, *verdict).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    fn judge(&self, heard: &Heard, now: Time) -> Verdict {
        let Heard { delivery, attempt, .. } = heard;
        if attempt.status.is_some_and(|status| delivery.kind.is_taken(status)) {
            return Verdict::Taken;
        }
        if attempt.status == Some(410) && delivery.kind.is_gone_at_410() {
            return Verdict::Spent;
        }
        let mut byte = [0];
        self.0.dice().fill(&mut byte);
        let wait = next_wait(delivery.tries + 1, f64::from(byte[0]) / 255.0, heard.retry_after);
        wait.map_or(Verdict::Spent, |wait| Verdict::Again(now + wait))
    }

    /// A receiver did nothing but fail just now: whether that is the end.
    async fn note_failure(
        &self,
        tx: &Tx,
        id: ReceiverId,
        said: &[&(&Heard, Verdict)],
        now: Time,
    ) -> Result<(), AppError> {
        let Some(receiver) = store::receivers::note_failed(tx, id, now).await? else { return Ok(()) };
        let is_gone = said.iter().any(|each| each.0.attempt.status == Some(410)) && receiver.kind.is_gone_at_410();
        let is_dead = receiver.failing.is_some_and(|since| now.since(since) >= FAILS_FOR);
        let why = match (is_gone, is_dead) {
            (true, _) => "The receiver answered 410 Gone, so it is not told anything any more.",
            (false, true) => {
                "Nothing but failure came of telling this receiver for five days, so it is not told anything any more."
            }
            (false, false) => return Ok(()),
        };
        self.disable(tx, &receiver, why, now).await
    }

    async fn disable(&self, tx: &Tx, receiver: &Receiver, why: &str, now: Time) -> Result<(), AppError> {
        if !store::receivers::disable(tx, receiver.id, why, now).await? {
            return Ok(());
        }
        tracing::info!(receiver = %receiver.id, why, "a receiver is disabled");
        let entry = Entry {
            app: receiver.app.map(String::from),
            ..Entry::new(AuditKind::ReceiverDisabled, receiver.owner, None)
        };
        self.0.audit().note(tx, entry.with(json!({ "address": receiver.url, "why": why }))).await?;
        let host = model::delivery::host_of(&receiver.url);
        self.0.letters().promise(tx, Wish::Disabled { account: receiver.owner, host, why: why.to_owned() }).await
    }
}

/// Notes beside the production how it went at a service.
async fn place(tx: &Tx, heard: &Heard, verdict: Verdict) -> Result<(), AppError> {
    let text = |name: &str| heard.delivery.fact.get(name).and_then(|value| value.as_str());
    let ids = (
        text("production").and_then(|id| id.parse().ok()),
        text("service").and_then(|id| id.parse::<ServiceId>().ok()),
    );
    let (Some(production), Some(service)) = ids else { return Ok(()) };
    // Either may be gone since, and what is said of an earlier run is not said of this one.
    let run = heard.delivery.fact.get("run").and_then(serde_json::Value::as_u64);
    let is_meant = |found: &Production| run.is_none_or(|run| run == u64::from(found.run));
    if !store::productions::find(tx, production).await?.as_ref().is_some_and(is_meant)
        || store::services::find(tx, service).await?.is_none()
    {
        return Ok(());
    }
    let (success, trouble) = match verdict {
        Verdict::Taken => (Some(true), String::new()),
        Verdict::Again(_) => (None, heard.attempt.reason.clone()),
        Verdict::Spent => (Some(false), heard.attempt.reason.clone()),
    };
    let (result_page, result_urls) = (heard.result.page.clone(), heard.result.urls.clone());
    Ok(store::services::place(tx, &Placing { production, service, success, trouble, result_page, result_urls }).await?)
}

fn purpose(owner: AccountId) -> String {
    format!("webhook secret {owner}")
}
