//! For the tests of this room: files made from a sine, and other people's programs that say what is in them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use model::{Chapter, Chapters, Location, Metadata};
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use testkit::signal::{Dice, noise, sine};

use super::{Codec, Order};
use crate::Block;
use crate::tag::{Cover, ReplayGain, Tags};

/// Frequency of the test tone in Hz and its peak amplitude.
const TONE: (f64, f64) = (997.0, 0.5);

/// A finished file and what went into it.
pub(super) struct Made {
    file: tempfile::NamedTempFile,
    rate: u32,
    channels: usize,
    frames: usize,
}

impl Made {
    /// Encodes a tone, in the left channel (or the only one) as it is and in the right one turned by 60 degrees.
    pub(super) fn sine(codec: &Codec, rate: u32, channels: usize, frames: usize, tags: Tags) -> Self {
        let (hertz, amplitude) = TONE;
        let sound = (0..channels).map(|c| sine(rate, hertz, amplitude, 60.0 * c as f64, frames)).collect();
        Self::of(codec, rate, &Block::from_channels(sound), tags, None)
    }

    /// Encodes a block, cut into uneven pieces, with a loudness of −16 LUFS and a peak of 0.5.
    pub(super) fn of(codec: &Codec, rate: u32, sound: &Block, tags: Tags, bitrate: Option<u32>) -> Self {
        let file = tempfile::Builder::new().suffix(&format!(".{}", codec.ending)).tempfile().unwrap();
        let (channels, frames) = (sound.channels(), sound.frames());
        let order = Order { rate, channels, frames: frames as u64, bitrate, ceiling: None, tags };
        encode(codec, &order, sound, &[1, 4096, 333, 10_000, 0], file.reopen().unwrap());
        Self { file, rate, channels, frames }
    }

    /// The file's bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.file.path()).unwrap()
    }

    /// Runs a program with the file as its last argument and returns what it prints. It must succeed.
    pub(super) fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut arguments = arguments.to_vec();
        arguments.push(self.file.path().to_str().unwrap());
        String::from_utf8_lossy(&run(program, &arguments)).into_owned()
    }

    /// Runs a program with the file and then another one as its last arguments.
    pub(super) fn run_into(&self, program: &str, arguments: &[&str], into: &Path) {
        let mut arguments = arguments.to_vec();
        arguments.extend([self.file.path().to_str().unwrap(), into.to_str().unwrap()]);
        run(program, &arguments);
    }

    /// Runs a Python script that finds the file's name in `name`.
    pub(super) fn python(&self, script: &str) -> String {
        // Whatever the locale is, texts come back in UTF-8.
        let script = format!("import sys\nsys.stdout.reconfigure(encoding='utf-8')\nname = sys.argv[1]\n{script}");
        self.run("python3", &["-c", &script])
    }

    /// What ffmpeg decodes, one channel after the other.
    pub(super) fn decoded(&self) -> Vec<Vec<f32>> {
        let name = self.file.path().to_str().unwrap();
        let bytes = run("ffmpeg", &["-v", "error", "-i", name, "-f", "f32le", "-c:a", "pcm_f32le", "-"]);
        let samples: Vec<f32> =
            bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        (0..self.channels).map(|c| samples.iter().skip(c).step_by(self.channels).copied().collect()).collect()
    }

    /// What symphonia decodes, one channel after the other; full scale is that of 32-bit numbers.
    pub(super) fn symphonia(&self) -> Vec<Vec<i32>> {
        symphonia(self.bytes())
    }

    /// Checks with ffmpeg that as many frames come out as went in. `slack` is how many seconds ffprobe's duration may
    /// be off: it does not take every trim into account.
    pub(super) fn check_length(&self, slack: f64) {
        if self.frames == 0 {
            return; // ffmpeg calls it an error to have nothing to decode
        }
        let decoded = self.decoded();
        assert_eq!(decoded[0].len(), self.frames, "frames decoded");
        let said = self.run("ffprobe", &["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"]);
        let said: f64 = said.trim().parse().unwrap();
        let right = self.frames as f64 / f64::from(self.rate);
        assert!((said - right).abs() <= slack + 1e-5, "ffprobe says {said} s for {right} s");
    }

    /// Signal-to-noise ratio of the decoded tone in decibels: of the worse channel, without the first and last tenth.
    pub(super) fn snr(&self) -> f64 {
        let (hertz, amplitude) = TONE;
        let decoded = self.decoded();
        let ratios = decoded.iter().enumerate().map(|(c, channel)| {
            let right = sine(self.rate, hertz, amplitude, 60.0 * c as f64, self.frames);
            let middle = self.frames / 10..self.frames * 9 / 10;
            let (mut signal, mut error) = (0.0, 1e-30);
            for (&is, &should) in channel[middle.clone()].iter().zip(&right[middle]) {
                signal += f64::from(should).powi(2);
                error += (f64::from(is) - f64::from(should)).powi(2);
            }
            10.0 * (signal / error).log10()
        });
        ratios.fold(f64::INFINITY, f64::min)
    }

    /// All tags ffprobe finds, of file, stream and chapters, one `name=value` per line.
    pub(super) fn ffprobe_tags(&self) -> String {
        let said = self.run("ffprobe", &["-v", "error", "-show_format", "-show_streams", "-show_chapters"]);
        said.lines().map(|line| line.strip_prefix("TAG:").unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }
}

