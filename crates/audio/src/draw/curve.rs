//! Loudness over time as a picture (SVG): before in grey, after in amber, the target with its tolerance.
//!
//! The picture stands alone: it names itself for screen readers, follows the reader's colour scheme and runs no script.

use std::fmt::Write;

use super::colour::{INK, INK_2, INK_3, LINE, SOUND, SOUND_INK, SPRUCE, SURFACE, Scheme, Token, WAVE};

/// What is drawn. Points are (seconds, short-term LUFS) in the order of time; silence is −∞ or anything below −70.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// Length of the time axis.
    pub seconds: f64,
    /// The recording as it came.
    pub before: &'a [(f64, f64)],
    /// What was made of it.
    pub after: &'a [(f64, f64)],
    /// Integrated loudness of the recording, LUFS.
    pub before_loudness: f64,
    /// Integrated loudness of the result, LUFS.
    pub after_loudness: f64,
    /// Where it should be, if anywhere.
    pub target: Option<Target>,
}

/// A loudness that was aimed at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// In LUFS.
    pub loudness: f64,
    /// How far off still counts as there, in LU.
    pub tolerance: f64,
}

/// The whole picture.
const WIDTH: f64 = 840.0;
const HEIGHT: f64 = 272.0;
/// The plot within it: left and right, the highest line of the axis, the lowest, and the edges beyond which curves are cut.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 716.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = 190.0;
const CUT_ABOVE: f64 = 44.0;
const CUT_BELOW: f64 = 206.0;
/// What the axis spans, LUFS.
const LOUD: f64 = -8.0;
const QUIET: f64 = -32.0;
/// BS.1770's absolute gate: below it there is silence.
const SILENCE: f64 = -70.0;
/// Most points of one drawn curve: one for each pixel of the plot, well below what a browser draws without effort.
const MOST_POINTS: usize = 672;

