//! A name for every request, in the log and in the reply, so that one finds the other.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use model::Dice;

const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, as handlers and pages see it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// The name that a proxy gave the request, or one of our own.
    pub(crate) fn of(headers: &HeaderMap, dice: &dyn Dice) -> Self {
        let given = headers.get(&NAME).and_then(|value| value.to_str().ok()).filter(|id| is_plain(id));
        Self(given.map_or_else(|| made_up(dice).into(), Arc::from))
    }

    /// The id, which is plain ASCII.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Says it in a reply.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        if let Ok(id) = HeaderValue::from_str(&self.0) {
            headers.insert(NAME, id);
        }
    }
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
