//! Recordings that are broken, odd or none at all: one plain sentence, or a correct result with a warning.

use std::path::{Path, PathBuf};

use serde_json::Value;
use testkit::signal::{Dice, noise, sine};
use testkit::{fixture, witness};

use crate::{folder, names, said, soundpost};

const RATE: u32 = 44_100;

/// Runs `produce` on a file and gives the exit code, what was said, the report, and the names of what was made.
fn produce(work: &Path, input: &Path) -> (Option<i32>, String, Value, Vec<String>) {
    let out = work.join("out");
    let output = soundpost()
        .args(["produce", "-q", "--json", "--format", "mp3", "--format", "flac", "-o"])
        .arg(&out)
        .arg(input)
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), said(&output), report, names(&out))
}

fn refused(name: &str, bytes: &[u8], expected: &str) {
    let work = folder();
    let input = work.path().join(name);
    std::fs::write(&input, bytes).unwrap_or_default();
    refused_file(work.path(), &input, expected);
}

fn refused_file(work: &Path, input: &Path, expected: &str) {
    let (code, said, _, made) = produce(work, input);
    assert_eq!(code, Some(1), "{}: {said}", input.display());
    assert!(said.contains(expected), "{}: {said:?} lacks {expected:?}", input.display());
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(made, Vec::<String>::new());
}

/// A recording that is made, with or without a warning; gives the report.
fn accepted(work: &Path, input: &Path, warning: Option<&str>) -> Value {
    let (code, said, report, made) = produce(work, input);
    assert_eq!(code, Some(0), "{}: {said}", input.display());
    assert!(made.iter().any(|name| Path::new(name).extension().is_some_and(|ending| ending == "mp3")), "{made:?}");
    let warnings = report["warnings"].to_string();
    match warning {
        Some(warning) => assert!(warnings.contains(warning), "{}: {warnings} lacks {warning:?}", input.display()),
        None => assert_eq!(warnings, "[]", "{}", input.display()),
    }
    report
}

fn wav(work: &Path, name: &str, rate: u32, channels: &[Vec<f32>]) -> PathBuf {
    let path = work.join(name);
    fixture::write_wav(&path, rate, channels).unwrap_or_else(|error| panic!("{error}"));
    path
}

/// A WAV file of 32-bit floats.
fn float_wav(work: &Path, samples: &[f32]) -> PathBuf {
    let path = work.join("float.wav");
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x03\0\x01\0");
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * 4).to_le_bytes());
    bytes.extend(b"\x04\0\x20\0data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    std::fs::write(&path, bytes).unwrap_or_default();
    path
}

fn ffmpeg(arguments: &[&str], to: &Path) {
    let all: Vec<&str> = ["-v", "error", "-y"].iter().chain(arguments).copied().chain([witness::text(to)]).collect();
    witness::run("ffmpeg", &all);
}

#[test]
fn what_is_no_recording_is_refused_in_one_sentence() {
    refused("empty.wav", b"", "The file is empty (0 bytes).");
    refused("letter.mp3", "Dear listener, nothing to hear here.\n".repeat(40).as_bytes(), "This is not audio");
    refused("picture.wav", &std::fs::read(fixture::path("demo/cover.png")).unwrap_or_default(), "PNG");
    let mut header = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x44\xac\0\0\x88\x58\x01\0\x02\0\x10\0data".to_vec();
    header.extend(0u32.to_le_bytes());
    refused("no-frames.wav", &header, "no sound");
    refused("half-a-header.wav", &header[..20], "");
}

#[test]
fn there_is_no_such_file_and_a_folder_is_no_file() {
    let work = folder();
    refused_file(work.path(), &work.path().join("absent.wav"), "There is no file");
    refused_file(work.path(), work.path(), "is a folder");
}

#[test]
fn codecs_that_cannot_be_read_are_named() {
    let work = folder();
    for (name, codec, expected) in
        [("a.wma", "wmav2", "WMA"), ("a.ac3", "ac3", "AC-3"), ("a.wv", "wavpack", "WavPack"), ("a.mka", "ac3", "AC-3")]
    {
        let path = work.path().join(name);
        ffmpeg(&["-f", "lavfi", "-i", "sine=d=1", "-ac", "2", "-c:a", codec], &path);
        refused_file(work.path(), &path, expected);
    }
}

