//! Productions that are nobody's: one in every state, with sound and reports that a program made up.

use model::production::{Input, Made, MadeFile, OutputOrder, Production, Stage, State, StoredFile};
use model::{AccountId, Chapter, Chapters, Dice, Draft, ProductionId, Time};
use serde_json::json;

use super::super::production::report::Curve;
use super::super::production::view::{Beside, Notice};
use super::super::state::Look;

const MINUTE: u64 = 60_000;
const LENGTH_MS: u64 = 27 * MINUTE + 14_500;

struct Same(u8);

impl Dice for Same {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

pub(crate) fn id(dice: u8) -> ProductionId {
    ProductionId::new(Time::from_ms(1_795_640_520_000), &Same(dice))
}

pub(crate) fn production(state: State) -> Production {
    let mut draft = Draft::default();
    draft.metadata.title = "Notes on a staircase".into();
    draft.metadata.album = "Stairwell".into();
    draft.input =
        Some(Input::File(StoredFile { key: "k".into(), name: "staircase, take 3.wav".into(), size: 431_000_000 }));
    let chapter = |minutes: u64, title: &str| Chapter { start_ms: minutes * MINUTE, title: title.into(), url: None };
    draft.chapters = Chapters::new(vec![
        chapter(0, "Ground floor"),
        chapter(4, "What the handrail remembers"),
        chapter(11, "Landing"),
        chapter(19, "The window that does not open"),
    ]);
    draft.outputs = vec![OutputOrder { format: "mp3".into(), bitrate: Some(128), ..OutputOrder::default() }];
    let owner = AccountId::new(Time::from_ms(0), &Same(1));
    let (created, changed) = (Time::from_ms(1_795_640_100_000), Time::from_ms(1_795_640_520_000));
    Production { id: id(2), owner, draft, state, run: 1, created, changed }
}

fn made() -> Made {
    let file = |format: &str, bitrate, name: &str, size| MadeFile {
        order: OutputOrder { format: format.into(), bitrate, ..OutputOrder::default() },
        key: "k".into(),
        name: name.into(),
        size,
        md5: "9e107d9d372bb6826bd81d3542a419d6".into(),
    };
    Made {
        format: "WAV".into(),
        length_ms: LENGTH_MS,
        channels: 2,
        samplerate: 44_100,
        bitrate: 1_411_200,
        files: vec![
            file("mp3", Some(128), "staircase, take 3.mp3", 26_100_000),
            file("opus", Some(48), "staircase, take 3.opus", 9_700_000),
            file("flac", None, "staircase, take 3.flac", 198_000_000),
            file("waveform", None, "staircase, take 3.png", 3_281),
        ],
        drawings: Vec::new(),
        report: json!({
            "preset": "podcast",
            "source": { "filename": "staircase, take 3.wav", "length": 1634.5 },
            "target": { "loudness": [-16.0, "LUFS"], "peak": [-1.0, "dBTP"] },
            "levels": {
                "input": { "loudness": [-23.4, "LUFS"], "lra": [12.8, "LU"], "peak": [-3.2, "dBTP"], "noise_level": [-52.3, "dB"], "snr": [27.2, "dB"] },
                "output": { "loudness": [-16.0, "LUFS"], "lra": [5.9, "LU"], "peak": [-1.1, "dBTP"], "noise_level": [-58.0, "dB"], "snr": [40.6, "dB"] },
            },
            "actions": [
                "High-pass at 60 Hz: nothing of the voices lies below, and there was rumble of −38 dB.",
                "Levelled two voices: the quieter one was raised by 7.8 dB on average, the louder one lowered by 0.6 dB.",
                "Limited at −1 dBTP: 212 peaks were caught, none of them by more than 4 dB.",
            ],
            "outputs": [],
        }),
        warnings: vec![
            "The file ends at 27:14, in the middle of a frame. Everything before was kept and mastered.".into(),
        ],
        revision: None,
    }
}

/// Peaks and loudness that look like two people talking, one of them far from the microphone.
fn beside() -> Beside {
    let mut seed: u32 = 7;
    let mut chance = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(seed >> 8) / f64::from(1 << 24)
    };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let (mut loud_before, mut loud_after) = (Vec::new(), Vec::new());
    for place in 0..1_600_u32 {
        let near = (place / 140) % 2 == 0;
        let pause = place % 23 > 19;
        let syllable = 0.45 + 0.55 * (f64::from(place) * 1.7).sin().abs() * chance();
        let height = |level: f64| ((if pause { 0.02 } else { syllable * level }) * 127.0) as i8;
        let (quiet, even) = (height(if near { 0.72 } else { 0.24 }), height(0.9));
        before.push((-quiet, quiet));
        after.push((-even, even));
        let silence = (700..720).contains(&place);
        let wobble = chance() * 3.0 - 1.5;
        loud_before.push((!silence).then_some((if near { -18.5 } else { -27.0 } + wobble) as f32));
        loud_after.push((!silence).then_some((-16.0 + wobble * 0.5) as f32));
    }
    let curve = Curve { step: 1.0, before: loud_before, after: loud_after };
    let original = Some("/productions/x/original".to_owned());
    Beside { percent: None, before, after, curve: Some(curve), original, services: Vec::new(), notice: None }
}

