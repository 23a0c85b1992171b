//! Good requests, in all the shapes that public clients give them.

use model::production::{AlgorithmsEdit, Edit, Input, MetadataEdit, OutputOrder};
use model::{Chapter, Location, ServiceId};

use super::{ALL, read};
use crate::productions::{Action, Form, preset, webhook};

fn order(format: &str) -> OutputOrder {
    OutputOrder { format: format.into(), ..OutputOrder::default() }
}

fn service() -> ServiceId {
    "pmefeNCzkyT4TbRbDmoCDf".parse().unwrap()
}

#[test]
fn everything_in_one_request() {
    let body = r#"{
        "preset": "ceigtvDv8jH6NaK52Z5eXH",
        "metadata": {"title": "Title", "artist": "Artist", "album": "Album", "track": 1, "subtitle": "Subtitle",
            "append_chapters": true, "summary": "Two\r\nlines.", "genre": "Podcast", "year": 2012, "publisher": "me",
            "url": "https://a.example", "license": "CC BY", "license_url": "http://b.example/by/", "tags": ["a", " b ", ""],
            "location": {"latitude": "47.070", "longitude": 15.439}},
        "output_basename": "out",
        "output_files": [{"format": "mp3", "bitrate": "96"}, {"format": "aac", "bitrate": 64},
            {"format": "flac", "bitrate": "", "ending": ".flac"},
            {"format": "mp3", "bitrate": "48", "filename": "My.mp3", "mono_mixdown": "true", "split_on_chapters": 0,
             "suffix": "-low", "outgoing_services": ["pmefeNCzkyT4TbRbDmoCDf"]},
            {"format": "psc"}, {"format": "wavedat", "ending": "waveform.json"}],
        "algorithms": {"hipfilter": "on", "leveler": true, "normloudness": 1, "loudnesstarget": "-23", "maxpeak": -1.5,
            "denoise": "false", "denoiseamount": 0, "silence_cutter": "yes", "levelermode": "Firm"},
        "outgoing_services": [{"uuid": "pmefeNCzkyT4TbRbDmoCDf"}],
        "chapters": [{"start": "00:00:00", "title": "Start", "url": "http://c.example"},
            {"start": "00:04:41.5", "title": "Picture", "image": "https://d.example/x.png"}],
        "input_file": "http://e.example/file.mp3", "image": "https://f.example/cover.jpg",
        "webhook": "https://g.example/hook", "action": "start", "reset_data": true, "review_before_publishing": "on",
        "multi_input_files": [], "is_multitrack": false, "speech_recognition": null, "uuid": "whatever", "has_video": false
    }"#;
    let request = read(body).unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(request.preset, text("ceigtvDv8jH6NaK52Z5eXH"));
    assert_eq!(request.action, Action::Start);
    assert_eq!(request.warnings, [""; 0]);
    assert_eq!(
        request.edit.metadata,
        MetadataEdit {
            title: text("Title"),
            artist: text("Artist"),
            album: text("Album"),
            track: text("1"),
            subtitle: text("Subtitle"),
            summary: text("Two\nlines."),
            genre: text("Podcast"),
            year: text("2012"),
            publisher: text("me"),
            url: text("https://a.example"),
            license: text("CC BY"),
            license_url: text("http://b.example/by/"),
            tags: Some(vec!["a".into(), "b".into()]),
            append_chapters: Some(true),
            location: Some(Some(Location { latitude: 47.07, longitude: 15.439 })),
        }
    );
    assert_eq!(
        request.edit.algorithms,
        AlgorithmsEdit {
            leveler: Some(true),
            levelermode: text("firm"),
            normloudness: Some(true),
            loudnesstarget: Some(-23.0),
            maxpeak: Some(-1.5),
            filtering: Some(true),
            denoise: Some(false),
            denoiseamount: Some(0.0),
            silence_cutter: Some(true),
            ..AlgorithmsEdit::default()
        }
    );
    assert_eq!(
        request.edit.outputs,
        [
            OutputOrder { bitrate: Some(96), ..order("mp3") },
            OutputOrder { bitrate: Some(64), ..order("aac") },
            OutputOrder { ending: "flac".into(), ..order("flac") },
            OutputOrder {
                bitrate: Some(48),
                filename: "My.mp3".into(),
                suffix: "-low".into(),
                mono_mixdown: true,
                services: vec![service()],
                ..order("mp3")
            },
            OutputOrder { ending: "psc".into(), ..order("chapters") },
            OutputOrder { ending: "json".into(), ..order("waveform") },
        ]
    );
    let rest = Edit {
        metadata: MetadataEdit::default(),
        algorithms: AlgorithmsEdit::default(),
        outputs: Vec::new(),
        ..request.edit
    };
    let mark = |start_ms, title: &str, url: Option<&str>| Chapter {
        start_ms,
        title: title.into(),
        url: url.map(str::to_owned),
    };
    let expected = Edit {
        reset: true,
        chapters: vec![mark(0, "Start", Some("http://c.example")), mark(281_500, "Picture", None)],
        input: Some(Input::Address("http://e.example/file.mp3".into())),
        cover: Some(Input::Address("https://f.example/cover.jpg".into())),
        output_basename: text("out"),
        services: vec![service()],
        webhook: text("https://g.example/hook"),
        review_before_publishing: Some(true),
        ..Edit::default()
    };
    assert_eq!(rest, expected);
}

