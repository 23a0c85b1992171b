//! Pass 2: repair, level, master, and feed every encoder at once.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::ScopedJoinHandle;

use md5::{Digest, Md5};
use tempfile::NamedTempFile;

use super::fan::Fan;
use super::intake::Intake;
use super::survey::join;
use super::verify::{Trim, Verdict};
use super::whole::Staged;
use super::{Finished, Output, Settings, Step, Watcher, whole};
use crate::draw::{Bits, Overview, Peaks, PeaksForm, PeaksOrder, samples_per_pixel};
use crate::encode::Order;
use crate::level::{Cutter, Leveler, Plan};
use crate::master::amplitude;
use crate::master::limiter::Limiter;
use crate::measure::{Analyser, Analysis, Hum};
use crate::repair::Filter;
use crate::resample::Resampler;
use crate::tag::{ReplayGain, Tags};
use crate::{AudioError, Block, Stage};

/// Everything that decides what the mastered sound is.
pub(super) struct Chain {
    pub(super) rate: u32,
    pub(super) channels: usize,
    pub(super) settings: Settings,
    pub(super) plan: Plan,
    pub(super) hum: Option<Hum>,
    pub(super) gain_db: f64,
    /// Linear.
    pub(super) ceiling: f64,
}

/// What the limiter did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limited {
    pub(super) deepest_db: f64,
    pub(super) share: f64,
}

/// What is known of the mastered sound.
pub(super) struct Mastered {
    pub(super) analysis: Analysis,
    pub(super) shape: Overview,
    pub(super) limited: Limited,
    pub(super) gain: ReplayGain,
}

impl Chain {
    /// The stages before the limiter, in order.
    fn stages(&self, native: u32) -> Result<Vec<Box<dyn Stage>>, AudioError> {
        let (rate, channels) = (self.rate, self.channels);
        let mut stages: Vec<Box<dyn Stage>> = Vec::new();
        if native != rate {
            stages.push(Box::new(Resampler::new(channels, native, rate)?));
        }
        if let Some(hertz) = self.settings.high_pass {
            stages.push(Box::new(Filter::high_pass(rate, channels, hertz)));
        }
        if let (true, Some(hum)) = (self.settings.remove_hum, &self.hum) {
            stages.extend(Filter::hum(rate, channels, hum).map(|filter| Box::new(filter) as Box<dyn Stage>));
        }
        stages.extend(Leveler::new(&self.plan, rate).map(|leveler| Box::new(leveler) as Box<dyn Stage>));
        stages.extend(Cutter::new(&self.plan, rate, channels).map(|cutter| Box::new(cutter) as Box<dyn Stage>));
        Ok(stages)
    }

    fn limiter(&self) -> Limiter {
        Limiter::new(self.rate, self.channels, amplitude(self.gain_db), self.ceiling)
    }
}

/// Ends a row of stages: what the first holds back passes through the others, and so on.
pub(super) fn finish(
    stages: &mut [Box<dyn Stage>],
    tail: &mut Block,
    mut give: impl FnMut(&mut Block) -> Result<(), AudioError>,
) -> Result<(), AudioError> {
    for index in 0..stages.len() {
        stages[index].finish(tail);
        for stage in &mut stages[index + 1..] {
            stage.process(tail);
        }
        give(tail)?;
    }
    Ok(())
}

/// A file in the making.
pub(super) struct Target {
    output: Output,
    order_tags: Tags,
    file: NamedTempFile,
    /// Greatest true peak that the file may have, linear.
    ceiling: f64,
    pub(super) trim: Trim,
    pub(super) verdict: Option<Verdict>,
}

impl Target {
    pub(super) fn begin(output: &Output, tags: &Tags, ceiling_db: f64) -> Result<Self, AudioError> {
        Ok(Self {
            output: output.clone(),
            order_tags: tags.clone(),
            file: whole::begin(&output.path)?,
            ceiling: amplitude(ceiling_db),
            trim: Trim::default(),
            verdict: None,
        })
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(super) fn title(&self) -> &'static str {
        self.output.codec.title
    }

    pub(super) fn lossy(&self) -> bool {
        self.output.codec.lossy
    }

    /// Empties the file for another go.
    pub(super) fn restart(&mut self) -> Result<(), AudioError> {
        self.file.as_file().set_len(0).map_err(AudioError::Write)?;
        self.file.as_file_mut().seek(SeekFrom::Start(0)).map_err(AudioError::Write)?;
        self.verdict = None;
        Ok(())
    }

    pub(super) fn file(&self) -> &NamedTempFile {
        &self.file
    }

