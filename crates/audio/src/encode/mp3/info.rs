//! The frame that stands before the sound and describes it: the Xing header with LAME's extension, which tells players
//! the length, where to seek, and how many samples to cut off at either end.
//!
//! Law: none by a standards body. Xing's layout and, behind it, the "Mp3 Info Tag rev 1" that LAME writes
//! (`libmp3lame/VbrTag.c` in the vendored source is the reference).

use super::frame::{Format, Rate};
use crate::tag::ReplayGain;

/// Samples of silence that LAME puts in front (`ENCDELAY`).
pub(super) const DELAY: u64 = 576;

/// Bytes of the header from "Xing" to the checksum.
const LENGTH: usize = 4 + 4 + 4 + 4 + 100 + 4 + 36;

/// Offsets that [`Index`] keeps at most.
const KEPT: usize = 2048;

/// Loudness that ReplayGain 2.0 brings everything to, in LUFS.
const REFERENCE: f64 = -18.0;

/// What is known when the stream is complete.
pub(super) struct Summary<'a> {
    /// Frames of sound.
    pub(super) frames: u64,
    /// Bytes of these frames.
    pub(super) bytes: u64,
    /// Samples per channel that were given.
    pub(super) samples: u64,
    /// Where frames lie.
    pub(super) index: &'a Index,
    /// Checksum of these bytes.
    pub(super) crc: Crc,
    /// Where the encoder cuts off high frequencies, in hertz.
    pub(super) lowpass: u32,
    /// Measured loudness.
    pub(super) gain: Option<&'a ReplayGain>,
}

/// Number of frames that hold so many samples with LAME's delay before and a decoder's delay behind them.
pub(super) fn frames(format: &Format, samples: u64) -> u64 {
    let frame = format.frame_samples() as u64;
    // LAME's rule: at least half a frame of MPEG-1 behind the last sample, more than the 529 that decoders are late.
    (samples + DELAY + 576).div_ceil(frame)
}

/// Bytes of the describing frame; the same from start to finish.
pub(super) fn length(format: &Format) -> usize {
    format.frame_length(bitrate_index(format))
}

/// The describing frame.
pub(super) fn write(format: &Format, summary: &Summary<'_>) -> Vec<u8> {
    let constant = matches!(format.bitrate(), Rate::Constant(_));
    let index = bitrate_index(format);
    let whole = length(format);
    let total = summary.bytes + whole as u64;
    let mut bytes = Vec::with_capacity(whole);

    let sync = if format.granules() == 2 { 0xfb } else { 0xf3 };
    let rate_index: u8 = match format.rate() {
        44_100 | 22_050 => 0,
        48_000 | 24_000 => 1,
        _ => 2,
    };
    // Joint stereo or mono; "original" is set as LAME sets it.
    let mode: u8 = if format.channels() == 1 { 0xc4 } else { 0x44 };
    bytes.extend_from_slice(&[0xff, sync, index << 4 | rate_index << 2, mode]);
    bytes.resize(4 + format.side_length(), 0);

    bytes.extend_from_slice(if constant { b"Info" } else { b"Xing" });
    // Frames, bytes, table of contents and quality follow.
    bytes.extend_from_slice(&15u32.to_be_bytes());
    bytes.extend_from_slice(&saturate(summary.frames).to_be_bytes());
    bytes.extend_from_slice(&saturate(total).to_be_bytes());
    for percent in 0..100 {
        let offset = whole as u64 + summary.index.offset(percent * summary.frames / 100);
        bytes.push((offset * 256 / total.max(1)).min(255) as u8);
    }
    // Quality as LAME counts it: 100 − 10 × its VBR quality − its effort.
    let vbr_quality = match format.bitrate() {
        Rate::Constant(_) => 4,
        Rate::Variable(quality) => quality as u32,
    };
    bytes.extend_from_slice(&(100 - 10 * vbr_quality - super::QUALITY.unsigned_abs()).to_be_bytes());

    bytes.extend_from_slice(b"LAME3.100");
    // Revision 0; method 1 is constant bitrate, 4 is LAME's newer variable one.
    bytes.push(if constant { 1 } else { 4 });
    bytes.push((summary.lowpass / 100).min(255) as u8);
    let (peak, gain) = summary.gain.map_or((0, 0), |measured| (peak_field(measured), gain_field(measured)));
    bytes.extend_from_slice(&peak.to_be_bytes());
    bytes.extend_from_slice(&gain.to_be_bytes());
    // No audiophile gain.
    bytes.extend_from_slice(&[0, 0]);
    // Encoding flags: the newer psychoacoustic model (its only one today) and safe joint stereo; hearing threshold type 5 at
    // variable bitrate, 4 else.
    bytes.push(0x30 | if constant { 4 } else { 5 });
    bytes.push(match format.bitrate() {
        Rate::Constant(kbps) => kbps.min(255) as u8,
        Rate::Variable(_) => format.bitrates().first().map_or(0, |&least| least as u8),
    });
    let coded = summary.frames * format.frame_samples() as u64;
    let padding = coded.saturating_sub(DELAY + summary.samples).min(4095) as u32;
    bytes.extend_from_slice(&((DELAY as u32) << 12 | padding).to_be_bytes()[1..]);
    // Source rate (0: up to 32 kHz, 1: 44.1, 2: 48), stereo mode (0: mono, 3: joint), noise shaping 1.
    let source = match format.rate() {
        44_100 => 1,
        48_000 => 2,
        _ => 0,
    };
    let stereo = if format.channels() == 1 { 0 } else { 3 };
    bytes.push(source << 6 | stereo << 2 | 1);
    // No gain was applied to the stream; no preset, no surround.
    bytes.extend_from_slice(&[0, 0, 0]);
    bytes.extend_from_slice(&saturate(total).to_be_bytes());
    bytes.extend_from_slice(&summary.crc.value().to_be_bytes());
    let mut crc = Crc::default();
    crc.update(&bytes);
    bytes.extend_from_slice(&crc.value().to_be_bytes());
    bytes.resize(whole, 0);
    bytes
}

