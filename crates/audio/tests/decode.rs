//! Decoding against a witness: ffmpeg makes files of every kind out of seeded sound and says what is in them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where and stop")]

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use audio::decode::{Source, SourceInfo, Warning};
use audio::mix::Speaker;
use audio::{AudioError, Block};
use testkit::signal::{Dice, noise, sine};

/// Runs ffmpeg and gives what it writes to its standard output.
fn ffmpeg(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-fflags", "+bitexact"])
        .args(arguments)
        .output()
        .expect("ffmpeg is needed for these tests; tools/setup installs it");
    assert!(output.status.success(), "ffmpeg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A 32-bit float WAV file of the given channels.
fn wav(rate: u32, channels: &[Vec<f32>]) -> Vec<u8> {
    let count = channels.len();
    let frames = channels[0].len();
    let len = (frames * count * 4) as u32;
    let mut bytes = Vec::with_capacity(len as usize + 44);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(len + 36).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt \x10\0\0\0\x03\0");
    bytes.extend_from_slice(&(count as u16).to_le_bytes());
    bytes.extend_from_slice(&rate.to_le_bytes());
    bytes.extend_from_slice(&(rate * count as u32 * 4).to_le_bytes());
    bytes.extend_from_slice(&(count as u16 * 4).to_le_bytes());
    bytes.extend_from_slice(b"\x20\0data");
    bytes.extend_from_slice(&len.to_le_bytes());
    for frame in 0..frames {
        for channel in channels {
            bytes.extend_from_slice(&channel[frame].to_le_bytes());
        }
    }
    bytes
}

/// A seeded mixture of tones and noise, different in every channel.
fn signal(rate: u32, channels: usize, frames: usize) -> Vec<Vec<f32>> {
    let mut dice = Dice::new(7);
    (0..channels)
        .map(|channel| {
            let tone = sine(rate, 220.0 * (channel + 1) as f64, 0.3, 0.0, frames);
            let hiss = noise(&mut dice, 0.02, frames);
            tone.iter().zip(hiss).map(|(a, b)| a + b).collect()
        })
        .collect()
}

struct Read {
    info: SourceInfo,
    sound: Vec<Vec<f32>>,
    warnings: Vec<Warning>,
}

impl Read {
    fn frames(&self) -> usize {
        self.sound[0].len()
    }
}

fn drain(mut source: Source) -> Result<Read, AudioError> {
    let info = source.info().clone();
    let mut sound = vec![Vec::new(); info.channels];
    let mut block = Block::default();
    while source.read(&mut block)? {
        assert!(block.frames() <= 8192 && !block.is_empty());
        assert_eq!(block.channels(), info.channels);
        for (all, channel) in sound.iter_mut().zip(block.iter()) {
            all.extend_from_slice(channel);
        }
    }
    assert!(block.is_empty());
    assert!(!source.read(&mut block)?, "the end stays the end");
    Ok(Read { info, sound, warnings: source.warnings() })
}

fn read(bytes: &[u8]) -> Result<Read, AudioError> {
    drain(Source::from_stream(Box::new(Cursor::new(bytes.to_vec())), None)?)
}

/// What ffmpeg decodes from a file, as planar floats. Opus is decoded by libopus there too, since decoders may differ.
fn witness(path: &Path, channels: usize) -> Vec<Vec<f32>> {
    let opus = path.to_str().unwrap().contains("opus");
    let decoder: &[&str] = if opus { &["-c:a", "libopus"] } else { &[] };
    let rest = ["-i", path.to_str().unwrap(), "-map", "0:a:0", "-f", "f32le", "-"];
    let bytes = ffmpeg(&[decoder, &rest].concat());
    let mut planes = vec![Vec::new(); channels];
    for (index, sample) in bytes.chunks_exact(4).enumerate() {
        planes[index % channels].push(f32::from_le_bytes(sample.try_into().unwrap()));
    }
    planes
}

/// Greatest difference of two recordings over the frames they share.
fn difference(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    let pairs = a.iter().zip(b).flat_map(|(a, b)| a.iter().zip(b));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// A kind of file: its name, how ffmpeg makes it, what we call it, and how far we may be from ffmpeg's decoder.
struct Kind {
    file: &'static str,
    make: &'static [&'static str],
    container: &'static str,
    codec: &'static str,
    error: f32,
    /// Whether it keeps the exact number of frames.
    exact: bool,
}

const fn kind(
    file: &'static str,
    make: &'static [&'static str],
    names: (&'static str, &'static str),
    error: f32,
    exact: bool,
) -> Kind {
    Kind { file, make, container: names.0, codec: names.1, error, exact }
}

const KINDS: &[Kind] = &[
    kind("u8.wav", &["-c:a", "pcm_u8"], ("WAV", "PCM 8 bit"), 1e-6, true),
    kind("s16.wav", &["-c:a", "pcm_s16le"], ("WAV", "PCM 16 bit"), 1e-6, true),
    kind("s24.wav", &["-c:a", "pcm_s24le"], ("WAV", "PCM 24 bit"), 1e-6, true),
    kind("s32.wav", &["-c:a", "pcm_s32le"], ("WAV", "PCM 32 bit"), 1e-6, true),
    kind("f32.wav", &["-c:a", "pcm_f32le"], ("WAV", "PCM 32 bit float"), 1e-6, true),
    kind("f64.wav", &["-c:a", "pcm_f64le"], ("WAV", "PCM 64 bit float"), 1e-6, true),
    kind("alaw.wav", &["-c:a", "pcm_alaw"], ("WAV", "A-law"), 1e-6, true),
    kind("mulaw.wav", &["-c:a", "pcm_mulaw"], ("WAV", "µ-law"), 1e-6, true),
    kind("rf64.wav", &["-c:a", "pcm_s16le", "-rf64", "always"], ("WAV", "PCM 16 bit"), 1e-6, true),
    kind("ms.wav", &["-c:a", "adpcm_ms"], ("WAV", "MS ADPCM"), 1e-4, false),
    kind("ima.wav", &["-c:a", "adpcm_ima_wav"], ("WAV", "IMA ADPCM"), 1e-4, false),
    kind("s8.aiff", &["-c:a", "pcm_s8"], ("AIFF", "PCM 8 bit"), 1e-6, true),
    kind("s16.aiff", &["-c:a", "pcm_s16be"], ("AIFF", "PCM 16 bit"), 1e-6, true),
    kind("s24.aiff", &["-c:a", "pcm_s24be"], ("AIFF", "PCM 24 bit"), 1e-6, true),
    kind("s32.aiff", &["-c:a", "pcm_s32be"], ("AIFF", "PCM 32 bit"), 1e-6, true),
    kind("f32.aiff", &["-c:a", "pcm_f32be"], ("AIFF", "PCM 32 bit float"), 1e-6, true),
    kind("sowt.aiff", &["-c:a", "pcm_s16le"], ("AIFF", "PCM 16 bit"), 1e-6, true),
    kind("a.flac", &["-c:a", "flac"], ("FLAC", "FLAC"), 1e-6, true),
    kind(
        "a24.flac",
        &["-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24"],
        ("FLAC", "FLAC"),
        1e-6,
        true,
    ),
    kind("a.mp2", &["-c:a", "mp2", "-b:a", "192k"], ("MP2", "MP2"), 2e-4, false),
    kind("a.mp3", &["-c:a", "libmp3lame", "-b:a", "128k"], ("MP3", "MP3"), 2e-4, true),
    kind("vbr.mp3", &["-c:a", "libmp3lame", "-q:a", "4", "-id3v2_version", "3"], ("MP3", "MP3"), 2e-4, true),
    kind("bare.mp3", &["-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0"], ("MP3", "MP3"), 2e-4, false),
    kind("a.aac", &["-c:a", "aac", "-b:a", "128k"], ("ADTS", "AAC-LC"), 2e-4, false),
    kind("a.m4a", &["-c:a", "aac", "-b:a", "128k"], ("MP4", "AAC-LC"), 2e-4, true),
    kind("fast.m4a", &["-c:a", "aac", "-movflags", "+faststart"], ("MP4", "AAC-LC"), 2e-4, true),
    kind("alac.m4a", &["-c:a", "alac"], ("MP4", "ALAC"), 1e-6, true),
    kind("flac.mp4", &["-c:a", "flac", "-strict", "-2"], ("MP4", "FLAC"), 1e-6, true),
    kind("opus.mp4", &["-c:a", "libopus", "-b:a", "96k", "-ar", "48000"], ("MP4", "Opus"), 2e-3, true),
    kind("a.ogg", &["-c:a", "libvorbis", "-q:a", "5", "-page_duration", "100000"], ("Ogg", "Vorbis"), 2e-4, true),
    kind("flac.ogg", &["-c:a", "flac", "-page_duration", "100000"], ("Ogg", "FLAC"), 1e-6, true),
    kind(
        "a.opus",
        &["-c:a", "libopus", "-b:a", "96k", "-ar", "48000", "-page_duration", "100000"],
        ("Ogg", "Opus"),
        2e-3,
        true,
    ),
    kind(
        "voice.opus",
        &[
            "-c:a",
            "libopus",
            "-b:a",
            "24k",
            "-application",
            "voip",
            "-ar",
            "48000",
            "-ac",
            "1",
            "-page_duration",
            "100000",
        ],
        ("Ogg", "Opus"),
        2e-3,
        true,
    ),
    kind("opus.webm", &["-c:a", "libopus", "-b:a", "96k", "-ar", "48000"], ("Matroska", "Opus"), 2e-3, true),
    kind("vorbis.webm", &["-c:a", "libvorbis"], ("Matroska", "Vorbis"), 2e-4, false),
    kind("aac.mka", &["-c:a", "aac"], ("Matroska", "AAC-LC"), 2e-4, false),
    kind("flac.mka", &["-c:a", "flac"], ("Matroska", "FLAC"), 1e-6, true),
    kind("pcm.mka", &["-c:a", "pcm_s16le"], ("Matroska", "PCM 16 bit"), 1e-6, true),
    kind("mp3.mka", &["-c:a", "libmp3lame"], ("Matroska", "MP3"), 2e-4, false),
    kind("pcm.caf", &["-c:a", "pcm_s16le"], ("CAF", "PCM 16 bit"), 1e-6, true),
    kind("alac.caf", &["-c:a", "alac"], ("CAF", "ALAC"), 1e-6, true),
    kind("opus.caf", &["-c:a", "libopus", "-ar", "48000"], ("CAF", "Opus"), 2e-3, false),
];

/// Makes a file of a kind from a WAV file.
fn make(folder: &Path, kind: &Kind, input: &Path) -> PathBuf {
    let path = folder.join(kind.file);
    let mut arguments = vec!["-i", input.to_str().unwrap(), "-metadata", "title=Grüße"];
    arguments.extend_from_slice(kind.make);
    arguments.push(path.to_str().unwrap());
    ffmpeg(&arguments);
    path
}

fn folder_with(rate: u32, channels: usize, frames: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.wav");
    std::fs::write(&input, wav(rate, &signal(rate, channels, frames))).unwrap();
    (folder, input)
}

#[test]
fn every_kind_decodes_as_ffmpeg_does() {
    let (folder, input) = folder_with(48_000, 2, 100_003);
    let mut report = Vec::new();
    for kind in KINDS {
        let path = make(folder.path(), kind, &input);
        let channels = if kind.make.contains(&"1") { 1 } else { 2 };
        let theirs = witness(&path, channels);
        let ours = match Source::open(&path).and_then(drain) {
            Ok(ours) => ours,
            Err(error) => {
                report.push(format!("{}: {error}", kind.file));
                continue;
            }
        };
        let wanted = if kind.exact { 100_003 } else { theirs[0].len() };
        let error = difference(&ours.sound, &theirs);
        let named = ours.info.container == kind.container && ours.info.codec == kind.codec;
        if ours.frames() != wanted
            || error > kind.error
            || !named
            || !ours.warnings.is_empty()
            || ours.info.rate != 48_000
        {
            report.push(format!(
                "{}: {} frames, wanted {wanted}, ffmpeg {}; off by {error}; {} {}; {:?}",
                kind.file,
                ours.frames(),
                theirs[0].len(),
                ours.info.container,
                ours.info.codec,
                ours.warnings
            ));
        }
    }
    assert!(report.is_empty(), "\n{}", report.join("\n"));
}

/// Files cut at seeded places: what is given is the beginning of what the whole file gives, or a typed error.
#[test]
fn cut_files_keep_their_beginning() {
    let (folder, input) = folder_with(44_100, 2, 60_000);
    let mut dice = Dice::new(11);
    for kind in KINDS {
        let path = make(folder.path(), kind, &input);
        let bytes = std::fs::read(&path).unwrap();
        let whole = read(&bytes).unwrap();
        let mut heard = 0;
        for round in 0..60 {
            // Every kind of header is near the front, so a third of the cuts go there.
            let range = if round % 3 == 0 { bytes.len().min(2000) } else { bytes.len() };
            let cut = dice.below(range);
            match read(&bytes[..cut]) {
                Ok(part) => {
                    heard += 1;
                    assert!(part.frames() <= whole.frames() + 8192, "{} cut at {cut}", kind.file);
                    // Near its end a cut stream may differ: trims were lost, or a last packet is half there.
                    let same = part.frames().saturating_sub(8192).min(whole.frames());
                    let shorten = |sound: &[Vec<f32>]| sound.iter().map(|c| c[..same].to_vec()).collect::<Vec<_>>();
                    let error = difference(&shorten(&part.sound), &shorten(&whole.sound));
                    assert!(error < 1e-6, "{} cut at {cut}: off by {error}", kind.file);
                    let lost = whole.frames().saturating_sub(part.frames());
                    // Streams without any stated length cannot know that more was meant to come.
                    let tells = !["bare.mp3", "a.mp2", "a.aac"].contains(&kind.file);
                    if tells && lost > 12_000 {
                        assert!(
                            part.warnings.iter().any(|warning| matches!(warning, Warning::Truncated { .. })),
                            "{} cut at {cut} lost {lost} frames: {:?}",
                            kind.file,
                            part.warnings
                        );
                    }
                }
                Err(error) => {
                    let text = error.to_string();
                    assert!(text.ends_with('.') && !text.contains("  "), "{} cut at {cut}: {text}", kind.file);
                    assert!(!matches!(error, AudioError::Read(_)), "{} cut at {cut}: {text}", kind.file);
                }
            }
        }
        // MP4 keeps its index at the end unless told otherwise, and so does CAF.
        let index_last = ["a.m4a", "alac.m4a", "flac.mp4", "opus.mp4", "alac.caf", "opus.caf"].contains(&kind.file);
        assert!(heard > 20 || index_last, "{}: only {heard} of 60 cuts gave sound", kind.file);
    }
}

/// Bytes changed at seeded places: never a panic, and no error without a name.
#[test]
fn damaged_files_give_what_they_can() {
    let (folder, input) = folder_with(44_100, 2, 60_000);
    let mut dice = Dice::new(12);
    for kind in KINDS {
        let path = make(folder.path(), kind, &input);
        let bytes = std::fs::read(&path).unwrap();
        for round in 0..40 {
            let mut bytes = bytes.clone();
            let range = if round % 2 == 0 { bytes.len().min(1000) } else { bytes.len() };
            for _ in 0..=dice.below(8) {
                let at = dice.below(range);
                bytes[at] = dice.next_u64() as u8;
            }
            if let Err(error) = read(&bytes) {
                assert!(error.to_string().ends_with('.'), "{}: {error}", kind.file);
            }
        }
    }
}

#[test]
fn one_damaged_packet_costs_itself() {
    let (folder, input) = folder_with(44_100, 2, 200_000);
    let path = make(folder.path(), KINDS.iter().find(|kind| kind.file == "a.flac").unwrap(), &input);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.len() / 2;
    for byte in &mut bytes[at..at + 40] {
        *byte ^= 0x5A;
    }
    let part = read(&bytes).unwrap();
    assert!(part.frames() > 180_000 && part.frames() < 200_000, "{}", part.frames());
    assert!(!part.warnings.is_empty());
}

/// Lengths of every sort in the headers of WAV files.
#[test]
fn wav_headers_that_lie() {
    let sound = signal(48_000, 2, 10_000);
    let honest = wav(48_000, &sound);
    let with = |size: u32, extra: &[u8]| {
        let mut bytes = honest.clone();
        bytes[40..44].copy_from_slice(&size.to_le_bytes());
        bytes.extend_from_slice(extra);
        read(&bytes).unwrap()
    };
    let check = |read: Read, frames: usize, warning: Option<Warning>| {
        assert_eq!(read.frames(), frames, "{:?}", read.warnings);
        assert_eq!(read.warnings, warning.into_iter().collect::<Vec<_>>());
        assert_eq!(read.sound[1][..9000], sound[1][..9000]);
    };
    let seconds = |frames: f64| frames / 48_000.0;
    check(with(80_000, b""), 10_000, None);
    check(with(80_000, b"LIST\x04\0\0\0INFO"), 10_000, None);
    check(with(0, b""), 10_000, Some(Warning::NoLength));
    check(with(u32::MAX, b""), 10_000, Some(Warning::NoLength));
    let promised = Warning::Truncated { at: seconds(10_000.0), of: Some(seconds(12_500.0)) };
    check(with(100_000, b""), 10_000, Some(promised));
    // A shorter length is true, whatever follows.
    check(with(79_200, b""), 9_900, None);
}

/// A WAV file that is made up as it is read: a header, then silence up to any size.
struct Endless {
    header: Vec<u8>,
    len: u64,
    at: u64,
}

impl std::io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(usize::try_from(self.len - self.at).unwrap_or(usize::MAX));
        for (offset, byte) in buffer[..count].iter_mut().enumerate() {
            let at = self.at + offset as u64;
            *byte = usize::try_from(at).ok().and_then(|at| self.header.get(at)).copied().unwrap_or(0);
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl std::io::Seek for Endless {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        let target = match to {
            std::io::SeekFrom::Start(at) => Some(at),
            std::io::SeekFrom::End(by) => self.len.checked_add_signed(by),
            std::io::SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = target.unwrap().min(self.len);
        Ok(self.at)
    }
}

impl audio::decode::MediaSource for Endless {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len)
    }
}

