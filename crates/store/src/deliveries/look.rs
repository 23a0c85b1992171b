//! What people see of deliveries, and what they can do about them: look, and have them sent once more.

use model::{AccountId, AppId, Attempt, Delivery, DeliveryId, DeliveryKind, Time};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::Body;
use super::row::{Column, DELIVERED, Entity, GIVEN_UP, Model, WAITING, attempt, body};
use crate::connection::reading::Connected as _;
use crate::{Page, Read, StoreError, Tx};

/// Which deliveries are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this account.
    pub owner: Option<AccountId>,
    /// Signed by this app.
    pub app: Option<AppId>,
    /// Of this kind.
    pub kind: Option<DeliveryKind>,
    /// Caused at that moment or later.
    pub since: Option<Time>,
    /// Only such as were given up.
    pub given_up: bool,
}

/// The delivery.
pub async fn find(db: &impl Read, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(Delivery::try_from).transpose()
}

/// Deliveries, newest first.
pub async fn list(db: &impl Read, filter: &Filter, page: Page) -> Result<Vec<Delivery>, StoreError> {
    let rows = matching(filter).order_by_desc(Column::Id).limit(page.limit).offset(page.offset);
    read(rows.all(db.connection()).await?)
}

/// Deliveries about one thing, oldest first.
pub async fn list_of_subject(db: &impl Read, subject: &str, page: Page) -> Result<Vec<Delivery>, StoreError> {
    let rows = Entity::find().filter(Column::Subject.eq(subject)).order_by_asc(Column::Id);
    read(rows.limit(page.limit).offset(page.offset).all(db.connection()).await?)
}

/// The attempts of a delivery, first to last.
pub async fn attempts(db: &impl Read, id: DeliveryId) -> Result<Vec<Attempt>, StoreError> {
    let rows = attempt::Entity::find().filter(attempt::Column::Delivery.eq(id.as_str()));
    let rows = rows.order_by_asc(attempt::Column::Number).all(db.connection()).await?;
    rows.into_iter().map(Attempt::try_from).collect()
}

/// The bytes of a delivery, once they are made and as long as they are kept.
pub async fn body(db: &impl Read, id: DeliveryId) -> Result<Option<Body>, StoreError> {
    let row = body::Entity::find_by_id(id.as_str()).one(db.connection()).await?;
    Ok(row.map(|row| Body { delivery: id, content_type: row.content_type, bytes: row.body }))
}

/// How many [`replay`] would have sent once more.
pub async fn count_ended(db: &impl Read, filter: &Filter) -> Result<u64, StoreError> {
    Ok(matching(filter).filter(ended()).count(db.connection()).await?)
}

/// Has deliveries that came to an end sent once more, with a schedule of their own, and says how many those are.
///
/// What has no bytes any more is left alone: it cannot be sent as it was.
pub async fn replay(tx: &Tx, filter: &Filter, only: Option<DeliveryId>, now: Time) -> Result<u64, StoreError> {
    let mut again = Entity::update_many()
        .col_expr(Column::State, Expr::value(WAITING))
        .col_expr(Column::DueMs, Expr::value(now.as_ms()))
        .col_expr(Column::Tries, Expr::value(0))
        .col_expr(Column::Trouble, Expr::value(Option::<String>::None))
        .filter(condition(filter))
        .filter(ended());
    if let Some(only) = only {
        again = again.filter(Column::Id.eq(only.as_str()));
    }
    let count = again.exec(tx.connection()).await?.rows_affected;
    if count > 0 {
        tx.note_delivery();
    }
    Ok(count)
}

/// Forgets deliveries that came to an end before that moment, with everything about them; at most so many at once.
pub async fn remove_before(tx: &Tx, before: Time, at_most: u64) -> Result<u64, StoreError> {
    let old = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::State.is_in([DELIVERED, GIVEN_UP]))
        .and_where(Column::DueMs.lt(before.as_ms()))
        .limit(at_most)
        .take();
    let done = Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(tx.connection()).await?;
    Ok(done.rows_affected)
}

/// Such as came to an end and can be sent as they were.
fn ended() -> Condition {
    let with_bytes = Query::select().column(body::Column::Delivery).from(body::Entity).take();
    // What was given up before its first attempt has no bytes yet, and may get some.
    let sendable = Condition::any().add(Column::Id.in_subquery(with_bytes)).add(Column::Attempts.eq(0));
    Condition::all().add(Column::State.is_in([DELIVERED, GIVEN_UP])).add(sendable)
}

fn matching(filter: &Filter) -> Select<Entity> {
    Entity::find().filter(condition(filter))
}

fn condition(filter: &Filter) -> Condition {
    Condition::all()
        .add_option(filter.owner.map(|owner| Column::Owner.eq(owner.as_str())))
        .add_option(filter.app.map(|app| Column::App.eq(app.as_str())))
        .add_option(filter.kind.map(|kind| Column::Kind.eq(kind.word())))
        .add_option(filter.since.map(|since| Column::CreatedMs.gte(since.as_ms())))
        .add_option(filter.given_up.then(|| Column::State.eq(GIVEN_UP)))
}

fn read(rows: Vec<Model>) -> Result<Vec<Delivery>, StoreError> {
    rows.into_iter().map(Delivery::try_from).collect()
}
