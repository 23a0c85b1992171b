//! Tests of chapter files: what people write, and what comes back.

#![expect(clippy::unwrap_used, reason = "tests say what must not fail")]

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn mark(start_ms: u64, title: &str, url: Option<&str>) -> Chapter {
    Chapter { start_ms, title: title.into(), url: url.map(str::to_owned) }
}

fn four() -> Chapters {
    Chapters::new(vec![
        mark(0, "Cold open", None),
        mark(168_000, "The wire that <hums> & \"sings\"", Some("https://tidalreview.example/wire?a=1&b=2")),
        mark(897_250, "Harbour master – Größe, 港", None),
        mark(360_000_000, "", Some("http://example.org/")),
    ])
}

fn refused(file: &str, expected: &Expect) {
    expected.assert_eq(&Chapters::parse(file.as_bytes()).unwrap_err().to_string());
}

#[test]
fn text_as_people_write_it() {
    let file = "\u{feff}# Episode 41\r\n\r\n0:00 Cold open\r\n\
        2:48\tThe wire that <hums> & \"sings\" <https://tidalreview.example/wire?a=1&b=2>\r\n\
        00:14:57,25 Harbour master – Größe, 港  \n100:00:00.000 <http://example.org/>";
    assert_eq!(Chapters::parse(file.as_bytes()).unwrap(), four());
}

#[test]
fn text_is_put_in_order() {
    let file = "2:00 Later\n1:00 First said\n1:00 Last said\n";
    assert_eq!(
        Chapters::parse(file.as_bytes()).unwrap().as_slice(),
        [mark(60_000, "Last said", None), mark(120_000, "Later", None)]
    );
}

#[test]
fn podlove_inside_a_feed() {
    let file = r#"<?xml version="1.0"?><!DOCTYPE rss>
        <rss><channel><title>chapters</title><item>
        <psc:chapters version="1.2" xmlns:psc="http://podlove.org/simple-chapters">
          <psc:chapter start="0" title="Cold open"/>
          <psc:chapter start="02:48" title='The wire that &lt;hums&gt; &amp; "sings"'
            href="https://tidalreview.example/wire?a=1&#38;b=2"></psc:chapter>
          <!-- a comment --> <psc:chapter start="00:14:57.25" title="Harbour master – Gr&#xF6;&#xDF;e, 港" image="x.png" />
          <psc:chapter start="100:00:00" href="http://example.org/"/>
        </psc:chapters></item><item><chapters><chapter start="7" title="Another episode"/></chapters></item></channel></rss>"#;
    assert_eq!(Chapters::parse(file.as_bytes()).unwrap(), four());
}

#[test]
fn podcast_json_and_the_api_list() {
    let file = r#"{"version":"1.2.0","author":"Ada","chapters":[
        {"startTime":0,"title":"Cold open","img":"https://tidalreview.example/a.png"},
        {"startTime":168.0,"title":"The wire that <hums> & \"sings\"","url":"https://tidalreview.example/wire?a=1&b=2"},
        {"startTime":200,"toc":false,"title":"silent"},
        {"startTime":897.25,"title":"Harbour master – Größe, 港","url":null},
        {"startTime":"360000","url":"http://example.org/"}]}"#;
    assert_eq!(Chapters::parse(file.as_bytes()).unwrap(), four());
    let list = r#"[{"start":"00:00:00","title":"Cold open"},{"start":"00:02:48.5","title":"","url":"","image":""}]"#;
    assert_eq!(
        Chapters::parse(list.as_bytes()).unwrap().as_slice(),
        [mark(0, "Cold open", None), mark(168_500, "", None)]
    );
}

