//! From a recording to files in scratch space: the part of a production that takes its time, on a thread of its own. Nothing in
//! here knows a database or waits for a network.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use audio::measure::Meter;
use audio::produce::settings::LOUDNESS_RANGE;
use audio::produce::{Intake, Job, Outcome, Output, Preset, Watcher, pictures, produce, report};
use audio::report::Report;
use audio::tag::{Cover, Tags};
use audio::{AudioError, Block, draw};
use model::Draft;
use model::production::{Made, OutputOrder};
use serde_json::json;

use super::plan::{ChaptersForm, Content, Plan, Planned, StatsForm, WaveformForm};

/// Stretches that the recording is drawn in.
const SHAPE_PAIRS: u32 = 2_048;

/// A recording in scratch space.
pub(super) struct Recording {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// What its owner calls it.
    pub(super) name: String,
}

/// What was made, in scratch space.
pub(super) struct Products {
    /// What is known of it. Files and drawings are still missing there: they have no keys yet.
    pub(super) made: Made,
    /// The files, in the order in which they were asked for.
    pub(super) files: Vec<(OutputOrder, Product)>,
    /// Pictures and data for the production's page.
    pub(super) drawings: Vec<Product>,
}

/// One file in scratch space.
pub(super) struct Product {
    /// Its name for people.
    pub(super) name: String,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// MD5 of its bytes, where that is known.
    pub(super) md5: Option<String>,
}

/// Makes everything that is planned.
pub(super) fn make(
    recording: &Recording,
    mut plan: Plan,
    draft: &Draft,
    cover: Option<Cover>,
    folder: &Path,
    watcher: &dyn Watcher,
) -> Result<Products, AudioError> {
    if plan.keeps_loudness {
        let found = loudness(&recording.path, watcher)?;
        if found.is_finite() {
            plan.settings.loudness = found.clamp(*LOUDNESS_RANGE.start(), *LOUDNESS_RANGE.end());
        }
    }
    let out = folder.join("out");
    std::fs::create_dir_all(&out).map_err(AudioError::Write)?;
    let peaks = folder.join("peaks.dat");
    let outputs = plan.files.iter().filter_map(|file| match file.content {
        Content::Sound { codec, bitrate } => Some(Output { codec, bitrate, path: out.join(&file.name) }),
        Content::Chapters(_) | Content::Waveform(_) | Content::Stats(_) => None,
    });
    let job = Job {
        input: recording.path.clone(),
        settings: plan.settings,
        outputs: outputs.collect(),
        tags: Tags { metadata: draft.metadata.clone(), chapters: draft.chapters.clone(), cover, lyrics: None },
        peaks: Some(peaks.clone()),
    };
    let outcome = produce(&job, watcher)?;
    let preset = Preset { name: "production", about: "", settings: plan.settings, formats: &[] };
    let mut report = report(&recording.name, &preset, &plan.settings, &outcome);
    report.warnings.extend(plan.warnings);

    let mut sound = outcome.outputs.iter();
    let mut files = Vec::new();
    for Planned { order, name, content } in plan.files {
        let path = out.join(&name);
        let md5 = match content {
            Content::Sound { .. } => sound.next().map(|file| file.md5.clone()),
            content => {
                write(content, &outcome, &report, &peaks, &path)?;
                None
            }
        };
        files.push((order, Product { name, path, md5 }));
    }
    let mut drawings = vec![Product { name: "waveform.dat".to_owned(), path: peaks, md5: None }];
    for drawn in pictures(&outcome, &plan.settings)? {
        let path = folder.join(drawn.ending);
        std::fs::write(&path, drawn.bytes).map_err(AudioError::Write)?;
        drawings.push(Product { name: drawn.ending.to_owned(), path, md5: None });
    }
    let shape = draw::overview_dat(&outcome.shape_before, SHAPE_PAIRS);
    for (name, bytes) in [("before.dat", shape), ("loudness.json", loudness_curves(&outcome))] {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(AudioError::Write)?;
        drawings.push(Product { name: name.to_owned(), path, md5: None });
    }
    let size = std::fs::metadata(&recording.path).map_err(AudioError::Read)?.len();
    Ok(Products { made: made(&outcome, report, size), files, drawings })
}

