//! The report for people: aligned, at most 100 columns, nothing to look up.

use std::fmt::{self, Write};

use model::size_string;

use super::{Measures, Output, Report, Row, Sound};

/// Columns of the widest line.
const WIDTH: usize = 100;

pub(super) fn write(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = sections(report, &mut text);
    text
}

fn sections(report: &Report, text: &mut String) -> fmt::Result {
    let source = &report.source;
    text.push_str("Soundpost report\n\n");
    paragraph(text, "Recording  ", "           ", &source.filename)?;
    let codec = if source.codec == source.container { String::new() } else { format!("{}, ", source.codec) };
    let about = format!(
        "{}, {codec}{} kHz, {}, {}",
        source.container,
        kilohertz(source.rate),
        channels(source.channels),
        clock(source.seconds)
    );
    paragraph(text, "           ", "           ", &about)?;
    paragraph(text, "Preset     ", "           ", &report.preset)?;

    text.push_str("\nBefore and after\n                        Before        After\n");
    for (before, after) in report.levels.input.rows().iter().zip(&report.levels.output.rows()) {
        let line = format!(
            "  {:<18}{:>10}  →{:>10}  {:<5}  {}",
            before.title,
            number(before),
            number(after),
            before.unit,
            remark(report, before)
        );
        writeln!(text, "{}", line.trim_end())?;
    }
    heard(report, text)?;
    sentences(text, "What was done, and why", &report.actions)?;
    sentences(text, "Worth knowing", &report.warnings)?;
    acx(report, text)?;
    files(&report.outputs, text)
}

/// How much of each kind of sound there is; where it is would be a page of times, which the JSON has.
fn heard(report: &Report, text: &mut String) -> fmt::Result {
    let mut parts = Vec::new();
    for (label, name) in [(Sound::Speech, "speech"), (Sound::Music, "music")] {
        let lengths = report.music_speech.iter().filter(|stretch| stretch.label == label);
        let (count, ms) = lengths
            .fold((0, 0), |(count, ms), stretch| (count + 1, ms + stretch.stop_ms.saturating_sub(stretch.start_ms)));
        if count > 0 {
            let stretches = if count == 1 { "one stretch".to_owned() } else { format!("{count} stretches") };
            parts.push(format!("{} of {name} in {stretches}", clock(ms as f64 / 1_000.0)));
        }
    }
    if parts.is_empty() { Ok(()) } else { writeln!(text, "\nWhat was heard\n  {}.", parts.join(", ")) }
}

fn sentences(text: &mut String, title: &str, sentences: &[String]) -> fmt::Result {
    if sentences.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n{title}")?;
    sentences.iter().try_for_each(|sentence| paragraph(text, "  ", "    ", sentence))
}

fn acx(report: &Report, text: &mut String) -> fmt::Result {
    if report.acx.is_empty() {
        return Ok(());
    }
    text.push_str("\nAudiobook check (ACX)\n");
    for check in &report.acx {
        let found = if check.found.is_finite() { format!("{} dB", signed(check.found)) } else { "silence".into() };
        let verdict = if check.passes { "passes" } else { "does not pass" };
        writeln!(text, "  {:<18}{found:>13}  wanted {:<15}  {verdict}", check.name, check.wanted)?;
    }
    Ok(())
}

fn files(outputs: &[Output], text: &mut String) -> fmt::Result {
    if outputs.is_empty() {
        return Ok(());
    }
    text.push_str("\nFiles\n");
    for output in outputs {
        paragraph(text, "  ", "  ", &output.filename)?;
        let kind = match output.bitrate {
            Some(bitrate) => format!("{}, {bitrate} kbit/s", output.format),
            None => output.format.clone(),
        };
        let size = size_string(output.size);
        let line = match &output.verified {
            Some(verified) => format!(
                "    {kind:<20}{size:>9}{:>10}   measured {} LUFS, {} dBTP",
                clock(verified.seconds),
                or_silence(verified.loudness, tenth(verified.loudness)),
                or_silence(verified.peak, signed(verified.peak)),
            ),
            None => format!("    {kind:<20}{size:>9}"),
        };
        writeln!(text, "{line}\n    md5 {}", output.checksum)?;
    }
    Ok(())
}

/// Writes words, broken into lines. Words that no line can hold, such as names of files, are cut.
fn paragraph(text: &mut String, first: &str, others: &str, words: &str) -> fmt::Result {
    let room = WIDTH - first.chars().count().max(others.chars().count());
    let clean: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut line = String::new();
    let mut used = 0;
    let mut indent = first;
    let mut put = |line: &mut String, used: &mut usize| -> fmt::Result {
        writeln!(text, "{indent}{line}")?;
        indent = others;
        line.clear();
        *used = 0;
        Ok(())
    };
    for word in clean.split_whitespace() {
        let mut letters: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + letters.len() > room {
            put(&mut line, &mut used)?;
        }
        while letters.len() > room {
            line.extend(letters.drain(..room));
            put(&mut line, &mut used)?;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        used += letters.len();
        line.extend(letters);
    }
    put(&mut line, &mut used)
}

fn remark(report: &Report, row: &Row) -> String {
    match row.key {
        "loudness" => report.target.loudness.map_or_else(String::new, |lufs| format!("target {}", short(lufs))),
        "peak" => report.target.peak.map_or_else(String::new, |peak| format!("limit {}", short(peak))),
        _ => row.remark.to_owned(),
    }
}

/// A measurement to the tenth. A peak above full scale is the one thing that gets a plus.
fn number(row: &Row) -> String {
    or_silence(row.value, if row.key == "peak" { signed(row.value) } else { tenth(row.value) })
}

fn or_silence(number: f64, text: String) -> String {
    if number.is_finite() { text } else { "silence".into() }
}

fn tenth(number: f64) -> String {
    // Rounded before it is written, so that −0.04 is 0.0 and not −0.0.
    format!("{:.1}", (number * 10.0).round() / 10.0 + 0.0).replace('-', "−")
}

/// One decimal, a true minus sign, and a plus where it is one.
pub(crate) fn signed(number: f64) -> String {
    let text = tenth(number);
    if number >= 0.05 { format!("+{text}") } else { text }
}

fn short(number: f64) -> String {
    let text = tenth(number);
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

fn kilohertz(rate: u32) -> String {
    let text = format!("{:.3}", f64::from(rate) / 1_000.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn channels(count: usize) -> String {
    match count {
        1 => "mono".into(),
        2 => "stereo".into(),
        _ => format!("{count} channels"),
    }
}

/// `48:12`, `1:02:03`; below a minute with tenths, `12.3 s`.
fn clock(seconds: f64) -> String {
    if seconds < 59.95 {
        return format!("{:.1} s", seconds.max(0.0));
    }
    let all = seconds.round() as u64;
    let (hours, minutes, rest) = (all / 3_600, all / 60 % 60, all % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{rest:02}") } else { format!("{minutes}:{rest:02}") }
}

/// Measurements of one sound, for people.
pub(super) fn measures(name: &str, measures: &Measures) -> String {
    let mut text = format!("{name}\n");
    for row in measures.rows().iter().filter(|row| !row.value.is_nan()) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:<18}{:>9} {}", row.title, number(row), row.unit);
    }
    text
}
