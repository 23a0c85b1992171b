//! Where a user is sent after deciding about a request token (RFC 5849 §2.1 and §2.2).

use url::Url;

/// Bytes of a callback that are looked at.
const MAX_BYTES: usize = 2048;

/// Where a user is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callback<'a> {
    /// `oob`, out of band: nowhere. The user reads the verifier and types it over.
    OutOfBand,
    /// This address. It is not yet known to be one, or to be allowed.
    Url(&'a str),
}

impl<'a> Callback<'a> {
    /// Reads the value of `oauth_callback`.
    pub fn read(value: &'a str) -> Self {
        if value == "oob" { Self::OutOfBand } else { Self::Url(value) }
    }
}

/// Whether a callback may be used by an app that registered another address: scheme, host and port are the same. Path
/// and query are free. An address that is not even a callback of itself cannot be registered.
///
/// ```
/// use protocols::oauth1::is_callback_of;
///
/// assert!(is_callback_of("http://your.example.com/oauth_callback?user=7", "http://your.example.com/"));
/// assert!(!is_callback_of("https://your.example.com/", "http://your.example.com/"));
/// assert!(!is_callback_of("http://your.example.com@evil.example/", "http://your.example.com/"));
/// ```
pub fn is_callback_of(callback: &str, registered: &str) -> bool {
    let (Some(callback), Some(registered)) = (parse(callback), parse(registered)) else { return false };
    let place = |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default());
    place(&callback) == place(&registered)
}

/// The callback with a token, and a verifier for revision A, added to its query. `None` if it is not an absolute
/// address.
///
/// ```
/// use protocols::oauth1::callback_with;
///
/// let sent = callback_with("http://your.example.com/back?a=1", &[("oauth_token", "t"), ("oauth_verifier", "v")]);
/// assert_eq!(sent.as_deref(), Some("http://your.example.com/back?a=1&oauth_token=t&oauth_verifier=v"));
/// ```
pub fn callback_with(callback: &str, parameters: &[(&str, &str)]) -> Option<String> {
    let mut url = parse(callback)?;
    url.query_pairs_mut().extend_pairs(parameters);
    Some(url.into())
}

/// Schemes that browsers run, show or open without asking a server.
const CLOSED: [&str; 9] =
    ["about", "blob", "data", "file", "filesystem", "ftp", "javascript", "vbscript", "view-source"];

/// An address that a browser can be sent to: absolute, with a host, and nobody's name or password in it. Its scheme may
/// be an app's own.
fn parse(text: &str) -> Option<Url> {
    let url = (text.len() <= MAX_BYTES).then(|| Url::parse(text).ok())??;
    let fits =
        url.host_str().is_some_and(|host| !host.is_empty()) && url.username().is_empty() && url.password().is_none();
    (fits && !CLOSED.contains(&url.scheme())).then_some(url)
}