impl Curve<'_> {
    /// Draws the picture.
    pub fn to_svg(&self) -> String {
        let mut svg = String::with_capacity(32 << 10);
        // Writing to a string cannot fail.
        let _ = self.write(&mut svg);
        svg
    }

    /// What there is to see, in a sentence or two, from the data.
    pub fn sentence(&self) -> String {
        let mut before = heard(self.before);
        let after = heard(self.after);
        if after.is_empty() {
            return if before.is_empty() { "There is no sound in it." } else { "What was made of it is silent." }
                .into();
        }
        let mut sentence = String::new();
        if !before.is_empty() {
            before.sort_by(f64::total_cmp);
            let (quiet, loud) = (share(&before, 0.05), share(&before, 0.95));
            if (loud - quiet).round() < 1.0 {
                let _ = write!(sentence, "Before, it stayed at {} LUFS. ", whole(loud));
            } else {
                let _ = write!(sentence, "Before, it moved between {} and {} LUFS. ", whole(quiet), whole(loud));
            }
        }
        if let Some(Target { loudness, tolerance }) = self.target() {
            let near = after.iter().filter(|lufs| (*lufs - loudness).abs() <= tolerance).count();
            let percent = (near * 100) as f64 / after.len() as f64;
            let _ = write!(
                sentence,
                "After mastering, {}\u{2009}% of it is within {}\u{2009}LU of {}.",
                percent.round(),
                trimmed(tolerance),
                trimmed(loudness)
            );
        } else {
            let mut after = after;
            after.sort_by(f64::total_cmp);
            let (quiet, loud) = (share(&after, 0.05), share(&after, 0.95));
            let _ = write!(sentence, "After mastering, it moves between {} and {} LUFS.", whole(quiet), whole(loud));
        }
        sentence
    }

    fn write(&self, svg: &mut String) -> std::fmt::Result {
        let sentence = self.sentence();
        write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"name about\">\n\
             <title id=\"name\">Loudness over time</title>\n\
             <desc id=\"about\">Short-term loudness in LUFS. {sentence}</desc>\n\
             <style>\n"
        )?;
        style(svg)?;
        write!(
            svg,
            "</style>\n\
             <rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
             <text class=\"head\" x=\"{LEFT}\" y=\"24\">Loudness over time\
             <tspan class=\"unit\" dx=\"10\">short-term, LUFS</tspan></text>\n\
             <clipPath id=\"plot\"><rect x=\"{LEFT}\" y=\"{CUT_ABOVE}\" width=\"{}\" height=\"{}\"/></clipPath>\n",
            RIGHT - LEFT,
            CUT_BELOW - CUT_ABOVE
        )?;
        self.grid(svg)?;
        self.times(svg)?;
        svg.push_str("<g clip-path=\"url(#plot)\">\n");
        self.aim(svg)?;
        self.line(svg, "before", self.before)?;
        self.line(svg, "after", self.after)?;
        svg.push_str("</g>\n");
        self.labels(svg)?;
        writeln!(svg, "<text class=\"say\" x=\"{LEFT}\" y=\"{}\">{sentence}</text>\n</svg>", HEIGHT - 16.0)
    }

    fn grid(&self, svg: &mut String) -> std::fmt::Result {
        for lufs in [-8.0, -16.0, -24.0, -32.0] {
            // The target's own line takes the place of a line of the axis.
            if self.target().is_none_or(|target| (target.loudness - lufs).abs() > 0.2) {
                writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {0}H{RIGHT}\"/>", crisp(y(lufs)))?;
            }
            writeln!(
                svg,
                "<text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                LEFT - 8.0,
                crisp(y(lufs)) + 3.5,
                whole(lufs)
            )?;
        }
        Ok(())
    }

    fn aim(&self, svg: &mut String) -> std::fmt::Result {
        let Some(Target { loudness, tolerance }) = self.target() else {
            return Ok(());
        };
        let (upper, lower) = (y(loudness + tolerance), y(loudness - tolerance));
        writeln!(
            svg,
            "<rect class=\"band\" x=\"{LEFT}\" y=\"{upper:.1}\" width=\"{}\" height=\"{:.1}\"/>\n\
             <path class=\"aim\" d=\"M{LEFT} {}H{RIGHT}\"/>",
            RIGHT - LEFT,
            lower - upper,
            crisp(y(loudness))
        )
    }

    fn line(&self, svg: &mut String, class: &str, points: &[(f64, f64)]) -> std::fmt::Result {
        let mut path = String::new();
        let mut pen = 'M';
        for (seconds, lufs) in thinned(points, self.seconds) {
            if !seconds.is_finite() || !lufs.is_finite() || lufs < SILENCE {
                pen = 'M';
                continue;
            }
            write!(path, "{pen}{:.1} {:.1}", self.x(seconds), y(lufs))?;
            pen = 'L';
        }
        if path.is_empty() { Ok(()) } else { writeln!(svg, "<path class=\"{class}\" d=\"{path}\"/>") }
    }

    fn times(&self, svg: &mut String) -> std::fmt::Result {
        // The least of these steps that gives at most seven labels.
        const STEPS: [f64; 17] = [
            0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0,
            14_400.0, 28_800.0,
        ];
        let length = self.length();
        let step = STEPS.into_iter().find(|step| length / step <= 7.0).unwrap_or_else(|| length / 7.0);
        for tick in 0..=7 {
            let seconds = step * f64::from(tick);
            if seconds > length {
                break;
            }
            let anchor = if tick == 0 { "start" } else { "middle" };
            writeln!(
                svg,
                "<text class=\"axis\" x=\"{:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                self.x(seconds),
                CUT_BELOW + 18.0,
                clock(seconds, step)
            )?;
        }
        Ok(())
    }

    /// Says at the end of each line what it is, moved apart where they would touch.
    fn labels(&self, svg: &mut String) -> std::fmt::Result {
        const APART: f64 = 15.0;
        let mut labels: Vec<(f64, &str, String)> = Vec::with_capacity(3);
        if !heard(self.after).is_empty() {
            labels.push((self.after_loudness, "of-after", format!("after, {}", tenth(self.after_loudness))));
        }
        if let Some(Target { loudness, tolerance }) = self.target() {
            labels.push((loudness, "of-aim", format!("target ±{}\u{2009}LU", trimmed(tolerance))));
        }
        if !heard(self.before).is_empty() {
            labels.push((self.before_loudness, "of-before", format!("before, {}", tenth(self.before_loudness))));
        }
        // Loudest first; those that are as loud as each other to the eye in the order above.
        labels.sort_by(|a, b| b.0.round().total_cmp(&a.0.round()));
        let mut places: Vec<f64> = labels.iter().map(|label| y(label.0).clamp(CUT_ABOVE, CUT_BELOW)).collect();
        spread(&mut places, APART);
        for ((_, class, text), place) in labels.iter().zip(places) {
            writeln!(
                svg,
                "<text class=\"label {class}\" x=\"{}\" y=\"{:.1}\">{text}</text>",
                RIGHT + 8.0,
                place + 4.0
            )?;
        }
        Ok(())
    }

    /// The target, if it is one that can be drawn.
    fn target(&self) -> Option<Target> {
        self.target.filter(|target| target.loudness.is_finite() && target.tolerance.is_finite())
    }

    fn length(&self) -> f64 {
        if self.seconds.is_finite() && self.seconds > 0.0 { self.seconds } else { 1.0 }
    }

    fn x(&self, seconds: f64) -> f64 {
        LEFT + (seconds / self.length()).clamp(0.0, 1.0) * (RIGHT - LEFT)
    }
}

