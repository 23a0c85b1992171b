//! Places of an account that recordings come from and productions go to: apps that connected themselves, and stores.

use serde::{Deserialize, Serialize};

use crate::{AccountId, AppId, ProductionId, Remote, ServiceId, Time};

/// The longest that an app may send along for itself, bytes.
pub const MOST_CUSTOM_DATA: usize = 64 << 10;

/// A place of an account that recordings come from or productions go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name within the program, and within the productions API.
    pub id: ServiceId,
    /// Whose it is.
    pub owner: AccountId,
    /// What it was called by whoever connected it.
    pub name: String,
    /// What is there.
    pub target: Target,
    /// When it was connected first.
    pub created: Time,
    /// When it was connected last.
    pub changed: Time,
}

/// What a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An app that connected itself, and is told when a production is done.
    App(AppTarget),
    /// A store: files are taken from there and put there.
    Store(StoreTarget),
}

/// An app that connected itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppTarget {
    /// The app. People see its name before the service's own.
    pub app: AppId,
    /// Where the app is told.
    pub webhook_url: String,
    /// What the app wants to have back with each webhook.
    pub custom_data: Option<String>,
}

/// A store. What opens it lies elsewhere, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreTarget {
    /// Where it is.
    pub remote: Remote,
    /// What came of the last test of the connection, since its fields were changed.
    pub checked: Option<Checked>,
}

/// What came of a test of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// When it was made, in milliseconds since 1970.
    pub at_ms: i64,
    /// Whether files can be listed and fetched.
    pub may_read: bool,
    /// Whether files can be put there.
    pub may_write: bool,
    /// What did not work, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl Service {
    /// The app, where it is one.
    pub fn app(&self) -> Option<&AppTarget> {
        match &self.target {
            Target::App(app) => Some(app),
            Target::Store(_) => None,
        }
    }

    /// The store, where it is one.
    pub fn store(&self) -> Option<&StoreTarget> {
        match &self.target {
            Target::Store(store) => Some(store),
            Target::App(_) => None,
        }
    }
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
    /// What people call it: the app's name and what the app calls it, or the name of the store.
    pub display_name: String,
    /// How it went, once the production was done.
    pub placing: Option<Placing>,
}
