//! Encodes a segment so that what a decoder makes of it keeps below a ceiling.
//!
//! A lossy codec moves samples, and a peak that touched the ceiling may come out above it. Turning everything down for one
//! such place would cost loudness; instead the sound is turned down by that little just there, over some hundredths of
//! a second, and encoded again.

use std::ops::Range;

use symphonia::core::audio::{Audio, GenericAudioBufferRef};
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known::CODEC_ID_MP3,
};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};
use symphonia::default::codecs::MpaDecoder;

use super::frame::{self, Format};
use super::run::{self, Run};
use crate::AudioError;
use crate::measure::true_peak::{TAPS, window_peak};

/// Samples in which a peak is sought together.
const WINDOW: usize = 64;

/// Samples that a sound is late after encoding and decoding: LAME's 576 and the 529 of every decoder.
const ROUND_TRIP: usize = 576 + 529;

/// How often a segment is encoded at most. On the fourth time its whole middle is turned down; the last is kept as it is.
const TRIES: usize = 7;
const UNIFORM_TRY: usize = 3;

/// Seconds over which a dip comes and goes.
const FLANK: f64 = 0.015;
/// Seconds on either side of a peak over which a dip is at its deepest.
const HOLD: f64 = 0.002;
/// Peaks nearer to each other than this many seconds share a dip.
const NEAR: f64 = 0.010;
/// Decibels that a dip goes deeper than the peak demands.
const MARGIN: f64 = 0.1;

/// What is to be kept below the ceiling, and where a segment may be changed.
pub(super) struct Ceiling {
    /// Greatest true peak of the decoded sound, linear.
    pub(super) peak: f64,
    /// First frame whose sound counts: those before only warm the encoder up.
    pub(super) from: usize,
    /// Samples of the segment at which the sound ends; players cut off the rest.
    pub(super) end: usize,
    /// Samples that no other segment encodes: the part that may be turned down as a whole.
    pub(super) own: Range<usize>,
}

/// A place where the ceiling is exceeded.
#[derive(Clone, Copy, Debug)]
struct Over {
    /// Sample of the segment.
    at: usize,
    /// True peak, linear.
    peak: f32,
}

/// Encodes the first `count` frames of `sound`. With a ceiling, sound that comes out above it is turned down in place.
pub(super) fn encode(
    format: &Format,
    sound: &mut [Vec<f32>],
    count: usize,
    ceiling: Option<&Ceiling>,
    stream: &mut Vec<u8>,
) -> Result<Run, AudioError> {
    let encode = |sound: &[Vec<f32>], stream: &mut Vec<u8>| {
        let mut channels: [&[f32]; 2] = [&[]; 2];
        for (slot, channel) in channels.iter_mut().zip(sound) {
            *slot = channel;
        }
        run::encode(format, channels.get(..sound.len()).unwrap_or_default(), count, true, stream)
    };
    let mut run = encode(sound, stream)?;
    let Some(ceiling) = ceiling else { return Ok(run) };
    let mut dips = Vec::new();
    for attempt in 0..TRIES {
        let over = judge(format, &mut run, stream, ceiling)?;
        if over.is_empty() || attempt == TRIES - 1 {
            break;
        }
        let new = plan(format, &over, ceiling, attempt);
        for dip in &new {
            dip.apply(sound);
        }
        dips.extend(new);
        run = encode(sound, stream)?;
    }
    mark(format, &mut run, &dips);
    Ok(run)
}

/// A stretch of sound that is turned down.
#[derive(Debug)]
struct Dip {
    /// Samples at the full depth.
    deep: Range<usize>,
    /// Samples before and after over which the depth is reached and left.
    flank: usize,
    /// Linear gain at the full depth.
    gain: f32,
}

impl Dip {
    fn reach(&self) -> Range<usize> {
        self.deep.start.saturating_sub(self.flank)..self.deep.end.saturating_add(self.flank)
    }

    fn apply(&self, sound: &mut [Vec<f32>]) {
        let reach = self.reach();
        for channel in sound {
            for (at, sample) in channel.iter_mut().enumerate().take(reach.end).skip(reach.start) {
                let away = self.deep.start.saturating_sub(at).max(at.saturating_sub(self.deep.end));
                let depth = 0.5 + 0.5 * (std::f32::consts::PI * away as f32 / self.flank.max(1) as f32).cos();
                *sample *= 1.0 - (1.0 - self.gain) * depth;
            }
        }
    }
}

