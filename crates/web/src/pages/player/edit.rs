//! What the editor's page shows: a narration's script as a form, beside what is heard of it.

use std::collections::HashMap;

use app::narrations::{Player, Status};
use askama::Template;
use model::Time;
use model::narration::{Heard, Script};
use model::production::State;

use super::super::form::Errors;
use super::super::frame::Frame;
use super::super::state::Look;
use super::compared::{Compared, Difference};
use super::progress::playing;
use super::typed::Typed;
use super::view::look_of;

/// Segments that this page shows; longer scripts are changed by the API.
const MOST_SHOWN: usize = 2_000;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "player/edit.html")]
#[expect(clippy::struct_excessive_bools, reason = "each shows or hides a part of the page by itself")]
pub(super) struct Edit {
    frame: Frame,
    id: String,
    title: String,
    token: String,
    note: Option<&'static str>,
    errors: Errors,
    revision: u32,
    look: Look,
    word: &'static str,
    sentence: String,
    is_running: bool,
    can_retry: bool,
    can_publish: bool,
    changed: String,
    /// What was otherwise than wished when it was read last, in sentences.
    warnings: Vec<String>,
    segments: Vec<Row>,
    is_cut: bool,
    voice: String,
    words: Vec<(String, String)>,
    /// A word and how it is said, as far as they were typed and not kept.
    word_typed: String,
    said_typed: String,
    can_claim: bool,
}

/// A segment in the form.
#[derive(Clone, Debug)]
struct Row {
    id: u32,
    name: &'static str,
    text: String,
    rows: usize,
    voice: String,
    pause: String,
    /// Where it is heard in what is published, in seconds.
    at: Option<u64>,
    is_changed: bool,
    /// Whether it sounds otherwise than in what is published, as far as that is known: other text, another voice, or a word that is said in its
    /// own way.
    is_heard_anew: bool,
    /// A new paragraph after it, as far as it was typed.
    new: String,
    /// Whether something was typed that is folded away otherwise.
    is_open: bool,
    voice_field: String,
    pause_field: String,
    /// What somebody else wrote here meanwhile.
    theirs: Option<String>,
}

/// What lies beside a narration and is shown with it.
pub(super) struct Beside {
    /// The script as it was read that is heard, where it is known still.
    pub(super) read: Option<Script>,
    pub(super) heard: Heard,
    /// Words that its publication says in its own way, and how.
    pub(super) words: Vec<(String, String)>,
    pub(super) can_claim: bool,
    /// The hidden field of the page's forms.
    pub(super) token: String,
    pub(super) now: Time,
}

impl Edit {
    /// The page as it is now; what was typed and not kept stays in it.
    pub(super) fn new(
        frame: Frame,
        player: &Player,
        beside: Beside,
        errors: Errors,
        note: Option<&'static str>,
        typed: Option<&Typed<'_>>,
    ) -> Self {
        let narration = &player.narration;
        let made = player.production.state.made();
        let is_rendered = made.is_some_and(|made| made.revision == Some(narration.revision));
        let compared = Compared::new(&narration.script, beside.read.as_ref(), &beside.heard);
        let starts: HashMap<_, _> = beside.heard.segments.iter().map(|heard| (heard.id, heard.ms.start)).collect();
        let segments: Vec<_> = narration
            .script
            .segments
            .iter()
            .take(MOST_SHOWN)
            .map(|segment| {
                let difference = compared.of(segment.id);
                let said = |kind: &str| typed.and_then(|typed| typed.field(kind, segment.id));
                let text = typed.and_then(|typed| typed.text(segment.id)).unwrap_or_else(|| segment.text.clone());
                let kept_voice = segment.voice.clone().unwrap_or_default();
                let kept_pause = segment.pause_ms.map(seconds).unwrap_or_default();
                let (voice, pause, new) = (said("voice"), said("pause"), said("new").unwrap_or_default());
                let is_typed = |typed: &Option<String>, kept: &str| typed.as_ref().is_some_and(|typed| typed != kept);
                Row {
                    id: segment.id,
                    name: kind_in_words(segment.kind),
                    rows: (text.chars().count() / 68 + text.lines().count()).clamp(1, 20),
                    theirs: typed.is_some_and(|typed| typed.is_others(segment)).then(|| segment.text.clone()),
                    text,
                    is_open: is_typed(&voice, &kept_voice) || is_typed(&pause, &kept_pause) || !new.is_empty(),
                    voice_field: format!("voice-{}", segment.id),
                    pause_field: format!("pause-{}", segment.id),
                    voice: voice.unwrap_or(kept_voice),
                    pause: pause.unwrap_or(kept_pause),
                    new,
                    at: starts.get(&segment.id).map(|start| start / 1_000),
                    is_changed: difference != Difference::None,
                    is_heard_anew: difference == Difference::Sound
                        || super::trying::says_one_of(&segment.text, &beside.words),
                }
            })
            .collect();
        let (look, word, sentence) = told(player, beside.now);
        let is_running = player.production.state.is_running();
        Self {
            frame: Frame {
                // Whoever types without scripts does not lose it.
                refresh: (is_running && narration.script.segments.is_empty()).then_some(10),
                ..frame
            },
            id: narration.id.to_string(),
            title: player.production.draft.metadata.title.clone(),
            token: beside.token,
            note,
            errors,
            revision: narration.revision,
            look,
            word,
            sentence,
            is_running,
            can_retry: !is_running && player.status() == Status::Error,
            can_publish: is_new(player),
            changed: compared.sentence(is_rendered),
            warnings: made.map(|made| made.warnings.clone()).unwrap_or_default(),
            is_cut: narration.script.segments.len() > MOST_SHOWN,
            segments,
            voice: typed
                .and_then(|typed| typed.whole("reader"))
                .unwrap_or_else(|| narration.script.voice.clone().unwrap_or_default()),
            word_typed: typed.and_then(|typed| typed.whole("word")).unwrap_or_default(),
            said_typed: typed.and_then(|typed| typed.whole("said")).unwrap_or_default(),
            words: beside.words,
            can_claim: beside.can_claim,
        }
    }
}

/// Where the narration is, for whoever edits it.
fn told(player: &Player, now: Time) -> (Look, &'static str, String) {
    if player.production.state.is_running() {
        return (Look::Making, "Being read", playing(player, now).sentence);
    }
    let look = look_of(player.status());
    match (&player.production.state, player.status()) {
        (State::Failed { reason, .. }, _) => (Look::Fallen, "Did not work", reason.clone()),
        _ if is_new(player) => (
            Look::NeedsYou,
            "Rendered",
            "Listen to it, and publish it when it is right. Its player plays the version before.".to_owned(),
        ),
        (_, Status::Ready) => (look, "Published", String::new()),
        _ => (look, "Not read yet", String::new()),
    }
}

/// Whether there is something rendered that is not what the player plays.
fn is_new(player: &Player) -> bool {
    let made = player.production.state.made();
    made.is_some() && made != player.published().map(|published| &published.made)
}

/// A pause as people write it.
fn seconds(ms: u32) -> String {
    (f64::from(ms) / 1_000.0).to_string()
}

fn kind_in_words(kind: model::article::Kind) -> &'static str {
    use model::article::Kind;
    match kind {
        Kind::Heading(1) => "Title",
        Kind::Heading(_) => "Heading",
        Kind::Paragraph => "Paragraph",
        Kind::Quote => "Quotation",
        Kind::Item => "List item",
        Kind::Caption => "Caption",
        Kind::Code => "Code",
        Kind::Table => "Table",
    }
}
