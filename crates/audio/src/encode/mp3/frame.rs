//! What an MP3 frame is made of: the format of a stream, the side information of a frame, the data that belongs to it.
//! Reading and rewriting only; how frames share their bytes is in [`pack`](super::pack).
//!
//! Law: ISO/IEC 11172-3:1993, 2.4.1.7 and 2.4.2.7 (MPEG-1), ISO/IEC 13818-3:1998, 2.4.1.7 (half sample rates).

use std::ops::Range;

/// Kilobits per second by bitrate index, MPEG-1 layer III (ISO/IEC 11172-3, 2.4.2.3). 0 and 15 are not used.
const KBPS_MPEG1: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// The same for the half sample rates (ISO/IEC 13818-3, 2.4.2.3).
const KBPS_MPEG2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/// Bytes that the data of one granule of all channels may take, reservoir included: 7680 bits. LAME keeps to it, so every
/// decoder in use can hold that much.
const GRANULE_BYTES: usize = 960;

/// How many bits a stream may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rate {
    /// The same in each frame, in kilobits per second.
    Constant(u32),
    /// As many as it takes for a quality between 0 (best) and 9.999.
    Variable(f32),
}

/// What all frames of a stream have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    rate: u32,
    channels: usize,
    bitrate: Rate,
    mpeg1: bool,
}

impl Format {
    /// The format for a sample rate of MPEG-1 or MPEG-2 and one or two channels; `None` for any other.
    pub(super) fn new(rate: u32, channels: usize, bitrate: Rate) -> Option<Self> {
        let mpeg1 = match rate {
            44_100 | 48_000 | 32_000 => true,
            22_050 | 24_000 | 16_000 => false,
            _ => return None,
        };
        let format = Self { rate, channels, bitrate, mpeg1 };
        let known = match bitrate {
            Rate::Constant(kbps) => format.bitrates().contains(&kbps),
            Rate::Variable(_) => true,
        };
        (known && (1..=2).contains(&channels)).then_some(format)
    }

    /// Samples per second.
    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// 1 or 2.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Constant or variable.
    pub(super) fn bitrate(&self) -> Rate {
        self.bitrate
    }

    /// Granules of 576 samples in a frame.
    pub(super) fn granules(&self) -> usize {
        if self.mpeg1 { 2 } else { 1 }
    }

    /// Samples per channel in a frame.
    pub(super) fn frame_samples(&self) -> usize {
        576 * self.granules()
    }

    /// Bitrates that frames of this format can have, rising.
    pub(super) fn bitrates(&self) -> &'static [u32] {
        &self.table()[1..]
    }

    /// Index of a bitrate in the frame header.
    pub(super) fn bitrate_index(&self, kbps: u32) -> Option<u8> {
        self.table().iter().position(|&known| known == kbps && kbps > 0).and_then(|index| u8::try_from(index).ok())
    }

    /// Bytes of a whole frame without its padding byte.
    pub(super) fn frame_length(&self, index: u8) -> usize {
        let kbps = self.table().get(usize::from(index)).copied().unwrap_or(0);
        (self.granules() as u32 * 72_000 * kbps / self.rate) as usize
    }

    /// By how much frames without padding are too short for their bitrate: bytes per frame, times the sample rate.
    pub(super) fn frame_remainder(&self, index: u8) -> u32 {
        let kbps = self.table().get(usize::from(index)).copied().unwrap_or(0);
        self.granules() as u32 * 72_000 * kbps % self.rate
    }

    /// Bytes of the side information.
    pub(super) fn side_length(&self) -> usize {
        match (self.mpeg1, self.channels) {
            (true, 1) | (false, 2) => 17,
            (true, _) => 32,
            (false, _) => 9,
        }
    }

    /// Bytes that may be left over for later frames after a frame of the given length.
    pub(super) fn reservoir_limit(&self, frame_length: usize) -> usize {
        let field = if self.mpeg1 { 511 } else { 255 };
        (GRANULE_BYTES * self.granules()).saturating_sub(frame_length).min(field)
    }

    fn table(&self) -> &'static [u32; 15] {
        if self.mpeg1 { &KBPS_MPEG1 } else { &KBPS_MPEG2 }
    }

    fn main_data_begin_bits(&self) -> usize {
        if self.mpeg1 { 9 } else { 8 }
    }
}

