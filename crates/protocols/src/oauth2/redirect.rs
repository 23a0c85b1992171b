//! Addresses that browsers are sent back to: which may be registered, which are the same, and what is added to them.

use thiserror::Error;
use url::{Url, form_urlencoded};

use super::Refusal;

/// Bytes of an address.
const MAX_BYTES: usize = 2048;

/// What `http` is allowed for: this machine, however it is written (RFC 8252 §7.3 and §8.3).
const LOOPBACK: [&str; 3] = ["http://127.0.0.1", "http://[::1]", "http://localhost"];

/// Why an address cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RedirectProblem {
    /// It is longer than 2048 bytes.
    #[error("The redirect address is longer than {MAX_BYTES} bytes.")]
    TooLong,
    /// It is no absolute address, or has characters that no address has.
    #[error("The redirect address is not an absolute URL.")]
    NotAbsolute,
    /// It has a fragment, which never reaches a server (RFC 6749 §3.1.2).
    #[error("The redirect address has a fragment (#). Leave it out.")]
    Fragment,
    /// It has a name or password in it.
    #[error("The redirect address has a user name in it. Leave it out.")]
    UserInfo,
    /// `http` to another machine.
    #[error(
        "The redirect address begins with http and is not this machine (127.0.0.1, [::1] or localhost). Use https."
    )]
    Insecure,
    /// A scheme of its own without a dot (RFC 8252 §7.1), such as `javascript`.
    #[error(
        "The scheme of the redirect address is not https, and has no dot as the schemes of apps must (com.example.app)."
    )]
    Scheme,
}

/// Whether an address may be registered: absolute, without fragment and user name; https, http to this machine, or a
/// scheme of the app's own with a dot in it (RFC 6749 §3.1.2, RFC 8252 §7).
///
/// ```
/// use protocols::oauth2::{RedirectProblem, check_redirect};
///
/// assert_eq!(check_redirect("https://app.example/back?a=1"), Ok(()));
/// assert_eq!(check_redirect("http://127.0.0.1/back"), Ok(()));
/// assert_eq!(check_redirect("com.example.app:/back"), Ok(()));
/// assert_eq!(check_redirect("http://app.example/back"), Err(RedirectProblem::Insecure));
/// assert_eq!(check_redirect("javascript:alert(1)"), Err(RedirectProblem::Scheme));
/// ```
pub fn check_redirect(address: &str) -> Result<(), RedirectProblem> {
    if address.len() > MAX_BYTES {
        return Err(RedirectProblem::TooLong);
    }
    // The reader of URLs forgives much; what is compared letter by letter later must not need that.
    let is_plain = address.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte));
    let url = Url::parse(address).ok().filter(|_| is_plain).ok_or(RedirectProblem::NotAbsolute)?;
    if address.contains('#') {
        return Err(RedirectProblem::Fragment);
    }
    let after_scheme = address.get(url.scheme().len() + 1..).unwrap_or_default();
    let authority = after_scheme.strip_prefix("//").and_then(|rest| rest.split(['/', '?']).next());
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Err(RedirectProblem::UserInfo);
    }
    match url.scheme() {
        // Without the slashes, or with more of them, readers of URLs disagree about what the host is.
        "https" | "http" if authority.is_none_or(str::is_empty) => Err(RedirectProblem::NotAbsolute),
        "https" => Ok(()),
        "http" if split_loopback(address).is_some() => Ok(()),
        "http" => Err(RedirectProblem::Insecure),
        scheme if scheme.contains('.') => Ok(()),
        _ => Err(RedirectProblem::Scheme),
    }
}

/// Whether an address that an app asks with is one that it registered: the same, letter by letter (RFC 9700 §4.1.3). An
/// address on this machine may have any port (RFC 8252 §7.3).
///
/// ```
/// use protocols::oauth2::is_redirect_of;
///
/// assert!(is_redirect_of("https://app.example/back", "https://app.example/back"));
/// assert!(!is_redirect_of("https://app.example/back/", "https://app.example/back"));
/// assert!(is_redirect_of("http://127.0.0.1:49152/back", "http://127.0.0.1/back"));
/// assert!(!is_redirect_of("http://localhost:49152/back", "http://127.0.0.1/back"));
/// ```
pub fn is_redirect_of(asked: &str, registered: &str) -> bool {
    asked == registered
        || matches!((split_loopback(asked), split_loopback(registered)), (Some(one), Some(other)) if one == other)
}

/// The address with the answer to a request that was allowed (RFC 6749 §4.1.2, RFC 9207 §2). `address` was registered
/// or fits one that was.
pub fn redirect_with_code(address: &str, code: &str, state: Option<&str>, issuer: &str) -> String {
    extend(address, &[("code", Some(code)), ("state", state), ("iss", Some(issuer))])
}

/// The address with the answer to a request that was not allowed (RFC 6749 §4.1.2.1, RFC 9207 §2).
pub fn redirect_with_refusal(address: &str, refusal: &Refusal, state: Option<&str>, issuer: &str) -> String {
    let description = refusal.plain_description();
    let error = refusal.code.word();
    extend(
        address,
        &[("error", Some(error)), ("error_description", Some(&description)), ("state", state), ("iss", Some(issuer))],
    )
}

/// Adds to the query. The address itself stays as it was registered, which a round through a reader of URLs would not
/// promise.
fn extend(address: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let pairs = parameters.iter().filter_map(|(name, value)| Some((name, (*value)?)));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let between = match address.split_once('?') {
        None => "?",
        Some((_, before)) if before.is_empty() || before.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{address}{between}{query}")
}

/// An address on this machine, as what stands before its port and what comes after.
fn split_loopback(address: &str) -> Option<(&str, &str)> {
    let host = LOOPBACK.into_iter().find(|host| address.starts_with(host))?;
    let (host, rest) = address.split_at_checked(host.len())?;
    let Some(with_port) = rest.strip_prefix(':') else {
        return (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest));
    };
    let end = with_port.find(['/', '?']).unwrap_or(with_port.len());
    let (port, rest) = with_port.split_at_checked(end)?;
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_port.then_some((host, rest))
}
