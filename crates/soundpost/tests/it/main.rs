//! The program as a user meets it: its commands, run as processes, on real recordings.

mod backup;
mod bad_input;
mod clients;
mod describe;
mod examples;
mod hostile;
mod killed;
mod measure;
mod narration;
mod person;
mod produce;
mod queue;
mod receivers;
mod sandbox;
mod secrets;
mod server;
mod settings;
mod stop;
mod storage;
mod stores;
mod streams;

use std::path::Path;

use assert_cmd::Command;

/// The program, ready for arguments.
fn soundpost() -> Command {
    Command::cargo_bin("soundpost").unwrap_or_else(|error| panic!("the program was not built: {error}"))
}

/// What is in a folder, sorted, hidden files too.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Standard error of a finished process.
fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A temporary folder.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"))
}