#[test]
fn wav_past_four_gibibytes() {
    let big = 6_000_000_000u64;
    let plain = wav(48_000, &[vec![0.0], vec![0.0]])[..44].to_vec();
    let open = |mut header: Vec<u8>, size: u32| {
        let at = header.len() - 4;
        header[at..].copy_from_slice(&size.to_le_bytes());
        let len = header.len() as u64 + big;
        Source::from_stream(Box::new(Endless { header, len, at: 0 }), None).unwrap()
    };
    // The size overflowed and lost its upper half.
    let source = open(plain.clone(), big as u32);
    assert_eq!(source.info().frames, Some(big / 8));
    assert!(matches!(source.warnings()[..], [Warning::HeaderLength { .. }]), "{:?}", source.warnings());
    let source = open(plain.clone(), u32::MAX);
    assert_eq!((source.info().frames, source.warnings()), (Some(big / 8), vec![Warning::NoLength]));
    // RF64 and BW64 say it in a chunk of their own.
    for magic in [b"RF64", b"BW64"] {
        let mut header = [magic, &b"\xFF\xFF\xFF\xFFWAVEds64\x1C\0\0\0"[..]].concat();
        header.extend_from_slice(&(big + 72).to_le_bytes());
        header.extend_from_slice(&big.to_le_bytes());
        header.extend_from_slice(&(big / 8).to_le_bytes());
        header.extend_from_slice(&[0; 4]);
        header.extend_from_slice(&plain[12..]);
        let source = open(header, u32::MAX);
        assert_eq!((source.info().frames, source.warnings()), (Some(big / 8), vec![]));
    }
}

