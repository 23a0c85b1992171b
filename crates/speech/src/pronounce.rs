//! How words are said: a sentence as phonemes, each with the word that it belongs to.
//!
//! What belongs here: the choice between what a publication wants (`Lexicon`), what the dictionary says (misaki, which knows a
//! word's part of speech from the sentence), and rules for words that are in neither (`letters`). Phonemes are written in IPA as
//! espeak-ng writes American English, since that is what Piper's voices were trained on: <https://github.com/espeak-ng/espeak-ng>.
//! Numbers, dates and the like have become words before (`spoken`).

mod letters;
mod lexicon;

use std::sync::{Arc, LazyLock};

use misaki_rs::{G2P, Language};

use crate::spoken::Sentence;
pub use lexicon::{Lexicon, Pronunciation};

/// Knows how English words are said. Opening one takes a tenth of a second and some tens of MB for its dictionaries, so it is
/// shared.
pub struct Pronouncer {
    dictionary: Arc<LazyLock<G2P>>,
}

/// A piece of what is to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// Which word of the sentence it is; `None` for what stands between words.
    pub word: Option<usize>,
    /// IPA, or a space, or a mark that says how the sentence goes on: , . ; : ? !
    pub phonemes: String,
}

impl Pronouncer {
    /// American English. The dictionaries are opened on a thread of their own, so that a voice can be opened meanwhile; who needs them sooner waits.
    pub fn american() -> Self {
        let dictionary: Arc<LazyLock<G2P>> = Arc::new(LazyLock::new(|| G2P::new(Language::EnglishUS)));
        let opened = Arc::clone(&dictionary);
        // Without such a thread they are opened where they are needed first.
        let _ = std::thread::Builder::new().name("dictionary".to_owned()).spawn(move || {
            LazyLock::force(&opened);
        });
        Self { dictionary }
    }

    /// The phonemes of a sentence. Every word has some.
    pub fn pronounce(&self, sentence: &Sentence, lexicon: &Lexicon) -> Vec<Sound> {
        let found = self.look_up(sentence);
        let mut sounds = Vec::with_capacity(sentence.words.len() * 2);
        let mut reached = 0;
        for (index, (word, found)) in sentence.words.iter().zip(found).enumerate() {
            sounds.extend(marks(&sentence.text[reached..word.said.start]));
            let text = &sentence.text[word.said.clone()];
            let phonemes = match self.wanted(text, lexicon) {
                Some(wanted) => wanted,
                None if word.letter => letters::called(text),
                None => found.unwrap_or_else(|| self.by_letters(text)),
            };
            sounds.push(Sound { word: Some(index), phonemes });
            reached = word.said.end;
        }
        sounds.extend(marks(&sentence.text[reached..]));
        sounds
    }

    /// What a publication wants, also for the possessive of one of its words.
    fn wanted(&self, word: &str, lexicon: &Lexicon) -> Option<String> {
        let said = |pronunciation: &Pronunciation| match pronunciation {
            Pronunciation::Ipa(ipa) => ipa.clone(),
            Pronunciation::Respelling(parts) => self.respelled(parts),
        };
        let stem = || word.strip_suffix("'s").and_then(|stem| lexicon.find(stem));
        lexicon.find(word).map(said).or_else(|| Some(letters::append(&said(stem()?), "s")))
    }

    /// What the dictionary says of each word; `None` where it does not know it.
    fn look_up(&self, sentence: &Sentence) -> Vec<Option<String>> {
        let mut found: Vec<Option<String>> = vec![None; sentence.words.len()];
        // Without a fallback of its own, which it has not, the dictionary has no errors.
        let Ok((_, tokens)) = self.dictionary.g2p(&sentence.text) else { return found };
        let mut unknown = vec![false; found.len()];
        let mut reached = 0;
        let mut index = 0;
        for token in tokens {
            // Tokens are pieces of the text in order; one that is not is left out, and its word goes by letters.
            let Some(at) = sentence.text.get(reached..).and_then(|rest| rest.find(&token.text)) else { continue };
            let (start, end) = (reached + at, reached + at + token.text.len());
            reached = end;
            while sentence.words.get(index).is_some_and(|word| word.said.end <= start) {
                index += 1;
            }
            let Some(word) = sentence.words.get(index) else { break };
            if end <= word.said.start {
                continue;
            }
            match token.phonemes.as_deref() {
                // A token that reaches beyond its word would say two words as one.
                Some(phonemes) if end <= word.said.end && !phonemes.contains('❓') => {
                    found[index].get_or_insert_default().push_str(phonemes);
                }
                _ => (index..sentence.words.len())
                    .take_while(|&at| sentence.words[at].said.start < end)
                    .for_each(|at| unknown[at] = true),
            }
        }
        found
            .into_iter()
            .zip(unknown)
            .map(|(phonemes, unknown)| {
                phonemes
                    .filter(|_| !unknown)
                    .map(|phonemes| as_espeak(&phonemes))
                    .filter(|phonemes| letters::has_vowel(phonemes))
            })
            .collect()
    }

