//! Loudness over time as SVG in the page, with the sentence below it and the same as a table. Measuring is not done here.
//!
//! The plot is stretched to the width that there is; its axes are pictures of their own, so that no letter is stretched with it.

use std::fmt::Write;

use super::words::{clock, number};

/// What is drawn: short-term loudness at equal steps, `None` where there was silence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Curves<'a> {
    /// Seconds between two values.
    pub(crate) step: f64,
    /// The recording as it came, LUFS.
    pub(crate) before: &'a [Option<f32>],
    /// What was made of it, LUFS.
    pub(crate) after: &'a [Option<f32>],
    /// Integrated loudness of the recording, LUFS.
    pub(crate) before_loudness: Option<f64>,
    /// Integrated loudness of the result, LUFS.
    pub(crate) after_loudness: Option<f64>,
    /// Where it should be, LUFS.
    pub(crate) target: Option<f64>,
}

/// The parts of the picture, as markup, and what it says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Chart {
    /// The axis on the left.
    pub(crate) lufs: String,
    /// Grid, target and curves.
    pub(crate) plot: String,
    /// Names of the curves at their ends.
    pub(crate) ends: String,
    /// The axis below.
    pub(crate) when: String,
    /// What there is to see.
    pub(crate) sentence: String,
    /// The same as a table.
    pub(crate) table: Vec<Row>,
}

/// A stretch of time in the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Where it begins.
    pub(crate) at: String,
    /// Loudness before.
    pub(crate) before: String,
    /// Loudness after.
    pub(crate) after: String,
}

/// The height of the plot, and what it spans.
const HEIGHT: f64 = 168.0;
const WIDTH: f64 = 1_000.0;
const LOUD: f64 = -8.0;
const QUIET: f64 = -36.0;
/// How far off its target still counts as there, LU.
const TOLERANCE: f64 = 1.0;
/// Points of a curve: more would not be seen.
const POINTS: usize = 500;
const TABLE_ROWS: usize = 24;

/// Draws all of it; `None` where nothing was measured.
pub(crate) fn chart(curves: &Curves<'_>) -> Option<Chart> {
    let steps = curves.before.len().max(curves.after.len());
    if steps == 0 || !curves.step.is_finite() || curves.step <= 0.0 {
        return None;
    }
    Some(Chart {
        lufs: lufs_axis(),
        plot: plot(curves, steps),
        ends: ends(curves),
        when: time_axis(steps as f64 * curves.step),
        sentence: sentence(curves),
        table: table(curves, steps),
    })
}

/// What there is to see, in a sentence or two.
fn sentence(curves: &Curves<'_>) -> String {
    let (before, after) = (heard(curves.before), heard(curves.after));
    let mut text = String::new();
    if let Some((quiet, loud)) = most(&before) {
        let _ = if (loud - quiet).round() < 1.0 {
            write!(text, "Before, it stayed at {}\u{2009}LUFS. ", number(loud, 0))
        } else {
            write!(text, "Before, it moved between {} and {}\u{2009}LUFS. ", number(quiet, 0), number(loud, 0))
        };
    }
    let Some((quiet, loud)) = most(&after) else {
        text += "What was made of it is silent.";
        return text;
    };
    let _ = if let Some(target) = curves.target {
        let near = after.iter().filter(|lufs| (*lufs - target).abs() <= TOLERANCE).count();
        let percent = (near * 100) as f64 / after.len() as f64;
        write!(
            text,
            "After mastering, {}\u{2009}% of it is within 1\u{2009}LU of {}.",
            number(percent, 0),
            trimmed(target)
        )
    } else {
        write!(text, "After mastering, it moves between {} and {}\u{2009}LUFS.", number(quiet, 0), number(loud, 0))
    };
    text
}

fn table(curves: &Curves<'_>, steps: usize) -> Vec<Row> {
    let each = steps.div_ceil(TABLE_ROWS);
    let cell = |list: &[Option<f32>], from: usize| {
        mean(list.get(from..(from + each).min(list.len())).unwrap_or_default())
            .map_or_else(|| "silence".to_owned(), |lufs| number(lufs, 1))
    };
    (0..steps)
        .step_by(each)
        .map(|from| Row {
            at: clock((from as f64 * curves.step * 1_000.0) as u64),
            before: cell(curves.before, from),
            after: cell(curves.after, from),
        })
        .collect()
}

