//! What a fetched file is called: what the answer says, or else how the path ends. Never a folder, never a trick.

/// What a file is called that nobody named.
const NAMELESS: &str = "recording";

/// Bytes that a name may have; file systems and tags take about as many.
const MOST_BYTES: usize = 200;

/// The name of a file by its `Content-Disposition` (RFC 6266), or by the last part of its path.
pub(super) fn file_name(disposition: Option<&[u8]>, last_segment: &str) -> String {
    let said = disposition.and_then(from_disposition);
    said.or_else(|| clean(&text(&unescape(last_segment)))).unwrap_or_else(|| NAMELESS.to_owned())
}

fn from_disposition(header: &[u8]) -> Option<String> {
    let header = text(header);
    let parameters = parameters(&header);
    let named =
        |name: &str| parameters.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    // RFC 6266, 4.3: the extended form wins.
    let extended = named("filename*").and_then(|value| extended(value)).and_then(|name| clean(&name));
    extended.or_else(|| named("filename").and_then(|name| clean(name)))
}

/// Names and values after the first semicolon; quotes are taken off.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        // A parameter without a value before this one.
        let name = name.rsplit(';').next().unwrap_or_default().trim();
        let after = after.trim_start();
        let (value, left) = if let Some(quoted) = after.strip_prefix('"') {
            unquote(quoted)
        } else {
            let (value, left) = after.split_once(';').unwrap_or((after, ""));
            (value.trim().to_owned(), left)
        };
        found.push((name.to_owned(), value));
        rest = left;
    }
    found
}

/// The text up to the closing quote, and what follows the next semicolon.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let left = quoted.get(at + 1..).unwrap_or_default();
                return (value, left.split_once(';').map_or("", |(_, left)| left));
            }
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

/// RFC 8187, 3.2: charset, language, escaped value.
fn extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _language, escaped) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = unescape(escaped);
    if charset.eq_ignore_ascii_case("utf-8") {
        String::from_utf8(bytes).ok()
    } else {
        charset.eq_ignore_ascii_case("iso-8859-1").then(|| bytes.into_iter().map(char::from).collect())
    }
}

/// UTF-8 where it is, else Latin 1, which anything is.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), str::to_owned)
}

/// `%41` is `A`; what is no escape stays.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, digit(after.first()), digit(after.get(1))) {
            bytes.push((high * 16 + low) as u8);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

/// A name without folders, control characters and marks that turn the reading direction, or nothing where none is left.
fn clean(name: &str) -> Option<String> {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}');
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !turns(*c) && !breaks(*c)).collect();
    // A leading dot hides a file, a trailing one is lost on some systems.
    let plain = plain.trim_matches(|c: char| c == '.' || c.is_whitespace());
    (!plain.is_empty()).then(|| shorten(plain))
}

/// At most [`MOST_BYTES`], the ending kept.
fn shorten(name: &str) -> String {
    if name.len() <= MOST_BYTES {
        return name.to_owned();
    }
    let (stem, ending) = name.rsplit_once('.').filter(|(_, ending)| ending.len() <= 16).unwrap_or((name, ""));
    let dot = if ending.is_empty() { "" } else { "." };
    let room = MOST_BYTES - ending.len() - dot.len();
    let end = stem.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= room).last().unwrap_or(0);
    format!("{}{dot}{ending}", stem.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_come_from_the_answer_or_the_path() {
        for (disposition, segment, name) in [
            (None, "talk.wav", "talk.wav"),
            (None, "my%20talk%C3%A4.wav", "my talkä.wav"),
            (None, "", "recording"),
            (None, "..", "recording"),
            (None, "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "passwd"),
            (None, "100%", "100%"),
            (None, "%E4.wav", "ä.wav"),
            (Some("attachment; filename=a.mp3"), "x", "a.mp3"),
            (Some("attachment; filename=\"a b.mp3\""), "x", "a b.mp3"),
            (Some("attachment; filename=\"a \\\"b\\\"; c.mp3\"; size=5"), "x", "a \"b\"; c.mp3"),
            (Some("attachment; filename=\"plain.mp3\"; filename*=UTF-8''%e2%82%ac.mp3"), "x", "€.mp3"),
            (Some("attachment; filename*=iso-8859-1'en'%A3.mp3"), "x", "£.mp3"),
            (Some("attachment; FileName*=utf-8''%ff; filename=b.mp3"), "x", "b.mp3"),
            (Some("attachment; filename=ä.mp3"), "x", "ä.mp3"),
            (Some("attachment; filename=../../../etc/passwd"), "x", "passwd"),
            (Some("attachment; filename=\"C:\\\\talks\\\\a.wav\""), "x", "a.wav"),
            (Some("attachment; filename=\"...\""), "x.wav", "x.wav"),
            (Some("attachment; filename=\"a\u{202e}vaw.exe\""), "x", "avaw.exe"),
            (Some("attachment; filename=.hidden"), "x", "hidden"),
            (Some("attachment; inline; filename=c.mp3"), "x", "c.mp3"),
            (Some("attachment"), "x.wav", "x.wav"),
            (Some("filename=a.wav"), "x.wav", "x.wav"),
            (Some("attachment; filename"), "x.wav", "x.wav"),
            (Some("attachment; filename=\"unclosed.wav"), "x", "unclosed.wav"),
            (Some("attachment; filename=\"\\"), "x", "x"),
        ] {
            assert_eq!(file_name(disposition.map(str::as_bytes), segment), name, "{disposition:?} {segment}");
        }
        assert_eq!(file_name(Some(b"attachment; filename=\"\xe4.wav\""), ""), "ä.wav");
    }

    #[test]
    fn long_names_keep_their_ending() {
        let name = file_name(None, &format!("{}.flac", "ä".repeat(500)));
        assert!(name.len() <= MOST_BYTES && name.ends_with("ä.flac"), "{name}");
        assert_eq!(file_name(None, &"a".repeat(500)).len(), MOST_BYTES);
    }

    proptest! {
        #[test]
        fn no_answer_makes_a_name_that_leads_anywhere(
            header in prop::collection::vec(any::<u8>(), 0..120), values in "[a-z*]{0,3}(filename\\*?=|;|\"|\\\\|%|'|/|\\.|[^a-z]){0,20}", segment in ".{0,80}",
        ) {
            for given in [header.as_slice(), format!("attachment; {values}").as_bytes()] {
                let name = file_name(Some(given), &segment);
                prop_assert!(!name.is_empty() && name.len() <= MOST_BYTES);
                prop_assert!(!name.contains(['/', '\\', '\0', '\n', '\r']) && name != "." && name != "..");
            }
        }
    }
}