    /// A word that the dictionary knows on its own.
    fn known(&self, word: &str) -> Option<String> {
        let (_, tokens) = self.dictionary.g2p(word).ok()?;
        let phonemes: Option<String> = tokens.into_iter().map(|token| token.phonemes).collect();
        phonemes
            .filter(|phonemes| !phonemes.contains('❓'))
            .map(|phonemes| as_espeak(&phonemes))
            .filter(|phonemes| letters::has_vowel(phonemes))
    }

    /// A word that the dictionary does not know: without its ending, if it knows that, or by rules.
    fn by_letters(&self, word: &str) -> String {
        let plain = letters::fold(word);
        if let Some((stem, ending)) = plain.strip_suffix("'s").map(|stem| (stem, "s")) {
            let stem = self.known(stem).unwrap_or_else(|| letters::pronounce(stem));
            return letters::append(&stem, ending);
        }
        if plain != word.to_lowercase() {
            // The same word without its accents may be in the dictionary: "Zoë", "naïve".
            if let Some(known) = self.known(&plain) {
                return known;
            }
        }
        letters::pronounce(&plain)
    }

    /// Parts of a word as somebody wrote them down; a part in capitals is stressed.
    fn respelled(&self, parts: &[String]) -> String {
        let loud = |part: &String| part.chars().any(char::is_uppercase) && !part.chars().any(char::is_lowercase);
        let stressed = parts.iter().any(loud);
        let mut phonemes = String::new();
        for part in parts {
            let lower = part.to_lowercase();
            let said = self.known(&lower).unwrap_or_else(|| letters::pronounce(&lower));
            match (stressed, loud(part)) {
                (true, true) => phonemes.push_str(&letters::stress(&said)),
                (true, false) => phonemes.extend(said.chars().filter(|mark| !matches!(mark, 'ˈ' | 'ˌ'))),
                (false, _) => phonemes.push_str(&said),
            }
        }
        phonemes
    }
}

/// What stands between two words: marks that are spoken as a pause or a turn of the voice, and a space.
fn marks(text: &str) -> impl Iterator<Item = Sound> {
    let marks: String = text.chars().filter(|mark| matches!(mark, ',' | '.' | ';' | ':' | '?' | '!')).collect();
    let space = text.contains(' ').then(|| " ".to_owned());
    [Some(marks).filter(|marks| !marks.is_empty()), space]
        .into_iter()
        .flatten()
        .map(|phonemes| Sound { word: None, phonemes })
}

