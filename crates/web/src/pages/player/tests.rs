//! The player's page and the embed in every state, rendered for `ui/tests/player.mjs` to look at, and held against hostile words.

#![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

use app::narrations::{Player, Underway};
use askama::Template;
use model::article::{About, Kind};
use model::narration::{Change, Heard, HeardSegment, HeardWord, Narration, Published, Script, Wish};
use model::production::{Made, MadeFile, OutputOrder, Stage, State};
use model::{Draft, Metadata, Organization, Production, Time};
use store::jobs::Progress;

use super::super::form::Errors;
use super::super::tests::{out, signed_in};
use super::claim::Claim;
use super::edit::{self, Edit};
use super::typed::Typed;
use super::view::{Beside, Embed, Here, LOW, Page, TALL, View};

const TITLE: &str = "What a tide gauge hears";

/// The title, and what is repeated after it.
const TEXT: [(Kind, &str); 5] = [
    (Kind::Heading(1), TITLE),
    (
        Kind::Paragraph,
        "A tide gauge is a pipe with a float in it. The pipe is open to the sea at its foot, and the waves cannot get in.",
    ),
    (Kind::Heading(2), "What it writes"),
    (
        Kind::Paragraph,
        "What is left is the tide. A wire carries it up to a pen, and the pen draws it on a drum that turns once a day.",
    ),
    (Kind::Item, "Forty-seven of them made the longest record of one sea."),
];

fn here() -> Here {
    Here { base: "https://audio.example.org".to_owned(), now: Time::from_ms(1_767_614_430_000) }
}

/// An article of some length: a page to scroll, and minutes to jump in.
fn article() -> Vec<(Kind, &'static str)> {
    let rest = &TEXT[1..];
    TEXT[..1].iter().chain(rest).chain(rest).chain(rest).chain(rest).copied().collect()
}

/// A word every 600 ms, half a second between segments.
fn heard(text: &[(Kind, &str)]) -> Heard {
    let mut at = 0;
    let segments = text.iter().zip(1..).map(|((kind, text), id)| {
        let start = at;
        let (mut words, mut from, mut begins) = (Vec::new(), 0, true);
        for word in text.split_whitespace() {
            let place = text[from..].find(word).map_or(from, |found| from + found);
            let plain = word.trim_end_matches(['.', ',']);
            words.push(HeardWord { text: place..place + plain.len(), ms: at..at + 570, begins });
            begins = word.ends_with('.');
            (from, at) = (place + word.len(), at + 600);
        }
        at += 500;
        HeardSegment { id, kind: *kind, text: (*text).to_owned(), ms: start..at - 500, words }
    });
    let segments = segments.collect();
    Heard { reader: "Joe".to_owned(), language: "en-US".to_owned(), segments }
}

fn player(state: State, published: Option<Made>, underway: Underway, title: &str, text: &[(Kind, &str)]) -> Player {
    let id = super::super::tests::rendered::id(7);
    let now = Time::from_ms(1_767_614_400_000);
    let (owner, organization, publication) = (ids("A"), ids("B"), ids("C"));
    let about = About {
        title: title.to_owned(),
        author: "The harbour desk".to_owned(),
        site: "Harbour News".to_owned(),
        section: "Coast".to_owned(),
        language: "en".to_owned(),
        published: "2026-11-21".to_owned(),
        ..About::default()
    };
    let production = Production {
        id,
        owner: owner.parse().unwrap(),
        draft: Draft { metadata: Metadata { title: title.to_owned(), ..Metadata::default() }, ..Draft::default() },
        state,
        run: 1,
        created: now,
        changed: now,
    };
    let narration = Narration {
        replacing: None,
        id,
        owner: production.owner,
        organization: organization.parse().unwrap(),
        publication: publication.parse().unwrap(),
        address: "https://harbour.example/coast/gauges".to_owned(),
        wish: Wish::default(),
        about: Some(about),
        findings: [("Led to", "https://harbour.example/login"), ("Words", "41")]
            .map(|(a, b)| (a.into(), b.into()))
            .into(),
        script: Script::of(text.iter().map(|(kind, text)| (*kind, (*text).to_owned())), None),
        revision: 1,
        published: published.map(|made| Published { made, revision: 1, at: now }),
        created: now,
        changed: now,
    };
    let organization = Organization {
        id: narration.organization,
        name: "Harbour News".to_owned(),
        homepage: None,
        offers_download: true,
        account: production.owner,
        publication: narration.publication,
        created: now,
        changed: now,
    };
    Player { narration, production, organization, publication: None, underway }
}

