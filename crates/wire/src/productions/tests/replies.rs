//! Replies, as they cross the wire: snapshots keep every key and its place.

use model::production::{Input, Made, MadeFile, OutputOrder, Stage, State, StoredFile};
use model::{Account, Chapter, Chapters, Draft, Location, PresetId, ProductionId, Time};
use serde::Serialize;
use serde_json::json;

use super::ALL;
use crate::productions::{
    Addresses, Envelope, Event, FormErrors, Info, Listing, MinimalPreset, MinimalProduction, Offer, Preset, Production,
    STATUSES, Status, User, WebhookEnvelope, number, text,
};

struct Here;

impl Addresses for Here {
    fn file(&self, production: ProductionId, name: &str) -> String {
        format!("https://s.example/api/download/audio-result/{production}/{name}")
    }

    fn production_cover(&self, production: ProductionId) -> String {
        format!("https://s.example/api/production/{production}/cover")
    }

    fn preset_cover(&self, preset: PresetId) -> String {
        format!("https://s.example/api/preset/{preset}/cover")
    }

    fn status_page(&self, production: ProductionId) -> String {
        format!("https://s.example/app/productions/{production}")
    }

    fn edit_page(&self, production: ProductionId) -> String {
        format!("https://s.example/app/productions/{production}/edit")
    }
}

fn stored(name: &str) -> StoredFile {
    StoredFile { key: "k".into(), name: name.into(), size: 7 }
}

fn production(draft: Draft, state: State) -> model::Production {
    model::Production {
        id: "deigtvDv8jH6NaK52Z5eXH".parse().unwrap(),
        owner: "00000000123456789ABCDE".parse().unwrap(),
        draft,
        state,
        run: 1,
        created: Time::from_ms(1_775_958_060_795),
        changed: Time::from_ms(1_775_958_074_024),
    }
}

fn draft() -> Draft {
    let order = |format: &str| OutputOrder { format: format.into(), ..OutputOrder::default() };
    let mut draft = Draft {
        input: Some(Input::File(stored("talk.wav"))),
        cover: Some(Input::File(stored("cover.png"))),
        output_basename: "talk".into(),
        outputs: vec![OutputOrder { bitrate: Some(96), ..order("mp3") }, order("flac"), order("transcript")],
        services: vec!["pmefeNCzkyT4TbRbDmoCDf".parse().unwrap()],
        preset: Some("ceigtvDv8jH6NaK52Z5eXH".parse().unwrap()),
        webhook: Some("https://h.example/".into()),
        chapters: Chapters::new(vec![Chapter { start_ms: 750_500, title: "Harbour".into(), url: None }]),
        ..Draft::default()
    };
    draft.metadata.title = "Salt on the wires".into();
    draft.metadata.tags = vec!["sea".into(), "wire".into()];
    draft.metadata.location = Some(Location { latitude: 47.07, longitude: 15.0 });
    draft.algorithms.denoise = true;
    draft
}

