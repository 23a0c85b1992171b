//! What symphonia's MP4 reader does not tell: edit lists and `iTunSMPB` (which part of the sound is meant to be heard),
//! the name of a codec it does not know, whether AAC is of the LC kind, and Nero chapters. A bounded walk over the boxes
//! (ISO/IEC 14496-12); the packets are symphonia's.

use model::Chapter;

use super::bytes::{Bytes, Fields};
use super::sniff::unsupported;
use super::tags::latin_or_utf8;
use crate::AudioError;

/// Boxes of one parent that are looked at.
const MOST_BOXES: usize = 1024;

/// The first audio track.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Track {
    /// Identifier, by which symphonia knows it too.
    pub(super) id: u32,
    /// Code of the sample entry: `mp4a`.
    pub(super) codec: [u8; 4],
    /// Ticks per second.
    timescale: u32,
    /// Ticks of all packets; `None` for films in fragments.
    ticks: Option<u64>,
    /// First tick that is meant to be heard, and how many, of the edit list.
    edit: Option<(u64, Option<u64>)>,
    /// `AudioSpecificConfig` of AAC and its kin, with the object type indication before it.
    object: Option<(u8, Vec<u8>)>,
}

/// What the walk found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Movie {
    pub(super) track: Option<Track>,
    /// Whether there is any track at all, a film without sound for one.
    pub(super) other_tracks: bool,
    /// Whether the index was found.
    pub(super) indexed: bool,
    pub(super) chapters: Vec<Chapter>,
    /// Where the last box should end; behind the end of a file that was cut off.
    pub(super) end: u64,
    timescale: u32,
    /// Delay, padding and frames between, of `iTunSMPB`.
    gapless: Option<(u64, u64, u64)>,
}

/// Frames to be heard, counted in decoded frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// Frames to skip.
    pub(super) skip: u64,
    /// Frame at which the sound ends.
    pub(super) end: Option<u64>,
    /// Frames that all packets give, padding included, where known.
    pub(super) total: Option<u64>,
}

impl Movie {
    /// Walks the boxes.
    pub(super) fn read(bytes: &mut Bytes) -> Result<Self, AudioError> {
        let mut movie = Self::default();
        let end = bytes.len();
        let boxes = children(bytes, 0, end)?;
        movie.end = boxes.last().map_or(0, |last| last.stated);
        for moov in boxes.iter().filter(|child| &child.id == b"moov") {
            movie.indexed = true;
            for child in children(bytes, moov.at, moov.end)? {
                match &child.id {
                    b"mvhd" => movie.timescale = header_times(bytes, child)?.map_or(0, |(scale, _)| scale),
                    b"trak" => movie.read_track(bytes, child)?,
                    b"udta" => movie.read_user_data(bytes, child)?,
                    _ => {}
                }
            }
        }
        Ok(movie)
    }

    /// The part of the track that is meant to be heard, at the rate of its sound.
    pub(super) fn part(&self, rate: u32) -> Part {
        let Some(track) = &self.track else { return Part::default() };
        let scale = |ticks: u64, per_second: u32| {
            (u128::from(ticks) * u128::from(rate) / u128::from(per_second.max(1))).min(u128::from(u64::MAX)) as u64
        };
        let total = track.ticks.filter(|ticks| *ticks > 0).map(|ticks| scale(ticks, track.timescale));
        // Apple's own field is exact to the frame, so it goes first, if it describes this sound.
        if let Some((delay, padding, frames)) = self.gapless {
            let sum = delay + padding + frames;
            if frames > 0 && total.is_none_or(|total| total.abs_diff(sum) <= padding.max(2048)) {
                return Part { skip: delay, end: Some(delay + frames), total };
            }
        }
        let Some((start, length)) = track.edit else { return Part { skip: 0, end: total, total } };
        let skip = scale(start, track.timescale);
        let edit_end = length.filter(|_| self.timescale > 0).map(|length| skip + scale(length, self.timescale));
        // The edit's length is counted in ticks of the movie, often milliseconds. Where it ends within two such ticks
        // of the last packet, the packets are the better witness.
        let tick = 2 * (u64::from(rate) / u64::from(self.timescale.max(1)) + 1);
        let end = match (edit_end, total) {
            (Some(end), Some(total)) if end.abs_diff(total) <= tick || end > total => Some(total),
            (Some(end), _) if end > skip => Some(end),
            (_, total) => total,
        };
        Part { skip, end, total }
    }