fn lufs_axis() -> String {
    let mut svg = "<svg class=\"lufs\" aria-hidden=\"true\">".to_owned();
    for lufs in [-8.0, -16.0, -24.0, -32.0] {
        let _ = write!(svg, "<text x=\"22\" y=\"{:.0}\" text-anchor=\"end\">{}</text>", y(lufs) + 4.0, number(lufs, 0));
    }
    svg + "</svg>"
}

fn plot(curves: &Curves<'_>, steps: usize) -> String {
    let mut svg = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
    );
    for lufs in [-8.0, -16.0, -24.0, -32.0] {
        let _ = write!(svg, "<path class=\"grid\" d=\"M0 {:.0}.5H{WIDTH}\"/>", y(lufs).min(HEIGHT - 1.0).floor());
    }
    if let Some(target) = curves.target {
        let (top, bottom) = (y(target + TOLERANCE), y(target - TOLERANCE));
        let _ = write!(
            svg,
            "<rect class=\"band\" width=\"{WIDTH}\" y=\"{top:.1}\" height=\"{:.1}\"/>\
             <path class=\"target\" d=\"M0 {:.1}H{WIDTH}\"/>",
            bottom - top,
            y(target)
        );
    }
    for (class, list) in [("before", curves.before), ("after", curves.after)] {
        let _ = write!(svg, "<path class=\"{class}\" d=\"{}\"/>", line(list, steps));
    }
    svg + "</svg>"
}

/// A curve as a path. Silence breaks it.
fn line(list: &[Option<f32>], steps: usize) -> String {
    let each = steps.div_ceil(POINTS).max(1);
    let mut path = String::new();
    let mut pen_down = false;
    for (number, run) in list.chunks(each).enumerate() {
        let Some(lufs) = mean(run) else {
            pen_down = false;
            continue;
        };
        let x = ((number * each) as f64 + 0.5 * run.len() as f64) / steps as f64 * WIDTH;
        let _ = write!(path, "{}{x:.1} {:.1}", if pen_down { 'L' } else { 'M' }, y(lufs));
        pen_down = true;
    }
    path
}

/// Names at the ends, kept from lying on each other.
fn ends(curves: &Curves<'_>) -> String {
    const APART: f64 = 15.0;
    let mut labels = Vec::new();
    if let Some(lufs) = curves.after_loudness {
        labels.push((y(lufs), "aft", format!("after, {}", number(lufs, 1))));
    }
    if let Some(lufs) = curves.target {
        labels.push((y(lufs) + 1.0, "tgt", format!("target {} ±1", trimmed(lufs))));
    }
    if let Some(lufs) = curves.before_loudness {
        labels.push((y(lufs), "bef", format!("before, {}", number(lufs, 1))));
    }
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let room = |place: usize| HEIGHT - 4.0 - APART * (labels.len() - 1 - place) as f64;
    let mut lowest = 4.0;
    let mut svg = "<svg class=\"ends\" aria-hidden=\"true\">".to_owned();
    for (place, (wanted, class, text)) in labels.iter().enumerate() {
        let at = (wanted + 4.0).min(room(place)).max(lowest);
        lowest = at + APART;
        let _ = write!(svg, "<text class=\"lab {class}\" x=\"8\" y=\"{at:.0}\">{text}</text>");
    }
    svg + "</svg>"
}

/// At most six times, at round places.
fn time_axis(seconds: f64) -> String {
    const EACH: [u32; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200];
    let each = EACH.into_iter().find(|each| seconds / f64::from(*each) <= 5.5).map_or(seconds / 5.0, f64::from);
    let mut svg = "<svg class=\"when\" aria-hidden=\"true\">".to_owned();
    for tick in 0..=5 {
        let at = f64::from(tick) * each;
        let percent = at / seconds * 100.0;
        if percent > 100.0 {
            break;
        }
        let anchor = match percent {
            0.0 => "start",
            95.0.. => "end",
            _ => "middle",
        };
        let text = clock((at * 1_000.0).round() as u64);
        let _ = write!(svg, "<text x=\"{percent:.2}%\" y=\"18\" text-anchor=\"{anchor}\">{text}</text>");
    }
    svg + "</svg>"
}

