//! The wing that answers: HTTP in, one verb called, pages and JSON out.
//!
//! What belongs here: credentials becoming callers, a file for each endpoint, pages. What does not: SQL, signal processing,
//! requests to other hosts; a request cannot name them.

mod caller;
mod docs;
mod graphql;
mod health;
mod http;
mod pages;
mod router;
mod settings;
mod surfaces;

pub use router::router;
pub use settings::{Rates, Settings};
pub use wire::productions::Offer;

/// The productions API described in OpenAPI 3.1, as it is served under `/docs` and committed in `schemas/openapi`.
pub fn openapi() -> String {
    surfaces::productions::openapi::json()
}

/// The narration API in the same way.
pub fn openapi_of_narration() -> String {
    surfaces::narration::openapi::json()
}

/// The schema of the portal's API in GraphQL's own language, as it is committed in `schemas/portal.graphql`.
pub fn graphql_schema() -> String {
    graphql::sdl()
}
