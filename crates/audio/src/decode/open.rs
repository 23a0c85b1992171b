//! Opening: from bytes of any kind to a [`Source`] that is ready to be read, or to an error that names the cause.

use model::{Chapters, Metadata};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known as id;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, Track};
use symphonia::core::io::{MediaSource, MediaSourceStream, ReadBytes};
use symphonia::default::formats::{AdtsReader, CafReader, FlacReader, IsoMp4Reader, MkvReader, MpaReader, OggReader};

use super::bytes::{Alterations, Bytes, Fields};
use super::opus::Head;
use super::packets::{Packets, codec_name, guard, known};
use super::raw::Layout;
use super::sniff::{self, Container, unsupported};
use super::tags::{self, Found};
use super::window::{Tail, Window};
use super::{Body, Notes, Promise, Source, SourceInfo, Warning, aiff, caf, check_limits, mkv, mp4, mpeg, wave};
use crate::mix::Speaker;
use crate::{AudioError, Block};

/// Opens whatever it is.
pub(super) fn source(stream: Box<dyn MediaSource>) -> Result<Source, AudioError> {
    let mut bytes = Bytes::new(stream)?;
    if bytes.len() == 0 {
        return Err(AudioError::Empty);
    }
    // ID3 tags may stand before anything, and some programs write two of them.
    let mut found = Found::default();
    let mut early = Vec::new();
    let mut start = 0;
    let mut head = bytes.vec(0, sniff::HEAD)?;
    for _ in 0..4 {
        let len = tags::id3_len(&head);
        if len == 0 {
            break;
        }
        early.extend(tags::id3(&mut bytes, start, len, &mut found));
        start += len;
        head = bytes.vec(start, sniff::HEAD)?;
    }
    if head.is_empty() {
        return Err(AudioError::NoSound { reason: "there is nothing after its ID3 tag".into() });
    }
    let whole = start + head.len() as u64 >= bytes.len();
    let container = sniff::identify(&head, whole, start > 0)?;
    let opening = Opening { bytes, start, head, container, found, early };
    match container {
        Container::Wave | Container::Aiff | Container::Caf => opening.raw(),
        Container::Flac => opening.flac(),
        Container::Ogg => opening.ogg(),
        Container::Mp4 => opening.mp4(),
        Container::Matroska => opening.matroska(),
        Container::Mpeg { at, header } => opening.mpeg(at, header),
        Container::Adts { at } => opening.adts(at),
    }
}

/// What is known before the container is read.
struct Opening {
    bytes: Bytes,
    /// Offset of the container, behind tags.
    start: u64,
    head: Vec<u8>,
    container: Container,
    found: Found,
    early: Vec<Warning>,
}

/// How the sound of a container in packets is to be cut, and what its header promises.
#[derive(Default)]
struct Extent {
    skip: u64,
    tail: Tail,
    promise: Promise,
}

impl Opening {
    fn raw(mut self) -> Result<Source, AudioError> {
        // Offsets within these headers count from their own beginning, so a tag before it must not be there.
        if self.start > 0 {
            return Err(unsupported(format!("a {} file behind an ID3 tag", self.container.name())));
        }
        let layout = match self.container {
            Container::Wave => wave::read(&mut self.bytes)?,
            Container::Aiff => aiff::read(&mut self.bytes)?,
            _ => match caf::read(&mut self.bytes)? {
                Some(layout) => layout,
                None => return self.caf(),
            },
        };
        let frames = layout.frames(layout.len);
        if frames == 0 {
            return Err(AudioError::NoSound { reason: "its sound has not one frame".into() });
        }
        let Layout { rate, .. } = layout;
        let promised = layout.promised.map(|bytes| layout.frames(bytes));
        let mut info = SourceInfo {
            container: self.container.name(),
            codec: layout.codec(),
            rate,
            channels: layout.speakers.len(),
            speakers: layout.speakers.clone(),
            bits: match layout.samples {
                super::raw::Samples::Pcm(coding) => coding.bits(),
                super::raw::Samples::Adpcm { .. } => None,
            },
            frames: Some(frames),
            metadata: Metadata::default(),
            chapters: Chapters::default(),
            cover: None,
        };
        let mut early = self.early;
        early.extend(layout.warnings.iter().copied());
        fill(&mut info, layout.found.clone(), &mut early);
        let promise = Promise { frames: promised, tolerance: 0, certain: true };
        let channels = info.channels;
        Ok(Source {
            info,
            body: Box::new(layout.open(self.bytes)?),
            window: Window::new(channels, 0, Tail::Kept),
            notes: Notes::default(),
            early,
            pending: Block::new(channels, 0),
            promise,
            given: 0,
            ended: false,
        })
    }

