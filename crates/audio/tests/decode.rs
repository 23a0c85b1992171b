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

/// What ffmpeg decodes from a file, as planar floats.
fn witness(path: &Path, channels: usize) -> Vec<Vec<f32>> {
    let bytes = ffmpeg(&["-i", path.to_str().unwrap(), "-map", "0:a:0", "-f", "f32le", "-"]);
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

const fn kind(file: &'static str, make: &'static [&'static str], names: (&'static str, &'static str), error: f32, exact: bool) -> Kind {
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
    kind("a24.flac", &["-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24"], ("FLAC", "FLAC"), 1e-6, true),
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
    kind("a.ogg", &["-c:a", "libvorbis", "-q:a", "5"], ("Ogg", "Vorbis"), 2e-4, true),
    kind("flac.ogg", &["-c:a", "flac"], ("Ogg", "FLAC"), 1e-6, true),
    kind("a.opus", &["-c:a", "libopus", "-b:a", "96k", "-ar", "48000"], ("Ogg", "Opus"), 2e-3, true),
    kind("voice.opus", &["-c:a", "libopus", "-b:a", "24k", "-application", "voip", "-ar", "48000", "-ac", "1"], ("Ogg", "Opus"), 2e-3, true),
    kind("opus.webm", &["-c:a", "libopus", "-b:a", "96k", "-ar", "48000"], ("Matroska", "Opus"), 2e-3, true),
    kind("vorbis.webm", &["-c:a", "libvorbis"], ("Matroska", "Vorbis"), 2e-4, false),
    kind("aac.mka", &["-c:a", "aac"], ("Matroska", "AAC-LC"), 2e-4, false),
    kind("flac.mka", &["-c:a", "flac"], ("Matroska", "FLAC"), 1e-6, true),
    kind("pcm.mka", &["-c:a", "pcm_s16le"], ("Matroska", "PCM 16 bit"), 1e-6, true),
    kind("mp3.mka", &["-c:a", "libmp3lame"], ("Matroska", "MP3"), 2e-4, false),
    kind("pcm.caf", &["-c:a", "pcm_s16le"], ("CAF", "PCM 16 bit"), 1e-6, true),
    kind("aac.caf", &["-c:a", "aac"], ("CAF", "AAC-LC"), 2e-4, false),
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
        if ours.frames() != wanted || error > kind.error || !named || !ours.warnings.is_empty() || ours.info.rate != 48_000 {
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
