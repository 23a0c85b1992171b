//! What workers do: claim jobs, say that they live, and say how it went.
//!
//! Every statement here is one step that the database takes whole. On PostgreSQL rows that somebody else is at are passed
//! over, so no claim waits for another; on SQLite there is one writer at a time anyway.

use std::time::Duration;

use model::Time;
use sea_orm::sea_query::{
    CommonTableExpression, Expr, ExprTrait as _, LockBehavior, LockType, Query, SelectStatement, UpdateStatement,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, Order, QueryFilter};

use super::row::{self, Column, DEAD, Entity, LATER, LEASED, Model, READY};
use super::{Beat, Cancelled, ClaimOptions, Claimed, Fate, Job, Progress};
use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{Store, StoreError, Tx};

/// How many jobs whose time has come become ready in one step.
const WOKEN_AT_ONCE: u64 = 1000;

/// How long those whose time has come may be overlooked while there is enough else to do.
const WAKE_EVERY: Duration = Duration::from_millis(200);

/// What is said of a job that was handed out as often as it may be and not heard of.
const SPENT: &str = "It was begun as often as it may be, and each time the worker was not heard of again.";

/// Hands out the job that is to be done next, if there is one. `token` tells this claim from every other.
pub async fn claim(
    store: &Store,
    options: &ClaimOptions<'_>,
    now: Time,
    token: &str,
) -> Result<Option<Claimed>, StoreError> {
    Ok(claim_many(store, options, 1, now, token).await?.pop())
}

/// Hands out up to so many jobs, in the order in which they are to be done: by priority, then by when they were due. Those of
/// one claim come by priority and age.
pub async fn claim_many(
    store: &Store,
    options: &ClaimOptions<'_>,
    at_most: u64,
    now: Time,
    token: &str,
) -> Result<Vec<Claimed>, StoreError> {
    let fresh = store.woke_within(now, WAKE_EVERY);
    if !fresh {
        wake(store, now).await?;
    }
    let mut rows = lease(store, options, at_most, now, token).await?;
    if fresh && (rows.len() as u64) < at_most {
        wake(store, now).await?;
        rows.extend(lease(store, options, at_most - rows.len() as u64, now, token).await?);
    }
    rows.sort_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.id.cmp(&b.id)));
    rows.into_iter().map(|row| claimed(row, token)).collect()
}

/// Says that the worker lives, and how far it is; prolongs the lease.
pub async fn heartbeat(
    store: &Store,
    claimed: &Claimed,
    now: Time,
    lease: Duration,
    progress: Option<&Progress>,
) -> Result<Beat, StoreError> {
    let mut update = ours(claimed);
    update.value(Column::DueMs, (now + lease).as_ms()).returning_col(Column::CancelAsked);
    if let Some(progress) = progress {
        document::plain(&progress.stage)?;
        update
            .value(Column::ProgressFraction, progress.fraction.clamp(0.0, 1.0))
            .value(Column::ProgressStage, progress.stage.as_str())
            .value(Column::ProgressAmplitudes, progress.amplitudes.as_slice());
    }
    let rows = store.writer().query_all(&update).await?;
    let Some(row) = rows.first() else { return Ok(Beat::Lost) };
    Ok(if row.try_get::<bool>("", "cancel_asked")? { Beat::CancelAsked } else { Beat::Alive })
}

