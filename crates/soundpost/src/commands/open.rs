//! From the command line to a house: settings gathered and checked, a runtime started.

use crate::cli::HouseArgs;
use crate::failure::Failure;
use crate::settings::{Settings, Typed};

/// Gathers what was typed everywhere; flags that a command has for itself are added by it.
pub(crate) fn gather(house: &HouseArgs) -> Result<Typed, Failure> {
    let mut typed = Typed::gather(house.config.as_deref())?;
    typed.flag("data_dir", house.data_dir.as_deref());
    typed.flag("database_url", house.database_url.as_deref());
    Ok(typed)
}

/// The settings of a command that adds none of its own.
pub(crate) fn settings(house: &HouseArgs) -> Result<Settings, Failure> {
    gather(house)?.resolve()
}

/// Runs what waits to its end.
pub(crate) fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("The runtime cannot be started: {error}.")))?;
    runtime.block_on(work)
}
