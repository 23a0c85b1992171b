//! Tokens in headers, and what is said when they are missing or wrong (RFC 6750).

use std::fmt::Write;

use super::{Refusal, ScopeSet};
use crate::header;

/// The token of an `Authorization: Bearer` header, the scheme in any case. `None` is another scheme, or something that
/// cannot be a token (§2.1, `b64token`).
///
/// ```
/// use protocols::oauth2::bearer_token;
///
/// assert_eq!(bearer_token("bearer spo_x"), Some("spo_x"));
/// assert_eq!(bearer_token("Basic YTpi"), None);
/// assert_eq!(bearer_token("Bearer a b"), None);
/// ```
pub fn bearer_token(authorization: &str) -> Option<&str> {
    let token = header::credentials(authorization, "Bearer")?;
    let body = token.trim_end_matches('=');
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    (!body.is_empty() && body.bytes().all(fits)).then_some(token)
}

/// The value of `WWW-Authenticate` (§3). Where no credentials came there is no refusal to tell of, and none is told.
///
/// ```
/// use protocols::oauth2::{ErrorCode, Refusal, Scope, ScopeSet, bearer_challenge};
///
/// assert_eq!(bearer_challenge("Soundpost", None, None), r#"Bearer realm="Soundpost""#);
/// let refusal = Refusal::new(ErrorCode::InsufficientScope, "This token is good for reading only.");
/// assert_eq!(
///     bearer_challenge("Soundpost", Some(&refusal), Some(ScopeSet::NONE.with(Scope::ProductionWrite))),
///     r#"Bearer realm="Soundpost", error="insufficient_scope", error_description="This token is good for reading only.", scope="production.write""#,
/// );
/// ```
pub fn bearer_challenge(realm: &str, refusal: Option<&Refusal>, needed: Option<ScopeSet>) -> String {
    let mut text = format!("Bearer realm=\"{}\"", header::quotable(realm));
    // Writing to a string cannot fail.
    if let Some(refusal) = refusal {
        let _ = write!(text, ", error=\"{}\", error_description=\"{}\"", refusal.code, refusal.plain_description());
    }
    if let Some(needed) = needed {
        let _ = write!(text, ", scope=\"{needed}\"");
    }
    text
}
