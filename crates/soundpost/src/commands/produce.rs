//! `soundpost produce`: recordings in, mastered files, pictures and a report out.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use audio::AudioError;
use audio::encode::{self, Codec};
use audio::level::{SilenceCutting, Strength};
use audio::produce::settings::LOUDNESS_RANGE;
use audio::produce::whole::Staged;
use audio::produce::{Job, Outcome, Output, Preset, Settings};
use audio::report::Report;
use audio::tag::{Cover, Tags};
use model::{Chapters, Metadata};
use tempfile::TempDir;

use super::input::Input;
use super::output::{print, unwritable};
use crate::cli::{LevelerChoice, Produce};
use crate::failure::Failure;
use crate::progress::Display;
use crate::stop;

/// What was typed, checked and resolved.
struct Request {
    preset: &'static Preset,
    settings: Settings,
    formats: Vec<Format>,
    tags: Tags,
    place: Place,
    json: bool,
    quiet: bool,
}

/// A format with its bitrate.
struct Format {
    codec: &'static Codec,
    bitrate: Option<u32>,
}

/// Where the made files go.
enum Place {
    Folder(PathBuf),
    StandardOutput,
}

/// Masters every input in turn.
pub(crate) fn run(arguments: &Produce) -> Result<(), Failure> {
    let request = Request::new(arguments)?;
    stop::listen()?;
    if let Place::Folder(folder) = &request.place {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::Failed(format!("The folder {} cannot be made: {error}.", folder.display())))?;
    }
    let mut failed = false;
    for given in &arguments.inputs {
        if let Err(failure) = one(given, &request) {
            failed = true;
            anstream::eprintln!("soundpost: {}: {failure}", given.display());
        }
        if stop::asked() {
            return Err(Failure::AlreadySaid);
        }
    }
    if failed { Err(Failure::AlreadySaid) } else { Ok(()) }
}

impl Request {
    fn new(arguments: &Produce) -> Result<Self, Failure> {
        let wrong = |text: String| Err(Failure::WrongUse(text));
        let Some(preset) = Preset::find(&arguments.preset) else {
            return wrong(format!("There is no preset {}.", arguments.preset));
        };
        let mut settings = preset.settings;
        if let Some(loudness) = arguments.loudness {
            if !LOUDNESS_RANGE.contains(&loudness) {
                return wrong(format!("--loudness takes LUFS from −31 to −8, such as -16. You wrote {loudness}."));
            }
            settings.loudness = loudness;
        }
        if let Some(peak) = arguments.max_peak {
            if !(-12.0..=0.0).contains(&peak) {
                return wrong(format!("--max-peak takes dBTP from −12 to 0, such as -1. You wrote {peak}."));
            }
            settings.ceiling = peak;
        }
        if let Some(choice) = arguments.leveler {
            settings.leveler = match choice {
                LevelerChoice::Off => Strength::OFF,
                LevelerChoice::Gentle => Strength::GENTLE,
                LevelerChoice::Speech => Strength::SPEECH,
                LevelerChoice::Firm => Strength::FIRM,
            };
        }
        if let Some(seconds) = arguments.cut_silence {
            if !(0.2..=3_600.0).contains(&seconds) {
                return wrong(format!("--cut-silence takes seconds from 0.2 to 3600, such as 2. You wrote {seconds}."));
            }
            let longer_than_ms = (seconds * 1_000.0) as u64;
            settings.silence_cutting = Some(SilenceCutting { longer_than_ms, keep_ms: longer_than_ms / 2 });
        }
        let formats = match arguments.formats.as_slice() {
            [] => preset.formats.iter().map(|text| Format::parse(text)).collect::<Result<Vec<_>, _>>()?,
            given => given.iter().map(|text| Format::parse(text)).collect::<Result<Vec<_>, _>>()?,
        };
        let place = if arguments.output == Path::new("-") {
            if arguments.inputs.len() > 1 || formats.len() > 1 {
                return wrong("Standard output takes one file: name one INPUT and one --format.".to_owned());
            }
            Place::StandardOutput
        } else {
            check_names(arguments, &formats)?;
            Place::Folder(arguments.output.clone())
        };
        let tags = Tags {
            metadata: read(arguments.metadata.as_deref(), Metadata::parse)?.unwrap_or_default(),
            chapters: read(arguments.chapters.as_deref(), Chapters::parse)?.unwrap_or_default(),
            cover: read(arguments.cover.as_deref(), |bytes| Cover::parse(bytes))?,
            lyrics: None,
        };
        Ok(Self { preset, settings, formats, tags, place, json: arguments.json, quiet: arguments.quiet })
    }
}

impl Format {
    fn parse(text: &str) -> Result<Self, Failure> {
        let (name, rate) = text.split_once(':').map_or((text, None), |(name, rate)| (name, Some(rate)));
        let Some(codec) = encode::find(name) else {
            let names: Vec<_> = encode::codecs().iter().map(|codec| codec.name).collect();
            return Err(Failure::WrongUse(format!("There is no format {name}. Soundpost makes {}.", names.join(", "))));
        };
        let bitrate = match (rate, &codec.bitrates) {
            (None, _) => None,
            (Some(_), None) => {
                return Err(Failure::WrongUse(format!(
                    "{} has no bitrate to choose. Write --format {name}.",
                    codec.title
                )));
            }
            (Some(rate), Some(range)) => match rate.trim_end_matches('k').parse() {
                Ok(kbps) if range.contains(&kbps) => Some(kbps),
                _ => {
                    return Err(Failure::WrongUse(format!(
                        "{} takes {} to {} kbit/s, as in --format {name}:{}. You wrote {rate}.",
                        codec.title,
                        range.start(),
                        range.end(),
                        codec.default_bitrate.unwrap_or(*range.start())
                    )));
                }
            },
        };
        Ok(Self { codec, bitrate })
    }
}

