//! Waveforms as SVG in the page: bars between two plates, and a post where one is. Where the peaks are from is not known here.
//!
//! The geometry is the design's: bars of 2 on a pitch of 3, mirrored on the middle, 7 clear of the plates, none within 2 of
//! the post. The script draws the same again on whole pixels, from the amplitudes that [`hex`] puts into the page.

use std::fmt::Write;
use std::ops::Range;

/// How many bars a picture has. Bars are scaled to the width that there is, so a phone gets a picture of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// 360 bars, for desks.
    Wide,
    /// 120 bars, for phones.
    Narrow,
}

/// What is drawn. Amplitudes are 0 to 127.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape<'a> {
    /// One axis: the original upward, the mastered sound downward.
    Mirror {
        /// The recording as it came.
        before: &'a [u8],
        /// What was made of it.
        after: &'a [u8],
    },
    /// One sound, the same upward and downward, the post at its beginning.
    Ready(&'a [u8]),
    /// One sound that is heard to the fifth eighth: for pages that are about sound and have none.
    Heard(&'a [u8]),
    /// It is being made.
    Growing {
        /// So much of the way, 0 to 1, is behind the post.
        done: f64,
        /// What is finished of the sound, which is drawn there; where nothing is, low bars say so.
        drawn: &'a [u8],
    },
    /// Nothing is there yet.
    Flat,
    /// It did not work: the post has fallen.
    Fallen,
}

const PITCH: usize = 3;
/// Bars stay so far away from the plates.
const CLEAR: f64 = 7.0;
/// Half the height of a bar of sound that is being made and was not drawn yet.
const GROWING: u32 = 4;

impl Width {
    /// How many bars that is.
    pub(crate) fn bars(self) -> usize {
        match self {
            Self::Wide => 360,
            Self::Narrow => 120,
        }
    }
}

/// Which of so many values one of the bars stands for: at least one, where there are any.
fn run(values: usize, bars: usize, bar: usize) -> Range<usize> {
    let (from, to) = (bar * values / bars.max(1), (bar + 1) * values / bars.max(1));
    from..to.max(from + 1).min(values.max(from))
}

/// The amplitude of each of so many bars: the furthest from the middle that any of its peaks goes.
pub(crate) fn amplitudes(peaks: &[(i8, i8)], bars: usize) -> Vec<u8> {
    let amplitude = |(low, high): &(i8, i8)| low.unsigned_abs().max(high.unsigned_abs()).min(127);
    let furthest = |bar| peaks.get(run(peaks.len(), bars, bar)).unwrap_or_default().iter().map(amplitude).max();
    (0..bars).map(|bar| furthest(bar).unwrap_or(0)).collect()
}

/// The same by what its peaks go on the average, the tallest bar as tall as there is room: speech that was brought to one loudness has a peak
/// in every bar, and would look like a wall.
pub(crate) fn average_amplitudes(peaks: &[(i8, i8)], bars: usize) -> Vec<u8> {
    let mean = |bar: usize| {
        let run = peaks.get(run(peaks.len(), bars, bar)).unwrap_or_default();
        let sum: u32 = run.iter().map(|(low, high)| u32::from(low.unsigned_abs().max(high.unsigned_abs()))).sum();
        (sum / (run.len() as u32).max(1)).min(127) as u8
    };
    tallest(&(0..bars).map(mean).collect::<Vec<_>>())
}

/// Amplitudes, of which the tallest becomes as tall as there is room.
pub(crate) fn tallest(amplitudes: &[u8]) -> Vec<u8> {
    let tallest = amplitudes.iter().copied().max().unwrap_or(0).max(1);
    amplitudes.iter().map(|value| (u32::from(*value) * 127 / u32::from(tallest)) as u8).collect()
}

/// Amplitudes as two hexadecimal digits each, for the script.
pub(crate) fn hex(amplitudes: &[u8]) -> String {
    amplitudes.iter().fold(String::with_capacity(amplitudes.len() * 2), |mut text, value| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{value:02x}");
        text
    })
}