#[test]
fn flac_and_mp3_headers_that_lie() {
    let (folder, input) = folder_with(44_100, 2, 60_000);
    let find = |file: &str| KINDS.iter().find(|kind| kind.file == file).unwrap();
    let flac = std::fs::read(make(folder.path(), find("a.flac"), &input)).unwrap();
    // STREAMINFO: the count of frames is the lower 36 bits of the eight bytes at 18.
    let with = |frames: u32| {
        let mut bytes = flac.clone();
        bytes[22..26].copy_from_slice(&frames.to_be_bytes());
        read(&bytes).unwrap()
    };
    for (stated, warned) in [(60_000, false), (0, false), (1_000, true), (90_000, true)] {
        let part = with(stated);
        assert_eq!((part.frames(), !part.warnings.is_empty()), (60_000, warned), "{stated}: {:?}", part.warnings);
    }
    let mp3 = std::fs::read(make(folder.path(), find("a.mp3"), &input)).unwrap();
    let at = mp3.windows(4).position(|window| window == b"Info" || window == b"Xing").unwrap();
    let count = u32::from_be_bytes(mp3[at + 8..at + 12].try_into().unwrap());
    for (stated, warned) in [(count, false), (count / 2, true), (count * 2, true)] {
        let mut bytes = mp3.clone();
        bytes[at + 8..at + 12].copy_from_slice(&stated.to_be_bytes());
        // The tag's own checksum is not what is tested.
        let part = read(&bytes).unwrap();
        assert!(part.frames() >= 60_000 && part.frames() < 63_000, "{stated}: {} frames", part.frames());
        assert_eq!(!part.warnings.is_empty(), warned, "{stated}: {:?}", part.warnings);
    }
}

