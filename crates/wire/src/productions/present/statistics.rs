//! Statistics of a result: the part of its report that the published API has, under the names that it has there.

use model::production::Made;
use serde_json::{Map, Value, json};

use super::text::plain;

/// `format`, `levels`, `music_speech` and `noise_hum_reduction`; nothing at all where there is no result.
pub(super) fn of(made: Option<&Made>) -> Value {
    let mut statistics = Map::new();
    if let Some(made) = made {
        let source = &made.report["source"];
        let length = source.get("length").cloned().unwrap_or_else(|| json!(made.length_ms as f64 / 1_000.0));
        let known = |key: &str, otherwise: u32| source.get(key).cloned().unwrap_or_else(|| json!(otherwise));
        let format = json!({
            "format": made.format.to_lowercase(),
            "length_sec": length,
            "bitrate": kilobits(made),
            "samplerate": known("samplerate", made.samplerate),
            "channels": known("channels", made.channels),
        });
        statistics.insert("format".into(), format);
        for (key, otherwise) in [("levels", json!({})), ("music_speech", json!([])), ("noise_hum_reduction", json!([]))]
        {
            let value = made.report.get(key).cloned().unwrap_or(otherwise);
            statistics.insert(key.into(), in_order(value));
        }
    }
    Value::Object(statistics)
}

/// Keys in the order in which they are shown. PostgreSQL keeps documents in an order of its own, and a reply is to look the same
/// whichever database it came from.
const ORDER: [&str; 15] = [
    "input",
    "output",
    "label",
    "denoise",
    "dehum",
    "start",
    "stop",
    "loudness",
    "lra",
    "max_momentary",
    "max_shortterm",
    "peak",
    "signal_level",
    "noise_level",
    "snr",
];

/// A value with its keys in order; those that the list does not have follow as they came.
fn in_order(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(in_order).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().map(|(key, value)| (key, in_order(value))).collect();
            fields.sort_by_key(|(key, _)| ORDER.iter().position(|known| known == key).unwrap_or(ORDER.len()));
            Value::Object(fields.into_iter().collect())
        }
        other => other,
    }
}

/// Kilobits per second of the recording, to the thousandth.
pub(super) fn kilobits(made: &Made) -> serde_json::Number {
    plain(made.bitrate as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_looks_the_same_whichever_database_it_came_from() {
        let kept = json!({ "output": { "lra": 1, "new": 2, "loudness": 3 }, "input": [{ "stop": 1, "start": 0 }] });
        let shown = r#"{"input":[{"start":0,"stop":1}],"output":{"loudness":3,"lra":1,"new":2}}"#;
        assert_eq!(in_order(kept).to_string(), shown);
    }
}
