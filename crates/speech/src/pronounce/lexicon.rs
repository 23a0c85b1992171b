//! Words that a publication wants said in its own way.
//!
//! What belongs here: the list, and the two ways of writing a pronunciation down. Who may change it is no matter of this crate.

use std::collections::BTreeMap;

use crate::SpeechError;

/// Words in one lexicon, at the most.
const MOST_WORDS: usize = 10_000;

/// Length of a word and of a pronunciation, in characters.
const LONGEST: usize = 100;

/// Letters and marks of IPA that occur in English and its neighbours, as espeak-ng writes them.
const IPA: &str = "abdefhijklmnopqrstuvwxyzæçðøħŋœɐɑɒɔəɚɛɜɝɡɣɪɫɬɭɲɹɾʁʃʊʌʍʎʒʔʝθχᵻˈˌː̃";

/// Pronunciations by word. Upper and lower case are one word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lexicon {
    words: BTreeMap<String, Pronunciation>,
}

/// How a word is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pronunciation {
    /// Phonemes, in IPA.
    Ipa(String),
    /// Parts that are read as English words or by rules; a part in capitals is stressed.
    Respelling(Vec<String>),
}

impl Lexicon {
    /// Says how a word is said: phonemes between strokes, `/nwˈɛn/`, or a spelling that anybody would read in the right way, `new-YEN`,
    /// with hyphens between syllables and the stressed one in capitals.
    pub fn set(&mut self, word: &str, pronunciation: &str) -> Result<(), SpeechError> {
        let error = |reason: &str| SpeechError::Pronunciation {
            word: word.chars().take(LONGEST).collect(),
            reason: reason.to_owned(),
        };
        if [word, pronunciation].iter().any(|text| text.chars().count() > LONGEST) {
            return Err(error("it is longer than 100 characters"));
        }
        if word.is_empty() || !word.chars().all(|letter| letter.is_alphabetic() || matches!(letter, '\'' | '’')) {
            return Err(error("it is for one word at a time, of letters only"));
        }
        if self.words.len() >= MOST_WORDS && !self.words.contains_key(&key(word)) {
            return Err(SpeechError::Limit {
                what: "The number of pronunciations",
                found: self.words.len() as u64 + 1,
                limit: MOST_WORDS as u64,
            });
        }
        let pronunciation = if let Some(ipa) = pronunciation.strip_prefix('/') {
            // Some write a g, an r and an apostrophe where IPA has letters of its own.
            let ipa: String =
                ipa.strip_suffix('/').unwrap_or(ipa).replace('g', "ɡ").replace('\'', "ˈ").replace('.', "");
            if let Some(unknown) = ipa.chars().find(|&letter| !IPA.contains(letter)) {
                return Err(error(&format!("“{}” is no letter of IPA that the voices know", unknown.escape_debug())));
            }
            if !super::letters::has_vowel(&ipa) {
                return Err(error("it has no vowel"));
            }
            Pronunciation::Ipa(ipa)
        } else {
            let parts: Vec<String> =
                pronunciation.split(['-', ' ']).filter(|part| !part.is_empty()).map(str::to_owned).collect();
            if parts.is_empty()
                || !parts.iter().all(|part| part.chars().all(|letter| letter.is_alphabetic() || letter == '\''))
            {
                return Err(error("it is neither phonemes between strokes nor a spelling in letters and hyphens"));
            }
            Pronunciation::Respelling(parts)
        };
        self.words.insert(key(word), pronunciation);
        Ok(())
    }

    /// How a word is said, if it is listed.
    pub fn find(&self, word: &str) -> Option<&Pronunciation> {
        if self.words.is_empty() { None } else { self.words.get(&key(word)) }
    }

    /// Words and pronunciations, in the order of the alphabet: what a cache has to know.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Pronunciation)> {
        self.words.iter().map(|(word, pronunciation)| (word.as_str(), pronunciation))
    }
}

fn key(word: &str) -> String {
    word.to_lowercase().replace('’', "'")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    #[test]
    fn both_ways_of_writing_are_read() {
        let mut lexicon = Lexicon::default();
        lexicon.set("Nguyen", "/nwˈɛn/").unwrap();
        lexicon.set("Gruyère", "groo-YAIR").unwrap();
        assert_eq!(lexicon.find("NGUYEN"), Some(&Pronunciation::Ipa("nwˈɛn".to_owned())));
        assert_eq!(
            lexicon.find("gruyère"),
            Some(&Pronunciation::Respelling(vec!["groo".to_owned(), "YAIR".to_owned()]))
        );
        assert_eq!(lexicon.find("cheese"), None);
    }

    #[test]
    fn what_says_nothing_is_refused() {
        let mut lexicon = Lexicon::default();
        for (word, pronunciation) in [
            ("", "x"),
            ("two words", "x"),
            ("word", ""),
            ("word", "//"),
            ("word", "/☃/"),
            ("word", "/tk/"),
            ("word", "a1"),
            ("word", "---"),
        ] {
            assert!(
                matches!(lexicon.set(word, pronunciation), Err(SpeechError::Pronunciation { .. })),
                "{word} {pronunciation}"
            );
        }
        assert!(lexicon.set("word", &"a".repeat(101)).is_err());
    }
}
