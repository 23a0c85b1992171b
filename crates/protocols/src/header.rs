//! Quoted strings and schemes in HTTP headers.

/// Text that may stand between quotes in a header (RFC 9110 §5.6.4, narrowed by RFC 6749 §5.2): printable ASCII without
/// quote and backslash. Other characters become ones that look like them, or a question mark.
pub(crate) fn quotable(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '"' | '“' | '”' | '‘' | '’' => '\'',
            '\\' => '/',
            '–' | '—' | '−' => '-',
            ' '..='~' => character,
            _ => '?',
        })
        .collect()
}

/// What follows the scheme in an `Authorization` header, or `None` if the scheme is another. Schemes have no case (RFC
/// 9110 §11.1).
pub(crate) fn credentials<'a>(header: &'a str, scheme: &str) -> Option<&'a str> {
    let header = header.trim();
    let (name, rest) = header.split_at_checked(scheme.len())?;
    let fits = name.eq_ignore_ascii_case(scheme) && (rest.is_empty() || rest.starts_with([' ', '\t']));
    fits.then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_quoted_string_early() {
        assert_eq!(quotable("a “b” \"c\" \\ d\r\ne"), "a 'b' 'c' / d??e");
    }

    #[test]
    fn a_scheme_has_no_case_and_an_end() {
        assert_eq!(credentials("  oAuth  a=\"b\"", "OAuth"), Some("a=\"b\""));
        assert_eq!(credentials("OAuth", "OAuth"), Some(""));
        assert_eq!(credentials("OAuth2 token", "OAuth"), None);
        assert_eq!(credentials("Basic YTpi", "OAuth"), None);
        assert_eq!(credentials("Ü", "OAuth"), None);
    }
}
