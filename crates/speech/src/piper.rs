//! Neural voices of Piper's kind, run in this process: phonemes in, sound and the length of each phoneme out.
//!
//! What belongs here: opening a voice, asking its network, and word times. The network up to the flow is run by rten; flow and
//! generator, where nearly all the time goes, are computed here (`flow`, `generator`), or by rten too where they are of
//! an unknown kind. Which phonemes a sentence has is in `pronounce`.
//!
//! Noise is part of how such a voice speaks. It is ours, and drawn from a generator that is seeded with the phonemes: the same
//! sentence is said in the same way every time, on any number of threads.

mod config;
mod conv;
mod flow;
mod generator;
mod lanes;
mod layout;
mod noise;
mod onnx;
mod package;
mod signal;
mod toom;
mod upsample;

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rten::{Model, ModelOptions, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::{AsView as _, Layout as _, Tensor};
use sha2::{Digest, Sha256};

use crate::SpeechError;
use crate::pronounce::{Pronouncer, Sound};
use crate::spoken::Sentence;
use crate::voice::{About, Manner, Said, Voice};
use config::Config;
use generator::Desk;
use layout::{Layout, Tail};
use noise::Noise;
use onnx::Graph;
use signal::Signal;

pub use package::Package;

/// Changes when the same network is made to speak otherwise: other phonemes, other noise, another order of sums.
const ENGINE: &str = "piper 2";

/// Phonemes of one sentence, after which it is an error: sentences are cut long before (`spoken::LONGEST_SENTENCE`).
const MOST_PHONEMES: usize = 2_000;

/// Seconds of one sentence, after which it is an error, since only a network that is not a voice goes on for so long.
const MOST_SECONDS: usize = 120;

/// A voice of Piper's kind.
pub struct Piper {
    about: About,
    config: Config,
    layout: Layout,
    model: Model,
    tail: Option<Tail>,
    pronouncer: Arc<Pronouncer>,
    /// Desks that nobody sits at: there are as many as sentences were ever spoken at the same time.
    desks: Mutex<Vec<Place>>,
}

/// Where one sentence at a time is spoken: a pool of one thread, which rten wants, and memory.
struct Place {
    pool: Arc<ThreadPool>,
    desk: Desk,
}

/// Who computes flow and generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kernels {
    /// This crate, if the voice is of the known kind.
    #[default]
    Own,
    /// rten, as everything else: slower, and the measure of the other.
    Rten,
}

/// Reads the two files of a voice, its network and its description, without running anything: who computes flow and generator, if they are
/// a voice's.
pub fn inspect(network: &[u8], description: &[u8]) -> Result<Kernels, SpeechError> {
    Config::parse(description)?;
    let graph = Graph::parse(network)?;
    Layout::find(&graph)?;
    Ok(if Tail::read(&graph).is_some() { Kernels::Own } else { Kernels::Rten })
}

/// The language that a voice speaks, by its description: "en-US".
pub fn language(description: &[u8]) -> Result<String, SpeechError> {
    Ok(Config::parse(description)?.language)
}

impl Piper {
    /// Opens the voice in a folder, a Python wheel, a zip file, or beside a .onnx file.
    pub fn open(path: &Path, pronouncer: Arc<Pronouncer>, kernels: Kernels) -> Result<Self, SpeechError> {
        Self::from_package(Package::read(path)?, pronouncer, kernels)
    }

    /// Opens a voice of which the files were read.
    pub fn from_package(package: Package, pronouncer: Arc<Pronouncer>, kernels: Kernels) -> Result<Self, SpeechError> {
        let config = Config::parse(&package.description)?;
        let unsupported = |reason: String| Err(SpeechError::UnsupportedVoice { reason });
        if !config.language.starts_with("en") {
            return unsupported(format!("it speaks “{}”, and only English can be read out so far", config.language));
        }
        if config.speakers > 1 {
            return unsupported(format!(
                "it has {} speakers, and only voices with one are known so far",
                config.speakers
            ));
        }
        let identity =
            Sha256::new().chain_update(ENGINE).chain_update(&package.description).chain_update(&package.network);
        let identity = crate::hexadecimal(&identity.finalize());
        let (layout, tail) = {
            let graph = Graph::parse(&package.network)?;
            if let Some(input) = graph.inputs.iter().find(|name| !["input", "input_lengths", "scales"].contains(name)) {
                return unsupported(format!("its network wants “{}” besides the text", input.escape_debug()));
            }
            let tail = if kernels == Kernels::Own { Tail::read(&graph) } else { None };
            (Layout::find(&graph)?, tail)
        };
        let model = ModelOptions::with_all_ops()
            .load(package.network)
            .map_err(|error| SpeechError::DamagedVoice { reason: format!("its network cannot be loaded ({error})") })?;
        let about = About {
            name: package.name,
            language: config.language.clone(),
            rate: config.rate,
            card: package.card,
            identity,
        };
        Ok(Self { about, config, layout, model, tail, pronouncer, desks: Mutex::default() })
    }

