//! Cover pictures: the check of what somebody gave as a cover, and the picture block that FLAC, Opus and Vorbis carry.
//! Only the first bytes are read; pixels are nobody's business here.

use std::sync::Arc;

use super::Cover;
use crate::AudioError;

/// What the header of a picture says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    mime: &'static str,
    width: u32,
    height: u32,
    /// Bits per pixel, 0 if the header does not say.
    depth: u32,
    /// Colours in the palette, 0 for pictures without one.
    colours: u32,
}

impl Cover {
    /// Greatest size of the file in bytes. With its description it must fit the 24-bit length of a FLAC metadata block
    /// (RFC 9639, section 8.1), which ends just below 16 MiB.
    pub const MAX_BYTES: usize = 16_000_000;
    /// Greatest width and height in pixels.
    pub const MAX_SIDE: u32 = 10_000;

    /// Takes a JPEG or PNG file as a cover after looking at its header.
    ///
    /// What is neither, ends too early, or lies above [`Cover::MAX_BYTES`] or [`Cover::MAX_SIDE`] is an error that says
    /// what was found.
    pub fn parse(bytes: impl Into<Arc<[u8]>>) -> Result<Self, AudioError> {
        let bytes = bytes.into();
        if bytes.len() > Self::MAX_BYTES {
            let (found, limit) = (bytes.len() as u64, Self::MAX_BYTES as u64);
            return Err(AudioError::Limit { what: "The size of the cover in bytes", found, limit });
        }
        let Header { mime, width, height, .. } = header(&bytes)?;
        for (what, side) in [("The width of the cover in pixels", width), ("The height of the cover in pixels", height)]
        {
            if side > Self::MAX_SIDE {
                return Err(AudioError::Limit { what, found: side.into(), limit: Self::MAX_SIDE.into() });
            }
        }
        Ok(Self { mime, width, height, bytes })
    }

    /// The picture as the content of a FLAC PICTURE block (RFC 9639, section 8.8), which Opus and Vorbis carry in
    /// base64 as the comment METADATA_BLOCK_PICTURE.
    pub(crate) fn picture_block(&self) -> Vec<u8> {
        const FRONT_COVER: u32 = 3;
        let (depth, colours) = header(&self.bytes).map_or((0, 0), |header| (header.depth, header.colours));
        let mut block = Vec::with_capacity(self.bytes.len() + 64);
        block.extend(FRONT_COVER.to_be_bytes());
        block.extend((self.mime.len() as u32).to_be_bytes());
        block.extend(self.mime.as_bytes());
        block.extend(0u32.to_be_bytes()); // no description
        for number in [self.width, self.height, depth, colours, self.bytes.len() as u32] {
            block.extend(number.to_be_bytes());
        }
        block.extend(self.bytes.iter());
        block
    }
}

fn header(bytes: &[u8]) -> Result<Header, AudioError> {
    match bytes {
        [] => Err(AudioError::Empty),
        [0xFF, 0xD8, 0xFF, ..] => jpeg(bytes),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => png(bytes),
        _ => Err(AudioError::Unsupported {
            name: looks_like(bytes).to_owned(),
            way_out: "Give the cover as JPEG or PNG.".to_owned(),
        }),
    }
}

/// Walks over the segments of a JPEG file to its frame header (ITU-T T.81, annex B.2).
fn jpeg(bytes: &[u8]) -> Result<Header, AudioError> {
    const TOO_SHORT: &str = "the JPEG picture given as cover ends before its size is told";
    let mut at = 2;
    // Each turn moves `at` forward by at least one byte, so this ends with the bytes.
    loop {
        let (Some(&mark), Some(&kind)) = (bytes.get(at), bytes.get(at + 1)) else { return Err(damaged(TOO_SHORT)) };
        if mark != 0xFF {
            return Err(damaged("the JPEG picture given as cover has no segment where one must begin"));
        }
        match kind {
            0xFF => at += 1,               // fill byte
            0x01 | 0xD0..=0xD7 => at += 2, // segments without content
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let Some(&[_, _, precision, h1, h0, w1, w0, components]) = bytes.get(at + 2..at + 10) else {
                    return Err(damaged(TOO_SHORT));
                };
                let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
                if width == 0 || height == 0 {
                    return Err(damaged("the JPEG picture given as cover has a width or height of 0"));
                }
                return Ok(Header {
                    mime: "image/jpeg",
                    width: width.into(),
                    height: height.into(),
                    depth: u32::from(precision) * u32::from(components),
                    colours: 0,
                });
            }
            0xD9 | 0xDA => return Err(damaged("the JPEG picture given as cover has no frame header")),
            _ => {
                let Some(&[high, low]) = bytes.get(at + 2..at + 4) else { return Err(damaged(TOO_SHORT)) };
                at += 2 + usize::from(u16::from_be_bytes([high, low])).max(2);
            }
        }
    }
}

