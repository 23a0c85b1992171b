//! Ogg pages (RFC 3533): writing packets as pages, changing pages that were written, and making pages of another stream
//! part of one's own. What is in the packets is the business of the codecs.

use std::io::{self, Seek, SeekFrom, Write};

/// Granule position of a page on which no packet ends (RFC 3533, section 6).
const NO_PACKET_ENDS: u64 = u64::MAX;
/// Lacing values, and so 255-byte segments, in the largest page.
const MOST_SEGMENTS: usize = 255;
/// Bytes in front of the lacing values.
const FIXED_HEADER: usize = 27;

const CONTINUED: u8 = 1;
const FIRST: u8 = 2;
const LAST: u8 = 4;

/// A serial number that depends on nothing but what is asked for, so that the same order gives the same bytes. The
/// files have one stream each, so no two numbers can meet in one of them.
pub(super) fn serial(codec: u64, rate: u32, channels: usize, frames: u64) -> u32 {
    let mut hash = codec;
    for part in [u64::from(rate), channels as u64, frames] {
        // The finaliser of MurmurHash3 spreads every bit over all others.
        hash = (hash ^ part).wrapping_add(0x9E37_79B9_7F4A_7C15);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
        hash ^= hash >> 33;
    }
    hash as u32
}

/// Packs packets into pages of one logical stream. A page is written when it is full or [`Pages::flush`] is called.
pub(super) struct Pages {
    serial: u32,
    sequence: u32,
    continued: bool,
    granule: u64,
    lacing: Vec<u8>,
    body: Vec<u8>,
    page: Vec<u8>,
}

impl Pages {
    /// A stream that begins.
    pub(super) fn new(serial: u32) -> Self {
        Self {
            serial,
            sequence: 0,
            continued: false,
            granule: NO_PACKET_ENDS,
            lacing: Vec::with_capacity(MOST_SEGMENTS),
            body: Vec::new(),
            page: Vec::new(),
        }
    }

    /// Whether a packet of that many bytes fits the page that is being filled.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.lacing.len() + bytes / 255 < MOST_SEGMENTS
    }

    /// Moves the position that the page which is being filled will have. The last page of a stream may end before its
    /// packets do.
    pub(super) fn set_granule(&mut self, granule: u64) {
        self.granule = granule;
    }

    /// Adds a packet after which the stream stands at `granule`. Full pages are written; at least a part of the packet
    /// stays back, so that the page which ends the stream is never empty. Returns the page on which the packet began
    /// if that was written.
    pub(super) fn packet<W: Write + Seek + ?Sized>(
        &mut self,
        out: &mut W,
        data: &[u8],
        granule: u64,
    ) -> io::Result<Option<WrittenPage>> {
        let mut began_on = None;
        // A packet ends with a segment shorter than 255 bytes, which may be empty.
        let segments = data.len() / 255 + 1;
        for index in 0..segments {
            if self.lacing.len() == MOST_SEGMENTS {
                let page = self.flush(out, NotLast)?;
                began_on = began_on.or(if index > 0 { page } else { None });
                self.continued = index > 0;
            }
            let segment = &data[index * 255..data.len().min(index * 255 + 255)];
            self.lacing.push(segment.len() as u8);
            self.body.extend_from_slice(segment);
        }
        self.granule = granule;
        Ok(began_on)
    }

    /// Adds the content of a page of another stream. Full pages are written, and one that holds `enough` bytes is
    /// written before anything more is added to it; the last page stays back until [`Pages::flush`].
    ///
    /// Positions are known at the ends of pages only, so pages are joined as a whole.
    pub(super) fn join<W: Write + Seek + ?Sized>(&mut self, out: &mut W, page: &[u8], enough: usize) -> io::Result<()> {
        let (lacing, body) = content(page);
        if self.lacing.len() + lacing.len() > MOST_SEGMENTS || self.body.len() >= enough {
            self.flush(out, NotLast)?;
        }
        if self.lacing.is_empty() {
            self.continued = page.get(5).is_some_and(|flags| flags & CONTINUED != 0);
        }
        self.lacing.extend_from_slice(lacing);
        self.body.extend_from_slice(body);
        let granule =
            page.get(6..14).and_then(|bytes| bytes.first_chunk::<8>()).map(|bytes| u64::from_le_bytes(*bytes));
        if let Some(granule) = granule.filter(|&granule| granule != NO_PACKET_ENDS) {
            self.granule = granule;
        }
        Ok(())
    }

    /// Writes what is there as a page, if anything is, and returns it.
    pub(super) fn flush<W: Write + Seek + ?Sized>(&mut self, out: &mut W, end: End) -> io::Result<Option<WrittenPage>> {
        if self.lacing.is_empty() {
            return Ok(None);
        }
        let mut flags = if self.continued { CONTINUED } else { 0 };
        flags |= if self.sequence == 0 { FIRST } else { 0 };
        flags |= if end == Last { LAST } else { 0 };
        self.page.clear();
        self.page.extend(b"OggS\0");
        self.page.push(flags);
        self.page.extend(self.granule.to_le_bytes());
        self.page.extend(self.serial.to_le_bytes());
        self.page.extend(self.sequence.to_le_bytes());
        self.page.extend([0; 4]); // checksum
        self.page.push(self.lacing.len() as u8);
        self.page.extend(&self.lacing);
        self.page.extend(&self.body);
        stamp_checksum(&mut self.page);

        let at = out.stream_position()?;
        out.write_all(&self.page)?;
        self.sequence = self.sequence.wrapping_add(1);
        self.continued = false;
        self.granule = NO_PACKET_ENDS;
        self.lacing.clear();
        self.body.clear();
        // Header pages come first; of the many others no copy is ever asked for.
        Ok(Some(WrittenPage { at, bytes: if self.sequence <= 2 { self.page.clone() } else { Vec::new() } }))
    }
}