/// From misaki's notation to that of espeak-ng: diphthongs are two letters, vowels that are long have a mark, and "er" is one
/// sound. Source: the two programs' own descriptions of their phonemes.
fn as_espeak(phonemes: &str) -> String {
    // Before a vowel "the" has a short vowel, too.
    if phonemes == "ði" {
        return "ðɪ".to_owned();
    }
    let chars: Vec<char> = phonemes.chars().collect();
    let mut written = String::with_capacity(phonemes.len() * 2);
    let mut at = 0;
    while let Some(&now) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        let after = chars.get(at + 2).copied();
        let vowel = |found: Option<char>| found.is_some_and(|found| "AIOQWYiuæɑɒəɛɜɪɔʊʌᵊᵻaeoɐ".contains(found));
        let stressed = at > 0 && matches!(chars[at - 1], 'ˈ' | 'ˌ');
        at += 1;
        match now {
            // At the beginning of a word espeak-ng has another weak vowel: "about".
            'ə' if at == 1 && next != Some('ɹ') => written.push('ɐ'),
            'A' => written.push_str("eɪ"),
            'I' => written.push_str("aɪ"),
            'O' => written.push_str("oʊ"),
            'Q' => written.push_str("əʊ"),
            'W' => written.push_str("aʊ"),
            'Y' => written.push_str("ɔɪ"),
            'ʤ' => written.push_str("dʒ"),
            'ʧ' => written.push_str("tʃ"),
            'T' => written.push('ɾ'),
            'ᵊ' => written.push('ə'),
            'ɜ' if next == Some('ɹ') => {
                written.push_str("ɜː");
                // It is heard again only before a vowel: "stirring".
                if vowel(after) || after.is_some_and(|mark| matches!(mark, 'ˈ' | 'ˌ')) {
                    written.push('ɹ');
                }
                at += 1;
            }
            'ə' if next == Some('ɹ') && !stressed => {
                // A following stress begins another syllable: "around".
                if after.is_some_and(|mark| matches!(mark, 'ˈ' | 'ˌ')) {
                    written.push_str("əɹ");
                } else {
                    written.push('ɚ');
                    if vowel(after) {
                        written.push('ɹ');
                    }
                }
                at += 1;
            }
            // Unstressed at the end of a longer word, or before a vowel, it is short: "happy", "media".
            'i' if !stressed && (vowel(next) || next.is_none() && letters::has_vowel(&written)) => written.push('i'),
            'i' => written.push_str("iː"),
            'u' => written.push_str("uː"),
            'ɑ' => written.push_str("ɑː"),
            'ɔ' => written.push_str("ɔː"),
            'ɜ' => written.push_str("ɜː"),
            other => written.push(other),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use std::sync::LazyLock;

    use super::*;
    use crate::spoken;

    static ENGLISH: LazyLock<Pronouncer> = LazyLock::new(Pronouncer::american);

    fn said(text: &str, lexicon: &Lexicon) -> String {
        let sentences = spoken::sentences(text);
        sentences.iter().flat_map(|sentence| ENGLISH.pronounce(sentence, lexicon)).map(|sound| sound.phonemes).collect()
    }

    #[test]
    fn a_sentence_is_written_as_the_voice_learned_it() {
        let none = Lexicon::default();
        assert_eq!(
            said("Please call her later, happy media worker.", &none),
            "plˈiːz kˈɔːl hɜː lˈeɪɾɚ, hˈæpi mˈiːdiə wˈɜːkɚ."
        );
        assert_eq!(said("Start the bottle around Thursday?", &none), "stˈɑːɹt ðə bˈɑːɾəl əɹˈaʊnd θˈɜːzdˌeɪ?");
    }

    #[test]
    fn every_word_has_a_sound() {
        for word in
            ["Nguyen", "Savart", "Xhosa", "zzyzx", "Łukasz", "Ærøskøbing", "brrr", "o'", "Hm", "naïveté", "Dvořák"]
        {
            let sentences = spoken::sentences(word);
            for sentence in &sentences {
                let sounds = ENGLISH.pronounce(sentence, &Lexicon::default());
                for index in 0..sentence.words.len() {
                    assert!(
                        sounds.iter().any(|sound| sound.word == Some(index) && !sound.phonemes.is_empty()),
                        "{word}: {sounds:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_publication_has_its_own_way() {
        let mut lexicon = Lexicon::default();
        lexicon.set("Nguyen", "win").unwrap();
        lexicon.set("Kirchner", "/kˈɪɹknɚ/").unwrap();
        lexicon.set("Amati", "uh-MAH-tee").unwrap();
        assert_eq!(said("Nguyen, Kirchner’s friend Kirchner", &lexicon).split(',').next(), Some("wˈɪn"));
        assert!(said("Kirchner plays.", &lexicon).starts_with("kˈɪɹknɚ "));
        let amati = said("Amati", &lexicon);
        assert_eq!(amati.matches('ˈ').count(), 1, "{amati}");
        assert!(amati.contains("mˈ"), "{amati}");
    }
}
