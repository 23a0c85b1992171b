//! Opus in Ogg (RFC 6716, RFC 7845), through libopus. Opus knows 48 000 frames per second only; for anything else the
//! pipeline resamples before it comes here.

use std::io;

use super::ogg::{self, End, Pages, WrittenPage};
use super::{Codec, Encoder, Order, Sink};
use crate::tag::ReplayGain;
use crate::tag::vorbis_comment::{CommentBlock, CoverPlace, LoudnessFields};
use crate::{AudioError, Block};

/// Opus. Without a bitrate, stereo gets 96 and mono 64 kbit/s.
pub(super) static OPUS: Codec = Codec {
    name: "opus",
    title: NAME,
    ending: "opus",
    mime: "audio/ogg; codecs=opus",
    lossy: true,
    bitrates: Some(6..=510),
    default_bitrate: Some(STEREO_KBPS),
    rates: &[RATE],
    open,
};

const NAME: &str = "Opus";
const RATE: u32 = 48_000;
const MONO_KBPS: u32 = 64;
const STEREO_KBPS: u32 = 96;
/// What one channel can make use of (RFC 7845 has no limit; libopus stops gaining well below).
const MOST_KBPS_PER_CHANNEL: u32 = 256;
/// Frames in a packet: 20 ms, at which libopus is tuned best.
const PACKET: usize = 960;
/// libopus's own default. Lower values save time that LAME beside it needs many times over.
const COMPLEXITY: i32 = 10;
/// No packet of 20 ms is longer (RFC 6716, section 3.4: 1275 bytes and one of table of contents).
const MOST_PACKET_BYTES: usize = 1276;
/// Packets on a page: one second, as RFC 7845, section 6, recommends at most.
const PACKETS_PER_PAGE: u64 = 50;
/// In front of the comments in their packet.
const COMMENT_MAGIC: &[u8] = b"OpusTags";

struct OpusEncoder {
    sink: Box<dyn Sink>,
    coder: opus::Encoder,
    channels: usize,
    pages: Pages,
    comments: CommentBlock,
    comment_page: Option<WrittenPage>,
    /// Frames that do not fill a packet yet, interleaved.
    waiting: Vec<f32>,
    coded: Vec<u8>,
    pre_skip: u64,
    frames: u64,
    packets: u64,
}

fn open(order: &Order, sink: Box<dyn Sink>) -> Result<Box<dyn Encoder>, AudioError> {
    if order.rate != RATE {
        let reason = format!("it needs {RATE} frames per second and was given {}", order.rate);
        return Err(AudioError::Encode { format: NAME, reason });
    }
    let (layout, default) = match order.channels {
        1 => (opus::Channels::Mono, MONO_KBPS),
        2 => (opus::Channels::Stereo, STEREO_KBPS),
        other => {
            let reason = format!("{other} channels are more than stereo");
            return Err(AudioError::Encode { format: NAME, reason });
        }
    };
    let most = (MOST_KBPS_PER_CHANNEL * order.channels as u32).min(510);
    let kbps = order.bitrate.unwrap_or(default).clamp(6, most);
    let (coder, pre_skip) = coder(layout, kbps).map_err(|error| failure(&error))?;

    let comments = CommentBlock::new(opus::version(), LoudnessFields::R128, CoverPlace::Comment, &order.tags);
    let mut encoder = OpusEncoder {
        sink,
        coder,
        channels: order.channels,
        pages: Pages::new(ogg::serial(u64::from_le_bytes(*b"OpusHead"), order.rate, order.channels, order.frames)),
        comments,
        comment_page: None,
        waiting: Vec::with_capacity(PACKET * order.channels),
        coded: vec![0; MOST_PACKET_BYTES],
        pre_skip,
        frames: 0,
        packets: 0,
    };
    encoder.write_headers().map_err(AudioError::Write)?;
    Ok(Box::new(encoder))
}