/// Where frames lie in the stream: a sample of their offsets that stays small however many there are.
#[derive(Debug)]
pub(super) struct Index {
    offsets: Vec<u64>,
    every: u64,
    frames: u64,
}

impl Default for Index {
    fn default() -> Self {
        Self { offsets: Vec::new(), every: 1, frames: 0 }
    }
}

impl Index {
    /// Notes the offset of the next frame.
    pub(super) fn push(&mut self, offset: u64) {
        if self.frames.is_multiple_of(self.every) {
            if self.offsets.len() == KEPT {
                let mut place = 0;
                self.offsets.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.every *= 2;
            }
            if self.frames.is_multiple_of(self.every) {
                self.offsets.push(offset);
            }
        }
        self.frames += 1;
    }

    /// Number of frames noted.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// Offset of a frame, or of one shortly before it.
    fn offset(&self, frame: u64) -> u64 {
        let place = usize::try_from(frame / self.every).unwrap_or(usize::MAX);
        self.offsets.get(place).or(self.offsets.last()).copied().unwrap_or(0)
    }
}

/// The checksum of LAME's header: polynomial x¹⁶ + x¹⁵ + x² + 1, lowest bit first, from zero.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Crc(u16);

impl Crc {
    /// Takes more bytes in.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = CRC_TABLE[usize::from(self.0 as u8 ^ byte)] ^ self.0 >> 8;
        }
    }

    /// The checksum of all bytes so far.
    pub(super) fn value(self) -> u16 {
        self.0
    }
}

const CRC_TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u16;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ 0xa001 } else { value >> 1 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
};

/// The stream's own bitrate where it has one and its frames are long enough, else the next that is.
fn bitrate_index(format: &Format) -> u8 {
    let wanted = match format.bitrate() {
        Rate::Constant(kbps) => kbps,
        // What LAME takes.
        Rate::Variable(_) => 64 * format.granules() as u32,
    };
    let greatest = format.bitrates().len() as u8;
    let first = format.bitrate_index(wanted).unwrap_or(greatest);
    let needed = 4 + format.side_length() + LENGTH;
    (first..=greatest).find(|&index| format.frame_length(index) >= needed).unwrap_or(greatest)
}

fn saturate(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Peak in fixed point, 2²³ for full scale.
fn peak_field(measured: &ReplayGain) -> u32 {
    (measured.peak.max(0.0) * f64::from(1u32 << 23)).round() as u32
}

/// Track gain in tenths of a decibel with its sign apart, marked as such and as found by a program.
fn gain_field(measured: &ReplayGain) -> u16 {
    let gain = REFERENCE - measured.loudness;
    if !gain.is_finite() {
        return 0;
    }
    let tenths = (gain.abs() * 10.0).round().min(511.0) as u16;
    let sign = u16::from(gain < 0.0);
    1 << 13 | 3 << 10 | sign << 9 | tenths
}