    /// Who computes flow and generator of this voice.
    pub fn kernels(&self) -> Kernels {
        if self.tail.is_some() { Kernels::Own } else { Kernels::Rten }
    }

    /// The numbers of a sentence's phonemes, and for each word of the sentence which of them are its.
    fn ids(&self, sounds: &[Sound], words: usize) -> (Vec<i32>, Vec<Range<usize>>) {
        let id = |phoneme| self.config.id(phoneme);
        let pad = id('_').unwrap_or_default();
        let mut ids = vec![id('^').unwrap_or_default(), pad];
        let mut ranges = vec![0..0; words];
        for sound in sounds {
            let from = ids.len();
            // A phoneme that the voice does not know is not said; Piper does the same.
            for id in sound.phonemes.chars().filter_map(id) {
                ids.extend([id, pad]);
            }
            if let Some(range) = sound.word.and_then(|word| ranges.get_mut(word)) {
                *range = if range.start == range.end { from..ids.len() } else { range.start..ids.len() };
            }
        }
        ids.push(id('$').unwrap_or_default());
        (ids, ranges)
    }

    /// Runs the network on phonemes: samples, and frames for each phoneme.
    fn infer(&self, ids: &[i32], pace: f32, place: &mut Place) -> Result<(Vec<f32>, Vec<usize>), SpeechError> {
        let mut noise = Noise::seeded(ids);
        let count = ids.len();
        let scales = vec![self.config.noise_scale, self.config.length_scale / pace, self.config.noise_w];
        let mut inputs = vec![
            (self.node("input")?, value(&[1, count], ids.to_vec())?),
            (self.node("input_lengths")?, value(&[1], vec![count as i32])?),
            (self.node("scales")?, value(&[3], scales)?),
        ];
        if let Some(name) = &self.layout.duration_noise {
            inputs.push((self.node(name)?, value(&[1, 2, count], noise.take(2 * count))?));
        }
        let asked =
            [self.node(&self.layout.durations)?, self.node(&self.layout.mean)?, self.node(&self.layout.deviation)?];
        let answers = self.run(inputs, &asked, &place.pool)?;
        let [durations, mean, deviation] = answers.as_slice() else { return Err(failed("it gave too few answers")) };
        let durations = floats(durations)?;
        let frames: Vec<usize> =
            durations.iter().map(|&frames| if frames > 0.0 { frames as usize } else { 0 }).collect();
        let (mean, deviation) = (planes(mean)?, planes(deviation)?);
        let total: usize = frames.iter().sum();
        let fits = self.tail.as_ref().is_none_or(|tail| tail.generator.first.inputs == mean.channels);
        if frames.len() != count
            || mean.numbers.len() != deviation.numbers.len()
            || mean.frames != total.max(1)
            || !fits
        {
            return Err(failed("its answers do not fit together"));
        }
        // Frames are some milliseconds each, so a hundred a second is a fair bound before the sound is there.
        if total > MOST_SECONDS * 100 {
            return Err(SpeechError::Limit {
                what: "The number of frames of a sentence",
                found: total as u64,
                limit: MOST_SECONDS as u64 * 100,
            });
        }
        let Planes { channels, frames: length, mut numbers } = mean;
        let drawn = noise.take(numbers.len());
        for ((value, deviation), noise) in numbers.iter_mut().zip(&deviation.numbers).zip(drawn) {
            *value += noise * deviation * self.config.noise_scale;
        }
        let samples = if let Some(tail) = &self.tail {
            let latent = tail.flow.run(Signal::from_planes(channels, length, &numbers), &mut place.desk.sheets);
            tail.generator.run(&latent, &mut place.desk)
        } else {
            let inputs = vec![
                (self.node(&self.layout.durations)?, value(&[1, 1, count], durations)?),
                (self.node(&self.layout.latent)?, value(&[1, channels, length], numbers)?),
            ];
            let answers = self.run(inputs, &[self.node("output")?], &place.pool)?;
            floats(answers.first().ok_or_else(|| failed("it gave no sound"))?)?
        };
        if samples.iter().any(|sample| !sample.is_finite()) {
            return Err(failed("its sound has values that are no numbers"));
        }
        Ok((samples, frames))
    }

