//! Tokens of OAuth 1.0 and 1.0a. The token itself is a name and lies here plain; its secret, which signatures need, lies here
//! sealed.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Account, AccountId, AppId, GrantId, Time};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{Digest, Read, Store, StoreError, Tx, accounts};

/// A request token: an app's question on its way to a person and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestToken {
    /// Its name on the wire.
    pub token: String,
    /// Who asks.
    pub app: AppId,
    /// Its secret, sealed.
    pub sealed: Vec<u8>,
    /// Where the answer goes; `oob` is nowhere, and none is OAuth 1.0.
    pub callback: Option<String>,
    /// Who allowed it, once somebody did.
    pub allowed_by: Option<AccountId>,
    /// The digest of the verifier that goes with the answer. There is none in OAuth 1.0.
    pub verifier: Option<Digest>,
    /// How many wrong verifiers came.
    pub tries: u32,
    /// What was asked for, as words with spaces between.
    pub scopes: String,
    /// When it was made.
    pub created: Time,
    /// From when on it is worth nothing.
    pub expires: Time,
}

/// An access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// Its name on the wire.
    pub token: String,
    /// Who holds it.
    pub app: AppId,
    /// Its secret, sealed.
    pub sealed: Vec<u8>,
    /// For whom it stands.
    pub account: AccountId,
    /// What it came of.
    pub grant: GrantId,
    /// What may be done with it, as words with spaces between.
    pub scopes: String,
    /// When it was made.
    pub created: Time,
    /// When it was last noted as used.
    pub used: Option<Time>,
}

pub(crate) mod row {
    //! How a token lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "oauth1_tokens")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) token: String,
        pub(crate) kind: String,
        pub(crate) app: String,
        pub(crate) sealed: Vec<u8>,
        pub(crate) callback: Option<String>,
        pub(crate) account: Option<String>,
        pub(crate) verifier: Option<Vec<u8>>,
        pub(crate) tries: i64,
        pub(crate) grant: Option<String>,
        pub(crate) scopes: String,
        pub(crate) created_ms: i64,
        pub(crate) expires_ms: Option<i64>,
        pub(crate) used_ms: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {
        #[sea_orm(
            belongs_to = "crate::accounts::row::Entity",
            from = "Column::Account",
            to = "crate::accounts::row::Column::Id"
        )]
        Account,
    }

    impl Related<crate::accounts::row::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Account.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity};

const REQUEST: &str = "request";
const ACCESS: &str = "access";

/// What is said of a row that cannot be. Which one it is stays unsaid, since tokens are for their holders.
fn wrong(app: &str, why: impl std::fmt::Display) -> StoreError {
    corrupt("oauth1_tokens", app, why)
}

impl TryFrom<row::Model> for RequestToken {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let verifier = row.verifier.map(Digest::try_from).transpose();
        Ok(Self {
            app: row.app.parse().map_err(|why| wrong(&row.app, why))?,
            allowed_by: row.account.as_deref().map(str::parse).transpose().map_err(|why| wrong(&row.app, why))?,
            verifier: verifier.map_err(|_| wrong(&row.app, "its verifier is no digest"))?,
            tries: row.tries.try_into().map_err(|why| wrong(&row.app, why))?,
            expires: row.expires_ms.map(Time::from_ms).ok_or_else(|| wrong(&row.app, "it has no end"))?,
            token: row.token,
            sealed: row.sealed,
            callback: row.callback,
            scopes: row.scopes,
            created: Time::from_ms(row.created_ms),
        })
    }
}

impl TryFrom<row::Model> for AccessToken {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        let (Some(account), Some(grant)) = (&row.account, &row.grant) else {
            return Err(wrong(&row.app, "it stands for nobody"));
        };
        Ok(Self {
            app: row.app.parse().map_err(|why| wrong(&row.app, why))?,
            account: account.parse().map_err(|why| wrong(&row.app, why))?,
            grant: grant.parse().map_err(|why| wrong(&row.app, why))?,
            token: row.token,
            sealed: row.sealed,
            scopes: row.scopes,
            created: Time::from_ms(row.created_ms),
            used: row.used_ms.map(Time::from_ms),
        })
    }
}

/// Keeps a new request token.
pub async fn insert_request(tx: &Tx, token: &RequestToken) -> Result<(), StoreError> {
    let row = row::Model {
        token: token.token.clone(),
        kind: REQUEST.to_owned(),
        app: token.app.to_string(),
        sealed: token.sealed.clone(),
        callback: token.callback.clone(),
        account: token.allowed_by.map(String::from),
        verifier: token.verifier.map(Vec::from),
        tries: token.tries.into(),
        grant: None,
        scopes: token.scopes.clone(),
        created_ms: token.created.as_ms(),
        expires_ms: Some(token.expires.as_ms()),
        used_ms: None,
    };
    insert(tx, row).await
}