/// One that nobody makes just now.
pub(super) fn waiting() -> Player {
    player(State::Waiting, None, Underway::Nobody, TITLE, &[])
}

fn ids(letter: &str) -> String {
    letter.repeat(22)
}

fn made(length_ms: u64) -> Made {
    let order = OutputOrder { format: "mp3".into(), ..OutputOrder::default() };
    let file = MadeFile { order, name: "narration.mp3".into(), size: 260_000, ..MadeFile::default() };
    Made { files: vec![file], length_ms, ..Made::default() }
}

/// Every state by its name, with what belongs to it.
fn states(title: &str, text: &[(Kind, &str)], why: &str) -> Vec<(&'static str, Player, Beside)> {
    let heard = heard(text);
    let length = heard.segments.last().map_or(0, |segment| segment.ms.end) + 200;
    let peaks = (0..900_i32).map(|at| {
        let height = (40.0 + 50.0 * (f64::from(at) * 0.7).sin() * (f64::from(at) * 0.05).sin()) as i8;
        if at % 60 > 52 { (0, 0) } else { (-height, height) }
    });
    let done = State::Done { made: Box::new(made(length)), in_review: false };
    let ready = player(done, Some(made(length)), Underway::Nobody, title, text);
    let drawn = (0..130_u16).map(|part| if part % 9 > 6 { 0 } else { (20 + part * 37 % 29) as u8 });
    let stage = format!("speaking 3 of {}", text.len());
    let speaking = Underway::Worker(Progress { fraction: 0.58, stage, amplitudes: drawn.collect() });
    let making = player(State::Working { stage: Stage::Speaking }, None, speaking, title, text);
    let failed = State::Failed { reason: why.to_owned(), stage: Some(Stage::Fetching) };
    let token = "<input type=\"hidden\" name=\"csrf\" value=\"0123456789abcdef\">".to_owned();
    vec![
        ("ready", ready, Beside { heard, peaks: peaks.collect(), retry: None }),
        ("generating", making, Beside::default()),
        (
            "error",
            player(failed, None, Underway::Nobody, title, &[]),
            Beside { retry: Some(token), ..Beside::default() },
        ),
    ]
}

/// Both kinds of page in every state, by the name of their file.
pub(in super::super) fn every_page() -> Vec<(String, String)> {
    let why = "The page answered with its sign-in form, so there was no article to read aloud.";
    let mut pages = Vec::new();
    for (name, player, beside) in states(TITLE, &article(), why) {
        let page = View { page: Page::new(&here(), &player, &beside, None, TALL) };
        pages.push((format!("player-{name}"), page.render().unwrap()));
        let embed = Embed { page: Page::new(&here(), &player, &beside, None, LOW) };
        pages.push((format!("embed-{name}"), embed.render().unwrap()));
    }
    pages.extend(editors().into_iter().map(|(name, edit)| (format!("edit-{name}"), edit.render().unwrap())));
    let mut errors = Errors::default();
    errors.add("username", "This name is taken. Choose another.");
    for (name, frame, errors) in [("claim", out(), Errors::default()), ("claim-wrong", signed_in(), errors)] {
        let (id, token) = (waiting().narration.id.to_string(), TOKEN.to_owned());
        let claim = Claim { frame, id, token, errors, username: "ada".to_owned(), email: String::new() };
        pages.push((name.to_owned(), claim.render().unwrap()));
    }
    pages
}

const TOKEN: &str = "<input type=\"hidden\" name=\"csrf\" value=\"0123\">";

