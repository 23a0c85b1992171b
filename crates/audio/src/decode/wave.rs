//! WAV headers: RIFF (Microsoft/IBM 1991 and the 1994 revision), its 64-bit forms RF64 (EBU Tech 3306) and BW64
//! (ITU-R BS.2088-1), with tags, cue points and whatever the length fields claim. Symphonia's reader is not used: it
//! knows no 64-bit form and believes the length fields.

use symphonia::core::codecs::audio::well_known::{CODEC_ID_ADPCM_IMA_WAV, CODEC_ID_ADPCM_MS};

use super::bytes::{Bytes, Fields};
use super::pcm::Coding;
use super::raw::{Layout, Samples};
use super::sniff::unsupported;
use super::tags::{self, Found};
use super::{Warning, check_limits};
use crate::AudioError;
use crate::mix::Speaker;

/// Chunks that are looked at; real files have a dozen.
const MOST_CHUNKS: usize = 4096;
/// Bytes of one small chunk that are read.
const SMALL: usize = 256 * 1024;

/// A chunk's name, where its content begins and how long it claims to be.
#[derive(Clone, Copy)]
struct Chunk {
    id: [u8; 4],
    at: u64,
    len: u64,
}

struct Format {
    samples: Samples,
    rate: u32,
    speakers: Vec<Speaker>,
    align: usize,
}

/// Reads all chunks but the sound.
pub(super) fn read(bytes: &mut Bytes) -> Result<Layout, AudioError> {
    let big = bytes.array::<4>(0)?.is_some_and(|magic| magic != *b"RIFF");
    let mut walk = Walk { at: 12, left: MOST_CHUNKS };
    let mut sizes = None;
    let mut format = None;
    let mut data: Option<(Chunk, u64)> = None;
    let mut found = Found::default();
    let mut cues = Cues::default();
    let mut warnings = Vec::new();
    while let Some(chunk) = walk.next(bytes)? {
        match &chunk.id {
            b"ds64" if big => {
                let fields = bytes.vec(chunk.at, 28)?;
                sizes = fields.le64(8);
            }
            b"fmt " if format.is_none() => {
                let fields = bytes.vec(chunk.at, chunk.len.min(SMALL as u64) as usize)?;
                format = Some(read_format(&fields)?);
            }
            b"data" if data.is_none() => {
                let real = real_len(bytes, chunk, sizes.filter(|_| big))?;
                walk.at = chunk.at + real + (real & 1);
                data = Some((chunk, real));
                if walk.at >= bytes.len() {
                    break;
                }
            }
            b"LIST" => {
                let list = bytes.vec(chunk.at, chunk.len.min(SMALL as u64) as usize)?;
                match list.part::<4>(0) {
                    Some(form) if form == *b"INFO" => tags::info_list(list.get(4..).unwrap_or_default(), &mut found),
                    Some(form) if form == *b"adtl" => cues.labels(list.get(4..).unwrap_or_default()),
                    _ => {}
                }
            }
            b"id3 " | b"ID3 " => warnings.extend(tags::id3(bytes, chunk.at, chunk.len, &mut found)),
            b"cue " => cues.points(&bytes.vec(chunk.at, chunk.len.min(SMALL as u64) as usize)?),
            _ => {}
        }
    }
    let format = format.ok_or_else(|| AudioError::Damaged { reason: "its format chunk is missing".into() })?;
    let Some((chunk, len)) = data else {
        return Err(AudioError::NoSound { reason: "the WAV file ends before its sound begins".into() });
    };
    check_limits(format.rate, format.speakers.len())?;
    if found.chapters.is_empty() {
        found.chapters = cues.chapters(format.rate);
    }
    let claimed = sizes.filter(|_| big && chunk.len >= u64::from(u32::MAX)).unwrap_or(chunk.len);
    let unstated = claimed == 0 || claimed == u64::from(u32::MAX);
    if unstated && len > 0 {
        warnings.push(Warning::NoLength);
    }
    let mut layout = Layout {
        samples: format.samples,
        rate: format.rate,
        speakers: format.speakers,
        align: format.align,
        start: chunk.at,
        len,
        promised: (!unstated && claimed > len).then_some(claimed),
        found,
        warnings,
    };
    if !unstated && claimed < len {
        let seconds = |bytes| layout.frames(bytes) as f64 / f64::from(layout.rate);
        let warning = Warning::HeaderLength { said: seconds(claimed), found: seconds(len) };
        layout.warnings.push(warning);
    }
    Ok(layout)
}

