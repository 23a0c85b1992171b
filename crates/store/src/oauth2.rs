//! Codes and tokens of OAuth 2.0. Of each only the digest is here.
//!
//! What was spent is kept until its time is over, so that somebody who comes with it a second time is found out.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Account, AccountId, AppId, GrantId, Time};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connection::reading::Connected as _;
use crate::error::corrupt;
use crate::{Digest, Read, Store, StoreError, Tx, accounts};

/// An authorization code: what was allowed, on its way to the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// For whom it is.
    pub app: AppId,
    /// Who allowed it.
    pub account: AccountId,
    /// Where it was sent.
    pub redirect_uri: String,
    /// Whether the app had said where to, and so has to say the same again (RFC 6749, section 4.1.3).
    pub redirect_uri_sent: bool,
    /// What was allowed, as words with spaces between.
    pub scopes: String,
    /// What the verifier's SHA-256 has to be, as it was sent (RFC 7636).
    pub challenge: Option<String>,
    /// When it was made.
    pub created: Time,
    /// From when on it is worth nothing.
    pub expires: Time,
    /// What it was traded for, once it was.
    pub spent: Spent,
}

/// Whether a code was traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// Not yet.
    No,
    /// For this grant; nothing where it was spoilt.
    For(Option<GrantId>),
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// To ask for things.
    Access,
    /// To be traded for new tokens.
    Refresh,
}

