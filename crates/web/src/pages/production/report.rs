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
    /// Reads `{"before": [[seconds, LUFS or null], …], "after": […]}`, points in the order of time, and puts both on equal steps.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(json).ok()?;
        let (before, after) = (points(&value, "before"), points(&value, "after"));
        let seconds = [&before, &after].into_iter().filter_map(|points| points.last()).map(|point| point.0);
        let seconds = seconds.fold(0.0, f64::max);
        let steps = before.len().max(after.len()).min(STEPS);
        let step = seconds / steps as f64;
        (step > 0.0).then(|| Self { step, before: even(&before, step), after: even(&after, step) })
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

/// Steps of a curve: more than a screen shows apart.
const STEPS: usize = 600;
/// BS.1770's absolute gate, LUFS: below it there is silence.
const SILENCE: f64 = -70.0;

type Point = (f64, Option<f32>);

fn points(value: &Value, key: &str) -> Vec<Point> {
    let list = value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let point = |point: &Value| {
        let lufs = point.get(1)?.as_f64().filter(|lufs| *lufs > SILENCE);
        Some((point.get(0)?.as_f64()?, lufs.map(|lufs| lufs as f32)))
    };
    list.iter().filter_map(point).collect()
}

/// At every step the point that comes next, up to the last.
fn even(points: &[Point], step: f64) -> Vec<Option<f32>> {
    let Some((seconds, _)) = points.last() else { return Vec::new() };
    let steps = ((seconds / step).round() as usize).min(STEPS);
    let next = |step_number: usize| {
        let at = (step_number as f64 + 0.5) * step;
        let place = points.partition_point(|point| point.0 < at).min(points.len() - 1);
        points[place].1
    };
    (0..steps).map(next).collect()
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
        let json = br#"{"before":[[1,-20.5],[2,null],[3,-99],[4,-21]],"after":[[1,-16],[2,-16.5],"x",[3]]}"#;
        let curve = Curve::read(json).unwrap_or_default();
        assert_eq!(curve.step, 1.0);
        assert_eq!(curve.before, [Some(-20.5), None, None, Some(-21.0)]);
        assert_eq!(curve.after, [Some(-16.0), Some(-16.5)]);
    }

    #[test]
    fn lists_of_other_lengths_leave_no_holes() {
        let list =
            |count: usize| (1..=count).map(|n| json!([n as f64 * 100.0 / count as f64, -20.0])).collect::<Vec<_>>();
        let json = json!({ "before": list(1_990), "after": list(1_010) }).to_string();
        let curve = Curve::read(json.as_bytes()).unwrap_or_default();
        assert_eq!((curve.before.len(), curve.after.len()), (STEPS, STEPS));
        assert!(curve.before.iter().chain(&curve.after).all(Option::is_some));
    }

    #[test]
    fn other_documents_are_no_curve() {
        for other in [&b"{}"[..], b"\xff", b"[]", br#"{"before":[[0,-20]]}"#, br#"{"before":[["a",1]]}"#] {
            assert_eq!(Curve::read(other), None);
        }
    }
}
