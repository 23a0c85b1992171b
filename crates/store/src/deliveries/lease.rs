//! What workers do: sign on, take deliveries, keep their bytes, and say what came of each attempt.
//!
//! Whose a delivery is, is told by a token. A worker has one for all that it has under way, and one row to say that it lives; so the
//! sign of life costs the same however much it has to do.

use std::collections::HashMap;

use model::{Delivery, DeliveryId, ReceiverId, Time};
use sea_orm::sea_query::{
    CommonTableExpression, Expr, ExprTrait as _, LockBehavior, LockType, OnConflict, Query, SelectStatement,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, Order, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::row::{Column, DELIVERED, Entity, GIVEN_UP, HELD, Model, SENDING, WAITING, attempt, body, worker};
use super::{Body, Settled, Verdict, lane};
use crate::connection::reading::Connected as _;
use crate::document;
use crate::{Store, StoreError, Tx};

/// What was found when the time of deliveries had come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claimed {
    /// The worker's own now, each with its host.
    pub taken: Vec<(Delivery, String)>,
    /// The host of each that was laid aside.
    pub held: Vec<String>,
}

/// Signs a worker on, or says that it lives: what it takes is its own until then.
pub async fn sign_on(store: &Store, token: &str, until: Time) -> Result<(), StoreError> {
    let row = worker::Model { token: token.to_owned(), until_ms: until.as_ms() };
    let known = OnConflict::column(worker::Column::Token).update_column(worker::Column::UntilMs).to_owned();
    let insert = worker::Entity::insert(row.into_active_model().reset_all()).on_conflict(known);
    insert.exec_without_returning(store.writer()).await?;
    Ok(())
}

/// Says that a worker lives; `false` where it was given up, and what it had is somebody else's by now.
pub async fn prolong(store: &Store, token: &str, until: Time) -> Result<bool, StoreError> {
    let done = worker::Entity::update_many()
        .col_expr(worker::Column::UntilMs, Expr::value(until.as_ms()))
        .filter(worker::Column::Token.eq(token))
        .exec(store.writer())
        .await?;
    Ok(done.rows_affected > 0)
}

/// A worker leaves. What it has not done others do.
pub async fn sign_off(store: &Store, token: &str, now: Time) -> Result<(), StoreError> {
    let tx = store.begin().await?;
    worker::Entity::delete_by_id(token).exec(tx.connection()).await?;
    give_back(&tx, now, Column::Token.eq(token)).await?;
    tx.commit().await
}

/// Gives up workers that were not heard of, and says how many deliveries of theirs others can try now.
pub async fn recover(store: &Store, now: Time) -> Result<u64, StoreError> {
    // Mostly there are none, and nobody is kept from writing to find that out.
    let silent = worker::Column::UntilMs.lt(now.as_ms());
    if worker::Entity::find().filter(silent.clone()).one(store.connection()).await?.is_none() {
        return Ok(0);
    }
    let tx = store.begin().await?;
    let tokens: Vec<_> = worker::Entity::find().filter(silent.clone()).all(tx.connection()).await?;
    let tokens: Vec<_> = tokens.into_iter().map(|worker| worker.token).collect();
    worker::Entity::delete_many().filter(worker::Column::Token.is_in(tokens.clone())).exec(tx.connection()).await?;
    let given = give_back(&tx, now, Column::Token.is_in(tokens)).await?;
    tx.commit().await?;
    Ok(given)
}

async fn give_back(tx: &Tx, now: Time, whose: Expr) -> Result<u64, StoreError> {
    let given = Entity::update_many()
        .col_expr(Column::State, Expr::value(WAITING))
        .col_expr(Column::DueMs, Expr::value(now.as_ms()))
        .col_expr(Column::Token, Expr::value(Option::<String>::None))
        .filter(Column::State.eq(SENDING))
        .filter(whose)
        .exec(tx.connection())
        .await?
        .rows_affected;
    if given > 0 {
        tx.note_delivery();
    }
    Ok(given)
}

/// Takes deliveries whose time has come, those that have waited for longest first. Those to `full` hosts are laid aside in the same
/// step, as [`hold`] would, but for those that are told in order: their turn is only theirs.
pub async fn claim(
    store: &Store,
    token: &str,
    now: Time,
    full: &[String],
    at_most: u64,
) -> Result<Claimed, StoreError> {
    let due = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(is(WAITING))
        .and_where(Column::DueMs.lte(now.as_ms()))
        .order_by(Column::DueMs, Order::Asc)
        .limit(at_most)
        .take();
    let has_no_place = Column::Host.is_in(full).and(Column::IsOrdered.eq(false));
    let nobodys = Expr::value(Option::<String>::None);
    let state = Expr::case(has_no_place.clone(), HELD).finally(SENDING);
    let whose = Expr::case(has_no_place, nobodys).finally(token);
    let mut claimed = Claimed::default();
    for row in take(store, due, state.into(), whose.into()).await? {
        if row.state == HELD {
            claimed.held.push(row.host);
        } else {
            claimed.taken.push(with_host(row)?);
        }
    }
    Ok(claimed)
}