/// Whether a page ends its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// More pages follow.
    NotLast,
    /// The stream ends here.
    Last,
}
use End::{Last, NotLast};

/// One of the first two pages of a stream, which can be written again with other bytes of the same length.
pub(super) struct WrittenPage {
    at: u64,
    bytes: Vec<u8>,
}

impl WrittenPage {
    /// Puts other bytes at an offset into the content of the page and writes it again in its old place. The sink stands
    /// at its end afterwards.
    pub(super) fn rewrite<W: Write + Seek + ?Sized>(
        &mut self,
        out: &mut W,
        offset: usize,
        bytes: &[u8],
    ) -> io::Result<()> {
        let start = body_start(&self.bytes).saturating_add(offset);
        let Some(place) = self.bytes.get_mut(start..start.saturating_add(bytes.len())) else {
            return Err(io::Error::other("the tags do not fit the page they were written on"));
        };
        place.copy_from_slice(bytes);
        stamp_checksum(&mut self.bytes);
        out.seek(SeekFrom::Start(self.at))?;
        out.write_all(&self.bytes)?;
        out.seek(SeekFrom::End(0))?;
        Ok(())
    }
}

/// Cuts bytes that come in pieces of any size into pages.
#[derive(Default)]
pub(super) struct Splitter {
    bytes: Vec<u8>,
    taken: usize,
}

impl Splitter {
    /// Takes more bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole page, or nothing until more bytes come. Bytes that are no page are an error.
    pub(super) fn next_page(&mut self) -> io::Result<Option<&[u8]>> {
        let rest = &self.bytes[self.taken..];
        let known = rest.len().min(5);
        if rest[..known] != b"OggS\0"[..known] {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no Ogg page where one must begin"));
        }
        let Some(&count) = rest.get(FIXED_HEADER - 1) else { return Ok(None) };
        let Some(lacing) = rest.get(FIXED_HEADER..FIXED_HEADER + usize::from(count)) else { return Ok(None) };
        let length = FIXED_HEADER + lacing.len() + lacing.iter().map(|&segment| usize::from(segment)).sum::<usize>();
        if rest.len() < length {
            return Ok(None);
        }
        let start = self.taken;
        self.taken += length;
        Ok(Some(&self.bytes[start..start + length]))
    }
}

