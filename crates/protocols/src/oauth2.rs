//! OAuth 2.0: what its requests and answers look like (RFC 6749, 6750, 7009, 7636, 7662, 8252, 8414, 9207).
//!
//! What belongs here: grammar, the words for errors, PKCE, which redirect addresses are the same, scopes. What does
//! not: whether an app, a code or a token is there, and what was decided about it.

mod authorization;
mod bearer;
mod client;
mod grant;
mod metadata;
mod pairs;
mod pkce;
mod redirect;
mod refusal;
mod reply;
mod scope;

pub use authorization::{Asked, AuthorizationRequest};
pub use bearer::{bearer_challenge, bearer_token};
pub use client::{Authentication, Client};
pub use grant::{Grant, GrantType, TokenHint, TokenQuestion, TokenRequest};
pub use metadata::{Endpoints, Metadata};
pub use pkce::{Challenge, Verifier};
pub use redirect::{RedirectProblem, check_redirect, is_redirect_of, redirect_with_code, redirect_with_refusal};
pub use refusal::{ErrorCode, Refusal};
pub use reply::{Introspection, TokenReply};
pub use scope::{Scope, ScopeSet, UnknownScope};

/// Bytes of a query or a form that are looked at.
pub const MAX_BYTES: usize = 64 * 1024;

/// Parameters of a request that are looked at.
pub const MAX_PARAMETERS: usize = 64;
