//! A second implementation of OAuth 1.0 signatures, written from the text of RFC 5849 and for nothing but being plain:
//! every step makes a new string.

/// §3.6.
pub(crate) fn encode(text: &str) -> String {
    let unreserved =
        |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte == b'_' || byte == b'~';
    let written = |byte: u8| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(written).collect::<Vec<_>>().concat()
}

/// §3.4.1.3.2, of names and values as they are meant.
fn normalise(parameters: &[(String, String)]) -> String {
    let mut encoded: Vec<_> = parameters.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    encoded.sort();
    let pairs: Vec<_> = encoded.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// §3.4.1.1, of an address that needs no tidying.
pub(crate) fn base_string(method: &str, uri: &str, parameters: &[(String, String)]) -> String {
    format!("{}&{}&{}", encode(&method.to_uppercase()), encode(uri), encode(&normalise(parameters)))
}

/// §3.4.2, with HMAC as RFC 2104 §2 writes it.
pub(crate) fn hmac_sha1(base_string: &str, consumer_secret: &str, token_secret: &str) -> String {
    use base64::Engine;
    use sha1::{Digest, Sha1};

    let mut key = format!("{}&{}", encode(consumer_secret), encode(token_secret)).into_bytes();
    if key.len() > 64 {
        key = Sha1::digest(&key).to_vec();
    }
    key.resize(64, 0);
    let with = |pad: u8| key.iter().map(|byte| byte ^ pad).collect::<Vec<_>>();
    let inner = Sha1::digest([with(0x36), base_string.as_bytes().to_vec()].concat());
    let outer = Sha1::digest([with(0x5c), inner.to_vec()].concat());
    base64::engine::general_purpose::STANDARD.encode(outer)
}