#[test]
fn written_forms() {
    expect![[r#"
        00:00:00.000 Cold open
        00:02:48.000 The wire that <hums> & "sings" <https://tidalreview.example/wire?a=1&b=2>
        00:14:57.250 Harbour master – Größe, 港
        100:00:00.000 <http://example.org/>
    "#]]
    .assert_eq(&four().to_text());
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <psc:chapters version="1.2" xmlns:psc="http://podlove.org/simple-chapters">
          <psc:chapter start="00:00:00.000" title="Cold open"/>
          <psc:chapter start="00:02:48.000" title="The wire that &lt;hums&gt; &amp; &quot;sings&quot;" href="https://tidalreview.example/wire?a=1&amp;b=2"/>
          <psc:chapter start="00:14:57.250" title="Harbour master – Größe, 港"/>
          <psc:chapter start="100:00:00.000" title="" href="http://example.org/"/>
        </psc:chapters>
    "#]].assert_eq(&four().to_psc());
    expect![[r#"
        {
          "version": "1.2.0",
          "chapters": [
            {
              "startTime": 0,
              "title": "Cold open"
            },
            {
              "startTime": 168,
              "title": "The wire that <hums> & \"sings\"",
              "url": "https://tidalreview.example/wire?a=1&b=2"
            },
            {
              "startTime": 897.25,
              "title": "Harbour master – Größe, 港"
            },
            {
              "startTime": 360000,
              "title": "",
              "url": "http://example.org/"
            }
          ]
        }
    "#]]
    .assert_eq(&four().to_json());
    assert_eq!(Chapters::parse(b"").unwrap(), Chapters::default());
    for empty in [Chapters::default().to_text(), Chapters::default().to_psc(), Chapters::default().to_json()] {
        assert_eq!(Chapters::parse(empty.as_bytes()).unwrap(), Chapters::default());
    }
}

#[test]
fn text_errors() {
    refused(
        "0:00 Open\n\nHarbour master at the end of the very long pier\n",
        &expect![
            "Line 3 of the chapter file takes a time and a title, such as 00:12:30.500 Harbour master. It says “Harbour master at the end of the very lo…”."
        ],
    );
    refused(
        "0:00 Open\n1:60 Late\n",
        &expect!["Line 2 of the chapter file takes a start time, such as 00:12:30.500. It says “1:60”."],
    );
    refused(
        "12 Open\n",
        &expect![
            "Line 1 of the chapter file takes a time and a title, such as 00:12:30.500 Harbour master. It says “12 Open”."
        ],
    );
    refused(
        "1000:00:00 Open",
        &expect!["Line 1 of the chapter file takes a start time, such as 00:12:30.500. It says “1000:00:00”."],
    );
    refused(
        &format!("0:00 {}", "x".repeat(MAX_TITLE + 1)),
        &expect!["Line 1 of the chapter file has a title of 1001 characters, more than the 1000 that Soundpost reads."],
    );
    refused(
        &format!("0:00 x <http://{}>", "x".repeat(MAX_URL)),
        &expect![
            "Line 1 of the chapter file has an address of 2055 characters, more than the 2048 that Soundpost reads."
        ],
    );
    refused(
        &"0:00 x\n".repeat(MAX_MARKS + 1),
        &expect!["The chapter file has more than the 10000 chapters that Soundpost reads."],
    );
}

#[test]
fn xml_errors() {
    refused(
        "<html><body>Sign in</body></html>",
        &expect!["This XML holds no chapters: it has no <psc:chapters> element."],
    );
    refused(
        "<chapters>\n<chapter title=\"x\"/>\n</chapters>",
        &expect!["Line 2 of the chapter file has no start attribute, which says where the chapter begins."],
    );
    refused(
        "<chapters>\n<chapter start=\"noon\"/></chapters>",
        &expect!["Line 2 of the chapter file takes a start time, such as 00:12:30.500. It says “noon”."],
    );
    refused(
        "<chapters>\n\n<chapter start=\"1\" start=\"2\"/></chapters>",
        &expect![
            "Line 3 of the chapter file is not well-formed XML: position 18: duplicated attribute, previous declaration at position 8."
        ],
    );
    refused(
        "<chapters><chapter start=\"1\" title=\"&lol9;\"/></chapters>",
        &expect!["Line 1 of the chapter file is not well-formed XML: at 1..5: unrecognized entity `lol9`."],
    );
    refused(
        "<chapters>\n<chapter start=\"1\"/>\n",
        &expect!["Line 3 of the chapter file is not well-formed XML: it ends before </psc:chapters>."],
    );
    refused(
        "<chapters>\n<chapter start=\"1\"/>\n</chapter></chapters>",
        &expect![
            "Line 3 of the chapter file is not well-formed XML: ill-formed document: expected `</chapters>`, but `</chapter>` was found."
        ],
    );
    refused(
        "<chapters>\n<chapter start=\"1\"",
        &expect![
            "Line 2 of the chapter file is not well-formed XML: syntax error: tag not closed: `>` not found before end of input."
        ],
    );
}

#[test]
fn json_errors() {
    refused("{\"chapters\": 4}", &expect!["This JSON holds no chapters: it has no list under the key “chapters”."]);
    refused("{}", &expect!["This JSON holds no chapters: it has no list under the key “chapters”."]);
    refused(
        "[{\"title\":\"x\"}]",
        &expect!["Chapter 1 of the chapter file has no startTime, which says where the chapter begins."],
    );
    refused(
        "[{\"startTime\":0},\n{\"startTime\":-1}]",
        &expect!["Chapter 2 of the chapter file takes a start time, such as 00:12:30.500. It says “-1”."],
    );
    refused(
        "[{\"startTime\":1e300}]",
        &expect!["Chapter 1 of the chapter file takes a start time, such as 00:12:30.500. It says “1e+300”."],
    );
    refused(
        "[{\"startTime\":true}]",
        &expect!["Chapter 1 of the chapter file takes a number of seconds as its startTime, not true or false."],
    );
    refused(
        "[{\"startTime\":0,\"title\":7}]",
        &expect!["Chapter 1 of the chapter file takes text in quotes as its title, not a number."],
    );
    refused("[4]", &expect!["Chapter 1 of the chapter file is a number, not an object with startTime and title."]);
    refused("[{\"startTime\":0},\n", &expect!["Line 2 of the chapter file is not well-formed JSON: it breaks off."]);
    refused(
        &"[".repeat(100_000),
        &expect!["Line 1 of the chapter file is not well-formed JSON: recursion limit exceeded."],
    );
}

#[test]
fn ceilings_and_encodings() {
    assert_eq!(
        Chapters::parse(&vec![b'\n'; MAX_BYTES + 1]).unwrap_err(),
        ChaptersError::TooLarge { found: MAX_BYTES + 1 }
    );
    assert_eq!(Chapters::parse(b"\xff\xfe0\0:\0").unwrap_err(), ChaptersError::NotText);
}

#[test]
fn only_openable_addresses_are_kept() {
    let list = r#"[{"start":"0","url":"javascript:alert(1)"},{"start":"1","url":" HTTPS://example.org/a "}]"#;
    assert_eq!(
        Chapters::parse(list.as_bytes()).unwrap().as_slice(),
        [mark(0, "", None), mark(1_000, "", Some("HTTPS://example.org/a"))]
    );
}

#[test]
fn times() {
    for (text, ms) in [
        ("0", 0),
        ("75", 75_000),
        ("1:02", 62_000),
        ("75:00", 4_500_000),
        ("1:02:03.4", 3_723_400),
        ("1:02:03,45678", 3_723_457),
        ("0:00.9996", 1_000),
        ("999:59:59.999", 3_599_999_999),
    ] {
        assert_eq!(parse_time(text), Some(ms), "{text}");
    }
    for text in [
        "",
        ":",
        "1:",
        ":1",
        "1:2:3:4",
        "1:60",
        "1:60:00",
        "-1",
        "+1",
        "1.",
        ".5",
        "1.5.5",
        "1:003",
        "1000:00:00",
        "999:59:59.9999",
        "1 2",
        "٣",
        "0x1",
        "18446744073709551616",
    ] {
        assert_eq!(parse_time(text), None, "{text}");
    }
}

fn title() -> impl Strategy<Value = String> {
    ".{0,60}".prop_map(|title| one_line(&title))
}

fn chapters() -> impl Strategy<Value = Chapters> {
    let url = proptest::option::of("https?://[a-z]{1,8}\\.example/[!-;=?-~]{0,20}");
    let chapter =
        (0u64..3_600_000_000, title(), url).prop_map(|(start_ms, title, url)| Chapter { start_ms, title, url });
    proptest::collection::vec(chapter, 0..12).prop_map(Chapters::new)
}

proptest! {
    #[test]
    fn every_form_comes_back(chapters in chapters()) {
        prop_assert_eq!(&Chapters::parse(chapters.to_psc().as_bytes()).unwrap(), &chapters);
        prop_assert_eq!(&Chapters::parse(chapters.to_json().as_bytes()).unwrap(), &chapters);
        prop_assert_eq!(&Chapters::parse(chapters.to_text().as_bytes()).unwrap(), &chapters);
    }

    #[test]
    fn every_moment_comes_back(ms in 0u64..3_600_000_000) {
        prop_assert_eq!(parse_time(&write_time(ms)), Some(ms));
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Chapters::parse(&bytes);
    }

    #[test]
    fn nothing_like_chapters_panics(
        xml in "<(psc:)?chapters>(<chapter( (start|title)=\"[0-9:.&;#x]{0,8}\"){0,3}/?>|[&<>]){0,5}",
        json in "\\[(\\{\"(start|startTime|title)\":(\"[0-9:.]{0,8}\"|[0-9.eE\\-]{0,9}|null)\\},?){0,4}\\]",
        text in "([0-9:.,]{0,12}[ \t]?[<>a-z/:]{0,12}\r?\n){0,6}",
    ) {
        let _ = Chapters::parse(xml.as_bytes());
        let _ = Chapters::parse(json.as_bytes());
        let _ = Chapters::parse(text.as_bytes());
    }
}
