//! Chapter marks: a list of objects in a body, a file or text in a form.

use model::{Chapter, Chapters};
use serde_json::Value;

use super::{At, scalar};
use crate::productions::limits::{MAX_CHAPTERS, MAX_LINE};

/// Reads marks, whichever way they came.
pub(super) fn read(at: &mut At<'_>, value: &Value) -> Vec<Chapter> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => from_text(at, text),
        Value::Array(list) if list.len() > MAX_CHAPTERS => {
            at.say(format_args!("has {} entries, more than the {MAX_CHAPTERS} that are taken.", list.len()));
            Vec::new()
        }
        Value::Array(list) => list.iter().enumerate().filter_map(|(n, entry)| mark(at, n + 1, entry)).collect(),
        other => {
            at.wants("a list of objects with start and title", other);
            Vec::new()
        }
    }
}

/// A chapter file of any kind: lines of text, Podlove Simple Chapters, podcast JSON.
fn from_text(at: &mut At<'_>, text: &str) -> Vec<Chapter> {
    match Chapters::parse(text.as_bytes()) {
        Ok(chapters) => chapters.as_slice().to_vec(),
        Err(error) => {
            at.say(format_args!("cannot be read. {error}"));
            Vec::new()
        }
    }
}

fn mark(at: &mut At<'_>, number: usize, entry: &Value) -> Option<Chapter> {
    let mut at = at.within(format!("Chapter {number}"));
    let Value::Object(entry) = entry else {
        at.wants("an object with start and title", entry);
        return None;
    };
    let get = |name: &str| entry.get(name).unwrap_or(&Value::Null);
    let title = scalar::text(&mut at.within(format!("Chapter {number}: title")), get("title"), MAX_LINE);
    let url = scalar::address(&mut at.within(format!("Chapter {number}: url")), get("url"));
    let start_ms = start(&mut at.within(format!("Chapter {number}: start")), get("start"))?;
    Some(Chapter {
        start_ms,
        title: scalar::one_line(&title.unwrap_or_default()),
        url: url.filter(|url| !url.is_empty()),
    })
}

/// `HH:MM:SS.mmm`, or seconds.
fn start(at: &mut At<'_>, value: &Value) -> Option<u64> {
    let read = match value {
        Value::String(text) => model::chapters::parse_time(text.trim()),
        Value::Number(number) => {
            number.as_f64().and_then(|seconds| model::chapters::parse_time(&format!("{seconds:.3}")))
        }
        _ => None,
    };
    if read.is_none() {
        at.wants("a time such as 00:12:30.500", value);
    }
    read
}
