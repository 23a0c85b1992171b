//! What a production's page shows, made of the production and what belongs to it. Fetching and sending are in production.rs.

use askama::Template;
use model::ShownService;
use model::production::{Input, Made, Production, Stage, State};

use super::super::figures::{self, Figure, level};
use super::super::frame::Frame;
use super::super::loudness::{self, Chart};
use super::super::state::{Look, Step, Told, steps, told};
use super::super::waveform::{Shape, Width, amplitudes, hex, svg};
use super::super::words::{clock, counted, date, number, size, stamp};
use super::files::{FileRow, Source, original, playable, rows};
use super::report::{Curve, Done, done};
use super::settings::settings;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "production.html")]
pub(crate) struct View {
    frame: Frame,
    uuid: String,
    title: String,
    album: String,
    told: Told,
    facts: Vec<String>,
    when: When,
    /// The hidden field of its forms.
    token: String,
    actions: Vec<Action>,
    notice: Option<Notice>,
    warnings: Vec<String>,
    running: bool,
    waiting_for_input: bool,
    failed: Option<String>,
    percent: Option<u8>,
    steps: Vec<Step>,
    picture: Picture,
    player: Option<Player>,
    chart: Option<Chart>,
    figures: Vec<Figure>,
    done: Vec<Done>,
    settings: Vec<(&'static str, String)>,
    files: Vec<FileRow>,
    went: Vec<Went>,
    deletion: String,
}

/// What belongs to a production besides itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beside {
    /// How far a running one is, 0 to 100.
    pub(crate) percent: Option<u8>,
    /// Peaks of the recording.
    pub(crate) before: Vec<(i8, i8)>,
    /// Peaks of what was made of it.
    pub(crate) after: Vec<(i8, i8)>,
    /// Loudness over time.
    pub(crate) curve: Option<Curve>,
    /// Where the recording can be heard, if it can be at all.
    pub(crate) original: Option<String>,
    /// The services that it goes to, and how it went there.
    pub(crate) services: Vec<ShownService>,
    /// Something to say first.
    pub(crate) notice: Option<Notice>,
}

/// Something to say above everything else.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    /// Its glyph.
    pub(crate) look: Look,
    /// What it says.
    pub(crate) text: String,
}

impl Notice {
    /// Its style.
    fn class(&self) -> &'static str {
        match self.look {
            Look::Ready => "ok",
            look => look.class(),
        }
    }
}

/// A button.
#[derive(Clone, Debug, PartialEq)]
struct Action {
    verb: &'static str,
    text: &'static str,
    /// Whether it is what one is here for.
    first: bool,
}

/// When the last thing happened.
#[derive(Clone, Debug)]
struct When {
    word: &'static str,
    date: String,
    stamp: String,
}

/// The waveform, for desks and for phones.
#[derive(Clone, Debug, Default)]
struct Picture {
    wide: String,
    narrow: String,
}

#[derive(Clone, Debug)]
struct Player {
    length_ms: u64,
    length: String,
    before_ms: u64,
    after: Vec<Source>,
    before: Option<Source>,
    /// Whether the picture shows both.
    mirror: bool,
    before_lufs: Option<f64>,
    after_lufs: Option<f64>,
    before_said: Option<String>,
    after_said: Option<String>,
    hex_before: String,
    hex_after: String,
    marks: String,
    chapters: Vec<Chapter>,
}

#[derive(Clone, Debug)]
struct Chapter {
    ms: u64,
    at: String,
    title: String,
}

/// Bars that the script is given: more than any screen has room for.
const FINE: usize = 720;
/// Seconds until a page without scripts looks again.
const REFRESH: u32 = 4;

