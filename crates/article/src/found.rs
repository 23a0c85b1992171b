//! What was fetched, if it is no page: told by the header, and by how its bytes begin.
//!
//! What belongs here: telling pages from everything else that an address can lead to. Pages that have no article are found in `verdict`.

/// Types that a page may be sent as.
const PAGES: &[&str] =
    &["", "text/html", "application/xhtml+xml", "application/xml", "text/xml", "application/vnd.wap.xhtml+xml"];

/// What else an address can lead to, by the type that it is sent as.
const BY_TYPE: &[(&str, &str)] = &[
    ("application/pdf", "a PDF document"),
    ("application/epub+zip", "an e-book"),
    ("application/json", "JSON data"),
    ("application/ld+json", "JSON data"),
    ("application/rss+xml", "a feed"),
    ("application/atom+xml", "a feed"),
    ("application/zip", "a ZIP archive"),
    ("application/gzip", "a compressed file"),
    ("application/msword", "a text document"),
    ("application/vnd.openxmlformats-officedocument", "an office document"),
    ("application/vnd.oasis.opendocument", "an office document"),
    ("application/octet-stream", "a file for downloading"),
    ("text/plain", "plain text"),
    ("text/markdown", "plain text"),
    ("text/csv", "a table of values"),
    ("text/css", "a style sheet"),
    ("text/calendar", "a calendar"),
    ("application/javascript", "a script"),
    ("text/javascript", "a script"),
    ("image/", "a picture"),
    ("audio/", "a recording"),
    ("video/", "a video"),
    ("font/", "a font"),
];

/// The same, by its first bytes.
const BY_BYTES: &[(usize, &[u8], &str)] = &[
    (0, b"%PDF-", "a PDF document"),
    (0, b"\x89PNG\r\n\x1a\n", "a picture"),
    (0, b"\xff\xd8\xff", "a picture"),
    (0, b"GIF87a", "a picture"),
    (0, b"GIF89a", "a picture"),
    (8, b"WEBP", "a picture"),
    (4, b"ftypavif", "a picture"),
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (8, b"WAVE", "a recording"),
    (0, b"ID3", "a recording"),
    (0, b"OggS", "a recording"),
    (0, b"fLaC", "a recording"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a compressed file"),
    (0, b"\x28\xb5\x2f\xfd", "a compressed file"),
    (0, b"BZh", "a compressed file"),
    (0, b"\xfd7zXZ\0", "a compressed file"),
    (0, b"7z\xbc\xaf\x27\x1c", "an archive"),
    (0, b"Rar!\x1a\x07", "an archive"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ\x90", "a program"),
    (0, b"{\\rtf", "a text document"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document"),
    (0, b"wOF2", "a font"),
];

/// Bytes of the beginning that are looked at for what no text has.
const BEGINNING: usize = 1024;

/// What the header and the first bytes say it is, if that is no page.
pub(crate) fn in_bytes(bytes: &[u8], content_type: Option<&str>) -> Option<String> {
    // A PDF document may be called a page; a page that is called a PDF document would not be shown as one either.
    let by_bytes = BY_BYTES.iter().find(|(at, magic, _)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    if let Some((.., found)) = by_bytes {
        return Some((*found).to_owned());
    }
    let kind = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !PAGES.contains(&kind.as_str()) {
        let found = BY_TYPE.iter().find(|(start, _)| kind.starts_with(start)).map(|(_, found)| (*found).to_owned());
        return Some(found.unwrap_or_else(|| format!("a file of the type {}", printable(&kind))));
    }
    let marked = encoding_rs::Encoding::for_bom(bytes).is_some();
    let wide = content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("utf-16"));
    let beginning = bytes.get(..BEGINNING).unwrap_or(bytes);
    let odd = |byte: &&u8| matches!(byte, 0..=8 | 14..=26 | 28..=31);
    let strange = beginning.iter().filter(odd).count();
    // One in a hundred may be a slip of whoever wrote the page.
    (!marked && !wide && strange * 100 > beginning.len()).then(|| "a file that is not text".to_owned())
}

/// The same by its text: other things that are text.
pub(crate) fn in_text(text: &str) -> Option<String> {
    let start = text.trim_start();
    if start.starts_with(['{', '[']) && serde_json::from_str::<serde_json::Value>(start).is_ok() {
        return Some("JSON data".to_owned());
    }
    // Past declarations and comments, what the first element is.
    let mut rest = start;
    for _ in 0..64 {
        let Some(inner) = rest.strip_prefix('<') else { break };
        let end = if inner.starts_with("!--") { "-->" } else { ">" };
        if inner.starts_with(['?', '!'])
            && let Some((_, after)) = inner.split_once(end)
        {
            rest = after.trim_start();
            continue;
        }
        let name: String = inner.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == ':').collect();
        return match name.to_ascii_lowercase().as_str() {
            "rss" | "feed" | "rdf:rdf" => Some("a feed".to_owned()),
            "svg" => Some("a drawing".to_owned()),
            "urlset" | "sitemapindex" => Some("a list of addresses".to_owned()),
            _ => None,
        };
    }
    let tags = text.match_indices('<').any(|(at, _)| {
        let mut after = text[at + 1..].chars().skip_while(|c| *c == '/');
        after.next().is_some_and(|c| c.is_ascii_alphabetic())
    });
    (!tags && !start.is_empty()).then(|| "plain text".to_owned())
}

/// A type as it may stand in a sentence.
fn printable(kind: &str) -> String {
    kind.chars().filter(|c| c.is_ascii_alphanumeric() || "/+-._".contains(*c)).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8], kind: Option<&str>) -> Option<String> {
        in_bytes(bytes, kind).or_else(|| in_text(&String::from_utf8_lossy(bytes)))
    }

    #[test]
    fn what_is_called_a_page_may_be_something_else() {
        let page = Some("text/html; charset=utf-8");
        for (bytes, expected) in [
            (&b"%PDF-1.7\n<html><p>both</p></html>"[..], "a PDF document"),
            (b"GIF89a<html>", "a picture"),
            (b"PK\x03\x04\x14\0", "a ZIP archive"),
            (b"\0\x01\x02\x03 <html>", "a file that is not text"),
            (b" {\"a\": [1, \"<p>\"]}", "JSON data"),
            (b"<?xml version='1.0'?>\n<!-- x --><rss version='2.0'>", "a feed"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", "a drawing"),
            (b"1 < 2 and nothing else", "plain text"),
        ] {
            assert_eq!(found(bytes, page).as_deref(), Some(expected), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn what_is_a_page_stays_one() {
        for bytes in [
            &b"<!doctype html><p>x"[..],
            b"words, then <b>a tag</b>",
            b"{ <p>template</p> }",
            b"",
            b"\xef\xbb\xbf<html>",
        ] {
            assert_eq!(found(bytes, Some("text/html")), None);
            assert_eq!(found(bytes, None), None);
        }
        assert_eq!(in_bytes(b"<\0p\0", Some("text/html; charset=UTF-16LE")), None);
    }

    #[test]
    fn the_header_is_believed() {
        assert_eq!(found(b"<p>x", Some("image/png")).as_deref(), Some("a picture"));
        assert_eq!(
            found(b"<p>x", Some("application/x-odd<b>")).as_deref(),
            Some("a file of the type application/x-oddb")
        );
    }
}