/// Takes deliveries that are held for a host, the oldest first.
pub async fn claim_held(
    store: &Store,
    token: &str,
    host: &str,
    at_most: u64,
) -> Result<Vec<(Delivery, String)>, StoreError> {
    let held = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(is(HELD))
        .and_where(Column::Host.eq(host))
        .and_where(Column::IsOrdered.eq(false))
        .order_by(Column::DueMs, Order::Asc)
        .limit(at_most)
        .take();
    let rows = take(store, held, SENDING.into(), token.into()).await?;
    rows.into_iter().map(with_host).collect()
}

fn with_host(row: Model) -> Result<(Delivery, String), StoreError> {
    let host = row.host.clone();
    Ok((row.try_into()?, host))
}

async fn take(store: &Store, mut which: SelectStatement, state: Expr, whose: Expr) -> Result<Vec<Model>, StoreError> {
    which.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let ids = Query::select().column(Column::Id).from("picked").take();
    let picked = CommonTableExpression::new().table_name("picked").column(Column::Id).query(which).to_owned();
    let mut update = Query::update()
        .table(Entity)
        .value(Column::State, state)
        .value(Column::Token, whose)
        .and_where(Expr::col((Entity, Column::Id)).in_subquery(ids))
        .returning_all()
        .take();
    update.with_cte(picked);
    let rows = store.writer().query_all(&update).await?;
    let mut rows: Vec<_> = rows.iter().map(|row| Model::from_query_result(row, "")).collect::<Result<_, _>>()?;
    rows.sort_by(|a, b| a.due_ms.cmp(&b.due_ms).then_with(|| a.id.cmp(&b.id)));
    Ok(rows)
}

/// Lays deliveries aside until their host can be asked. What is told in order is not laid aside, since others wait behind it: it waits
/// until `again`.
pub async fn hold(store: &Store, token: &str, ids: &[DeliveryId], again: Time) -> Result<(), StoreError> {
    let in_order = Column::IsOrdered.eq(true);
    Entity::update_many()
        .col_expr(Column::State, Expr::case(in_order.clone(), WAITING).finally(HELD).into())
        .col_expr(Column::DueMs, Expr::case(in_order, again.as_ms()).finally(Expr::col(Column::DueMs)).into())
        .col_expr(Column::Token, Expr::value(Option::<String>::None))
        .filter(Column::Id.is_in(ids.iter().map(DeliveryId::as_str)))
        .filter(Column::Token.eq(token))
        .exec(store.writer())
        .await?;
    Ok(())
}

/// Everything that a worker has, as far as the database knows.
pub async fn had_by(store: &Store, token: &str) -> Result<Vec<DeliveryId>, StoreError> {
    let had = Entity::find().select_only().column(Column::Id).filter(is(SENDING)).filter(Column::Token.eq(token));
    let ids: Vec<String> = had.into_tuple().all(store.connection()).await?;
    ids.iter().map(|id| id.parse().map_err(|why| crate::error::corrupt("deliveries", id, why))).collect()
}

/// Lets deliveries wait again that a worker has and does not know of.
pub async fn release(store: &Store, token: &str, ids: &[DeliveryId], now: Time) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(WAITING))
        .col_expr(Column::DueMs, Expr::value(now.as_ms()))
        .col_expr(Column::Token, Expr::value(Option::<String>::None))
        .filter(Column::Id.is_in(ids.iter().map(DeliveryId::as_str)))
        .filter(Column::Token.eq(token))
        .exec(store.writer())
        .await?;
    Ok(())
}

/// Hosts that something is held for.
pub async fn held_hosts(store: &Store, at_most: u64) -> Result<Vec<String>, StoreError> {
    let held = Entity::find().select_only().column(Column::Host).distinct().filter(is(HELD));
    let held = held.filter(Column::IsOrdered.eq(false)).limit(at_most);
    Ok(held.into_tuple().all(store.connection()).await?)
}

/// When the next delivery that waits is to be tried.
pub async fn next_due(store: &Store) -> Result<Option<Time>, StoreError> {
    let next = Entity::find().select_only().column(Column::DueMs).filter(is(WAITING)).order_by_asc(Column::DueMs);
    let next: Option<i64> = next.into_tuple().one(store.connection()).await?;
    Ok(next.map(Time::from_ms))
}

/// The bytes of these deliveries, as far as they were made.
pub async fn bodies(store: &Store, ids: &[DeliveryId]) -> Result<HashMap<DeliveryId, Body>, StoreError> {
    let made = body::Column::Delivery.is_in(ids.iter().map(DeliveryId::as_str));
    let rows = body::Entity::find().filter(made).all(store.connection()).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let id = row.delivery.parse().map_err(|why| crate::error::corrupt("delivery_bodies", &row.delivery, why))?;
        found.insert(id, Body { delivery: id, content_type: row.content_type, bytes: row.body });
    }
    Ok(found)
}

