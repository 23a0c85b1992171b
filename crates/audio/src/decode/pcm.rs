//! Uncompressed samples: bytes of interleaved frames into planar floats. Where the bytes come from is the container's
//! business.

use crate::Block;

/// How one sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    U8,
    S8,
    S16Le,
    S16Be,
    S24Le,
    S24Be,
    S32Le,
    S32Be,
    F32Le,
    F32Be,
    F64Le,
    F64Be,
    /// ITU-T G.711, A-law.
    ALaw,
    /// ITU-T G.711, µ-law.
    MuLaw,
}

impl Coding {
    /// Bytes per sample.
    pub(super) fn width(self) -> usize {
        match self {
            Self::U8 | Self::S8 | Self::ALaw | Self::MuLaw => 1,
            Self::S16Le | Self::S16Be => 2,
            Self::S24Le | Self::S24Be => 3,
            Self::S32Le | Self::S32Be | Self::F32Le | Self::F32Be => 4,
            Self::F64Le | Self::F64Be => 8,
        }
    }

    /// Name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::U8 | Self::S8 => "PCM 8 bit",
            Self::S16Le | Self::S16Be => "PCM 16 bit",
            Self::S24Le | Self::S24Be => "PCM 24 bit",
            Self::S32Le | Self::S32Be => "PCM 32 bit",
            Self::F32Le | Self::F32Be => "PCM 32 bit float",
            Self::F64Le | Self::F64Be => "PCM 64 bit float",
            Self::ALaw => "A-law",
            Self::MuLaw => "µ-law",
        }
    }

    /// Bits of an integer sample; floats and companded samples have none to speak of.
    pub(super) fn bits(self) -> Option<u32> {
        match self {
            Self::F32Le | Self::F32Be | Self::F64Le | Self::F64Be | Self::ALaw | Self::MuLaw => None,
            integer => Some(integer.width() as u32 * 8),
        }
    }

    /// Adds interleaved frames of `align` bytes each to the block. Bytes of an unfinished frame are not looked at.
    pub(super) fn append(self, bytes: &[u8], align: usize, into: &mut Block) {
        match self {
            Self::U8 => each(bytes, align, into, |[b]| f32::from(i16::from(b) - 128) / 128.0),
            Self::S8 => each(bytes, align, into, |[b]| f32::from(b as i8) / 128.0),
            Self::S16Le if align == 4 && into.channels() == 2 => stereo(bytes, into),
            Self::S16Le => each(bytes, align, into, |b| f32::from(i16::from_le_bytes(b)) / 32768.0),
            Self::S16Be => each(bytes, align, into, |b| f32::from(i16::from_be_bytes(b)) / 32768.0),
            Self::S24Le => each(bytes, align, into, |[a, b, c]| wide(i32::from_le_bytes([0, a, b, c]))),
            Self::S24Be => each(bytes, align, into, |[a, b, c]| wide(i32::from_be_bytes([a, b, c, 0]))),
            Self::S32Le => each(bytes, align, into, |b| wide(i32::from_le_bytes(b))),
            Self::S32Be => each(bytes, align, into, |b| wide(i32::from_be_bytes(b))),
            Self::F32Le => each(bytes, align, into, f32::from_le_bytes),
            Self::F32Be => each(bytes, align, into, f32::from_be_bytes),
            Self::F64Le => each(bytes, align, into, |b| f64::from_le_bytes(b) as f32),
            Self::F64Be => each(bytes, align, into, |b| f64::from_be_bytes(b) as f32),
            Self::ALaw => each(bytes, align, into, |[b]| a_law(b)),
            Self::MuLaw => each(bytes, align, into, |[b]| mu_law(b)),
        }
    }
}

/// A sample of up to 32 bits, left-justified.
fn wide(sample: i32) -> f32 {
    sample as f32 / 2_147_483_648.0
}

fn each<const W: usize>(bytes: &[u8], align: usize, into: &mut Block, sample: impl Fn([u8; W]) -> f32) {
    let start = into.frames();
    into.resize(start + bytes.len() / align);
    for (channel, output) in into.iter_mut().enumerate() {
        let offset = channel * W;
        for (output, frame) in output[start..].iter_mut().zip(bytes.chunks_exact(align)) {
            if let Some(Ok(bytes)) = frame.get(offset..offset + W).map(<[u8; W]>::try_from) {
                *output = sample(bytes);
            }
        }
    }
}

