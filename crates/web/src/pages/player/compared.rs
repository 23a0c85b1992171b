//! What changed in a script since what is heard was read.

use model::narration::{Heard, Script, Segment};

use super::super::words::counted;

/// Words that are read in a second of speech, about.
const WORDS_A_SECOND: f64 = 2.5;

/// What a second of speech takes to render, about, in seconds.
const COST: f64 = 0.12;

/// What else it takes: mastering, files.
const BESIDE: u64 = 2;

/// A script as it is now, beside the one that is heard.
#[derive(Clone, Copy)]
pub(super) struct Compared<'a> {
    pub(super) now: &'a Script,
    /// The script as it was read, where it is known still.
    pub(super) read: Option<&'a Script>,
    pub(super) heard: &'a Heard,
    /// Whether this is what was rendered last, so that it only has to be published.
    pub(super) is_rendered: bool,
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

impl Compared<'_> {
    pub(super) fn of(&self, segment: &Segment) -> Difference {
        let Some(read) = self.read else {
            let heard = self.heard.segments.iter().find(|heard| heard.id == segment.id);
            return match heard {
                Some(heard) if heard.text == segment.text => Difference::None,
                _ => Difference::Sound,
            };
        };
        let reader = |script: &Script, segment: &Segment| segment.voice.clone().or_else(|| script.voice.clone());
        match read.segments.iter().find(|read| read.id == segment.id) {
            Some(before) if before.text == segment.text && reader(read, before) == reader(self.now, segment) => {
                if before.pause_ms == segment.pause_ms {
                    Difference::None
                } else {
                    Difference::Pause
                }
            }
            _ => Difference::Sound,
        }
    }

    /// Whether what was read stands in another order, or is not all there.
    fn is_rearranged(&self) -> bool {
        let before: Vec<u32> = match self.read {
            Some(read) => read.segments.iter().map(|segment| segment.id).collect(),
            None => self.heard.segments.iter().map(|segment| segment.id).collect(),
        };
        let kept = self.now.segments.iter().map(|segment| segment.id).filter(|id| before.contains(id));
        !kept.eq(before.iter().copied())
    }

    /// What changed and what it takes to render it, in sentences; nothing where nothing changed, or nothing is heard.
    pub(super) fn sentence(&self) -> String {
        if self.heard.segments.is_empty() {
            return String::new();
        }
        let (mut sounds, mut pauses, mut words) = (0, 0, 0);
        for segment in &self.now.segments {
            match self.of(segment) {
                Difference::None => {}
                Difference::Pause => pauses += 1,
                Difference::Sound => {
                    sounds += 1;
                    words += segment.text.split_whitespace().count();
                }
            }
        }
        let mut changes = Vec::new();
        if sounds > 0 {
            changes.push(format!("{} changed", counted(sounds, "segment")));
        }
        if pauses > 0 {
            changes.push(format!("{} changed", counted(pauses, "pause")));
        }
        if self.is_rearranged() {
            changes.push("something was moved or removed".to_owned());
        }
        if changes.is_empty() {
            return String::new();
        }
        if self.is_rendered {
            return format!("Since it was published: {}.", changes.join(", "));
        }
        let seconds = (words as f64 / WORDS_A_SECOND * COST).ceil() as u64 + BESIDE;
        format!("Since it was published: {}. Rendering takes about {}.", changes.join(", "), counted(seconds, "second"))
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
            ms: 0..1,
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
            let compared = Compared { now: &now, read: Some(&read), heard: &heard, is_rendered: false };
            let sentence = compared.sentence();
            assert!(
                sentence.starts_with(&format!("Since it was published: {seen}. Rendering takes about ")),
                "{change:?}: {sentence}"
            );
            let rendered = Compared { is_rendered: true, ..compared }.sentence();
            assert_eq!(rendered, format!("Since it was published: {seen}."));
            if let Some((id, difference)) = marked {
                let segment = now.segments.iter().find(|segment| segment.id == id).unwrap();
                assert_eq!(compared.of(segment), difference, "{change:?}");
            }
        }
    }

    #[test]
    fn what_is_as_it_is_heard_says_nothing() {
        let (now, heard) = (script(), heard());
        for read in [Some(&now), None] {
            assert_eq!(Compared { now: &now, read, heard: &heard, is_rendered: false }.sentence(), "");
        }
        // Where the script is not known any more that was read, the words that are heard tell.
        let mut other = script();
        other.change(Change::Text(1, "Uno.".to_owned())).unwrap();
        let compared = Compared { now: &other, read: None, heard: &heard, is_rendered: false };
        assert_eq!(
            (compared.of(&other.segments[0]), compared.of(&other.segments[1])),
            (Difference::Sound, Difference::None)
        );
        assert_eq!(Compared { now: &other, read: None, heard: &Heard::default(), is_rendered: false }.sentence(), "");
    }
}
