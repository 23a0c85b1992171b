//! Tags, read back by other people's programs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use model::{Chapters, Location};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::tag::Cover;

const GAIN: ReplayGain = ReplayGain { loudness: -21.5, peak: 0.75 };

fn mark(start_ms: u64, title: &str, url: Option<&str>) -> model::Chapter {
    model::Chapter { start_ms, title: title.into(), url: url.map(Into::into) }
}

fn tags() -> Tags {
    Tags {
        metadata: Metadata {
            title: "Über die Brücke".into(),
            artist: "Ada & Grace".into(),
            album: "Talks".into(),
            track: "7/12".into(),
            subtitle: "A short one".into(),
            summary: "日本".into(),
            genre: "(Spoken) word".into(),
            year: "2024".into(),
            publisher: "Harbour Press".into(),
            url: "https://example.org/7".into(),
            license: "CC BY 4.0".into(),
            license_url: "https://creativecommons.org/licenses/by/4.0/".into(),
            tags: vec!["bridges".into(), "rivers".into()],
            append_chapters: true,
            location: Some(Location { latitude: -5.0, longitude: 2.295 }),
        },
        chapters: Chapters::new(vec![
            mark(0, "Opening", Some("https://example.org/7#0")),
            mark(1500, "Größe", None),
            mark(2250, "", None),
            mark(999_000, "Never", None),
        ]),
        cover: Some(Cover {
            mime: "image/png",
            width: 1,
            height: 1,
            bytes: Arc::from(&b"\x89PNG\r\n\x1a\n\xff\xfb"[..]),
        }),
        lyrics: Some("La la\nla".into()),
    }
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
    // mpg123 tells what it reads where others only tell what is wrong.
    if program == "mpg123" { output.stderr } else { output.stdout }
}

/// Three seconds of MP3 behind the tag.
fn file(tag: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".mp3").tempfile().unwrap();
    let make = "-v error -y -f lavfi -i sine=duration=3:sample_rate=44100 -f mp3 -id3v2_version 0 -write_xing 0 FILE";
    run("ffmpeg", &make.split(' ').collect::<Vec<_>>(), file.path());
    let sound = std::fs::read(file.path()).unwrap();
    std::fs::write(file.path(), [tag, &sound].concat()).unwrap();
    file
}

fn mutagen(tag: &[u8]) -> Value {
    let script = "
import sys, json
from mutagen.id3 import ID3
f = ID3(sys.argv[1], translate=False)
def tell(v):
    t = type(v).__name__
    if t == 'CHAP': return [v.element_id, v.start_time, v.end_time, v.start_offset, {k: tell(s) for k, s in v.sub_frames.items()}]
    if t == 'CTOC': return [int(v.flags), v.child_element_ids]
    if t == 'APIC': return [v.mime, int(v.type), len(v.data)]
    if hasattr(v, 'url'): return v.url
    if t in ('COMM', 'USLT'): return [v.lang, v.desc, str(v)]
    return str(v)
print(json.dumps({'version': f.version, 'size': f.size, 'unknown': len(f.unknown_frames), 'frames': {k: tell(v) for k, v in f.items()}}))
";
    let file = file(tag);
    serde_json::from_slice(&run("python3", &["-c", script, "FILE"], file.path())).unwrap()
}

#[test]
fn mutagen_reads_every_field() {
    let tag = write(&tags(), Some(&GAIN), 3000).unwrap();
    let said = mutagen(&tag);
    assert_eq!((&said["version"], &said["size"], &said["unknown"]), (&json!([2, 3, 0]), &json!(tag.len()), &json!(0)));
    let summary = "日本\n\n00:00:00 Opening\n00:00:01 Größe\n00:00:02\n00:16:39 Never";
    let none = u32::MAX;
    let expected = json!({
        "TIT2": "Über die Brücke",
        "TPE1": "Ada & Grace",
        "TALB": "Talks",
        "TRCK": "7/12",
        "TIT3": "A short one",
        "TCON": "((Spoken) word",
        "TYER": "2024",
        "TPUB": "Harbour Press",
        "TSSE": ENCODER,
        "TCOP": "CC BY 4.0",
        "TKWD": "bridges, rivers",
        "WOAF": "https://example.org/7",
        "WXXX:": "https://example.org/7",
        "WCOP": "https://creativecommons.org/licenses/by/4.0/",
        "TXXX:LOCATION": "-05.0000+002.2950/",
        "TXXX:REPLAYGAIN_TRACK_GAIN": "+03.50 dB",
        "TXXX:REPLAYGAIN_TRACK_PEAK": "0.750000",
        "TDES": summary,
        "COMM::und": ["und", "", summary],
        "USLT::und": ["und", "", "La la\nla"],
        "APIC:": ["image/png", 3, 10],
        "CTOC:toc": [3, ["chp0", "chp1", "chp2"]],
        "CHAP:chp0": ["chp0", 0, 1500, none, {"TIT2": "Opening", "WXXX:": "https://example.org/7#0"}],
        "CHAP:chp1": ["chp1", 1500, 2250, none, {"TIT2": "Größe"}],
        "CHAP:chp2": ["chp2", 2250, 3000, none, {}],
    });
    assert_eq!(said["frames"], expected, "{:#}", said["frames"]);
}

