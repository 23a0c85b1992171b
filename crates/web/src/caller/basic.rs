//! Name and secret in a header: RFC 7617.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// Base64 with or without the padding at its end: clients differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads a name and a secret. A name has no colon, a secret may have some.
pub(crate) fn read(credentials: &str) -> Option<(String, String)> {
    let bytes = BASE64.decode(credentials.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (name, secret) = text.split_once(':')?;
    Some((name.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_colon_parts_name_and_secret() {
        let pair = |name: &str, secret: &str| Some((name.to_owned(), secret.to_owned()));
        assert_eq!(read("YWRhOmE6Yg=="), pair("ada", "a:b"));
        assert_eq!(read("YWRhOmE6Yg"), pair("ada", "a:b"));
        assert_eq!(read("YWRhOg=="), pair("ada", ""));
        for wrong in ["", "YWRh", "!!", "/////w=="] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
