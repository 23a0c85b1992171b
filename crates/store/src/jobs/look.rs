//! What people and pages see of the queue, and what is done about dead jobs.

use model::{JobId, Time};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use super::row::{self, Column, DEAD, Entity, LATER, LEASED, READY};
use super::{Counts, Job, Progress};
use crate::connection::reading::Connected as _;
use crate::{Page, Read, StoreError, Tx};

/// The job.
pub async fn find(db: &impl Read, id: JobId) -> Result<Option<Job>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(Job::try_from).transpose()
}

/// All jobs: dead ones in front, then the oldest.
pub async fn list(db: &impl Read, page: Page) -> Result<Vec<Job>, StoreError> {
    let rows = Entity::find().order_by(row::is(DEAD), Order::Desc).order_by_asc(Column::Id);
    let rows = rows.limit(page.limit).offset(page.offset).all(db.connection()).await?;
    rows.into_iter().map(Job::try_from).collect()
}

/// Jobs about something, oldest first.
pub async fn list_by_subject(db: &impl Read, subject: &str) -> Result<Vec<Job>, StoreError> {
    let rows = Entity::find().filter(Column::Subject.eq(subject)).order_by_asc(Column::Id);
    rows.all(db.connection()).await?.into_iter().map(Job::try_from).collect()
}

/// How far the job about something is, where a worker has one and said so.
pub async fn progress_of(db: &impl Read, subject: &str) -> Result<Option<Progress>, StoreError> {
    let said = Entity::find()
        .select_only()
        .columns([Column::ProgressFraction, Column::ProgressStage, Column::ProgressAmplitudes])
        .filter(Column::Subject.eq(subject))
        .filter(row::is(LEASED))
        .filter(Column::ProgressFraction.is_not_null())
        .order_by_desc(Column::Id)
        .into_tuple::<(Option<f64>, Option<String>, Option<Vec<u8>>)>()
        .one(db.connection())
        .await?;
    Ok(said.and_then(|(fraction, stage, amplitudes)| row::progress(fraction, stage, amplitudes)))
}

/// When the job about something is tried again that did not work before, and why it did not.
pub async fn again_of(db: &impl Read, subject: &str) -> Result<Option<(Time, String)>, StoreError> {
    let due = Entity::find()
        .select_only()
        .columns([Column::DueMs, Column::Trouble])
        .filter(Column::Subject.eq(subject))
        .filter(row::is(LATER))
        .filter(Column::Trouble.is_not_null())
        .order_by_desc(Column::Id)
        .into_tuple::<(i64, String)>()
        .one(db.connection())
        .await?;
    Ok(due.map(|(due, why)| (Time::from_ms(due), why)))
}

/// How many jobs there are.
pub async fn counts(db: &impl Read, now: Time) -> Result<Counts, StoreError> {
    let woken = row::is(LATER).and(Column::DueMs.lte(now.as_ms()));
    let state = CaseStatement::new().case(woken, READY).finally(Expr::col(Column::State));
    let query = Query::select()
        .expr_as(state, "state_now")
        .expr_as(Column::Id.count(), "jobs")
        .expr_as(Column::DueMs.min(), "first")
        .from(Entity)
        .add_group_by([Expr::col("state_now")])
        .take();
    let mut counts = Counts::default();
    for row in db.connection().query_all(&query).await? {
        let jobs = row.try_get::<i64>("", "jobs")?.unsigned_abs();
        match row.try_get::<String>("", "state_now")?.as_str() {
            READY => {
                counts.ready = jobs;
                counts.oldest_ready = row.try_get::<Option<i64>>("", "first")?.map(Time::from_ms);
            }
            LATER => counts.later = jobs,
            LEASED => counts.leased = jobs,
            _ => counts.dead = jobs,
        }
    }
    Ok(counts)
}

/// When the next job that waits for its time can be claimed, or the next lease runs out.
pub async fn next_due(db: &impl Read) -> Result<Option<Time>, StoreError> {
    let next = Entity::find()
        .select_only()
        .column(Column::DueMs)
        .filter(row::is_timed())
        .order_by_asc(Column::DueMs)
        .into_tuple::<i64>()
        .one(db.connection())
        .await?;
    Ok(next.map(Time::from_ms))
}

/// Dead jobs, those that died last in front.
pub async fn list_dead(db: &impl Read, page: Page) -> Result<Vec<Job>, StoreError> {
    let dead = Entity::find().filter(row::is(DEAD)).order_by_desc(Column::DueMs).order_by_desc(Column::Id);
    let rows = dead.limit(page.limit).offset(page.offset).all(db.connection()).await?;
    rows.into_iter().map(Job::try_from).collect()
}

/// Gives a dead job all its attempts again; whether there was one. A [`StoreError::Conflict`] where a living job has its
/// unique key.
pub async fn revive(tx: &Tx, id: JobId, now: Time) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(READY))
        .col_expr(Column::DueMs, Expr::value(now.as_ms()))
        .col_expr(Column::Attempts, Expr::value(0_i64))
        .col_expr(Column::CancelAsked, Expr::value(false))
        .filter(Column::Id.eq(id.as_str()))
        .filter(row::is(DEAD))
        .exec(tx.connection())
        .await?;
    if done.rows_affected > 0 {
        tx.note_enqueued();
    }
    Ok(done.rows_affected > 0)
}

/// Forgets a dead job; whether there was one.
pub async fn remove_dead(tx: &Tx, id: JobId) -> Result<bool, StoreError> {
    let done = Entity::delete_by_id(id.as_str()).filter(row::is(DEAD)).exec(tx.connection()).await?;
    Ok(done.rows_affected > 0)
}

/// Forgets what died before that moment, and says how many there were.
pub async fn remove_dead_before(tx: &Tx, before: Time) -> Result<u64, StoreError> {
    let long_dead = Entity::delete_many().filter(row::is(DEAD)).filter(Column::DueMs.lt(before.as_ms()));
    Ok(long_dead.exec(tx.connection()).await?.rows_affected)
}
