//! A request's share of the server's time, counted for the address it came from, where nobody was recognised yet.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::ceilings;
use super::rate::Who;
use crate::caller::peer;
use crate::settings::Web;

/// Counts a request for its address, and refuses what is longer than any client needs.
pub(crate) async fn of_peer(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let counted = ceilings::check(&parts).and_then(|()| web.limiter().count(Who::peer(peer::of(&parts))));
    match counted {
        Ok(reached) => {
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if let Some(reached) = reached {
                reached.write(response.headers_mut());
            }
            response
        }
        // What kind of body a surface speaks is not known here; the sentence does for all.
        Err(problem) => (problem.status, *problem.headers, format!("{}\n", problem.message)).into_response(),
    }
}

/// Refuses what is longer than any client needs, and leaves counting to whoever finds out who asks.
pub(crate) async fn uncounted(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match ceilings::check(&parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => (problem.status, *problem.headers, format!("{}\n", problem.message)).into_response(),
    }
}
