//! The delivery engine: whatever anybody is told goes out here, again and again until it is taken or its schedule is spent.
//!
//! What belongs here: taking deliveries from the database, whose turn it is at which host, signing, sending, and writing down what
//! came of it. What does not: what is told and what an answer means, which is decided in `app`.
//!
//! One task, the desk, takes deliveries and hands them to their hosts; each attempt is a task of its own that goes on with the next
//! one of its host. A host has as many attempts under way as it earned (`hosts.rs`), so one that hangs keeps nobody else waiting. A
//! worker that is killed has its deliveries tried by others once its lease is over.

mod desk;
mod hosts;
mod send;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use app::App;
use model::Dice;
use store::Store;

use crate::outbound::Outbound;

pub use self::desk::deliver;

/// What whoever delivers works with.
#[derive(Clone)]
pub struct DeliveryParts {
    /// The verbs.
    pub app: App,
    /// The database, for its table of deliveries.
    pub store: Store,
    /// The way out.
    pub outbound: Outbound,
    /// Whoever throws the dice.
    pub dice: Arc<dyn Dice>,
}

/// How it goes about it.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryOptions {
    /// How long what it took is its own without a word.
    pub lease: Duration,
    /// How often it looks when nothing rings.
    pub poll: Duration,
    /// How long what is under way may take when it is to leave.
    pub patience: Duration,
    /// From connecting to the end of an answer.
    pub timeout: Duration,
    /// Attempts under way at once.
    pub at_once: usize,
    /// Attempts under way at once to one host that answers well.
    pub per_host: usize,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(20),
            poll: Duration::from_secs(1),
            patience: Duration::from_secs(10),
            timeout: Duration::from_mins(1),
            at_once: 2_048,
            per_host: 32,
        }
    }
}
