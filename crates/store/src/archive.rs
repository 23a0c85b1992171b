//! The whole database, row by row, in a form that is neither SQLite's nor PostgreSQL's: for backups, and for moving house.
//!
//! What is read is one moment's, whatever others write meanwhile. Counts of tries, nonces, questions that wait for an
//! answer, ways into the editor and letters under way are left out: they are over in minutes or hours. Sound that was rendered before is, too: it can
//! be made again.

use futures_util::TryStreamExt;
use model::Time;
use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::connection::reading::Connected as _;
use crate::document;
use crate::error::corrupt;
use crate::{BlobKey, Store, StoreError, Tx};
use crate::{
    accounts, api_keys, apps, audit, counters, deliveries, emails, files, grants, house, jobs, narrations, oauth1,
    oauth2, organization_keys, organizations, passkeys, presets, productions, publications, receivers, recovery,
    services, sessions, totp, uploads, webhook_secrets,
};

/// Does something for every table, in an order in which what is referred to comes first.
macro_rules! tables {
    ($each:ident) => {
        $each!(counters::row, "counters");
        $each!(accounts::row, "accounts");
        $each!(sessions::row, "sessions");
        $each!(api_keys::row, "api_keys");
        $each!(audit::row, "audit");
        $each!(apps::row, "apps");
        $each!(apps::secret_row, "app_secrets");
        $each!(grants::row, "grants");
        $each!(oauth2::code_row, "oauth2_codes");
        $each!(oauth2::token_row, "oauth2_tokens");
        $each!(oauth1::row, "oauth1_tokens");
        $each!(totp::row, "totp");
        $each!(recovery::row, "recovery_codes");
        $each!(passkeys::row, "passkeys");
        $each!(emails::row, "verified_emails");
        $each!(presets::row, "presets");
        $each!(productions::row, "productions");
        $each!(organizations::row, "organizations");
        $each!(organizations::member_row, "organization_members");
        $each!(organizations::invitation_row, "organization_invitations");
        $each!(organization_keys::row, "organization_keys");
        $each!(organization_keys::domain_row, "organization_domains");
        $each!(organization_keys::webhook_row, "organization_webhooks");
        $each!(publications::row, "publications");
        $each!(publications::mapping_row, "organization_publications");
        $each!(publications::user_row, "organization_users");
        $each!(publications::word_row, "pronunciations");
        $each!(narrations::row, "narrations");
        $each!(narrations::revision_row, "narration_revisions");
        $each!(narrations::request_row, "narration_requests");
        $each!(uploads::row, "uploads");
        $each!(files::row, "files");
        $each!(jobs::row, "jobs");
        $each!(services::row, "services");
        $each!(services::placing_row, "placings");
        $each!(webhook_secrets::row, "webhook_secrets");
        $each!(receivers::row, "receivers");
        $each!(deliveries::row, "deliveries");
        $each!(deliveries::row::body, "delivery_bodies");
        $each!(deliveries::row::attempt, "delivery_attempts");
        $each!(house::row, "house");
    };
}

/// Whether nobody lives here yet.
pub async fn is_empty(store: &Store) -> Result<bool, StoreError> {
    Ok(accounts::count(store).await? == 0)
}

/// Gives out every row with the name of its table, and says in the end which files belong to them.
pub async fn read(store: &Store, mut give: impl FnMut(&'static str, Value)) -> Result<Vec<BlobKey>, StoreError> {
    let moment = store.moment().await?;
    macro_rules! each {
        ($row:path, $table:literal) => {{
            use $row as row;
            read_table::<row::Entity>(&moment, $table, &mut give).await?;
        }};
    }
    tables!(each);
    let keys = files::kept(&moment).await?;
    moment.rollback().await?;
    Ok(keys)
}

/// Writes a row that was given out.
pub async fn write(tx: &Tx, table: &str, row: Value) -> Result<(), StoreError> {
    macro_rules! each {
        ($row:path, $table:literal) => {
            if table == $table {
                use $row as row;
                return write_row::<row::Entity, row::ActiveModel>(tx, $table, row).await;
            }
        };
    }
    tables!(each);
    Err(StoreError::Corrupt { table: "?", id: table.to_owned(), why: "there is no such table".to_owned() })
}

/// Forgets every row, and lets a sweep remove every file. What is known of the installation itself stays.
pub async fn clear(tx: &Tx, now: Time) -> Result<(), StoreError> {
    files::doom_all(tx, now).await?;
    // What refers to others goes first.
    macro_rules! each {
        ($($row:path),* $(,)?) => {$(
            {
                use $row as row;
                row::Entity::delete_many().exec(tx.connection()).await?;
            }
        )*};
    }
    each!(jobs::row, uploads::row, productions::row, presets::row, organizations::row, accounts::row, audit::row);
    Ok(())
}

async fn read_table<E>(
    moment: &DatabaseTransaction,
    table: &'static str,
    give: &mut impl FnMut(&'static str, Value),
) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: Serialize,
{
    let mut rows = E::find().stream(moment).await?;
    while let Some(row) = rows.try_next().await? {
        give(table, document::write(&row)?);
    }
    Ok(())
}

async fn write_row<E, A>(tx: &Tx, table: &'static str, row: Value) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: DeserializeOwned + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let row: E::Model = serde_json::from_value(row).map_err(|why| corrupt(table, "?", why))?;
    E::insert(row.into_active_model().reset_all()).exec_without_returning(tx.connection()).await?;
    Ok(())
}