#[test]
fn a_truncated_recording_keeps_what_was_there() {
    let whole = fixture::path("speech/austen-0870.flac");
    let work = folder();
    for (ending, arguments) in [
        ("wav", &[][..]),
        ("flac", &[]),
        ("mp3", &["-b:a", "128k"]),
        ("ogg", &["-c:a", "libvorbis"]),
        ("opus", &["-c:a", "libopus"]),
        ("aiff", &[]),
    ] {
        let path = work.path().join(format!("cut.{ending}"));
        let mut all = vec!["-i", witness::text(&whole)];
        all.extend(arguments);
        ffmpeg(&all, &path);
        let bytes = std::fs::read(&path).unwrap_or_default();
        std::fs::write(&path, &bytes[..bytes.len() * 6 / 10]).unwrap_or_default();
        let (code, said, report, _) = produce(work.path(), &path);
        assert_eq!(code, Some(0), "{ending}: {said}");
        assert_ne!(report["warnings"].to_string(), "[]", "{ending} says nothing of the missing end");
        let seconds = report["source"]["length"].as_f64().unwrap_or_default();
        assert!((3.0..6.5).contains(&seconds), "{ending}: {seconds} s left");
        std::fs::remove_dir_all(work.path().join("out")).unwrap_or_default();
    }
}

#[test]
fn a_header_that_lies_about_its_length_is_not_believed() {
    let work = folder();
    let honest = wav(work.path(), "lie.wav", RATE, &[sine(RATE, 440.0, 0.3, 0.0, 3 * RATE as usize)]);
    let bytes = std::fs::read(&honest).unwrap_or_default();
    for size in [0u32, u32::MAX, 1_000_000_000] {
        let mut lying = bytes.clone();
        lying[40..44].copy_from_slice(&size.to_le_bytes());
        std::fs::write(&honest, lying).unwrap_or_default();
        let (code, said, report, _) = produce(work.path(), &honest);
        assert_eq!(code, Some(0), "{size}: {said}");
        let seconds = report["source"]["length"].as_f64().unwrap_or_default();
        assert!((seconds - 3.0).abs() < 0.001, "{size}: {seconds} s");
    }
}

#[test]
fn silence_one_sample_and_a_constant_are_made_with_a_word_about_it() {
    let work = folder();
    let path = wav(work.path(), "silence.wav", RATE, &[vec![0.0; RATE as usize]]);
    accepted(work.path(), &path, Some("silent"));
    let path = wav(work.path(), "one.wav", RATE, &[vec![0.5]]);
    accepted(work.path(), &path, Some("too short"));
    let path = wav(work.path(), "constant.wav", RATE, &[vec![0.5; 2 * RATE as usize]]);
    accepted(work.path(), &path, Some("constant"));
}

#[test]
fn clipped_sound_is_mastered_and_said_to_be_clipped() {
    let work = folder();
    let clipped = noise(&mut Dice::new(4), 4.0, 4 * RATE as usize).into_iter().map(|x| x.clamp(-1.0, 1.0)).collect();
    let path = wav(work.path(), "clipped.wav", RATE, &[clipped]);
    accepted(work.path(), &path, Some("clipped"));
    let heard = witness::loudness(&work.path().join("out/clipped.mp3"));
    assert!((heard.integrated + 16.0).abs() <= 0.2 && heard.true_peak <= -0.95, "{heard:?}");
}

#[test]
fn numbers_that_are_none_become_silence() {
    let work = folder();
    let mut sound = sine(RATE, 440.0, 0.3, 0.0, 2 * RATE as usize);
    sound[1_000] = f32::NAN;
    sound[2_000] = f32::INFINITY;
    let path = float_wav(work.path(), &sound);
    accepted(work.path(), &path, Some("2 samples"));
    let heard = witness::loudness(&work.path().join("out/float.mp3"));
    assert!((heard.integrated + 16.0).abs() <= 0.2, "{heard:?}");
}