/// Whether a page is the last one of its stream.
pub(super) fn is_last(page: &[u8]) -> bool {
    page.get(5).is_some_and(|flags| flags & LAST != 0)
}

/// The pieces of packets on a page, each with whether its packet ends there.
pub(super) fn pieces(page: &[u8]) -> impl Iterator<Item = (&[u8], bool)> {
    let (mut lacing, mut body) = content(page);
    std::iter::from_fn(move || {
        if lacing.is_empty() {
            return None;
        }
        let full = lacing.iter().take_while(|&&segment| segment == 255).count();
        let ends = full < lacing.len();
        let length = full * 255 + lacing.get(full).map_or(0, |&segment| usize::from(segment));
        lacing = &lacing[(full + 1).min(lacing.len())..];
        let (piece, rest) = body.split_at(length.min(body.len()));
        body = rest;
        Some((piece, ends))
    })
}

/// Lacing values and body of a page.
fn content(page: &[u8]) -> (&[u8], &[u8]) {
    let (head, body) = page.split_at(body_start(page).min(page.len()));
    (head.get(FIXED_HEADER..).unwrap_or_default(), body)
}

fn body_start(page: &[u8]) -> usize {
    FIXED_HEADER + page.get(FIXED_HEADER - 1).map_or(0, |&count| usize::from(count))
}

fn stamp_checksum(page: &mut [u8]) {
    if let Some(place) = page.get_mut(22..26) {
        place.fill(0);
        let sum = checksum(page);
        page[22..26].copy_from_slice(&sum.to_le_bytes());
    }
}

