//! OAuth 1.0 and 1.0a: what a signed request says, and whether its signature is right (RFC 5849).
//!
//! What belongs here: gathering parameters, the base string, signatures, the words for problems, callbacks and replies.
//! What does not: whose a key is, and whether a nonce was seen before. A server asks in this order:
//! [`SignedRequest::gather`], the app and the token by their names, [`SignedRequest::verify`], [`Stamp::check`], and
//! then remembers the stamp.

mod base;
mod callback;
mod draft;
mod method;
mod parameters;
mod problem;
mod reply;
mod request;
mod stamp;

pub use callback::{Callback, callback_with, is_callback_of};
pub use draft::Draft;
pub use method::{Secrets, SignatureMethod};
pub use problem::{Problem, Rejected};
pub use reply::{Revision, TokenReply};
pub use request::{Channel, RawRequest, SignedRequest};
pub use stamp::Stamp;

/// How far a timestamp may be from our clock, either way.
pub const WINDOW_SECONDS: u64 = 300;

/// Parameters of a request that are looked at.
pub const MAX_PARAMETERS: usize = 512;

/// Bytes of header, query and form together that are looked at.
pub const MAX_BYTES: usize = 64 * 1024;

/// Bytes of a key, a token, a nonce or a verifier, encoded.
pub const MAX_FIELD: usize = 1024;