    fn flac(mut self) -> Result<Source, AudioError> {
        if self.found.chapters.is_empty() {
            self.found.chapters = tags::flac_chapters(&mut self.bytes, self.start)?;
        }
        let (stream, rest) = self.stream(0)?;
        let format = guard(|| FlacReader::try_new(stream, FormatOptions::default())).map_err(damaged("FLAC"))?;
        rest.finish(Box::new(format), false, |packets, _| exact(packets))
    }

    fn ogg(self) -> Result<Source, AudioError> {
        let refused = ogg_refusal(&self.head);
        let (stream, rest) = self.stream(0)?;
        let opened = guard(|| OggReader::try_new(stream, FormatOptions::default()));
        // Where it knows no codec, the reader goes through the whole file and complains about its end.
        let format = match (opened, refused) {
            (Err(_), Some(refused)) => return Err(refused),
            (Err(error), None) => return Err(damaged("Ogg")(error)),
            (Ok(format), _) => format,
        };
        let sound = |track: &Track| matches!(track.codec_params, Some(CodecParameters::Audio(_)));
        if !format.tracks().iter().any(sound) {
            return Err(AudioError::NoSound { reason: "it has no audio track".into() });
        }
        rest.finish(Box::new(format), false, |packets, _| {
            // Where the last page is missing, symphonia knows no length.
            let frames = packets.track().and_then(|track| track.num_frames);
            let frames = frames.map(|frames| frames.saturating_sub(packets.skip())).filter(|frames| *frames > 0);
            Extent { promise: Promise { frames, tolerance: 0, certain: false }, ..Extent::default() }
        })
    }

    fn mp4(mut self) -> Result<Source, AudioError> {
        let movie = mp4::Movie::read(&mut self.bytes)?;
        if !movie.indexed {
            return Err(AudioError::Damaged {
                reason: "the index of the MP4 file (moov) is missing, so it was probably cut off".into(),
            });
        }
        let Some(track) = &movie.track else {
            let reason =
                if movie.other_tracks { "it has pictures or text but no audio track" } else { "it has no tracks" };
            return Err(AudioError::NoSound { reason: reason.into() });
        };
        track.check()?;
        if self.found.chapters.is_empty() {
            self.found.chapters.clone_from(&movie.chapters);
        }
        let rest = Rest { container: self.container, found: self.found, early: self.early };
        let mut stream = self
            .bytes
            .into_altered_stream(self.start, Alterations { len: movie.end.min(1 << 62), patches: Vec::new() })?;
        // The reader expects to stand behind the four bytes of the first box's size.
        stream.read_quad_bytes().map_err(AudioError::Read)?;
        let format = guard(|| IsoMp4Reader::try_new(stream, FormatOptions::default())).map_err(damaged("MP4"))?;
        rest.finish(Box::new(format), true, |packets, rate| {
            let part = movie.part(rate);
            // Opus drops its pre-skip by itself; the edit list says the same once more.
            let gone = packets.skip();
            let skip = if gone > 0 { 0 } else { part.skip };
            let end = part.end.map(|end| end.saturating_sub(gone));
            let frames = end.map(|end| end.saturating_sub(skip));
            Extent {
                skip,
                tail: end.map_or(Tail::Kept, Tail::Cut),
                promise: Promise { frames, tolerance: 0, certain: false },
            }
        })
    }

    fn matroska(mut self) -> Result<Source, AudioError> {
        let film = mkv::Film::read(&mut self.bytes)?;
        let codec = film.codec.clone();
        if self.found.chapters.is_empty() {
            self.found.chapters.clone_from(&film.chapters);
        }
        self.found.metadata.title.clone_from(&film.title);
        let rest = Rest { container: self.container, found: self.found, early: self.early };
        let stream = self.bytes.into_altered_stream(self.start, film.alterations.clone())?;
        let format = guard(|| MkvReader::try_new(stream, FormatOptions::default())).map_err(damaged("Matroska"))?;
        let understood = format.tracks().iter().any(
            |track| matches!(&track.codec_params, Some(CodecParameters::Audio(parameters)) if known(parameters.codec)),
        );
        match codec {
            None => {
                let reason =
                    if film.other_tracks { "it has pictures or text but no audio track" } else { "it has no tracks" };
                return Err(AudioError::NoSound { reason: reason.into() });
            }
            Some(codec) if !understood => return Err(unsupported(mkv::codec_name(&codec))),
            Some(_) => {}
        }
        rest.finish(Box::new(format), false, |packets, rate| {
            let frames = |nanoseconds: u64| (nanoseconds as f64 * f64::from(rate) / 1e9).round() as u64;
            let skip = if packets.codec() == id::CODEC_ID_OPUS { 0 } else { frames(film.delay) };
            Extent {
                skip,
                tail: Tail::Last(frames(film.padding)),
                promise: Promise {
                    frames: film.duration.map(|seconds| (seconds * f64::from(rate)) as u64),
                    // The header counts milliseconds and includes delay and padding as it pleases.
                    tolerance: u64::from(rate) / 5,
                    certain: false,
                },
            }
        })
    }

