//! What every request passes before its handler: ceilings, credentials, its share of the server's time. Two functions for two kinds of
//! addresses, since each layer of axum costs.

use app::Caller;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;

use super::reply::Refused;
use crate::caller::{self, Recognised, peer};
use crate::http::ceilings;
use crate::http::problem::Problem;
use crate::http::rate::{Reached, Who};
use crate::settings::Web;

/// Whoever asks; a handler that has this was asked by somebody.
pub(super) struct Asking(pub(super) Caller);

impl<S: Send + Sync> FromRequestParts<S> for Asking {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        Ok(Self(caller::needed(parts.extensions.get())?))
    }
}

/// Recognises the caller and counts the request for the account, or for the address where nobody was recognised.
pub(super) async fn caller(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Err(problem) = ceilings::check(&parts) {
        return refused(problem);
    }
    let recognised = caller::recognise(&web, &parts).await;
    let who = match &recognised {
        Ok(Some(caller)) => Who::Account(caller.account.id),
        Ok(None) | Err(_) => Who::peer(peer::of(&parts)),
    };
    let counted = web.limiter().count(who);
    let admitted = counted.and_then(|reached| recognised.map(|caller| (caller, reached)));
    match admitted {
        Ok((caller, reached)) => {
            parts.extensions.insert(Recognised(caller));
            told(next.run(Request::from_parts(parts, body)).await, reached)
        }
        Err(problem) => refused(problem),
    }
}

/// Counts the request for the address it came from; nobody has to be recognised.
pub(super) async fn peer(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let counted = ceilings::check(&parts).and_then(|()| web.limiter().count(Who::peer(peer::of(&parts))));
    match counted {
        Ok(reached) => told(next.run(Request::from_parts(parts, body)).await, reached),
        Err(problem) => refused(problem),
    }
}

fn told(mut response: Response, reached: Option<Reached>) -> Response {
    if let Some(reached) = reached {
        reached.write(response.headers_mut());
    }
    response
}

fn refused(problem: Problem) -> Response {
    Refused(problem).into_response()
}
