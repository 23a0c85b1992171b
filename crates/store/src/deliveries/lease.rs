//! What workers do: sign on, take deliveries, keep their bytes, and say what came of each attempt.
//!
//! Whose a delivery is, is told by a token. A worker has one for all that it has under way, and one row to say that it lives; so the
//! sign of life costs the same however much it has to do.

use std::collections::HashMap;

use model::{Delivery, DeliveryId, ReceiverId, Time};
use sea_orm::sea_query::{
    CommonTableExpression, Expr, ExprTrait as _, LockBehavior, LockType, OnConflict, Query, SelectStatement, UnionType,
    WithClause,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, Order, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::row::{Column, DELIVERED, Entity, GIVEN_UP, HELD, Model, SENDING, WAITING, attempt, body, worker};
use super::{Body, Settled, Verdict, is_lane, lane};
use crate::connection::reading::Connected as _;
use crate::document;
use crate::{Store, StoreError, Tx};

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

/// A worker leaves. What it has not done others do. That it lived is forgotten only when its time is over: what it asked for and did not
/// wait for may be given to it after this, and is found then.
pub async fn sign_off(store: &Store, token: &str, now: Time) -> Result<(), StoreError> {
    let tx = store.begin().await?;
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

/// Takes deliveries whose time has come, those that have waited for longest first, each with its host.
pub async fn claim(store: &Store, token: &str, now: Time, at_most: u64) -> Result<Vec<(Delivery, String)>, StoreError> {
    let due = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(is(WAITING))
        .and_where(Column::DueMs.lte(now.as_ms()))
        .order_by(Column::DueMs, Order::Asc)
        .limit(at_most)
        .take();
    take(store, due, token).await
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
    take(store, held, token).await
}

async fn take(store: &Store, mut which: SelectStatement, token: &str) -> Result<Vec<(Delivery, String)>, StoreError> {
    which.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let ids = Query::select().column(Column::Id).from("picked").take();
    let picked = CommonTableExpression::new().table_name("picked").column(Column::Id).query(which).to_owned();
    let mut update = Query::update()
        .table(Entity)
        .value(Column::State, SENDING)
        .value(Column::Token, token)
        .and_where(Expr::col((Entity, Column::Id)).in_subquery(ids))
        .returning_all()
        .take();
    update.with_cte(picked);
    let rows = store.writer().query_all(&update).await?;
    let mut rows: Vec<_> = rows.iter().map(|row| Model::from_query_result(row, "")).collect::<Result<_, _>>()?;
    rows.sort_by(|a, b| a.due_ms.cmp(&b.due_ms).then_with(|| a.id.cmp(&b.id)));
    let with_host = |row: Model| {
        let host = row.host.clone();
        Ok((row.try_into()?, host))
    };
    rows.into_iter().map(with_host).collect()
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

/// Lets deliveries that a worker has wait until then.
pub async fn release(store: &Store, token: &str, ids: &[DeliveryId], until: Time) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(WAITING))
        .col_expr(Column::DueMs, Expr::value(until.as_ms()))
        .col_expr(Column::Token, Expr::value(Option::<String>::None))
        .filter(Column::Id.is_in(ids.iter().map(DeliveryId::as_str)))
        .filter(Column::Token.eq(token))
        .exec(store.writer())
        .await?;
    Ok(())
}

/// Hosts that something is held for, by name, the first ones after this one, and where to go on; there is nothing more where that is `None`.
///
/// It goes from one name to the next through the index, so what it takes does not grow with what is held for each.
pub async fn held_hosts(
    store: &Store,
    after: Option<&str>,
    at_most: u64,
) -> Result<(Vec<String>, Option<String>), StoreError> {
    const FOUND: &str = "found";
    let host = || Expr::col((FOUND, Column::Host));
    let least = || Query::select().expr(Column::Host.min()).from(Entity).and_where(is(HELD)).take();
    let mut first = least();
    first.and_where_option(after.map(|after| Expr::col((Entity, Column::Host)).gt(after)));
    let next = least().and_where(Expr::col((Entity, Column::Host)).gt(host())).take();
    let step = Query::select().expr(next).from(FOUND).and_where(host().is_not_null()).take();
    let all = first.union(UnionType::All, step).take();
    let found = CommonTableExpression::new().table_name(FOUND).column(Column::Host).query(all).to_owned();
    let some = Query::select().column(Column::Host).from(FOUND).and_where(host().is_not_null()).limit(at_most).take();
    let question = some.with(WithClause::new().recursive(true).cte(found).to_owned());
    let rows = store.connection().query_all(&question).await?;
    let mut names: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    let next = names.last().filter(|_| names.len() as u64 == at_most).cloned();
    names.retain(|name| !is_lane(name));
    Ok((names, next))
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
