//! Sentences that were said before, in an earlier wording of their segment: who changes one sentence has one said anew.

use std::collections::HashMap;
use std::ops::Range;

use speech::SpeechError;
use speech::spoken::Sentence;
use speech::voice::{About, Manner, Said, Voice};

use super::recording::{Rendering, Word};

/// A voice that remembers some sentences. They have to be said in the manner in which it is asked now.
pub(super) struct Remembering<'v> {
    voice: &'v dyn Voice,
    known: HashMap<String, Said>,
}

impl<'v> Remembering<'v> {
    pub(super) fn new(voice: &'v dyn Voice) -> Self {
        Self { voice, known: HashMap::new() }
    }

    /// Takes the sentences of a text from its sound. What does not fit is not taken.
    pub(super) fn learn(&mut self, text: &str, rendering: &Rendering) {
        let sentences = self.voice.sentences(text);
        if sentences.len() != rendering.sentences.len() {
            return;
        }
        for (index, (sentence, place)) in sentences.iter().zip(&rendering.sentences).enumerate() {
            let end = rendering.sentences.get(index + 1).map_or(rendering.words.len(), |next| next.word);
            let words = rendering.words.get(place.word..end).unwrap_or_default();
            let heard = place.heard.start as usize..place.heard.end as usize;
            let samples = rendering.samples.get(heard).unwrap_or_default();
            if let Some(words) = places(sentence, words, &place.heard) {
                let samples = samples.iter().map(|sample| f32::from(*sample) / 32_767.0).collect();
                self.known.insert(name(sentence), Said { samples, words });
            }
        }
    }
}

impl Voice for Remembering<'_> {
    fn about(&self) -> &About {
        self.voice.about()
    }

    fn sentences(&self, text: &str) -> Vec<Sentence> {
        self.voice.sentences(text)
    }

    fn say(&self, sentence: &Sentence, manner: &Manner<'_>) -> Result<Said, SpeechError> {
        match self.known.get(&name(sentence)) {
            Some(said) => Ok(said.clone()),
            None => self.voice.say(sentence, manner),
        }
    }
}

/// What two sentences have in common that sound and are lit the same: their words, and which of them stand for one thing.
fn name(sentence: &Sentence) -> String {
    let words = &sentence.words;
    let together =
        words.iter().zip(words.iter().skip(1)).map(|(one, next)| if one.source == next.source { '+' } else { '|' });
    std::iter::once(sentence.text.as_str().to_owned()).chain(together.map(String::from)).collect()
}

/// Where each word of a sentence is in its sound, of which it is known where the pieces of text are that they stand for.
fn places(sentence: &Sentence, lit: &[Word], heard: &Range<u64>) -> Option<Vec<Range<usize>>> {
    let mut lit = lit.iter().peekable();
    let mut places = Vec::with_capacity(sentence.words.len());
    for (index, word) in sentence.words.iter().enumerate() {
        let goes_on = index > 0 && sentence.words[index - 1].source == word.source;
        if index > 0 && !goes_on {
            lit.next();
        }
        // A voice may say no word's moment but that of the first, which is the sentence's then.
        let Some(at) = lit.peek() else { return if places.len() == 1 { Some(places) } else { None } };
        if at.source != word.source || at.heard.start < heard.start || at.heard.end > heard.end {
            return None;
        }
        places.push((at.heard.start - heard.start) as usize..(at.heard.end - heard.start) as usize);
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use std::sync::Mutex;

    use speech::Settings;
    use speech::script::{Kind, Segment};
    use speech::speak::render;
    use speech::voice::NEVER_OVER;

    use super::*;

    /// Says each byte as ten samples, and notes what it said. One that is `dim` knows when sentences begin, and no word's moment.
    struct Noting {
        about: About,
        is_dim: bool,
        said: Mutex<Vec<String>>,
    }

    impl Noting {
        fn new(is_dim: bool) -> Self {
            let text = String::new;
            let about = About { name: text(), language: text(), rate: 1_000, card: text(), identity: text() };
            Self { about, is_dim, said: Mutex::default() }
        }
    }

    impl Voice for Noting {
        fn about(&self) -> &About {
            &self.about
        }

        fn say(&self, sentence: &Sentence, _: &Manner<'_>) -> Result<Said, SpeechError> {
            self.said.lock().unwrap().push(sentence.text.clone());
            let bytes = sentence.text.bytes();
            let samples: Vec<f32> = bytes.flat_map(|byte| std::iter::repeat_n(f32::from(byte) / 256.0, 10)).collect();
            let words = sentence.words.iter().map(|word| word.said.start * 10..word.said.end * 10);
            let words = if self.is_dim { std::iter::once(0..samples.len()).collect() } else { words.collect() };
            Ok(Said { samples, words })
        }
    }

    fn spoken(voice: &dyn Voice, text: &str) -> Rendering {
        let segments = [Segment { kind: Kind::Paragraph, text: text.to_owned() }];
        let mut rendering = Rendering::default();
        render(&segments, voice, &Settings::default(), NEVER_OVER, &mut |piece| {
            rendering.add(&piece);
            Ok(())
        })
        .unwrap();
        rendering
    }

    #[test]
    fn only_what_is_new_is_said() {
        let before = "It cost $1.5bn. That is much. A third one follows, at 10:30.";
        for is_dim in [false, true] {
            for (after, new) in [
                ("It cost $1.5bn. That is little. A third one follows, at 10:30.", &["That is little."][..]),
                // Moved, doubled, without the last.
                ("That is much. It cost $1.5bn. That is much.", &[]),
                // The same words, and others that are lit together.
                ("It cost one point five billion dollars.", &["It cost one point five billion dollars."]),
                ("", &[]),
            ] {
                let voice = Noting::new(is_dim);
                let earlier = spoken(&voice, before);
                let mut remembering = Remembering::new(&voice);
                remembering.learn(before, &earlier);
                voice.said.lock().unwrap().clear();
                let found = spoken(&remembering, after);
                assert_eq!(*voice.said.lock().unwrap(), new, "{after}");
                // It sounds, and is lit, as if all of it were said anew.
                assert_eq!(found, spoken(&Noting::new(is_dim), after), "{after}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_not_taken() {
        let voice = Noting::new(false);
        let earlier = spoken(&voice, "One two. Three four.");
        for text in ["One two.", "One two three. Four.", "Ones two. Three four.", ""] {
            let mut remembering = Remembering::new(&voice);
            remembering.learn(text, &earlier);
            let known: Vec<_> = remembering.known.keys().collect();
            assert!(known.iter().all(|name| name.starts_with("Three four.")), "{text}: {known:?}");
        }
        let mut damaged = earlier.clone();
        damaged.sentences[1].word = 9;
        let mut remembering = Remembering::new(&voice);
        remembering.learn("One two. Three four.", &damaged);
        assert!(remembering.known.is_empty(), "{:?}", remembering.known.keys());
    }
}
