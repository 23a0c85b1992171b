//! Pieces of a file: the Range header of RFC 9110, section 14, one range at a time.

use std::ops::Range;

use http::HeaderMap;
use http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};

/// What of a file is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    All,
    /// These bytes; at least one.
    Piece(Range<u64>),
    /// Bytes that it does not have.
    Nowhere,
    /// Nothing: the client has it already.
    Known,
}

/// Reads what is wanted of a file of so many bytes that has this entity tag, quotation marks included.
pub(crate) fn wanted(headers: &HeaderMap, size: u64, etag: &str) -> Wanted {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(known) = text(&IF_NONE_MATCH)
        && known.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
    {
        return Wanted::Known;
    }
    // A piece of another version would not fit to what the client has. A date is never ours, since none is given.
    if text(&IF_RANGE).is_some_and(|version| version != etag) {
        return Wanted::All;
    }
    text(&RANGE).map_or(Wanted::All, |range| read(range, size))
}

/// Reads `bytes=…`. What cannot be read, and more than one range, is as good as nothing said.
fn read(text: &str, size: u64) -> Wanted {
    let Some(range) = text.strip_prefix("bytes=").map(str::trim).filter(|range| !range.contains(',')) else {
        return Wanted::All;
    };
    let Some((first, last)) = range.split_once('-') else { return Wanted::All };
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.len() <= 19 && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<u64>().ok()).flatten()
    };
    let (first, last) = (first.trim(), last.trim());
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => Wanted::All,
        (Some(first), _) if first >= size && (last.is_empty() || number(last).is_some()) => Wanted::Nowhere,
        (Some(first), Some(last)) => Wanted::Piece(first..last.saturating_add(1).min(size)),
        (Some(first), None) if last.is_empty() => Wanted::Piece(first..size),
        (None, Some(0)) if first.is_empty() => Wanted::Nowhere,
        (None, Some(_)) if first.is_empty() && size == 0 => Wanted::Nowhere,
        (None, Some(count)) if first.is_empty() => Wanted::Piece(size.saturating_sub(count)..size),
        _ => Wanted::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (text, expected) in [
            ("bytes=0-0", Wanted::Piece(0..1)),
            ("bytes=0-99", Wanted::Piece(0..10)),
            ("bytes=3-", Wanted::Piece(3..10)),
            ("bytes=-4", Wanted::Piece(6..10)),
            ("bytes=-99", Wanted::Piece(0..10)),
            ("bytes=10-", Wanted::Nowhere),
            ("bytes=10-12", Wanted::Nowhere),
            ("bytes=-0", Wanted::Nowhere),
            ("bytes=5-4", Wanted::All),
            ("bytes=0-1,3-4", Wanted::All),
            ("bytes=", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=99999999999999999999-", Wanted::All),
            ("lines=0-1", Wanted::All),
        ] {
            assert_eq!(read(text, 10), expected, "{text}");
        }
        assert_eq!(read("bytes=-5", 0), Wanted::Nowhere);
        assert_eq!(read("bytes=0-", 0), Wanted::Nowhere);
    }

    #[test]
    fn versions() {
        let headers = |pairs: &[(http::HeaderName, &'static str)]| {
            pairs
                .iter()
                .map(|(name, value)| (name.clone(), http::HeaderValue::from_static(value)))
                .collect::<HeaderMap>()
        };
        let wanted = |pairs: &[_]| wanted(&headers(pairs), 10, "\"a\"");
        assert_eq!(wanted(&[(RANGE, "bytes=1-2"), (IF_RANGE, "\"a\"")]), Wanted::Piece(1..3));
        assert_eq!(wanted(&[(RANGE, "bytes=1-2"), (IF_RANGE, "\"b\"")]), Wanted::All);
        assert_eq!(wanted(&[(IF_NONE_MATCH, "\"b\", W/\"a\"")]), Wanted::Known);
        assert_eq!(wanted(&[(IF_NONE_MATCH, "\"b\"")]), Wanted::All);
    }
}
