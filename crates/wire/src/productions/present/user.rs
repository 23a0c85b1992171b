//! The account that asks.

use model::Account;
use serde::Serialize;
use utoipa::ToSchema;

use super::timestamp;

/// Hours of sound that are told to clients which ask before they send. There are no credits in this house; clients of the
/// published API refuse to start when they see none.
const HOURS: f64 = 1_000.0;

/// An account. Credits are always plenty and mail is never sent; the keys are there because clients read them.
#[expect(clippy::struct_excessive_bools, reason = "the keys are those of the published API")]
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct User {
    /// Its uuid.
    pub user_id: String,
    /// What the person signs in with.
    pub username: String,
    /// Where the person can be written to; empty where that was not said.
    pub email: String,
    /// When the account was made.
    #[schema(example = "2026-04-12T01:41:00.795Z")]
    pub date_joined: String,
    /// Always plenty.
    pub credits: f64,
    /// Always 0.
    pub onetime_credits: f64,
    /// Always plenty.
    pub recurring_credits: f64,
    /// Always plenty.
    pub recharge_recurring_credits: f64,
    /// Always null.
    pub recharge_date: Option<String>,
    /// Always false.
    pub notification_email: bool,
    /// Always false.
    pub error_email: bool,
    /// Always false.
    pub warning_email: bool,
    /// Always false.
    pub low_credits_email: bool,
    /// Always 0.
    pub low_credits_threshold: f64,
}

impl From<&Account> for User {
    fn from(account: &Account) -> Self {
        Self {
            user_id: account.id.to_string(),
            username: account.username.to_string(),
            email: account.email.clone().unwrap_or_default(),
            date_joined: timestamp(account.created),
            credits: HOURS,
            onetime_credits: 0.0,
            recurring_credits: HOURS,
            recharge_recurring_credits: HOURS,
            recharge_date: None,
            notification_email: false,
            error_email: false,
            warning_email: false,
            low_credits_email: false,
            low_credits_threshold: 0.0,
        }
    }
}