struct Walk {
    at: u64,
    left: usize,
}

impl Walk {
    fn next(&mut self, bytes: &mut Bytes) -> Result<Option<Chunk>, AudioError> {
        let Some(header) = bytes.array::<8>(self.at)?.filter(|_| self.left > 0) else { return Ok(None) };
        self.left -= 1;
        let len = u64::from(header.le32(4).unwrap_or(0));
        let chunk = Chunk { id: header.part(0).unwrap_or_default(), at: self.at + 8, len };
        self.at = chunk.at + len + (len & 1);
        Ok(Some(chunk))
    }
}

/// Bytes of sound that are really there, whatever the header says.
fn real_len(bytes: &mut Bytes, chunk: Chunk, sizes: Option<u64>) -> Result<u64, AudioError> {
    let there = bytes.len().saturating_sub(chunk.at);
    if let Some(len) = sizes.filter(|_| chunk.len >= u64::from(u32::MAX)) {
        // A recorder that was switched off leaves a 0 here.
        return Ok(if len == 0 { there } else { len.min(there) });
    }
    if chunk.len >= there || chunk.len >= u64::from(u32::MAX) {
        return Ok(there);
    }
    // A length that other chunks follow, or the end, is true.
    if chunk.len == there || ends_well(bytes, chunk.at + chunk.len + (chunk.len & 1))? {
        return Ok(chunk.len);
    }
    if chunk.len == 0 {
        return Ok(there);
    }
    // More than 4 GiB of sound counted in 32 bits: some multiple of 2³² is missing.
    let mut len = chunk.len;
    for _ in 0..1024 {
        len += 1 << 32;
        if len > there {
            break;
        }
        if len == there || ends_well(bytes, chunk.at + len + (len & 1))? {
            return Ok(len);
        }
    }
    Ok(if there >= 1 << 32 { there } else { chunk.len })
}

/// Whether from here to the end of the file there are chunks, or nothing but the padding some programs leave.
fn ends_well(bytes: &mut Bytes, at: u64) -> Result<bool, AudioError> {
    let mut walk = Walk { at, left: 64 };
    if at >= bytes.len() {
        return Ok(at <= bytes.len() + 1);
    }
    let mut chunks = 0;
    while let Some(chunk) = walk.next(bytes)? {
        let named = chunk.id.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        if !named || chunk.at + chunk.len > bytes.len() {
            return Ok(false);
        }
        chunks += 1;
    }
    Ok(chunks > 0)
}

fn read_format(fields: &[u8]) -> Result<Format, AudioError> {
    let short = || AudioError::Damaged { reason: "its format chunk is too short".into() };
    let mut tag = fields.le16(0).ok_or_else(short)?;
    let channels = usize::from(fields.le16(2).ok_or_else(short)?);
    let rate = fields.le32(4).ok_or_else(short)?;
    let align = usize::from(fields.le16(12).ok_or_else(short)?);
    let bits = fields.le16(14).unwrap_or(8);
    check_limits(rate, channels)?;
    let mut speakers = Speaker::usual(channels);
    if tag == 0xFFFE {
        tag = fields.le16(24).ok_or_else(short)?;
        speakers = masked(fields.le32(20).unwrap_or(0), channels);
    }
    let bytes = usize::from(bits.div_ceil(8));
    let samples = match (tag, bytes) {
        (1, 1) => Samples::Pcm(Coding::U8),
        (1, 2) => Samples::Pcm(Coding::S16Le),
        (1, 3) => Samples::Pcm(Coding::S24Le),
        (1, 4) => Samples::Pcm(Coding::S32Le),
        (3, 4) => Samples::Pcm(Coding::F32Le),
        (3, 8) => Samples::Pcm(Coding::F64Le),
        (6, _) => Samples::Pcm(Coding::ALaw),
        (7, _) => Samples::Pcm(Coding::MuLaw),
        (1 | 3, _) => return Err(unsupported(format!("a WAV file with samples of {bits} bits"))),
        (2 | 0x11, _) if bits == 4 && channels <= 2 => {
            let (codec, name, header, first) = match tag {
                2 => (CODEC_ID_ADPCM_MS, "MS ADPCM", 7 * channels, 2),
                _ => (CODEC_ID_ADPCM_IMA_WAV, "IMA ADPCM", 4 * channels, 1),
            };
            let Some(body) = align.checked_sub(header).filter(|body| *body > 0) else {
                return Err(AudioError::Damaged { reason: "its ADPCM blocks are too small".into() });
            };
            Samples::Adpcm { codec, name, frames: (body * 2 / channels + first) as u64 }
        }
        (tag, _) => return Err(unsupported(format!("a WAV file with {}", codec_name(tag)))),
    };
    let align = match samples {
        // Block sizes of 0 occur; the frame is what its samples take.
        Samples::Pcm(coding) => align.max(coding.width() * channels),
        Samples::Adpcm { .. } => align,
    };
    Ok(Format { samples, rate, speakers, align })
}