/// CRC-32 of polynomial 0x04C11DB7, not reflected, starting from 0 (RFC 3533, section 6, item 7).
fn checksum(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut sum = (index as u32) << 24;
            let mut bit = 0;
            while bit < 8 {
                sum = (sum << 1) ^ if sum >> 31 == 1 { 0x04C1_1DB7 } else { 0 };
                bit += 1;
            }
            table[index] = sum;
            index += 1;
        }
        table
    };
    bytes.iter().fold(0, |sum, &byte| (sum << 8) ^ TABLE[((sum >> 24) as u8 ^ byte) as usize])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    /// Packets and their granules as a reader puts them together, with every rule of RFC 3533 checked on the way.
    fn read(bytes: &[u8], serial: u32) -> Vec<(Vec<u8>, u64)> {
        let mut splitter = Splitter::default();
        let (mut packets, mut open, mut begun, mut sequence, mut last) = (Vec::new(), Vec::new(), false, 0, false);
        for piece in bytes.chunks(1000) {
            splitter.push(piece);
            while let Some(page) = splitter.next_page().unwrap() {
                assert!(!last, "a page after the last one");
                let flags = page[5];
                assert_eq!(flags & FIRST != 0, sequence == 0);
                assert_eq!(flags & CONTINUED != 0, begun);
                assert_eq!(page[14..18], serial.to_le_bytes());
                assert_eq!(page[18..22], u32::to_le_bytes(sequence));
                let mut again = page.to_vec();
                stamp_checksum(&mut again);
                assert_eq!(page, again);
                let granule = u64::from_le_bytes(page[6..14].try_into().unwrap());
                let before = packets.len();
                for (piece, ends) in pieces(page) {
                    open.extend_from_slice(piece);
                    begun = !ends;
                    if ends {
                        packets.push((std::mem::take(&mut open), granule));
                    }
                }
                assert_eq!(granule == NO_PACKET_ENDS, packets.len() == before);
                sequence += 1;
                last = flags & LAST != 0;
            }
        }
        assert!(last, "no page ends the stream");
        packets
    }

    #[test]
    fn a_packet_of_exactly_one_page_ends_on_the_next() {
        for length in [0, 1, 254, 255, 256, 255 * 254, 255 * 255 - 1, 255 * 255, 255 * 255 + 1, 255 * 510, 200_000] {
            let mut out = Cursor::new(Vec::new());
            let mut pages = Pages::new(7);
            pages.packet(&mut out, &vec![9; length], 3).unwrap();
            pages.flush(&mut out, Last).unwrap();
            assert_eq!(read(out.get_ref(), 7), [(vec![9; length], 3)], "{length} bytes");
        }
    }

    #[test]
    fn checksum_of_the_check_string() {
        // The check value of this CRC in the catalogue of parametrised CRC algorithms: CRC-32/BZIP2 with its initial
        // value and final complement taken away.
        assert_eq!(checksum(b"123456789"), 0x89A1_897F);
    }

    #[test]
    fn splitter_refuses_what_is_no_page() {
        let mut splitter = Splitter::default();
        splitter.push(b"Og");
        assert!(splitter.next_page().unwrap().is_none());
        splitter.push(b"gX");
        assert!(splitter.next_page().is_err());
    }

    proptest! {
        #[test]
        fn packets_come_back(lengths in proptest::collection::vec(0usize..3000, 1..60), big in 0usize..400_000, flush_at in 0usize..60, enough in 0usize..100_000) {
            let mut out = Cursor::new(Vec::new());
            let mut pages = Pages::new(0xFFFF_0001);
            let mut sent = Vec::new();
            for (index, &length) in lengths.iter().chain([&big]).enumerate() {
                let data: Vec<u8> = (0..length).map(|at| (at * 31 + index) as u8).collect();
                if index == flush_at {
                    pages.flush(&mut out, NotLast).unwrap();
                }
                pages.packet(&mut out, &data, index as u64).unwrap();
                sent.push(data);
            }
            pages.flush(&mut out, Last).unwrap();
            let got = read(out.get_ref(), 0xFFFF_0001);
            prop_assert!(got.iter().map(|(data, _)| data).eq(&sent));

            // The same through another stream with pages of another size.
            let mut joined = Cursor::new(Vec::new());
            let mut splitter = Splitter::default();
            splitter.push(out.get_ref());
            let mut pages = Pages::new(3);
            while let Some(page) = splitter.next_page().unwrap() {
                pages.join(&mut joined, page, enough).unwrap();
            }
            pages.flush(&mut joined, Last).unwrap();
            let again = read(joined.get_ref(), 3);
            prop_assert!(again.iter().map(|(data, _)| data).eq(&sent));
            // A position is that of a page: it may move to a later packet, never to an earlier one.
            prop_assert!(again.iter().zip(&got).all(|((_, later), (_, granule))| later >= granule));
            prop_assert_eq!(again.last().map(|packet| packet.1), got.last().map(|packet| packet.1));
        }

        #[test]
        fn a_rewritten_page_changes_nothing_else(length in 10usize..200_000, offset in 0usize..2000, with in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut out = Cursor::new(Vec::new());
            let mut pages = Pages::new(1);
            pages.packet(&mut out, b"head", 0).unwrap();
            pages.flush(&mut out, NotLast).unwrap();
            let mut data = vec![5; length];
            let spilled = pages.packet(&mut out, &data, 0).unwrap();
            let mut page = spilled.or(pages.flush(&mut out, Last).unwrap()).unwrap();
            let fits = offset + with.len() <= length.min(255 * 255);
            let result = page.rewrite(&mut out, offset, &with);
            prop_assert_eq!(result.is_ok(), fits);
            if fits {
                data[offset..offset + with.len()].copy_from_slice(&with);
            }
            let got = read(out.get_ref(), 1);
            prop_assert!(got[1].0 == data);
        }

        #[test]
        fn splitter_survives_anything(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut splitter = Splitter::default();
            splitter.push(b"OggS\0");
            splitter.push(&bytes);
            while let Ok(Some(page)) = splitter.next_page() {
                let _ = pieces(page).count();
                Pages::new(1).join(&mut Cursor::new(Vec::new()), page, 1).unwrap();
            }
        }
    }
}
