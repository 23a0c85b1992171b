//! Standard input and standard output.

use testkit::{fixture, witness};

use crate::{folder, names, soundpost};

#[test]
fn a_recording_goes_through_a_pipe() {
    let recording = std::fs::read(fixture::path("speech/austen-0880.flac")).unwrap_or_default();
    let result =
        soundpost().args(["produce", "-", "-o", "-", "--format", "mp3"]).write_stdin(recording).assert().success();
    let out = folder();
    let made = out.path().join("made.mp3");
    std::fs::write(&made, &result.get_output().stdout).unwrap_or_default();
    let heard = witness::loudness(&made);
    assert!((heard.integrated + 16.0).abs() <= 0.2, "{heard:?}");
}

#[test]
fn standard_input_into_a_folder_is_called_recording() {
    let out = folder();
    let recording = std::fs::read(fixture::path("speech/austen-0880.flac")).unwrap_or_default();
    soundpost()
        .args(["produce", "-q", "-", "--format", "flac", "-o"])
        .arg(out.path())
        .write_stdin(recording)
        .assert()
        .success();
    assert!(names(out.path()).contains(&"recording.flac".to_owned()), "{:?}", names(out.path()));
}

#[test]
fn nothing_on_standard_input_is_said_plainly() {
    let result = soundpost().args(["produce", "-", "-o", "-", "--format", "mp3"]).write_stdin("").assert().code(1);
    assert!(crate::said(result.get_output()).contains("The file is empty (0 bytes)."));
    assert!(result.get_output().stdout.is_empty());
}
