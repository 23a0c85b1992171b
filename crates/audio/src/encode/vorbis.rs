//! Vorbis in Ogg (Vorbis I specification), through libvorbis with the tuning of aoTuV. The library writes a stream of
//! its own; [`Restamped`] puts our comments in place of its and makes the pages anew.

mod library;

use std::io::{self, Write};
use std::num::{NonZeroU8, NonZeroU32};

use vorbis_rs::{VorbisBitrateManagementStrategy, VorbisEncoderBuilder, VorbisError};

use self::library::Library;
use super::ogg::{self, End, Pages, Splitter, WrittenPage};
use super::{Codec, Encoder, Order, Sink};
use crate::tag::vorbis_comment::{CommentBlock, CoverPlace, LoudnessFields};
use crate::tag::{ReplayGain, Tags};
use crate::{AudioError, Block};

/// Vorbis. The bitrate chooses a quality; what the sound really takes varies with it. Without one, stereo gets 128 and
/// mono 80 kbit/s, which is the same quality.
pub(super) static VORBIS: Codec = Codec {
    name: "vorbis",
    title: NAME,
    ending: "ogg",
    mime: "audio/ogg; codecs=vorbis",
    lossy: true,
    bitrates: Some(32..=500),
    default_bitrate: Some(STEREO_KBPS),
    rates: &[],
    open,
};

const NAME: &str = "Ogg Vorbis";
const MONO_KBPS: u32 = 80;
const STEREO_KBPS: u32 = 128;
/// Frames given to the library at once: few enough that it never makes its buffers grow.
const CHUNK: usize = 1024;
/// The library ends a page after so many bytes, though never before its fourth packet.
const THEIR_PAGE_BYTES: u16 = 1;
/// A page of ours ends after so many bytes, as those of libogg usually do.
const ENOUGH_BYTES: usize = 4096;
/// In front of the comments in their packet; behind them comes a byte whose lowest bit is the framing bit.
const COMMENT_MAGIC: &[u8] = b"\x03vorbis";

struct VorbisEncoder {
    library: Library<Restamped>,
    chunk: Vec<Vec<f32>>,
}

fn open(order: &Order, sink: Box<dyn Sink>) -> Result<Box<dyn Encoder>, AudioError> {
    // The bitrates for which libvorbis has a mode at 44 100 and 48 000 frames per second.
    let (default, range) = if order.channels == 1 { (MONO_KBPS, 28..=240) } else { (STEREO_KBPS, 32..=500) };
    let kbps = order.bitrate.unwrap_or(default).clamp(*range.start(), *range.end());
    let channels = u8::try_from(order.channels).ok().and_then(NonZeroU8::new);
    let (Some(rate), Some(channels), Some(bits)) =
        (NonZeroU32::new(order.rate), channels, NonZeroU32::new(kbps * 1000))
    else {
        let reason = format!("{} channels at {} frames per second make no sound", order.channels, order.rate);
        return Err(AudioError::Encode { format: NAME, reason });
    };
    let serial = ogg::serial(u64::from_le_bytes(*b"\x01vorbis\0"), order.rate, order.channels, order.frames);
    let writer = Restamped::new(sink, serial, order.tags.clone());
    let mut builder = VorbisEncoderBuilder::new_with_serial(rate, channels, writer, serial as i32);
    builder.bitrate_management_strategy(VorbisBitrateManagementStrategy::Vbr { target_bitrate: bits });
    builder.minimum_page_data_size(Some(THEIR_PAGE_BYTES));
    let library = Library::open(&mut builder).map_err(failure)?;
    let chunk = vec![Vec::with_capacity(CHUNK); order.channels];
    Ok(Box::new(VorbisEncoder { library, chunk }))
}

impl Encoder for VorbisEncoder {
    fn write(&mut self, block: &Block) -> Result<(), AudioError> {
        // Always whole chunks, so that the library's decisions do not hang on how the sound was cut.
        let mut at = 0;
        while at < block.frames() {
            let held = self.chunk.first().map_or(0, Vec::len);
            let end = block.frames().min(at + CHUNK - held);
            for (chunk, samples) in self.chunk.iter_mut().zip(block.iter()) {
                chunk.extend(samples[at..end].iter().map(|&sample| if sample.is_finite() { sample } else { 0.0 }));
            }
            if held + end - at == CHUNK {
                self.write_chunk()?;
            }
            at = end;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, gain: &ReplayGain) -> Result<(), AudioError> {
        if self.chunk.first().is_some_and(|samples| !samples.is_empty()) {
            self.write_chunk()?;
        }
        let mut writer = self.library.finish().map_err(failure)?;
        writer.close(gain).map_err(AudioError::Write)
    }
}

impl VorbisEncoder {
    fn write_chunk(&mut self) -> Result<(), AudioError> {
        self.library.encode(&self.chunk).map_err(failure)?;
        for samples in &mut self.chunk {
            samples.clear();
        }
        Ok(())
    }
}

/// Takes the stream that libvorbis writes and writes ours: the same packets, with other comments.
struct Restamped {
    sink: Box<dyn Sink>,
    splitter: Splitter,
    pages: Pages,
    stage: Stage,
}

/// How far the stream is.
enum Stage {
    /// The three header packets are being gathered.
    Headers { tags: Box<Tags>, packets: Vec<Vec<u8>>, ended: bool },
    /// Pages of sound are joined to larger ones.
    Sound { comments: CommentBlock, comment_page: Option<WrittenPage>, joined: u64 },
}

impl Restamped {
    fn new(sink: Box<dyn Sink>, serial: u32, tags: Tags) -> Self {
        let stage = Stage::Headers { tags: Box::new(tags), packets: Vec::new(), ended: true };
        Self { sink, splitter: Splitter::default(), pages: Pages::new(serial), stage }
    }

