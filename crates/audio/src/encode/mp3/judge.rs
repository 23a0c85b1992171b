//! Decodes frames where they were made and finds what comes out too high.

use std::ops::Range;

use symphonia::core::audio::{Audio, GenericAudioBufferRef};
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known::CODEC_ID_MP3,
};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};
use symphonia::default::codecs::MpaDecoder;

use super::frame::{self, Format, Rate};
use super::pack::Packer;
use super::run::Run;
use crate::AudioError;
use crate::measure::true_peak::{TAPS, window_peak};

/// Samples that a sound is late after encoding and decoding: LAME's 576 and the 529 of every decoder.
pub(super) const ROUND_TRIP: usize = 576 + 529;

/// Samples in which a peak is sought together.
pub(super) const WINDOW: usize = 64;

/// Pairs of granules that a decoder must have seen before what it gives is right: the transform overlaps by half a pair,
/// the filter bank remembers almost as much.
const LEAD: usize = 2;

/// A codec that lifts a peak by more than this is looked for in vain: below the ceiling by so many decibels, frames are
/// not decoded. (Whoever ordered the file decodes it once more as a whole.)
const REACH: f64 = 3.0;

/// A place where the ceiling is exceeded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Over {
    /// Sample of the segment.
    pub(super) at: usize,
    /// True peak, linear.
    pub(super) peak: f32,
}

/// What must not be exceeded, and where it counts.
pub(super) struct Judge {
    format: Format,
    /// Format with frames large enough for anything: decoding needs no constant bitrate.
    loose: Format,
    threshold: f32,
    audible: Range<usize>,
    decoder: MpaDecoder,
}

impl Judge {
    /// A judge for a segment, of whose samples those in `audible` are heard: what is decoded before and after them is cut
    /// off.
    pub(super) fn new(format: &Format, peak: f64, audible: Range<usize>) -> Result<Self, AudioError> {
        let mut parameters = AudioCodecParameters::new();
        parameters.for_codec(CODEC_ID_MP3).with_sample_rate(format.rate());
        let decoder = MpaDecoder::try_new(&parameters, &AudioDecoderOptions::default()).map_err(|_| unreadable())?;
        let loose = Format::new(format.rate(), format.channels(), Rate::Variable(0.0)).ok_or_else(unreadable)?;
        Ok(Self { format: *format, loose, threshold: peak as f32, audible, decoder })
    }

    /// Frames among the first `count` over which the sound comes near the ceiling. `makeup` is what the sound was
    /// multiplied by, to be undone by the encoder.
    pub(super) fn loud(&self, sound: &[Vec<f32>], count: usize, makeup: f32) -> Vec<Range<usize>> {
        let length = self.format.frame_samples();
        let least = self.threshold * makeup * 10f32.powf((-REACH / 20.0) as f32);
        let mut loud: Vec<Range<usize>> = Vec::new();
        for frame in 0..count {
            // What the frame is decoded to, with a little more on either side.
            let begin = (frame * length).saturating_sub(ROUND_TRIP + WINDOW);
            let end = ((frame + 1) * length + WINDOW).saturating_sub(ROUND_TRIP);
            let reaches = sound.iter().any(|channel| {
                let heard = channel.get(begin..end.min(channel.len())).unwrap_or_default();
                window_peak(heard, self.format.rate(), least) > least
            });
            if reaches {
                join(&mut loud, frame..frame + 1, LEAD);
            }
        }
        loud
    }

    /// Decodes some frames of a run, notes their peaks and adds the places that are above the ceiling.
    pub(super) fn decode(
        &mut self,
        run: &mut Run,
        frames: Range<usize>,
        over: &mut Vec<Over>,
    ) -> Result<(), AudioError> {
        let length = self.format.frame_samples();
        let mut lead = frames.start.saturating_sub(LEAD * 2 / self.format.granules());
        let stream = loop {
            match self.pack(run, lead..frames.end) {
                Some(stream) => break stream,
                // A frame so large that even at the greatest bitrate it needs room in those before.
                None if lead > 0 => lead -= 1,
                None => return Err(unreadable()),
            }
        };
        self.decoder.reset();
        // What the interpolating filter still sees of earlier frames, then the frame at hand.
        let mut lines = vec![vec![0.0; TAPS - 1]; self.format.channels()];
        let mut rest = stream.as_slice();
        for (number, frame) in (lead..).zip(run.frames.iter_mut().take(frames.end).skip(lead)) {
            let parsed = frame::parse(&self.format, rest).ok_or_else(unreadable)?;
            let (bytes, later) = rest.split_at_checked(parsed.length).ok_or_else(unreadable)?;
            rest = later;
            let packet = PacketRef::new(0, Timestamp::from(0), Duration::from(length as u64), bytes);
            let GenericAudioBufferRef::F32(sound) = self.decoder.decode_ref(&packet).map_err(|_| unreadable())? else {
                return Err(unreadable());
            };
            let first = number * length;
            frame.peak = 0.0;
            for (channel, line) in lines.iter_mut().enumerate() {
                line.extend_from_slice(sound.plane(channel).ok_or_else(unreadable)?);
                // Where players cut there is an edge.
                let new = line.get_mut(TAPS - 1..).unwrap_or_default();
                let cut = |sample: usize| (sample.saturating_add(ROUND_TRIP)).saturating_sub(first).min(new.len());
                let heard = cut(self.audible.start)..cut(self.audible.end);
                new[..heard.start].fill(0.0);
                new[heard.end..].fill(0.0);
                if number >= frames.start {
                    for begin in (0..new.len()).step_by(WINDOW) {
                        let end = (begin + WINDOW + TAPS - 1).min(line.len());
                        let peak = window_peak(&line[begin..end], self.format.rate(), self.threshold);
                        frame.peak = frame.peak.max(peak);
                        if peak > self.threshold {
                            let at = (first + begin + WINDOW / 2).saturating_sub(ROUND_TRIP);
                            over.push(Over { at, peak });
                        }
                    }
                }
                line.drain(..line.len().saturating_sub(TAPS - 1));
            }
        }
        Ok(())
    }

    /// Frames as a stream of their own, if they can stand alone.
    fn pack(&self, run: &Run, frames: Range<usize>) -> Option<Vec<u8>> {
        let chosen = run.frames.get(frames)?;
        let mut packer = Packer::new(self.loose);
        let lengths: Vec<usize> = chosen.iter().map(|frame| frame.data.len()).collect();
        for (frame, index) in chosen.iter().zip(packer.plan(&lengths)?) {
            packer.add(frame.clone(), run.bytes.get(frame.data.clone())?, index);
        }
        let mut stream = Vec::new();
        packer.finish(&mut stream);
        Some(stream)
    }
}

/// Adds a range to a rising list, as part of the last one where they are not further apart than `gap`.
pub(super) fn join(list: &mut Vec<Range<usize>>, new: Range<usize>, gap: usize) {
    match list.last_mut() {
        Some(last) if new.start <= last.end + gap => last.end = last.end.max(new.end),
        _ => list.push(new),
    }
}

fn unreadable() -> AudioError {
    AudioError::Encode { format: "MP3", reason: "its own frames cannot be decoded".to_owned() }
}