    fn caf(self) -> Result<Source, AudioError> {
        let refused = caf_refusal(&self.head);
        let (stream, rest) = self.stream(0)?;
        let format = guard(|| CafReader::try_new(stream, FormatOptions::default()))
            .map_err(|error| if matches!(error, Error::Unsupported(_)) { refused } else { damaged("CAF")(error) })?;
        rest.finish(Box::new(format), false, |packets, _| {
            let gone = packets.skip();
            let Some(track) = packets.track() else { return Extent::default() };
            let (delay, padding) = (u64::from(track.delay.unwrap_or(0)), u64::from(track.padding.unwrap_or(0)));
            let end = track.num_frames.map(|frames| frames + delay);
            let relative = |frame: u64| frame.saturating_sub(gone);
            Extent {
                skip: if gone > 0 { 0 } else { delay },
                tail: end
                    .filter(|_| padding > 0)
                    .map_or(Tail::Kept, |end| Tail::Padded { end: relative(end), total: relative(end + padding) }),
                // ffmpeg counts the last packet as a full one, so the promise may be missed by a packet.
                promise: Promise { frames: track.num_frames, tolerance: 4096, certain: false },
            }
        })
    }

    fn mpeg(self, at: usize, header: mpeg::Header) -> Result<Source, AudioError> {
        let declared = mpeg::declared(self.head.get(at..).unwrap_or_default(), header);
        let (stream, rest) = self.stream(at)?;
        let format = guard(|| MpaReader::try_new(stream, FormatOptions::default())).map_err(damaged("MP3"))?;
        rest.finish(Box::new(format), false, move |packets, _| {
            let Some(track) = packets.track() else { return Extent::default() };
            let (delay, padding) = (u64::from(track.delay.unwrap_or(0)), u64::from(track.padding.unwrap_or(0)));
            let Some(total) = declared else { return Extent { skip: delay, ..Extent::default() } };
            let end = total.saturating_sub(padding);
            Extent {
                skip: delay,
                tail: Tail::Padded { end, total },
                promise: Promise { frames: Some(end.saturating_sub(delay)), tolerance: 0, certain: false },
            }
        })
    }

    fn adts(self, at: usize) -> Result<Source, AudioError> {
        let header: Option<[u8; 4]> = self.head.get(at..).and_then(|head| head.part(0));
        if let Some([_, _, third, fourth]) = header {
            // The profile is the object type less one; the layout of the rest is that of AudioSpecificConfig.
            let (object, rate) = ((third >> 6) + 1, third >> 2 & 15);
            let channels = (third & 1) << 2 | fourth >> 6;
            mp4::check_aac_config(&[object << 3 | rate >> 1, rate << 7 | channels << 3])?;
        }
        let (stream, rest) = self.stream(at)?;
        let format = guard(|| AdtsReader::try_new(stream, FormatOptions::default())).map_err(damaged("ADTS"))?;
        rest.finish(Box::new(format), false, |_, _| Extent::default())
    }

    /// The stream from an offset behind the tags, and what is left of the opening.
    fn stream(self, offset: usize) -> Result<(MediaSourceStream<'static>, Rest), AudioError> {
        let rest = Rest { container: self.container, found: self.found, early: self.early };
        Ok((self.bytes.into_stream(self.start + offset as u64)?, rest))
    }
}

/// What is known when the container's reader stands.
struct Rest {
    container: Container,
    found: Found,
    early: Vec<Warning>,
}

