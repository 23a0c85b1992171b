//! Chapters as JSON: the podcast namespace's format, version 1.2, and the list the productions API gives.

use serde_json::{Map, Value, json};

use super::{Chapter, Chapters, ChaptersError, Marks, Place, Problem, parse_time};
use crate::found::{excerpt, kind, reason};

/// Reads `{"chapters":[{"startTime":94,"title":…,"url":…}]}`, or the list alone; `start` as `"HH:MM:SS.mmm"` may stand
/// for `startTime`. Marks with `"toc": false` are meant for machines only and are passed over, as is every key that has
/// no place in a [`Chapter`].
pub(super) fn parse(text: &str) -> Result<Chapters, ChaptersError> {
    let document: Value = serde_json::from_str(text).map_err(|error| ChaptersError::Syntax {
        format: "JSON",
        line: error.line(),
        reason: reason(&error),
    })?;
    let list = match &document {
        Value::Array(list) => list,
        Value::Object(object) => object.get("chapters").and_then(Value::as_array).ok_or(NO_CHAPTERS)?,
        _ => return Err(NO_CHAPTERS),
    };
    let mut marks = Marks::new();
    for (index, entry) in list.iter().enumerate() {
        let place = Place::Entry(index + 1);
        let at = |problem| ChaptersError::Mark { place, problem };
        let entry = entry.as_object().ok_or_else(|| at(Problem::Entry(kind(entry))))?;
        if entry.get("toc") == Some(&Value::Bool(false)) {
            continue;
        }
        let start_ms = start(entry).map_err(at)?;
        let title = string(entry, "title").map_err(at)?.unwrap_or_default();
        let url = string(entry, "url").map_err(at)?;
        marks.push(place, start_ms, title, url)?;
    }
    Ok(marks.finish())
}

/// Writes the podcast namespace's object, pretty, with a line break at the end.
pub(super) fn write(chapters: &Chapters) -> String {
    let list: Vec<Value> = chapters.as_slice().iter().map(entry).collect();
    let mut text = format!("{:#}", json!({ "version": "1.2.0", "chapters": list }));
    text.push('\n');
    text
}

const NO_CHAPTERS: ChaptersError =
    ChaptersError::NoChapters { format: "JSON", wanted: "it has no list under the key “chapters”" };

fn entry(mark: &Chapter) -> Value {
    let start = if mark.start_ms.is_multiple_of(1_000) {
        json!(mark.start_ms / 1_000)
    } else {
        json!(mark.start_ms as f64 / 1_000.0)
    };
    let mut entry = Map::new();
    entry.insert("startTime".into(), start);
    entry.insert("title".into(), mark.title.as_str().into());
    if let Some(url) = &mark.url {
        entry.insert("url".into(), url.as_str().into());
    }
    Value::Object(entry)
}

/// Where a mark begins: seconds as a number or in a string, or a clock time in a string.
fn start(entry: &Map<String, Value>) -> Result<u64, Problem> {
    const KEY: &str = "startTime";
    let value = entry.get(KEY).or_else(|| entry.get("start")).ok_or(Problem::NoTime(KEY))?;
    match value {
        // A number goes through the same reader as text, so that both have one ceiling and one rounding.
        Value::Number(number) => {
            let seconds = number.as_f64().unwrap_or(f64::NAN);
            parse_time(&format!("{seconds:.3}")).ok_or_else(|| Problem::Time(excerpt(&number.to_string())))
        }
        Value::String(text) => parse_time(text.trim()).ok_or_else(|| Problem::Time(excerpt(text))),
        other => Err(Problem::Kind(KEY, "a number of seconds", kind(other))),
    }
}

fn string<'a>(entry: &'a Map<String, Value>, key: &'static str) -> Result<Option<&'a str>, Problem> {
    match entry.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(Problem::Kind(key, "text in quotes", kind(other))),
    }
}
