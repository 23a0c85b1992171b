//! Pass 1: decode, measure, and note what the rehearsal of the limiter needs.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::fan::Fan;
use super::intake::Intake;
use super::{Settings, Step, Watcher};
use crate::decode::SourceInfo;
use crate::draw::Overview;
use crate::master::envelope::{Envelope, Recorder};
use crate::measure::{Analyser, Analysis};
use crate::repair::Filter;
use crate::resample::Resampler;
use crate::{AudioError, Block, Stage};

/// What pass 1 found.
pub(super) struct Survey {
    pub(super) source: SourceInfo,
    pub(super) analysis: Analysis,
    pub(super) shape: Overview,
    pub(super) envelope: Envelope,
    pub(super) warnings: Vec<String>,
    pub(super) actions: Vec<String>,
    /// Rate and channels at which the recording is processed.
    pub(super) rate: u32,
    pub(super) channels: usize,
}

/// The rate at which a recording is processed: its own family of 44.1 or 48 kHz. Every output format takes both.
pub(super) fn working_rate(native: u32) -> u32 {
    if native.is_multiple_of(11_025) { 44_100 } else { 48_000 }
}

pub(super) fn survey(input: &Path, settings: &Settings, watcher: &dyn Watcher) -> Result<Survey, AudioError> {
    let mut intake = Intake::open(input)?;
    let (native, channels) = (intake.info().rate, intake.channels());
    let rate = working_rate(native);
    let mut fan = Fan::new();
    let for_analysis = fan.consumer();
    let for_envelope = fan.consumer();
    let settings = *settings;
    let frames = intake.info().frames.unwrap_or(0);

    let (analysis, shape, envelope) = std::thread::scope(|scope| {
        let analysis = scope.spawn(move || analyse(&for_analysis, native, channels, frames));
        let envelope = scope.spawn(move || record(&for_envelope, native, rate, channels, &settings));
        let mut block = Block::new(channels, 0);
        let read = loop {
            if watcher.cancelled() {
                break Err(AudioError::Cancelled);
            }
            block.set_channels(channels);
            match intake.read(&mut block) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
            watcher.progress(intake.progress(Step::Measure));
            if fan.send(&mut block).is_err() {
                break Ok(());
            }
        };
        drop(fan);
        let (analysis, shape) = join(analysis)?;
        let envelope = join(envelope)?;
        read.map(|()| (analysis, shape, envelope))
    })?;
    let envelope = envelope?;

    if analysis.measured.frames == 0 {
        return Err(AudioError::NoSound { reason: "not one frame could be decoded".to_owned() });
    }
    let warnings = intake.warnings();
    let mut actions = Vec::new();
    actions.extend(intake.mixed());
    if rate != native {
        actions.push(format!("Resampled from {native} to {rate} Hz."));
    }
    let source = intake.info().clone();
    Ok(Survey { source, analysis, shape, envelope, warnings, actions, rate, channels })
}

fn analyse(blocks: &Receiver<Arc<Block>>, rate: u32, channels: usize, frames: u64) -> (Analysis, Overview) {
    let mut analyser = Analyser::new(rate, channels).expecting(frames);
    let mut shape = Overview::new(rate);
    for block in blocks {
        analyser.process(&block);
        shape.write(&block);
    }
    (analyser.finish(), shape)
}

fn record(
    blocks: &Receiver<Arc<Block>>,
    native: u32,
    rate: u32,
    channels: usize,
    settings: &Settings,
) -> Result<Envelope, AudioError> {
    let mut stages: Vec<Box<dyn Stage>> = Vec::new();
    if rate != native {
        stages.push(Box::new(Resampler::new(channels, native, rate)?));
    }
    if let Some(hertz) = settings.high_pass {
        stages.push(Box::new(Filter::high_pass(rate, channels, hertz)));
    }
    let mut recorder = Recorder::new(rate, channels);
    let mut work = Block::new(channels, 0);
    for block in blocks {
        work.clear();
        work.extend(&block);
        for stage in &mut stages {
            stage.process(&mut work);
        }
        recorder.process(&work)?;
    }
    super::render::finish(&mut stages, &mut work, |tail| recorder.process(tail))?;
    recorder.finish()
}

/// The result of a thread. A panic in one is a defect of ours; it is passed on as what it is.
pub(super) fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> Result<T, AudioError> {
    thread.join().map_err(|panic| std::panic::resume_unwind(panic))
}