/// Draws a picture of some height. `class` is added to the picture's own. It is decoration: the page says it in words.
pub(crate) fn svg(shape: Shape<'_>, width: Width, height: u32, class: &str) -> String {
    let bars = match shape {
        Shape::Heard(amplitudes) if !amplitudes.is_empty() => amplitudes.len(),
        _ => width.bars(),
    };
    let (right, middle) = (bars * PITCH, height / 2);
    let scale = (f64::from(middle) - CLEAR) / 127.0;
    let tall = |amplitude: u8| ((f64::from(amplitude) * scale).round() as u32).max(1);
    let name = match width {
        Width::Wide => "wide",
        Width::Narrow => "narrow",
    };
    let mut svg = format!(
        "<svg class=\"wave {name} h{height}{}{class}\" viewBox=\"0 0 {right} {height}\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\"><path class=\"plate\" d=\"M0 .5H{right}M0 {}.5H{right}\"/>",
        if class.is_empty() { "" } else { " " },
        height - 1
    );
    let dotted = |from: usize, to: usize| {
        let dots = (from..to).step_by(2);
        path("gh", dots.map(|bar| (bar, 1, 1)), middle)
    };
    match shape {
        Shape::Mirror { before, after } => {
            let _ = write!(svg, "<path class=\"mid\" d=\"M0 {middle}.5H{right}\"/>");
            let from_post = |list: &[u8]| list.iter().copied().enumerate().skip(2).collect::<Vec<_>>();
            svg += &path("un", from_post(before).into_iter().map(|(bar, value)| (bar, tall(value), 0)), middle);
            svg += &path("un", from_post(after).into_iter().map(|(bar, value)| (bar, 0, tall(value))), middle);
            svg += &post(1.5, height);
        }
        Shape::Ready(amplitudes) => {
            let bars = amplitudes.iter().enumerate().skip(2).map(|(bar, value)| (bar, tall(*value), tall(*value)));
            svg += &path("un", bars, middle);
            svg += &post(1.5, height);
        }
        Shape::Heard(amplitudes) => {
            let split = amplitudes.len() * 5 / 8;
            let bar = |(bar, value): (usize, &u8)| (bar, tall(*value), tall(*value));
            let all = || amplitudes.iter().enumerate();
            svg += &path("pl", all().filter(|(bar, _)| bar + 1 < split).map(bar), middle);
            svg += &path("un", all().filter(|(bar, _)| *bar > split + 1).map(bar), middle);
            svg += &post(place(split) + 0.5, height);
        }
        Shape::Growing { done, drawn } => {
            let split = (done.clamp(0.0, 1.0) * bars as f64).round() as usize;
            let furthest = |bar| drawn.get(run(drawn.len(), split, bar)).and_then(|run| run.iter().copied().max());
            let bar = |bar| furthest(bar).map_or(GROWING, tall);
            svg += &path("pl", (0..split.saturating_sub(1)).map(|at| (at, bar(at), bar(at))), middle);
            svg += &dotted(split + 2, bars);
            svg += &post((place(split) + 0.5).clamp(1.5, right as f64 - 1.5), height);
        }
        Shape::Flat => svg += &dotted(0, bars),
        Shape::Fallen => {
            let gap = 14;
            svg += &dotted(0, bars / 2 - gap);
            svg += &dotted(bars / 2 + gap, bars);
            let (x, foot) = ((bars / 2 * PITCH) as i64, i64::from(height) - 4);
            let _ = write!(svg, "<path class=\"fallen\" d=\"M{} {foot}L{} {}\"/>", x - 32, x + 32, foot - 34);
        }
    }
    svg += "</svg>";
    svg
}

/// Where the middle of a bar is.
fn place(bar: usize) -> f64 {
    (bar * PITCH + 1) as f64
}

/// Bars as one path: which, how far up and how far down.
fn path(class: &str, bars: impl Iterator<Item = (usize, u32, u32)>, middle: u32) -> String {
    let mut path = format!("<path class=\"{class}\" stroke-width=\"2\" d=\"");
    for (bar, up, down) in bars {
        let top = if up > 0 { middle.saturating_sub(up) } else { middle + 1 };
        let bottom = if down > 0 { middle + down } else { middle.saturating_sub(1) };
        let _ = write!(path, "M{} {top}V{bottom}", bar * PITCH + 1);
    }
    path += "\"/>";
    path
}

fn post(x: f64, height: u32) -> String {
    let line = format!("d=\"M{x} 2V{}\"", height - 2);
    format!("<path class=\"halo\" {line}/><path class=\"post\" {line}/>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn average_bars_fill_the_height() {
        // Every bar has two peaks of the same height in it, and gets louder beside them.
        let peaks: Vec<(i8, i8)> = (0..40).map(|at| if at % 4 == 0 { (-100, 90) } else { (0, at / 8 * 10) }).collect();
        let bars = average_amplitudes(&peaks, 5);
        assert!(bars.windows(2).all(|pair| pair[0] < pair[1]) && bars[4] == 127, "{bars:?}");
        assert_eq!(average_amplitudes(&[], 3), [0, 0, 0]);
    }

    #[test]
    fn a_bar_reaches_as_far_as_its_furthest_peak() {
        let peaks = [(-3, 2), (-1, 9), (-128, 0), (0, 0), (-4, 4), (0, 1)];
        assert_eq!(amplitudes(&peaks, 3), [9, 127, 4]);
        assert_eq!(amplitudes(&peaks, 6), [3, 9, 127, 0, 4, 1]);
        assert_eq!(amplitudes(&peaks[..2], 4), [3, 3, 9, 9]);
        assert_eq!(amplitudes(&[], 3), [0, 0, 0]);
        assert_eq!(amplitudes(&peaks, 0), [0; 0]);
        assert_eq!(hex(&[0, 9, 127]), "00097f");
    }

    #[test]
    fn the_original_goes_up_and_the_mastered_sound_down() {
        let svg = svg(Shape::Mirror { before: &[0, 0, 127], after: &[0, 0, 64] }, Width::Narrow, 168, "");
        assert!(svg.contains("d=\"M7 7V83\""), "{svg}");
        assert!(svg.contains("d=\"M7 85V123\""), "{svg}");
        assert!(svg.starts_with("<svg class=\"wave narrow h168\" viewBox=\"0 0 360 168\""), "{svg}");
    }

    #[test]
    fn every_shape_is_whole_and_stays_within_its_plates() {
        let loud = [127; 360];
        let shapes = [
            Shape::Mirror { before: &loud, after: &loud },
            Shape::Mirror { before: &[], after: &[] },
            Shape::Ready(&loud),
            Shape::Heard(&loud),
            Shape::Heard(&[]),
            Shape::Growing { done: -1.0, drawn: &[] },
            Shape::Growing { done: 0.4, drawn: &[] },
            Shape::Growing { done: 0.4, drawn: &[127, 0, 127] },
            Shape::Growing { done: 0.01, drawn: &loud },
            Shape::Growing { done: f64::NAN, drawn: &loud },
            Shape::Growing { done: 2.0, drawn: &loud },
            Shape::Flat,
            Shape::Fallen,
        ];
        for shape in shapes {
            let svg = svg(shape, Width::Wide, 92, "x");
            assert!(svg.ends_with("</svg>") && !svg.contains("NaN") && !svg.contains("M-"), "{svg}");
        }
    }
}
