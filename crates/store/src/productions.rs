//! Pieces of audio being made.

use std::sync::Arc;

use model::production::State;
use model::{AccountId, Production, ProductionId, Time};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{Page, Read, Store, StoreError, Tx};

/// The state of a production by name, as far as it can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are the states of model::production::State, where each is explained")]
pub enum StateName {
    Idle,
    Waiting,
    Working,
    Stopping,
    Publishing,
    Failed,
    Done,
    Outdated,
}

impl StateName {
    fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Waiting => "waiting",
            Self::Working => "working",
            Self::Stopping => "stopping",
            Self::Publishing => "publishing",
            Self::Failed => "failed",
            Self::Done => "done",
            Self::Outdated => "outdated",
        }
    }
}

impl From<&State> for StateName {
    fn from(state: &State) -> Self {
        match state {
            State::Idle => Self::Idle,
            State::Waiting => Self::Waiting,
            State::Working { .. } => Self::Working,
            State::Stopping => Self::Stopping,
            State::Publishing { .. } => Self::Publishing,
            State::Failed { .. } => Self::Failed,
            State::Done { .. } => Self::Done,
            State::Outdated { .. } => Self::Outdated,
        }
    }
}

pub(crate) mod row {
    //! How a production lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "productions")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) owner: String,
        pub(crate) state: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) state_document: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) draft: Json,
        pub(crate) run: i64,
        pub(crate) created_ms: i64,
        pub(crate) changed_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

impl TryFrom<row::Model> for Production {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|why| corrupt("productions", &row.id, why))?,
            owner: row.owner.parse().map_err(|why| corrupt("productions", &row.id, why))?,
            draft: document::read("productions", &row.id, row.draft)?,
            state: document::read("productions", &row.id, row.state_document)?,
            run: row.run.try_into().map_err(|why| corrupt("productions", &row.id, why))?,
            created: Time::from_ms(row.created_ms),
            changed: Time::from_ms(row.changed_ms),
        })
    }
}

/// Keeps a new production.
pub async fn insert(tx: &Tx, production: &Production) -> Result<(), StoreError> {
    let row = row::Model {
        id: production.id.to_string(),
        owner: production.owner.to_string(),
        state: StateName::from(&production.state).as_str().to_owned(),
        state_document: document::write(&production.state)?,
        draft: document::write(&production.draft)?,
        run: production.run.into(),
        created_ms: production.created.as_ms(),
        changed_ms: production.changed.as_ms(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The production.
pub async fn find(db: &impl Read, id: ProductionId) -> Result<Option<Production>, StoreError> {
    Entity::find_by_id(id.as_str()).one(db.connection()).await?.map(Production::try_from).transpose()
}

/// The production, to be looked at and not to be changed. It is asked for together with others.
pub async fn glance(store: &Store, id: ProductionId) -> Result<Option<Arc<Production>>, StoreError> {
    let db = store.clone();
    let find = move |ids: Vec<ProductionId>| {
        let db = db.clone();
        async move {
            let known = Column::Id.is_in(ids.iter().map(ProductionId::as_str));
            let rows = Entity::find().filter(known).all(db.connection()).await?;
            let productions = rows.into_iter().map(Production::try_from);
            productions.map(|found| found.map(|found| (found.id, Arc::new(found)))).collect()
        }
    };
    store.lines.productions.find(id, find).await
}

/// Productions of these ids, in no order.
pub async fn find_many(db: &impl Read, ids: &[ProductionId]) -> Result<Vec<Production>, StoreError> {
    let known = Column::Id.is_in(ids.iter().map(ProductionId::as_str));
    let rows = Entity::find().filter(known).all(db.connection()).await?;
    rows.into_iter().map(Production::try_from).collect()
}

/// The production, which nobody else can change until the transaction ends.
pub async fn find_for_update(tx: &Tx, id: ProductionId) -> Result<Option<Production>, StoreError> {
    let found = Entity::find_by_id(id.as_str()).lock(LockType::Update).one(tx.connection()).await?;
    found.map(Production::try_from).transpose()
}

/// Changes everything but id, owner and when it was made; whether there is such a production.
pub async fn update(tx: &Tx, production: &Production) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(StateName::from(&production.state).as_str()))
        .col_expr(Column::StateDocument, Expr::value(document::write(&production.state)?))
        .col_expr(Column::Draft, Expr::value(document::write(&production.draft)?))
        .col_expr(Column::Run, Expr::value(i64::from(production.run)))
        .col_expr(Column::ChangedMs, Expr::value(production.changed.as_ms()))
        .filter(Column::Id.eq(production.id.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Forgets it; whether there was one. Its uploads have to go first: a [`StoreError::Dangling`] where some are left.
pub async fn remove(tx: &Tx, id: ProductionId) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id.as_str()).exec(tx.connection()).await?.rows_affected > 0)
}

/// Productions of an account, newest first.
pub async fn list(db: &impl Read, owner: AccountId, page: Page) -> Result<Vec<Production>, StoreError> {
    let theirs = Entity::find().filter(Column::Owner.eq(owner.as_str())).order_by_desc(Column::Id);
    let rows = theirs.limit(page.limit).offset(page.offset).all(db.connection()).await?;
    rows.into_iter().map(Production::try_from).collect()
}

/// How many productions an account has.
pub async fn count(db: &impl Read, owner: AccountId) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::Owner.eq(owner.as_str())).count(db.connection()).await?)
}

/// Productions of everybody that are in a state and were not changed since, those unchanged for longest first.
pub async fn list_by_state(
    db: &impl Read,
    state: StateName,
    before: Time,
    limit: u64,
) -> Result<Vec<Production>, StoreError> {
    let rows = Entity::find()
        .filter(Column::State.eq(state.as_str()))
        .filter(Column::ChangedMs.lt(before.as_ms()))
        .order_by_asc(Column::ChangedMs)
        .limit(limit)
        .all(db.connection())
        .await?;
    rows.into_iter().map(Production::try_from).collect()
}
