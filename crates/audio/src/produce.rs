//! The main job: a recording in, mastered files out.
//!
//! Two streaming passes. `survey` decodes and measures; between the passes the leveler is planned and the gain solved;
//! `render` decodes again, repairs, levels, masters and feeds every encoder at once; `verify` decodes what was
//! encoded and has it made again where a codec pushed it over the ceiling or off its loudness. Memory does not depend on
//! the length of the recording.

mod fan;
mod intake;
mod pictures;
mod render;
pub mod settings;
mod survey;
mod told;
mod verify;
pub mod whole;

use std::path::PathBuf;

pub use self::intake::Intake;
pub use self::pictures::{Drawn, pictures};
use self::render::Target;
pub use self::settings::{PRESETS, Preset, Settings};
pub use self::told::{loudness_only, measures, report};
use self::verify::Promise;
use self::whole::Staged;
use crate::AudioError;
use crate::decode::SourceInfo;
use crate::draw::Overview;
use crate::encode::Codec;
use crate::level::Plan;
use crate::master::amplitude;
use crate::master::solve::{self, Solution};
use crate::measure::Analysis;
use crate::tag::Tags;

/// What is to be made of one recording.
pub struct Job {
    /// The recording. Read twice.
    pub input: PathBuf,
    /// How it is to sound.
    pub settings: Settings,
    /// The files to make. May be empty: then the recording is mastered and measured only.
    pub outputs: Vec<Output>,
    /// What is written beside the sound. Fields left empty are filled from the recording's own tags.
    pub tags: Tags,
    /// Where BBC audiowaveform data of the mastered sound goes, if anywhere.
    pub peaks: Option<PathBuf>,
}

/// One file to make.
#[derive(Clone)]
pub struct Output {
    /// The format.
    pub codec: &'static Codec,
    /// Kilobits per second, or the format's default.
    pub bitrate: Option<u32>,
    /// Where the file goes. It appears there whole or not at all.
    pub path: PathBuf,
}

/// Steps of the job, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Decoding and measuring the recording.
    Measure,
    /// Repairing, levelling, mastering, encoding.
    Master,
    /// Decoding and measuring what was encoded.
    Verify,
    /// Encoding again what a codec pushed over the ceiling or off its loudness.
    Correct,
}

/// How far the job is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Seconds of sound done in this step.
    pub seconds: f64,
    /// Seconds of sound there are, where that is known.
    pub of: Option<f64>,
}

/// Whoever follows the job, and may stop it. Called from several threads, a few times per second of work.
pub trait Watcher: Sync {
    /// Hears how far the job is.
    fn progress(&self, progress: Progress);

