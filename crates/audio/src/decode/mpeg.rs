//! Headers of MPEG audio frames (ISO/IEC 11172-3 and 13818-3) and of ADTS (ISO/IEC 14496-3, 1.A.2), read only to
//! recognise a stream, to see whether it states its length, and to tell HE-AAC. Decoding is symphonia's.

use super::bytes::Fields;

/// One frame header, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// 1, 2 or 3.
    pub(super) layer: u8,
    /// Frames per second.
    pub(super) rate: u32,
    /// Bytes from this header to the next.
    pub(super) len: usize,
    /// Where a Xing or Info tag would stand, counted from the header.
    pub(super) tag_at: usize,
}

impl Header {
    /// Reads the four bytes of a header.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let [sync, second, third, fourth] = bytes.part(0)?;
        if sync != 0xFF || second & 0xE0 != 0xE0 {
            return None;
        }
        let version = second >> 3 & 3; // 0: 2.5, 2: 2, 3: 1
        let layer = 4 - (second >> 1 & 3);
        let bitrate = BITRATES[usize::from(version != 3)][usize::from(layer.min(3)) - 1][usize::from(third >> 4)];
        let rate = [44_100, 48_000, 32_000, 0][usize::from(third >> 2 & 3)];
        if version == 1 || layer == 4 || bitrate == 0 || rate == 0 {
            return None;
        }
        let rate = rate >> [2, 0, 1, 0][usize::from(version)];
        let padding = usize::from(third >> 1 & 1);
        let bits = usize::from(bitrate) * 1000;
        let len = match layer {
            1 => (12 * bits / rate as usize + padding) * 4,
            3 if version != 3 => 72 * bits / rate as usize + padding,
            _ => 144 * bits / rate as usize + padding,
        };
        let mono = fourth >> 6 == 3;
        let tag_at = match (version == 3, mono) {
            (true, false) => 36,
            (true, true) | (false, false) => 21,
            (false, true) => 13,
        };
        Some(Self { layer, rate, len, tag_at })
    }

    /// Whether two headers can belong to one stream.
    fn agrees(self, other: Self) -> bool {
        self.layer == other.layer && self.rate == other.rate
    }
}

/// Kilobits per second by MPEG-1 or later, layer and index; 0 is free or forbidden.
const BITRATES: [[[u16; 16]; 3]; 2] = [
    [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
    ],
    [
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
    ],
];

/// Length of an ADTS frame with its header, if the bytes begin with one.
pub(super) fn adts_len(bytes: &[u8]) -> Option<usize> {
    let [sync, second, third, fourth, fifth, sixth] = bytes.part(0)?;
    let len = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    let known_rate = third >> 2 & 15 < 13;
    (sync == 0xFF && second & 0xF6 == 0xF0 && known_rate && len >= 7).then_some(len)
}

/// Where a stream of MPEG audio frames begins: the first header followed by another that agrees, or by the end.
pub(super) fn find_frames(head: &[u8], whole: bool) -> Option<(usize, Header)> {
    find(head, whole, Header::read, |header| header.len, |a, b| a.agrees(*b))
}

/// Where a stream of ADTS frames begins.
pub(super) fn find_adts(head: &[u8], whole: bool) -> Option<usize> {
    find(head, whole, adts_len, |len| *len, |_, _| true).map(|(at, _)| at)
}

/// A header counts at the very beginning when one more follows or the file ends with it; elsewhere two more must follow,
/// since chance makes headers out of anything.
fn find<H: Copy>(
    head: &[u8],
    whole: bool,
    read: impl Fn(&[u8]) -> Option<H>,
    len: impl Fn(&H) -> usize,
    agree: impl Fn(&H, &H) -> bool,
) -> Option<(usize, H)> {
    (0..head.len()).find_map(|at| {
        let first = read(&head[at..])?;
        let mut next = at + len(&first);
        let mut followers = if at == 0 { 1 } else { 2 };
        while followers > 0 {
            match head.get(next..).filter(|rest| rest.len() >= 7) {
                // The end of the file, or of what we look at.
                None if at == 0 && (whole || next >= head.len()) => break,
                None => return None,
                Some(rest) => {
                    let follower = read(rest).filter(|follower| agree(&first, follower))?;
                    next += len(&follower);
                    followers -= 1;
                }
            }
        }
        Some((at, first))
    })
}

/// Frames of sound, delay and padding included, that a Xing, Info or VBRI tag in the first frame declares.
pub(super) fn declared(frame: &[u8], header: Header) -> Option<u64> {
    if header.layer != 3 {
        return None;
    }
    let id: Option<[u8; 4]> = frame.part(header.tag_at);
    let count = match id {
        Some(id) if id == *b"Xing" || id == *b"Info" => {
            let flags = frame.be32(header.tag_at + 4)?;
            (flags & 1 != 0).then(|| frame.be32(header.tag_at + 8)).flatten()
        }
        // The VBRI tag stands 32 bytes behind the header; the count is its field at 14.
        _ if frame.part(36) == Some(*b"VBRI") => frame.be32(36 + 14),
        _ => None,
    }?;
    let samples = if header.rate >= 32_000 { 1152 } else { 576 };
    Some(u64::from(count) * samples)
}