impl View {
    /// Puts the page together. `frame` needs its user and host only.
    pub(crate) fn new(frame: Frame, production: &Production, beside: &Beside) -> Self {
        let (draft, state) = (&production.draft, &production.state);
        let title = title(production);
        let running = state.is_running();
        let made = state.made();
        let failed = match state {
            State::Failed { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        let fetches = !matches!(draft.input, Some(Input::File(_)));
        let token = frame.user.as_ref().map_or_else(String::new, |user| user.token.clone());
        let percent = beside.percent.map(|percent| percent.min(100));
        let report = made.map(|made| &made.report);
        let refresh = running.then_some(REFRESH);
        let told = told(state, draft.input.is_some());
        let went = went(production, &beside.services);
        Self {
            frame: Frame { title: title.clone(), refresh, ..frame },
            uuid: production.id.to_string(),
            title,
            album: draft.metadata.album.clone(),
            facts: made.map(facts).unwrap_or_default(),
            when: when(production),
            token,
            actions: actions(state, draft.input.is_some(), went.iter().any(|went| went.is_missing)),
            notice: beside.notice.clone(),
            warnings: made.map(|made| made.warnings.clone()).unwrap_or_default(),
            running,
            waiting_for_input: matches!(state, State::Idle),
            percent,
            steps: if running { steps(state, fetches, went.iter().any(|went| went.is_store)) } else { Vec::new() },
            picture: picture(state, percent, beside, failed.is_some()),
            failed,
            player: made.filter(|_| !running).and_then(|made| player(production, made, beside)),
            chart: beside.curve.as_ref().and_then(|curve| loudness::chart(&curve.against(report?))),
            figures: report.map(figures::table).unwrap_or_default(),
            done: report.map(done).unwrap_or_default(),
            settings: settings(draft),
            files: made.map(|made| rows(&production.id, made)).unwrap_or_default(),
            went,
            deletion: deletion(production),
            told,
        }
    }
}

/// What a production is called: its title, or else the name of its recording.
pub(crate) fn title(production: &Production) -> String {
    let said = production.draft.metadata.title.trim();
    if !said.is_empty() {
        return said.to_owned();
    }
    match &production.draft.input {
        Some(Input::File(file)) => file.name.clone(),
        Some(Input::OnService { name, .. }) => name.clone(),
        Some(Input::Address(address) | Input::Article(address)) => address.clone(),
        None => "Untitled".to_owned(),
    }
}

/// The address of a production's page.
pub(crate) fn place(production: &Production) -> String {
    format!("/productions/{}", production.id)
}

fn actions(state: &State, has_input: bool, is_missing: bool) -> Vec<Action> {
    let one = |verb, text, first| vec![Action { verb, text, first }];
    match state {
        State::Idle if has_input => one("start", "Start", true),
        State::Failed { .. } if has_input => one("start", "Try again", true),
        State::Outdated { .. } if has_input => one("start", "Start again", true),
        State::Waiting | State::Working { .. } | State::Publishing { .. } => one("stop", "Stop", false),
        State::Done { in_review: true, .. } => one("publish", "Publish", true),
        State::Done { .. } if is_missing => one("publish", "Send again", true),
        State::Idle | State::Failed { .. } | State::Outdated { .. } | State::Stopping | State::Done { .. } => {
            Vec::new()
        }
    }
}

/// Somewhere that a production goes to.
#[derive(Clone, Debug)]
struct Went {
    name: String,
    look: Look,
    word: &'static str,
    trouble: String,
    page: Option<String>,
    files: Vec<String>,
    is_store: bool,
    /// Whether something should be at a store and is not.
    is_missing: bool,
}

fn went(production: &Production, services: &[ShownService]) -> Vec<Went> {
    let wanted = production.draft.all_services();
    let one = |shown: &ShownService| {
        let is_store = shown.service.store().is_some();
        let placing = shown.placing.as_ref();
        let (look, word) = match placing.map(|placing| placing.success) {
            Some(Some(true)) => (Look::Ready, if is_store { "There" } else { "Published" }),
            Some(Some(false)) => (Look::Fallen, "Did not arrive"),
            Some(None) => (Look::Making, if is_store { "On its way" } else { "Told, no answer yet" }),
            None => (Look::Waiting, "Once it is done"),
        };
        Went {
            name: shown.display_name.clone(),
            look,
            word,
            trouble: placing.map(|placing| placing.trouble.clone()).unwrap_or_default(),
            page: placing.and_then(|placing| placing.result_page.clone()),
            files: placing.map(|placing| placing.result_urls.clone()).unwrap_or_default(),
            is_store,
            is_missing: is_store && look == Look::Fallen,
        }
    };
    services.iter().filter(|shown| wanted.contains(&shown.service.id)).map(one).collect()
}

fn facts(made: &Made) -> Vec<String> {
    let mut facts = vec![clock(made.length_ms)];
    match made.channels {
        0 => {}
        1 => facts.push("mono".to_owned()),
        2 => facts.push("stereo".to_owned()),
        channels => facts.push(format!("{channels} channels")),
    }
    if made.samplerate > 0 {
        let khz = f64::from(made.samplerate) / 1_000.0;
        facts.push(format!("{}\u{2009}kHz", number(khz, usize::from(khz.fract() > 0.0))));
    }
    facts
}

fn when(production: &Production) -> When {
    let (word, time) = match &production.state {
        State::Idle | State::Waiting | State::Working { .. } | State::Stopping | State::Publishing { .. } => {
            ("Added", production.created)
        }
        State::Failed { .. } => ("Tried", production.changed),
        State::Done { .. } => ("Made", production.changed),
        State::Outdated { .. } => ("Changed", production.changed),
    };
    When { word, date: date(time), stamp: stamp(time) }
}

fn picture(state: &State, percent: Option<u8>, beside: &Beside, failed: bool) -> Picture {
    let draw = |width: Width| {
        let (before, after) = (amplitudes(&beside.before, width.bars()), amplitudes(&beside.after, width.bars()));
        let (shape, height) = match state {
            _ if failed => (Shape::Fallen, 92),
            State::Waiting | State::Working { stage: Stage::Fetching } => {
                (Shape::Growing { done: 0.0, drawn: &[] }, 92)
            }
            State::Working { .. } | State::Stopping | State::Publishing { .. } => {
                (Shape::Growing { done: f64::from(percent.unwrap_or(0)) / 100.0, drawn: &[] }, 92)
            }
            State::Idle | State::Failed { .. } => (Shape::Flat, 92),
            _ if beside.after.is_empty() => (Shape::Flat, 168),
            _ if beside.before.is_empty() => (Shape::Ready(&after), 168),
            _ => (Shape::Mirror { before: &before, after: &after }, 168),
        };
        svg(shape, width, height, "")
    };
    Picture { wide: draw(Width::Wide), narrow: draw(Width::Narrow) }
}

fn player(production: &Production, made: &Made, beside: &Beside) -> Option<Player> {
    let after = playable(&production.id, made);
    if after.is_empty() {
        return None;
    }
    let before = beside.original.as_ref().and_then(|href| original(production.draft.input.as_ref()?, href));
    let lufs = |side: &str| level(&made.report, &format!("/levels/{side}/loudness"));
    let said = |lufs: Option<f64>| lufs.map(|lufs| format!("{}\u{2009}LUFS", number(lufs, 1)));
    let (before_lufs, after_lufs) = (lufs("input"), lufs("output"));
    let fine = |peaks: &[(i8, i8)]| if peaks.is_empty() { String::new() } else { hex(&amplitudes(peaks, FINE)) };
    let chapters: Vec<_> = production
        .draft
        .chapters
        .as_slice()
        .iter()
        .filter(|chapter| chapter.start_ms < made.length_ms)
        .map(|chapter| Chapter { ms: chapter.start_ms, at: clock(chapter.start_ms), title: chapter.title.clone() })
        .collect();
    let marks: Vec<_> =
        chapters.iter().filter(|chapter| chapter.ms > 0).map(|chapter| chapter.ms.to_string()).collect();
    let seconds = made.report.pointer("/source/length").and_then(serde_json::Value::as_f64);
    Some(Player {
        length_ms: made.length_ms,
        length: clock(made.length_ms),
        before_ms: seconds.map_or(made.length_ms, |seconds| (seconds * 1_000.0) as u64),
        after,
        before,
        mirror: !beside.before.is_empty() && !beside.after.is_empty(),
        before_said: said(before_lufs),
        after_said: said(after_lufs),
        before_lufs,
        after_lufs,
        hex_before: fine(&beside.before),
        hex_after: fine(&beside.after),
        marks: marks.join(" "),
        chapters,
    })
}

/// What deleting takes away, as the end of a sentence.
fn deletion(production: &Production) -> String {
    let consequence = Consequence::of(production);
    format!("Deletes {}. There is no way back.", consequence.what())
}

/// What a deletion takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Consequence {
    recording: bool,
    files: u64,
    bytes: u64,
}

impl Consequence {
    /// Counts it.
    pub(crate) fn of(production: &Production) -> Self {
        let recording = match &production.draft.input {
            Some(Input::File(file)) => Some(file.size),
            _ => None,
        };
        let made = production.state.made().map(|made| made.files.as_slice()).unwrap_or_default();
        let bytes = recording.unwrap_or(0) + made.iter().map(|file| file.size).sum::<u64>();
        Self { recording: recording.is_some(), files: made.len() as u64, bytes }
    }

    /// `the recording and 3 files`
    pub(crate) fn what(self) -> String {
        match (self.recording, self.files) {
            (true, 0) => "the recording".to_owned(),
            (true, files) => format!("the recording and {}", counted(files, "file")),
            (false, 0) => "this production".to_owned(),
            (false, files) => counted(files, "file"),
        }
    }

    /// How much that is.
    pub(crate) fn size(self) -> Option<String> {
        (self.bytes > 0).then(|| size(self.bytes))
    }
}