/// Keeps bytes for good, before they are sent for the first time. Where there are some already, those stay and these are not kept;
/// says which are now whose.
pub async fn freeze(store: &Store, made: Vec<Body>) -> Result<HashMap<DeliveryId, Body>, StoreError> {
    if made.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<_> = made.iter().map(|body| body.delivery).collect();
    let count = made.len() as u64;
    let rows = made.iter().map(|made| {
        let row = body::Model {
            delivery: made.delivery.to_string(),
            content_type: made.content_type.clone(),
            body: made.bytes.clone(),
        };
        row.into_active_model().reset_all()
    });
    let insert = body::Entity::insert_many(rows).on_conflict(OnConflict::new().do_nothing().to_owned());
    let kept = insert.exec_without_returning(store.writer()).await?;
    // Somebody else was given one of these meanwhile, and made its bytes first.
    if kept < count {
        return bodies(store, &ids).await;
    }
    Ok(made.into_iter().map(|body| (body.delivery, body)).collect())
}

/// Writes down what came of attempts. What this worker does not have any more stays as it is; its attempt is noted all the same.
pub async fn settle(tx: &Tx, token: &str, now: Time, settled: &[Settled]) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(settled.len());
    for each in settled {
        rows.push(attempt_row(each)?);
    }
    attempt::Entity::insert_many(rows)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    let taken: Vec<_> =
        settled.iter().filter(|each| each.verdict == Verdict::Taken).map(|each| each.delivery).collect();
    if !taken.is_empty() {
        Entity::update_many()
            .col_expr(Column::State, Expr::value(DELIVERED))
            .col_expr(Column::DueMs, Expr::value(now.as_ms()))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::Token, Expr::value(Option::<String>::None))
            .col_expr(Column::Trouble, Expr::value(Option::<String>::None))
            .filter(Column::Id.is_in(taken.iter().map(DeliveryId::as_str)))
            .filter(Column::Token.eq(token))
            .exec(tx.connection())
            .await?;
    }
    for each in settled {
        let (state, due) = match each.verdict {
            Verdict::Taken => continue,
            Verdict::Again(due) => (WAITING, due),
            Verdict::Spent => (GIVEN_UP, now),
        };
        Entity::update_many()
            .col_expr(Column::State, Expr::value(state))
            .col_expr(Column::DueMs, Expr::value(due.as_ms()))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
            .col_expr(Column::Token, Expr::value(Option::<String>::None))
            .col_expr(Column::Trouble, Expr::value(kept(&each.attempt.reason)))
            .filter(Column::Id.eq(each.delivery.as_str()))
            .filter(Column::Token.eq(token))
            .exec(tx.connection())
            .await?;
    }
    let ended = settled.iter().filter(|each| each.is_ordered && !matches!(each.verdict, Verdict::Again(_)));
    for each in ended {
        advance(tx, each.receiver, now).await?;
    }
    Ok(())
}

/// Whether something older that the receiver is told in order has not come to its end.
pub(super) async fn is_before_it(tx: &Tx, receiver: ReceiverId) -> Result<bool, StoreError> {
    let before = Entity::find()
        .filter(Column::Receiver.eq(receiver.as_str()))
        .filter(Column::IsOrdered.eq(true))
        .filter(Column::State.is_in([WAITING, HELD, SENDING]));
    Ok(before.one(tx.connection()).await?.is_some())
}

/// Lets the next one go that a receiver is told in order, unless one is on its way.
async fn advance(tx: &Tx, receiver: ReceiverId, now: Time) -> Result<(), StoreError> {
    crate::receivers::lock(tx, receiver).await?;
    let theirs = Entity::find().filter(Column::Receiver.eq(receiver.as_str())).filter(Column::IsOrdered.eq(true));
    let on_its_way = theirs.clone().filter(Column::State.is_in([WAITING, SENDING])).one(tx.connection()).await?;
    if on_its_way.is_some() {
        return Ok(());
    }
    let next = theirs.filter(is(HELD)).filter(Column::Host.eq(lane(receiver))).order_by_asc(Column::Id);
    let Some(next) = next.one(tx.connection()).await? else { return Ok(()) };
    Entity::update_many()
        .col_expr(Column::State, Expr::value(WAITING))
        .col_expr(Column::DueMs, Expr::value(now.as_ms()))
        .filter(Column::Id.eq(next.id))
        .exec(tx.connection())
        .await?;
    tx.note_delivery();
    Ok(())
}

fn attempt_row(settled: &Settled) -> Result<attempt::ActiveModel, StoreError> {
    let made = &settled.attempt;
    let row = attempt::Model {
        delivery: settled.delivery.to_string(),
        number: made.number.into(),
        began_ms: made.began.as_ms(),
        took_ms: i64::try_from(made.took.as_millis()).unwrap_or(i64::MAX),
        status: made.status.map(i64::from),
        reason: kept(&made.reason),
        address: made.address.clone(),
        headers: document::write(&made.headers)?,
        body: Some(made.body.clone()).filter(|body| !body.is_empty()),
    };
    Ok(row.into_active_model().reset_all())
}

/// Written out and not bound, so that the index that has only these is used.
fn is(state: &'static str) -> Expr {
    Expr::col((Entity, Column::State)).eq(Expr::Constant(state.into()))
}

/// A reason is never what keeps an attempt from being written down.
fn kept(reason: &str) -> String {
    reason.replace('\0', "\u{fffd}")
}