    fn node(&self, name: &str) -> Result<rten::NodeId, SpeechError> {
        self.model.node_id(name).map_err(|_| failed("a part of its network is missing"))
    }

    fn run(
        &self,
        inputs: Vec<(rten::NodeId, Value)>,
        asked: &[rten::NodeId],
        pool: &Arc<ThreadPool>,
    ) -> Result<Vec<Value>, SpeechError> {
        let inputs = inputs.into_iter().map(|(id, value)| (id, ValueOrView::from(value))).collect();
        let options = RunOptions::default().with_thread_pool(Some(pool.clone()));
        self.model.run(inputs, asked, Some(options)).map_err(|error| SpeechError::Failed { reason: error.to_string() })
    }

    /// A place that nobody else uses.
    fn place(&self) -> Place {
        let unused = self.desks.lock().unwrap_or_else(PoisonError::into_inner).pop();
        unused.unwrap_or_else(|| Place { pool: Arc::new(ThreadPool::with_num_threads(1)), desk: Desk::default() })
    }
}

impl Voice for Piper {
    fn about(&self) -> &About {
        &self.about
    }

    fn say(&self, sentence: &Sentence, manner: &Manner<'_>) -> Result<Said, SpeechError> {
        let sounds = self.pronouncer.pronounce(sentence, manner.lexicon);
        let (ids, ranges) = self.ids(&sounds, sentence.words.len());
        if ids.len() > MOST_PHONEMES * 2 {
            return Err(SpeechError::Limit {
                what: "The number of phonemes of a sentence",
                found: ids.len() as u64 / 2,
                limit: MOST_PHONEMES as u64,
            });
        }
        let mut place = self.place();
        let result = self.infer(&ids, manner.pace.clamp(0.5, 2.0), &mut place);
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        let (samples, frames) = result?;
        let total: usize = frames.iter().sum();
        let hop = samples.len() / total.max(1);
        // Where each phoneme begins, and where the last one ends.
        let mut starts = vec![0];
        starts.extend(frames.iter().scan(0, |at, frames| {
            *at += frames * hop;
            Some(*at)
        }));
        let mut words = Vec::with_capacity(ranges.len());
        let mut reached = 0;
        for range in ranges {
            let at = |index: usize| starts.get(index).copied().unwrap_or(samples.len());
            // A word without a sound is where the word before it ended.
            let word = if range.start == range.end {
                reached..reached
            } else {
                at(range.start).max(reached)..at(range.end).max(reached)
            };
            reached = word.end;
            words.push(word);
        }
        Ok(Said { samples, words })
    }
}

/// Numbers as an input of the network.
fn value<T>(shape: &[usize], data: Vec<T>) -> Result<Value, SpeechError>
where
    Value: From<Tensor<T>>,
{
    Tensor::try_from_data(shape, data).map(Value::from).map_err(|_| failed("what goes in has no shape"))
}

/// The numbers of an answer.
fn floats(value: &Value) -> Result<Vec<f32>, SpeechError> {
    match value {
        Value::FloatTensor(tensor) => Ok(tensor.to_vec()),
        _ => Err(failed("an answer is of the wrong kind")),
    }
}

/// An answer of one × channels × frames.
struct Planes {
    channels: usize,
    frames: usize,
    numbers: Vec<f32>,
}

fn planes(value: &Value) -> Result<Planes, SpeechError> {
    match value {
        Value::FloatTensor(tensor) => match tensor.shape() {
            &[1, channels, frames] => Ok(Planes { channels, frames, numbers: tensor.to_vec() }),
            _ => Err(failed("an answer has the wrong shape")),
        },
        _ => Err(failed("an answer is of the wrong kind")),
    }
}

fn failed(reason: &str) -> SpeechError {
    SpeechError::Failed { reason: reason.to_owned() }
}
