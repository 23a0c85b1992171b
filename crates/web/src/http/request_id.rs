//! A name for every request, in the log and in the reply, so that one finds the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};
use model::Dice;

const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, as handlers and pages see it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// The name that a proxy gave the request, or one of our own.
    pub(crate) fn of(headers: &HeaderMap, names: &Names) -> Self {
        let given = headers.get(&NAME).and_then(|value| value.to_str().ok()).filter(|id| is_plain(id));
        Self(given.map_or_else(|| names.next().into(), Arc::from))
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

/// Names of our own. They have to be other ones each time, in each process, and are no secret: the dice are asked once, since asking the
/// system for chance takes longer than many an answer.
pub(crate) struct Names {
    first: u64,
    given: AtomicU64,
}

impl Names {
    pub(crate) fn new(dice: &dyn Dice) -> Self {
        let mut bytes = [0; 8];
        dice.fill(&mut bytes);
        Self { first: u64::from_be_bytes(bytes), given: AtomicU64::new(0) }
    }

    fn next(&self) -> String {
        // An odd number times every number of 64 bits is every number once; this one, the golden ratio's, keeps neighbours apart.
        let step = self.given.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{:016x}", self.first.wrapping_add(step))
    }
}

/// Whether an id of somebody else can stand in a log.
fn is_plain(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