    /// Whether the job is to stop. What was begun is then removed.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Nobody follows.
impl Watcher for () {
    fn progress(&self, _: Progress) {}
}

/// What was made, and what is known of it.
pub struct Outcome {
    /// What the recording said of itself.
    pub source: SourceInfo,
    /// The recording, measured. Its series of powers is empty: it has served, and would grow with the length.
    pub before: Analysis,
    /// The mastered sound before encoding, measured. Its series of powers is empty, too.
    pub after: Analysis,
    /// Short-term loudness of the recording for pictures: seconds and LUFS, some thousand points at the most.
    pub curve_before: Vec<(f64, f64)>,
    /// Short-term loudness of the mastered sound for pictures.
    pub curve_after: Vec<(f64, f64)>,
    /// Shape of the recording for pictures.
    pub shape_before: Overview,
    /// Shape of the mastered sound for pictures.
    pub shape_after: Overview,
    /// What was done, in sentences.
    pub actions: Vec<String>,
    /// What the person should know, in sentences.
    pub warnings: Vec<String>,
    /// The files, in the order in which they were asked for.
    pub outputs: Vec<Finished>,
    /// Tags as they were written.
    pub tags: Tags,
}

/// One file that was made.
pub struct Finished {
    /// As it was asked for.
    pub output: Output,
    /// Integrated loudness of the encoded file, decoded again, LUFS.
    pub loudness: f64,
    /// Greatest true peak of the encoded file, decoded again, dBTP.
    pub true_peak: f64,
    /// Length in seconds, as decoded.
    pub seconds: f64,
    /// Length in bytes.
    pub size: u64,
    /// MD5 of the file, hexadecimal.
    pub md5: String,
}

/// Room under the ceiling that the limiter leaves for the overshoot of lossy codecs, dB. More would take loudness that
/// listeners hear; less would have more seconds encoded twice.
const LOSSY_HEADROOM_DB: f64 = 0.6;

/// Room under the ceiling for what other people's meters read, dB: ITU-R BS.1770-5, Annex 2 allows any interpolating
/// filter of its quality, and the usual ones differ by up to a tenth of a decibel.
const METERS_DIFFER_DB: f64 = 0.1;

/// Times that files are encoded again at the most.
const MOST_CORRECTIONS: usize = 6;

/// Makes everything that the job asks for.
///
/// Files appear at their places only when all of them are whole and verified.
pub fn produce(job: &Job, watcher: &dyn Watcher) -> Result<Outcome, AudioError> {
    let (outcome, staged) = produce_staged(job, watcher)?;
    staged.publish()?;
    Ok(outcome)
}

/// Makes everything that the job asks for, and leaves it to the caller to let it appear, together with what it adds.
pub fn produce_staged(job: &Job, watcher: &dyn Watcher) -> Result<(Outcome, Staged), AudioError> {
    let survey = survey::survey(&job.input, &job.settings, watcher)?;
    let survey::Survey {
        source,
        analysis: mut before,
        shape: shape_before,
        mut envelope,
        mut warnings,
        rate,
        channels,
        mut actions,
    } = survey;
    let settings = &job.settings;

    let plan = Plan::new(&before.measured.powers, &before.content, settings.leveler, settings.silence_cutting);
    let curve_before = pictures::take_curve(&mut before.measured);
    let lossy = job.outputs.iter().any(|output| output.codec.lossy);
    let strict = settings.ceiling - METERS_DIFFER_DB;
    let ceiling = amplitude(strict - if lossy { LOSSY_HEADROOM_DB } else { 0.0 });
    let nothing_to_bring = told::why_no_loudness(&source, &before);
    let solution = match nothing_to_bring {
        Some(_) => Solution::NONE,
        None => solve::solve(&mut envelope, &plan, settings.loudness, ceiling)?,
    };
    warnings.extend(nothing_to_bring);
    drop(envelope);
    told::flaws(&before, &mut warnings);

    let mut chain = render::Chain {
        rate,
        channels,
        settings: *settings,
        plan,
        hum: before.hum.clone(),
        gain_db: solution.gain_db,
        ceiling,
    };
    let mut tags = complete_tags(&job.tags, &source);
    move_chapters(&mut tags, &chain.plan);
    let begin = |output: &Output| Target::begin(output, &tags, strict);
    let mut targets = job.outputs.iter().map(begin).collect::<Result<Vec<_>, _>>()?;
    for (target, output) in targets.iter().zip(&job.outputs) {
        whole::sweep(target.file(), &output.path);
    }
    let peaks = job.peaks.as_deref().map(whole::begin).transpose()?;

    let frames = expected_frames(&before, source.rate, &chain);
    let mut mastered = render::render(&job.input, &chain, frames, &mut targets, peaks.as_ref(), Step::Master, watcher)?;
    // The rehearsal is exact to a few hundredths; where it was not, one more pass with what was learnt is.
    let missed = settings.loudness - mastered.analysis.measured.loudness.integrated;
    if missed.abs() > 0.1
        && missed.is_finite()
        && solution != Solution::NONE
        && (solution.loudness - settings.loudness).abs() < 0.05
    {
        chain.gain_db += missed;
        for target in &mut targets {
            target.restart()?;
        }
        mastered = render::render(&job.input, &chain, frames, &mut targets, peaks.as_ref(), Step::Correct, watcher)?;
    }
    let mut after = mastered.analysis;
    let curve_after = pictures::take_curve(&mut after.measured);
    let goal = after.measured.loudness.integrated;
    actions.extend(told::actions(settings, &before, &chain, &after, mastered.limited));
    if solution != Solution::NONE {
        told::misses(settings, &chain, goal, &mut warnings);
    }

    let seconds = after.measured.frames as f64 / f64::from(rate);
    let promise = Promise { loudness: goal, ceiling: strict, seconds };
    let mut wrong: Vec<&mut Target> = targets.iter_mut().collect();
    verify::verify(&mut wrong, promise, watcher)?;
    for _ in 0..MOST_CORRECTIONS {
        wrong.retain(|target| target.needs_correction());
        if wrong.is_empty() {
            break;
        }
        for target in &mut wrong {
            target.correct(promise)?;
        }
        render::render_again(&job.input, &chain, frames, &mut wrong, mastered.gain, watcher)?;
        verify::verify(&mut wrong, promise, watcher)?;
    }

    let mut staged = Staged::default();
    let outputs = job
        .outputs
        .iter()
        .zip(targets)
        .map(|(output, target)| target.stage(output, &mut staged))
        .collect::<Result<Vec<_>, _>>()?;
    for file in &outputs {
        told::file_misses(file, settings, goal, &mut warnings);
    }
    if let (Some(file), Some(path)) = (peaks, &job.peaks) {
        staged.add(file, path);
    }
    let outcome = Outcome {
        source,
        before,
        after,
        curve_before,
        curve_after,
        shape_before,
        shape_after: mastered.shape,
        actions,
        warnings,
        outputs,
        tags,
    };
    Ok((outcome, staged))
}

fn expected_frames(before: &Analysis, native: u32, chain: &render::Chain) -> u64 {
    let seconds = before.measured.frames as f64 / f64::from(native);
    let kept = seconds - chain.plan.removed_ms() as f64 / 1_000.0;
    (kept.max(0.0) * f64::from(chain.rate)).round() as u64
}

fn complete_tags(given: &Tags, source: &SourceInfo) -> Tags {
    let mut tags = given.clone();
    tags.metadata = tags.metadata.or(source.metadata.clone());
    if tags.chapters.is_empty() {
        tags.chapters = source.chapters.clone();
    }
    if tags.cover.is_none() {
        tags.cover.clone_from(&source.cover);
    }
    tags
}

fn move_chapters(tags: &mut Tags, plan: &Plan) {
    if plan.cuts_ms().is_empty() {
        return;
    }
    let moved = tags.chapters.as_slice().iter().cloned().map(|mut chapter| {
        chapter.start_ms = plan.output_ms(chapter.start_ms);
        chapter
    });
    tags.chapters = model::Chapters::new(moved.collect());
}