/// Tells whether AAC frames carry spectral band replication that nothing declares (implicit HE-AAC).
///
/// A frame with it ends in a fill element of extension type `EXT_SBR_DATA` (13) or `EXT_SBR_DATA_CRC` (14), the end
/// mark and less than eight bits of alignment (ISO/IEC 14496-3, 4.5.1.3 and table 4.121). That tail is looked for
/// backwards. By chance it is there in about one frame of a hundred; nine of ten frames decide.
#[derive(Debug, Default)]
pub(super) struct SbrWatch {
    seen: u32,
    with: u32,
}

impl SbrWatch {
    /// Frames after which the answer is settled.
    const FRAMES: u32 = 20;

    /// Looks at one frame. `Some(true)` when enough frames have been seen and they carry SBR.
    pub(super) fn look(&mut self, frame: &[u8]) -> Option<bool> {
        // The shortest frames are silence, often without any payload to tell.
        if frame.len() > 8 {
            self.seen += 1;
            self.with += u32::from(ends_with_sbr(frame));
        }
        (self.seen >= Self::FRAMES).then(|| self.says_yes())
    }

    /// The answer from what has been seen, for files shorter than the usual number of frames.
    pub(super) fn says_yes(&self) -> bool {
        self.seen >= 2 && self.with * 10 >= self.seen * 9
    }
}

fn ends_with_sbr(frame: &[u8]) -> bool {
    let total = frame.len() * 8;
    let bits = |at: usize, count: usize| {
        (at..at + count).try_fold(0usize, |value, at| {
            frame.get(at / 8).map(|byte| value << 1 | usize::from(byte >> (7 - at % 8) & 1))
        })
    };
    (0..8.min(total)).filter(|spare| bits(total - spare, *spare) == Some(0)).any(|spare| {
        let Some(end) = (total - spare).checked_sub(3).filter(|end| bits(*end, 3) == Some(7)) else { return false };
        (1..=269usize).any(|count| {
            let escaped = count >= 15;
            let before = if escaped { 15 } else { 7 };
            let Some(start) = end.checked_sub(count * 8 + before) else { return false };
            let length = if escaped {
                bits(start + 3, 4) == Some(15) && bits(start + 7, 8) == Some(count - 14)
            } else {
                bits(start + 3, 4) == Some(count)
            };
            length && bits(start, 3) == Some(6) && matches!(bits(start + before, 4), Some(13 | 14))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_every_version() {
        let read = |bytes: [u8; 4]| Header::read(&bytes);
        assert_eq!(read([0xFF, 0xFB, 0x90, 0x64]), Some(Header { layer: 3, rate: 44_100, len: 417, tag_at: 36 }));
        assert_eq!(read([0xFF, 0xF3, 0x40, 0xC0]), Some(Header { layer: 3, rate: 22_050, len: 104, tag_at: 13 }));
        assert_eq!(read([0xFF, 0xE3, 0x28, 0xC4]), Some(Header { layer: 3, rate: 8_000, len: 144, tag_at: 13 }));
        assert_eq!(read([0xFF, 0xFD, 0x84, 0x00]).map(|h| (h.layer, h.rate, h.len)), Some((2, 48_000, 384)));
        assert_eq!(read([0xFF, 0xFB, 0xF0, 0x64]), None, "bit rate 15 is forbidden");
        assert_eq!(read([0xFF, 0xF9, 0x50, 0x80]), None, "ADTS is not a layer");
    }

    #[test]
    fn a_lone_header_in_the_middle_is_chance() {
        let mut head = vec![0u8; 4000];
        head[100..104].copy_from_slice(&[0xFF, 0xFB, 0x90, 0x64]);
        assert_eq!(find_frames(&head, true), None);
        for at in [100, 517, 934] {
            head[at..at + 4].copy_from_slice(&[0xFF, 0xFB, 0x90, 0x64]);
        }
        assert_eq!(find_frames(&head, true).map(|(at, _)| at), Some(100));
    }

    #[test]
    fn sbr_payload_at_the_end_is_seen() {
        // Eight bits of anything, fill element of 3 bytes with extension 13, end mark, alignment.
        let bits = format!("{}{}{}{}{}{}", "10110101", "110", "0011", "1101", "01010101010101010101", "111");
        let padded = format!("{bits:0<48}");
        let frame: Vec<u8> = (0..6).map(|i| u8::from_str_radix(&padded[i * 8..i * 8 + 8], 2).unwrap_or(0)).collect();
        assert!(ends_with_sbr(&frame));
        assert!(!ends_with_sbr(&[0x21, 0x10, 0x04, 0x60, 0x8C, 0x1C]));
        assert!(!ends_with_sbr(&[]));
    }
}
