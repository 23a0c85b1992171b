//! What was made goes to where it is published: files to stores first, and when the last of them is there or given up, those are told who
//! are told of it.
//!
//! Each store is a job of its own, so that one that hangs holds up no other. The production's row is locked before any of its jobs is,
//! as everywhere.

use model::production::{Made, MadeFile, State};
use model::service::Placing;
use model::{JobId, Production, ProductionId, ServiceId, Time};
use serde_json::{Value, json};
use store::Tx;
use store::jobs::{Claimed, Job, NewJob, Priority};

use crate::productions::subject;
use crate::runs::Said;
use crate::stores::Opened;
use crate::{App, AppError};

/// The kind of job that puts a production's files into a store.
pub const TRANSFER: &str = "transfer";

/// How often a store is tried.
const MOST_ATTEMPTS: u32 = 6;

/// What was made goes to where it is published.
pub struct Transfers<'a>(pub(crate) &'a App);

/// What there is to put where.
#[derive(Debug)]
pub struct Transfer {
    /// The store.
    pub opened: Opened,
    /// The files that go there.
    pub files: Vec<MadeFile>,
}

/// What came of putting files somewhere.
enum Outcome {
    /// They are there; where everybody finds them, as far as the store says.
    There(Vec<String>),
    /// They are not, in a sentence.
    Not(String),
}

