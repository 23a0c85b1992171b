//! M4A files: packets of AAC or ALAC into boxes, with what is needed to play and find them in front of the sound.
//! Written as the sound comes and finished in one go; encoding the sound is in [`super::alac`] and `aac`. Follows ISO
//! 14496-12 and -14, and the QuickTime File Format for tags and the text track.
//!
//! ```text
//! ftyp | moov | free | mdat: chapter titles, packets …
//! ```
//!
//! The space in front is reserved from the expected number of frames. A `moov` that has outgrown it goes behind the
//! sound, which is as valid but slower to start over a network; a smaller one leaves more `free`.
//!
//! Memory: two bytes per packet for its size, and nothing else that grows. Twelve hours of AAC at 48 kHz are 2 million
//! packets and 4 MB, of ALAC 1 MB. Where runs of packets begin follows from the sizes.

mod chapters;
mod ilst;
mod movie;
mod tree;

use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use chapters::Marks;
use movie::Movie;
use tree::{Hole, Tree};

use super::{Order, Sink};
use crate::AudioError;
use crate::tag::{ReplayGain, Tags};

/// Brands of a file with sound alone (QuickTime File Format, "File Type Compatibility"; RFC 6381 registry).
const FILE_TYPE: &[u8; 28] = b"\0\0\0\x1CftypM4A \0\0\0\0M4A mp42isom";

/// Length of a box header: size and name.
const HEADER: u64 = 8;

/// Packets that may come beyond the expected number without the table outgrowing its space: a few seconds.
const MORE_PACKETS: u64 = 128;

/// Packets for whose sizes memory is taken at once: a day of AAC. What is never written to costs no memory.
const LIKELY_PACKETS: u32 = 1 << 22;

/// An absurd number of frames. A movie of it uses every optional form and the widest of every number.
const FOREVER: u64 = 1 << 50;

/// Loudness of nothing in particular: all gains take the same space.
const SOME_GAIN: ReplayGain = ReplayGain { loudness: -18.0, peak: 1.0 };

/// How sound is coded.
#[derive(Clone, Debug)]
pub(super) enum Coding {
    /// AAC with its AudioSpecificConfig (at most 64 bytes are kept) and bitrate in bits per second.
    #[cfg_attr(not(any(feature = "fdk-aac", test)), expect(dead_code, reason = "AAC is an optional feature"))]
    Aac {
        /// As the encoder gives it.
        config: Vec<u8>,
        /// As it was asked for.
        bitrate: u32,
    },
    /// Apple Lossless with 16 bits.
    Alac,
}

impl Coding {
    fn name(&self) -> [u8; 4] {
        match self {
            Self::Aac { .. } => *b"mp4a",
            Self::Alac => *b"alac",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Aac { .. } => "AAC",
            Self::Alac => "ALAC",
        }
    }
}

/// What a file of packets holds.
#[derive(Clone, Debug)]
pub(super) struct Sound {
    /// How it is coded.
    pub(super) coding: Coding,
    /// Frames per second, at most 65 535.
    pub(super) rate: u32,
    /// Number of channels.
    pub(super) channels: u16,
    /// Frames in each packet but the last.
    pub(super) packet_frames: u32,
    /// Frames that come out of the decoder before the first frame that went in.
    pub(super) delay: u32,
}

impl Sound {
    /// Packets that carry so many frames.
    pub(super) fn packets_for(&self, frames: u64) -> u64 {
        if frames == 0 {
            0
        } else {
            frames.saturating_add(u64::from(self.delay)).div_ceil(u64::from(self.packet_frames))
        }
    }

    /// Packets in a run: about a second.
    fn packets_per_run(&self) -> u32 {
        (self.rate / self.packet_frames).max(1)
    }
}

/// A file in the making.
pub(super) struct Writer {
    out: BufWriter<Box<dyn Sink>>,
    sound: Sound,
    tags: Tags,
    /// Where the reserved space ends and `mdat` begins.
    mdat_at: u64,
    packets_at: u64,
    sizes: Vec<u16>,
    bytes: u64,
    largest: u16,
}

impl Writer {
    /// Starts a file at the beginning of the sink, with space for what will be in front.
    pub(super) fn begin(sink: Box<dyn Sink>, sound: Sound, order: &Order) -> Result<Self, AudioError> {
        let expected = sound.packets_for(order.frames);
        let packets = packet_count(&sound, expected.saturating_add(MORE_PACKETS))?;
        let guess = Movie {
            sound: &sound,
            tags: &order.tags,
            gain: Some(&SOME_GAIN),
            frames: FOREVER,
            packets,
            bytes: 0,
            largest: 0,
            titles_at: 0,
            far: true,
        };
        let tree = guess.tree();
        // One header for the free box behind, one that a wide `mdat` would take.
        let reserved = tree.len() + 2 * HEADER;
        let size = u32::try_from(reserved).ok().filter(|_| !tree.is_too_long()).ok_or_else(|| too_long(&sound))?;

        let mut out = BufWriter::with_capacity(1 << 16, sink);
        let titles = Marks::within(&order.tags.chapters, u64::MAX).samples();
        let mut start = || {
            out.write_all(FILE_TYPE)?;
            out.write_all(&size.to_be_bytes())?;
            out.write_all(b"free")?;
            io::copy(&mut io::repeat(0).take(reserved - HEADER), &mut out)?;
            // A size of 0 reaches to the end of the file: whatever happens before the end, the boxes are in order.
            out.write_all(b"\0\0\0\0mdat")?;
            out.write_all(&titles)
        };
        start().map_err(AudioError::Write)?;
        let mdat_at = FILE_TYPE.len() as u64 + reserved;
        Ok(Self {
            out,
            tags: order.tags.clone(),
            mdat_at,
            packets_at: mdat_at + HEADER + titles.len() as u64,
            sizes: Vec::with_capacity(packets.min(LIKELY_PACKETS) as usize),
            bytes: 0,
            largest: 0,
            sound,
        })
    }

