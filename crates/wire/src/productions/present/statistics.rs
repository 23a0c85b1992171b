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
            statistics.insert(key.into(), value);
        }
    }
    Value::Object(statistics)
}

/// Kilobits per second of the recording, to the thousandth.
pub(super) fn kilobits(made: &Made) -> serde_json::Number {
    plain(made.bitrate as f64 / 1_000.0)
}