    /// Has the file ready to appear and says what is known of it.
    pub(super) fn stage(mut self, output: &Output, staged: &mut Staged) -> Result<Finished, AudioError> {
        let Verdict { loudness, true_peak, seconds, .. } = self.verdict.unwrap_or_default();
        let (size, md5) = digest(self.file.as_file_mut())?;
        staged.add(self.file, &output.path);
        Ok(Finished { output: output.clone(), loudness, true_peak, seconds, size, md5 })
    }

    /// The encoding side, on its own thread.
    fn encode(
        &self,
        blocks: &Receiver<Arc<Block>>,
        gain: &Receiver<ReplayGain>,
        rate: u32,
        channels: usize,
        frames: u64,
        limit: f64,
    ) -> Result<(), AudioError> {
        let codec = self.output.codec;
        let encoded_rate = if codec.rates.is_empty() || codec.rates.contains(&rate) {
            rate
        } else {
            codec.rates[codec.rates.len() - 1]
        };
        let order = Order {
            rate: encoded_rate,
            channels,
            frames: (frames as f64 * f64::from(encoded_rate) / f64::from(rate)).round() as u64,
            bitrate: self.output.bitrate,
            tags: self.order_tags.clone(),
            ceiling: codec.lossy.then_some(self.ceiling),
        };
        let file = self.file.as_file().try_clone().map_err(AudioError::Write)?;
        let mut encoder = (codec.open)(&order, Box::new(BufWriter::with_capacity(1 << 16, file)))?;
        let mut stages: Vec<Box<dyn Stage>> = Vec::new();
        if let Some(trimmer) = self.trim.stage(rate) {
            stages.push(Box::new(trimmer));
        }
        if self.trim.lower_db > 0.0 {
            stages.push(Box::new(Limiter::new(rate, channels, 1.0, limit * amplitude(-self.trim.lower_db))));
        }
        if encoded_rate != rate {
            stages.push(Box::new(Resampler::new(channels, rate, encoded_rate)?));
        }
        let mut work = Block::new(channels, 0);
        for block in blocks {
            if stages.is_empty() {
                encoder.write(&block)?;
                continue;
            }
            work.clear();
            work.extend(&block);
            for stage in &mut stages {
                stage.process(&mut work);
            }
            encoder.write(&work)?;
        }
        finish(&mut stages, &mut work, |tail| encoder.write(tail))?;
        // No gain means that the producer stopped early; its own error says why.
        let gain = gain.recv().map_err(|_| AudioError::Cancelled)?;
        encoder.finish(&gain)
    }
}

fn digest(file: &mut File) -> Result<(u64, String), AudioError> {
    file.seek(SeekFrom::Start(0)).map_err(AudioError::Read)?;
    let mut hash = Md5::new();
    let mut size = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer).map_err(AudioError::Read)?;
        if read == 0 {
            break;
        }
        size += read as u64;
        hash.update(&buffer[..read]);
    }
    Ok((size, format!("{:x}", hash.finalize())))
}

/// Makes all targets and measures the mastered sound.
pub(super) fn render(
    input: &Path,
    chain: &Chain,
    frames: u64,
    targets: &mut [Target],
    peaks: Option<&NamedTempFile>,
    step: Step,
    watcher: &dyn Watcher,
) -> Result<Mastered, AudioError> {
    let targets: Vec<&Target> = targets.iter().collect();
    let (rate, channels) = (chain.rate, chain.channels);
    let mut fan = Fan::new();
    let for_analysis = fan.consumer();
    std::thread::scope(|scope| {
        let analysis = scope.spawn(move || measure(&for_analysis, rate, channels, frames, peaks));
        let encoders = Encoders::start(scope, &targets, &mut fan, chain, frames);
        let limited = feed(input, chain, fan, step, watcher);
        let measured = join(analysis)?;
        // The producer's and the measurer's errors are causes; an encoder that was cut short only follows from them.
        let gain = match (&limited, &measured) {
            (Ok(_), Ok((analysis, _))) => Some(replay_gain(analysis)),
            _ => None,
        };
        let encoded = encoders.finish(gain);
        let (limited, (analysis, shape)) = match (encoded, limited) {
            (Err(error), Ok(_)) if !matches!(error, AudioError::Cancelled) => return Err(error),
            (_, limited) => (limited?, measured?),
        };
        let gain = replay_gain(&analysis);
        Ok(Mastered { analysis, shape, limited, gain })
    })
}