impl Transfers<'_> {
    /// Sends what was made on its way, as part of a transaction that keeps the production afterwards.
    pub(crate) async fn publish(&self, tx: &Tx, production: &mut Production, made: Box<Made>) -> Result<(), AppError> {
        store::services::forget_placings(tx, production.id).await?;
        let stores = self.stores(tx, production).await?;
        for id in &stores {
            self.enqueue(tx, production, *id).await?;
        }
        production.state = State::Publishing { made, is_announced: false };
        if stores.is_empty() {
            self.conclude(tx, production).await?;
        }
        Ok(())
    }

    /// Sends what did not arrive at stores on its way once more.
    pub(crate) async fn again(&self, tx: &Tx, production: &mut Production) -> Result<(), AppError> {
        let stores = self.stores(tx, production).await?;
        let placings = store::services::placings(tx, &[production.id]).await?;
        let missing: Vec<_> = placings
            .iter()
            .filter(|placing| placing.success == Some(false) && stores.contains(&placing.service))
            .map(|placing| placing.service)
            .collect();
        let (State::Done { made, in_review: false }, false) = (&mut production.state, missing.is_empty()) else {
            return Err(AppError::Conflict(
                "This production does not wait for a review, and nothing is missing at a store.".to_owned(),
            ));
        };
        production.state = State::Publishing { made: std::mem::take(made), is_announced: true };
        production.changed = self.0.now();
        for store in missing {
            self.enqueue(tx, production, store).await?;
        }
        store::productions::update(tx, production).await?;
        Ok(())
    }

    /// What a worker is to put where; nothing where that is over.
    pub async fn begin(&self, job: &Claimed) -> Result<Option<Transfer>, AppError> {
        let tx = self.0.begin().await?;
        let Some((production, service)) = current(&tx, &job.payload).await? else {
            // Whether the acknowledgement counts makes no difference: there is nothing to do either way.
            store::jobs::ack(&tx, job).await?;
            tx.commit().await?;
            return Ok(None);
        };
        // Nothing was changed: dropped, the transaction ends.
        drop(tx);
        let opened = self.0.stores().find_opened(service).await?;
        let made = production.state.made().map(|made| made.files.clone()).unwrap_or_default();
        let Some(opened) = opened else {
            // It was removed since; what was to be noted beside it went along.
            let _ = self.end(job, Outcome::Not(String::new())).await?;
            return Ok(None);
        };
        let of_production = &production.draft.services;
        let files = made.into_iter().filter(|file| file.order.goes_to(service, of_production)).collect();
        Ok(Some(Transfer { opened, files }))
    }

    /// Everything is there, at these public addresses, where the store has some.
    pub async fn finish(&self, job: &Claimed, addresses: Vec<String>) -> Result<Said, AppError> {
        self.end(job, Outcome::There(addresses)).await
    }

    /// It did not work and would not the next time.
    pub async fn fail(&self, job: &Claimed, reason: &str) -> Result<Said, AppError> {
        self.end(job, Outcome::Not(reason.to_owned())).await
    }

    /// It did not work, and is tried again then, unless that was the last attempt.
    pub async fn put_off(&self, job: &Claimed, due: Time, reason: &str) -> Result<Said, AppError> {
        if job.attempt >= job.max_attempts {
            return self.fail(job, reason).await;
        }
        let tx = self.0.begin().await?;
        let Some((production, service)) = current(&tx, &job.payload).await? else { return Ok(Said::TooLate) };
        place(&tx, production.id, service, None, reason.to_owned(), Vec::new()).await?;
        if store::jobs::fail_later(&tx, job, self.0.now(), due, reason).await? == store::jobs::Fate::Lost {
            return Ok(Said::TooLate);
        }
        tx.commit().await?;
        Ok(Said::Heard)
    }

    /// A worker leaves, and another one goes on.
    pub async fn hand_back(&self, job: &Claimed) -> Result<Said, AppError> {
        let tx = self.0.begin().await?;
        if !store::jobs::hand_back(&tx, job, self.0.now()).await? {
            return Ok(Said::TooLate);
        }
        tx.commit().await?;
        Ok(Said::Heard)
    }

    /// Ends the publishing of a production whose owner does not want to wait: what is not there by now is given up.
    pub(crate) async fn stop(&self, tx: &Tx, production: &mut Production) -> Result<(), AppError> {
        let stores = self.stores(tx, production).await?;
        for placing in store::services::placings(tx, &[production.id]).await? {
            // An app that was told before may still answer.
            if placing.success.is_none() && stores.contains(&placing.service) {
                let trouble = "It was stopped before everything was there.".to_owned();
                place(tx, production.id, placing.service, Some(false), trouble, Vec::new()).await?;
            }
        }
        self.conclude(tx, production).await
    }

    /// A job of this kind ended its workers too often.
    pub(crate) async fn bury(&self, tx: &Tx, job: &Job) -> Result<(), AppError> {
        let Some((production, service)) = current(tx, &job.payload).await? else { return Ok(()) };
        let trouble = "Putting files there ended the program that did it, more than once.".to_owned();
        self.note(tx, production, service, Outcome::Not(trouble)).await
    }

    async fn end(&self, job: &Claimed, outcome: Outcome) -> Result<Said, AppError> {
        let tx = self.0.begin().await?;
        let Some((production, service)) = current(&tx, &job.payload).await? else { return Ok(Said::TooLate) };
        self.note(&tx, production, service, outcome).await?;
        if !store::jobs::ack(&tx, job).await? {
            return Ok(Said::TooLate);
        }
        tx.commit().await?;
        Ok(Said::Heard)
    }

    /// Notes what came of one store, and goes on where it was the last.
    async fn note(
        &self,
        tx: &Tx,
        mut production: Production,
        service: ServiceId,
        outcome: Outcome,
    ) -> Result<(), AppError> {
        // Its row is gone where the store was removed, and then there is nothing to note beside it.
        if store::services::find(tx, service).await?.is_some() {
            let (success, trouble, urls) = match outcome {
                Outcome::There(urls) => (true, String::new(), urls),
                Outcome::Not(trouble) => (false, trouble, Vec::new()),
            };
            place(tx, production.id, service, Some(success), trouble, urls).await?;
        }
        let stores = self.stores(tx, &production).await?;
        let placings = store::services::placings(tx, &[production.id]).await?;
        let is_open = |placing: &Placing| {
            placing.success.is_none() && placing.service != service && stores.contains(&placing.service)
        };
        if !placings.iter().any(is_open) {
            self.conclude(tx, &mut production).await?;
            production.changed = self.0.now();
            store::productions::update(tx, &production).await?;
        }
        Ok(())
    }

    /// Nothing is on its way any more: the production is done, and everybody hears of it who did not before.
    async fn conclude(&self, tx: &Tx, production: &mut Production) -> Result<(), AppError> {
        let State::Publishing { made, is_announced } = &mut production.state else { return Ok(()) };
        let (made, is_announced) = (std::mem::take(made), *is_announced);
        production.state = State::Done { made, in_review: false };
        if is_announced {
            return Ok(());
        }
        // Where its owner looked at it first, the webhook was told when it was made.
        if !production.draft.review_before_publishing {
            self.0.deliveries().tell_webhook(tx, production).await?;
        }
        self.0.deliveries().tell_services(tx, production).await
    }

    /// The stores that something of a production goes to.
    async fn stores(&self, tx: &Tx, production: &Production) -> Result<Vec<ServiceId>, AppError> {
        let mut wanted = production.draft.all_services();
        if !wanted.is_empty() {
            let known = store::services::list(tx, production.owner).await?;
            wanted.retain(|id| known.iter().any(|service| service.id == *id && service.store().is_some()));
        }
        Ok(wanted)
    }

    async fn enqueue(&self, tx: &Tx, production: &Production, service: ServiceId) -> Result<(), AppError> {
        place(tx, production.id, service, None, String::new(), Vec::new()).await?;
        let now = self.0.now();
        let job = NewJob {
            kind: TRANSFER,
            payload: json!({ "production": production.id, "run": production.run, "service": service }),
            priority: Priority::Normal,
            due: now,
            unique: None,
            subject: Some(subject(production.id)),
            max_attempts: MOST_ATTEMPTS,
        };
        let _ = store::jobs::enqueue(tx, now, JobId::new(now, self.0.dice()), job).await?;
        Ok(())
    }
}

/// The production and the store that a payload names, if they are still waited for.
async fn current(tx: &Tx, payload: &Value) -> Result<Option<(Production, ServiceId)>, AppError> {
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    let service = text("service").and_then(|id| id.parse::<ServiceId>().ok());
    let (Some(service), Some(production)) = (service, crate::runs::of_run(tx, payload).await?) else { return Ok(None) };
    Ok(matches!(production.state, State::Publishing { .. }).then_some((production, service)))
}

async fn place(
    tx: &Tx,
    production: ProductionId,
    service: ServiceId,
    success: Option<bool>,
    trouble: String,
    result_urls: Vec<String>,
) -> Result<(), AppError> {
    let placing = Placing { production, service, success, trouble, result_page: None, result_urls };
    Ok(store::services::place(tx, &placing).await?)
}