/// Decodes an encoder's own stream, notes the peak of every frame and gives the places above the ceiling, in samples of
/// the segment.
fn judge(format: &Format, run: &mut Run, stream: &[u8], ceiling: &Ceiling) -> Result<Vec<Over>, AudioError> {
    let unreadable = || AudioError::Encode { format: "MP3", reason: "its own frames cannot be decoded".to_owned() };
    let mut parameters = AudioCodecParameters::new();
    parameters.for_codec(CODEC_ID_MP3).with_sample_rate(format.rate());
    let mut decoder = MpaDecoder::try_new(&parameters, &AudioDecoderOptions::default()).map_err(|_| unreadable())?;
    let first = (ceiling.from * format.frame_samples()).saturating_sub(ROUND_TRIP);
    let threshold = ceiling.peak as f32;
    // What the interpolating filter still sees of earlier frames, then the frame at hand.
    let mut lines = vec![vec![0.0; TAPS - 1]; format.channels()];
    let mut over = Vec::new();
    let mut at = 0;
    for (number, frame) in run.frames.iter_mut().enumerate() {
        let rest = stream.get(at..).unwrap_or_default();
        let length = frame::parse(format, rest).ok_or_else(unreadable)?.length;
        let bytes = rest.get(..length).ok_or_else(unreadable)?;
        let duration = Duration::from(format.frame_samples() as u64);
        let packet = PacketRef::new(0, Timestamp::from(0), duration, bytes);
        let GenericAudioBufferRef::F32(sound) = decoder.decode_ref(&packet).map_err(|_| unreadable())? else {
            return Err(unreadable());
        };
        let first_sample = number * format.frame_samples();
        for (channel, line) in lines.iter_mut().enumerate() {
            line.extend_from_slice(sound.plane(channel).ok_or_else(unreadable)?);
            // What comes out before the delay is over and after the end is cut off by players, which makes an edge.
            let new = line.get_mut(TAPS - 1..).unwrap_or_default();
            let length = new.len();
            new[..ROUND_TRIP.saturating_sub(first_sample).min(length)].fill(0.0);
            new[ceiling.end.saturating_add(ROUND_TRIP).saturating_sub(first_sample).min(length)..].fill(0.0);
            for begin in (0..line.len().saturating_sub(TAPS - 1)).step_by(WINDOW) {
                let end = (begin + WINDOW + TAPS - 1).min(line.len());
                let peak = window_peak(&line[begin..end], format.rate(), threshold);
                frame.peak = frame.peak.max(peak);
                let at = (first_sample + begin + WINDOW / 2).saturating_sub(ROUND_TRIP);
                if at >= first && peak > threshold {
                    over.push(Over { at, peak });
                }
            }
            line.drain(..line.len().saturating_sub(TAPS - 1));
        }
        at += length;
    }
    over.sort_unstable_by_key(|over| over.at);
    Ok(over)
}

/// The dips that bring peaks down. Each attempt goes deeper and wider than the one before.
fn plan(format: &Format, over: &[Over], ceiling: &Ceiling, attempt: usize) -> Vec<Dip> {
    let samples = |seconds: f64| (seconds * f64::from(format.rate())) as usize;
    let flank = samples(FLANK);
    let hold = samples(HOLD) * (1 + 2 * attempt);
    let gain = |peak: f32| {
        let decibels = 20.0 * (f64::from(peak) / ceiling.peak).log10();
        let depth = decibels * (1.0 + 0.5 * attempt as f64) + MARGIN * (1.0 + attempt as f64);
        10f64.powf(-depth / 20.0) as f32
    };
    let mut dips: Vec<Dip> = Vec::new();
    // Peaks that keep coming back: the codec is out of its depth here, and so goes all that is ours alone.
    let own = if attempt == UNIFORM_TRY { ceiling.own.clone() } else { 0..0 };
    let deep = own.start.saturating_add(flank)..own.end.saturating_sub(flank);
    let greatest = over.iter().filter(|over| own.contains(&over.at)).map(|over| over.peak).reduce(f32::max);
    if let Some(peak) = greatest.filter(|_| deep.start < deep.end) {
        dips.push(Dip { deep, flank, gain: gain(peak) });
    }
    let mut local: Option<(Range<usize>, f32)> = None;
    let mut close = |local: Option<(Range<usize>, f32)>| {
        if let Some((range, peak)) = local {
            let deep = range.start.saturating_sub(hold + WINDOW / 2)..range.end + hold + WINDOW / 2;
            dips.push(Dip { deep, flank, gain: gain(peak) });
        }
    };
    for over in over.iter().filter(|over| !own.contains(&over.at)) {
        local = match local {
            Some((range, peak)) if over.at <= range.end + samples(NEAR) => {
                Some((range.start..over.at.max(range.end), peak.max(over.peak)))
            }
            other => {
                close(other);
                Some((over.at..over.at, over.peak))
            }
        };
    }
    close(local);
    dips
}

/// Marks the frames whose transform saw a dip.
fn mark(format: &Format, run: &mut Run, dips: &[Dip]) {
    let length = format.frame_samples();
    for dip in dips {
        let reach = dip.reach();
        // A frame sees the sound from half a frame and the filter bank's length before its own to as much behind it.
        let first = reach.start.saturating_sub(length) / length;
        let last = (reach.end + ROUND_TRIP + length) / length;
        for frame in run.frames.iter_mut().take(last + 1).skip(first) {
            frame.dipped = true;
        }
    }
}
