//! What was said once and is not to be said again: the nonces of signed requests, for all processes together.

use std::collections::HashSet;

use model::Time;
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, TryGetable};

use crate::connection::reading::Connected as _;
use crate::{Digest, Store, StoreError, Tx};

/// Nonces that one statement takes: SQLite and PostgreSQL bind far more values than two for each of these.
const AT_ONCE: usize = 500;

mod row {
    //! How a nonce lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "nonces")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) digest: Vec<u8>,
        pub(crate) expires_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

/// Notes nonces, and says of each whether it was new. One that comes twice among these is new once.
///
/// Each has nothing to do with the others, so up to a bound all of them are one statement, and no transaction is needed around it.
pub async fn note(store: &Store, nonces: &[(Digest, Time)]) -> Result<Vec<bool>, StoreError> {
    // In one order for everybody, so that no two transactions wait for each other.
    let mut sorted: Vec<_> = nonces.iter().collect();
    sorted.sort_unstable();
    sorted.dedup_by_key(|(digest, _)| *digest);
    let mut new = HashSet::with_capacity(sorted.len());
    for some in sorted.chunks(AT_ONCE) {
        let mut insert = Query::insert();
        insert.into_table(Entity).columns([Column::Digest, Column::ExpiresMs]);
        for (digest, expires) in some {
            insert.values_panic([digest.to_vec().into(), expires.as_ms().into()]);
        }
        insert.on_conflict(OnConflict::column(Column::Digest).do_nothing().to_owned()).returning_col(Column::Digest);
        for row in store.writer().query_all(&insert).await? {
            new.insert(Vec::<u8>::try_get(&row, "", "digest").map_err(sea_orm::DbErr::from)?);
        }
    }
    Ok(nonces.iter().map(|(digest, _)| new.remove(digest.as_slice())).collect())
}

/// Forgets nonces whose time is over, and says how many there were.
pub async fn remove_expired(tx: &Tx, now: Time) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::ExpiresMs.lte(now.as_ms())).exec(tx.connection()).await?.rows_affected)
}
