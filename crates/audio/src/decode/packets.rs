//! Sound in packets: symphonia's containers and decoders, and libopus, driven so that damage costs a packet and not the
//! file. What part of the decoded sound is meant to be heard is decided outside.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::audio::conv::IntoSample;
use symphonia::core::audio::sample::Sample;
use symphonia::core::audio::{Audio, AudioBuffer, Channels, GenericAudioBufferRef, Position};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known as id;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatReader, Track};
use symphonia::core::packet::Packet;

use super::mp4::check_aac_config;
use super::mpeg::SbrWatch;
use super::opus::{Head, Opus, RATE};
use super::sniff::unsupported;
use super::{Body, Notes, check_limits};
use crate::mix::Speaker;
use crate::{AudioError, Block};

/// Packets among which more failures than successes mean that the file is not what it says.
const TRIAL: u64 = 1000;
/// Failures of the container in a row after which it is given up.
const MOST_STUMBLES: u32 = 1000;

/// The packets of one track, being decoded.
pub(super) struct Packets {
    format: Box<dyn FormatReader>,
    track: u32,
    codec: AudioCodecId,
    decoder: Decoder,
    /// Frames of the last packet still to be given.
    rest: Range<usize>,
    /// Rate and speakers of the stream, known from the first decoded packet on.
    spec: Option<(u32, Vec<Speaker>)>,
    /// Frames to drop before more are given: the pre-skip of an Opus stream.
    skip: u64,
    decoded: u64,
    failed: u64,
    sbr: Option<SbrWatch>,
    over: bool,
    /// Whether numbers in the Opus header stand the other way round.
    big_endian: bool,
}

enum Decoder {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(Box<Opus>, Vec<Speaker>),
}

impl Packets {
    /// Picks the first audio track and opens its decoder.
    pub(super) fn open(format: Box<dyn FormatReader>, big_endian: bool) -> Result<Self, AudioError> {
        let (track, parameters) =
            pick(format.as_ref()).ok_or_else(|| AudioError::NoSound { reason: "it has no audio track".into() })?;
        if let (Some(rate), Some(channels)) = (parameters.sample_rate, &parameters.channels) {
            check_limits(rate, channels.count())?;
        }
        let codec = parameters.codec;
        let (decoder, skip) = decoder(parameters, big_endian)?;
        let sbr = (codec == id::CODEC_ID_AAC).then(SbrWatch::default);
        Ok(Self {
            track: track.id,
            codec,
            decoder,
            rest: 0..0,
            spec: None,
            skip,
            decoded: 0,
            failed: 0,
            sbr,
            over: false,
            big_endian,
            format,
        })
    }

    /// The track as the container describes it.
    pub(super) fn track(&self) -> Option<&Track> {
        self.format.tracks().iter().find(|track| track.id == self.track)
    }

    /// The container, for its tags.
    pub(super) fn format(&mut self) -> &mut dyn FormatReader {
        self.format.as_mut()
    }

    /// The codec's parameters as the container describes them.
    pub(super) fn codec(&self) -> AudioCodecId {
        self.codec
    }

    /// Frames that the decoder itself drops at the front, as Opus does.
    pub(super) fn skip(&self) -> u64 {
        self.skip
    }

    /// Rate and speakers, once something has been decoded.
    pub(super) fn spec(&self) -> Option<(u32, &[Speaker])> {
        self.spec.as_ref().map(|(rate, speakers)| (*rate, speakers.as_slice()))
    }

    /// Whether enough has been seen to tell what the stream is. HE-AAC that nothing declares shows itself in its packets.
    pub(super) fn settled(&self) -> bool {
        self.over || (self.spec.is_some() && self.sbr.is_none())
    }

