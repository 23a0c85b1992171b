//! Bytes into text: which charset a page is written in.
//!
//! What belongs here: the order in which a page's own statements count. Reading HTML's statement needs only a look at its first tags, so it is
//! done here, too, and not by the parser, which needs text already.
//!
//! The order is the one of the HTML standard (“determining the character encoding”): a byte order mark, the HTTP header, a statement in the first
//! 1024 bytes. A page that states nothing is UTF-8 if its bytes can be, and windows-1252 if not.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// How far into the page its statement may stand.
const STATED_WITHIN: usize = 1024;

/// The text of a page. What its charset cannot mean becomes U+FFFD.
pub(crate) fn decoded<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default()).0;
    }
    let encoding = content_type.and_then(of_header).or_else(|| stated(bytes)).unwrap_or_else(|| {
        let utf8 = std::str::from_utf8(bytes).is_ok();
        if utf8 { UTF_8 } else { WINDOWS_1252 }
    });
    encoding.decode_without_bom_handling(bytes).0
}

/// The charset that `text/html; charset=…` names.
fn of_header(content_type: &str) -> Option<&'static Encoding> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        name.trim().eq_ignore_ascii_case("charset").then(|| called(value)).flatten()
    })
}

/// What the page says of itself, in `<meta charset>`, `<meta http-equiv="Content-Type">` or an XML declaration.
fn stated(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(bytes.get(..STATED_WITHIN).unwrap_or(bytes)).to_ascii_lowercase();
    if let Some(declaration) = head.strip_prefix("<?xml") {
        let declaration = declaration.split('>').next().unwrap_or_default();
        if let Some(found) = value_of(declaration, "encoding").and_then(called) {
            return Some(readable_so_far(found));
        }
    }
    let mut rest = head.as_str();
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let tag = rest.split('>').next().unwrap_or_default();
        if tag.strip_prefix("<meta").is_some_and(|rest| rest.starts_with([' ', '\t', '\n', '\r', '\x0c', '/'])) {
            let own = value_of(tag, "charset");
            if let Some(found) = own.and_then(called) {
                return Some(readable_so_far(found));
            }
        }
        rest = &rest[1..];
    }
    None
}

/// What follows `name=` in a tag, quoted or not. `content="text/html; charset=x"` has it in the same form as `charset=x`.
fn value_of<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.match_indices(name).find_map(|(at, _)| {
        let value = tag[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
        let value = match value.chars().next()? {
            quote @ ('"' | '\'') => value[1..].split(quote).next()?,
            _ => value.split(|c: char| c.is_whitespace() || "\"';/?".contains(c)).next()?,
        };
        (!value.is_empty()).then_some(value)
    })
}

/// A charset by its name, unless it is one that the standard does not decode, since pages could hide tags in it.
fn called(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(name.trim().as_bytes())
}

/// A page whose statement could be read as bytes is not written in units of two.
fn readable_so_far(found: &'static Encoding) -> &'static Encoding {
    if found == UTF_16LE || found == UTF_16BE {
        UTF_8
    } else if found == X_USER_DEFINED {
        WINDOWS_1252
    } else {
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], header: Option<&str>) -> String {
        decoded(bytes, header).into_owned()
    }

    #[test]
    fn statements_count_in_the_order_of_the_standard() {
        assert_eq!(text(b"\xef\xbb\xbf\xc3\xa9", Some("text/html; charset=windows-1251")), "é");
        assert_eq!(text(b"\xff\xfee\0\xe9\0", None), "eé");
        assert_eq!(
            text(b"<meta charset=utf-8>\xe9", Some("text/html; Charset=\"ISO-8859-2\"")),
            "<meta charset=utf-8>é"
        );
        assert!(text(b"<meta charset='shift_jis'>\x83e", None).ends_with('テ'));
        assert!(
            text(b"<META content=\"text/html; charset = koi8-r\" http-equiv=Content-Type>\xd4", None).ends_with('т')
        );
        assert!(text(b"<?xml version='1.0' encoding='windows-1251'?><html>\xe9", None).ends_with('й'));
    }

    #[test]
    fn without_a_statement_the_bytes_decide() {
        assert_eq!(text(b"caf\xc3\xa9", None), "café");
        assert_eq!(text(b"caf\xe9 \x93so\x94", Some("text/html")), "café “so”");
    }

    #[test]
    fn statements_that_make_no_sense_are_passed_over() {
        assert!(text(b"<meta charset=klingon><meta charset=utf-16>\xc3\xa9", None).ends_with('é'));
        assert!(text(b"<!-- <meta charset=koi8-r> --><metaphor charset=koi8-r>\xc3\xa9", None).ends_with('é'));
        assert!(text(b"<meta charset=iso-2022-kr>\xc3\xa9", Some("text/html; charset=hz-gb-2312")).ends_with('é'));
        let far = [vec![b' '; STATED_WITHIN], b"<meta charset=koi8-r>\xc3\xa9".to_vec()].concat();
        assert!(text(&far, None).ends_with('é'));
    }
}
