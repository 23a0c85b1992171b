//! Every request counted and timed, by route and not by address, so that the numbers stay few.

use std::cell::RefCell;
use std::collections::HashMap;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use metrics::{Counter, Histogram};
use tokio::time::Instant;

/// Where requests of one route and method with one kind of answer are counted.
struct Tally {
    method: &'static str,
    status: u16,
    count: Counter,
    seconds: Histogram,
}

thread_local! {
    /// The tallies of each route: looking one up by its labels takes longer than many an answer.
    static TALLIES: RefCell<HashMap<String, Vec<Tally>>> = RefCell::default();
}

/// Counts a request and how long its reply took to begin.
pub(crate) async fn request(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = name(request.method());
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let took = Instant::now() - began;
    TALLIES.with_borrow_mut(|tallies| {
        let route = route.as_ref().map_or("none", MatchedPath::as_str);
        if !tallies.contains_key(route) {
            tallies.insert(route.to_owned(), Vec::new());
        }
        let Some(known) = tallies.get_mut(route) else { return };
        let found = known.iter().position(|tally| tally.method == method && tally.status == status);
        let at = found.unwrap_or_else(|| {
            known.push(Tally::new(method, route, status));
            known.len() - 1
        });
        known[at].count.increment(1);
        known[at].seconds.record(took);
    });
    tracing::info!(status, "answered");
    response
}

impl Tally {
    fn new(method: &'static str, route: &str, status: u16) -> Self {
        let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
        Self {
            method,
            status,
            count: metrics::counter!("soundpost_http_requests_total", &labels),
            seconds: metrics::histogram!("soundpost_http_request_seconds", &labels[..2]),
        }
    }
}

/// Methods that people make up are one.
fn name(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PUT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
