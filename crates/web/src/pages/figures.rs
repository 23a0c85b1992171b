//! The table of measurements, before and after, each with a picture on its own scale: a ring where it was, a post where it is,
//! a band where it should be. Measurements come from the report; what is said in sentences is not here.

use std::fmt::Write;

use serde_json::Value;

use super::words::{number, signed};

/// A line of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: &'static str,
    /// What is good to know about it.
    pub(crate) remark: String,
    /// In the recording.
    pub(crate) before: String,
    /// In what was made of it.
    pub(crate) after: String,
    /// The unit of both.
    pub(crate) unit: &'static str,
    /// Where both are, as markup.
    pub(crate) picture: String,
}

/// What a scale spans, and the part of it that is good.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
    good: Option<(f64, f64)>,
}

/// A level of the report: `[number, "unit"]`.
pub(crate) fn level(report: &Value, place: &str) -> Option<f64> {
    report.pointer(place)?.get(0)?.as_f64()
}

/// The lines, as far as something was measured.
pub(crate) fn table(report: &Value) -> Vec<Figure> {
    let measured = |key: &str| {
        let side = |side: &str| level(report, &format!("/levels/{side}/{key}"));
        (side("input"), side("output"))
    };
    let target = level(report, "/target/loudness");
    let limit = level(report, "/target/peak");
    let mut figures = Vec::new();
    let mut add = |name, key: &str, unit, remark: String, scale: Scale, write: fn(f64, usize) -> String| {
        let (before, after) = measured(key);
        if before.is_none() && after.is_none() && report.pointer(&format!("/levels/output/{key}")).is_none() {
            return;
        }
        let text = |value: Option<f64>| value.map_or_else(|| "silence".to_owned(), |value| write(value, 1));
        let (before_text, after_text) = (text(before), text(after));
        let said = format!("{name} moved from {before_text} to {after_text} {unit}");
        let picture = picture(scale, before, after, &said);
        figures.push(Figure { name, remark, before: before_text, after: after_text, unit, picture });
    };
    let middle = target.unwrap_or(-16.0);
    let loudness = Scale { low: middle - 14.0, high: middle + 6.0, good: target.map(|lufs| (lufs - 0.5, lufs + 0.5)) };
    let remark =
        |name: &str, value: Option<f64>| value.map_or_else(String::new, |value| format!("{name} {}", short(value)));
    add("Loudness", "loudness", "LUFS", remark("target", target), loudness, number);
    let range = Scale { low: 0.0, high: 20.0, good: Some((3.0, 8.0)) };
    add("Loudness range", "lra", "LU", "speech is easy to follow under 8".into(), range, number);
    let most = limit.unwrap_or(-1.0);
    let peak = Scale { low: most - 5.0, high: most + 3.0, good: limit.map(|limit| (limit - 5.0, limit)) };
    add("True peak", "peak", "dBTP", remark("limit", limit), peak, signed);
    let noise = Scale { low: -90.0, high: -40.0, good: Some((-90.0, -60.0)) };
    add("Noise floor", "noise_level", "dB", "lower is quieter".into(), noise, number);
    let snr = Scale { low: 10.0, high: 70.0, good: Some((40.0, 70.0)) };
    add("Signal to noise", "snr", "dB", "higher is cleaner".into(), snr, number);
    figures
}

impl Scale {
    /// Where a value is, in per cent of the width; what is beyond is drawn at the end.
    fn place(self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low) * 100.0).clamp(0.0, 100.0)
    }
}

fn picture(scale: Scale, before: Option<f64>, after: Option<f64>, said: &str) -> String {
    let place = |value: Option<f64>| value.map(|value| scale.place(value));
    let (from, to) = (place(before), place(after));
    let mut svg = format!(
        "<svg class=\"dumb\" role=\"img\" aria-label=\"{said}\">\
         <path class=\"end\" d=\"M.5 0V20\"/><line class=\"end\" x1=\"100%\" x2=\"100%\" y1=\"0\" y2=\"20\"/>\
         <line class=\"rail\" x1=\"0\" x2=\"100%\" y1=\"10\" y2=\"10\"/>"
    );
    // Writing to a string cannot fail.
    if let Some((low, high)) = scale.good {
        let (low, high) = (scale.place(low), scale.place(high));
        let _ =
            write!(svg, "<rect class=\"zone\" x=\"{low:.2}%\" width=\"{:.2}%\" y=\"2\" height=\"16\"/>", high - low);
    }
    if let (Some(from), Some(to)) = (from, to) {
        let _ = write!(svg, "<line class=\"moved\" x1=\"{from:.2}%\" x2=\"{to:.2}%\" y1=\"10\" y2=\"10\"/>");
    }
    if let Some(from) = from {
        let _ = write!(svg, "<circle class=\"ring\" cx=\"{from:.2}%\" cy=\"10\" r=\"4\"/>");
    }
    if let Some(to) = to {
        let _ = write!(
            svg,
            "<rect class=\"stand\" x=\"{to:.2}%\" width=\"3\" y=\"1\" height=\"18\" rx=\"1.5\" transform=\"translate(-1.5)\"/>"
        );
    }
    svg + "</svg>"
}

/// Without decimals that say nothing.
fn short(value: f64) -> String {
    number(value, usize::from((value - value.round()).abs() > 0.05))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn levels_become_lines_with_pictures() {
        let report = json!({
            "target": { "loudness": [-16.0, "LUFS"], "peak": [-1.0, "dBTP"] },
            "levels": {
                "input": { "loudness": [-21.68, "LUFS"], "peak": [0.41, "dBTP"] },
                "output": { "loudness": [-16.0, "LUFS"], "peak": [-1.06, "dBTP"] },
            },
        });
        let table = table(&report);
        let cells: Vec<_> =
            table.iter().map(|f| (f.name, f.remark.as_str(), f.before.as_str(), f.after.as_str(), f.unit)).collect();
        assert_eq!(
            cells,
            [("Loudness", "target −16", "−21.7", "−16.0", "LUFS"), ("True peak", "limit −1", "+0.4", "−1.1", "dBTP"),]
        );
        assert!(table[0].picture.contains("aria-label=\"Loudness moved from −21.7 to −16.0 LUFS\""));
        assert!(table[0].picture.contains("x=\"70.00%\" width=\"3\""), "{}", table[0].picture);
    }

    #[test]
    fn silence_is_a_word_and_has_no_place() {
        let silent =
            json!({ "levels": { "input": { "loudness": [null, "LUFS"] }, "output": { "loudness": [null, "LUFS"] } } });
        let table = table(&silent);
        assert_eq!((table[0].before.as_str(), table[0].after.as_str()), ("silence", "silence"));
        assert!(!table[0].picture.contains("ring"));
    }

    #[test]
    fn other_reports_are_an_empty_table() {
        for report in [json!(null), json!({}), json!({ "levels": [] }), json!({ "levels": { "output": "loud" } })] {
            assert_eq!(table(&report), []);
        }
    }
}
