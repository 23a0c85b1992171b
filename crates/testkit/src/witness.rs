//! Other people's programs, asked what they make of our files.

use std::path::Path;
use std::process::Command;

/// What `ffmpeg -af ebur128=peak=true` reads in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// Integrated loudness, LUFS.
    pub integrated: f64,
    /// True peak, dBTP.
    pub true_peak: f64,
}

/// Runs a program and gives what it printed, standard output first.
///
/// # Panics
/// When the program is not there, or does not succeed.
pub fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} cannot be run ({error}). `tools/setup test` installs it."));
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} {arguments:?} failed: {text}");
    text
}

/// A path as an argument.
///
/// # Panics
/// When the path is not UTF-8.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_else(|| panic!("{} is not UTF-8", path.display()))
}

/// Loudness and true peak of a file as ffmpeg hears them.
///
/// # Panics
/// When ffmpeg is not there or cannot read the file.
pub fn loudness(path: &Path) -> Loudness {
    let said = run(
        "ffmpeg",
        &["-hide_banner", "-nostats", "-i", text(path), "-map", "0:a", "-af", "ebur128=peak=true", "-f", "null", "-"],
    );
    let summary = said.rsplit("Summary:").next().unwrap_or_default();
    let number = |name: &str| {
        let after = summary.split(name).nth(1).unwrap_or_default();
        let word = after.split_whitespace().next().unwrap_or_default();
        word.parse().unwrap_or_else(|_| panic!("ffmpeg did not say {name} about {}: {said}", path.display()))
    };
    Loudness { integrated: number("I:"), true_peak: number("Peak:") }
}

/// What ffprobe knows of a file: format, streams, chapters.
///
/// # Panics
/// When ffprobe is not there or cannot read the file.
pub fn probe(path: &Path) -> serde_json::Value {
    let arguments = ["-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters", text(path)];
    let said = run("ffprobe", &arguments);
    serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("ffprobe said something else than JSON ({error}): {said}"))
}

/// Frames that ffmpeg decodes from a file, after trimming what is to be trimmed.
///
/// # Panics
/// When ffmpeg is not there or cannot read the file.
pub fn decoded_frames(path: &Path) -> u64 {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
    let raw = folder.path().join("decoded.raw");
    let arguments = ["-v", "error", "-i", text(path), "-map", "0:a", "-ac", "1", "-f", "s16le", text(&raw)];
    run("ffmpeg", &arguments);
    std::fs::metadata(&raw).map_or(0, |found| found.len() / 2)
}