/// Makes some targets again, with their trims.
pub(super) fn render_again(
    input: &Path,
    chain: &Chain,
    frames: u64,
    targets: &mut [&mut Target],
    gain: ReplayGain,
    watcher: &dyn Watcher,
) -> Result<(), AudioError> {
    let targets: Vec<&Target> = targets.iter().map(|target| &**target).collect();
    let mut fan = Fan::new();
    std::thread::scope(|scope| {
        let encoders = Encoders::start(scope, &targets, &mut fan, chain, frames);
        let limited = feed(input, chain, fan, Step::Correct, watcher);
        let encoded = encoders.finish(limited.is_ok().then_some(gain));
        limited?;
        encoded
    })
}

/// The threads that encode.
struct Encoders<'scope> {
    threads: Vec<Encoding<'scope>>,
}

/// One of them, and the way to tell it the gain that its file ends with.
type Encoding<'scope> = (ScopedJoinHandle<'scope, Result<(), AudioError>>, SyncSender<ReplayGain>);

impl<'scope> Encoders<'scope> {
    fn start<'env>(
        scope: &'scope std::thread::Scope<'scope, 'env>,
        targets: &[&'env Target],
        fan: &mut Fan,
        chain: &Chain,
        frames: u64,
    ) -> Self {
        let (rate, channels, limit) = (chain.rate, chain.channels, chain.ceiling);
        let threads = targets
            .iter()
            .map(|target| {
                let target: &'env Target = target;
                let blocks = fan.consumer();
                let (send_gain, gain) = sync_channel(1);
                let thread = scope.spawn(move || target.encode(&blocks, &gain, rate, channels, frames, limit));
                (thread, send_gain)
            })
            .collect();
        Self { threads }
    }

    /// Ends every file with its gain, or abandons them all.
    fn finish(self, gain: Option<ReplayGain>) -> Result<(), AudioError> {
        let mut handles = Vec::new();
        for (thread, sender) in self.threads {
            if let Some(gain) = gain {
                // An encoder that is gone has its error ready.
                let _ = sender.send(gain);
            }
            handles.push(thread);
        }
        let results: Vec<_> = handles.into_iter().map(join).collect();
        results.into_iter().try_for_each(|result| result?)
    }
}

/// Decodes, runs the chain and gives the mastered sound to the fan.
fn feed(input: &Path, chain: &Chain, mut fan: Fan, step: Step, watcher: &dyn Watcher) -> Result<Limited, AudioError> {
    let mut intake = Intake::open(input)?;
    let mut stages = chain.stages(intake.info().rate)?;
    let mut limiter = chain.limiter();
    let mut block = Block::new(chain.channels, 0);
    loop {
        if watcher.cancelled() {
            return Err(AudioError::Cancelled);
        }
        block.set_channels(chain.channels);
        if !intake.read(&mut block)? {
            break;
        }
        watcher.progress(intake.progress(step));
        for stage in &mut stages {
            stage.process(&mut block);
        }
        limiter.process(&mut block);
        if fan.send(&mut block).is_err() {
            // A consumer failed; it has the reason.
            return Ok(Limited::default());
        }
    }
    let mut send = |block: &mut Block| fan.send(block).map_err(|_| AudioError::Cancelled);
    finish(&mut stages, &mut block, |tail| {
        limiter.process(tail);
        send(tail)
    })?;
    limiter.finish(&mut block);
    send(&mut block)?;
    Ok(Limited { deepest_db: limiter.deepest_db(), share: limiter.share_limited() })
}

fn measure(
    blocks: &Receiver<Arc<Block>>,
    rate: u32,
    channels: usize,
    frames: u64,
    peaks: Option<&NamedTempFile>,
) -> Result<(Analysis, Overview), AudioError> {
    let mut analyser = Analyser::of_levels(rate, channels).expecting(frames);
    let mut shape = Overview::new(rate);
    let mut peaks = peaks
        .map(|file| {
            file.as_file().set_len(0).map_err(AudioError::Write)?;
            let mut file = file.as_file().try_clone().map_err(AudioError::Write)?;
            file.seek(SeekFrom::Start(0)).map_err(AudioError::Write)?;
            let order = PeaksOrder {
                form: PeaksForm::Dat,
                bits: Bits::Eight,
                rate,
                samples_per_pixel: samples_per_pixel(frames),
            };
            Peaks::open(order, Box::new(BufWriter::new(file)))
        })
        .transpose()?;
    for block in blocks {
        analyser.process(&block);
        shape.write(&block);
        if let Some(peaks) = &mut peaks {
            peaks.write(&block)?;
        }
    }
    if let Some(peaks) = peaks {
        peaks.finish()?;
    }
    Ok((analyser.finish(), shape))
}

fn replay_gain(analysis: &Analysis) -> ReplayGain {
    let loudness = &analysis.measured.loudness;
    ReplayGain { loudness: loudness.integrated, peak: amplitude(loudness.true_peak) }
}
