//! Whole files, read back by other people's programs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use model::{Chapter, Chapters, Location, Metadata};
use proptest::prelude::*;
use serde_json::Value;
use testkit::signal::{Dice, noise, sine};

use super::super::alac::ALAC;
use super::super::pcm16::Portions;
use super::super::{Codec, Order};
use super::*;
use crate::Block;
use crate::tag::Cover;

const GAIN: ReplayGain = ReplayGain { loudness: -16.0, peak: 0.5 };

/// A PNG of one grey pixel.
const PIXEL: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55\0\0\0\nIDATx\x9cc\x68\
    \0\0\0\x82\0\x81\xddCj\x97\0\0\0\0IEND\xaeB`\x82";

fn codecs() -> Vec<&'static Codec> {
    vec![
        &ALAC,
        #[cfg(feature = "fdk-aac")]
        &super::super::aac::AAC,
    ]
}

fn tags() -> Tags {
    let mark = |start_ms, title: &str| Chapter { start_ms, title: title.into(), url: None };
    Tags {
        metadata: Metadata {
            title: "Über die Brücke".into(),
            artist: "Ada & Grace".into(),
            album: "Talks".into(),
            track: "7/12".into(),
            subtitle: "A short one".into(),
            summary: "First line.\nSecond line.".into(),
            genre: "Podcast".into(),
            year: "2024".into(),
            publisher: "Harbour Press".into(),
            url: "https://example.org/7".into(),
            license: "CC BY 4.0".into(),
            license_url: "https://creativecommons.org/licenses/by/4.0/".into(),
            tags: vec!["bridges".into(), "rivers".into()],
            append_chapters: true,
            location: Some(Location { latitude: 48.8577, longitude: 2.295 }),
        },
        chapters: Chapters::new(vec![
            mark(0, "Opening"),
            mark(1500, "Größe 日本"),
            mark(2250, "End"),
            mark(999_000, "Never"),
        ]),
        cover: Some(Cover { mime: "image/png", width: 1, height: 1, bytes: Arc::from(PIXEL) }),
        lyrics: Some("La la\nla".into()),
    }
}

fn sound(rate: u32, channels: usize, frames: usize) -> Block {
    let mut dice = Dice::new(7);
    let channel = |index: usize| {
        let hiss = noise(&mut dice, 0.1, frames);
        let tone = sine(rate, 330.0 + 200.0 * index as f64, 0.6, 0.0, frames);
        tone.iter().zip(hiss).map(|(tone, hiss)| tone + hiss).collect()
    };
    Block::from_channels((0..channels).map(channel).collect())
}

/// Encodes in uneven pieces, having told the encoder to expect `expected` frames.
fn made(codec: &Codec, rate: u32, sound: &Block, expected: u64, tags: Tags) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".m4a").tempfile().unwrap();
    let order = Order { rate, channels: sound.channels(), frames: expected, bitrate: None, ceiling: None, tags };
    let mut encoder = (codec.open)(&order, Box::new(file.reopen().unwrap())).unwrap();
    let mut from = 0;
    for step in [1, 4095, 0, 777, 20_000].iter().cycle() {
        let to = (from + step).min(sound.frames());
        let mut piece = Block::new(sound.channels(), 0);
        piece.extend_range(sound, from..to);
        encoder.write(&piece).unwrap();
        from = to;
        if from == sound.frames() {
            break;
        }
    }
    encoder.finish(&GAIN).unwrap();
    file
}

fn run(program: &str, arguments: &[&str], file: &Path) -> Vec<u8> {
    let arguments =
        arguments.iter().map(|argument| if *argument == "FILE" { file.as_os_str() } else { argument.as_ref() });
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program} cannot be run ({error}); tools/setup installs it"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty() || program == "AtomicParsley", "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn probe(file: &Path) -> Value {
    let arguments = ["-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters", "FILE"];
    serde_json::from_slice(&run("ffprobe", &arguments, file)).unwrap()
}

/// What ffmpeg decodes, interleaved.
fn decoded(file: &Path) -> Vec<i16> {
    let arguments = ["-v", "error", "-i", "FILE", "-map", "0:a", "-f", "s16le", "-c:a", "pcm_s16le", "-"];
    let bytes = run("ffmpeg", &arguments, file);
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// The 16-bit samples that encoders get to see.
fn quantised(sound: &Block) -> Vec<i16> {
    let mut portions = Portions::new(sound.channels(), sound.frames() + 1);
    let _: Result<(), ()> = portions.take(sound, |_| Ok(()));
    portions.rest().to_vec()
}

/// Boxes on one level: name, where the content begins, and the content. Checks that they fill the space exactly.
fn boxes(bytes: &[u8]) -> Vec<([u8; 4], usize, &[u8])> {
    let (mut at, mut found) = (0, Vec::new());
    while at < bytes.len() {
        let short = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let (header, size) = match short {
            1 => (16, u64::from_be_bytes(bytes[at + 8..at + 16].try_into().unwrap()) as usize),
            short => (8, short as usize),
        };
        found.push((bytes[at + 4..at + 8].try_into().unwrap(), at + header, &bytes[at + header..at + size]));
        at += size;
    }
    found
}

fn inside<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> &'a [u8] {
    path.iter().fold(bytes, |bytes, name| boxes(bytes).into_iter().find(|(kind, ..)| kind == *name).unwrap().2)
}

fn names(bytes: &[u8]) -> Vec<String> {
    boxes(bytes).iter().map(|(kind, ..)| String::from_utf8_lossy(kind).into_owned()).collect()
}

#[test]
fn every_length_comes_back_exactly() {
    for codec in codecs() {
        for (rate, channels) in [(44_100, 2), (48_000, 1)] {
            for frames in [1, 1024, 4096, 4097, 100_003] {
                let file = made(codec, rate, &sound(rate, channels, frames), frames as u64, Tags::default());
                let what = format!("{} with {channels} channels and {frames} frames", codec.name);
                let said = probe(file.path());
                let stream = &said["streams"][0];
                // The track's ticks are frames. For AAC, ffmpeg 5.1 trims the front but not the end (of its own files
                // neither).
                assert_eq!(stream["duration_ts"], frames, "{what}");
                let rest = if codec.lossy { 1024 - (frames + 2048) % 1024 } else { 0 };
                let out = decoded(file.path()).len() / channels;
                assert!(out == frames || out == frames + rest % 1024, "{what}: {out}");
                assert_eq!(stream["codec_name"], codec.name);
                let seconds: f64 = said["format"]["duration"].as_str().unwrap().parse().unwrap();
                assert!((seconds - frames as f64 / f64::from(rate)).abs() < 1e-5, "{what}: {seconds} s");
                assert_eq!(names(&std::fs::read(file.path()).unwrap()), ["ftyp", "moov", "free", "mdat"], "{what}");
            }
        }
    }
}

#[test]
fn no_sound_is_a_file_too() {
    for codec in codecs() {
        for expected in [0, 1_000_000] {
            let file = made(codec, 48_000, &Block::new(2, 0), expected, tags());
            let said = probe(file.path());
            assert_eq!(said["streams"][0]["codec_name"], codec.name);
            assert_eq!(said["streams"].as_array().unwrap().len(), 2, "sound and cover, no chapters");
            assert_eq!(said["chapters"], serde_json::json!([]));
            assert_eq!(said["format"]["tags"]["title"], "Über die Brücke");
        }
    }
}

#[test]
fn alac_is_lossless_in_two_decoders() {
    for (rate, channels) in [(44_100, 1), (48_000, 2)] {
        let sound = sound(rate, channels, 50_001);
        let file = made(&ALAC, rate, &sound, 50_001, tags());
        let expected = quantised(&sound);
        assert_eq!(decoded(file.path()), expected);
        assert_eq!(symphonia(file.path()).0, expected);
    }
}

/// The library decides by the first eighth of a packet how to code all of it, and writes before it checks. Loud noise
/// behind a quiet beginning makes that as wrong as it gets.
#[test]
fn alac_survives_packets_that_grow_while_they_are_coded() {
    let mut dice = Dice::new(3);
    for channels in [1, 2] {
        let hostile = |dice: &mut Dice| -> Vec<f32> {
            let mut all = Vec::new();
            for packet in 0..40_usize {
                let quiet = [0, 128, 512, 1024, 4000][packet % 5];
                all.resize(all.len() + quiet, 0.0);
                let loud = 4096 - quiet;
                match packet / 5 % 4 {
                    0 => all.extend(noise(dice, 1.0, loud)),
                    1 => all.extend((0..loud).map(|n| if n % 2 == 0 { 0.99 } else { -0.99 })),
                    2 => all.extend((0..loud).map(|n| if n % 3 == 0 { dice.unit() as f32 * 2.0 - 1.0 } else { 0.0 })),
                    _ => all.extend((0..loud).map(|_| if dice.below(2) == 0 { 0.99 } else { -0.99 })),
                }
            }
            all
        };
        let sound = Block::from_channels((0..channels).map(|_| hostile(&mut dice)).collect());
        let file = made(&ALAC, 44_100, &sound, sound.frames() as u64, Tags::default());
        assert_eq!(decoded(file.path()), quantised(&sound));
    }
}

#[cfg(feature = "fdk-aac")]
#[test]
fn aac_comes_back_in_place() {
    let rate = 44_100;
    let sound = sound(rate, 1, 60_000);
    let file = made(&super::super::aac::AAC, rate, &sound, 60_000, tags());
    let expected = quantised(&sound);
    // symphonia 0.6.1 does not apply edit lists; what it gives is cut here by the list in the file.
    let (all, packets) = symphonia(file.path());
    assert_eq!(all.len(), packets * 1024);
    let bytes = std::fs::read(file.path()).unwrap();
    let list = inside(&bytes, &[b"moov", b"trak", b"edts", b"elst"]);
    let number = |at: usize| u32::from_be_bytes(list[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!((number(4), number(8)), (1, 60_000));
    let cut = &all[number(12)..number(12) + number(8)];
    for decoded in [&decoded(file.path())[..60_000], cut] {
        assert_eq!(decoded.len(), expected.len());
        let likeness = |shift: usize| {
            let pairs = decoded[1000 + shift..59_000 + shift].iter().zip(&expected[1024..59_024]);
            let (mut product, mut one, mut other) = (0.0, 0.0, 0.0);
            for (a, b) in pairs {
                let (a, b) = (f64::from(*a), f64::from(*b));
                (product, one, other) = (product + a * b, one + a * a, other + b * b);
            }
            product / (one * other).sqrt()
        };
        let best = (0..48).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)));
        assert_eq!(best, Some(24), "no shift against what went in");
        assert!(likeness(24) > 0.98, "{}", likeness(24));
    }
    let info = String::from_utf8_lossy(&bytes).into_owned();
    assert!(info.contains(" 00000000 00000800 000001A0 000000000000EA60 00000000"), "iTunSMPB");
}

#[cfg(feature = "fdk-aac")]
#[test]
fn aac_keeps_to_the_bitrate_that_was_asked_for() {
    let codec = &super::super::aac::AAC;
    for (rate, channels, asked, made) in [
        (44_100, 2, None, 128.0),
        (48_000, 2, Some(32), 32.0),
        (44_100, 1, Some(64), 64.0),
        (48_000, 2, Some(320), 320.0),
        (48_000, 1, Some(320), 288.0),
        (44_100, 1, Some(320), 264.6),
    ] {
        let frames = 10 * rate as usize;
        let mut dice = Dice::new(1);
        let sound = Block::from_channels((0..channels).map(|_| noise(&mut dice, 0.3, frames)).collect());
        let sink = Forgetful::default();
        let order =
            Order { rate, channels, frames: frames as u64, bitrate: asked, ceiling: None, tags: Tags::default() };
        let mut encoder = (codec.open)(&order, Box::new(sink.clone())).unwrap();
        encoder.write(&sound).unwrap();
        encoder.finish(&GAIN).unwrap();
        let bytes = sink.0.lock().unwrap().0.get_ref().clone();
        let kilobits = inside(&bytes, &[b"mdat"]).len() as f64 * 8.0 / 10_000.0;
        assert!((kilobits / made - 1.0).abs() < 0.03, "{kilobits} for {asked:?} with {channels} channels at {rate}");
    }
}

#[test]
fn channels_that_m4a_has_no_place_for_here_are_refused() {
    for codec in codecs() {
        for channels in [0, 3, 200] {
            let order =
                Order { rate: 48_000, channels, frames: 10, bitrate: None, ceiling: None, tags: Tags::default() };
            let refused = (codec.open)(&order, Box::<Forgetful>::default()).err();
            assert!(matches!(refused, Some(AudioError::Encode { .. })), "{channels}: {refused:?}");
        }
    }
}

/// Everything symphonia decodes, interleaved, and the number of packets.
fn symphonia(file: &Path) -> (Vec<i16>, usize) {
    use symphonia::core::codecs::CodecParameters;
    use symphonia::core::codecs::audio::AudioDecoderOptions;
    use symphonia::core::formats::{FormatOptions, TrackType, probe::Hint};
    use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
    use symphonia::core::meta::MetadataOptions;
    use symphonia::default::{get_codecs, get_probe};
    let source = MediaSourceStream::new(Box::new(File::open(file).unwrap()), MediaSourceStreamOptions::default());
    let (hint, options, metadata) = (Hint::new(), FormatOptions::default(), MetadataOptions::default());
    let mut format = get_probe().probe(&hint, source, options, metadata).unwrap();
    let track = format.default_track(TrackType::Audio).unwrap();
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else { panic!("no audio") };
    let mut decoder = get_codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default()).unwrap();
    let id = track.id;
    let (mut all, mut packets) = (Vec::new(), 0);
    while let Some(packet) = format.next_packet().unwrap() {
        if packet.track_id == id {
            let mut samples: Vec<i16> = Vec::new();
            decoder.decode(&packet).unwrap().copy_to_vec_interleaved(&mut samples);
            all.extend(samples);
            packets += 1;
        }
    }
    (all, packets)
}

#[test]
fn ffprobe_reads_tags_chapters_and_cover() {
    for codec in codecs() {
        let file = made(codec, 48_000, &sound(48_000, 2, 144_000), 144_000, tags());
        let said = probe(file.path());
        let read = &said["format"]["tags"];
        for (key, value) in [
            ("title", "Über die Brücke"),
            ("artist", "Ada & Grace"),
            ("album", "Talks"),
            ("track", "7/12"),
            ("genre", "Podcast"),
            ("encoder", crate::tag::vorbis_comment::ENCODER),
            ("date", "2024"),
            ("copyright", "CC BY 4.0"),
            ("description", "A short one"),
            (
                "synopsis",
                "First line.\nSecond line.\n\n00:00:00 Opening\n00:00:01 Größe 日本\n00:00:02 End\n00:16:39 Never",
            ),
            ("keywords", "bridges, rivers"),
            ("lyrics", "La la\nla"),
            ("SUBTITLE", "A short one"),
            ("PUBLISHER", "Harbour Press"),
            ("WEBSITE", "https://example.org/7"),
            ("LICENSE", "https://creativecommons.org/licenses/by/4.0/"),
            ("location", "+48.8577+002.2950/"),
            ("replaygain_track_gain", "-02.00 dB"),
            ("replaygain_track_peak", "0.500000"),
        ] {
            assert_eq!(read[key], value, "{key} in {read}");
        }
        let chapters: Vec<_> = said["chapters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|chapter| {
                let time = |key: &str| chapter[key].as_str().unwrap().to_owned();
                (time("start_time"), time("end_time"), chapter["tags"]["title"].as_str().unwrap().to_owned())
            })
            .collect();
        let chapter = |start: &str, end: &str, title: &str| (start.to_owned(), end.to_owned(), title.to_owned());
        assert_eq!(
            chapters,
            [
                chapter("0.000000", "1.500000", "Opening"),
                chapter("1.500000", "2.250000", "Größe 日本"),
                chapter("2.250000", "3.000000", "End"),
            ]
        );
        let streams = said["streams"].as_array().unwrap();
        assert!(streams.iter().any(|stream| stream["codec_name"] == "png"), "{streams:?}");
        assert!(streams.iter().any(|stream| stream["codec_tag_string"] == "text"), "{streams:?}");
    }
}

#[test]
fn chapters_that_begin_late_keep_their_times_in_the_text_track() {
    let mark = |start_ms, title: &str| Chapter { start_ms, title: title.into(), url: None };
    let chapters = Chapters::new(vec![mark(1000, "One"), mark(2000, "")]);
    let file = made(&ALAC, 48_000, &sound(48_000, 1, 144_000), 144_000, Tags { chapters, ..Tags::default() });
    let bytes = std::fs::read(file.path()).unwrap();
    let movie = inside(&bytes, &[b"moov"]);
    let text = boxes(movie).into_iter().filter(|(kind, ..)| kind == b"trak").nth(1).unwrap().2;
    let list = inside(text, &[b"edts", b"elst"]);
    assert_eq!(list[4..], *b"\0\0\0\x02\0\0\xBB\x80\xFF\xFF\xFF\xFF\0\x01\0\0\0\x01\x77\0\0\0\0\0\0\x01\0\0");
    let table = [b"mdia", b"minf", b"stbl"];
    assert_eq!(
        inside(inside(text, &table), &[b"stts"])[4..],
        *b"\0\0\0\x02\0\0\0\x01\0\0\x03\xE8\0\0\0\x01\0\0\x03\xE8"
    );
    let place = inside(inside(text, &table), &[b"co64"]);
    let at = u64::from_be_bytes(place[8..16].try_into().unwrap()) as usize;
    assert_eq!(bytes[at..at + 17 + 14], *b"\0\x03One\0\0\0\x0Cencd\0\0\x01\0\0\0\0\0\0\x0Cencd\0\0\x01\0");
    let starts: Vec<_> =
        probe(file.path())["chapters"].as_array().unwrap().iter().map(|c| c["start_time"].clone()).collect();
    assert_eq!(starts, ["1.000000", "2.000000"]);
}

#[test]
fn mutagen_reads_what_was_written() {
    let script = "
import sys, json
from mutagen.mp4 import MP4
f = MP4(sys.argv[1])
print(json.dumps({
    'length': f.info.length, 'codec': f.info.codec, 'channels': f.info.channels, 'rate': f.info.sample_rate,
    'title': f['\\xa9nam'], 'track': f['trkn'], 'keywords': f['keyw'], 'lyrics': f['\\xa9lyr'],
    'gain': [v.decode() for v in f['----:com.apple.iTunes:replaygain_track_gain']],
    'cover': [[c.imageformat, len(c)] for c in f['covr']],
    'chapters': [[c.start, c.title] for c in f.chapters],
}))";
    for codec in codecs() {
        let file = made(codec, 44_100, &sound(44_100, 2, 132_300), 132_300, tags());
        let said: Value = serde_json::from_slice(&run("python3", &["-c", script, "FILE"], file.path())).unwrap();
        assert!((said["length"].as_f64().unwrap() - 3.0).abs() < 0.05, "{said}");
        assert_eq!(said["codec"], if codec.lossy { "mp4a.40.2" } else { "alac" });
        assert_eq!((&said["channels"], &said["rate"]), (&Value::from(2), &Value::from(44_100)));
        assert_eq!(said["title"], serde_json::json!(["Über die Brücke"]));
        assert_eq!(said["track"], serde_json::json!([[7, 12]]));
        assert_eq!(said["keywords"], serde_json::json!(["bridges, rivers"]));
        assert_eq!(said["lyrics"], serde_json::json!(["La la\nla"]));
        assert_eq!(said["gain"], serde_json::json!(["-02.00 dB"]));
        assert_eq!(said["cover"], serde_json::json!([[14, PIXEL.len()]]));
        assert_eq!(said["chapters"], serde_json::json!([[0.0, "Opening"], [1.5, "Größe 日本"], [2.25, "End"]]));
    }
}

#[test]
fn atomic_parsley_finds_a_sound_tree() {
    for codec in codecs() {
        let file = made(codec, 44_100, &sound(44_100, 2, 132_300), 132_300, tags());
        let tree = String::from_utf8(run("AtomicParsley", &["FILE", "-T"], file.path())).unwrap();
        let order: Vec<_> = ["Atom ftyp", "Atom moov", "Atom free", "Atom mdat"].map(|name| tree.find(name)).into();
        assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{tree}");
        // It marks what it does not know; the version of 2021 knows neither sample groups nor Nero's chapters nor
        // places.
        let unknown: Vec<_> = tree.lines().filter(|line| line.contains("Atom") && line.contains('~')).collect();
        assert!(
            unknown.iter().all(|line| ["sgpd", "chpl", "©xyz"].iter().any(|name| line.contains(name))),
            "{unknown:?}"
        );
        let fields = String::from_utf8(run("AtomicParsley", &["FILE", "-t"], file.path())).unwrap();
        assert!(fields.contains("Atom \"©nam\" contains: Über die Brücke"), "{fields}");
    }
}

#[test]
fn a_wrong_expectation_costs_only_the_place_of_the_movie() {
    for codec in codecs() {
        let sound = sound(48_000, 1, 900_000);
        for (expected, order) in [
            (0, ["ftyp", "free", "mdat", "moov"]),
            (890_000, ["ftyp", "moov", "free", "mdat"]),
            (910_000, ["ftyp", "moov", "free", "mdat"]),
            (50_000_000, ["ftyp", "moov", "free", "mdat"]),
        ] {
            let file = made(codec, 48_000, &sound, expected, tags());
            let bytes = std::fs::read(file.path()).unwrap();
            assert_eq!(names(&bytes), order, "{}", codec.name);
            assert_eq!(probe(file.path())["streams"][0]["duration_ts"], 900_000);
            assert!(decoded(file.path()).len() >= 900_000);
            assert_eq!(probe(file.path())["chapters"].as_array().unwrap().len(), 3);
        }
    }
}

#[test]
fn places() {
    let place = |in_front, free, mdat, wide| Place { in_front, free, mdat, wide };
    assert_eq!(Place::of(1000, 2000, 5000), place(true, 1000, 5000, false));
    assert_eq!(Place::of(1992, 2000, 5000), place(true, 8, 5000, false));
    assert_eq!(Place::of(2000, 2000, 5000), place(true, 0, 5000, false));
    // 1 to 7 bytes are too few for a box.
    assert_eq!(Place::of(1993, 2000, 5000), place(false, 2000, 5000, false));
    assert_eq!(Place::of(2001, 2000, 5000), place(false, 2000, 5000, false));
    let most = u64::from(u32::MAX);
    assert_eq!(Place::of(1000, 2000, most), place(true, 1000, most, false));
    assert_eq!(Place::of(1000, 2000, most + 1), place(true, 992, most + 9, true));
    assert_eq!(Place::of(1992, 2000, most + 1), place(true, 0, most + 9, true));
    assert_eq!(Place::of(2000, 2000, most + 1), place(false, 1992, most + 9, true));
}

/// Keeps the first bytes of what is written and lets the rest go.
#[derive(Clone, Default)]
struct Forgetful(Arc<Mutex<(Cursor<Vec<u8>>, u64)>>);

const KEPT: u64 = 1 << 21;

impl Write for Forgetful {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (kept, at) = &mut *self.0.lock().unwrap();
        let keep = KEPT.saturating_sub(*at).min(bytes.len() as u64) as usize;
        if keep > 0 {
            kept.set_position(*at);
            kept.write_all(&bytes[..keep])?;
        }
        *at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Forgetful {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(to) = to else { return Err(io::ErrorKind::Unsupported.into()) };
        self.0.lock().unwrap().1 = to;
        Ok(to)
    }
}

#[test]
fn past_four_gibibytes_everything_becomes_wide() {
    let sound = Sound { coding: Coding::Alac, rate: 48_000, channels: 2, packet_frames: 4096, delay: 0 };
    let packet = vec![0xAB; usize::from(u16::MAX)];
    for packets in [65_536_u64, 65_600] {
        let frames = packets * 4096 - 5;
        let order = Order { rate: 48_000, channels: 2, frames, bitrate: None, ceiling: None, tags: Tags::default() };
        let sink = Forgetful::default();
        let mut writer = Writer::begin(Box::new(sink.clone()), sound.clone(), &order).unwrap();
        for _ in 0..packets {
            writer.packet(&packet).unwrap();
        }
        writer.finish(frames, &GAIN).unwrap();
        let bytes = sink.0.lock().unwrap().0.get_ref().clone();
        let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let movie = word(28) as usize;
        let free = word(28 + movie) as usize;
        let mdat = 28 + movie + free;
        assert_eq!((&bytes[32..36], &bytes[mdat + 4..mdat + 8]), (&b"moov"[..], &b"mdat"[..]));
        let table = inside(&bytes[28..28 + movie], &[b"moov", b"trak", b"mdia", b"minf", b"stbl"]);
        let (all, far) = (packets * 65_535, packets > 65_536);
        let runs = packets.div_ceil(11);
        if far {
            assert_eq!(word(mdat), 1);
            let size = u64::from_be_bytes(bytes[mdat + 8..mdat + 16].try_into().unwrap());
            assert_eq!(size, 16 + all);
            let offsets = inside(table, &[b"co64"]);
            assert_eq!(offsets.len() as u64, 8 + runs * 8);
            for (run, offset) in offsets[8..].chunks(8).enumerate() {
                let offset = u64::from_be_bytes(offset.try_into().unwrap());
                assert_eq!(offset, mdat as u64 + 16 + run as u64 * 11 * 65_535);
            }
        } else {
            assert_eq!(u64::from(word(mdat)), 8 + all);
            let offsets = inside(table, &[if mdat as u64 + 8 + all > u64::from(u32::MAX) { b"co64" } else { b"stco" }]);
            assert!(offsets.len() as u64 >= 8 + runs * 4);
        }
        // 268 million frames are an hour and a half: still 32 bits; an absurd length is not.
        assert_eq!(inside(&bytes[28..28 + movie], &[b"moov", b"mvhd"])[0], 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any number of packets of any sizes, with any expectation and any chapters, gives a file whose boxes fill it and
    /// whose tables find every packet.
    #[test]
    fn tables_find_every_packet(
        sizes in prop::collection::vec(1..2000_u16, 0..300),
        short in 0..1024_u64,
        expected in 0..600_000_u64,
        starts in prop::collection::vec(0..20_000_u64, 0..6),
        title in "\\PC{0,300}",
        delay in prop_oneof![Just(0), Just(1600)],
    ) {
        let coding = Coding::Aac { config: vec![0x12, 0x10], bitrate: 128_000 };
        let sound = Sound { coding, rate: 44_100, channels: 2, packet_frames: 1024, delay };
        let frames = (sizes.len() as u64 * 1024).saturating_sub(u64::from(delay) + short);
        let marks = starts.into_iter().map(|start_ms| Chapter { start_ms, title: title.clone(), url: None }).collect();
        let metadata = Metadata { title, ..Metadata::default() };
        let tags = Tags { metadata, chapters: Chapters::new(marks), ..Tags::default() };
        let order = Order { rate: 44_100, channels: 2, frames: expected, bitrate: None, ceiling: None, tags };
        let sink = Forgetful::default();
        let mut writer = Writer::begin(Box::new(sink.clone()), sound, &order)?;
        for (index, size) in sizes.iter().enumerate() {
            writer.packet(&vec![index as u8; usize::from(*size)])?;
        }
        writer.finish(frames, &GAIN)?;

        let bytes = sink.0.lock().unwrap().0.get_ref().clone();
        let table = inside(&bytes, &[b"moov", b"trak", b"mdia", b"minf", b"stbl"]);
        let words = |name| -> Vec<usize> {
            let words = inside(table, &[name])[4..].chunks(4);
            words.map(|word| u32::from_be_bytes(word.try_into().unwrap()) as usize).collect()
        };
        let (lengths, runs, offsets) = (words(b"stsz"), words(b"stsc"), words(b"stco"));
        prop_assert_eq!(lengths[1], sizes.len());
        prop_assert_eq!(words(b"stts")[1..].chunks(2).map(|pair| pair[0]).sum::<usize>(), sizes.len());
        let mut packet = 0;
        for (run, &offset) in offsets[1..].iter().enumerate() {
            let count = runs[1..].chunks(3).rfind(|entry| entry[0] <= run + 1).unwrap()[1];
            let mut at = offset;
            for _ in 0..count {
                let size = usize::from(sizes[packet]);
                prop_assert_eq!(lengths[2 + packet], size);
                prop_assert!(bytes[at..at + size].iter().all(|byte| *byte == packet as u8));
                at += size;
                packet += 1;
            }
        }
        prop_assert_eq!(packet, sizes.len());
        let data = boxes(&bytes).into_iter().find(|(kind, ..)| kind == b"mdat").unwrap().2;
        prop_assert!(data.len() >= sizes.iter().map(|size| usize::from(*size)).sum());
    }
}