#[test]
fn lengths_and_rates_at_the_edges() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, frames) in [(48_000, 1), (48_000, 2), (1_000, 500), (384_000, 10_000), (8_000, 100)] {
        let input = folder.path().join("input.wav");
        std::fs::write(&input, wav(rate, &signal(rate, 1, frames))).unwrap();
        for file in ["s16.wav", "s24.aiff", "a.flac", "alac.m4a", "pcm.caf"] {
            // FLAC and AIFF take these rates; ALAC's encoder too.
            let kind = KINDS.iter().find(|kind| kind.file == file).unwrap();
            if rate == 384_000 && file == "alac.m4a" {
                continue;
            }
            let path = make(folder.path(), kind, &input);
            let part = Source::open(&path).and_then(drain).unwrap();
            assert_eq!(
                (part.frames(), part.info.rate, part.warnings),
                (frames, rate, vec![]),
                "{file} {rate} {frames}"
            );
        }
    }
    let input = folder.path().join("input.wav");
    std::fs::write(&input, wav(48_000, &signal(48_000, 1, 1))).unwrap();
    for file in ["a.mp3", "a.m4a", "a.ogg", "a.opus", "opus.webm"] {
        let path = make(folder.path(), KINDS.iter().find(|kind| kind.file == file).unwrap(), &input);
        match Source::open(&path).and_then(drain) {
            Ok(part) => assert!(part.frames() <= 2048, "{file}: {}", part.frames()),
            Err(error) => assert!(matches!(error, AudioError::NoSound { .. }), "{file}: {error}"),
        }
    }
}

