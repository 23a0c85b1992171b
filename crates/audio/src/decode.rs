//! Sound out of files: every container and codec that Soundpost reads, behind one streaming [`Source`].
//!
//! What belongs here: recognising a file by its bytes, refusing by name what cannot be read, decoding, dropping the
//! frames that an encoder added at either end, living with damage, and what the file says beside its sound. What does
//! not: mixing channels ([`crate::mix`]), changing the rate ([`crate::resample`]).
//!
//! Nothing is held whole. A cut or damaged file gives what can be decoded, and says so in [`Source::warnings`].

mod aiff;
mod bytes;
mod caf;
mod mkv;
mod mp4;
mod mpeg;
mod open;
mod opus;
mod packets;
mod pcm;
mod raw;
mod sniff;
mod tags;
mod warning;
mod wave;
mod window;

use std::fs::File;
use std::path::Path;

use model::{Chapters, Metadata};
pub use symphonia::core::io::MediaSource;

pub use self::warning::Warning;
use self::window::Window;
use crate::mix::Speaker;
use crate::tag::Cover;
use crate::{AudioError, Block};

/// Frames of the largest block that [`Source::read`] gives.
pub const MOST_FRAMES: usize = 8192;
/// Frames after which a block is full enough to be given.
const ENOUGH: usize = 4096;
/// Channels that are taken at most.
pub const MOST_CHANNELS: u64 = 32;
/// Sample rates that are taken, in Hz.
pub const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// What a file is, and what it says beside its sound.
#[derive(Clone, Debug)]
pub struct SourceInfo {
    /// Name of the container for people: "WAV".
    pub container: &'static str,
    /// Name of the codec for people: "PCM 16 bit", "AAC-LC".
    pub codec: &'static str,
    /// Frames per second.
    pub rate: u32,
    /// Channels in every block.
    pub channels: usize,
    /// Which speaker each channel is meant for.
    pub speakers: Vec<Speaker>,
    /// Bits per sample, where samples are integers.
    pub bits: Option<u32>,
    /// Frames that are to be heard, as far as the header tells. The sound may turn out longer or shorter.
    pub frames: Option<u64>,
    /// Descriptive fields.
    pub metadata: Metadata,
    /// Chapter marks.
    pub chapters: Chapters,
    /// Front cover, JPEG or PNG.
    pub cover: Option<Cover>,
}

/// One file, read from its beginning to its end.
pub struct Source {
    info: SourceInfo,
    body: Box<dyn Body>,
    window: Window,
    notes: Notes,
    /// Warnings that were known when the file was opened.
    early: Vec<Warning>,
    /// Sound that was decoded to learn what the file is, or held back too long.
    pending: Block,
    promise: Promise,
    /// Frames given out.
    given: u64,
    ended: bool,
}

/// What is known beforehand about the length.
#[derive(Clone, Copy, Debug, Default)]
struct Promise {
    /// Frames to be heard.
    frames: Option<u64>,
    /// Frames by which the promise may be missed without a word.
    tolerance: u64,
    /// Whether a shortage is known from the size of the file and not only suspected.
    certain: bool,
}

/// What the decoder has noticed on its way.
#[derive(Clone, Copy, Debug, Default)]
struct Notes {
    skipped: u64,
    not_numbers: u64,
    /// The bytes ended in the middle of something.
    cut: bool,
    /// The stream went on in another format.
    changed: bool,
}

/// What lies below [`Source`]: something that gives decoded frames.
trait Body: Send {
    /// Adds up to `most` frames to a block that has the stream's channels; it may add none. `false` at the end.
    fn pull(&mut self, into: &mut Block, most: usize, notes: &mut Notes) -> Result<bool, AudioError>;
}

impl Source {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self, AudioError> {
        let file = File::open(path).map_err(AudioError::Read)?;
        if file.metadata().map_err(AudioError::Read)?.is_dir() {
            return Err(AudioError::NotAudio { found: "a folder".into() });
        }
        Self::from_stream(Box::new(file), None)
    }

    /// Opens anything that can be read and sought. The name ending is only a hint and today not needed: the bytes tell.
    pub fn from_stream(stream: Box<dyn MediaSource>, _hint_ending: Option<&str>) -> Result<Self, AudioError> {
        open::source(stream)
    }

    /// What the file is.
    pub fn info(&self) -> &SourceInfo {
        &self.info
    }

