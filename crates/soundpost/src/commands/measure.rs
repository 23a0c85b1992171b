//! `soundpost measure`: how loud a recording is, without changing it.

use std::io::Write;
use std::path::Path;

use audio::draw::{Bits, Peaks, PeaksForm, PeaksOrder, samples_per_pixel};
use audio::measure::{Analyser, Meter};
use audio::{AudioError, Block};
use serde_json::json;

use super::input::Input;
use crate::cli::Measure;
use crate::failure::Failure;
use crate::stop;

/// Measures every input in turn.
pub(crate) fn run(arguments: &Measure) -> Result<(), Failure> {
    if arguments.peaks.is_some() && arguments.inputs.len() > 1 {
        return Err(Failure::WrongUse("--peaks takes one INPUT.".to_owned()));
    }
    stop::listen()?;
    let mut failed = false;
    for given in &arguments.inputs {
        if let Err(failure) = one(given, arguments) {
            failed = true;
            anstream::eprintln!("soundpost: {}: {failure}", given.display());
        }
        if stop::asked() {
            return Err(Failure::AlreadySaid);
        }
    }
    if failed { Err(Failure::AlreadySaid) } else { Ok(()) }
}

fn one(given: &Path, arguments: &Measure) -> Result<(), Failure> {
    let input = Input::open(given)?;
    let failed = |error: AudioError| Failure::Failed(error.to_string());
    if let Some(path) = &arguments.peaks {
        return write_peaks(input.path(), path).map_err(failed);
    }
    let found = if arguments.loudness_only { loudness(input.path()) } else { everything(input.path()) };
    let (text, json) = found.map_err(failed)?;
    let line = if arguments.json {
        let mut object = json!({ "file": input.name });
        if let (Some(object), serde_json::Value::Object(json)) = (object.as_object_mut(), json) {
            object.extend(json);
        }
        format!("{object}\n")
    } else {
        format!("{}\n{text}", input.name)
    };
    match std::io::stdout().write_all(line.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("Standard output cannot be written: {error}.")))
        }
        _ => Ok(()),
    }
}

/// Gives every block to `each`, mixed down to stereo where there are more channels.
fn decode(path: &Path, mut each: impl FnMut(&Block) -> Result<(), AudioError>) -> Result<(), AudioError> {
    let mut intake = audio::produce::Intake::open(path)?;
    let mut block = Block::new(intake.channels(), 0);
    while intake.read(&mut block)? {
        if stop::asked() {
            return Err(AudioError::Cancelled);
        }
        each(&block)?;
    }
    Ok(())
}

type Said = (String, serde_json::Value);

fn loudness(path: &Path) -> Result<Said, AudioError> {
    let mut meter = None;
    decode(path, |info, block| {
        meter.get_or_insert_with(|| Meter::new(info.rate, block.channels())).process(block);
        Ok(())
    })?;
    let loudness = meter.map(|meter| meter.finish().loudness).ok_or_else(no_frames)?;
    Ok(said(&audio::report::Level::of(&loudness)))
}

fn everything(path: &Path) -> Result<Said, AudioError> {
    let mut analyser = None;
    decode(path, |info, block| {
        analyser.get_or_insert_with(|| Analyser::new(info.rate, block.channels())).process(block);
        Ok(())
    })?;
    let analysis = analyser.map(Analyser::finish).ok_or_else(no_frames)?;
    Ok(said(&audio::report::Level::of_analysis(&analysis)))
}