    fn take_pages(&mut self) -> io::Result<()> {
        while let Some(page) = self.splitter.next_page()? {
            match &mut self.stage {
                Stage::Sound { joined, .. } => {
                    // The first page of sound stays as small as the library makes it: a stream with more than that
                    // gets a second page, and programs that cannot trim the end of the very first one can trim it.
                    let enough = if *joined == 1 { 0 } else { ENOUGH_BYTES };
                    *joined += 1;
                    self.pages.join(&mut self.sink, page, enough)?;
                    if ogg::is_last(page) {
                        self.pages.flush(&mut self.sink, End::Last)?;
                    }
                }
                Stage::Headers { tags, packets, ended } => {
                    for (piece, ends) in ogg::pieces(page) {
                        if *ended {
                            packets.push(Vec::new());
                        }
                        if let Some(packet) = packets.last_mut() {
                            packet.extend_from_slice(piece);
                        }
                        *ended = ends;
                    }
                    // Sound begins on a page of its own (Vorbis I specification, section A.2).
                    if let ([identification, theirs, setup], true) = (&packets[..], *ended) {
                        let mut comments =
                            CommentBlock::new(vendor(theirs)?, LoudnessFields::ReplayGain, CoverPlace::Comment, tags);
                        let ours = [COMMENT_MAGIC, comments.bytes(), &[1]].concat();
                        self.pages.packet(&mut self.sink, identification, 0)?;
                        self.pages.flush(&mut self.sink, End::NotLast)?;
                        let spilled = self.pages.packet(&mut self.sink, &ours, 0)?;
                        let comment_page = spilled.or(self.pages.flush(&mut self.sink, End::NotLast)?);
                        self.pages.packet(&mut self.sink, setup, 0)?;
                        self.pages.flush(&mut self.sink, End::NotLast)?;
                        comments.keep_head();
                        self.stage = Stage::Sound { comments, comment_page, joined: 0 };
                    }
                }
            }
        }
        Ok(())
    }

