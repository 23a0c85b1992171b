//! Every request counted and timed, by route and not by address, so that the numbers stay few.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

/// Counts a request and how long its reply took to begin.
pub(crate) async fn request(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PATCH" | "DELETE" | "OPTIONS" | "PUT") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let labels = [("method", method), ("route", route), ("status", status.to_string())];
    metrics::counter!("soundpost_http_requests_total", &labels).increment(1);
    metrics::histogram!("soundpost_http_request_seconds", &labels[..2]).record(Instant::now() - began);
    tracing::info!(status, "answered");
    response
}