/// Names of the files that come from one recording: `talk.mp3`, or `talk-64k.mp3` where the ending is used twice.
fn file_names(stem: &str, formats: &[Format]) -> Vec<String> {
    formats
        .iter()
        .map(|format| {
            let ending = format.codec.ending;
            let twins = formats.iter().filter(|other| other.codec.ending == ending).count();
            match (twins, format.bitrate.or(format.codec.default_bitrate)) {
                (1, _) => format!("{stem}.{ending}"),
                (_, Some(kbps)) => format!("{stem}-{}-{kbps}k.{ending}", format.codec.name),
                (_, None) => format!("{stem}-{}.{ending}", format.codec.name),
            }
        })
        .collect()
}

/// Refuses what would write two files over each other, or over a recording.
fn check_names(arguments: &Produce, formats: &[Format]) -> Result<(), Failure> {
    let recordings: HashSet<PathBuf> = arguments.inputs.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let mut seen = HashSet::new();
    for input in &arguments.inputs {
        for name in file_names(&Input::stem_of(input), formats) {
            let path = arguments.output.join(&name);
            if path.canonicalize().is_ok_and(|path| recordings.contains(&path)) {
                return Err(Failure::WrongUse(format!(
                    "{} would be written over the recording itself. Choose another folder with -o.",
                    path.display()
                )));
            }
            if !seen.insert(name) {
                return Err(Failure::WrongUse(format!(
                    "{} would be made twice. Give recordings of the same name, and the same format, in separate runs.",
                    path.display()
                )));
            }
        }
    }
    Ok(())
}

/// Reads a small file that was named on the command line and has `parse` make sense of it.
fn read<T, E: std::fmt::Display>(
    path: Option<&Path>,
    parse: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Result<Option<T>, Failure> {
    /// The largest that any of these files may be; the parsers have their own, lower limits.
    const MOST: u64 = 32 << 20;
    let Some(path) = path else { return Ok(None) };
    let about = |text: String| Failure::WrongUse(format!("{}: {text}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| about(format!("it cannot be read: {error}.")))?.len();
    if size > MOST {
        return Err(about(format!("it has {size} bytes, more than the {MOST} that such a file may have.")));
    }
    let bytes = std::fs::read(path).map_err(|error| about(format!("it cannot be read: {error}.")))?;
    parse(&bytes).map(Some).map_err(|error| about(error.to_string()))
}

fn one(given: &Path, request: &Request) -> Result<(), Failure> {
    let input = Input::open(given)?;
    let scratch;
    let folder = match &request.place {
        Place::Folder(folder) => folder.as_path(),
        Place::StandardOutput => {
            scratch = TempDir::new()
                .map_err(|error| Failure::Failed(format!("No temporary folder can be made: {error}.")))?;
            scratch.path()
        }
    };
    let outputs = request
        .formats
        .iter()
        .zip(file_names(&input.stem, &request.formats))
        .map(|(format, name)| Output { codec: format.codec, bitrate: format.bitrate, path: folder.join(name) })
        .collect();
    let peaks = match request.place {
        Place::Folder(_) => Some(folder.join(format!("{}.peaks.dat", input.stem))),
        Place::StandardOutput => None,
    };
    let job =
        Job { input: input.path().to_owned(), settings: request.settings, outputs, tags: request.tags.clone(), peaks };
    let display = Display::new(&input.name, request.quiet);
    let made = audio::produce::produce_staged(&job, &display);
    display.end();
    let (outcome, mut staged) = made.map_err(failed)?;
    let report = audio::produce::report(&input.name, request.preset, &request.settings, &outcome);
    match request.place {
        Place::Folder(_) => {
            stage_beside(&mut staged, folder, &input.stem, &outcome, &report, &request.settings)?;
            staged.publish().map_err(failed)?;
            let text = if request.json { report.to_json_line() } else { report.to_text() };
            print(text.as_bytes())
        }
        Place::StandardOutput => {
            staged.publish().map_err(failed)?;
            anstream::eprint!("{}", report.to_text());
            pour(&job.outputs[0].path)
        }
    }
}

/// Adds report and pictures to the sound, to appear with it: a disk that is full leaves all of it or nothing.
fn stage_beside(
    staged: &mut Staged,
    folder: &Path,
    stem: &str,
    outcome: &Outcome,
    report: &Report,
    settings: &Settings,
) -> Result<(), Failure> {
    let drawn = audio::produce::pictures(outcome, settings).map_err(failed)?;
    let mut files = vec![
        ("report.json".to_owned(), report.to_json().into_bytes()),
        ("report.txt".to_owned(), report.to_text().into_bytes()),
    ];
    files.extend(drawn.into_iter().map(|picture| (picture.ending.to_owned(), picture.bytes)));
    for (ending, bytes) in files {
        let path = folder.join(format!("{stem}.{ending}"));
        staged.write(&path, &bytes).map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn failed(error: AudioError) -> Failure {
    Failure::Failed(error.to_string())
}

fn pour(path: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| unwritable(&error);
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut out = std::io::stdout().lock();
    std::io::copy(&mut file, &mut out).map_err(failed)?;
    out.flush().map_err(failed)
}
