//! What changed in a script since what is heard was read.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use model::narration::{Heard, Script, Segment};

use super::super::words::counted;

/// Words that are read in a second of speech, about.
const WORDS_A_SECOND: f64 = 2.5;

/// What a second of speech takes to be read, about, in seconds: on two cores 0.023 were measured.
const TO_READ: f64 = 0.03;

/// What a second takes to be mastered and written in all formats, about, in seconds.
const TO_MASTER: f64 = 0.005;

/// How a script as it is now differs from the one that is heard.
pub(super) struct Compared {
    differences: HashMap<u32, Difference>,
    /// Whether what was read stands in another order, or is not all there.
    is_rearranged: bool,
    sounds: u64,
    pauses: u64,
    /// Words of what sounds otherwise.
    words: usize,
    /// How long that is which is heard.
    heard: Duration,
}

/// How a segment differs from what is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// It does not.
    None,
    /// It sounds the same, with another pause after it.
    Pause,
    /// It is not heard yet, has another text, or is read by somebody else.
    Sound,
}

impl Compared {
    /// Looks at both. `read` is the script as it was read, where it is known still; otherwise the words that are heard tell.
    pub(super) fn new(now: &Script, read: Option<&Script>, heard: &Heard) -> Self {
        let before: Vec<u32> = match read {
            Some(read) => read.segments.iter().map(|segment| segment.id).collect(),
            None => heard.segments.iter().map(|segment| segment.id).collect(),
        };
        let known: HashSet<u32> = before.iter().copied().collect();
        let kept = now.segments.iter().map(|segment| segment.id).filter(|id| known.contains(id));
        let mut compared = Self {
            differences: HashMap::with_capacity(now.segments.len()),
            is_rearranged: !kept.eq(before),
            sounds: 0,
            pauses: 0,
            words: 0,
            heard: Duration::from_millis(heard.segments.last().map_or(0, |last| last.ms.end)),
        };
        let of_read =
            read.map(|read| (read, read.segments.iter().map(|read| (read.id, read)).collect::<HashMap<_, _>>()));
        let of_heard: HashMap<_, _> = heard.segments.iter().map(|heard| (heard.id, &heard.text)).collect();
        for segment in &now.segments {
            let difference = match &of_read {
                Some((read, segments)) => match segments.get(&segment.id) {
                    Some(before) => between((read, before), (now, segment)),
                    None => Difference::Sound,
                },
                None => match of_heard.get(&segment.id) {
                    Some(heard) if **heard == segment.text => Difference::None,
                    _ => Difference::Sound,
                },
            };
            match difference {
                Difference::None => {}
                Difference::Pause => compared.pauses += 1,
                Difference::Sound => {
                    compared.sounds += 1;
                    compared.words += segment.text.split_whitespace().count();
                }
            }
            compared.differences.insert(segment.id, difference);
        }
        compared
    }

    /// How a segment of the script differs.
    pub(super) fn of(&self, id: u32) -> Difference {
        self.differences.get(&id).copied().unwrap_or(Difference::Sound)
    }

    /// What changed and what it takes to render it, in sentences; nothing where nothing changed, or nothing is heard. What is rendered already only
    /// has to be published.
    pub(super) fn sentence(&self, is_rendered: bool) -> String {
        if self.heard.is_zero() {
            return String::new();
        }
        let mut changes = Vec::new();
        if self.sounds > 0 {
            changes.push(format!("{} changed", counted(self.sounds, "segment")));
        }
        if self.pauses > 0 {
            changes.push(format!("{} changed", counted(self.pauses, "pause")));
        }
        if self.is_rearranged {
            changes.push("something was moved or removed".to_owned());
        }
        if changes.is_empty() {
            return String::new();
        }
        let changes = changes.join(", ");
        if is_rendered {
            return format!("Since it was published: {changes}.");
        }
        let seconds = self.words as f64 / WORDS_A_SECOND * TO_READ + self.heard.as_secs_f64() * TO_MASTER;
        let seconds = counted(seconds.ceil() as u64, "second");
        format!("Since it was published: {changes}. Rendering takes about {seconds}.")
    }
}

/// How a segment of one script differs from the same of another.
fn between((read, before): (&Script, &Segment), (now, segment): (&Script, &Segment)) -> Difference {
    let reader = |script: &Script, segment: &Segment| segment.voice.clone().or_else(|| script.voice.clone());
    if before.text != segment.text || reader(read, before) != reader(now, segment) {
        Difference::Sound
    } else if before.pause_ms != segment.pause_ms {
        Difference::Pause
    } else {
        Difference::None
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use model::article::Kind;
    use model::narration::{Change, HeardSegment};

    use super::*;

    fn script() -> Script {
        Script::of(["One.", "Two words.", "Three."].map(|text| (Kind::Paragraph, text.to_owned())), None)
    }

    fn heard() -> Heard {
        let segments = script().segments.into_iter().map(|segment| HeardSegment {
            id: segment.id,
            kind: segment.kind,
            text: segment.text,
            ms: 0..60_000,
            words: Vec::new(),
        });
        Heard { segments: segments.collect(), ..Heard::default() }
    }

    #[test]
    fn every_change_is_seen() {
        let (read, heard) = (script(), heard());
        let joe = || Some("en_US-joe-medium".to_owned());
        for (change, seen, marked) in [
            (Change::Text(2, "Deux mots.".to_owned()), "1 segment changed", Some((2, Difference::Sound))),
            (Change::Voice(1, joe()), "1 segment changed", Some((1, Difference::Sound))),
            (Change::Reader(joe()), "3 segments changed", Some((3, Difference::Sound))),
            (Change::Pause(1, Some(900)), "1 pause changed", Some((1, Difference::Pause))),
            (Change::Insert(None, "New.".to_owned()), "1 segment changed", Some((4, Difference::Sound))),
            (Change::Move(3, None), "something was moved or removed", None),
            (Change::Remove(3), "something was moved or removed", None),
        ] {
            let mut now = script();
            now.change(change.clone()).unwrap();
            let compared = Compared::new(&now, Some(&read), &heard);
            let sentence = compared.sentence(false);
            assert!(
                sentence.starts_with(&format!("Since it was published: {seen}. Rendering takes about ")),
                "{change:?}: {sentence}"
            );
            assert_eq!(compared.sentence(true), format!("Since it was published: {seen}."));
            if let Some((id, difference)) = marked {
                assert_eq!(compared.of(id), difference, "{change:?}");
            }
        }
    }

    #[test]
    fn what_is_as_it_is_heard_says_nothing() {
        let (now, heard) = (script(), heard());
        for read in [Some(&now), None] {
            assert_eq!(Compared::new(&now, read, &heard).sentence(false), "");
        }
        // Where the script is not known any more that was read, the words that are heard tell.
        let mut other = script();
        other.change(Change::Text(1, "Uno.".to_owned())).unwrap();
        let compared = Compared::new(&other, None, &heard);
        assert_eq!((compared.of(1), compared.of(2)), (Difference::Sound, Difference::None));
        assert_eq!(Compared::new(&other, None, &Heard::default()).sentence(false), "");
    }
}
