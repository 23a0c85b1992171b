//! The main job on the shipped recordings, heard by other people's programs.

use serde_json::Value;
use testkit::{fixture, witness};

use crate::{folder, names, soundpost};

/// Formats and their endings.
const FORMATS: [(&str, &str); 9] = [
    ("mp3:128", "mp3"),
    ("mp3:64", "mp3"),
    ("mp3-vbr", "mp3"),
    ("aac:96", "m4a"),
    ("opus:64", "opus"),
    ("vorbis:112", "ogg"),
    ("flac", "flac"),
    ("alac", "m4a"),
    ("wav-24bit", "wav"),
];

fn reports(output: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(output);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))).collect()
}

#[test]
fn every_format_has_the_loudness_and_the_ceiling_that_were_asked_for() {
    let out = folder();
    let mut command = soundpost();
    command.args(["produce", "--json", "--quiet"]).arg(fixture::path("demo/desk-recording.flac"));
    command.arg("-o").arg(out.path());
    for (format, _) in FORMATS {
        command.args(["--format", format]);
    }
    let result = command.assert().success();
    let report = &reports(&result.get_output().stdout)[0];
    let frames = witness::decoded_frames(&fixture::path("demo/desk-recording.flac"));
    let made = report["outputs"].as_array().cloned().unwrap_or_default();
    assert_eq!(made.len(), FORMATS.len());
    for (file, (format, ending)) in made.iter().zip(FORMATS) {
        let name = file["filename"].as_str().unwrap_or_default();
        assert!(name.ends_with(ending), "{name}");
        let heard = witness::loudness(&out.path().join(name));
        assert!((heard.integrated + 16.0).abs() <= 0.2, "{format}: ffmpeg hears {} LUFS", heard.integrated);
        // ffmpeg prints one decimal.
        assert!(heard.true_peak <= -1.0 + 0.05, "{format}: ffmpeg reads {} dBTP", heard.true_peak);
        let expected = if ending == "opus" { frames * 480 / 441 } else { frames };
        let decoded = witness::decoded_frames(&out.path().join(name));
        // ffmpeg 5.1 does not trim the end of AAC, whoever made the file.
        let more = if format.starts_with("aac") { 1_024 } else { 1 };
        assert!((expected - 1..=expected + more).contains(&decoded), "{format}: {decoded} frames, {expected} expected");
        let seconds = file["length"].as_f64().unwrap_or_default();
        assert!((seconds - frames as f64 / 44_100.0).abs() < 0.01, "{format}: {seconds} s by our own decoder");
    }
}

#[test]
fn beside_the_sound_lie_report_pictures_and_peaks() {
    let out = folder();
    let recording = fixture::path("speech/austen-0870.flac");
    soundpost().args(["produce", "-q", "--format", "flac", "-o"]).arg(out.path()).arg(recording).assert().success();
    let expected = [
        "austen-0870.flac",
        "austen-0870.loudness.svg",
        "austen-0870.peaks.dat",
        "austen-0870.report.json",
        "austen-0870.report.txt",
        "austen-0870.waveform.png",
    ];
    assert_eq!(names(out.path()), expected);
}

#[test]
fn tags_chapters_and_cover_reach_the_file() {
    let out = folder();
    let mut command = soundpost();
    command.args(["produce", "-q", "--format", "mp3", "--format", "aac", "--format", "opus", "-o"]).arg(out.path());
    for (option, name) in [("--metadata", "metadata.json"), ("--chapters", "chapters.txt"), ("--cover", "cover.png")] {
        command.arg(option).arg(fixture::path("demo").join(name));
    }
    command.arg(fixture::path("demo/desk-recording.flac")).assert().success();
    let metadata: Value =
        serde_json::from_str(&std::fs::read_to_string(fixture::path("demo/metadata.json")).unwrap_or_default())
            .unwrap_or_default();
    let title = metadata["title"].as_str().unwrap_or_default();
    for ending in ["mp3", "m4a", "opus"] {
        let seen = witness::probe(&out.path().join(format!("desk-recording.{ending}")));
        let tags = if ending == "opus" { &seen["streams"][0]["tags"] } else { &seen["format"]["tags"] };
        let written = tags["title"].as_str().or(tags["TITLE"].as_str());
        assert_eq!(written, Some(title), "{ending}: {seen}");
        assert_eq!(seen["chapters"].as_array().map(Vec::len), Some(5), "{ending}: {seen}");
        let has_cover = seen["streams"]
            .as_array()
            .is_some_and(|streams| streams.iter().any(|stream| stream["codec_type"] == "video"));
        assert!(has_cover, "{ending} has no cover");
    }
}

