//! Tests of metadata files: what is taken, and what is refused.

#![expect(clippy::unwrap_used, reason = "tests say what must not fail")]

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn refused(file: &str, expected: &Expect) {
    expected.assert_eq(&Metadata::parse(file.as_bytes()).unwrap_err().to_string());
}

fn whole() -> Metadata {
    Metadata {
        title: "Salt on the wires".into(),
        artist: "Ada Quill".into(),
        album: "The Long Tide".into(),
        track: "41/52".into(),
        subtitle: "Harbours and copper".into(),
        summary: "First paragraph.\n\nSecond paragraph.".into(),
        genre: "Podcast".into(),
        year: "2026".into(),
        publisher: "The Tidal Review".into(),
        url: "https://tidalreview.example/41".into(),
        license: "CC BY 4.0".into(),
        license_url: "https://creativecommons.org/licenses/by/4.0/".into(),
        tags: vec!["sea".into(), "telegraph".into()],
        append_chapters: true,
        location: Some(Location { latitude: 47.07, longitude: -15.44 }),
    }
}

#[test]
fn json_as_the_api_writes_it() {
    let file = serde_json::to_vec(&whole()).unwrap();
    assert_eq!(Metadata::parse(&file).unwrap(), whole());
}

#[test]
fn toml_as_people_write_it() {
    let file = "\u{feff}# Episode 41\r\n\
        title = \"Salt on the wires\"\r\nartist = \"Ada Quill\"\nalbum = 'The Long Tide'\ntrack = \"41/52\"\n\
        subtitle = \"Harbours and copper\"\nsummary = \"\"\"\nFirst paragraph.\n\nSecond paragraph.\n\"\"\"\n\
        genre = \"Podcast\"\nyear = 2026\npublisher = \"The Tidal Review\"\nurl = \"https://tidalreview.example/41\"\n\
        license = \"CC BY 4.0\"\nlicense_url = \"https://creativecommons.org/licenses/by/4.0/\"\n\
        tags = \"sea, telegraph, sea,\"\nappend_chapters = true\n[location]\nlatitude = \"47.07\"\nlongitude = -15.44\n";
    assert_eq!(Metadata::parse(file.as_bytes()).unwrap(), whole());
}

#[test]
fn an_empty_file_and_nulls_say_nothing() {
    assert_eq!(Metadata::parse(b"").unwrap(), Metadata::default());
    let nulls = br#"{"title":null,"location":null,"tags":null,"append_chapters":"False","track":7}"#;
    assert_eq!(Metadata::parse(nulls).unwrap(), Metadata { track: "7".into(), ..Metadata::default() });
}

#[test]
fn errors_name_the_field_what_is_there_and_what_is_wanted() {
    refused(
        "titel = \"x\"",
        &expect!["The metadata file has a field “titel”, which Soundpost does not know. Perhaps title is meant."],
    );
    refused(
        "{\"licence\": \"x\"}",
        &expect!["The metadata file has a field “licence”, which Soundpost does not know. Perhaps license is meant."],
    );
    refused(
        "bpm = 120",
        &expect![
            "The metadata file has a field “bpm”, which Soundpost does not know. It knows title, artist, album, track, \
             subtitle, summary, genre, year, publisher, url, license, license_url, tags, append_chapters, location."
        ],
    );
    refused("title = 4", &expect!["title takes one line of text in quotation marks. The metadata file has 4."]);
    refused(
        "title = \"a\\nb\"",
        &expect!["title takes one line of text in quotation marks. The metadata file has “a b”."],
    );
    refused(
        "summary = \"a\\u0000b\"",
        &expect!["summary takes text in quotation marks, without control characters. The metadata file has “a b”."],
    );
    refused("year = 26", &expect!["year takes a year of four digits, such as 2026. The metadata file has 26."]);
    refused(
        "year = 2026-05-01",
        &expect!["year takes a year of four digits, such as 2026. The metadata file has “2026-05-01”."],
    );
    refused(
        "track = \"A7\"",
        &expect![[
            "track takes a number, such as 7, or a number of a total, such as 7/12. The metadata file has “A7”."
        ]],
    );
    refused(
        "url = \"javascript:alert(1)\"",
        &expect![
            "url takes an address that begins with http:// or https://. The metadata file has “javascript:alert(1)”."
        ],
    );
    refused(
        "tags = [1]",
        &expect!["tags takes a list of words, or words with commas between them. The metadata file has 1."],
    );
    refused("append_chapters = \"yes\"", &expect!["append_chapters takes true or false. The metadata file has “yes”."]);
    refused(
        "location = {latitude = 91, longitude = 0}",
        &expect!["location.latitude takes degrees north, from -90 to 90. The metadata file has 91."],
    );
    refused(
        "location = {latitude = 1}",
        &expect![[
            r#"location takes an object with latitude and longitude, such as {"latitude": 47.07, "longitude": 15.44}. The metadata file has only latitude."#
        ]],
    );
    refused(
        "location = {latitude = 1, longitud = 2}",
        &expect![
            "The metadata file has a field “longitud”, which Soundpost does not know. Perhaps longitude is meant."
        ],
    );
    refused(
        "location = {latitude = nan, longitude = 0}",
        &expect!["location.latitude takes degrees north, from -90 to 90. The metadata file has nothing."],
    );
}

