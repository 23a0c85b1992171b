//! Sound into files. Each codec is one file in the folder beside this one, and one line in [`codecs`].

#[cfg(feature = "fdk-aac")]
mod aac;
mod alac;
mod dither;
mod flac;
mod mp3;
mod mp4;
mod ogg;
mod opus;
mod pcm16;
mod vorbis;
mod wav;
#[cfg(test)]
mod witness;

use std::io::{Seek, Write};
use std::ops::RangeInclusive;

use crate::tag::{ReplayGain, Tags};
use crate::{AudioError, Block};

/// All output formats, in the order in which they are shown.
pub fn codecs() -> &'static [&'static Codec] {
    static CODECS: &[&Codec] = &[
        #[cfg(feature = "fdk-aac")]
        &aac::AAC,
        &mp3::MP3,
        &mp3::MP3_VBR,
        &opus::OPUS,
        &vorbis::VORBIS,
        &flac::FLAC,
        &alac::ALAC,
        &wav::WAV,
        &wav::WAV_24,
    ];
    CODECS
}

/// The output format of that name: `find("opus")`.
pub fn find(name: &str) -> Option<&'static Codec> {
    codecs().iter().copied().find(|codec| codec.name == name)
}

/// Where encoded bytes go. Seeking back to the header is allowed until [`Encoder::finish`] returns.
pub trait Sink: Write + Seek + Send {}
impl<T: Write + Seek + Send> Sink for T {}

/// What an encoder is asked to make.
#[derive(Clone, Debug)]
pub struct Order {
    /// Frames per second, 44 100 or 48 000.
    pub rate: u32,
    /// 1 or 2.
    pub channels: usize,
    /// Number of frames that will come. Encoders reserve header space from it; a few frames more or less must work.
    pub frames: u64,
    /// Kilobits per second; `None` means the codec's default. Checked against [`Codec::bitrates`] before.
    pub bitrate: Option<u32>,
    /// Greatest true peak, linear, that the decoded file may have; `None` for no limit. Encoders that can correct locally
    /// do so; the pipeline verifies all of them.
    pub ceiling: Option<f64>,
    /// What is written beside the sound.
    pub tags: Tags,
}

/// An encoder at work.
pub trait Encoder: Send {
    /// Takes the next frames.
    fn write(&mut self, block: &Block) -> Result<(), AudioError>;

    /// Writes what is held back, then the header with the loudness that was measured on what went in. After it returns
    /// the sink holds a whole file.
    fn finish(self: Box<Self>, gain: &ReplayGain) -> Result<(), AudioError>;
}

/// An output format: how it is named, what it takes, how it is opened.
pub struct Codec {
    /// Name in `--format` and in the API: `mp3`.
    pub name: &'static str,
    /// Name for people: `MP3`.
    pub title: &'static str,
    /// File name ending without the dot.
    pub ending: &'static str,
    /// Media type.
    pub mime: &'static str,
    /// Whether the sound that comes back differs from what went in.
    pub lossy: bool,
    /// Kilobits per second that can be asked for; `None` where there is nothing to choose.
    pub bitrates: Option<RangeInclusive<u32>>,
    /// What is made of stereo when nothing is asked. For mono a codec may choose less; it says so where it is declared.
    pub default_bitrate: Option<u32>,
    /// Frames per second that [`Order::rate`] may have; empty means both 44 100 and 48 000. For any other rate the
    /// pipeline resamples to the last one listed before it opens the encoder.
    pub rates: &'static [u32],
    /// Starts a file.
    pub open: Open,
}

/// Starts a file: writes what comes before the sound, and gives the encoder that takes it.
pub type Open = fn(&Order, Box<dyn Sink>) -> Result<Box<dyn Encoder>, AudioError>;
