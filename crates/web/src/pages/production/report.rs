//! What a report says, made ready for the page: sentences about what was done, and loudness over time. The report comes from the
//! workers as JSON; whatever is missing in it is left out of the page.

use serde_json::Value;

use super::super::figures::level;
use super::super::loudness::Curves;

/// Something that was done, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// What was done, if the sentence says it apart.
    pub(crate) head: String,
    /// The rest.
    pub(crate) rest: String,
}

/// Short-term loudness at equal steps; `None` is silence.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Curve {
    /// Seconds between two values.
    pub(crate) step: f64,
    /// Of the recording, LUFS.
    pub(crate) before: Vec<Option<f32>>,
    /// Of what was made of it, LUFS.
    pub(crate) after: Vec<Option<f32>>,
}

impl Curve {
    /// Reads `{"step": seconds, "before": [LUFS or null, …], "after": […]}`.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(json).ok()?;
        let list = |key: &str| {
            let values = value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            values.iter().map(|lufs| lufs.as_f64().filter(|lufs| *lufs > -70.0).map(|lufs| lufs as f32)).collect()
        };
        Some(Self { step: value.get("step")?.as_f64()?, before: list("before"), after: list("after") })
    }

    /// The curves beside what the report knows of the whole.
    pub(crate) fn against(&self, report: &Value) -> Curves<'_> {
        Curves {
            step: self.step,
            before: &self.before,
            after: &self.after,
            before_loudness: level(report, "/levels/input/loudness"),
            after_loudness: level(report, "/levels/output/loudness"),
            target: level(report, "/target/loudness"),
        }
    }
}

/// The sentences of what was done.
pub(crate) fn done(report: &Value) -> Vec<Done> {
    let actions = report.get("actions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    actions.iter().filter_map(Value::as_str).map(split).collect()
}

/// "High-pass at 60 Hz: nothing of the voices lies below." says what was done before the colon, and so does a short first sentence.
fn split(sentence: &str) -> Done {
    const HEAD: usize = 60;
    let colon = sentence.find(": ").map(|at| (at, at + 1));
    let stop = sentence.find(". ").map(|at| (at + 1, at + 1));
    let cut = [colon, stop].into_iter().flatten().filter(|(at, _)| *at <= HEAD).min();
    match cut {
        Some((end, rest)) => {
            let head = &sentence[..end];
            let head = if head.ends_with('.') { head.to_owned() } else { format!("{head}:") };
            Done { head, rest: sentence[rest..].trim_start().to_owned() }
        }
        None => Done { head: String::new(), rest: sentence.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_done_comes_first() {
        let report = json!({ "actions": [
            "High-pass at 60 Hz: nothing of the voice lies below.",
            "Levelled. Quiet phrases were raised.",
            "Nothing else had to be done",
            7,
        ] });
        let done: Vec<_> = done(&report).into_iter().map(|done| (done.head, done.rest)).collect();
        let said = |head: &str, rest: &str| (head.to_owned(), rest.to_owned());
        assert_eq!(
            done,
            [
                said("High-pass at 60 Hz:", "nothing of the voice lies below."),
                said("Levelled.", "Quiet phrases were raised."),
                said("", "Nothing else had to be done"),
            ]
        );
        assert_eq!(super::done(&json!({ "actions": "none" })), []);
    }

    #[test]
    fn curves_are_read_and_silence_is_none() {
        let curve = Curve::read(br#"{"step":0.5,"before":[-20.5,null,-99],"after":[-16,"x"]}"#).unwrap_or_default();
        assert_eq!(curve.before, [Some(-20.5), None, None]);
        assert_eq!(curve.after, [Some(-16.0), None]);
        assert_eq!(Curve::read(b"{}"), None);
        assert_eq!(Curve::read(b"\xff"), None);
    }
}