/// Says that the job is done, with whatever else the transaction changes. `false` where the lease is lost: then the
/// transaction is to be dropped.
pub async fn ack(tx: &Tx, claimed: &Claimed) -> Result<bool, StoreError> {
    let done = Entity::delete_by_id(claimed.id.as_str())
        .filter(Column::Token.eq(claimed.token.as_str()))
        .filter(row::is(LEASED))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Says that the job did not work, and to try again at that moment, unless this was its last attempt.
pub async fn fail_later(tx: &Tx, claimed: &Claimed, now: Time, due: Time, reason: &str) -> Result<Fate, StoreError> {
    if claimed.attempt >= claimed.max_attempts {
        return Ok(if fail_never(tx, claimed, now, reason).await? { Fate::Dead } else { Fate::Lost });
    }
    let mut update = ours(claimed);
    update.value(Column::State, LATER).value(Column::DueMs, due.as_ms()).value(Column::Trouble, kept(reason));
    let done = tx.connection().execute(let_go(&mut update)).await?;
    Ok(if done.rows_affected() > 0 { Fate::Again } else { Fate::Lost })
}

/// Says that the job did not work and never will. `false` where the lease is lost: then the transaction is to be dropped.
pub async fn fail_never(tx: &Tx, claimed: &Claimed, now: Time, reason: &str) -> Result<bool, StoreError> {
    let mut update = ours(claimed);
    update.value(Column::State, DEAD).value(Column::DueMs, now.as_ms()).value(Column::Trouble, kept(reason));
    Ok(tx.connection().execute(let_go(&mut update)).await?.rows_affected() > 0)
}

/// Gives a job back unfinished, for a worker that has to leave: ready at once, the attempt not counted. `false` where the lease is
/// lost: then the transaction is to be dropped.
pub async fn hand_back(tx: &Tx, claimed: &Claimed, now: Time) -> Result<bool, StoreError> {
    let mut update = ours(claimed);
    update
        .value(Column::State, READY)
        .value(Column::DueMs, now.as_ms())
        .value(Column::Attempts, Expr::col(Column::Attempts).sub(1));
    let ours = tx.connection().execute(let_go(&mut update)).await?.rows_affected() > 0;
    if ours {
        tx.note_enqueued();
    }
    Ok(ours)
}

/// Makes dead what was handed out as often as it may be and not heard of since, and says which jobs those were, so that the
/// transaction can tell those who wait for them. Workers do this every now and then.
pub async fn bury_spent(tx: &Tx, now: Time, limit: u64) -> Result<Vec<Job>, StoreError> {
    let spent = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(row::is(LEASED))
        .and_where(row::is_timed())
        .and_where(Column::DueMs.lte(now.as_ms()))
        .and_where(Expr::col(Column::Attempts).gte(Expr::col(Column::MaxAttempts)))
        .order_by(Column::DueMs, Order::Asc)
        .limit(limit)
        .take();
    let mut bury = Query::update()
        .table(Entity)
        .value(Column::State, DEAD)
        .value(Column::DueMs, now.as_ms())
        .value(Column::Trouble, SPENT)
        .take();
    let_go(&mut bury);
    let rows = tx.connection().query_all(picked(bury, spent).returning_all()).await?;
    rows.iter().map(|row| Model::from_query_result(row, "")?.try_into()).collect()
}

/// Removes the jobs about something that nobody has begun, and asks the workers of the others to stop.
pub async fn ask_cancel(tx: &Tx, subject: &str) -> Result<Cancelled, StoreError> {
    // In this order: a job that is claimed between the two is still asked.
    let removed = Entity::delete_many()
        .filter(Column::Subject.eq(subject))
        .filter(row::is(READY).or(row::is(LATER)))
        .exec(tx.connection())
        .await?;
    let asked = Entity::update_many()
        .col_expr(Column::CancelAsked, Expr::value(true))
        .filter(Column::Subject.eq(subject))
        .filter(row::is(LEASED))
        .exec(tx.connection())
        .await?;
    Ok(Cancelled { removed: removed.rows_affected, asked: asked.rows_affected })
}

/// Leases ready jobs.
async fn lease(
    store: &Store,
    options: &ClaimOptions<'_>,
    at_most: u64,
    now: Time,
    token: &str,
) -> Result<Vec<Model>, StoreError> {
    let next = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(row::is(READY))
        .and_where(Column::Kind.is_in(options.kinds.iter().copied()))
        .order_by(Column::Priority, Order::Desc)
        .order_by(Column::DueMs, Order::Asc)
        .order_by(Column::Id, Order::Asc)
        .limit(at_most)
        .take();
    let lease = Query::update()
        .table(Entity)
        .value(Column::State, LEASED)
        .value(Column::DueMs, (now + options.lease).as_ms())
        .value(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .value(Column::Worker, options.worker)
        .value(Column::Token, token)
        .value(Column::ProgressFraction, Option::<f64>::None)
        .value(Column::ProgressStage, Option::<String>::None)
        .value(Column::ProgressAmplitudes, Option::<Vec<u8>>::None)
        .take();
    let rows = store.writer().query_all(picked(lease, next).returning_all()).await?;
    Ok(rows.iter().map(|row| Model::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

/// Makes ready whose time has come: jobs that wait, and jobs whose workers were not heard of. Those are apart from the ready
/// ones until then, so that a heap of far-away retries is not in the way of every claim.
async fn wake(store: &Store, now: Time) -> Result<(), StoreError> {
    let due = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(row::is_timed())
        .and_where(Column::DueMs.lte(now.as_ms()))
        .and_where(Expr::col(Column::Attempts).lt(Expr::col(Column::MaxAttempts)))
        .order_by(Column::DueMs, Order::Asc)
        .limit(WOKEN_AT_ONCE)
        .take();
    let mut wake = Query::update().table(Entity).value(Column::State, READY).take();
    let_go(&mut wake);
    store.writer().execute(&picked(wake, due)).await?;
    Ok(())
}

/// A change of the jobs that a query picks, passing over those that somebody else is at.
fn picked(mut update: UpdateStatement, mut query: SelectStatement) -> UpdateStatement {
    query.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let ids = Query::select().column(Column::Id).from("picked").take();
    let picked = CommonTableExpression::new().table_name("picked").column(Column::Id).query(query).to_owned();
    update.and_where(Expr::col((Entity, Column::Id)).in_subquery(ids)).with_cte(picked);
    update
}

/// A change of a job for whoever holds its lease.
fn ours(claimed: &Claimed) -> UpdateStatement {
    Query::update()
        .table(Entity)
        .and_where(Column::Id.eq(claimed.id.as_str()))
        .and_where(Column::Token.eq(claimed.token.as_str()))
        .and_where(row::is(LEASED))
        .take()
}

/// And then nobody holds it.
fn let_go(update: &mut UpdateStatement) -> &mut UpdateStatement {
    update.value(Column::Worker, Option::<String>::None).value(Column::Token, Option::<String>::None)
}

/// A reason is never what keeps a job from failing.
fn kept(reason: &str) -> String {
    reason.replace('\0', "\u{fffd}")
}

fn claimed(row: Model, token: &str) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        id: row.id.parse().map_err(|why| corrupt("jobs", &row.id, why))?,
        kind: row.kind,
        payload: row.payload,
        subject: row.subject,
        attempt: row.attempts.try_into().map_err(|why| corrupt("jobs", &row.id, why))?,
        max_attempts: row.max_attempts.try_into().map_err(|why| corrupt("jobs", &row.id, why))?,
        cancel_asked: row.cancel_asked,
        enqueued: Time::from_ms(row.enqueued_ms),
        token: token.to_owned(),
    })
}
