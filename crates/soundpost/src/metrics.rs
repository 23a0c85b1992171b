//! Numbers for Prometheus, on a listener of their own so that they are not open to everybody.

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::commands::serve::ended;
use crate::failure::Failure;
use crate::house::failed;
use crate::settings::Settings;

/// Upper bounds of times, seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The listener; it goes when this is dropped.
pub(crate) struct Numbers(Option<tokio::task::JoinHandle<()>>);

impl Drop for Numbers {
    fn drop(&mut self) {
        if let Some(serving) = &self.0 {
            serving.abort();
        }
    }
}

/// Starts to count, and to say so where the operator wants it.
pub(crate) async fn start(settings: &Settings, stopping: watch::Receiver<bool>) -> Result<Numbers, Failure> {
    let Some(address) = settings.metrics_listen else { return Ok(Numbers(None)) };
    let recorder = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .map_err(|error| failed("Metrics cannot be counted", &error))?
        .install_recorder()
        .map_err(|error| failed("Metrics cannot be counted", &error))?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| failed(&format!("{address} cannot be listened on for metrics"), &error))?;
    let router = Router::new().route(
        "/metrics",
        get(async move || {
            recorder.run_upkeep();
            recorder.render()
        }),
    );
    let serving = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(ended(stopping)).await {
            tracing::error!(%error, "metrics are not served any more");
        }
    });
    Ok(Numbers(Some(serving)))
}