impl TokenKind {
    fn word(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is good for.
    pub kind: TokenKind,
    /// What it came of. Every token of a grant goes with it.
    pub grant: GrantId,
    /// Who holds it.
    pub app: AppId,
    /// For whom it stands.
    pub account: AccountId,
    /// What may be done with it, as words with spaces between.
    pub scopes: String,
    /// When it was made.
    pub created: Time,
    /// From when on it is worth nothing.
    pub expires: Time,
    /// Whether it was traded for another one.
    pub is_spent: bool,
    /// When it was last noted as used.
    pub used: Option<Time>,
}

pub(crate) mod code_row {
    //! How a code lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "oauth2_codes")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) digest: Vec<u8>,
        pub(crate) app: String,
        pub(crate) account: String,
        pub(crate) redirect_uri: String,
        pub(crate) redirect_uri_sent: bool,
        pub(crate) scopes: String,
        pub(crate) challenge: Option<String>,
        pub(crate) created_ms: i64,
        pub(crate) expires_ms: i64,
        pub(crate) is_spent: bool,
        pub(crate) grant: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod token_row {
    //! How a token lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "oauth2_tokens")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) digest: Vec<u8>,
        pub(crate) kind: String,
        pub(crate) grant: String,
        pub(crate) app: String,
        pub(crate) account: String,
        pub(crate) scopes: String,
        pub(crate) created_ms: i64,
        pub(crate) expires_ms: i64,
        pub(crate) is_spent: bool,
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

impl TryFrom<code_row::Model> for Code {
    type Error = StoreError;

    fn try_from(row: code_row::Model) -> Result<Self, StoreError> {
        let wrong = |why| corrupt("oauth2_codes", &row.app, why);
        let grant = row.grant.as_deref().map(str::parse).transpose().map_err(wrong)?;
        Ok(Self {
            app: row.app.parse().map_err(wrong)?,
            account: row.account.parse().map_err(wrong)?,
            redirect_uri: row.redirect_uri,
            redirect_uri_sent: row.redirect_uri_sent,
            scopes: row.scopes,
            challenge: row.challenge,
            created: Time::from_ms(row.created_ms),
            expires: Time::from_ms(row.expires_ms),
            spent: if row.is_spent { Spent::For(grant) } else { Spent::No },
        })
    }
}

impl TryFrom<token_row::Model> for Token {
    type Error = StoreError;

    fn try_from(row: token_row::Model) -> Result<Self, StoreError> {
        let kind = [TokenKind::Access, TokenKind::Refresh].into_iter().find(|kind| kind.word() == row.kind);
        let wrong = |why| corrupt("oauth2_tokens", &row.grant, why);
        Ok(Self {
            kind: kind.ok_or_else(|| corrupt("oauth2_tokens", &row.grant, "it is of no known kind"))?,
            grant: row.grant.parse().map_err(wrong)?,
            app: row.app.parse().map_err(wrong)?,
            account: row.account.parse().map_err(wrong)?,
            scopes: row.scopes,
            created: Time::from_ms(row.created_ms),
            expires: Time::from_ms(row.expires_ms),
            is_spent: row.is_spent,
            used: row.used_ms.map(Time::from_ms),
        })
    }
}

/// Keeps a new code under its digest.
pub async fn insert_code(tx: &Tx, code: &Code, digest: &Digest) -> Result<(), StoreError> {
    let (is_spent, grant) = match code.spent {
        Spent::No => (false, None),
        Spent::For(grant) => (true, grant),
    };
    let row = code_row::Model {
        digest: digest.to_vec(),
        app: code.app.to_string(),
        account: code.account.to_string(),
        redirect_uri: code.redirect_uri.clone(),
        redirect_uri_sent: code.redirect_uri_sent,
        scopes: code.scopes.clone(),
        challenge: code.challenge.clone(),
        created_ms: code.created.as_ms(),
        expires_ms: code.expires.as_ms(),
        is_spent,
        grant: grant.map(String::from),
    };
    let row = row.into_active_model().reset_all();
    code_row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Says that a code is traded, unless it was before; then whoever asks is told so, whatever others do at the same moment.
pub async fn spend_code(tx: &Tx, digest: &Digest) -> Result<bool, StoreError> {
    use code_row::Column;
    let done = code_row::Entity::update_many()
        .col_expr(Column::IsSpent, Expr::value(true))
        .filter(Column::Digest.eq(digest.to_vec()))
        .filter(Column::IsSpent.eq(false))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Notes what a code was traded for.
pub async fn note_grant(tx: &Tx, digest: &Digest, grant: GrantId) -> Result<(), StoreError> {
    use code_row::Column;
    let note = code_row::Entity::update_many().col_expr(Column::Grant, Expr::value(grant.as_str()));
    note.filter(Column::Digest.eq(digest.to_vec())).exec(tx.connection()).await?;
    Ok(())
}

/// The code.
pub async fn find_code(db: &impl Read, digest: &Digest) -> Result<Option<Code>, StoreError> {
    code_row::Entity::find_by_id(digest.to_vec()).one(db.connection()).await?.map(Code::try_from).transpose()
}

/// Keeps a new token under its digest.
pub async fn insert_token(tx: &Tx, token: &Token, digest: &Digest) -> Result<(), StoreError> {
    let row = token_row::Model {
        digest: digest.to_vec(),
        kind: token.kind.word().to_owned(),
        grant: token.grant.to_string(),
        app: token.app.to_string(),
        account: token.account.to_string(),
        scopes: token.scopes.clone(),
        created_ms: token.created.as_ms(),
        expires_ms: token.expires.as_ms(),
        is_spent: token.is_spent,
        used_ms: token.used.map(Time::as_ms),
    };
    let row = row.into_active_model().reset_all();
    token_row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The token that has this digest, and for whom it stands. Whether it is still worth something is for the caller to see.
pub async fn find_token(db: &impl Read, digest: &Digest) -> Result<Option<(Token, Account)>, StoreError> {
    let found = token_row::Entity::find_by_id(digest.to_vec()).find_also_related(accounts::row::Entity);
    let Some((token, Some(account))) = found.one(db.connection()).await? else { return Ok(None) };
    Ok(Some((token.try_into()?, account.try_into()?)))
}

/// The same, for a request that waits: it is asked together with others.
pub async fn recognise(store: &Store, digest: Digest) -> Result<Option<Arc<(Token, Arc<Account>)>>, StoreError> {
    let db = store.clone();
    let find = move |digests: Vec<Digest>| {
        let db = db.clone();
        async move {
            let known = token_row::Column::Digest.is_in(digests.iter().map(|digest| digest.to_vec()));
            let rows = token_row::Entity::find().filter(known).find_also_related(accounts::row::Entity);
            let rows = rows.all(db.connection()).await?;
            let mut found = HashMap::with_capacity(rows.len());
            for (token, account) in rows {
                let (Ok(digest), Some(account)) = (Digest::try_from(token.digest.as_slice()), account) else {
                    continue;
                };
                found.insert(digest, Arc::new((token.try_into()?, Arc::new(account.try_into()?))));
            }
            Ok(found)
        }
    };
    store.lines.oauth2.find(digest, find).await
}

/// Says that a refresh token is traded, unless it was before.
pub async fn spend_token(tx: &Tx, digest: &Digest) -> Result<bool, StoreError> {
    use token_row::Column;
    let done = token_row::Entity::update_many()
        .col_expr(Column::IsSpent, Expr::value(true))
        .filter(Column::Digest.eq(digest.to_vec()))
        .filter(Column::IsSpent.eq(false))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Notes a use of a token.
pub async fn touch_token(tx: &Tx, digest: &Digest, now: Time) -> Result<(), StoreError> {
    use token_row::Column;
    let touch = token_row::Entity::update_many().col_expr(Column::UsedMs, Expr::value(now.as_ms()));
    touch.filter(Column::Digest.eq(digest.to_vec())).exec(tx.connection()).await?;
    Ok(())
}

/// Forgets a token; whether there was one.
pub async fn remove_token(tx: &Tx, digest: &Digest) -> Result<bool, StoreError> {
    Ok(token_row::Entity::delete_by_id(digest.to_vec()).exec(tx.connection()).await?.rows_affected > 0)
}

/// Forgets codes that ended before one moment and tokens that ended before another, and says how many there were.
pub async fn remove_expired(tx: &Tx, codes: Time, tokens: Time) -> Result<u64, StoreError> {
    let over = code_row::Column::ExpiresMs.lte(codes.as_ms());
    let codes = code_row::Entity::delete_many().filter(over).exec(tx.connection()).await?;
    let over = token_row::Column::ExpiresMs.lte(tokens.as_ms());
    let tokens = token_row::Entity::delete_many().filter(over).exec(tx.connection()).await?;
    Ok(codes.rows_affected + tokens.rows_affected)
}
