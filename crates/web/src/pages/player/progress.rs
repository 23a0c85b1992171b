//! How far a narration is, in words: for its page, for the events that the page listens to, and the same everywhere.

use std::time::Duration;

use app::narrations::{Player, SCRIPT_WRITTEN, Status, Underway, status_of};
use model::production::{Stage, State};
use model::{Narration, Production, Time};
use wire::narration::{Playing, StatusName};

use super::super::state::{Look, Step};
use super::super::waveform::{hex, tallest};
use super::super::words::counted;

/// The steps of the way, as programs and people call them.
const STEPS: [(&str, &str); 4] = [
    ("fetching", "Fetching the article"),
    ("writing", "Writing the script"),
    ("speaking", "Speaking"),
    ("mastering", "Mastering"),
];

/// How much has to be spoken, as a part of the way, before anybody guesses how long the rest takes: the first sentences come late, since several
/// are said at once.
const ENOUGH: f64 = 0.1;

/// How far a player's narration is.
pub(super) fn playing(player: &Player, now: Time) -> Playing {
    said(&player.narration, &player.production, &player.underway, now)
}

/// How far a narration is.
pub(super) fn said(narration: &Narration, production: &Production, underway: &Underway, now: Time) -> Playing {
    let state = &production.state;
    let segments = narration.script.segments.len();
    let fraction = underway.fraction(state);
    let (status, percent) = match status_of(narration, production) {
        Status::Ready => (StatusName::Ready, 100),
        Status::Error => (StatusName::Error, 0),
        Status::Generating => (StatusName::Generating, (fraction * 100.0) as u8),
    };
    let spoken = match underway {
        Underway::Worker(progress) => spoken(&progress.stage),
        Underway::Nobody | Underway::Again { .. } => None,
    };
    let (step, sentence) = match state {
        State::Working { stage: Stage::Fetching } if segments == 0 => ("fetching", "Fetching the article.".to_owned()),
        State::Working { stage: Stage::Fetching } => ("writing", "Getting the voice ready.".to_owned()),
        State::Working { stage: Stage::Speaking } => match spoken {
            Some((number, of)) => ("speaking", format!("Speaking paragraph {number} of {of}.")),
            None => ("speaking", "Speaking.".to_owned()),
        },
        State::Working { stage: Stage::Processing | Stage::Encoding } | State::Publishing { .. } => {
            ("mastering", "Mastering.".to_owned())
        }
        State::Stopping => ("fetching", "Stopping.".to_owned()),
        _ if !state.is_running() => ("mastering", String::new()),
        _ => {
            let step = if segments == 0 { "fetching" } else { "speaking" };
            match underway {
                Underway::Again { at, why } if *at > now => {
                    (step, format!("{why} It is tried again in {}.", about(at.since(now))))
                }
                _ => (step, "Waiting for its turn.".to_owned()),
            }
        }
    };
    let is_speaking = matches!(state, State::Working { stage: Stage::Speaking });
    let left = if status == StatusName::Generating && is_speaking {
        left(fraction, production.changed, now)
    } else {
        String::new()
    };
    let segment = spoken.filter(|_| is_speaking).map(|(number, _)| number.saturating_sub(1));
    let bars = hex(&drawn(underway));
    Playing { status, percent, step, sentence, left, segment, segments, revision: narration.revision, bars }
}

/// What is finished of the sound, as it is drawn.
pub(super) fn drawn(underway: &Underway) -> Vec<u8> {
    match underway {
        Underway::Worker(progress) => tallest(&progress.amplitudes),
        Underway::Nobody | Underway::Again { .. } => Vec::new(),
    }
}

/// The steps with their glyphs, where one of them is being done.
pub(super) fn steps(player: &Player, playing: &Playing) -> Vec<Step> {
    let now = STEPS.iter().position(|(step, _)| *step == playing.step).unwrap_or(0);
    let is_running = matches!(player.production.state, State::Working { .. } | State::Publishing { .. });
    STEPS
        .iter()
        .enumerate()
        .map(|(at, (_, name))| {
            let look = match at.cmp(&now) {
                std::cmp::Ordering::Less => Look::Ready,
                std::cmp::Ordering::Equal if is_running => Look::Making,
                _ => Look::Waiting,
            };
            let name = match (look, *name) {
                (Look::Ready, "Fetching the article") => "Article fetched",
                (Look::Ready, "Writing the script") => "Script written",
                (_, name) => name,
            };
            Step { look, name }
        })
        .collect()
}

/// Which paragraph is spoken, out of a job's own words: `speaking 3 of 5`.
fn spoken(stage: &str) -> Option<(usize, usize)> {
    let (number, of) = stage.strip_prefix("speaking ")?.split_once(" of ")?;
    Some((number.parse().ok()?, of.parse().ok()?))
}

/// How long it takes still, by how long it took so far.
fn left(fraction: f64, begun: Time, now: Time) -> String {
    let took = now.since(begun).as_secs_f64();
    let done = fraction - SCRIPT_WRITTEN;
    if took < 2.0 || done < ENOUGH {
        return String::new();
    }
    format!("About {} left.", about(Duration::from_secs_f64(took / done * (1.0 - fraction))))
}

/// Some time, in steps of five seconds or in minutes.
fn about(time: Duration) -> String {
    let seconds = time.as_secs_f64().ceil() as u64;
    if seconds < 60 {
        counted(seconds.div_ceil(5).max(1) * 5, "second")
    } else {
        counted(seconds.div_ceil(60), "minute")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_rounded_and_never_guessed_too_early() {
        let now = Time::from_ms(100_000);
        let ago = |ms: i64| Time::from_ms(100_000 - ms);
        assert_eq!(left(0.055, ago(10_000), now), "");
        assert_eq!(left(0.5, ago(1_000), now), "");
        assert_eq!(left(0.5, ago(9_000), now), "About 10 seconds left.");
        assert_eq!(left(0.1, ago(20_000), now), "");
        assert_eq!(left(0.2, ago(20_000), now), "About 2 minutes left.");
    }

    #[test]
    fn what_is_tried_again_says_when() {
        let player = super::super::tests::waiting();
        let sentence = |again: Option<i64>| {
            let now = player.production.changed;
            let why = "News.example cannot be reached.".to_owned();
            let again =
                again.map_or(Underway::Nobody, |ms| Underway::Again { at: Time::from_ms(now.as_ms() + ms), why });
            said(&player.narration, &player.production, &again, now).sentence
        };
        assert_eq!(sentence(None), "Waiting for its turn.");
        assert_eq!(sentence(Some(0)), "Waiting for its turn.");
        assert_eq!(sentence(Some(18_200)), "News.example cannot be reached. It is tried again in 20 seconds.");
        assert_eq!(sentence(Some(300_000)), "News.example cannot be reached. It is tried again in 5 minutes.");
    }

    #[test]
    fn the_paragraph_is_read_out_of_what_the_worker_says() {
        assert_eq!(spoken("speaking 3 of 5"), Some((3, 5)));
        for other in ["speaking", "fetching", "speaking x of y", ""] {
            assert_eq!(spoken(other), None);
        }
    }
}
