//! A voice: what every engine that turns sentences into sound has in common.
//!
//! What belongs here: the trait, and what is known about a voice. The neural voice of this house is in `piper`; voices that are
//! reached over a network or are programs of their own live with whoever may reach them.

use std::ops::Range;

use crate::SpeechError;
use crate::pronounce::Lexicon;
use crate::spoken::{Sentence, sentences};

/// Something that speaks.
pub trait Voice: Send + Sync {
    /// What is known about it.
    fn about(&self) -> &About;

    /// A segment's text as sentences that this voice can say: as they are written, or read as plain words where it knows nothing else.
    fn sentences(&self, text: &str) -> Vec<Sentence> {
        sentences(text)
    }

    /// Says one sentence. The same sentence, manner and voice give the same samples, whatever was said before.
    fn say(&self, sentence: &Sentence, manner: &Manner<'_>) -> Result<Said, SpeechError>;
}

/// What is known about a voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its name: "en_US-joe-medium".
    pub name: String,
    /// The language it speaks, as BCP 47 writes it: "en-US".
    pub language: String,
    /// Samples a second of what it says, 8 000 to 48 000. One channel.
    pub rate: u32,
    /// What its makers say of it, its licence for one; empty if they say nothing.
    pub card: String,
    /// Changes whenever the voice would say something in another way: a digest of its network and of the engine's version.
    pub identity: String,
}

impl About {
    /// The licence that its makers name: what follows "License:" in their words about it.
    pub fn licence(&self) -> Option<&str> {
        self.card.lines().find_map(|line| {
            let line = line.trim_start_matches(['*', '-', ' ']);
            let (name, licence) = line.split_once(':')?;
            matches!(name.to_ascii_lowercase().as_str(), "license" | "licence").then_some(licence.trim())
        })
    }
}

/// Asked now and then while something is said: whether to leave off, since nobody waits for it any more.
pub type IsOver<'a> = &'a (dyn Fn() -> bool + Sync);

/// What is said to its end.
pub const NEVER_OVER: IsOver<'static> = &|| false;

/// How something is said.
#[derive(Clone, Copy)]
pub struct Manner<'a> {
    /// How fast: 1 as the voice was made, 2 twice as fast. Voices take what lies between 0.5 and 2.
    pub pace: f32,
    /// Words that are said otherwise than the voice would.
    pub lexicon: &'a Lexicon,
    /// For voices that may take long, since they wait for others: [`SpeechError::Cancelled`] soon after this says so.
    pub is_over: IsOver<'a>,
}

impl<'a> Manner<'a> {
    /// As the voice was made, to the end.
    pub fn plain(lexicon: &'a Lexicon) -> Self {
        Self { pace: 1.0, lexicon, is_over: NEVER_OVER }
    }
}

/// A sentence, said.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The sound, full scale ±1.
    pub samples: Vec<f32>,
    /// Where each word of the sentence is in it, in samples; as many as the sentence has words, in order, not overlapping.
    pub words: Vec<Range<usize>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_licence_is_found_in_the_card() {
        let about = |card: &str| About {
            name: String::new(),
            language: String::new(),
            rate: 0,
            card: card.to_owned(),
            identity: String::new(),
        };
        assert_eq!(
            about("# Model card\n\n## Dataset\n\n* URL: https://example.com\n* License: CC0\n").licence(),
            Some("CC0")
        );
        assert_eq!(about("Licence: by agreement").licence(), Some("by agreement"));
        assert_eq!(about("nothing").licence(), None);
    }
}