#[test]
fn ffprobe_and_mpg123_read_it_and_find_the_sound_behind() {
    let file = file(&write(&tags(), Some(&GAIN), 3000).unwrap());
    let probe = ["-v", "error", "-of", "json", "-show_format", "-show_chapters", "FILE"];
    let said: Value = serde_json::from_slice(&run("ffprobe", &probe, file.path())).unwrap();
    assert_eq!(said["format"]["tags"]["title"], "Über die Brücke");
    assert_eq!(said["format"]["tags"]["REPLAYGAIN_TRACK_GAIN"], "+03.50 dB");
    let chapters: Vec<_> =
        said["chapters"].as_array().unwrap().iter().map(|c| (&c["start"], &c["end"], &c["tags"]["title"])).collect();
    // A chapter without a title is shown under its internal name.
    assert_eq!(
        chapters,
        [
            (&json!(0), &json!(1500), &json!("Opening")),
            (&json!(1500), &json!(2250), &json!("Größe")),
            (&json!(2250), &json!(3000), &json!("chp2")),
        ]
    );
    let told = String::from_utf8(run("mpg123", &["-t", "-v", "--utf8", "--long-tag", "FILE"], file.path())).unwrap();
    for line in ["Title:   Über die Brücke", "Artist:  Ada & Grace", "Album:   Talks", "Year:    2024"] {
        assert!(told.contains(line), "{line} in {told}");
    }
    assert!(!told.to_lowercase().contains("warning") && !told.contains("error"), "{told}");
}

#[test]
fn nothing_said_is_a_small_tag_with_room() {
    let tag = write(&Tags::default(), None, 0).unwrap();
    assert_eq!(tag.len(), STEP);
    assert_eq!(&tag[..10], b"ID3\x03\0\0\0\0\x07\x76");
    let said = 10 + 10 + 1 + ENCODER.len();
    assert!(tag[said..].iter().all(|byte| *byte == 0));
    assert_eq!(
        mutagen(&write(&Tags::default(), Some(&GAIN), 0).unwrap())["frames"],
        json!({
            "TXXX:REPLAYGAIN_TRACK_GAIN": "+03.50 dB",
            "TXXX:REPLAYGAIN_TRACK_PEAK": "0.750000",
            "TSSE": ENCODER,
        })
    );
}

#[test]
fn more_chapters_than_one_table_holds_get_tables_in_between() {
    let marks: Vec<_> = (0..600).map(|n| mark(n * 1000, &format!("No. {n}"), None)).collect();
    let tags = Tags { chapters: Chapters::new(marks), ..Tags::default() };
    let said = mutagen(&write(&tags, None, 600_000).unwrap());
    let frames = &said["frames"];
    assert_eq!(frames["CTOC:toc"], json!([3, ["toc0", "toc1", "toc2"]]));
    let sizes: Vec<_> = (0..3).map(|n| frames[format!("CTOC:toc{n}")][1].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [255, 255, 90]);
    assert_eq!(frames["CTOC:toc2"][1][89], "chp599");
    assert_eq!(frames["CHAP:chp599"], json!(["chp599", 599_000, 600_000, u32::MAX, {"TIT2": "No. 599"}]));
}

#[test]
fn a_year_that_is_none_and_zeros_in_texts_are_left_out() {
    let metadata = Metadata { year: "next".into(), title: "a\0b".into(), artist: "\0".into(), ..Metadata::default() };
    let said = mutagen(&write(&Tags { metadata, ..Tags::default() }, None, 0).unwrap());
    assert_eq!(said["frames"], json!({ "TIT2": "ab", "TSSE": ENCODER }));
}

#[test]
fn what_id3_cannot_hold_is_refused() {
    let bytes: Arc<[u8]> = vec![0; LONGEST].into();
    let cover = Cover { mime: "image/jpeg", width: 1, height: 1, bytes };
    let refused = write(&Tags { cover: Some(cover), ..Tags::default() }, None, 0);
    assert!(matches!(refused, Err(AudioError::Limit { found, .. }) if found > LONGEST as u64), "{refused:?}");
}

proptest! {
    #[test]
    fn the_length_depends_on_the_tags_alone(
        title in "\\PC{0,60}",
        starts in prop::collection::vec((0..10_000_u64, "\\PC{0,20}"), 0..8),
        loudness in prop_oneof![Just(f64::NEG_INFINITY), Just(f64::NAN), -70.0..0.0],
        peak in prop_oneof![Just(f64::INFINITY), 0.0..20.0],
        length_ms in 0..12_000_u64,
    ) {
        let marks = starts.iter().map(|(start, title)| mark(*start, title, None)).collect();
        let metadata = Metadata { title, append_chapters: true, ..Metadata::default() };
        let tags = Tags { metadata, chapters: Chapters::new(marks), ..Tags::default() };
        let before = write(&tags, None, length_ms)?;
        let after = write(&tags, Some(&ReplayGain { loudness, peak }), length_ms + 500)?;
        prop_assert_eq!(before.len(), after.len());
        prop_assert_eq!(after.len() % STEP, 0);
        let read = Tag::read_from2(std::io::Cursor::new(&after)).unwrap();
        let gain = read.extended_texts().find(|text| text.description == "REPLAYGAIN_TRACK_GAIN");
        prop_assert_eq!(gain.is_some(), loudness.is_finite());
        prop_assert_eq!(read.chapters().count(), tags.chapters.as_slice().partition_point(|mark| mark.start_ms < length_ms + 500));
    }
}
