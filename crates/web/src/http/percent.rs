//! Names within addresses and headers: percent-encoding, RFC 3986, section 2.1.

use std::fmt::Write;

/// Encodes everything but RFC 3986's unreserved characters, which are also what RFC 8187 lets stand in a header.
pub(crate) fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_characters_stand_by_themselves() {
        assert_eq!(encode("a b/ü%.mp3"), "a%20b%2F%C3%BC%25.mp3");
    }
}