/// Where a loudness is in the plot; what is beyond its edges is drawn at them.
fn y(lufs: f64) -> f64 {
    ((LOUD - lufs) / (LOUD - QUIET) * HEIGHT).clamp(0.0, HEIGHT)
}

fn heard(list: &[Option<f32>]) -> Vec<f64> {
    list.iter().flatten().filter(|lufs| lufs.is_finite()).map(|lufs| f64::from(*lufs)).collect()
}

/// The mean of what was heard.
fn mean(list: &[Option<f32>]) -> Option<f64> {
    let heard = heard(list);
    (!heard.is_empty()).then(|| heard.iter().sum::<f64>() / heard.len() as f64)
}

/// Between which values nine tenths are.
fn most(heard: &[f64]) -> Option<(f64, f64)> {
    let mut sorted = heard.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let share = |share: f64| sorted[(share * last as f64).round() as usize];
    Some((share(0.05), share(0.95)))
}

/// Without decimals that say nothing.
fn trimmed(value: f64) -> String {
    number(value, usize::from((value - value.round()).abs() > 0.05))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves<'a>(before: &'a [Option<f32>], after: &'a [Option<f32>]) -> Curves<'a> {
        Curves {
            step: 1.0,
            before,
            after,
            before_loudness: Some(-21.7),
            after_loudness: Some(-16.0),
            target: Some(-16.0),
        }
    }

    fn plain(text: &str) -> String {
        text.replace('\u{2009}', " ")
    }

    #[test]
    fn the_sentence_says_what_there_is_to_see() {
        let before = [Some(-30.0), Some(-20.0), None, Some(-20.0)];
        let after = [Some(-16.5), Some(-15.5), None, Some(-20.0)];
        assert_eq!(
            plain(&sentence(&curves(&before, &after))),
            "Before, it moved between −30 and −20 LUFS. After mastering, 67 % of it is within 1 LU of −16."
        );
        let untargeted = Curves { target: None, ..curves(&[Some(-20.0)], &[Some(-23.0), Some(-20.0)]) };
        assert_eq!(
            plain(&sentence(&untargeted)),
            "Before, it stayed at −20 LUFS. After mastering, it moves between −23 and −20 LUFS."
        );
        assert_eq!(sentence(&curves(&[], &[None])), "What was made of it is silent.");
    }

    #[test]
    fn silence_breaks_the_line() {
        let list = [Some(-8.0), Some(-36.0), None, Some(-60.0)];
        assert_eq!(line(&list, 4), "M125.0 0.0L375.0 168.0M875.0 168.0");
        assert_eq!(line(&[None, Some(f32::NAN)], 2), "");
    }

    #[test]
    fn a_long_curve_becomes_a_short_path_and_a_short_table() {
        let list = vec![Some(-16.0); 36_000];
        let chart = chart(&curves(&list, &list)).unwrap_or_default();
        assert!(chart.plot.len() < 20_000, "{}", chart.plot.len());
        assert_eq!(chart.table.len(), TABLE_ROWS);
        assert_eq!(chart.table[1], Row { at: "25:00".into(), before: "−16.0".into(), after: "−16.0".into() });
    }

    #[test]
    fn nothing_measured_is_no_chart() {
        assert_eq!(chart(&curves(&[], &[])), None);
        assert_eq!(chart(&Curves { step: 0.0, ..curves(&[None], &[]) }), None);
    }

    #[test]
    fn names_at_the_ends_do_not_lie_on_each_other() {
        let close = Curves { before_loudness: Some(-16.1), ..curves(&[], &[]) };
        let svg = ends(&close);
        let places: Vec<f64> =
            svg.split(" y=\"").skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect();
        assert_eq!(places.len(), 3, "{svg}");
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= 14.0), "{places:?}");
        let low = Curves { before_loudness: Some(-60.0), after_loudness: Some(-50.0), target: Some(-40.0), ..close };
        assert!(ends(&low).contains("y=\"164\""), "{}", ends(&low));
    }

    #[test]
    fn times_are_round_and_few() {
        let axis = time_axis(2_892.0);
        assert!(axis.contains(">0:00<") && axis.contains(">10:00<") && axis.contains(">40:00<"), "{axis}");
        assert_eq!(time_axis(40.0 * 3_600.0).matches("<text").count(), 6);
    }
}