impl Rest {
    fn finish(
        mut self,
        format: Box<dyn FormatReader>,
        big_endian: bool,
        extent: impl FnOnce(&Packets, u32) -> Extent,
    ) -> Result<Source, AudioError> {
        let mut packets = Packets::open(format, big_endian)?;
        collect(packets.format(), &mut self.found);
        let bits = bits(&packets);
        // The extent asks for frames that the decoder will drop, so it comes before anything is decoded; the rate it needs
        // is the header's.
        let stated = packets.track().and_then(|track| match &track.codec_params {
            Some(CodecParameters::Audio(parameters)) => parameters.sample_rate,
            _ => None,
        });
        let Extent { skip, tail, promise } = extent(&packets, stated.unwrap_or(48_000));
        let mut notes = Notes::default();
        let mut first = Block::default();
        let mut more = true;
        while more && (first.is_empty() || !packets.settled()) {
            more = packets.pull(&mut first, usize::MAX, &mut notes)?;
        }
        let Some((rate, speakers)) = packets.spec().filter(|_| !first.is_empty()) else {
            return Err(AudioError::NoSound { reason: "its audio track has no frames".into() });
        };
        let speakers = speakers.to_vec();
        check_limits(rate, speakers.len())?;
        let channels = speakers.len();
        let mut info = SourceInfo {
            container: self.container.name(),
            codec: codec_name(packets.codec()),
            rate,
            channels,
            speakers,
            bits,
            frames: promise.frames,
            metadata: Metadata::default(),
            chapters: Chapters::default(),
            cover: None,
        };
        fill(&mut info, self.found, &mut self.early);
        let mut window = Window::new(channels, skip, tail);
        let mut pending = Block::new(channels, 0);
        window.pass(&mut first, 0, &mut pending);
        first.extend(&pending);
        Ok(Source {
            info,
            body: Box::new(packets),
            window,
            notes,
            early: self.early,
            pending: first,
            promise,
            given: 0,
            ended: !more,
        })
    }
}

/// The promise of a container that counts its frames exactly.
fn exact(packets: &Packets) -> Extent {
    let frames = packets.track().and_then(|track| track.num_frames).filter(|frames| *frames > 0);
    Extent { promise: Promise { frames, tolerance: 0, certain: false }, ..Extent::default() }
}

fn bits(packets: &Packets) -> Option<u32> {
    let lossy = [
        id::CODEC_ID_MP1,
        id::CODEC_ID_MP2,
        id::CODEC_ID_MP3,
        id::CODEC_ID_AAC,
        id::CODEC_ID_VORBIS,
        id::CODEC_ID_OPUS,
    ];
    match packets.track().and_then(|track| track.codec_params.as_ref()) {
        Some(CodecParameters::Audio(parameters)) if !lossy.contains(&parameters.codec) => parameters.bits_per_sample,
        _ => None,
    }
}

/// Tags and chapters of the container, oldest first.
fn collect(format: &mut dyn FormatReader, found: &mut Found) {
    if let Some(chapters) = format.chapters() {
        found.add_chapters(chapters);
    }
    let mut log = format.metadata();
    while let Some(revision) = log.pop() {
        found.add(&revision);
    }
    if let Some(revision) = log.current() {
        found.add(revision);
    }
}

fn fill(info: &mut SourceInfo, found: Found, early: &mut Vec<Warning>) {
    info.metadata = found.metadata;
    info.chapters = Chapters::new(found.chapters);
    info.cover = found.cover;
    if info.channels > 2 && info.speakers.iter().all(|speaker| *speaker == Speaker::Unknown) {
        early.push(Warning::NoLayout { channels: info.channels });
    }
}

fn damaged(container: &'static str) -> impl Fn(Error) -> AudioError {
    move |error| match error {
        Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            AudioError::NoSound { reason: format!("the {container} file ends before its sound begins") }
        }
        Error::IoError(error) => AudioError::Read(error),
        _ => AudioError::Damaged { reason: format!("its {container} header is invalid") },
    }
}

/// What to say when an Ogg file cannot be opened and its first page explains why.
fn ogg_refusal(head: &[u8]) -> Option<AudioError> {
    let packet = head.get(26).and_then(|segments| head.get(27 + usize::from(*segments)..)).unwrap_or_default();
    if packet.starts_with(b"OpusHead") {
        return Head::read(packet, false).err();
    }
    // A skeleton (`fishead`) comes before the streams that it describes.
    let known: [&[u8]; 3] = [b"\x01vorbis", b"\x7FFLAC", b"fishead"];
    if packet.is_empty() || known.iter().any(|start| packet.starts_with(start)) {
        return None;
    }
    if packet.starts_with(b"\x80theora") {
        return Some(AudioError::NoSound { reason: "it has pictures but no audio track".into() });
    }
    let speex = packet.starts_with(b"Speex   ");
    Some(unsupported(if speex { "Speex" } else { "an Ogg file with a codec that Soundpost does not know" }))
}

/// What to say when symphonia does not read a CAF file, by the format in its description.
fn caf_refusal(head: &[u8]) -> AudioError {
    let code = head.windows(4).position(|window| window == b"desc").and_then(|at| head.get(at + 20..at + 24));
    unsupported(match code {
        Some(b"ac-3") => "AC-3 (Dolby Digital)".into(),
        Some(b"aach" | b"aacp") => "HE-AAC".into(),
        Some(code) => format!("a CAF file with codec {}", String::from_utf8_lossy(code).trim()),
        None => "a CAF file of an unknown kind".into(),
    })
}