    fn read_track(&mut self, bytes: &mut Bytes, trak: Child) -> Result<(), AudioError> {
        let mut track = Track::default();
        let mut sound = false;
        let mut queue = vec![trak];
        // The boxes of interest are nested four deep; each parent is opened once.
        while let Some(parent) = queue.pop() {
            for child in children(bytes, parent.at, parent.end)? {
                match &child.id {
                    b"mdia" | b"minf" | b"stbl" | b"edts" => queue.push(child),
                    b"tkhd" => {
                        let long = bytes.array::<1>(child.at)? == Some([1]);
                        let at = child.at + if long { 20 } else { 12 };
                        track.id = bytes.array::<4>(at)?.map_or(0, u32::from_be_bytes);
                    }
                    b"mdhd" => track.timescale = header_times(bytes, child)?.map_or(0, |(scale, _)| scale),
                    // QuickTime has a second one, for the data.
                    b"hdlr" => sound |= bytes.array::<4>(child.at + 8)? == Some(*b"soun"),
                    b"stts" => track.ticks = ticks(bytes, child)?,
                    b"elst" => track.edit = edit(bytes, child)?,
                    b"stsd" => entry(bytes, child, &mut track)?,
                    _ => {}
                }
            }
        }
        if sound && self.track.is_none() {
            self.track = Some(track);
        } else {
            self.other_tracks = true;
        }
        Ok(())
    }

