//! What is signed: method, address and parameters in one line (RFC 5849 §3.4.1).

use super::parameters::Parameter;
use super::{Problem, Rejected};
use crate::percent;

/// The name of the parameter that is not signed, being the signature.
pub(super) const SIGNATURE: &str = "oauth_signature";

/// The base string URI (§3.4.1.2): scheme and host in lower case, no default port, the path as it was sent.
pub(super) fn uri(scheme: &str, host: &str, path: &str) -> Result<String, Problem> {
    let default = match scheme {
        _ if scheme.eq_ignore_ascii_case("https") => "443",
        _ if scheme.eq_ignore_ascii_case("http") => "80",
        _ => return Err(Rejected::Address.into()),
    };
    let (name, port) = split_port(host).ok_or(Rejected::Address)?;
    if name.is_empty() || !(path.is_empty() || path.starts_with('/')) || path.contains(['?', '#']) {
        return Err(Rejected::Address.into());
    }
    let mut uri = String::with_capacity(scheme.len() + host.len() + path.len() + 3);
    uri.push_str(scheme);
    uri.push_str("://");
    uri.push_str(name);
    if !port.is_empty() && port.trim_start_matches('0') != default {
        uri.push(':');
        uri.push_str(port);
    }
    uri.make_ascii_lowercase();
    uri.push_str(if path.is_empty() { "/" } else { path });
    Ok(uri)
}

/// The whole string (§3.4.1.1), of parameters that are sorted. The signature itself is left out.
pub(super) fn string(method: &str, uri: &str, parameters: &[Parameter<'_>]) -> String {
    let length: usize = parameters.iter().map(|parameter| parameter.name.len() + parameter.value.len() + 6).sum();
    let mut out = String::with_capacity(method.len() + 2 * uri.len() + length + length / 4);
    percent::encode_into(&mut out, method.as_bytes());
    out.make_ascii_uppercase();
    out.push('&');
    percent::encode_into(&mut out, uri.as_bytes());
    let mut before = "&";
    for parameter in parameters.iter().filter(|parameter| parameter.name != SIGNATURE) {
        out.push_str(before);
        encode_again(&mut out, &parameter.name);
        out.push_str("%3D");
        encode_again(&mut out, &parameter.value);
        before = "%26";
    }
    if before == "&" {
        out.push('&');
    }
    out
}

/// Encodes what is encoded already: only its percent signs change.
fn encode_again(out: &mut String, encoded: &str) {
    let mut parts = encoded.split('%');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str("%25");
        out.push_str(part);
    }
}

/// A host and its port, which may be empty.
fn split_port(host: &str) -> Option<(&str, &str)> {
    let end_of_name = host.rfind(']').map_or(0, |bracket| bracket + 1);
    let (name, port) = match host[end_of_name..].find(':') {
        Some(colon) => (&host[..end_of_name + colon], &host[end_of_name + colon + 1..]),
        None => (host, ""),
    };
    let fits = port.bytes().all(|byte| byte.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'?' | b'#' | b'@' | b'\\'));
    fits.then_some((name, port))
}
