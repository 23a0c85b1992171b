//! What is heard when, written for the player: JSON for its page, and WebVTT for whoever reads along elsewhere.

use std::fmt::Write;

use model::narration::{Heard, HeardSegment, HeardWord, Segment};

use super::recording::Word;

/// Milliseconds of a caption, after which the next begins.
const LONGEST_CUE_MS: u64 = 6_000;

/// Notes segments as they are written into the recording.
pub(super) struct Notes {
    rate: u64,
    segments: Vec<HeardSegment>,
}

impl Notes {
    pub(super) fn new(rate: u32) -> Self {
        Self { rate: u64::from(rate.max(1)), segments: Vec::new() }
    }

    /// A segment is heard between two positions of the recording, in samples; its words count from its own beginning.
    pub(super) fn add(&mut self, segment: &Segment, start: u64, end: u64, words: &[Word]) {
        let ms = |samples: u64| (samples * 1_000 + self.rate / 2) / self.rate;
        let words = words.iter().map(|word| HeardWord {
            text: word.source.clone(),
            ms: ms(start + word.heard.start)..ms(start + word.heard.end),
            begins: word.begins,
        });
        let heard = HeardSegment {
            id: segment.id,
            kind: segment.kind,
            text: segment.text.clone(),
            ms: ms(start)..ms(end),
            words: words.collect(),
        };
        self.segments.push(heard);
    }

    pub(super) fn heard(self) -> Heard {
        Heard { segments: self.segments, ..Heard::default() }
    }
}

/// What is heard when, as JSON for the player's page.
pub fn json(heard: &Heard) -> String {
    // Numbers and texts only.
    serde_json::to_string(heard).unwrap_or_default()
}

/// Captions of a few words each, W3C WebVTT.
pub fn vtt(heard: &Heard) -> String {
    let mut text = "WEBVTT\n".to_owned();
    for segment in &heard.segments {
        let mut words = segment.words.iter().peekable();
        while let Some(first) = words.next() {
            let mut last = first;
            while let Some(next) = words.next_if(|next| next.ms.end - first.ms.start.min(next.ms.end) <= LONGEST_CUE_MS)
            {
                last = next;
            }
            // Up to the next word, so that the marks after the last one are there, too.
            let end = words.peek().map_or(segment.text.len(), |next| next.text.start);
            let said = segment.text.get(first.text.start..end.max(last.text.end)).unwrap_or_default().trim();
            let _ = write!(text, "\n{} --> {}\n", stamp(first.ms.start), stamp(last.ms.end.max(first.ms.start + 1)));
            text += &said.replace('&', "&amp;").replace('<', "&lt;").replace("-->", "--&gt;").replace('\n', " ");
            text.push('\n');
        }
    }
    text
}

fn stamp(ms: u64) -> String {
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}

#[cfg(test)]
mod tests {
    use model::article::Kind;

    use super::*;

    fn heard() -> Heard {
        let mut notes = Notes::new(1_000);
        let segment =
            |id, text: &str| Segment { id, kind: Kind::Paragraph, text: text.to_owned(), voice: None, pause_ms: None };
        let word = |source, heard| Word { source, heard, begins: false };
        notes.add(&segment(1, "A <b> & c."), 0, 900, &[word(0..1, 0..100), word(2..5, 100..500), word(8..9, 600..900)]);
        notes.add(&segment(2, "Long one"), 3_600_000, 3_608_000, &[word(0..4, 0..5_000), word(5..8, 5_000..8_000)]);
        notes.heard()
    }

    #[test]
    fn words_are_heard_in_the_recording() {
        let heard = heard();
        assert_eq!(heard.segments[1].ms, 3_600_000..3_608_000);
        assert_eq!(heard.segments[1].words[1].ms, 3_605_000..3_608_000);
        assert_eq!(serde_json::from_str::<Heard>(&json(&heard)).ok(), Some(heard));
    }

    #[test]
    fn captions_are_short_and_escaped() {
        let expected = "WEBVTT\n\n00:00:00.000 --> 00:00:00.900\nA &lt;b> &amp; c.\n\n01:00:00.000 --> 01:00:05.000\nLong\n\n01:00:05.000 --> 01:00:08.000\none\n";
        assert_eq!(vtt(&heard()), expected);
    }
}