    /// The next packet of the track, past all that can be stepped over.
    fn next(&mut self, notes: &mut Notes) -> Result<Option<Packet>, AudioError> {
        let mut stumbles = 0;
        loop {
            match guard(|| self.format.next_packet()) {
                Ok(Some(packet)) if packet.track_id == self.track => return Ok(Some(packet)),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    notes.cut = true;
                    return Ok(None);
                }
                Err(Error::IoError(error)) => return Err(AudioError::Read(error)),
                // A new stream begins, as in Ogg files that were joined end to end.
                Err(Error::ResetRequired) => {
                    if !self.restart() {
                        notes.changed = true;
                        return Ok(None);
                    }
                }
                Err(_) => {
                    stumbles += 1;
                    notes.skipped += 1;
                    if stumbles == MOST_STUMBLES {
                        notes.cut = true;
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Takes up the next link of a chain, if it has the same codec.
    fn restart(&mut self) -> bool {
        let Some((track, parameters)) = pick(self.format.as_ref()) else { return false };
        if parameters.codec != self.codec {
            return false;
        }
        let Ok((decoder, skip)) = decoder(parameters, self.big_endian) else { return false };
        self.track = track.id;
        self.decoder = decoder;
        self.skip = skip;
        true
    }

    /// Decodes a packet. `None` means that it is damaged, or that the stream changed its format.
    fn decode(&mut self, packet: &Packet, notes: &mut Notes) -> Option<Range<usize>> {
        let (range, rate, speakers) = match &mut self.decoder {
            Decoder::Symphonia(decoder) => {
                if guard(|| decoder.decode(packet).map(|_| ())).is_err() {
                    return None;
                }
                let buffer = decoder.last_decoded();
                let spec = buffer.spec();
                let known = self.spec.as_ref().map(|(rate, speakers)| (*rate, speakers.len()));
                if known == Some((spec.rate(), spec.channels().count())) {
                    return Some(0..buffer.frames());
                }
                (0..buffer.frames(), spec.rate(), speakers(spec.channels()))
            }
            Decoder::Opus(decoder, speakers) => {
                let frames = decoder.decode(&packet.data)?;
                let start = usize::try_from(packet.trim_start.get()).unwrap_or(usize::MAX).min(frames);
                let end = frames.saturating_sub(usize::try_from(packet.trim_end.get()).unwrap_or(usize::MAX));
                let range = start..end.max(start);
                if self.spec.as_ref().is_some_and(|(_, known)| known.len() == speakers.len()) {
                    return Some(range);
                }
                (range, RATE, speakers.clone())
            }
        };
        if self.spec.is_some() {
            notes.changed = true;
            self.over = true;
            return None;
        }
        if !range.is_empty() {
            self.spec = Some((rate, speakers));
        }
        Some(range)
    }
}

impl Body for Packets {
    fn pull(&mut self, into: &mut Block, most: usize, notes: &mut Notes) -> Result<bool, AudioError> {
        while self.rest.is_empty() {
            let packet = if self.over { None } else { self.next(notes)? };
            let Some(packet) = packet else {
                self.over = true;
                if self.decoded == 0 && self.failed > 0 {
                    return Err(AudioError::Damaged { reason: "not one of its packets could be decoded".into() });
                }
                if self.sbr.take().is_some_and(|watch| watch.says_yes()) {
                    return Err(he_aac());
                }
                return Ok(false);
            };
            if let Some(answer) = self.sbr.as_mut().and_then(|watch| watch.look(&packet.data)) {
                self.sbr = None;
                if answer {
                    return Err(he_aac());
                }
            }
            match self.decode(&packet, notes) {
                Some(range) => {
                    self.decoded += 1;
                    let skip = usize::try_from(self.skip).unwrap_or(usize::MAX).min(range.len());
                    self.skip -= skip as u64;
                    self.rest = range.start + skip..range.end;
                }
                None if self.over => {}
                None => {
                    self.failed += 1;
                    notes.skipped += 1;
                }
            }
            if self.decoded + self.failed == TRIAL && self.failed > self.decoded {
                let reason = format!("{} of its first {TRIAL} packets could not be decoded", self.failed);
                return Err(AudioError::Damaged { reason });
            }
        }
        if let Some((_, speakers)) = &self.spec {
            into.set_channels(speakers.len());
        }
        let range = self.rest.start..self.rest.end.min(self.rest.start.saturating_add(most));
        self.rest.start = range.end;
        match &self.decoder {
            Decoder::Symphonia(decoder) => append(&decoder.last_decoded(), range, into),
            Decoder::Opus(decoder, _) => decoder.append(range, into),
        }
        Ok(true)
    }
}

/// Calls into symphonia. Where damaged bytes make it panic, that is an error like any other: what it was called for is
/// given up, and nothing of ours was half changed.
pub(super) fn guard<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or(Err(Error::DecodeError("panic")))
}

/// Adds frames of a decoder's buffer to a block with as many channels.
pub(super) fn append(buffer: &GenericAudioBufferRef<'_>, range: Range<usize>, into: &mut Block) {
    use GenericAudioBufferRef as B;
    match buffer {
        B::U8(buffer) => planes(buffer, range, into),
        B::U16(buffer) => planes(buffer, range, into),
        B::U24(buffer) => planes(buffer, range, into),
        B::U32(buffer) => planes(buffer, range, into),
        B::S8(buffer) => planes(buffer, range, into),
        B::S16(buffer) => planes(buffer, range, into),
        B::S24(buffer) => planes(buffer, range, into),
        B::S32(buffer) => planes(buffer, range, into),
        B::F32(buffer) => planes(buffer, range, into),
        B::F64(buffer) => planes(buffer, range, into),
    }
}

fn planes<S: Sample + IntoSample<f32>>(buffer: &AudioBuffer<S>, range: Range<usize>, into: &mut Block) {
    let start = into.frames();
    into.resize(start + range.len());
    for (channel, output) in into.iter_mut().enumerate() {
        let plane = buffer.plane(channel).and_then(|plane| plane.get(range.clone())).unwrap_or_default();
        for (output, sample) in output[start..].iter_mut().zip(plane) {
            *output = (*sample).into_sample();
        }
    }
}

fn he_aac() -> AudioError {
    AudioError::Unsupported { name: "HE-AAC".into(), way_out: "Export it as AAC-LC, or better as WAV or FLAC.".into() }
}

/// The first track of sound.
fn pick(format: &dyn FormatReader) -> Option<(&Track, &AudioCodecParameters)> {
    format.tracks().iter().find_map(|track| match &track.codec_params {
        Some(CodecParameters::Audio(parameters)) => Some((track, parameters)),
        _ => None,
    })
}

/// A decoder, and how many frames are to be dropped at its front.
fn decoder(parameters: &AudioCodecParameters, big_endian: bool) -> Result<(Decoder, u64), AudioError> {
    let extra = parameters.extra_data.as_deref().unwrap_or_default();
    if parameters.codec == id::CODEC_ID_OPUS {
        let channels = parameters.channels.as_ref().map_or(0, Channels::count);
        let head = match Head::plain(channels).filter(|_| !extra.starts_with(b"OpusHead")) {
            Some(head) => head,
            None => Head::read(extra, big_endian)?,
        };
        check_limits(RATE, head.speakers.len())?;
        return Ok((Decoder::Opus(Box::new(Opus::new(&head)?), head.speakers), head.pre_skip.into()));
    }
    if parameters.codec == id::CODEC_ID_AAC {
        check_aac_config(extra)?;
        let channels = parameters.channels.as_ref().map_or(0, Channels::count);
        if channels > 2 {
            return Err(unsupported(format!("AAC with {channels} channels")));
        }
    }
    // The Vorbis decoder drops its first, half-built packet only when asked to trim; all other trimming is done outside.
    let options = AudioDecoderOptions::default().gapless(parameters.codec == id::CODEC_ID_VORBIS);
    let made = guard(|| symphonia::default::get_codecs().make_audio_decoder(parameters, &options));
    let decoder = made.map_err(|error| {
        let name = codec_name(parameters.codec);
        match error {
            Error::Unsupported(_) if name == UNKNOWN => unsupported("sound in a codec that Soundpost does not know"),
            Error::Unsupported(_) => unsupported(format!("{name} of a kind that is rarely used")),
            _ => AudioError::Damaged { reason: format!("its {name} header is invalid") },
        }
    })?;
    Ok((Decoder::Symphonia(decoder), 0))
}

/// Whether a decoder is there for what symphonia's container found.
pub(super) fn known(codec: AudioCodecId) -> bool {
    codec == id::CODEC_ID_OPUS || symphonia::default::get_codecs().get_audio_decoder(codec).is_some()
}

const UNKNOWN: &str = "an unknown codec";

/// Name of a codec for people.
pub(super) fn codec_name(codec: AudioCodecId) -> &'static str {
    match codec {
        id::CODEC_ID_MP1 => "MP1",
        id::CODEC_ID_MP2 => "MP2",
        id::CODEC_ID_MP3 => "MP3",
        id::CODEC_ID_AAC => "AAC-LC",
        id::CODEC_ID_ALAC => "ALAC",
        id::CODEC_ID_FLAC => "FLAC",
        id::CODEC_ID_VORBIS => "Vorbis",
        id::CODEC_ID_OPUS => "Opus",
        id::CODEC_ID_SPEEX => "Speex",
        id::CODEC_ID_AC3 => "AC-3 (Dolby Digital)",
        id::CODEC_ID_EAC3 => "E-AC-3 (Dolby Digital Plus)",
        id::CODEC_ID_AC4 => "AC-4",
        id::CODEC_ID_DCA => "DTS",
        id::CODEC_ID_TRUEHD => "Dolby TrueHD",
        id::CODEC_ID_WMA => "Windows Media Audio",
        id::CODEC_ID_WAVPACK => "WavPack",
        id::CODEC_ID_MONKEYS_AUDIO => "Monkey's Audio",
        id::CODEC_ID_TTA => "True Audio (TTA)",
        id::CODEC_ID_MUSEPACK => "Musepack",
        id::CODEC_ID_PCM_ALAW => "A-law",
        id::CODEC_ID_PCM_MULAW => "µ-law",
        id::CODEC_ID_ADPCM_MS | id::CODEC_ID_ADPCM_IMA_WAV | id::CODEC_ID_ADPCM_IMA_QT => "ADPCM",
        id::CODEC_ID_PCM_F32LE | id::CODEC_ID_PCM_F32BE => "PCM 32 bit float",
        id::CODEC_ID_PCM_F64LE | id::CODEC_ID_PCM_F64BE => "PCM 64 bit float",
        id::CODEC_ID_PCM_S32LE | id::CODEC_ID_PCM_S32BE => "PCM 32 bit",
        id::CODEC_ID_PCM_S24LE | id::CODEC_ID_PCM_S24BE => "PCM 24 bit",
        id::CODEC_ID_PCM_S16LE | id::CODEC_ID_PCM_S16BE => "PCM 16 bit",
        id::CODEC_ID_PCM_S8 | id::CODEC_ID_PCM_U8 => "PCM 8 bit",
        _ => UNKNOWN,
    }
}

/// The speakers of symphonia's channels, in the order of its planes.
fn speakers(channels: &Channels) -> Vec<Speaker> {
    use Speaker::{
        BackCentre, BackLeft, BackRight, FrontCentre, FrontLeft, FrontLeftOfCentre, FrontRight, FrontRightOfCentre,
        LowFrequency, OtherCentre, OtherLeft, OtherRight, SideLeft, SideRight,
    };
    let count = channels.count();
    match channels {
        Channels::Positioned(positions) if count > 1 => positions
            .iter()
            .map(|position| match position {
                Position::FRONT_LEFT => FrontLeft,
                Position::FRONT_RIGHT => FrontRight,
                Position::FRONT_CENTER => FrontCentre,
                Position::LFE1 | Position::LFE2 => LowFrequency,
                Position::REAR_LEFT => BackLeft,
                Position::REAR_RIGHT => BackRight,
                Position::FRONT_LEFT_CENTER => FrontLeftOfCentre,
                Position::FRONT_RIGHT_CENTER => FrontRightOfCentre,
                Position::REAR_CENTER => BackCentre,
                Position::SIDE_LEFT => SideLeft,
                Position::SIDE_RIGHT => SideRight,
                Position::TOP_FRONT_LEFT
                | Position::TOP_REAR_LEFT
                | Position::TOP_SIDE_LEFT
                | Position::BOTTOM_FRONT_LEFT
                | Position::FRONT_LEFT_WIDE => OtherLeft,
                Position::TOP_FRONT_RIGHT
                | Position::TOP_REAR_RIGHT
                | Position::TOP_SIDE_RIGHT
                | Position::BOTTOM_FRONT_RIGHT
                | Position::FRONT_RIGHT_WIDE => OtherRight,
                _ => OtherCentre,
            })
            .collect(),
        _ if count <= 2 => Speaker::usual(count),
        _ => vec![Speaker::Unknown; count],
    }
}