/// Every kind of tag at once.
pub(super) fn tags() -> Tags {
    Tags {
        metadata: Metadata {
            title: "Über das Öl".into(),
            artist: "Ada & Bob".into(),
            album: "Show".into(),
            track: "7/12".into(),
            subtitle: "Part one".into(),
            summary: "Two lines\nof text".into(),
            genre: "Speech".into(),
            year: "2024".into(),
            publisher: "House".into(),
            url: "https://example.org/7".into(),
            license: "CC BY 4.0".into(),
            license_url: "https://example.org/by".into(),
            tags: vec!["oil".into(), "talk".into()],
            append_chapters: false,
            location: Some(Location { latitude: 52.5, longitude: 13.25 }),
        },
        chapters: Chapters::new(vec![
            Chapter { start_ms: 0, title: "Intro".into(), url: None },
            Chapter { start_ms: 61_500, title: "Öl".into(), url: Some("https://example.org/oil".into()) },
        ]),
        cover: Some(cover(0)),
        lyrics: Some("la la".into()),
    }
}

/// A cover of one red pixel, followed by so many bytes of nothing that big covers can be had. Decoders stop at the end
/// of the picture.
pub(super) fn cover(more: usize) -> Cover {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82".to_vec();
    let mut dice = Dice::new(5);
    bytes.extend((0..more).map(|_| dice.next_u64() as u8));
    let bytes: Arc<[u8]> = bytes.into();
    Cover::parse(bytes).unwrap()
}

/// What symphonia decodes. Checksums of the whole, where there are any, must be right.
pub(super) fn symphonia(bytes: Vec<u8>) -> Vec<Vec<i32>> {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
    let (hint, format, metadata) = (Hint::new(), FormatOptions::default(), MetadataOptions::default());
    let mut reader = symphonia::default::get_probe().probe(&hint, stream, format, metadata).unwrap();
    let track = reader.default_track(TrackType::Audio).unwrap();
    let parameters = track.codec_params.as_ref().unwrap().audio().unwrap().clone();
    let options = AudioDecoderOptions::default().verify(true);
    let mut decoder = symphonia::default::get_codecs().make_audio_decoder(&parameters, &options).unwrap();
    let mut channels: Vec<Vec<i32>> = vec![Vec::new(); parameters.channels.unwrap().count()];
    while let Some(packet) = reader.next_packet().unwrap() {
        let mut planes: Vec<Vec<i32>> = Vec::new();
        decoder.decode(&packet).unwrap().copy_to_vecs_planar(&mut planes);
        for (channel, plane) in channels.iter_mut().zip(planes) {
            channel.extend(plane);
        }
    }
    assert_ne!(decoder.finalize().verify_ok, Some(false), "the checksum of the whole is wrong");
    channels
}

/// Frames in a WAV file that somebody else decoded, counted by sox.
pub(super) fn frames_of_wav(path: &Path) -> u64 {
    let said = run("soxi", &["-s", path.to_str().unwrap()]);
    String::from_utf8_lossy(&said).trim().parse().unwrap()
}

/// Checks that neither the cut into blocks nor a second try changes a byte.
pub(super) fn check_same_bytes(codec: &Codec, rate: u32) {
    let mut dice = Dice::new(3);
    let sound = Block::from_channels(vec![noise(&mut dice, 0.3, 20_000), noise(&mut dice, 0.3, 20_000)]);
    let order = Order { rate, channels: 2, frames: 20_000, bitrate: None, ceiling: None, tags: tags() };
    let files = [&[20_000][..], &[20_000], &[1, 2, 3, 4097, 0]].map(|pieces| {
        let file = tempfile::NamedTempFile::new().unwrap();
        encode(codec, &order, &sound, pieces, file.reopen().unwrap());
        std::fs::read(file.path()).unwrap()
    });
    assert!(files[0] == files[1], "two tries differ");
    assert!(files[0] == files[2], "the cut into blocks shows");
}

fn encode(codec: &Codec, order: &Order, sound: &Block, pieces: &[usize], file: File) {
    let mut encoder = (codec.open)(order, Box::new(file)).unwrap();
    let mut at = 0;
    for &piece in pieces.iter().cycle() {
        if at == sound.frames() {
            break;
        }
        let end = (at + piece).min(sound.frames());
        let mut block = Block::new(sound.channels(), 0);
        block.extend_range(sound, at..end);
        encoder.write(&block).unwrap();
        at = end;
    }
    encoder.finish(&ReplayGain { loudness: -16.0, peak: 0.5 }).unwrap();
}

fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            panic!("{program} is needed for this test and could not be started ({error}); tools/setup installs it")
        }
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program} {arguments:?} failed:\n{}{said}",
        String::from_utf8_lossy(&output.stdout)
    );
    output.stdout
}
