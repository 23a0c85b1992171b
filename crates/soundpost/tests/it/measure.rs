//! `soundpost measure` beside ffmpeg's meter.

use serde_json::Value;
use testkit::{fixture, witness};

use crate::{folder, soundpost};

fn measured(arguments: &[&str], name: &str) -> Value {
    let result = soundpost().arg("measure").args(arguments).arg("--json").arg(fixture::path(name)).assert().success();
    serde_json::from_slice(&result.get_output().stdout).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn our_numbers_are_ffmpegs_numbers() {
    for name in ["demo/desk-recording.flac", "music/loop_tabla.flac", "speech/austen-0890.flac"] {
        let theirs = witness::loudness(&fixture::path(name));
        for arguments in [&[][..], &["--loudness-only"]] {
            let ours = measured(arguments, name);
            let loudness = ours["loudness"][0].as_f64().unwrap_or(f64::NAN);
            let peak = ours["peak"][0].as_f64().unwrap_or(f64::NAN);
            // ffmpeg prints one decimal, resamples to 48 kHz first, and oversamples with another filter.
            assert!((loudness - theirs.integrated).abs() <= 0.15, "{name}: {loudness} and {theirs:?}");
            assert!((peak - theirs.true_peak).abs() <= 0.25, "{name}: {peak} and {theirs:?}");
        }
    }
}

#[test]
fn peaks_are_written_in_both_forms() {
    let out = folder();
    for ending in ["dat", "json"] {
        let path = out.path().join(format!("peaks.{ending}"));
        soundpost()
            .arg("measure")
            .arg("--peaks")
            .arg(&path)
            .arg(fixture::path("music/perc_bell.flac"))
            .assert()
            .success();
        assert!(std::fs::metadata(&path).is_ok_and(|found| found.len() > 1_000));
    }
}