/// [`Coding::S16Le`] in two channels: what nearly all files are, and known to be of fixed width, so that it becomes vector
/// code.
fn stereo(bytes: &[u8], into: &mut Block) {
    let (frames, _) = bytes.as_chunks::<4>();
    let start = into.frames();
    into.resize(start + frames.len());
    let mut channels = into.iter_mut();
    if let (Some(left), Some(right)) = (channels.next(), channels.next()) {
        for ((left, right), &[a, b, c, d]) in left[start..].iter_mut().zip(&mut right[start..]).zip(frames) {
            *left = f32::from(i16::from_le_bytes([a, b])) / 32768.0;
            *right = f32::from(i16::from_le_bytes([c, d])) / 32768.0;
        }
    }
}

/// ITU-T G.711, table 1a, in 13 bits, left-justified in 16.
fn a_law(byte: u8) -> f32 {
    let byte = byte ^ 0x55;
    let (exponent, mantissa) = (i32::from(byte >> 4 & 7), i32::from(byte & 15));
    let size = if exponent == 0 { mantissa * 16 + 8 } else { (mantissa * 16 + 264) << (exponent - 1) };
    (if byte & 0x80 == 0 { -size } else { size }) as f32 / 32768.0
}

/// ITU-T G.711, table 2a, in 14 bits, left-justified in 16.
fn mu_law(byte: u8) -> f32 {
    let byte = !byte;
    let (exponent, mantissa) = (i32::from(byte >> 4 & 7), i32::from(byte & 15));
    let size = ((mantissa * 8 + 132) << exponent) - 132;
    (if byte & 0x80 == 0 { size } else { -size }) as f32 / 32768.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(coding: Coding, bytes: &[u8]) -> Vec<f32> {
        let mut block = Block::new(1, 0);
        coding.append(bytes, coding.width(), &mut block);
        block.channel(0).to_vec()
    }

    #[test]
    fn full_scale_in_every_coding() {
        assert_eq!(samples(Coding::U8, &[0, 128, 192]), [-1.0, 0.0, 0.5]);
        assert_eq!(samples(Coding::S8, &[0x80, 0, 0x40]), [-1.0, 0.0, 0.5]);
        assert_eq!(samples(Coding::S16Le, &[0, 0x80, 0, 0x40]), [-1.0, 0.5]);
        assert_eq!(samples(Coding::S16Be, &[0x80, 0, 0x40, 0]), [-1.0, 0.5]);
        assert_eq!(samples(Coding::S24Le, &[0, 0, 0x80, 0, 0, 0x40]), [-1.0, 0.5]);
        assert_eq!(samples(Coding::S24Be, &[0x80, 0, 0, 0x40, 0, 0]), [-1.0, 0.5]);
        assert_eq!(samples(Coding::S32Le, &[0, 0, 0, 0x80]), [-1.0]);
        assert_eq!(samples(Coding::S32Be, &[0x40, 0, 0, 0]), [0.5]);
        assert_eq!(samples(Coding::F32Be, &0.25f32.to_be_bytes()), [0.25]);
        assert_eq!(samples(Coding::F64Le, &(-2.0f64).to_le_bytes()), [-2.0]);
    }

    #[test]
    fn companding_ends_where_g711_says() {
        // G.711: A-law peaks at 4032 of 4096, µ-law at 8031 of 8192.
        assert_eq!(samples(Coding::ALaw, &[0xAA, 0x2A]), [4032.0 / 4096.0, -4032.0 / 4096.0]);
        assert_eq!(samples(Coding::MuLaw, &[0x80, 0x00, 0xFF]), [8031.0 / 8192.0, -8031.0 / 8192.0, 0.0]);
    }

    #[test]
    fn an_unfinished_frame_is_left() {
        let mut block = Block::new(2, 0);
        Coding::S16Le.append(&[0, 0x40, 0, 0x20, 0], 4, &mut block);
        assert_eq!((block.frames(), block.channel(0), block.channel(1)), (1, &[0.5][..], &[0.25][..]));
    }
}
