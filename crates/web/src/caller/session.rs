//! The browser's cookie.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use protocols::Key;

use super::cookie;

/// Cookies with this prefix are taken by browsers only from https, without a domain, for the whole site.
const SECURE: &str = "__Host-soundpost";
const PLAIN: &str = "soundpost";

/// The key that a browser sent.
pub(crate) fn key(headers: &HeaderMap, is_secure: bool) -> Option<String> {
    cookie(headers, name(is_secure)).filter(|key| !key.is_empty()).map(str::to_owned)
}

/// The header that gives a browser its key.
pub(crate) fn set(key: &Key, life: Duration, is_secure: bool) -> Option<HeaderValue> {
    write(key.reveal(), life.as_secs(), is_secure)
}

/// The header that takes the key away.
pub(crate) fn clear(is_secure: bool) -> Option<HeaderValue> {
    write("", 0, is_secure)
}

fn name(is_secure: bool) -> &'static str {
    if is_secure { SECURE } else { PLAIN }
}

fn write(key: &str, seconds: u64, is_secure: bool) -> Option<HeaderValue> {
    let secure = if is_secure { "; Secure" } else { "" };
    let name = name(is_secure);
    let text = format!("{name}={key}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