/// The coder, and how many frames it is late: decoders drop as many at the beginning.
fn coder(layout: opus::Channels, kbps: u32) -> Result<(opus::Encoder, u64), opus::Error> {
    let mut coder = opus::Encoder::new(RATE, layout, opus::Application::Audio)?;
    coder.set_bitrate(opus::Bitrate::Bits(kbps as i32 * 1000))?;
    coder.set_vbr(true)?;
    coder.set_vbr_constraint(false)?;
    coder.set_complexity(COMPLEXITY)?;
    let pre_skip = coder.get_lookahead()?.max(0) as u64;
    Ok((coder, pre_skip))
}

impl Encoder for OpusEncoder {
    fn write(&mut self, block: &Block) -> Result<(), AudioError> {
        self.frames += block.frames() as u64;
        let mut at = 0;
        while at < block.frames() {
            let held = self.waiting.len() / self.channels;
            let end = block.frames().min(at + PACKET - held);
            self.waiting.resize((held + end - at) * self.channels, 0.0);
            for (index, samples) in block.iter().take(self.channels).enumerate() {
                let places = self.waiting[held * self.channels..].iter_mut().skip(index).step_by(self.channels);
                for (place, &sample) in places.zip(&samples[at..end]) {
                    *place = if sample.is_finite() { sample } else { 0.0 };
                }
            }
            if held + end - at == PACKET {
                self.write_packet()?;
            }
            at = end;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, gain: &ReplayGain) -> Result<(), AudioError> {
        // Silence pushes out what the coder still holds; the position of the last page tells where the sound ends
        // (RFC 7845, section 4.4). Even a file without sound has one packet.
        let end = self.pre_skip + self.frames;
        while self.packets * (PACKET as u64) < end {
            self.waiting.resize(PACKET * self.channels, 0.0);
            self.write_packet()?;
        }
        self.close(gain).map_err(AudioError::Write)
    }
}

impl OpusEncoder {
    fn write_headers(&mut self) -> io::Result<()> {
        let mut head = b"OpusHead".to_vec();
        head.push(1); // version
        head.push(self.channels as u8);
        head.extend((self.pre_skip as u16).to_le_bytes());
        head.extend(RATE.to_le_bytes()); // of the original, for information
        head.extend(0i16.to_le_bytes()); // output gain
        head.push(0); // mono or stereo
        self.pages.packet(&mut self.sink, &head, 0)?;
        self.pages.flush(&mut self.sink, End::NotLast)?;

        let comments = [COMMENT_MAGIC, self.comments.bytes()].concat();
        let spilled = self.pages.packet(&mut self.sink, &comments, 0)?;
        self.comment_page = spilled.or(self.pages.flush(&mut self.sink, End::NotLast)?);
        // Sound begins on a page of its own.
        self.pages.flush(&mut self.sink, End::NotLast)?;
        self.comments.keep_head();
        Ok(())
    }

    /// Codes the packet that is waiting.
    fn write_packet(&mut self) -> Result<(), AudioError> {
        let length = self.coder.encode_float(&self.waiting, &mut self.coded).map_err(|error| failure(&error))?;
        self.waiting.clear();
        let packet = self.coded.get(..length).unwrap_or_default();
        if self.packets > 0 && self.packets.is_multiple_of(PACKETS_PER_PAGE) || !self.pages.has_room(packet.len()) {
            self.pages.flush(&mut self.sink, End::NotLast).map_err(AudioError::Write)?;
        }
        self.packets += 1;
        let granule = self.packets * PACKET as u64;
        self.pages.packet(&mut self.sink, packet, granule).map_err(AudioError::Write)?;
        Ok(())
    }

