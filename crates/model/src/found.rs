//! How something found in a foreign file is named within a sentence of ours.

use serde_json::Value;

/// A JSON value's kind as a noun.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What serde_json says, without the place that it appends.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "it breaks off".to_owned();
    }
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// The beginning of something found, on one line and short enough to stand in a sentence.
pub(crate) fn excerpt(found: &str) -> String {
    shorten(found, 40)
}

/// A library's error as half a sentence of ours: on one line, of bounded length, no full stop.
pub(crate) fn half_sentence(error: &str) -> String {
    shorten(error.trim_end_matches('.'), 160)
}

fn shorten(text: &str, longest: usize) -> String {
    let text = one_line(text);
    if text.chars().count() <= longest {
        return text;
    }
    text.chars().take(longest).chain(['…']).collect()
}

/// Text on one line: control characters and line breaks are spaces, and there is no space at either end.
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if is_break(c) { ' ' } else { c }).collect();
    spaced.trim().to_owned()
}

/// Characters that no title keeps: they break lines, or XML cannot carry them.
pub(crate) fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether something is an address a listener's browser can open: http or https, and no character that would end it.
pub(crate) fn is_address(url: &str) -> bool {
    let scheme = |name: &str| url.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    (scheme("http://") || scheme("https://"))
        && !url.chars().any(|c| c.is_whitespace() || is_break(c) || matches!(c, '<' | '>'))
}