#[test]
fn no_frames_is_no_sound() {
    let empty = wav(48_000, &[vec![], vec![]]);
    assert!(matches!(read(&empty), Err(AudioError::NoSound { .. })));
    assert!(matches!(read(&[]), Err(AudioError::Empty)));
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.wav");
    std::fs::write(&input, &empty).unwrap();
    for kind in KINDS.iter().filter(|kind| ["s16.aiff", "a.flac", "a.m4a", "a.ogg"].contains(&kind.file)) {
        let path = folder.path().join(kind.file);
        let made = Command::new("ffmpeg")
            .args(["-loglevel", "quiet", "-nostdin", "-y", "-i", input.to_str().unwrap()])
            .args(kind.make)
            .arg(&path)
            .status()
            .expect("ffmpeg is needed for these tests; tools/setup installs it");
        if made.success() && path.exists() {
            let error = Source::open(&path).and_then(drain).err().unwrap();
            assert!(
                matches!(error, AudioError::NoSound { .. } | AudioError::Empty | AudioError::Damaged { .. }),
                "{}: {error}",
                kind.file
            );
        }
    }
    assert!(matches!(Source::open(folder.path()), Err(AudioError::NotAudio { .. })));
    assert!(matches!(Source::open(&folder.path().join("none")), Err(AudioError::Read(_))));
}

