//! Bad requests, and what is said about them.

use expect_test::{Expect, expect};

use super::{ALL, lines, read};
use crate::productions::{Form, Offer, preset, production, webhook};

fn refused(body: &str, expected: &Expect) {
    expected.assert_eq(&lines(&read(body).unwrap_err()));
}

#[test]
fn bodies_that_are_none() {
    refused(
        "{\"metadata\": {",
        &expect![[r#"
        body: The body is not well-formed JSON: line 1, column 14: EOF while parsing an object.
    "#]],
    );
    refused(
        "[1]",
        &expect![[r#"
        body: The body takes a JSON object, not a list.
    "#]],
    );
    refused(
        "\"text\"",
        &expect![[r#"
        body: The body takes a JSON object, not “text”.
    "#]],
    );
    refused(
        "{\"title\": 1,}",
        &expect![[r#"
        body: The body is not well-formed JSON: line 1, column 13: trailing comma.
    "#]],
    );
    refused(
        "{\"webhook\": \"\", \"webhook\": \"\"}",
        &expect![[r#"
        webhook: webhook is given twice. Give it once.
    "#]],
    );
    expect![[r#"
        body: The body is not UTF-8 text.
    "#]]
    .assert_eq(&lines(&production(b"{\"a\": \"\xff\"}", ALL).unwrap_err()));
    let deep = format!("{{\"metadata\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    expect![[r#"
        body: The body is not well-formed JSON: line 1, column 140: recursion limit exceeded.
    "#]]
    .assert_eq(&lines(&read(&deep).unwrap_err()));
    let many: Vec<String> = (0..1_000).map(|n| format!("\"f{n}\": 0")).collect();
    expect![[r#"
        body: The body has 1000 fields, more than the 200 that are read.
    "#]]
    .assert_eq(&lines(&read(&format!("{{{}}}", many.join(","))).unwrap_err()));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    refused(
        r#"{
        "metadata": {"title": true, "year": "soon", "url": "ftp://a.example", "tags": 7, "append_chapters": "perhaps",
            "location": {"latitude": 91, "longitude": "east"}, "titel": "x", "titlle": "y", "artist": ["a"]},
        "output_files": [{"format": "mp5"}, {"bitrate": 128}, 7, {"format": "mp3", "bitrate": 100},
            {"format": "opus", "bitrate": "loud"}, {"format": "flac", "ending": "wav"},
            {"format": "stats", "ending": "yaml"}, {"format": "mp3", "filename": "../../etc/passwd"},
            {"format": "mp3", "outgoing_services": ["short"], "mono_mixdown": 2}],
        "algorithms": {"leveller": true, "flanger": true, "loudnesstarget": -7, "maxpeak": "high", "denoise": [],
            "levelermode": "brutal", "soundlink": "https://a.example"},
        "chapters": [{"title": "no start"}, {"start": "soon"}, 3, {"start": "0:10", "url": "nowhere"}],
        "outgoing_services": [{"uuid": "x"}, 5], "input_file": "talk.wav", "image": "cover.jpg", "service": "dropbox",
        "webhook": "javascript:alert(1)", "action": "go", "reset_data": "maybe", "multi_input_files": [{"id": "a"}],
        "is_multitrack": true, "output_basename": "a/b", "output_file": [], "preset": {"a": 1}
    }"#,
        &expect![[r#"
            metadata: title takes text, not true.
            metadata: year takes four digits, such as 2026, not “soon”.
            metadata: url takes an http or https address, not “ftp://a.example”.
            metadata: tags takes a list of texts, or one text with commas, not 7.
            metadata: append_chapters takes true or false, not “perhaps”.
            metadata: location.latitude takes degrees from −90 to 90, not 91.
            metadata: location.longitude takes a number, not “east”.
            metadata: “titlle” is not a field of metadata; “title” is.
            metadata: artist takes text, not a list.
            output_files: Entry 1: format “mp5” is not known; “mp3” is.
            output_files: Entry 2: format is missing. It says which file to make, such as mp3.
            output_files: Entry 3 takes an object with a format, not 7.
            output_files: Entry 4: bitrate takes one of 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320 kbit/s for mp3, not 100.
            output_files: Entry 5: bitrate takes a number, not “loud”.
            output_files: Entry 6: ending takes only flac for flac, not “wav”.
            output_files: Entry 7: ending takes one of json, txt for stats, not “yaml”.
            output_files: Entry 8: filename takes a name without folders and control characters, not “../../etc/passwd”.
            output_files: Entry 9: mono_mixdown takes true or false, not 2.
            output_files: Entry 9: outgoing_services takes the uuid of a service, 22 letters and digits, not “short”.
            algorithms: “leveller” is not an algorithm; “leveler” is.
            algorithms: “flanger” is not an algorithm. There are leveler, levelermode, normloudness, loudnesstarget, maxpeak, filtering, denoise, denoiseamount, silence_cutter, gate, crossgate.
            algorithms: loudnesstarget takes −31 to −8 LUFS, not -7.
            algorithms: maxpeak takes a number, not “high”.
            algorithms: denoise takes true or false, not a list.
            algorithms: levelermode takes one of default, gentle, firm, not “brutal”.
            algorithms: soundlink is not built yet: this Soundpost cannot hide a code in the sound. Leave it out.
            chapters: Chapter 1: start takes a time such as 00:12:30.500, not nothing.
            chapters: Chapter 2: start takes a time such as 00:12:30.500, not “soon”.
            chapters: Chapter 3 takes an object with start and title, not 3.
            chapters: Chapter 4: url takes an http or https address, not “nowhere”.
            outgoing_services: outgoing_services takes the uuid of a service, 22 letters and digits, not “x”.
            outgoing_services: outgoing_services takes the uuid of a service, 22 letters and digits, not 5.
            image: image takes an http or https address, not “cover.jpg”.
            service: service takes the uuid of a service, 22 letters and digits, not “dropbox”.
            webhook: webhook takes an http or https address, not “javascript:alert(1)”.
            action: action takes start or save, not “go”.
            reset_data: reset_data takes true or false, not “maybe”.
            multi_input_files: multi_input_files asks for a multitrack production, which is not built yet. Mix the tracks first, and send one input_file.
            is_multitrack: is_multitrack asks for a multitrack production, which is not built yet. Mix the tracks first, and send one input_file.
            output_basename: output_basename takes a name without folders and control characters, not “a/b”.
            output_file: “output_file” is not known; “output_files” is.
            preset: preset takes text, not an object.
            input_file: input_file takes an http or https address, an uploaded file, or the name of a file together with its service, not “talk.wav”.
        "#]],
    );
}

#[test]
fn kinds_of_whole_fields() {
    refused(
        r#"{"metadata": [], "algorithms": "x", "output_files": {}, "chapters": 1, "outgoing_services": true}"#,
        &expect![[r#"
            metadata: metadata takes an object, not a list.
            algorithms: algorithms takes an object, not “x”.
            output_files: output_files takes a list of files to make, each an object with a format, not an object.
            chapters: chapters takes a list of objects with start and title, not 1.
            outgoing_services: outgoing_services takes a list of services, not true.
        "#]],
    );
}

#[test]
fn ceilings() {
    let long = "x".repeat(70_000);
    let many = |entry: &str, count: usize| vec![entry; count].join(",");
    let body = format!(
        r#"{{"metadata": {{"title": "{long}", "summary": "{long}", "url": "https://{long}", "tags": [{}]}},
        "output_files": [{}], "outgoing_services": [{}], "chapters": [{}], "output_basename": "{}"}}"#,
        many("\"t\"", 101),
        many("\"mp3\"", 51),
        many("\"pmefeNCzkyT4TbRbDmoCDf\"", 51),
        many("{\"start\": 1}", 10_001),
        "ä".repeat(101),
    );
    refused(
        &body,
        &expect![[r#"
        metadata: title has 70000 characters, more than the 1000 that are taken.
        metadata: summary has 70000 characters, more than the 65536 that are taken.
        metadata: url has 70008 characters, more than the 2048 that are taken.
        metadata: tags has 101 entries, more than the 100 that are taken.
        output_files: output_files has 51 entries, more than the 50 that are taken.
        outgoing_services: outgoing_services has 51 entries, more than the 50 that are taken.
        chapters: chapters has 10001 entries, more than the 10000 that are taken.
        output_basename: output_basename has 202 bytes, more than the 200 that are taken.
    "#]],
    );
}

#[test]
fn forms() {
    let mut form = Form::new(ALL);
    for (name, value) in [
        ("title", "One"),
        ("title", "Two"),
        ("filtring", "true"),
        ("titlle", "x"),
        ("loudnesstarget", "loud"),
        ("chapters", "soon: nothing"),
        ("input_file", "talk.wav"),
        ("metadata", "{}"),
    ] {
        form.text(name, value);
    }
    expect![[r#"
        title: title is given twice. Give it once.
        filtring: “filtring” is not known; “filtering” is.
        titlle: “titlle” is not known; “title” is.
        loudnesstarget: loudnesstarget takes a number, not “loud”.
        chapters: chapters cannot be read. Line 1 of the chapter file takes a time and a title, such as 00:12:30.500 Harbour master. It says “soon: nothing”.
        metadata: metadata is for JSON bodies. In a form each of its fields stands by itself.
        input_file: input_file takes an http or https address, an uploaded file, or the name of a file together with its service, not “talk.wav”.
    "#]].assert_eq(&lines(&form.finish().unwrap_err()));
    let mut form = Form::new(ALL);
    for n in 0..1_000 {
        form.text(&format!("f{n}"), "");
    }
    expect![[r#"
        body: The form has more than the 200 fields that are read.
    "#]]
    .assert_eq(&lines(&form.finish().unwrap_err()));
}

#[test]
fn presets() {
    let errors = preset(br#"{"preset_name": " ", "input_file": "https://a.example/x.wav"}"#, ALL).unwrap_err();
    expect![[r#"
        preset_name: preset_name is empty. It says what people call the preset.
        input_file: input_file belongs to a production. A preset has none.
    "#]]
    .assert_eq(&lines(&errors));
    expect![[r#"
        webhook: webhook takes an http or https address, not “mailto:a@b.example”.
    "#]]
    .assert_eq(&lines(&webhook(br#"{"webhook": "mailto:a@b.example"}"#).unwrap_err()));
}

#[test]
fn what_this_build_lacks() {
    let errors = production(br#"{"output_files": ["aac"]}"#, Offer { aac: false }).unwrap_err();
    expect![[r#"
        output_files: Entry 1: format “aac” cannot be made: this Soundpost was built without an AAC encoder. Ask for mp3 or opus.
    "#]].assert_eq(&lines(&errors));
}
