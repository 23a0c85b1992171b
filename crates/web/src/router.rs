//! Every address that is answered, and what every request passes through.

use std::any::Any;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use futures_util::FutureExt;
use tower::util::MapRequest;

use crate::http::request_id::RequestId;
use crate::http::{forwarded, measure, request_id, slash};
use crate::settings::{Settings, Web};
use crate::surfaces::{encoding, oauth1, oauth2, productions, social};
use crate::{docs, health, pages};

/// Everything that is answered.
pub fn router(settings: Settings) -> Router {
    let web = Web::new(settings);
    let routes = Router::new()
        .merge(productions::router(&web))
        .merge(oauth1::router(&web))
        .merge(oauth2::router(&web))
        .merge(social::router(&web))
        .merge(encoding::router(&web))
        .merge(pages::router())
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/docs", get(docs::front))
        .route(docs::DESCRIPTION, get(docs::description))
        .route("/docs/{*name}", get(docs::file))
        .fallback(pages::nothing)
        .layer(from_fn(catch))
        .layer(from_fn(measure::request))
        .layer(from_fn_with_state(web.clone(), request_id::name))
        .layer(from_fn_with_state(web.clone(), forwarded::resolve))
        .with_state(web);
    // Addresses are trimmed before they are looked up, so this stands around the router and not in it.
    Router::new().fallback_service(MapRequest::new(routes, slash::trim))
}

/// A handler that falls over takes its request with it and nothing else; programs and people are told in their own way.
async fn catch(request: Request, next: Next) -> Response {
    let is_program = request.uri().path().starts_with("/api");
    let reference = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    match std::panic::AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            tracing::error!(panic = said(&*panic), "a handler fell over");
            if is_program { productions::broken() } else { pages::broken(reference.as_deref()) }
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