#[test]
fn samples_that_are_no_numbers_become_silence() {
    let mut sound = signal(48_000, 2, 20_000);
    sound[0][5] = f32::NAN;
    sound[1][19_999] = f32::INFINITY;
    sound[1][10_000] = f32::NEG_INFINITY;
    let part = read(&wav(48_000, &sound)).unwrap();
    assert_eq!(part.warnings, [Warning::NotNumbers { samples: 3 }]);
    assert_eq!((part.sound[0][5], part.sound[1][10_000], part.sound[1][19_999]), (0.0, 0.0, 0.0));
    assert_eq!(part.sound[0][6..], sound[0][6..]);
}

#[test]
fn ceilings_are_typed() {
    let sound = vec![vec![0.0; 10]; 33];
    assert!(matches!(read(&wav(48_000, &sound)), Err(AudioError::Limit { found: 33, limit: 32, .. })));
    assert!(matches!(read(&wav(768_001, &sound[..2])), Err(AudioError::Limit { limit: 768_000, .. })));
    assert!(matches!(read(&wav(999, &sound[..2])), Err(AudioError::Damaged { .. })));
    let most = read(&wav(768_000, &sound[..32])).unwrap();
    assert_eq!((most.info.channels, most.info.speakers[31]), (32, Speaker::Unknown));
    assert_eq!(most.warnings, [Warning::NoLayout { channels: 32 }]);
}

/// A tone of its own in each channel of 5.1 must come out at the speaker it went in at.
#[test]
fn surround_stays_in_its_channels() {
    let (folder, input) = folder_with(48_000, 6, 48_000);
    let order = Speaker::usual(6);
    for file in ["s16.wav", "a.flac", "alac.m4a", "a.ogg", "a.opus", "opus.webm", "flac.mka", "opus.mp4"] {
        let kind = KINDS.iter().find(|kind| kind.file == file).unwrap();
        let path = folder.path().join(kind.file);
        let mut arguments = vec!["-channel_layout", "5.1", "-i", input.to_str().unwrap()];
        arguments.extend_from_slice(kind.make);
        arguments.extend_from_slice(&["-b:a", "510k", path.to_str().unwrap()]);
        ffmpeg(&arguments);
        let part = Source::open(&path).and_then(drain).unwrap();
        assert_eq!(part.info.channels, 6, "{file}");
        for (channel, sound) in part.sound.iter().enumerate() {
            // Which of the six tones is loudest here?
            let energy = |tone: usize| {
                let step = 220.0 * (tone + 1) as f64 / 48_000.0 * std::f64::consts::TAU;
                let parts = sound.iter().enumerate().map(|(n, x)| {
                    let (sin, cos) = (step * n as f64).sin_cos();
                    (f64::from(*x) * cos, f64::from(*x) * sin)
                });
                let (re, im) = parts.fold((0.0, 0.0), |(a, b), (re, im)| (a + re, b + im));
                re.hypot(im)
            };
            let loudest = (0..6).max_by(|a, b| energy(*a).total_cmp(&energy(*b))).unwrap();
            let speaker = part.info.speakers[channel];
            let same = order[loudest] == speaker
                || matches!(
                    (order[loudest], speaker),
                    (Speaker::BackLeft, Speaker::SideLeft) | (Speaker::BackRight, Speaker::SideRight)
                );
            assert!(same, "{file}: channel {channel} is {speaker:?} but carries {:?}", order[loudest]);
        }
    }
}