/// A production in every state, with what belongs to it.
pub(crate) fn every_state() -> Vec<(&'static str, Production, Beside)> {
    let working = |stage| State::Working { stage };
    let at = |percent| Beside { percent: Some(percent), ..Beside::default() };
    let done = |in_review| State::Done { made: Box::new(made()), in_review };
    let failed =
        "“staircase, take 3.wav” is not audio: it begins like a PDF document. The recording may have another name.";
    let notice =
        Notice { look: Look::NeedsYou, text: "It was running already, so nothing was started a second time.".into() };
    let mut bare = production(State::Idle);
    bare.draft.input = None;
    bare.draft.metadata.title = String::new();
    vec![
        ("idle", production(State::Idle), Beside::default()),
        ("bare", bare, Beside::default()),
        ("waiting", production(State::Waiting), Beside { notice: Some(notice), ..Beside::default() }),
        ("working", production(working(Stage::Processing)), at(62)),
        ("encoding", production(working(Stage::Encoding)), at(91)),
        ("stopping", production(State::Stopping), at(40)),
        (
            "failed",
            production(State::Failed { reason: failed.into(), stage: Some(Stage::Processing) }),
            Beside::default(),
        ),
        ("done", production(done(false)), beside()),
        ("review", production(done(true)), Beside { original: None, ..beside() }),
        (
            "outdated",
            production(State::Outdated { made: Box::new(made()) }),
            Beside { before: Vec::new(), curve: None, ..beside() },
        ),
        ("undrawn", production(done(false)), Beside::default()),
    ]
}

/// A made production without pictures.
pub(crate) fn silent() -> (Production, Beside) {
    let original = Some("/productions/x/original".to_owned());
    (production(State::Done { made: Box::new(made()), in_review: false }), Beside { original, ..Beside::default() })
}

/// A production whose every word is the same.
pub(crate) fn hostile(words: &str) -> (Production, Beside) {
    let mut made = made();
    made.warnings = vec![words.into()];
    made.report["actions"] = json!([words, format!("{words}: {words}")]);
    for file in &mut made.files {
        file.name = words.into();
        file.md5 = words.into();
        file.order.format = words.into();
    }
    made.files[0].order.format = "mp3".into();
    let mut production = production(State::Done { made: Box::new(made), in_review: true });
    production.draft.metadata.title = words.into();
    production.draft.metadata.album = words.into();
    production.draft.input = Some(Input::File(StoredFile { key: words.into(), name: format!("{words}.wav"), size: 1 }));
    production.draft.chapters = Chapters::new(vec![Chapter { start_ms: 0, title: words.into(), url: None }]);
    let notice = Notice { look: Look::Fallen, text: words.into() };
    (production, Beside { notice: Some(notice), original: Some(words.into()), ..beside() })
}
