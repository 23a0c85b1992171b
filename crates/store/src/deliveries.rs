//! What somebody is told: kept with its cause, tried until it is taken, and remembered for a while.
//!
//! A delivery *waits* for its time, is being *sent* by a worker, is *held* where its receiver cannot be asked just now, and ends
//! *delivered* or *given up*. It is not a job: which of them is next depends on whose turn it is at which host, one worker has hundreds
//! of them under way, and each would cost two more rows (docs/adr/0014). A worker signs on with a token and says that it lives; what
//! one has that did not say so in time is tried by another.
//!
//! The nouns are here; `lease.rs` has what workers do, `look.rs` what people see, `row.rs` how it lies in the database.

mod lease;
mod look;
pub(crate) mod row;

use model::delivery::host_of;
use model::{AccountId, AppId, DeliveryId, DeliveryKind, ReceiverId, Time};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::Value;

use crate::connection::reading::Connected as _;
use crate::document;
use crate::{StoreError, Tx};

pub use lease::{
    bodies, claim, claim_held, freeze, had_by, held_hosts, hold, next_due, prolong, recover, release, settle, sign_off,
    sign_on,
};
pub use look::{Filter, attempts, body, count_ended, find, list, list_of_subject, remove_before, replay};

/// Something to tell somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDelivery {
    /// Its name within the program, and the `webhook-id`.
    pub id: DeliveryId,
    /// Who is told.
    pub receiver: ReceiverId,
    /// Whose it is.
    pub owner: AccountId,
    /// The app that signs, where one does.
    pub app: Option<AppId>,
    /// What kind of thing it is.
    pub kind: DeliveryKind,
    /// What it is about.
    pub subject: String,
    /// What is told.
    pub fact: Value,
    /// Where it goes.
    pub url: String,
    /// Whether it goes after everything older that the receiver is told. Whoever says so has locked the receiver.
    pub is_ordered: bool,
    /// Why it is not even tried: the receiver is disabled.
    pub given_up: Option<String>,
}

/// The bytes of a delivery, which are the same on every attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Whose.
    pub delivery: DeliveryId,
    /// Their media type.
    pub content_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// To whom.
    pub receiver: ReceiverId,
    /// Whether something newer waits for it to end.
    pub is_ordered: bool,
    /// What happened.
    pub attempt: model::Attempt,
    /// What follows.
    pub verdict: Verdict,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken.
    Taken,
    /// It is tried again at that moment.
    Again(Time),
    /// It is not tried again.
    Spent,
}

/// Keeps what is to be told. Workers hear of it once the transaction is committed.
pub async fn insert(tx: &Tx, now: Time, deliveries: &[NewDelivery]) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(deliveries.len());
    for new in deliveries {
        document::keepable(&new.fact)?;
        document::plain(&new.url)?;
        let waits = new.is_ordered && lease::is_before_it(tx, new.receiver).await?;
        let state = match (&new.given_up, waits) {
            (Some(_), _) => row::GIVEN_UP,
            (None, true) => row::HELD,
            (None, false) => row::WAITING,
        };
        let host = if new.is_ordered { lane(new.receiver) } else { host_of(&new.url) };
        let row = row::Model {
            id: new.id.to_string(),
            receiver: new.receiver.to_string(),
            owner: new.owner.to_string(),
            app: new.app.map(String::from),
            kind: new.kind.word().to_owned(),
            subject: new.subject.clone(),
            fact: new.fact.clone(),
            url: new.url.clone(),
            host,
            is_ordered: new.is_ordered,
            state: state.to_owned(),
            due_ms: now.as_ms(),
            attempts: 0,
            tries: 0,
            token: None,
            trouble: new.given_up.clone(),
            created_ms: now.as_ms(),
        };
        if new.is_ordered {
            // The next one may be of the same receiver, and has to find this one.
            row::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
        } else {
            rows.push(row.into_active_model().reset_all());
        }
    }
    if !rows.is_empty() {
        row::Entity::insert_many(rows).exec_without_returning(tx.connection()).await?;
    }
    if deliveries.iter().any(|new| new.given_up.is_none()) {
        tx.note_delivery();
    }
    Ok(())
}

/// How the names of lanes begin.
const LANE: &str = "in order ";

/// Where what goes in order waits for its turn: no host has this name.
fn lane(receiver: ReceiverId) -> String {
    format!("{LANE}{receiver}")
}

fn is_lane(host: &str) -> bool {
    host.starts_with(LANE)
}