    /// Replaces the content of `block` by the next frames, at most [`MOST_FRAMES`], in the channels of
    /// [`SourceInfo::channels`]. `false` at the end, with an empty block.
    pub fn read(&mut self, block: &mut Block) -> Result<bool, AudioError> {
        block.set_channels(self.info.channels);
        block.clear();
        if !self.pending.is_empty() {
            let count = self.pending.frames().min(MOST_FRAMES);
            block.extend_range(&self.pending, 0..count);
            self.pending.drop_front(count);
        } else if !self.ended {
            while block.frames() < ENOUGH && self.pending.is_empty() {
                let before = block.frames();
                if !self.body.pull(block, MOST_FRAMES - before, &mut self.notes)? {
                    self.ended = true;
                    break;
                }
                self.window.pass(block, before, &mut self.pending);
                if self.window.over() {
                    self.ended = true;
                    break;
                }
            }
        }
        self.given += block.frames() as u64;
        self.notes.not_numbers += silence_non_numbers(block);
        if block.is_empty() && !self.pending.is_empty() {
            return self.read(block);
        }
        Ok(!block.is_empty())
    }

    /// What was wrong so far; complete when [`Source::read`] has given `false`.
    pub fn warnings(&self) -> Vec<Warning> {
        let seconds = |frames: u64| frames as f64 / f64::from(self.info.rate);
        let mut warnings = self.early.clone();
        if self.notes.skipped > 0 {
            warnings.push(Warning::Skipped { packets: self.notes.skipped });
        }
        if self.notes.not_numbers > 0 {
            warnings.push(Warning::NotNumbers { samples: self.notes.not_numbers });
        }
        if self.notes.changed {
            warnings.push(Warning::FormatChange { at: seconds(self.given) });
        }
        let Some(promised) = self.promise.frames.filter(|_| self.ended && !self.notes.changed) else {
            if self.ended && self.notes.cut {
                warnings.push(Warning::Truncated { at: seconds(self.given), of: None });
            }
            return warnings;
        };
        if self.given + self.promise.tolerance < promised {
            // Damaged packets explain a shortage too.
            if self.notes.cut || self.promise.certain || self.notes.skipped == 0 {
                warnings.push(Warning::Truncated { at: seconds(self.given), of: Some(seconds(promised)) });
            }
        } else if self.given > promised + self.promise.tolerance {
            warnings.push(Warning::HeaderLength { said: seconds(promised), found: seconds(self.given) });
        } else if self.notes.cut {
            warnings.push(Warning::Truncated { at: seconds(self.given), of: None });
        }
        warnings
    }
}

/// Refuses rates and channels beyond the ceilings.
fn check_limits(rate: u32, channels: usize) -> Result<(), AudioError> {
    if channels == 0 {
        return Err(AudioError::Damaged { reason: "its header states no channels".into() });
    }
    if channels as u64 > MOST_CHANNELS {
        return Err(AudioError::Limit { what: "The number of channels", found: channels as u64, limit: MOST_CHANNELS });
    }
    if rate < *RATES.start() {
        return Err(AudioError::Damaged { reason: format!("its header states a sample rate of {rate} Hz") });
    }
    if rate > *RATES.end() {
        let limit = u64::from(*RATES.end());
        return Err(AudioError::Limit { what: "The sample rate in Hz", found: rate.into(), limit });
    }
    Ok(())
}

/// Puts zeros where samples are no numbers, and counts them.
fn silence_non_numbers(block: &mut Block) -> u64 {
    let mut count = 0;
    for channel in block.iter_mut() {
        if !all_finite(channel) {
            for sample in channel.iter_mut().filter(|sample| !sample.is_finite()) {
                *sample = 0.0;
                count += 1;
            }
        }
    }
    count
}

/// Whether all samples are numbers.
fn all_finite(samples: &[f32]) -> bool {
    /// Bits of the exponent; all set in what is no number.
    const EXPONENT: u32 = 0x7f80_0000;
    let (whole, rest) = samples.as_chunks::<16>();
    // One verdict for sixteen samples at once: a chain of early exits cannot become vector code.
    let strange = whole.iter().fold([0u32; 16], |strange, chunk| {
        std::array::from_fn(|lane| strange[lane] | u32::from(chunk[lane].to_bits() & EXPONENT == EXPONENT))
    });
    strange == [0; 16] && rest.iter().all(|sample| sample.is_finite())
}
