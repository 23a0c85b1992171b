//! Every request counted and timed, by route and not by address, so that the numbers stay few.

use std::cell::RefCell;
use std::collections::HashMap;

use axum::extract::MatchedPath;
use http::{Extensions, Method};
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

/// A request that is being answered.
pub(crate) struct Request {
    route: Option<MatchedPath>,
    method: &'static str,
    began: Instant,
}

impl Request {
    /// Looks at the clock.
    pub(crate) fn begin(method: &Method, extensions: &Extensions) -> Self {
        Self { route: extensions.get().cloned(), method: name(method), began: Instant::now() }
    }

    /// Counts the request, and how long its reply took to begin.
    pub(crate) fn end(&self, status: u16) {
        let took = self.began.elapsed();
        TALLIES.with_borrow_mut(|tallies| {
            let route = self.route.as_ref().map_or("none", MatchedPath::as_str);
            if !tallies.contains_key(route) {
                tallies.insert(route.to_owned(), Vec::new());
            }
            let Some(known) = tallies.get_mut(route) else { return };
            let found = known.iter().position(|tally| tally.method == self.method && tally.status == status);
            let at = found.unwrap_or_else(|| {
                known.push(Tally::new(self.method, route, status));
                known.len() - 1
            });
            known[at].count.increment(1);
            known[at].seconds.record(took);
        });
        tracing::info!(status, "answered");
    }
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
