//! Where a production is, for people: a glyph of two plates and a post, a word beside it, a sentence below.

use model::production::{Stage, State};

macro_rules! glyph {
    ($inner:literal) => {
        concat!("<svg class=\"g\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">", $inner, "</svg>")
    };
}

/// The glyphs. Shape alone tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// The post lies ready at the foot.
    Waiting,
    /// It rises.
    Making,
    /// Hollow: it waits for a person.
    NeedsYou,
    /// It stands.
    Ready,
    /// It has fallen.
    Fallen,
}

/// A state in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// Its glyph.
    pub(crate) look: Look,
    /// The word beside the glyph.
    pub(crate) word: &'static str,
    /// What is going on and what comes next.
    pub(crate) sentence: &'static str,
}

/// A step of the way, for the list under the growing waveform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Done, under way or to come.
    pub(crate) look: Look,
    /// What it is called.
    pub(crate) name: &'static str,
}

impl Look {
    /// The style of the glyph and its word.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Waiting => "wait",
            Self::Making => "run",
            Self::NeedsYou => "you",
            Self::Ready => "ready",
            Self::Fallen => "bad",
        }
    }

    /// The glyph as markup. It is decoration: a word stands beside it.
    pub(crate) fn svg(self) -> &'static str {
        match self {
            Self::Waiting => glyph!("<path d=\"M2 2.5h12M2 13.5h12\"/><path class=\"post\" d=\"M9.5 11.4v.01\"/>"),
            Self::Making => glyph!("<path d=\"M2 2.5h12M2 13.5h12\"/><path class=\"post live\" d=\"M9.5 11.5V6\"/>"),
            Self::NeedsYou => {
                glyph!(
                    "<path d=\"M2 2.5h12M2 13.5h12\"/><rect x=\"7.6\" y=\"4.2\" width=\"3.8\" height=\"7.6\" rx=\"1.2\"/>"
                )
            }
            Self::Ready => glyph!("<path d=\"M2 2.5h12M2 13.5h12\"/><path class=\"post\" d=\"M9.5 4.5v7\"/>"),
            Self::Fallen => glyph!("<path d=\"M2 2.5h12M2 13.5h12\"/><path class=\"post\" d=\"M4.4 10.6 11.2 6\"/>"),
        }
    }
}

/// Says where a production is. `has_input` is whether it has a recording to start with.
pub(crate) fn told(state: &State, has_input: bool) -> Told {
    let told = |look, word, sentence| Told { look, word, sentence };
    match state {
        State::Idle if has_input => {
            told(Look::Waiting, "Not started", "The recording is here. Start it when you like.")
        }
        State::Idle => told(Look::Waiting, "Not started", "It has no recording yet, so there is nothing to start."),
        State::Waiting => told(Look::Waiting, "Waiting", "It begins as soon as a worker is free."),
        State::Working { stage } => match stage {
            Stage::Fetching => told(Look::Making, "Fetching", "The recording is on its way here."),
            Stage::Speaking => told(Look::Making, "Speaking", "The article is read aloud."),
            Stage::Processing => told(Look::Making, "Mastering", "The recording is measured first, then mastered."),
            Stage::Encoding => {
                told(Look::Making, "Encoding", "Files are written, then decoded again and measured to be sure.")
            }
        },
        State::Publishing { .. } => {
            told(Look::Making, "Publishing", "It is made, and its files are on their way to where they go.")
        }
        State::Stopping => {
            told(Look::Making, "Stopping", "It stops at the next safe place. Nothing half made is kept.")
        }
        State::Failed { .. } => told(Look::Fallen, "Did not work", ""),
        State::Done { in_review: true, .. } => {
            told(Look::NeedsYou, "Waiting for review", "It is mastered. Listen to it, then publish it.")
        }
        State::Done { .. } => told(Look::Ready, "Ready", ""),
        State::Outdated { .. } => told(
            Look::NeedsYou,
            "Changed since",
            "Its settings were changed after this was made. Start it again to hear what they do.",
        ),
    }
}

/// The way that a production goes, and how far it is. `fetches` and `publishes` say which ends the way has.
pub(crate) fn steps(state: &State, fetches: bool, publishes: bool) -> Vec<Step> {
    let now = match state {
        State::Working { stage: Stage::Fetching } => Some(0),
        State::Working { stage: Stage::Speaking | Stage::Processing } => Some(1),
        State::Working { stage: Stage::Encoding } => Some(2),
        State::Publishing { .. } => Some(3),
        _ => None,
    };
    let names =
        [("Fetching", fetches), ("Mastering", true), ("Encoding and checking", true), ("Publishing", publishes)];
    (0..)
        .zip(names)
        .filter(|(step, (_, is_part))| *is_part || now == Some(*step))
        .map(|(step, (name, _))| {
            let look = match now.map(|now: i32| step.cmp(&now)) {
                Some(std::cmp::Ordering::Less) => Look::Ready,
                Some(std::cmp::Ordering::Equal) => Look::Making,
                _ => Look::Waiting,
            };
            Step { look, name }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lie_behind_here_and_ahead() {
        let looks = |state: &State| steps(state, false, true).iter().map(|step| step.look).collect::<Vec<_>>();
        let working = |stage| State::Working { stage };
        assert_eq!(looks(&State::Waiting), [Look::Waiting; 3]);
        assert_eq!(looks(&working(Stage::Encoding)), [Look::Ready, Look::Making, Look::Waiting]);
        assert_eq!(looks(&working(Stage::Fetching)), [Look::Making, Look::Waiting, Look::Waiting, Look::Waiting]);
    }

    #[test]
    fn every_state_has_a_word_of_its_own() {
        let states = [
            State::Idle,
            State::Waiting,
            State::Working { stage: Stage::Processing },
            State::Stopping,
            State::Failed { reason: "r".into(), stage: None },
            State::Done { made: Box::default(), in_review: false },
            State::Done { made: Box::default(), in_review: true },
            State::Outdated { made: Box::default() },
        ];
        let words: std::collections::BTreeSet<_> = states.iter().map(|state| told(state, true).word).collect();
        assert_eq!(words.len(), states.len());
    }
}