    /// Adds the next packet.
    pub(super) fn packet(&mut self, bytes: &[u8]) -> Result<(), AudioError> {
        let size = u16::try_from(bytes.len()).map_err(|_| AudioError::Encode {
            format: self.sound.coding.title(),
            reason: format!("the encoder gave a packet of {} bytes", bytes.len()),
        })?;
        self.out.write_all(bytes).map_err(AudioError::Write)?;
        self.sizes.push(size);
        self.bytes += u64::from(size);
        self.largest = self.largest.max(size);
        Ok(())
    }

    /// Packets so far.
    pub(super) fn packets(&self) -> u64 {
        self.sizes.len() as u64
    }

    /// Writes what goes in front. `frames` is the length of the sound without what the codec added before and behind.
    pub(super) fn finish(mut self, frames: u64, gain: &ReplayGain) -> Result<(), AudioError> {
        let end = self.packets_at + self.bytes;
        let movie = Movie {
            sound: &self.sound,
            tags: &self.tags,
            gain: Some(gain),
            frames,
            packets: packet_count(&self.sound, self.packets())?,
            bytes: self.bytes,
            largest: self.largest,
            titles_at: self.mdat_at + HEADER,
            far: end > u64::from(u32::MAX),
        };
        let tree = movie.tree();
        if tree.is_too_long() {
            return Err(too_long(&self.sound));
        }
        let place = Place::of(tree.len(), self.mdat_at - FILE_TYPE.len() as u64, end - self.mdat_at);
        self.close(&tree, &place, end).map_err(AudioError::Write)
    }

    fn close(&mut self, tree: &Tree, place: &Place, end: u64) -> io::Result<()> {
        let Self { out, sound, sizes, packets_at, mdat_at, .. } = self;
        let (per_run, first) = (sound.packets_per_run() as usize, *packets_at);
        let mut fill = |out: &mut BufWriter<Box<dyn Sink>>, hole: &Hole| match hole {
            Hole::PacketSizes => sizes.iter().try_for_each(|&size| out.write_all(&u32::from(size).to_be_bytes())),
            Hole::Offsets32 => {
                offsets(sizes, per_run, first).try_for_each(|at| out.write_all(&(at as u32).to_be_bytes()))
            }
            Hole::Offsets64 => offsets(sizes, per_run, first).try_for_each(|at| out.write_all(&at.to_be_bytes())),
            Hole::Shared(_) => Ok(()),
        };
        if !place.in_front {
            out.seek(SeekFrom::Start(end))?;
            tree.write(out, &mut fill)?;
        }
        out.seek(SeekFrom::Start(FILE_TYPE.len() as u64))?;
        if place.in_front {
            tree.write(out, &mut fill)?;
        }
        if place.free > 0 {
            out.write_all(&(place.free as u32).to_be_bytes())?;
            out.write_all(b"free")?;
        }
        out.seek(SeekFrom::Start(if place.wide { *mdat_at - HEADER } else { *mdat_at }))?;
        if place.wide {
            out.write_all(b"\0\0\0\x01mdat")?;
            out.write_all(&place.mdat.to_be_bytes())?;
        } else {
            out.write_all(&(place.mdat as u32).to_be_bytes())?;
            out.write_all(b"mdat")?;
        }
        out.flush()
    }
}

/// Where things go once their lengths are known.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// Whether `moov` is in the reserved space.
    in_front: bool,
    /// Length of the `free` box in what is left of the space; 0 for none.
    free: u64,
    /// Length of `mdat` with its header.
    mdat: u64,
    /// Whether that is more than 32 bits can say, so that the header takes 8 bytes more, at the end of the space.
    wide: bool,
}

impl Place {
    /// For the lengths of `moov`, of the reserved space, and of `mdat` with the short header.
    fn of(moov: u64, reserved: u64, mdat: u64) -> Self {
        let wide = mdat > u64::from(u32::MAX);
        let (reserved, mdat) = if wide { (reserved - HEADER, mdat + HEADER) } else { (reserved, mdat) };
        match reserved.checked_sub(moov) {
            // What is left has to be nothing or a box of its own.
            Some(free) if free == 0 || free >= HEADER => Self { in_front: true, free, mdat, wide },
            _ => Self { in_front: false, free: reserved, mdat, wide },
        }
    }
}

/// Where each run of packets begins.
fn offsets(sizes: &[u16], per_run: usize, first: u64) -> impl Iterator<Item = u64> {
    sizes.chunks(per_run).scan(first, |at, run| {
        let here = *at;
        *at += run.iter().map(|&size| u64::from(size)).sum::<u64>();
        Some(here)
    })
}

fn packet_count(sound: &Sound, packets: u64) -> Result<u32, AudioError> {
    u32::try_from(packets).map_err(|_| too_long(sound))
}

fn too_long(sound: &Sound) -> AudioError {
    AudioError::Encode {
        format: sound.coding.title(),
        reason: "sound and tags are longer than an M4A file can describe".into(),
    }
}

#[cfg(test)]
mod tests;