fn made() -> Made {
    Made {
        format: "WAV".into(),
        length_ms: 2_892_418,
        channels: 2,
        samplerate: 44_100,
        bitrate: 2_116_800,
        files: vec![MadeFile {
            order: draft().outputs[0].clone(),
            key: "k".into(),
            name: "talk.mp3".into(),
            size: 1_335_528,
            md5: "96673128a7092c25039dc5bf5c63a312".into(),
        }],
        drawings: vec![stored("waveform.png")],
        report: json!({
            "preset": "podcast",
            "source": {"filename": "talk.wav", "format": "WAV", "samplerate": 44_100, "channels": 1, "length": 2_892.42},
            "levels": {"input": {"loudness": [-21.68, "LUFS"], "snr": [null, "dB"]}, "output": {"loudness": [-16.0, "LUFS"]}},
            "music_speech": [{"label": "speech", "start": "00:00:00.000", "stop": "00:48:12.418"}],
            "noise_hum_reduction": [{"denoise": false, "dehum": "50Hz", "start": "00:00:00.000", "stop": "00:48:12.418"}],
        }),
        warnings: vec!["The file ends at 48:12, in the middle of a frame.".into()],
        revision: None,
    }
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[test]
fn a_production_that_is_done() {
    let production = production(draft(), State::Done { made: Box::new(made()), in_review: true });
    insta::assert_snapshot!(pretty(&Envelope::of(Production::of(&production, &["Said twice.".into()], &Here))));
}

#[test]
fn a_production_of_which_nothing_is_known() {
    insta::assert_snapshot!(pretty(&Production::of(&production(Draft::default(), State::Idle), &[], &Here)));
}

#[test]
fn a_production_that_did_not_work() {
    let state =
        State::Failed { reason: "talk.wav is not audio: it is a picture.".into(), stage: Some(Stage::Processing) };
    let failed = Production::of(&production(draft(), state), &[], &Here);
    assert_eq!(failed.error_message, "talk.wav is not audio: it is a picture.");
    assert_eq!(failed.error_status.as_deref(), Some("Audio Processing"));
    assert_eq!((failed.status, failed.start_allowed, failed.change_allowed), (2, true, true));
}

#[test]
fn presets_in_full_and_in_short() {
    let preset = model::production::Preset {
        id: "ceigtvDv8jH6NaK52Z5eXH".parse().unwrap(),
        owner: "00000000123456789ABCDE".parse().unwrap(),
        name: "Weekly show".into(),
        draft: Draft { input: None, preset: None, ..draft() },
        created: Time::from_ms(1_775_958_060_795),
        changed: Time::from_ms(1_775_958_074_024),
    };
    insta::assert_snapshot!(pretty(&Envelope::of(Preset::of(&preset, &[], &Here))));
    insta::assert_snapshot!(pretty(&Envelope::of([MinimalPreset::from(&preset)])));
}

#[test]
fn short_replies() {
    let waiting = production(draft(), State::Waiting);
    insta::assert_snapshot!(pretty(&Envelope::of([MinimalProduction::of(&waiting, &Here)])));
    insta::assert_snapshot!(pretty(&Envelope::of(Status::of(&waiting))));
    insta::assert_snapshot!(pretty(&Event::of(&waiting, Some(0.123_456))));
    insta::assert_snapshot!(pretty(&Envelope::of(vec![waiting.id.to_string()])));
    insta::assert_snapshot!(pretty(&WebhookEnvelope::of(&["https://h.example/".into()])));
    insta::assert_snapshot!(pretty(&WebhookEnvelope::of(&[])));
}

#[test]
fn a_refusal() {
    let errors = FormErrors::of("year", "year takes four digits, such as 2026, not “soon”.");
    insta::assert_snapshot!(pretty(&Envelope::refusal(400, "invalid", "", errors)));
    let refusal = Envelope::refusal(404, "not_found", "There is no such production.", FormErrors::default());
    insta::assert_snapshot!(pretty(&refusal));
}

#[test]
fn the_account_that_asks() {
    let account = Account {
        id: "00000000123456789ABCDE".parse().unwrap(),
        number: 1,
        username: "ada".parse().unwrap(),
        email: None,
        is_admin: false,
        created: Time::from_ms(1_775_958_060_795),
    };
    insta::assert_snapshot!(pretty(&Envelope::of(User::from(&account))));
}

#[test]
fn what_can_be_asked_for() {
    insta::assert_snapshot!(pretty(&Envelope::of(Info::of(ALL))));
    let without = pretty(&Info::of(Offer { aac: false }));
    assert!(!without.contains("\"aac\""));
    for unbuilt in ["denoise", "gate", "crossgate", "transcript", "tracks", "soundlink"] {
        assert!(!pretty(&Info::of(ALL)).contains(&format!("\"{unbuilt}\"")), "{unbuilt}");
    }
}

#[test]
fn every_state_has_its_number() {
    let working = |stage| State::Working { stage };
    let made = || Box::new(made());
    for (state, expected) in [
        (State::Idle, 10),
        (State::Waiting, 1),
        (working(Stage::Fetching), 12),
        (working(Stage::Processing), 4),
        (working(Stage::Encoding), 5),
        (State::Publishing { made: made(), is_announced: false }, 6),
        (State::Stopping, 13),
        (State::Failed { reason: String::new(), stage: None }, 2),
        (State::Done { made: made(), in_review: false }, 3),
        (State::Outdated { made: made() }, 15),
    ] {
        assert_eq!(number(&state, &draft()), expected);
    }
    assert_eq!(number(&State::Idle, &Draft::default()), 9);
    assert_eq!((STATUSES.len(), text(3), text(16)), (16, "Done", ""));
}

#[test]
fn queries_of_listings() {
    let read = |query: &[(&str, &str)]| Listing::read(query.iter().copied());
    let listing = read(&[("minimal_data", "1"), ("limit", "100"), ("offset", "7"), ("format", "json")]).unwrap();
    assert_eq!(format!("{listing:?}"), "Listing { limit: 100, offset: 7, detail: Minimal }");
    assert_eq!(read(&[]).unwrap().limit, 1_000);
    assert_eq!(read(&[("limit", "99999")]).unwrap().limit, 1_000);
    assert_eq!(read(&[("uuids_only", "true")]).unwrap().detail, crate::productions::Detail::Uuid);
    let errors = read(&[("limit", "-1"), ("offset", "x"), ("uuids_only", "?")]).unwrap_err();
    assert_eq!(errors.iter().count(), 3);
}