#[test]
fn nothing_said_changes_nothing() {
    for body in ["", "  ", "{}", "\u{feff}{}", r#"{"metadata": null, "chapters": null, "webhook": null, "preset": ""}"#]
    {
        assert_eq!(read(body).unwrap(), crate::productions::Request::default(), "{body}");
    }
}

#[test]
fn a_file_on_a_service_and_a_preset_by_name() {
    let body = r#"{"preset": "Weekly show", "service": "pmefeNCzkyT4TbRbDmoCDf", "input_file": "a folder/talk.wav"}"#;
    let request = read(body).unwrap();
    assert_eq!(request.preset.as_deref(), Some("Weekly show"));
    let input = Input::OnService { service: service(), name: "a folder/talk.wav".into() };
    assert_eq!(request.edit.input, Some(input));
    let alone = read(r#"{"service": "pmefeNCzkyT4TbRbDmoCDf"}"#).unwrap();
    assert_eq!((alone.edit.input, alone.service), (None, Some(service())));
}

#[test]
fn what_is_not_built_is_taken_with_a_warning() {
    let body = r#"{"algorithms": {"denoise": true, "filler_cutter": true, "cough_cutter": "false", "dehum": 0,
        "compressor_speech": "auto", "filtermethod": "autoeq"}, "output_files": ["transcript"],
        "speech_recognition": {"language": "en"}, "cut_start": 12.5, "cut_end": 0.0}"#;
    let request = read(body).unwrap();
    assert_eq!(request.edit.algorithms.denoise, Some(true));
    assert_eq!(request.edit.outputs, [order("transcript")]);
    assert_eq!(
        request.warnings,
        ["filler_cutter", "filtermethod", "speech_recognition", "cut_start"]
            .map(|name| format!("{name} is not built yet; the production is made without it."))
    );
}

#[test]
fn bitrates_of_the_published_list_become_ours() {
    let body = r#"{"output_files": [{"format": "mp3-vbr", "bitrate": "32"}, {"format": "aac", "bitrate": "24"},
        {"format": "opus", "bitrate": 0}, {"format": "vorbis", "bitrate": 320}]}"#;
    let rates: Vec<_> = read(body).unwrap().edit.outputs.iter().map(|order| order.bitrate).collect();
    assert_eq!(rates, [Some(65), Some(32), None, Some(320)]);
}

#[test]
fn a_form_says_the_same() {
    let mut form = Form::new(ALL);
    for (name, value) in [
        ("preset", "ceigtvDv8jH6NaK52Z5eXH"),
        ("title", "My First Production"),
        ("track", "1"),
        ("year", ""),
        ("tags", "podcast, auphonic api, metadata"),
        ("append_chapters", "true"),
        ("chapters", "00:00:00.000 Intro <http://url1.example>\n00:00:10.000 Baby prepares to rock\n"),
        ("input_file", "https://your-server.example/somefile.mp3"),
        ("filtering", "true"),
        ("leveler", "false"),
        ("loudnesstarget", "−24"),
        ("maxpeak", "-2"),
        ("denoise", "false"),
        ("silence_cutter", "on"),
        ("output_files", "mp3, flac"),
        ("output_basename", "out"),
        ("webhook", "https://your-server.example/hook"),
        ("something_else", "is passed over"),
        ("action", "start"),
    ] {
        form.text(name, value);
    }
    assert!(form.file("image"));
    let request = form.finish().unwrap();
    let body = r#"{"preset": "ceigtvDv8jH6NaK52Z5eXH",
        "metadata": {"title": "My First Production", "track": 1, "year": "", "tags": ["podcast", "auphonic api", "metadata"],
            "append_chapters": true},
        "chapters": [{"start": "0", "title": "Intro", "url": "http://url1.example"},
            {"start": 10, "title": "Baby prepares to rock"}],
        "input_file": "https://your-server.example/somefile.mp3",
        "algorithms": {"filtering": true, "leveler": false, "loudnesstarget": -24, "maxpeak": -2, "denoise": false,
            "silence_cutter": true},
        "output_files": ["mp3", "flac"], "output_basename": "out", "webhook": "https://your-server.example/hook",
        "action": "start"}"#;
    assert_eq!(request, read(body).unwrap());
}

#[test]
fn presets_and_their_webhooks() {
    let request = preset(br#"{"preset_name": "Weekly show", "output_files": [{"format": "mp3"}]}"#, ALL).unwrap();
    assert_eq!(request.preset_name.as_deref(), Some("Weekly show"));
    assert_eq!(request.edit.outputs, [order("mp3")]);
    assert_eq!(webhook(br#"{"webhook": "https://a.example/"}"#).unwrap().as_deref(), Some("https://a.example/"));
    assert_eq!(webhook(b"").unwrap(), None);
}

#[test]
fn a_place_is_taken_away_by_empty_text() {
    let body = r#"{"metadata": {"location": {"latitude": "", "longitude": null}}, "webhook": ""}"#;
    let edit = read(body).unwrap().edit;
    assert_eq!(edit.metadata.location, Some(None));
    assert_eq!(edit.webhook.as_deref(), Some(""));
}
