//! A publishing target of an account.

use crate::{AccountId, AppId, ProductionId, ServiceId, Time};

/// The longest that an app may send along for itself, bytes.
pub const MOST_CUSTOM_DATA: usize = 64 << 10;

/// A publishing target of an account: an app that connected itself, and is told when a production is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name within the program, and within the productions API.
    pub id: ServiceId,
    /// Whose it is.
    pub owner: AccountId,
    /// The app that connected itself.
    pub app: AppId,
    /// What the app calls it. People see the app's name before it.
    pub name: String,
    /// Where the app is told.
    pub webhook_url: String,
    /// What the app wants to have back with each webhook.
    pub custom_data: Option<String>,
    /// When it was connected first.
    pub created: Time,
    /// When it was connected last.
    pub changed: Time,
}

/// How it went with a production at a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placing {
    /// The production.
    pub production: ProductionId,
    /// The service.
    pub service: ServiceId,
    /// Whether it went there; nothing until the service answered, or was asked as often as it is.
    pub success: Option<bool>,
    /// Why it did not work the last time, in a sentence; empty where it did.
    pub trouble: String,
    /// The page that the service made of it.
    pub result_page: Option<String>,
    /// The files that the service made of it.
    pub result_urls: Vec<String>,
}

/// A service, as people see it beside a production.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownService {
    /// The service.
    pub service: Service,
    /// The app's name and what the app calls it.
    pub display_name: String,
    /// How it went, once the production was done.
    pub placing: Option<Placing>,
}