    fn close(&mut self, gain: &ReplayGain) -> io::Result<()> {
        if let Stage::Sound { comments, comment_page: Some(page), .. } = &mut self.stage {
            comments.set_loudness(gain);
            page.rewrite(&mut self.sink, COMMENT_MAGIC.len(), comments.head())?;
        }
        self.sink.flush()
    }
}

impl Write for Restamped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.splitter.push(bytes);
        self.take_pages()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// The name by which the library calls itself in its comment packet.
fn vendor(packet: &[u8]) -> io::Result<&str> {
    let rest = packet.strip_prefix(COMMENT_MAGIC).and_then(|rest| rest.split_first_chunk::<4>());
    let name = rest.and_then(|(length, rest)| rest.get(..u32::from_le_bytes(*length) as usize));
    let name = name.and_then(|name| std::str::from_utf8(name).ok());
    name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the comment packet of libvorbis cannot be read"))
}

fn failure(error: VorbisError) -> AudioError {
    match error {
        VorbisError::Io(error) => AudioError::Write(error),
        other => AudioError::Encode { format: NAME, reason: format!("the Vorbis library refused it ({other})") },
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::encode::witness::{self, Made};

    #[test]
    fn others_read_every_frame() {
        for (rate, channels, frames) in [
            (48_000, 1, 0),
            (48_000, 2, 1),
            (44_100, 1, 63),
            (44_100, 2, 1024),
            (48_000, 2, 48_001),
            (44_100, 1, 123_457),
        ] {
            let made = Made::sine(&VORBIS, rate, channels, frames, Tags::default());
            if frames > 0 {
                // Without sound, ogginfo calls the one packet there is buggy; of oggenc's files it says the same.
                let said = made.run("ogginfo", &[]);
                assert!(!said.contains("WARNING") && !said.contains("ERROR"), "{frames}: {said}");
            }
            if frames > 40_000 {
                // Of streams with one page of sound, ffmpeg loses or adds some frames, also of oggenc's.
                made.check_length(0.0);
                assert_eq!(made.symphonia()[0].len(), frames);
                assert!(made.snr() > 20.0, "{}", made.snr());
            }
            let wav = tempfile::Builder::new().suffix(".wav").tempfile().unwrap();
            made.run("oggdec", &["-Q", "-o", wav.path().to_str().unwrap()]);
            assert_eq!(witness::frames_of_wav(wav.path()), frames as u64, "oggdec");
        }
    }

    #[test]
    fn others_read_tags_cover_and_chapters() {
        for more in [0, 300_000] {
            let made =
                Made::sine(&VORBIS, 44_100, 2, 90_000, Tags { cover: Some(witness::cover(more)), ..witness::tags() });
            let said = made.run("ogginfo", &[]);
            assert!(!said.contains("WARNING") && !said.contains("ERROR"), "{said}");
            made.check_length(0.0);
            let said = made.run("vorbiscomment", &["-R", "-l"]);
            for line in [
                "REPLAYGAIN_TRACK_GAIN=-02.00 dB",
                "REPLAYGAIN_TRACK_PEAK=0.500000",
                "TITLE=Über das Öl",
                "CHAPTER002=00:01:01.500",
                "CHAPTER002NAME=Öl",
            ] {
                assert!(said.contains(line), "{line} is not in\n{said}");
            }
            let said = made.python(
                "from mutagen.oggvorbis import OggVorbis\nfrom mutagen.flac import Picture\nimport base64\nf = OggVorbis(name)\n\
                 p = Picture(base64.b64decode(f['metadata_block_picture'][0]))\nprint(f['artist'], p.type, p.mime, p.width, len(p.data))",
            );
            assert_eq!(said.trim(), format!("['Ada & Bob'] 3 image/png 1 {}", 69 + more));
        }
    }

    #[test]
    fn comments_around_the_size_of_a_page_keep_their_gain() {
        let packet = |lyrics: &str| {
            let tags = Tags { lyrics: Some(lyrics.to_owned()), ..Tags::default() };
            let made = Made::sine(&VORBIS, 44_100, 1, 2000, tags);
            made.run("ogginfo", &[]);
            let said = made.run("vorbiscomment", &["-R", "-l"]);
            assert!(said.starts_with("REPLAYGAIN_TRACK_GAIN=-02.00 dB\nREPLAYGAIN_TRACK_PEAK=0.500000\n"), "{said}");
        };
        // In steps shorter than a segment, so some of these end with the last segment of a page.
        for length in (255 * 253..=255 * 256).step_by(51) {
            packet(&"x".repeat(length));
        }
    }

    #[test]
    fn any_bitrate_works() {
        for channels in [1, 2] {
            let noise = testkit::signal::noise(&mut testkit::signal::Dice::new(1), 0.5, 96_000);
            let sound = Block::from_channels(vec![noise; channels]);
            for rate in [44_100, 48_000] {
                let sizes = [0, 32, 64, 128, 240, 500, 9999].map(|kbps| {
                    let made = Made::of(&VORBIS, rate, &sound, Tags::default(), Some(kbps));
                    made.check_length(0.0);
                    made.bytes().len()
                });
                assert!(sizes.is_sorted() && sizes[5] == sizes[6], "{sizes:?}");
            }
        }
    }

    #[test]
    fn encoders_start_and_run_side_by_side() {
        let one = Made::sine(&VORBIS, 48_000, 2, 50_000, Tags::default()).bytes();
        let threads: Vec<_> = (0..8)
            .map(|_| std::thread::spawn(|| Made::sine(&VORBIS, 48_000, 2, 50_000, Tags::default()).bytes()))
            .collect();
        for thread in threads {
            assert!(thread.join().unwrap() == one);
        }
    }

    #[test]
    fn a_full_disk_is_a_writing_error() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        impl io::Seek for Full {
            fn seek(&mut self, _: io::SeekFrom) -> io::Result<u64> {
                Ok(0)
            }
        }
        let order = Order { rate: 48_000, channels: 2, frames: 0, bitrate: None, ceiling: None, tags: Tags::default() };
        for codec in super::super::codecs() {
            // Some write their header when they are opened, others when they are finished.
            let gain = ReplayGain { loudness: f64::NEG_INFINITY, peak: 0.0 };
            let result = (codec.open)(&order, Box::new(Full)).and_then(|encoder| encoder.finish(&gain));
            assert!(matches!(result, Err(AudioError::Write(_))), "{}", codec.name);
        }
    }

    #[test]
    fn same_bytes_whatever_the_blocks() {
        witness::check_same_bytes(&VORBIS, 44_100);
    }
}
