//! A name for every request, in the log and in the reply, so that one finds the other.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use model::Dice;
use tracing::Instrument;

use crate::settings::Web;

const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, as handlers and pages see it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Gives the request a name, or keeps the one that a proxy gave it.
pub(crate) async fn name(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&NAME).and_then(|value| value.to_str().ok()).filter(|id| is_plain(id));
    let id = given.map_or_else(|| made_up(web.dice()), str::to_owned);
    let span = tracing::info_span!("http.request", id = %id, method = %request.method(), path = request.uri().path());
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).instrument(span).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(NAME, id);
    }
    response
}

/// An id of our own: it has to be another one each time, and is no secret. The dice are asked once.
fn made_up(dice: &dyn Dice) -> String {
    let mut bytes = [0; 8];
    dice.fill(&mut bytes);
    format!("{:016x}", u64::from_be_bytes(bytes))
}

/// Whether an id of somebody else can stand in a log.
fn is_plain(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
