//! Percent-encoding as OAuth 1.0 wants it (RFC 5849 §3.6): the unreserved characters of RFC 3986 stand for themselves,
//! every other byte is a `%` and two digits in upper case.

use std::borrow::Cow;
use std::str::from_utf8;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// RFC 3986 §2.3: letters, digits, and these four.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a plus is in text that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plus {
    /// A space, as in forms and queries.
    Space,
    /// A plus, as in headers.
    Itself,
}

/// Adds the encoded form of `bytes`.
pub(crate) fn encode_into(out: &mut String, bytes: &[u8]) {
    out.extend(percent_encode(bytes, ESCAPED));
}

/// The encoded form of `text`.
pub(crate) fn encode(text: &str) -> Cow<'_, str> {
    percent_encode(text.as_bytes(), ESCAPED).into()
}

/// Decodes, and encodes again as §3.6 says. What already is as it should be, which is nearly everything, is not copied.
/// A `%` without two digits is a percent sign, as for every reader of forms.
pub(crate) fn canonical(raw: &[u8], plus: Plus) -> Cow<'_, str> {
    if is_canonical(raw)
        && let Ok(text) = from_utf8(raw)
    {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(raw.len() + 16);
    encode_into(&mut out, &decode(raw, plus));
    Cow::Owned(out)
}

/// Decodes.
pub(crate) fn decode(raw: &[u8], plus: Plus) -> Cow<'_, [u8]> {
    if plus == Plus::Space && raw.contains(&b'+') {
        let spaced: Vec<u8> = raw.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        return Cow::Owned(percent_decode(&spaced).collect());
    }
    percent_decode(raw).into()
}

/// Whether a byte stands for itself.
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    UNRESERVED[byte as usize]
}

const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let it = byte as u8;
        table[byte] = it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    table
};

fn is_canonical(raw: &[u8]) -> bool {
    let mut rest = raw;
    loop {
        match rest {
            [] => return true,
            [b'%', high, low, after @ ..] => {
                let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return false };
                if is_unreserved(high << 4 | low) {
                    return false;
                }
                rest = after;
            }
            [byte, after @ ..] if is_unreserved(*byte) => rest = after,
            _ => return false,
        }
    }
}

/// A hexadecimal digit in upper case.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_unreserved_characters_stand_for_themselves() {
        let ascii: String = (0..128u8).map(char::from).collect();
        let kept: String = encode(&ascii).split('%').map(|part| part.get(2..).unwrap_or("")).collect();
        assert_eq!(kept, "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");
        assert_eq!(encode("ü ☃*"), "%C3%BC%20%E2%98%83%2A");
    }

    #[test]
    fn other_spellings_become_the_one() {
        for (raw, in_a_form, in_a_header) in [
            ("a+b", "a%20b", "a%2Bb"),
            ("%7e%41", "~A", "~A"),
            ("%2f", "%2F", "%2F"),
            ("100%", "100%25", "100%25"),
            ("%zz%4", "%25zz%254", "%25zz%254"),
            ("%FF", "%FF", "%FF"),
            ("é", "%C3%A9", "%C3%A9"),
            ("", "", ""),
        ] {
            assert_eq!(canonical(raw.as_bytes(), Plus::Space), in_a_form, "{raw}");
            assert_eq!(canonical(raw.as_bytes(), Plus::Itself), in_a_header, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn the_short_cut_changes_nothing(raw in proptest::collection::vec(any::<u8>(), 0..40), plus: bool) {
            let plus = if plus { Plus::Space } else { Plus::Itself };
            let canonical = canonical(&raw, plus);
            let mut long = String::new();
            encode_into(&mut long, &decode(&raw, plus));
            prop_assert_eq!(&*canonical, long);
            prop_assert!(is_canonical(canonical.as_bytes()));
        }

        #[test]
        fn canonical_text_is_found(text in "[a-zA-Z0-9%+-]{0,12}") {
            let canonical = canonical(text.as_bytes(), Plus::Itself);
            prop_assert_eq!(is_canonical(text.as_bytes()), canonical == text);
        }
    }
}
