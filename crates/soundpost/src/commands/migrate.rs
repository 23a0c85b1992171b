//! `soundpost migrate`: the database becomes what this program expects.

use serde_json::json;

use super::open;
use super::output::print;
use crate::cli::Common;
use crate::failure::Failure;
use crate::house::{self, failed, make_folder};

/// Migrates, and says what was done.
pub(crate) fn run(arguments: &Common) -> Result<(), Failure> {
    let settings = open::settings(&arguments.house)?;
    crate::telemetry::start(&settings);
    make_folder(&settings.data_dir)?;
    let done = open::wait(async {
        let store = house::open_store(&settings).await?;
        let cannot = |error: store::StoreError| failed("The database cannot be migrated", &error);
        let pending = store.pending_migrations().await.map_err(cannot)?;
        store.migrate().await.map_err(cannot)?;
        Ok(pending)
    })?;
    let text = if arguments.json {
        json!({ "applied": done }).to_string()
    } else if done.is_empty() {
        "The database is up to date.".to_owned()
    } else {
        format!("Applied: {}.", done.join(", "))
    };
    print(format!("{text}\n").as_bytes())
}