#[test]
fn the_slowest_and_the_fastest_rates_are_resampled() {
    let work = folder();
    for (rate, hertz) in [(1_000, 200.0), (8_000, 440.0), (96_000, 440.0), (384_000, 440.0)] {
        let path = wav(work.path(), &format!("{rate}.wav"), rate, &[sine(rate, hertz, 0.1, 0.0, 3 * rate as usize)]);
        let report = accepted(work.path(), &path, None);
        assert!(report["actions"].to_string().contains("Resampled"), "{report}");
        let seconds = witness::decoded_frames(&work.path().join(format!("out/{rate}.flac"))) as f64 / 48_000.0;
        assert!((seconds - 3.0).abs() < 0.001, "{rate}: {seconds}");
    }
}

#[test]
fn surround_is_mixed_down_and_the_report_says_how() {
    let work = folder();
    let tone = |hertz| sine(48_000, hertz, 0.1, 0.0, 3 * 48_000);
    let (raw, path) = (work.path().join("raw.wav"), work.path().join("surround.flac"));
    let channels: Vec<_> = [300.0, 400.0, 500.0, 60.0, 700.0, 800.0].into_iter().map(tone).collect();
    fixture::write_wav(&raw, 48_000, &channels).unwrap_or_default();
    ffmpeg(&["-i", witness::text(&raw), "-channel_layout", "5.1"], &path);
    let report = accepted(work.path(), &path, None);
    assert!(report["actions"].to_string().contains("BS.775"), "{report}");
    assert_eq!(witness::probe(&work.path().join("out/surround.flac"))["streams"][0]["channels"], 2);
}

#[test]
fn wrong_use_is_told_apart_from_failure() {
    let recording = fixture::path("speech/austen-0880.flac");
    let out = folder();
    let cases: [(&[&str], &str); 9] = [
        (&["--format", "mp9"], "There is no format mp9"),
        (&["--format", "mp3:1000"], "MP3 takes"),
        (&["--format", "flac:64"], "no bitrate"),
        (&["--loudness", "-99"], "−31 to −8"),
        (&["--loudness", "loud"], "invalid value"),
        (&["--max-peak", "3"], "−12 to 0"),
        (&["--preset", "radio"], "podcast"),
        (&["--cut-silence", "0"], "0.2 to 3600"),
        (&["--chapters", "/does/not/exist"], "cannot be read"),
    ];
    for (arguments, expected) in cases {
        let result =
            soundpost().arg("produce").args(arguments).arg("-o").arg(out.path()).arg(&recording).assert().code(2);
        assert!(said(result.get_output()).contains(expected), "{arguments:?}: {}", said(result.get_output()));
    }
    assert_eq!(names(out.path()), Vec::<String>::new());
}

#[test]
fn a_recording_is_never_written_over() {
    let work = folder();
    let recording = work.path().join("talk.flac");
    std::fs::copy(fixture::path("speech/austen-0880.flac"), &recording).unwrap_or_default();
    let before = std::fs::read(&recording).unwrap_or_default();
    let result =
        soundpost().args(["produce", "-q", "--format", "flac", "-o"]).arg(work.path()).arg(&recording).assert().code(2);
    assert!(said(result.get_output()).contains("over the recording itself"));
    assert!(std::fs::read(&recording).unwrap_or_default() == before);
}

#[test]
fn files_that_cannot_be_understood_name_the_place() {
    let work = folder();
    let chapters = work.path().join("chapters.txt");
    std::fs::write(&chapters, "00:00:00 Good\nsoon Bad\n").unwrap_or_default();
    let metadata = work.path().join("metadata.json");
    std::fs::write(&metadata, r#"{"titel": "A"}"#).unwrap_or_default();
    let cover = work.path().join("cover.jpg");
    std::fs::write(&cover, "GIF89a").unwrap_or_default();
    for (option, path, expected) in
        [("--chapters", &chapters, "ine 2"), ("--metadata", &metadata, "titel"), ("--cover", &cover, "GIF")]
    {
        let result = soundpost()
            .arg("produce")
            .arg(option)
            .arg(path)
            .arg(fixture::path("speech/austen-0880.flac"))
            .assert()
            .code(2);
        assert!(said(result.get_output()).contains(expected), "{option}: {}", said(result.get_output()));
    }
}

#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    // A device that takes no byte stands for a full disk.
    let result = soundpost()
        .args(["produce", "-q", "--format", "mp3", "-o", "/proc/self"])
        .arg(fixture::path("speech/austen-0880.flac"))
        .assert()
        .code(1);
    assert!(said(result.get_output()).contains("Writing failed"), "{}", said(result.get_output()));
}
