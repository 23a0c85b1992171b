//! What the program tells of itself while it runs: a log on standard error, and numbers for Prometheus.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::Settings;

/// Starts the log. To be called once.
pub(crate) fn start(settings: &Settings) {
    let mut filter = settings.log.parse::<EnvFilter>().unwrap_or_default();
    // Some libraries say at every start that there is nothing to do, one warns of each odd node of a foreign page; whoever wants to hear that
    // names them.
    let quiet = [("sea_orm_migration", "warn"), ("sqlx", "warn"), ("html5ever", "error")];
    for (library, level) in quiet.iter().filter(|(library, _)| !settings.log.contains(library)) {
        filter = filter.add_directive(format!("{library}={level}").parse().unwrap_or_default());
    }
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // That a log is there already is how it is in tests.
    let _ = if settings.log_json {
        registry.with(layer.json().flatten_event(true)).try_init()
    } else {
        registry.with(layer.with_target(false).with_ansi(std::io::stderr().is_terminal())).try_init()
    };
}