#[test]
fn many_recordings_are_made_in_turn_and_one_bad_one_does_not_stop_the_others() {
    let out = folder();
    let inputs = folder();
    let bad = inputs.path().join("letter.mp3");
    std::fs::write(&bad, "Dear listener, this is not a recording. ".repeat(50)).unwrap_or_default();
    let result = soundpost()
        .args(["produce", "-q", "--json", "--format", "mp3", "-o"])
        .arg(out.path())
        .args([fixture::path("speech/austen-0880.flac"), bad, fixture::path("speech/austen-0930.flac")])
        .assert()
        .code(1);
    let output = result.get_output();
    assert_eq!(reports(&output.stdout).len(), 2);
    assert!(crate::said(output).contains("letter.mp3: This is not audio"), "{}", crate::said(output));
    assert!(names(out.path()).iter().all(|name| !name.contains("letter")));
}

#[test]
fn presets_reach_their_targets() {
    for (preset, target, ending) in [
        ("podcast", -16.0, "mp3"),
        ("broadcast", -23.0, "wav"),
        ("music", -14.0, "flac"),
        ("stage-speech", -16.0, "mp3"),
        ("audiobook", -20.0, "mp3"),
    ] {
        let out = folder();
        let recording = fixture::path("speech/austen-0870.flac");
        soundpost().args(["produce", "-q", "--preset", preset, "-o"]).arg(out.path()).arg(recording).assert().success();
        let heard = witness::loudness(&out.path().join(format!("austen-0870.{ending}")));
        assert!((heard.integrated - target).abs() <= 0.2, "{preset}: {heard:?}");
    }
}

#[test]
fn the_same_recording_gives_the_same_bytes() {
    let make = || {
        let out = folder();
        let recording = fixture::path("music/guit_em9.flac");
        let mut command = soundpost();
        command.args(["produce", "-q", "-o"]).arg(out.path());
        for (format, _) in FORMATS {
            command.args(["--format", format]);
        }
        command.arg(recording).assert().success();
        let read = |name: String| std::fs::read(out.path().join(&name)).map(|bytes| (name, bytes)).unwrap_or_default();
        names(out.path()).into_iter().map(read).collect::<Vec<_>>()
    };
    for ((name, once), (_, twice)) in make().into_iter().zip(make()) {
        assert!(once == twice, "{name} differs");
    }
}

#[test]
fn long_pauses_are_cut_on_request_and_chapters_move_along() {
    let work = folder();
    let (recording, chapters) = (work.path().join("pause.wav"), work.path().join("chapters.txt"));
    let tone = testkit::signal::sine(44_100, 440.0, 0.2, 0.0, 44_100 * 4);
    let sound = [tone.clone(), vec![0.0; 44_100 * 6], tone].concat();
    fixture::write_wav(&recording, 44_100, &[sound]).unwrap_or_default();
    std::fs::write(&chapters, "00:00:00 First\n00:00:10 Second\n").unwrap_or_default();
    let out = work.path().join("out");
    soundpost()
        .args(["produce", "-q", "--format", "mp3", "--cut-silence", "2", "--chapters"])
        .arg(&chapters)
        .arg("-o")
        .arg(&out)
        .arg(&recording)
        .assert()
        .success();
    let made = out.join("pause.mp3");
    let seconds = witness::decoded_frames(&made) as f64 / 44_100.0;
    assert!((seconds - 9.0).abs() < 0.25, "{seconds}");
    let second = witness::probe(&made)["chapters"][1]["start_time"].as_str().and_then(|text| text.parse::<f64>().ok());
    assert!(second.is_some_and(|second| (second - 5.0).abs() < 0.25), "{second:?}");
}

#[test]
fn codecs_out_of_their_depth_keep_loudness_and_ceiling_too() {
    let out = folder();
    let recording = fixture::path("speech/austen-0890.flac");
    let mut command = soundpost();
    command.args(["produce", "-q", "--format", "opus:24", "--format", "opus:32", "-o"]).arg(out.path()).arg(recording);
    command.assert().success();
    for kbps in [24, 32] {
        let heard = witness::loudness(&out.path().join(format!("austen-0890-opus-{kbps}k.opus")));
        assert!((heard.integrated + 16.0).abs() <= 0.2 && heard.true_peak <= -0.95, "{kbps}: {heard:?}");
    }
}
