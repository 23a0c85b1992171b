//! Single values, as forgiving as public clients need it: truth as a word, numbers as text, text as a number.
//!
//! Each reader gives `None` where nothing was said, which null is, and where something was wrong, which it has said then.

use serde_json::Value;

use super::At;
use crate::productions::limits::{MAX_ADDRESS, MAX_FILE_NAME, MAX_LINE};

/// True or false. Forms send words, old clients send 0 and 1.
pub(in crate::productions) fn truth(at: &mut At<'_>, value: &Value) -> Option<bool> {
    match value {
        Value::Null => return None,
        Value::Bool(truth) => return Some(*truth),
        Value::Number(number) => match number.as_f64() {
            Some(0.0) => return Some(false),
            Some(1.0) => return Some(true),
            _ => {}
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "" => return None,
            "true" | "on" | "yes" | "1" => return Some(true),
            "false" | "off" | "no" | "0" => return Some(false),
            _ => {}
        },
        Value::Array(_) | Value::Object(_) => {}
    }
    at.wants("true or false", value);
    None
}

/// A finite number, also in text.
pub(in crate::productions) fn number(at: &mut At<'_>, value: &Value) -> Option<f64> {
    let read = match value {
        Value::Null => return None,
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.trim().is_empty() => return None,
        // A minus from prose is one, too.
        Value::String(text) => text.trim().replace('−', "-").parse().ok(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let read = read.filter(|number: &f64| number.is_finite());
    if read.is_none() {
        at.wants("a number", value);
    }
    read
}

/// Text on one line.
pub(super) fn line(at: &mut At<'_>, value: &Value) -> Option<String> {
    text(at, value, MAX_LINE).map(|text| one_line(&text))
}

/// Text, also a bare number: a year or a track often is one.
pub(super) fn text(at: &mut At<'_>, value: &Value, longest: usize) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            at.wants("text", value);
            return None;
        }
    };
    let length = text.chars().count();
    if length > longest {
        at.say(format_args!("has {length} characters, more than the {longest} that are taken."));
        return None;
    }
    Some(text)
}

/// An address that can be fetched or opened: http or https. Empty text is given back as it is; it takes an address away.
pub(super) fn address(at: &mut At<'_>, value: &Value) -> Option<String> {
    let Value::String(text) = value else {
        if !value.is_null() {
            at.wants("an http or https address", value);
        }
        return None;
    };
    let text = text.trim();
    if text.is_empty() {
        return Some(String::new());
    }
    let length = text.chars().count();
    if length > MAX_ADDRESS {
        at.say(format_args!("has {length} characters, more than the {MAX_ADDRESS} that are taken."));
        return None;
    }
    if !is_address(text) {
        at.wants("an http or https address", value);
        return None;
    }
    Some(text.to_owned())
}

/// A file's name, without folders. Empty text is nothing said about it.
pub(super) fn file_name(at: &mut At<'_>, value: &Value) -> Option<String> {
    let name = text(at, value, MAX_LINE)?;
    let name = name.trim();
    if name.len() > MAX_FILE_NAME {
        at.say(format_args!("has {} bytes, more than the {MAX_FILE_NAME} that are taken.", name.len()));
        return None;
    }
    let plain = !name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | '\u{2028}' | '\u{2029}'));
    if !plain || name == "." || name == ".." {
        at.wants("a name without folders and control characters", value);
        return None;
    }
    Some(name.to_owned())
}

/// Whether a browser can open it and we can fetch it, as far as its form goes.
pub(super) fn is_address(text: &str) -> bool {
    let after = |scheme: &str| {
        text.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme)).and(text.get(scheme.len()..))
    };
    let rest = after("https://").or_else(|| after("http://")).unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    !host.is_empty()
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\\'))
}

/// Text on one line: control characters and line breaks are spaces, and there is no space at either end.
pub(super) fn one_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}');
    let spaced: String = text.chars().map(|c| if is_break(c) { ' ' } else { c }).collect();
    spaced.trim().to_owned()
}