#[test]
fn sound_that_cannot_be_read_is_named() {
    let (folder, input) = folder_with(48_000, 2, 48_000);
    let check = |file: &str, make: &[&str], name: &str| {
        let path = folder.path().join(file);
        ffmpeg(&[&["-i", input.to_str().unwrap()], make, &[path.to_str().unwrap()]].concat());
        let error = Source::open(&path).and_then(drain).err().unwrap();
        assert!(error.to_string().contains(name), "{file}: {error}");
        assert!(matches!(error, AudioError::Unsupported { .. }), "{file}: {error}");
    };
    check("a.wma", &["-c:a", "wmav2"], "Windows Media");
    check("a.ac3", &["-c:a", "ac3"], "AC-3");
    check("a.eac3", &["-c:a", "eac3"], "AC-3");
    check("a.dts", &["-c:a", "dca", "-strict", "-2"], "DTS");
    check("a.wv", &["-c:a", "wavpack"], "WavPack");
    check("a.tta", &["-c:a", "tta"], "True Audio");
    check("a.au", &["-c:a", "pcm_s16be"], "Sun audio");
    check("a.w64", &["-c:a", "pcm_s16le"], "Wave64");
    check("a.spx", &["-c:a", "libspeex", "-ar", "16000", "-ac", "1"], "Speex");
    check("ac3.mp4", &["-c:a", "ac3"], "AC-3");
    check("ac3.mka", &["-c:a", "ac3"], "AC-3");
    check("wv.mka", &["-c:a", "wavpack"], "WavPack");
    check("mp3.wav", &["-c:a", "libmp3lame"], "MP3 inside");
    check("a.ts", &["-c:a", "mp2", "-f", "mpegts"], "transport stream");
    check("six.m4a", &["-ac", "6", "-c:a", "aac"], "6 channels");
    check("six.aac", &["-ac", "6", "-c:a", "aac"], "6 channels");
    check("g726.wav", &["-ar", "8000", "-ac", "1", "-c:a", "g726"], "G.726");
    for file in ["silent.mp4", "silent.mkv"] {
        let path = folder.path().join(file);
        ffmpeg(&["-f", "lavfi", "-i", "testsrc=size=64x64:duration=1", "-c:v", "mpeg4", path.to_str().unwrap()]);
        let error = Source::open(&path).and_then(drain).err().unwrap();
        assert!(matches!(error, AudioError::NoSound { .. }), "{file}: {error}");
    }
}

/// HE-AAC that no header declares: its packets tell.
#[test]
fn he_aac_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["he-aac.aac", "he-aac-v2.aac"] {
        let path = testkit::fixture::path("he-aac").join(file);
        let wrapped = folder.path().join("wrapped.m4a");
        ffmpeg(&["-i", path.to_str().unwrap(), "-c", "copy", wrapped.to_str().unwrap()]);
        for path in [&path, &wrapped] {
            let error = Source::open(path).err().unwrap();
            let text = error.to_string();
            assert!(
                matches!(error, AudioError::Unsupported { .. }) && text.starts_with("This is HE-AAC"),
                "{file}: {text}"
            );
        }
    }
    // Plain AAC at the rates that HE-AAC likes is none.
    let (folder, input) = folder_with(24_000, 2, 48_000);
    for rate in ["22050", "24000", "16000"] {
        let path = folder.path().join("low.aac");
        ffmpeg(&["-i", input.to_str().unwrap(), "-ar", rate, "-c:a", "aac", "-b:a", "32k", path.to_str().unwrap()]);
        assert_eq!(Source::open(&path).unwrap().info().codec, "AAC-LC");
    }
}

#[test]
fn the_sound_of_a_film_is_found() {
    let (folder, input) = folder_with(48_000, 2, 48_000);
    for file in ["film.mp4", "film.mkv", "film.mov"] {
        let path = folder.path().join(file);
        let picture = ["-f", "lavfi", "-i", "testsrc=size=64x64:duration=1", "-i", input.to_str().unwrap()];
        ffmpeg(&[&picture[..], &["-c:v", "mpeg4", "-c:a", "aac", path.to_str().unwrap()]].concat());
        let part = Source::open(&path).and_then(drain).unwrap();
        // Matroska says nothing of the padding of AAC.
        assert!(part.frames().abs_diff(48_000) < 2048, "{file}: {}", part.frames());
    }
}

