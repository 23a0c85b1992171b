//! Every address that is answered, and what every request passes through.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use futures_util::FutureExt;
use tower::util::MapRequest;
use tracing::Instrument;

use crate::http::request_id::RequestId;
use crate::http::{forwarded, measure, slash};
use crate::settings::{Settings, Web};
use crate::surfaces::{encoding, narration, oauth1, oauth2, productions, social};
use crate::{docs, graphql, health, pages};

/// Everything that is answered.
pub fn router(settings: Settings) -> Router {
    let web = Web::new(settings);
    let routes = Router::new()
        .merge(productions::router(&web))
        .merge(oauth1::router(&web))
        .merge(oauth2::router(&web))
        .merge(social::router(&web))
        .merge(encoding::router(&web))
        .merge(narration::router(&web))
        .merge(graphql::router())
        .merge(pages::router())
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/docs", get(docs::front))
        .route(docs::PRODUCTIONS, get(docs::of_productions))
        .route(docs::NARRATION, get(docs::of_narration))
        .route("/docs/{*name}", get(docs::file))
        .fallback(pages::nothing)
        .layer(from_fn_with_state(web.clone(), pass))
        .with_state(web);
    // Addresses are trimmed before they are looked up, so this stands around the router and not in it.
    Router::new().fallback_service(MapRequest::new(routes, slash::trim))
}

/// What every request passes through: where it came from, a name for the log, the clock, and a net under its handler.
///
/// One function and not a layer for each: a layer of axum copies all that lie within it, for every request.
async fn pass(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    forwarded::resolve(web.trusted_proxies(), &mut request);
    let id = RequestId::of(request.headers(), web.names());
    let (method, path) = (request.method(), request.uri().path());
    let span = tracing::info_span!("http.request", id = id.as_str(), %method, path);
    let measured = measure::Request::begin(method, request.extensions());
    let is_program = path.starts_with("/api");
    request.extensions_mut().insert(id.clone());
    async move {
        let mut response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
            Ok(response) => response,
            // A handler that falls over takes its request with it and nothing else; programs and people are told in their own way.
            Err(panic) => {
                tracing::error!(panic = said(&*panic), "a handler fell over");
                if is_program { productions::broken() } else { pages::broken(Some(id.as_str())) }
            }
        };
        measured.end(response.status().as_u16());
        id.write(response.headers_mut());
        response
    }
    .instrument(span)
    .await
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