/// Short-term loudness over time before and after, `[seconds, LUFS or null]` each, for the page that draws it.
fn loudness_curves(outcome: &Outcome) -> Vec<u8> {
    let points = |curve: &[(f64, f64)]| -> serde_json::Value {
        let rounded = |value: f64| (value * 100.0).round() / 100.0;
        curve
            .iter()
            .map(|(at, loudness)| json!([rounded(*at), loudness.is_finite().then(|| rounded(*loudness))]))
            .collect()
    };
    json!({ "before": points(&outcome.curve_before), "after": points(&outcome.curve_after) }).to_string().into_bytes()
}

/// What is known of the result, without its files.
fn made(outcome: &Outcome, report: Report, size: u64) -> Made {
    let before = outcome.before.measured.frames as f64 / f64::from(outcome.source.rate.max(1));
    let after = outcome.shape_after.seconds();
    Made {
        format: outcome.source.container.to_owned(),
        length_ms: (after * 1_000.0).round() as u64,
        channels: outcome.after.channels.len() as u32,
        samplerate: if after > 0.0 { (outcome.after.measured.frames as f64 / after).round() as u32 } else { 0 },
        bitrate: if before > 0.0 { (size as f64 * 8.0 / before).round() as u64 } else { 0 },
        files: Vec::new(),
        drawings: Vec::new(),
        warnings: report.warnings.clone(),
        revision: None,
        // It is made of texts and numbers; what is no number is written as null.
        report: serde_json::to_value(report).unwrap_or_default(),
    }
}

/// Integrated loudness of a recording, LUFS.
fn loudness(path: &Path, watcher: &dyn Watcher) -> Result<f64, AudioError> {
    let mut intake = Intake::open(path)?;
    let mut meter = Meter::new(intake.info().rate, intake.channels());
    let mut block = Block::new(intake.channels(), 0);
    while intake.read(&mut block)? {
        if watcher.cancelled() {
            return Err(AudioError::Cancelled);
        }
        meter.process(&block);
    }
    Ok(meter.finish().loudness.integrated)
}

/// Writes a file that is no sound.
fn write(content: Content, outcome: &Outcome, report: &Report, peaks: &Path, path: &Path) -> Result<(), AudioError> {
    let chapters = &outcome.tags.chapters;
    let text = match content {
        Content::Sound { .. } => return Ok(()),
        Content::Chapters(ChaptersForm::Psc) => chapters.to_psc(),
        Content::Chapters(ChaptersForm::Text) => chapters.to_text(),
        Content::Chapters(ChaptersForm::Json) => chapters.to_json(),
        Content::Stats(StatsForm::Json) => report.to_json(),
        Content::Stats(StatsForm::Text) => report.to_text(),
        Content::Waveform(WaveformForm::Dat) => {
            std::fs::copy(peaks, path).map_err(AudioError::Write)?;
            return Ok(());
        }
        Content::Waveform(WaveformForm::Json) => return peaks_to_json(peaks, path).map_err(AudioError::Write),
        Content::Waveform(WaveformForm::Png) => {
            let mut file = BufWriter::new(File::create(path).map_err(AudioError::Write)?);
            draw::Picture::default().waveform(&outcome.shape_after, &mut file)?;
            return file.flush().map_err(AudioError::Write);
        }
    };
    std::fs::write(path, text).map_err(AudioError::Write)
}

/// Writes audiowaveform's binary form, version 1 with 8 bits, as its JSON, version 2 (`doc/DataFormat.md` there).
fn peaks_to_json(dat: &Path, json: &Path) -> std::io::Result<()> {
    let mut dat = BufReader::new(File::open(dat)?);
    let mut json = BufWriter::new(File::create(json)?);
    let mut header = [0; 20];
    dat.read_exact(&mut header)?;
    let field = |at: usize| header[at..at + 4].iter().rev().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
    let (rate, samples_per_pixel, length) = (field(8), field(12), field(16));
    write!(
        json,
        "{{\"version\":2,\"channels\":1,\"sample_rate\":{rate},\"samples_per_pixel\":{samples_per_pixel},\"bits\":8,\
         \"length\":{length},\"data\":["
    )?;
    let mut separator = "";
    for value in dat.bytes() {
        write!(json, "{separator}{}", value?.cast_signed())?;
        separator = ",";
    }
    json.write_all(b"]}")?;
    json.flush()
}