    fn close(&mut self, gain: &ReplayGain) -> io::Result<()> {
        self.pages.set_granule(self.pre_skip + self.frames);
        self.pages.flush(&mut self.sink, End::Last)?;
        self.comments.set_loudness(gain);
        if let Some(page) = &mut self.comment_page {
            page.rewrite(&mut self.sink, COMMENT_MAGIC.len(), self.comments.head())?;
        }
        self.sink.flush()
    }
}

fn failure(error: &opus::Error) -> AudioError {
    AudioError::Encode { format: NAME, reason: format!("the Opus library refused it ({error})") }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::encode::witness::{self, Made};
    use crate::tag::Tags;

    #[test]
    fn others_read_every_frame() {
        // 648 and 649 frames with 312 of delay: exactly one packet, and one frame more.
        for (channels, frames) in [(1, 0), (2, 1), (1, 648), (2, 649), (2, 48_000), (1, 123_457)] {
            let made = Made::sine(&OPUS, RATE, channels, frames, Tags::default());
            let said = made.run("opusinfo", &[]);
            assert!(!said.contains("WARNING") && !said.contains("ERROR"), "{said}");
            made.check_length(0.0066); // ffprobe counts the frames that are skipped at the beginning
            let wav = tempfile::Builder::new().suffix(".wav").tempfile().unwrap();
            made.run_into("opusdec", &["--quiet", "--float"], wav.path());
            assert_eq!(witness::frames_of_wav(wav.path()), frames as u64, "opusdec");
            if frames > 40_000 {
                assert!(made.snr() > 20.0, "{}", made.snr());
            }
        }
    }

    #[test]
    fn others_read_tags_cover_and_chapters() {
        for more in [0, 300_000] {
            let made =
                Made::sine(&OPUS, RATE, 2, 96_000, Tags { cover: Some(witness::cover(more)), ..witness::tags() });
            let said = made.run("opusinfo", &[]);
            assert!(!said.contains("WARNING") && !said.contains("ERROR"), "{said}");
            made.check_length(0.0066);
            let said = made.python(
                "from mutagen.oggopus import OggOpus\nfrom mutagen.flac import Picture\nimport base64\nf = OggOpus(name)\n\
                 for k, v in sorted(f.tags.as_dict().items()): print(k, v)\n\
                 p = Picture(base64.b64decode(f['metadata_block_picture'][0]))\nprint(p.type, p.mime, p.width, len(p.data))",
            );
            for line in [
                "title ['Über das Öl']",
                "r128_track_gain ['-01792']",
                "chapter001name ['Intro']",
                "chapter002 ['00:01:01.500']",
                &format!("3 image/png 1 {}", 69 + more),
            ] {
                assert!(said.contains(line), "{line} is not in\n{said}");
            }
            assert!(!said.contains("replaygain"), "Opus has no ReplayGain fields:\n{said}");
        }
    }

    #[test]
    fn any_bitrate_works() {
        let sound =
            Block::from_channels(vec![testkit::signal::noise(&mut testkit::signal::Dice::new(1), 0.5, 96_000); 2]);
        let sizes = [0, 6, 32, 96, 256, 510, 9999].map(|kbps| {
            let made = Made::of(&OPUS, RATE, &sound, Tags::default(), Some(kbps));
            made.check_length(0.0066);
            made.bytes().len()
        });
        assert!(sizes[0] == sizes[1] && sizes[5] == sizes[6] && sizes.is_sorted(), "{sizes:?}");
    }

    #[test]
    fn other_rates_are_refused_in_words() {
        let order = Order { rate: 44_100, channels: 2, frames: 0, bitrate: None, ceiling: None, tags: Tags::default() };
        let error = (OPUS.open)(&order, Box::new(io::Cursor::new(Vec::new()))).err().unwrap();
        assert_eq!(error.to_string(), "Opus cannot be made: it needs 48000 frames per second and was given 44100.");
    }

    #[test]
    fn what_is_not_a_number_is_silence() {
        let mut sound = vec![0.1; 5000];
        sound[100] = f32::NAN;
        sound[2000] = f32::INFINITY;
        Made::of(&OPUS, RATE, &Block::from_channels(vec![sound]), Tags::default(), None).check_length(0.0066);
    }

    #[test]
    fn same_bytes_whatever_the_blocks() {
        witness::check_same_bytes(&OPUS, RATE);
    }
}