/// Colours of both schemes. Plain values, since not every program that shows SVG knows variables.
fn style(svg: &mut String) -> std::fmt::Result {
    svg.push_str(
        "text{font:11px system-ui,sans-serif;font-variant-numeric:tabular-nums}\n\
         .head{font-size:13px;font-weight:600}.unit{font-size:12px;font-weight:400}.say{font-size:12.5px}\
         .label{font-weight:600}.of-aim{font-weight:400}\n\
         .before,.after,.aim,.grid{fill:none}.before{stroke-width:1.25}\
         .after{stroke-width:1.75}.before,.after{stroke-linejoin:round;stroke-linecap:round}\
         .aim{stroke-dasharray:2 3}.band{opacity:.12}\n",
    );
    colours(svg, Scheme::Light)?;
    svg.push_str("@media (prefers-color-scheme:dark){\n");
    colours(svg, Scheme::Dark)?;
    svg.push_str("}\n");
    Ok(())
}

fn colours(svg: &mut String, scheme: Scheme) -> std::fmt::Result {
    let fills: [(&str, Token); 9] = [
        (".ground", SURFACE),
        (".head", INK),
        (".unit", INK_2),
        (".say", INK_2),
        (".axis", INK_3),
        (".of-before", INK_2),
        (".of-after", SOUND_INK),
        (".of-aim", SPRUCE),
        (".band", SPRUCE),
    ];
    for (class, token) in fills {
        write!(svg, "{class}{{fill:{}}}", token.hex(scheme))?;
    }
    for (class, token) in [(".grid", LINE), (".before", WAVE), (".after", SOUND), (".aim", SPRUCE)] {
        write!(svg, "{class}{{stroke:{}}}", token.hex(scheme))?;
    }
    svg.push('\n');
    Ok(())
}

/// Where a loudness stands. Silence is as far down as can be, which is cut off.
fn y(lufs: f64) -> f64 {
    let lufs = if lufs.is_finite() { lufs.clamp(SILENCE, 20.0) } else { SILENCE };
    TOP + (LOUD - lufs) / (LOUD - QUIET) * (BOTTOM - TOP)
}

/// The middle of a pixel, so that a line of one pixel is one pixel.
fn crisp(y: f64) -> f64 {
    y.floor() + 0.5
}

/// At most one point for each pixel of the plot: what falls on the same pixel becomes its mean in energy, silence only
/// if all of it is silent. Few points stay as they are.
fn thinned(points: &[(f64, f64)], seconds: f64) -> Vec<(f64, f64)> {
    if points.len() <= MOST_POINTS {
        return points.to_vec();
    }
    let place = |at: f64| ((at / seconds * MOST_POINTS as f64) as usize).min(MOST_POINTS - 1);
    points
        .chunk_by(|a, b| place(a.0) == place(b.0))
        .map(|run| {
            let sounding = run.iter().filter(|point| point.1 >= SILENCE);
            let (count, energy) =
                sounding.fold((0, 0.0), |(count, sum), point| (count + 1, sum + 10f64.powf(point.1 / 10.0)));
            let at = run.iter().map(|point| point.0).sum::<f64>() / run.len() as f64;
            (at, if count == 0 { f64::NEG_INFINITY } else { 10.0 * (energy / f64::from(count)).log10() })
        })
        .take(MOST_POINTS)
        .collect()
}

/// Loudness of the points that are not silence.
fn heard(points: &[(f64, f64)]) -> Vec<f64> {
    points.iter().map(|point| point.1).filter(|lufs| lufs.is_finite() && *lufs >= SILENCE).collect()
}

/// The value below which a share of sorted values lies.
fn share(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Moves places apart, downward in order, then back up where they pass the lower edge.
fn spread(places: &mut [f64], apart: f64) {
    for index in 1..places.len() {
        let lack = places[index - 1] + apart - places[index];
        if lack > 0.0 {
            places[index] += lack;
        }
    }
    let mut limit = CUT_BELOW;
    for place in places.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - apart;
    }
}

/// A whole number with the typographic minus.
fn whole(number: f64) -> String {
    format!("{:.0}", number + 0.0).replace('-', "−")
}

/// One decimal with the typographic minus, or a word where there is no number.
fn tenth(number: f64) -> String {
    if number.is_finite() { format!("{number:.1}").replace('-', "−") } else { "silence".into() }
}

/// At most one decimal, none where it would be 0.
fn trimmed(number: f64) -> String {
    let text = tenth(number);
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// `48:00`, `1:02:00`; with tenths where the step is less than a second.
fn clock(seconds: f64, step: f64) -> String {
    let all = seconds as u64;
    let (hours, minutes, rest) = (all / 3_600, all / 60 % 60, all % 60);
    let tenths = if step < 1.0 { format!(".{:.0}", seconds.fract() * 10.0) } else { String::new() };
    if hours > 0 { format!("{hours}:{minutes:02}:{rest:02}{tenths}") } else { format!("{minutes}:{rest:02}{tenths}") }
}

#[cfg(test)]
mod tests;
