//! How a job lies in the database.
//!
//! `due_ms` is the moment that counts in each state: when it may be claimed, until when it is leased, since when it is dead.

use model::Time;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait as _};

use super::{Job, JobState, Priority, Progress};
use crate::StoreError;
use crate::error::corrupt;

/// May be claimed.
pub(super) const READY: &str = "ready";
/// May be claimed once its time has come.
pub(super) const LATER: &str = "later";
/// A worker has it.
pub(super) const LEASED: &str = "leased";
/// Is not tried again.
pub(super) const DEAD: &str = "dead";

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
#[sea_orm(table_name = "jobs")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: String,
    pub(crate) kind: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) payload: Json,
    pub(crate) priority: i64,
    pub(crate) state: String,
    pub(crate) due_ms: i64,
    pub(crate) unique_key: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) attempts: i64,
    pub(crate) max_attempts: i64,
    pub(crate) worker: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) cancel_asked: bool,
    pub(crate) progress_fraction: Option<f64>,
    pub(crate) progress_stage: Option<String>,
    pub(crate) progress_amplitudes: Option<Vec<u8>>,
    pub(crate) trouble: Option<String>,
    pub(crate) enqueued_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A priority as it is compared.
pub(super) fn number(priority: Priority) -> i64 {
    match priority {
        Priority::Low => -1,
        Priority::Normal => 0,
        Priority::High => 1,
    }
}

/// Whether a job is in a state. The state is written into the statement: an index over one state is found by its letters.
pub(super) fn is(state: &'static str) -> Expr {
    Expr::col((Entity, Column::State)).eq(Expr::Constant(state.into()))
}

/// Whether a job waits for its time, or for a sign of life.
pub(super) fn is_timed() -> Expr {
    Expr::col((Entity, Column::State)).is_in([LATER, LEASED].map(|state| Expr::Constant(state.into())))
}

impl TryFrom<Model> for Job {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let moment = Time::from_ms(row.due_ms);
        let state = match row.state.as_str() {
            READY | LATER => JobState::Waiting { due: moment },
            LEASED => JobState::Leased {
                worker: row.worker.unwrap_or_default(),
                until: moment,
                progress: progress(row.progress_fraction, row.progress_stage, row.progress_amplitudes),
                cancel_asked: row.cancel_asked,
            },
            DEAD => JobState::Dead { since: moment, reason: row.trouble.clone().unwrap_or_default() },
            other => return Err(corrupt("jobs", &row.id, format!("no state is called {other}"))),
        };
        Ok(Self {
            id: row.id.parse().map_err(|why| corrupt("jobs", &row.id, why))?,
            kind: row.kind,
            payload: row.payload,
            subject: row.subject,
            state,
            attempts: row.attempts.try_into().map_err(|why| corrupt("jobs", &row.id, why))?,
            max_attempts: row.max_attempts.try_into().map_err(|why| corrupt("jobs", &row.id, why))?,
            trouble: row.trouble,
            enqueued: Time::from_ms(row.enqueued_ms),
        })
    }
}

/// What a worker said last.
pub(super) fn progress(fraction: Option<f64>, stage: Option<String>, amplitudes: Option<Vec<u8>>) -> Option<Progress> {
    let (stage, amplitudes) = (stage.unwrap_or_default(), amplitudes.unwrap_or_default());
    Some(Progress { fraction: fraction?, stage, amplitudes })
}