/// Keeps a new access token.
pub async fn insert_access(tx: &Tx, token: &AccessToken) -> Result<(), StoreError> {
    let row = row::Model {
        token: token.token.clone(),
        kind: ACCESS.to_owned(),
        app: token.app.to_string(),
        sealed: token.sealed.clone(),
        callback: None,
        account: Some(token.account.into()),
        verifier: None,
        tries: 0,
        grant: Some(token.grant.into()),
        scopes: token.scopes.clone(),
        created_ms: token.created.as_ms(),
        expires_ms: None,
        used_ms: token.used.map(Time::as_ms),
    };
    insert(tx, row).await
}

/// The request token, unless its time is over.
pub async fn find_request(db: &impl Read, token: &str, now: Time) -> Result<Option<RequestToken>, StoreError> {
    let alive = Column::ExpiresMs.gt(now.as_ms());
    let found = Entity::find_by_id(token).filter(Column::Kind.eq(REQUEST)).filter(alive).one(db.connection()).await?;
    found.map(RequestToken::try_from).transpose()
}

/// The access token, and for whom it stands.
pub async fn find_access(db: &impl Read, token: &str) -> Result<Option<(AccessToken, Account)>, StoreError> {
    let found = Entity::find_by_id(token).filter(Column::Kind.eq(ACCESS)).find_also_related(accounts::row::Entity);
    let Some((token, Some(account))) = found.one(db.connection()).await? else { return Ok(None) };
    Ok(Some((token.try_into()?, account.try_into()?)))
}

/// The same, for a request that waits: it is asked together with others.
pub async fn recognise(store: &Store, token: &str) -> Result<Option<Arc<(AccessToken, Arc<Account>)>>, StoreError> {
    let db = store.clone();
    let find = move |tokens: Vec<String>| {
        let db = db.clone();
        async move {
            let known = Entity::find().filter(Column::Token.is_in(tokens)).filter(Column::Kind.eq(ACCESS));
            let rows = known.find_also_related(accounts::row::Entity).all(db.connection()).await?;
            let mut found = HashMap::with_capacity(rows.len());
            for (token, account) in rows {
                let Some(account) = account else { continue };
                found.insert(token.token.clone(), Arc::new((token.try_into()?, Arc::new(account.try_into()?))));
            }
            Ok(found)
        }
    };
    store.lines.oauth1.find(token.to_owned(), find).await
}

/// Notes who allowed a request token, and the verifier that says so, unless somebody did before; whether it was noted.
pub async fn allow(
    tx: &Tx,
    token: &str,
    by: AccountId,
    callback: Option<&str>,
    verifier: Option<&Digest>,
) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Account, Expr::value(by.as_str()))
        .col_expr(Column::Callback, Expr::value(callback))
        .col_expr(Column::Verifier, Expr::value(verifier.map(|digest| digest.to_vec())))
        .filter(Column::Token.eq(token))
        .filter(Column::Kind.eq(REQUEST))
        .filter(Column::Account.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Counts a try with a verifier, and says how many there were with it; nothing where the token is gone. Others who try wait for
/// this transaction.
pub async fn count_try(tx: &Tx, token: &str) -> Result<Option<u32>, StoreError> {
    let count = Entity::update_many().col_expr(Column::Tries, Expr::col(Column::Tries).add(1));
    count.filter(Column::Token.eq(token)).filter(Column::Kind.eq(REQUEST)).exec(tx.connection()).await?;
    let counted = Entity::find_by_id(token).filter(Column::Kind.eq(REQUEST)).one(tx.connection()).await?;
    counted.map(|row| row.tries.try_into().map_err(|why| wrong(&row.app, why))).transpose()
}

/// Notes a use of an access token.
pub async fn touch(tx: &Tx, token: &str, now: Time) -> Result<(), StoreError> {
    let touch = Entity::update_many().col_expr(Column::UsedMs, Expr::value(now.as_ms()));
    touch.filter(Column::Token.eq(token)).exec(tx.connection()).await?;
    Ok(())
}

/// Forgets a token of either kind; whether there was one, for this transaction alone.
pub async fn remove(tx: &Tx, token: &str) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(token).exec(tx.connection()).await?.rows_affected > 0)
}

/// Forgets request tokens whose time is over, and says how many there were.
pub async fn remove_expired(tx: &Tx, now: Time) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::ExpiresMs.lte(now.as_ms())).exec(tx.connection()).await?.rows_affected)
}

async fn insert(tx: &Tx, row: row::Model) -> Result<(), StoreError> {
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}