#[test]
fn broken_files_name_the_line() {
    refused(
        "title = \"a\"\nartist = Ada Quill\n",
        &expect![[
            r#"Line 2 of the metadata file is not well-formed TOML: string values must be quoted, expected literal string. Text stands in quotation marks: title = "Salt on the wires"."#
        ]],
    );
    refused(
        "{\"title\": \"a\",\n \"artist\" \"b\"}",
        &expect!["Line 2 of the metadata file is not well-formed JSON: expected `:`."],
    );
    refused(
        "{\"title\": \"a\"} extra",
        &expect!["Line 1 of the metadata file is not well-formed JSON: trailing characters."],
    );
}

#[test]
fn ceilings() {
    let long = |field: &str, length: usize| format!("{field} = \"{}\"", "ä".repeat(length));
    assert!(Metadata::parse(long("title", MAX_LINE_FOR_TEST).as_bytes()).is_ok());
    refused(
        &long("title", MAX_LINE_FOR_TEST + 1),
        &expect!["title has 1001 characters, more than the 1000 that Soundpost takes."],
    );
    refused(
        &format!("tags = [{}]", (0..101).map(|n| format!("'{n}'")).collect::<Vec<_>>().join(",")),
        &expect!["tags has 101 entries, more than the 100 that Soundpost takes."],
    );
    assert_eq!(
        Metadata::parse(&vec![b' '; MAX_BYTES + 1]).unwrap_err(),
        MetadataError::TooLarge { found: MAX_BYTES + 1 }
    );
    assert_eq!(Metadata::parse(b"\xff\xfet\0i\0").unwrap_err(), MetadataError::NotText);
}

/// The ceiling of one-line fields, said again so that a change of it is a decision.
const MAX_LINE_FOR_TEST: usize = 1_000;

#[test]
fn or_fills_only_what_is_empty() {
    let ours = Metadata { title: "Ours".into(), tags: vec!["one".into()], ..Metadata::default() };
    let filled = ours.or(whole());
    let wanted = Metadata { title: "Ours".into(), tags: vec!["one".into()], append_chapters: false, ..whole() };
    assert_eq!(filled, wanted);
    assert_eq!(whole().or(Metadata { title: "Theirs".into(), ..Metadata::default() }), whole());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Metadata::parse(&bytes);
    }

    #[test]
    fn no_fields_panic(field in "[a-z_]{0,12}", value in "[\\[\\]{}\"', =.:a-z0-9\\-\n]{0,40}") {
        let _ = Metadata::parse(format!("{field} = {value}").as_bytes());
        let _ = Metadata::parse(format!("{{\"{field}\": {value}}}").as_bytes());
    }
}