/// Reads the first chunk of a PNG file (PNG specification, third edition, section 11.2.1) and counts its palette.
fn png(bytes: &[u8]) -> Result<Header, AudioError> {
    const INDEXED: u8 = 3;
    let Some(&[l3, l2, l1, l0, b'I', b'H', b'D', b'R', w3, w2, w1, w0, h3, h2, h1, h0, bits, kind, ..]) =
        bytes.get(8..33)
    else {
        return Err(damaged("the PNG picture given as cover ends before its size is told"));
    };
    let (width, height) = (u32::from_be_bytes([w3, w2, w1, w0]), u32::from_be_bytes([h3, h2, h1, h0]));
    if u32::from_be_bytes([l3, l2, l1, l0]) != 13 || width == 0 || height == 0 {
        return Err(damaged("the PNG picture given as cover has a header that makes no sense"));
    }
    let samples = match kind {
        2 => 3,
        4 => 2,
        6 => 4,
        _ => 1,
    };
    let colours = if kind == INDEXED { palette(bytes) } else { 0 };
    Ok(Header { mime: "image/png", width, height, depth: u32::from(bits) * samples, colours })
}

/// Number of colours in the palette chunk of a PNG file; 0 if there is none before the pixels.
fn palette(bytes: &[u8]) -> u32 {
    let mut at = 33;
    // Each turn moves `at` forward by at least the 12 bytes around a chunk's content.
    while let Some(&[l3, l2, l1, l0, ref name @ ..]) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([l3, l2, l1, l0]);
        match name {
            b"PLTE" => return length / 3,
            b"IDAT" | b"IEND" => return 0,
            _ => at = at.saturating_add(12).saturating_add(length as usize),
        }
        if at > bytes.len() {
            return 0;
        }
    }
    0
}

fn looks_like(bytes: &[u8]) -> &'static str {
    match bytes {
        [b'G', b'I', b'F', b'8', ..] => "a GIF picture",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "a WebP picture",
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f', ..] => "an AVIF picture",
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', b'e' | b'i', ..] => "a HEIC picture",
        [b'B', b'M', ..] => "a BMP picture",
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => "a TIFF picture",
        [b'%', b'P', b'D', b'F', ..] => "a PDF document",
        _ => {
            let start = &bytes[..bytes.len().min(512)];
            let text = start.iter().all(|&byte| byte >= 0x20 || matches!(byte, b'\t' | b'\n' | b'\r'));
            match (text, start.windows(4).any(|four| four == b"<svg")) {
                (true, true) => "an SVG drawing",
                (true, false) => "text",
                _ => "a file of unknown kind",
            }
        }
    }
}

fn damaged(reason: &str) -> AudioError {
    AudioError::Damaged { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    /// Headers as far as this module reads them, with nothing behind.
    fn png_of(width: u32, height: u32, kind: u8) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, kind, 0, 0, 0, 1, 2, 3, 4]);
        bytes
    }

    fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
        let mut bytes = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xff\xc2\0\x11\x08".to_vec();
        bytes.extend(height.to_be_bytes());
        bytes.extend(width.to_be_bytes());
        bytes.extend([3, 0]);
        bytes
    }

    fn refusal(bytes: impl Into<Vec<u8>>) -> String {
        Cover::parse(bytes.into()).unwrap_err().to_string()
    }

    #[test]
    fn reads_the_size_of_both_kinds() {
        let cover = Cover::parse(jpeg_of(640, 480)).unwrap();
        assert_eq!((cover.mime, cover.width, cover.height), ("image/jpeg", 640, 480));
        assert_eq!(header(&cover.bytes).unwrap().depth, 24);
        let cover = Cover::parse(png_of(10_000, 1, 6)).unwrap();
        assert_eq!((cover.mime, cover.width, cover.height), ("image/png", 10_000, 1));
        assert_eq!(header(&cover.bytes).unwrap().depth, 32);
    }

    #[test]
    fn counts_a_palette() {
        let mut bytes = png_of(4, 4, 3);
        bytes.extend(b"\0\0\0\x04gAMA\0\0\0\0crc!\0\0\0\x09PLTE");
        assert_eq!(header(&bytes).unwrap().colours, 3);
    }

    #[test]
    fn says_what_was_found() {
        let cases: [(&[u8], &str); 6] = [
            (b"", "The file is empty (0 bytes)."),
            (b"GIF89a", "This is a GIF picture, which Soundpost cannot read. Give the cover as JPEG or PNG."),
            (
                b"RIFF\x10\0\0\0WEBPVP8 ",
                "This is a WebP picture, which Soundpost cannot read. Give the cover as JPEG or PNG.",
            ),
            (b"hello", "This is text, which Soundpost cannot read. Give the cover as JPEG or PNG."),
            (
                b"<?xml version=\"1.0\"?><svg/>",
                "This is an SVG drawing, which Soundpost cannot read. Give the cover as JPEG or PNG.",
            ),
            (
                b"\xff\xd8\xff\xe0\0\x10JF",
                "The file is damaged: the JPEG picture given as cover ends before its size is told.",
            ),
        ];
        for (bytes, text) in cases {
            assert_eq!(refusal(bytes), text);
        }
        assert_eq!(
            refusal(png_of(10_001, 1, 2)),
            "The width of the cover in pixels is 10001, more than the 10000 that Soundpost takes."
        );
        assert_eq!(
            refusal(vec![0; Cover::MAX_BYTES + 1]),
            "The size of the cover in bytes is 16000001, more than the 16000000 that Soundpost takes."
        );
    }

    proptest! {
        #[test]
        fn never_panics(start in 0usize..3, mut tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = [&b""[..], b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x03\0\0\0crc!"][start].to_vec();
            bytes.append(&mut tail);
            let _ = header(&bytes);
        }
    }
}