/// One frame apart from where its data lies in a stream.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Sync word to emphasis. Bitrate and padding are set anew when the frame is packed.
    pub(super) header: [u8; 4],
    /// Side information in its first [`Format::side_length`] bytes.
    pub(super) side: [u8; 32],
    /// Its data in the bytes of its run.
    pub(super) data: Range<usize>,
    /// Per channel, whether the first granule's window rises steeply.
    pub(super) steep_in: [bool; 2],
    /// Per channel, whether the last granule's window falls steeply.
    pub(super) steep_out: [bool; 2],
    /// Greatest sample that came out of a decoder, where it was asked.
    pub(super) peak: f32,
    /// Whether the sound under this frame was turned down locally.
    pub(super) dipped: bool,
}

impl Frame {
    /// Sets where the frame's data begins: bytes before its own header, without counting headers and side information.
    pub(super) fn set_main_data_begin(&mut self, format: &Format, bytes: usize) {
        if format.mpeg1 {
            self.side[0] = (bytes >> 1) as u8;
            self.side[1] = (self.side[1] & 0x7f) | ((bytes as u8 & 1) << 7);
        } else {
            self.side[0] = bytes as u8;
        }
    }
}

/// A frame as it stands in an encoder's own stream.
pub(super) struct Parsed {
    /// The frame, with an empty data range.
    pub(super) frame: Frame,
    /// Bytes before its header at which its data begins, headers and side information not counted.
    pub(super) main_data_begin: usize,
    /// Bytes of its data.
    pub(super) data_length: usize,
    /// Bytes from its header to the next.
    pub(super) length: usize,
}

/// Reads the frame at the front of `bytes`, which must be one of this format without a checksum. `None` when it is not.
pub(super) fn parse(format: &Format, bytes: &[u8]) -> Option<Parsed> {
    let header: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    // Sync word, no MPEG-2.5, layer III, no checksum.
    let expected = if format.mpeg1 { 0xfb } else { 0xf3 };
    if header[0] != 0xff || header[1] != expected {
        return None;
    }
    let index = header[2] >> 4;
    let padding = usize::from(header[2] >> 1 & 1);
    if !(1..=14).contains(&index) {
        return None;
    }
    let length = format.frame_length(index) + padding;
    let mut side = [0; 32];
    let stored = bytes.get(4..4 + format.side_length())?;
    side.get_mut(..stored.len())?.copy_from_slice(stored);

    let mut bits = Bits { bytes: &side, position: 0 };
    let main_data_begin = bits.take(format.main_data_begin_bits()) as usize;
    match (format.mpeg1, format.channels) {
        (true, 1) => bits.skip(5 + 4),
        (true, _) => bits.skip(3 + 8),
        (false, channels) => bits.skip(channels),
    }
    let mut data_bits = 0;
    let mut steep_in = [false; 2];
    let mut steep_out = [false; 2];
    for granule in 0..format.granules() {
        for channel in 0..format.channels.min(2) {
            data_bits += bits.take(12) as usize;
            // big_values, global_gain, scalefac_compress.
            bits.skip(9 + 8 + if format.mpeg1 { 4 } else { 9 });
            let block_type = if bits.take(1) == 1 {
                let block_type = bits.take(2);
                bits.skip(20);
                block_type
            } else {
                bits.skip(22);
                0
            };
            bits.skip(if format.mpeg1 { 3 } else { 2 });
            // 1 falls steeply, 3 rises steeply, 2 is three short windows and does both (2.4.2.7, block_type).
            if granule == 0 {
                steep_in[channel] = matches!(block_type, 2 | 3);
            }
            steep_out[channel] = matches!(block_type, 1 | 2);
        }
    }
    let frame = Frame { header, side, data: 0..0, steep_in, steep_out, peak: 0.0, dipped: false };
    Some(Parsed { frame, main_data_begin, data_length: data_bits.div_ceil(8), length })
}

/// Reads bits, the highest of each byte first. Past the end come zeros.
struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> u32 {
        (0..count).fold(0, |value, _| {
            let byte = self.bytes.get(self.position / 8).copied().unwrap_or(0);
            let bit = byte >> (7 - self.position % 8) & 1;
            self.position += 1;
            value << 1 | u32::from(bit)
        })
    }

    fn skip(&mut self, count: usize) {
        self.position += count;
    }
}