    fn read_user_data(&mut self, bytes: &mut Bytes, udta: Child) -> Result<(), AudioError> {
        for child in children(bytes, udta.at, udta.end)? {
            match &child.id {
                b"chpl" => self.chapters = nero_chapters(&bytes.vec(child.at, (child.len() as usize).min(1 << 20))?),
                // `meta` is a full box: four bytes before its children.
                b"meta" => {
                    for list in children(bytes, child.at + 4, child.end)?.iter().filter(|list| &list.id == b"ilst") {
                        for item in children(bytes, list.at, list.end)?.iter().filter(|item| &item.id == b"----") {
                            let text = bytes.vec(item.at, (item.len() as usize).min(1024))?;
                            self.gapless = self.gapless.or_else(|| itunes(&text));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Track {
    /// Refuses codecs that cannot be read, by name.
    pub(super) fn check(&self) -> Result<(), AudioError> {
        let name = match &self.codec {
            b"ac-3" => "AC-3 (Dolby Digital)",
            b"ec-3" => "E-AC-3 (Dolby Digital Plus)",
            b"ac-4" => "AC-4",
            b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" => "DTS",
            b"samr" => "AMR",
            b"sawb" => "AMR-WB",
            b"enca" => "copy-protected sound",
            b"mhm1" | b"mha1" => "MPEG-H 3D Audio",
            b"QDM2" | b"QDMC" => "QDesign Music",
            b"mp4a" => return self.check_aac(),
            _ => return Ok(()),
        };
        Err(unsupported(name))
    }

    fn check_aac(&self) -> Result<(), AudioError> {
        match &self.object {
            // ISO/IEC 14496-1, table 5: 0x40 is MPEG-4 audio, 0x66 to 0x68 are AAC of MPEG-2, 0x69 and 0x6B are MP3.
            Some((0x40, config)) => check_aac_config(config),
            Some((0xA5, _)) => Err(unsupported("AC-3 (Dolby Digital)")),
            Some((0xA6, _)) => Err(unsupported("E-AC-3 (Dolby Digital Plus)")),
            Some((0xA9..=0xAC, _)) => Err(unsupported("DTS")),
            Some((0xDD, _)) => Err(unsupported("Vorbis in an MP4 file")),
            _ => Ok(()),
        }
    }
}

/// Refuses what an `AudioSpecificConfig` (ISO/IEC 14496-3, 1.6.2.1) names and symphonia cannot decode.
pub(super) fn check_aac_config(config: &[u8]) -> Result<(), AudioError> {
    let mut bits = Bits { bytes: config, at: 0 };
    let Some(object) = bits.object_type() else { return Ok(()) };
    let he = |name: &str| {
        Err(AudioError::Unsupported {
            name: name.into(),
            way_out: "Export it as AAC-LC, or better as WAV or FLAC.".into(),
        })
    };
    match object {
        2 => {}
        5 => return he("HE-AAC"),
        29 => return he("HE-AAC v2"),
        42 => return he("xHE-AAC"),
        1 => return he("AAC of the Main profile"),
        3 => return he("AAC of the SSR profile"),
        4 => return he("AAC of the LTP profile"),
        23 => return he("AAC-LD"),
        39 => return he("AAC-ELD"),
        36 => return he("MPEG-4 ALS"),
        other => return he(&format!("MPEG-4 audio of object type {other}")),
    }
    let (Some(()), Some(channels)) = (bits.rate(), bits.take(4)) else { return Ok(()) };
    match channels {
        1 | 2 => {}
        0 => return he("AAC with a channel arrangement of its own"),
        7 => return he("AAC with 8 channels"),
        more => return he(&format!("AAC with {more} channels")),
    }
    if bits.take(1) == Some(1) {
        return he("AAC with frames of 960 samples");
    }
    // Explicit, backward compatible signalling: sync extension 0x2B7, object type 5, SBR present; 0x548, PS present.
    let depends = bits.take(1);
    if depends == Some(1) {
        bits.take(14);
    }
    bits.take(1);
    if bits.take(11) == Some(0x2B7) && bits.object_type() == Some(5) && bits.take(1) == Some(1) {
        let ps = bits.rate().and_then(|()| bits.take(11)) == Some(0x548) && bits.take(1) == Some(1);
        return he(if ps { "HE-AAC v2" } else { "HE-AAC" });
    }
    Ok(())
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let value = (self.at..self.at + count).try_fold(0, |value: u32, at| {
            self.bytes.get(at / 8).map(|byte| value << 1 | u32::from(byte >> (7 - at % 8) & 1))
        });
        self.at += count;
        value
    }

    fn object_type(&mut self) -> Option<u32> {
        match self.take(5)? {
            31 => self.take(6).map(|more| 32 + more),
            object => Some(object),
        }
    }

    fn rate(&mut self) -> Option<()> {
        if self.take(4)? == 15 {
            self.take(24)?;
        }
        Some(())
    }
}

/// A box: its name, and where its content begins and ends.
#[derive(Clone, Copy, Debug)]
struct Child {
    id: [u8; 4],
    at: u64,
    end: u64,
    /// Where it says it ends.
    stated: u64,
}

impl Child {
    fn len(self) -> u64 {
        self.end - self.at
    }
}

/// The boxes between two positions. What is cut off ends where its parent ends.
fn children(bytes: &mut Bytes, start: u64, end: u64) -> Result<Vec<Child>, AudioError> {
    let mut found = Vec::new();
    let mut at = start;
    while at + 8 <= end && found.len() < MOST_BOXES {
        let Some(header) = bytes.array::<8>(at)? else { break };
        let (size, header_len) = match header.be32(0).unwrap_or(0) {
            0 => (end - at, 8),
            1 => (bytes.array::<8>(at + 8)?.map_or(0, u64::from_be_bytes), 16),
            size => (u64::from(size), 8),
        };
        if size < header_len {
            break;
        }
        let next = at.saturating_add(size);
        let id = header.part(4).unwrap_or_default();
        found.push(Child { id, at: (at + header_len).min(end), end: next.min(end), stated: next });
        at = next;
    }
    Ok(found)
}

/// Ticks per second and duration of an `mvhd` or `mdhd` box.
fn header_times(bytes: &mut Bytes, child: Child) -> Result<Option<(u32, u64)>, AudioError> {
    let fields = bytes.vec(child.at, 32)?;
    Ok(if fields.first() == Some(&1) {
        fields.be32(20).zip(fields.be64(24))
    } else {
        fields.be32(12).zip(fields.be32(16).map(u64::from))
    })
}

/// Ticks of all packets. Tables longer than any that real files have are not added up.
fn ticks(bytes: &mut Bytes, stts: Child) -> Result<Option<u64>, AudioError> {
    const MOST: u64 = 64 * 1024;
    let count = bytes.array::<4>(stts.at + 4)?.map_or(0, |count| u64::from(u32::from_be_bytes(count)));
    if count > MOST {
        return Ok(None);
    }
    let table = bytes.vec(stts.at + 8, (count as usize) * 8)?;
    let runs = table
        .chunks_exact(8)
        .map(|run| u64::from(run.be32(0).unwrap_or(0)).saturating_mul(u64::from(run.be32(4).unwrap_or(0))));
    Ok(Some(runs.fold(0, u64::saturating_add)))
}

/// The first edit that is not empty: its start in ticks of the track, its length in ticks of the movie.
fn edit(bytes: &mut Bytes, elst: Child) -> Result<Option<(u64, Option<u64>)>, AudioError> {
    let long = bytes.array::<1>(elst.at)? == Some([1]);
    let size = if long { 20 } else { 12 };
    let count = bytes.array::<4>(elst.at + 4)?.map_or(0, u32::from_be_bytes).min(64) as usize;
    let table = bytes.vec(elst.at + 8, count * size)?;
    let mut edits = table.chunks_exact(size).filter_map(|entry| {
        let (length, start) = if long {
            (entry.be64(0)?, entry.be64(8)? as i64)
        } else {
            (u64::from(entry.be32(0)?), i64::from(entry.be32(4)? as i32))
        };
        // A start of −1 is a pause before the sound.
        u64::try_from(start).ok().map(|start| (start, length))
    });
    let first = edits.next();
    // Several edits are a montage; only its beginning is honoured.
    let several = edits.next().is_some();
    Ok(first.map(|(start, length)| (start, Some(length).filter(|length| *length > 0 && !several))))
}

/// The first sample entry: its code, and for `mp4a` what its descriptor says.
fn entry(bytes: &mut Bytes, stsd: Child, track: &mut Track) -> Result<(), AudioError> {
    let Some(entry) = children(bytes, stsd.at + 8, stsd.end)?.first().copied() else { return Ok(()) };
    track.codec = entry.id;
    if &entry.id != b"mp4a" {
        return Ok(());
    }
    // The descriptor stands behind the fields of the entry, whose length depends on its version, or inside a `wave` box.
    // Its name is searched, which suits all of them.
    let body = bytes.vec(entry.at, (entry.len() as usize).min(4096))?;
    let Some(at) = body.windows(4).position(|window| window == b"esds") else { return Ok(()) };
    track.object = descriptor(body.get(at + 8..).unwrap_or_default());
    Ok(())
}

/// Object type and decoder-specific information of an elementary stream descriptor (ISO/IEC 14496-1, 7.2.6.5).
fn descriptor(bytes: &[u8]) -> Option<(u8, Vec<u8>)> {
    let header = |bytes: &[u8]| -> Option<(u8, usize, usize)> {
        let tag = *bytes.first()?;
        let mut len = 0;
        for at in 1..5 {
            let byte = *bytes.get(at)?;
            len = len << 7 | usize::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                return Some((tag, at + 1, len));
            }
        }
        None
    };
    let (3, at, _) = header(bytes)? else { return None };
    let flags = *bytes.get(at + 2)?;
    let mut at = at + 3;
    at += if flags & 0x80 != 0 { 2 } else { 0 };
    at += if flags & 0x40 != 0 { 1 + usize::from(*bytes.get(at)?) } else { 0 };
    at += if flags & 0x20 != 0 { 2 } else { 0 };
    let config = bytes.get(at..)?;
    let (4, at, _) = header(config)? else { return None };
    let object = *config.get(at)?;
    let Some(specific) = config.get(at + 13..) else { return Some((object, Vec::new())) };
    let bytes = match header(specific) {
        Some((5, at, len)) => specific.get(at..at + len).unwrap_or_default().to_vec(),
        _ => Vec::new(),
    };
    Some((object, bytes))
}

/// Delay, padding and length out of an `iTunSMPB` comment: hexadecimal numbers, the first without meaning.
fn itunes(item: &[u8]) -> Option<(u64, u64, u64)> {
    item.windows(8).position(|window| window == b"iTunSMPB")?;
    let data = item.windows(4).position(|window| window == b"data")?;
    let text = String::from_utf8_lossy(item.get(data + 12..)?).into_owned();
    let mut numbers = text.split_whitespace().skip(1).map(|word| u64::from_str_radix(word, 16).ok());
    let (delay, padding, frames) = (numbers.next()??, numbers.next()??, numbers.next()??);
    (delay < 1 << 20 && padding < 1 << 20 && frames < 1 << 48).then_some((delay, padding, frames))
}

/// Nero's `chpl` box: starts in units of 100 ns, titles with a length byte.
fn nero_chapters(bytes: &[u8]) -> Vec<Chapter> {
    // Version 1 has four reserved bytes before its count.
    let mut at = if bytes.first() == Some(&1) { 9 } else { 5 };
    let mut chapters = Vec::new();
    while let (Some(start), Some(len)) = (bytes.be64(at), bytes.get(at + 8)) {
        let end = at + 9 + usize::from(*len);
        let Some(title) = bytes.get(at + 9..end) else { break };
        chapters.push(Chapter { start_ms: start / 10_000, title: latin_or_utf8(title), url: None });
        at = end;
    }
    chapters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(config: &[u8]) -> Option<String> {
        check_aac_config(config).err().map(|error| error.to_string())
    }

    #[test]
    fn aac_kinds() {
        let check = |config: &[u8], name: &str| {
            assert!(refusal(config).is_some_and(|text| text.starts_with(&format!("This is {name}, "))), "{name}");
        };
        assert_eq!(refusal(&[0x12, 0x10]), None, "AAC-LC, 44.1 kHz, stereo");
        assert_eq!(refusal(&[0x12, 0x10, 0x56, 0xE5, 0x00]), None, "SBR signalled as absent");
        check(&[0x13, 0x10, 0x56, 0xE5, 0x98], "HE-AAC");
        check(&[0x2B, 0x11, 0x88, 0x00], "HE-AAC");
        check(&[0xEB, 0x09, 0x88, 0x00], "HE-AAC v2");
        check(&[0x12, 0x30], "AAC with 6 channels");
        check(&[0xF9, 0x46, 0x40], "xHE-AAC");
    }

    #[test]
    fn parts() {
        let track =
            Track { timescale: 44_100, ticks: Some(1024 + 44_100), edit: Some((1024, Some(1000))), ..Track::default() };
        let movie = Movie { track: Some(track.clone()), timescale: 1000, ..Movie::default() };
        let part = Part { skip: 1024, end: Some(45_124), total: Some(45_124) };
        assert_eq!(movie.part(44_100), part);
        let padded = Track { ticks: Some(45 * 1024), ..track };
        let movie = Movie { track: Some(padded), timescale: 44_100, gapless: Some((1024, 956, 44_100)), ..movie };
        assert_eq!(movie.part(44_100), Part { skip: 1024, end: Some(45_124), total: Some(46_080) });
    }

    #[test]
    fn itunes_comment() {
        let item = b"\0\0\0\x1Cmean\0\0\0\0com.apple.iTunes\0\0\0\x14name\0\0\0\0iTunSMPB\0\0\0\x84data\0\0\0\x01\0\0\0\0 00000000 00000840 000001CA 00000000003F31F6 00000000";
        assert_eq!(itunes(item), Some((0x840, 0x1CA, 0x003F_31F6)));
        assert_eq!(itunes(b"iTunSMPBdata"), None);
    }

    #[test]
    fn nero_marks() {
        let box_bytes = b"\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\0\x03One\0\0\0\0\x05\xF5\xE1\0\x03Two";
        let marks = nero_chapters(box_bytes);
        assert_eq!(
            marks.iter().map(|mark| (mark.start_ms, mark.title.as_str())).collect::<Vec<_>>(),
            [(0, "One"), (10_000, "Two")]
        );
        assert_eq!(nero_chapters(&box_bytes[..30]).len(), 1);
    }
}