/// Speakers by the channel mask of `WAVEFORMATEXTENSIBLE` (`mmreg.h`), lowest bit first.
pub(super) fn masked(mask: u32, channels: usize) -> Vec<Speaker> {
    use Speaker::{
        BackCentre, BackLeft, BackRight, FrontCentre, FrontLeft, FrontLeftOfCentre, FrontRight, FrontRightOfCentre,
        LowFrequency, OtherCentre, OtherLeft, OtherRight, SideLeft, SideRight,
    };
    const BITS: [Speaker; 18] = [
        FrontLeft,
        FrontRight,
        FrontCentre,
        LowFrequency,
        BackLeft,
        BackRight,
        FrontLeftOfCentre,
        FrontRightOfCentre,
        BackCentre,
        SideLeft,
        SideRight,
        OtherCentre,
        OtherLeft,
        OtherCentre,
        OtherRight,
        OtherLeft,
        OtherCentre,
        OtherRight,
    ];
    if mask == 0 {
        return if channels <= 2 { Speaker::usual(channels) } else { vec![Speaker::Unknown; channels] };
    }
    let named = BITS.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, speaker)| *speaker);
    named.chain(std::iter::repeat(Speaker::Unknown)).take(channels).collect()
}

/// Codecs that occur in WAV files, by the format tags of `mmreg.h`.
fn codec_name(tag: u16) -> String {
    match tag {
        0x02 | 0x11 => "ADPCM of an unusual kind",
        0x31 => "GSM 6.10 speech",
        0x45 | 0x64 | 0x65 => "G.726 speech",
        0x50 => "MP2 inside",
        0x55 => "MP3 inside",
        0x92 | 0x2000 => "AC-3 inside",
        0xFF | 0x1600 | 0x1610 => "AAC inside",
        0x160..=0x163 => "Windows Media Audio inside",
        0x2001 => "DTS inside",
        0x676F..=0x6771 => "Vorbis inside",
        0xF1AC => "FLAC inside",
        other => return format!("codec 0x{other:04X} inside"),
    }
    .into()
}

/// Cue points and their labels, which together are chapter marks.
#[derive(Default)]
struct Cues {
    points: Vec<(u32, u32)>,
    labels: Vec<(u32, String)>,
}

impl Cues {
    fn points(&mut self, chunk: &[u8]) {
        let points = chunk.get(4..).unwrap_or_default().chunks_exact(24).take(1000);
        self.points.extend(points.filter_map(|point| Some((point.le32(0)?, point.le32(20)?))));
    }

    fn labels(&mut self, mut list: &[u8]) {
        while let (Some(id), Some(len)) = (list.part::<4>(0), list.le32(4)) {
            let len = len as usize;
            let Some(body) = list.get(8..8usize.saturating_add(len)) else { break };
            if let (b"labl", Some(cue), Some(text)) = (&id, body.le32(0), body.get(4..)) {
                self.labels.push((cue, tags::latin_or_utf8(text)));
            }
            list = list.get(8 + len + (len & 1)..).unwrap_or_default();
        }
    }

    fn chapters(self, rate: u32) -> Vec<model::Chapter> {
        // Points without a name are edit marks of some program, not chapters.
        let named = self.labels.into_iter().filter(|(_, title)| !title.is_empty()).take(1000);
        let mark = |(cue, title)| {
            let (_, frame) = self.points.iter().find(|(id, _)| *id == cue)?;
            Some(model::Chapter { start_ms: u64::from(*frame) * 1000 / u64::from(rate), title, url: None })
        };
        named.filter_map(mark).collect()
    }
}
