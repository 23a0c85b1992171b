//! `soundpost measure`: how loud a recording is, without changing it.

use std::io::BufWriter;
use std::path::Path;

use audio::draw::{Bits, Peaks, PeaksForm, PeaksOrder, samples_per_pixel};
use audio::measure::{Analyser, Meter};
use audio::produce::{loudness_only, measures, whole};
use audio::report::Measures;
use audio::{AudioError, Block};

use super::input::Input;
use super::output::print;
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
    let measures = found.map_err(failed)?;
    let line = if arguments.json { measures.to_json_line(&input.name) } else { measures.to_text(&input.name) };
    print(line.as_bytes())
}

/// Gives every block to `each`, mixed down to stereo where there are more channels.
fn decode(path: &Path, mut each: impl FnMut(u32, &Block) -> Result<(), AudioError>) -> Result<(), AudioError> {
    let mut intake = audio::produce::Intake::open(path)?;
    let mut block = Block::new(intake.channels(), 0);
    while intake.read(&mut block)? {
        if stop::asked() {
            return Err(AudioError::Cancelled);
        }
        each(intake.info().rate, &block)?;
    }
    Ok(())
}

fn loudness(path: &Path) -> Result<Measures, AudioError> {
    let mut meter = None;
    decode(path, |rate, block| {
        meter.get_or_insert_with(|| Meter::new(rate, block.channels())).process(block);
        Ok(())
    })?;
    meter.map(|meter| loudness_only(&meter.finish().loudness)).ok_or_else(no_frames)
}

fn everything(path: &Path) -> Result<Measures, AudioError> {
    let mut analyser = None;
    decode(path, |rate, block| {
        analyser.get_or_insert_with(|| Analyser::new(rate, block.channels())).process(block);
        Ok(())
    })?;
    analyser.map(|analyser| measures(&analyser.finish())).ok_or_else(no_frames)
}

fn no_frames() -> AudioError {
    AudioError::NoSound { reason: "not one frame could be decoded".to_owned() }
}

fn write_peaks(input: &Path, output: &Path) -> Result<(), AudioError> {
    let form = match output.extension() {
        Some(ending) if ending == "json" => PeaksForm::Json,
        _ => PeaksForm::Dat,
    };
    let file = whole::begin(output)?;
    let mut peaks = None;
    let frames = audio::produce::Intake::open(input)?.info().frames;
    decode(input, |rate, block| {
        let peaks = match &mut peaks {
            Some(peaks) => peaks,
            none => {
                let order = PeaksOrder {
                    form,
                    bits: Bits::Eight,
                    rate,
                    samples_per_pixel: samples_per_pixel(frames.unwrap_or_default()),
                };
                let sink = BufWriter::new(file.as_file().try_clone().map_err(AudioError::Write)?);
                none.insert(Peaks::open(order, Box::new(sink))?)
            }
        };
        peaks.write(block)
    })?;
    peaks.ok_or_else(no_frames)?.finish()?;
    whole::publish(file, output)?;
    Ok(())
}
