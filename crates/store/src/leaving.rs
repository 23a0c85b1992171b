//! Everything that an account owns, counted, and forgotten or given to another at once: a few statements, however much it is.
//!
//! Whoever adds a table whose rows belong to an account and do not go with it by themselves adds it here.

use model::{AccountId, ProductionId, Time};
use sea_orm::sea_query::{Expr, LockType, Query};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{
    Read, StoreError, Tx, accounts, api_keys, editor_passes, files, narrations, presets, productions, publications,
    uploads,
};

/// How much an account owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Belongings {
    /// Productions.
    pub productions: u64,
    /// Presets.
    pub presets: u64,
    /// Files in storage.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
    /// API keys.
    pub keys: u64,
}

/// How much an account owns.
pub async fn count(db: &impl Read, account: AccountId) -> Result<Belongings, StoreError> {
    let (id, connection) = (account.as_str(), db.connection());
    let kept = files::row::Entity::find()
        .filter(files::row::Column::Owner.eq(id))
        .filter(files::row::Column::State.eq(files::KEPT));
    let of_productions = productions::row::Entity::find().filter(productions::row::Column::Owner.eq(id));
    let of_presets = presets::row::Entity::find().filter(presets::row::Column::Owner.eq(id));
    let of_keys = api_keys::row::Entity::find().filter(api_keys::row::Column::Account.eq(id));
    Ok(Belongings {
        productions: of_productions.count(connection).await?,
        presets: of_presets.count(connection).await?,
        files: kept.count(connection).await?,
        bytes: files::usage(db, account).await?,
        keys: of_keys.count(connection).await?,
    })
}

/// Productions of an account that a worker has, or will.
pub async fn list_running(tx: &Tx, account: AccountId) -> Result<Vec<ProductionId>, StoreError> {
    use productions::row::{Column, Entity};
    let running = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Owner.eq(account.as_str()))
        .filter(Column::State.is_in(["waiting", "working", "stopping", "publishing"]));
    let ids: Vec<String> = running.into_tuple().all(tx.connection()).await?;
    ids.iter().map(|id| id.parse().map_err(|why| corrupt("productions", id, why))).collect()
}

/// Gives what an organization had made for one account to another: narrations with their productions and files, what the organization calls it, and who
/// edits in its name; the account that gave it is gone. A [`StoreError::Conflict`] where both have a narration of one article.
pub async fn hand_over(tx: &Tx, from: AccountId, to: AccountId) -> Result<(), StoreError> {
    macro_rules! give {
        ($table:path, $column:ident) => {{
            use $table::{Column, Entity};
            let given = Entity::update_many().col_expr(Column::$column, Expr::value(to.as_str()));
            given.filter(Column::$column.eq(from.as_str())).exec(tx.connection()).await?;
        }};
    }
    give!(narrations::row, Owner);
    give!(productions::row, Owner);
    give!(files::row, Owner);
    give!(publications::user_row, Account);
    give!(editor_passes::row, Account);
    accounts::remove(tx, from).await?;
    Ok(())
}

/// Accounts that run the house. Nobody becomes or ceases to be one of them until the transaction ends.
pub async fn admins_for_update(tx: &Tx) -> Result<Vec<AccountId>, StoreError> {
    use accounts::row::{Column, Entity};
    let admins = Entity::find().filter(Column::IsAdmin.eq(true)).lock(LockType::Update).all(tx.connection()).await?;
    admins.iter().map(|row| row.id.parse().map_err(|why| corrupt("accounts", &row.id, why))).collect()
}

/// Forgets the account and everything that it owns; its files are removed from storage by a sweep. Whether there was one.
pub async fn remove(tx: &Tx, account: AccountId, now: Time) -> Result<bool, StoreError> {
    let (id, connection) = (account.as_str(), tx.connection());
    let theirs = Query::select()
        .column(productions::row::Column::Id)
        .from(productions::row::Entity)
        .and_where(productions::row::Column::Owner.eq(id))
        .take();
    let of_productions = uploads::row::Column::Production.in_subquery(theirs);
    uploads::row::Entity::delete_many().filter(of_productions).exec(connection).await?;
    productions::row::Entity::delete_many().filter(productions::row::Column::Owner.eq(id)).exec(connection).await?;
    presets::row::Entity::delete_many().filter(presets::row::Column::Owner.eq(id)).exec(connection).await?;
    files::row::Entity::update_many()
        .col_expr(files::row::Column::State, Expr::value(files::DOOMED))
        .col_expr(files::row::Column::ChangedMs, Expr::value(now.as_ms()))
        .filter(files::row::Column::Owner.eq(id))
        .exec(connection)
        .await?;
    accounts::remove(tx, account).await
}