/// The editor's page: before there is text, with changes of every kind, after something wrong was typed beside somebody else, and of an article that
/// could not be read.
fn editors() -> Vec<(&'static str, Edit)> {
    let text = article();
    let heard = heard(&text);
    let read = Script::of(text.iter().map(|(kind, text)| (*kind, (*text).to_owned())), None);
    let words = vec![("okonkwo".to_owned(), "oh-KONG-kwo".to_owned())];
    let beside = |read: Option<&Script>, heard: &Heard, can_claim| edit::Beside {
        read: read.cloned(),
        heard: heard.clone(),
        words: words.clone(),
        can_claim,
        token: TOKEN.to_owned(),
        now: here().now,
    };
    let failed = State::Failed { reason: "The page answered with its sign-in form.".to_owned(), stage: None };
    let made = |warnings: &[&str], revision| Made {
        warnings: warnings.iter().map(|warning| (*warning).to_owned()).collect(),
        revision: Some(revision),
        ..made(60_000)
    };
    let done = |made| State::Done { made: Box::new(made), in_review: false };
    let first = made(&[], 1);
    let mut changed = player(
        done(made(&["The voice “ann” is not here: another one reads."], 2)),
        Some(first.clone()),
        Underway::Nobody,
        TITLE,
        &text,
    );
    for change in [
        Change::Text(2, "A tide gauge is a pipe with a float in it, and nothing else.".to_owned()),
        Change::Pause(3, Some(1_500)),
        Change::Voice(4, Some("en_US-joe-medium".to_owned())),
        Change::Move(5, Some(1)),
    ] {
        changed.narration.script.change(change).unwrap();
        changed.narration.revision += 1;
    }
    let typed = [("text-2", "Mine."), ("voice-4", "nobody"), ("pause-3", "x"), ("word", "a b"), ("said", "ay bee")];
    let typed = typed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut errors = Errors::default();
    errors
        .add("voice-4", "There is no voice called “nobody” here. Installed are: en_US-joe-medium (American English).");
    errors.add("pause-3", "A pause is a number of seconds from 0 to 10, such as 0.5. You wrote “x”.");
    let wrong = Typed::new(&read, &typed);
    let nothing = Heard::default();
    let waiting = waiting();
    let failed = player(failed, None, Underway::Nobody, TITLE, &[]);
    let saved = Some("Saved. What is heard stays as it was until you render and publish.");
    vec![
        ("waiting", Edit::new(out(), &waiting, beside(None, &nothing, true), Errors::default(), None, None)),
        ("changed", Edit::new(out(), &changed, beside(Some(&read), &heard, true), Errors::default(), saved, None)),
        ("wrong", Edit::new(signed_in(), &changed, beside(Some(&read), &heard, false), errors, None, Some(&wrong))),
        ("failed", Edit::new(out(), &failed, beside(None, &nothing, true), Errors::default(), None, None)),
    ]
}

#[test]
fn nobodys_words_become_markup() {
    let words = super::super::tests::HOSTILE;
    let text = [(Kind::Heading(1), words), (Kind::Paragraph, words), (Kind::Code, words)];
    for (name, mut player, beside) in states(words, &text, words) {
        let about = player.narration.about.get_or_insert_default();
        player.narration.findings = vec![(words.to_owned(), words.to_owned())];
        for field in [
            &mut about.author,
            &mut about.site,
            &mut about.section,
            &mut about.summary,
            &mut about.language,
            &mut about.image,
        ] {
            words.clone_into(field);
        }
        let html = View { page: Page::new(&here(), &player, &beside, None, TALL) }.render().unwrap();
        let embed = Embed { page: Page::new(&here(), &player, &beside, None, LOW) }.render().unwrap();
        for html in [html, embed] {
            assert!(!html.contains("<script>") && !html.contains("<img"), "{name}: {html}");
        }
    }
}

#[test]
fn the_words_of_a_page_are_those_of_its_sound() {
    let pages = every_page();
    let (_, ready) = pages.iter().find(|(name, _)| name == "player-ready").unwrap();
    let article = article();
    let words: usize = article.iter().map(|(_, text)| text.split_whitespace().count()).sum();
    assert_eq!(ready.matches("class=\"w\"").count(), words);
    // A sentence is one element, however many words it has.
    let sentences: usize = article.iter().map(|(_, text)| text.matches('.').count().max(1)).sum();
    assert_eq!(ready.matches("class=\"s\"").count(), sentences);
}

#[test]
fn sound_is_offered_as_a_file_where_that_is_wished() {
    let states = states(TITLE, &article(), "");
    let (_, player, beside) = states.iter().find(|(name, ..)| *name == "ready").unwrap();
    for offers_download in [true, false] {
        let mut player = player.clone();
        player.organization.offers_download = offers_download;
        let page = View { page: Page::new(&here(), &player, beside, None, TALL) }.render().unwrap();
        assert_eq!(page.contains("Download MP3"), offers_download);
    }
}