#[test]
fn tags_chapters_and_cover_are_found() {
    let (folder, input) = folder_with(44_100, 2, 88_200);
    let cover = folder.path().join("cover.png");
    ffmpeg(&["-f", "lavfi", "-i", "testsrc=size=48x32", "-frames:v", "1", cover.to_str().unwrap()]);
    let chapters = folder.path().join("chapters.txt");
    let text = ";FFMETADATA1\ntitle=Grüße\nartist=Jürgen\nalbum=Sendung\ngenre=Speech\ndate=2024\n\
        [CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=Anfang\n\
        [CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Schluß\n";
    std::fs::write(&chapters, text).unwrap();
    // What each container is known to keep: cover, chapters.
    let kinds = [
        ("a.mp3", true, true),
        ("a.flac", true, true),
        ("a.ogg", false, true),
        ("a.opus", false, true),
        ("a.m4a", true, true),
        ("aac.mka", false, true),
        ("s16.wav", false, false),
    ];
    for (file, with_cover, with_chapters) in kinds {
        let kind = KINDS.iter().find(|kind| kind.file == file).unwrap();
        let path = folder.path().join(file);
        let mut arguments = vec!["-i", input.to_str().unwrap(), "-i", chapters.to_str().unwrap()];
        if with_cover {
            arguments.extend_from_slice(&[
                "-i",
                cover.to_str().unwrap(),
                "-map",
                "0:a",
                "-map",
                "2:v",
                "-c:v",
                "copy",
                "-disposition:v",
                "attached_pic",
            ]);
        }
        arguments.extend_from_slice(&["-map_metadata", "1", "-map_chapters", "1"]);
        if ["a.flac", "a.ogg", "a.opus"].contains(&file) {
            // ffmpeg writes no chapters here, but other programs do, as comments.
            let comments = [
                "CHAPTER000=00:00:00.000",
                "CHAPTER000NAME=Anfang",
                "CHAPTER001=00:00:01.000",
                "CHAPTER001NAME=Schluß",
            ];
            for comment in comments {
                arguments.extend_from_slice(&["-metadata", comment]);
            }
        }
        arguments.extend_from_slice(kind.make);
        arguments.push(path.to_str().unwrap());
        ffmpeg(&arguments);
        let info = Source::open(&path).unwrap().info().clone();
        let found = (info.metadata.title.as_str(), info.metadata.artist.as_str(), info.metadata.album.as_str());
        assert_eq!(found, ("Grüße", "Jürgen", "Sendung"), "{file}");
        assert_eq!((info.metadata.genre.as_str(), info.metadata.year.as_str()), ("Speech", "2024"), "{file}");
        if with_cover {
            let cover = info.cover.unwrap();
            assert_eq!((cover.mime, cover.width, cover.height), ("image/png", 48, 32), "{file}");
        }
        if with_chapters {
            let marks: Vec<_> =
                info.chapters.as_slice().iter().map(|mark| (mark.start_ms, mark.title.as_str())).collect();
            assert_eq!(marks, [(0, "Anfang"), (1000, "Schluß")], "{file}");
        }
    }
}

/// Ogg files joined end to end are one recording, as long as they are of one kind.
#[test]
fn chained_ogg_goes_on() {
    let (folder, input) = folder_with(48_000, 2, 48_000);
    for file in ["a.opus", "a.ogg"] {
        let kind = KINDS.iter().find(|kind| kind.file == file).unwrap();
        let mut bytes = std::fs::read(make(folder.path(), kind, &input)).unwrap();
        let second = folder.path().join(format!("second{file}"));
        let arguments =
            [&["-i", input.to_str().unwrap()], kind.make, &["-serial_offset", "99", second.to_str().unwrap()]];
        ffmpeg(&arguments.concat());
        bytes.extend(std::fs::read(&second).unwrap());
        let part = read(&bytes).unwrap();
        assert_eq!(part.frames(), 96_000, "{file}: {:?}", part.warnings);
    }
    let other = folder.path().join("mono.opus");
    ffmpeg(&[
        "-i",
        input.to_str().unwrap(),
        "-ac",
        "1",
        "-c:a",
        "libopus",
        "-serial_offset",
        "7",
        other.to_str().unwrap(),
    ]);
    let mut bytes = std::fs::read(folder.path().join("a.opus")).unwrap();
    bytes.extend(std::fs::read(&other).unwrap());
    let part = read(&bytes).unwrap();
    assert_eq!(part.frames(), 48_000);
    assert!(part.warnings.iter().any(|warning| matches!(warning, Warning::FormatChange { .. })), "{:?}", part.warnings);
}
