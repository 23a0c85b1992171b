//! Putting words together: marks after them, ends of sentences, and cutting what is too long.
//!
//! What belongs here: how a sentence comes about once it is clear what is said. Reading is in `scan`.

use std::ops::Range;

use super::{LONGEST_SENTENCE, Reading, Reason, Sentence, Silence, Word};

/// Letters of one word, at the most; the longest in dictionaries has 45. A longer run is said as several words.
const LONGEST_WORD: usize = 48;

/// A clause that is cut off has this many bytes, if it can.
const SHORTEST_CLAUSE: usize = 120;

/// Sentences while they are written.
#[derive(Default)]
pub(super) struct Builder {
    done: Reading,
    now: Sentence,
}

impl Builder {
    /// Says a word that stands for a piece of the text.
    pub(super) fn word(&mut self, word: &str, source: Range<usize>, letter: bool) {
        let mut rest = word;
        while !rest.is_empty() {
            let length = rest
                .char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .take(LONGEST_WORD + 1)
                .last()
                .unwrap_or(rest.len());
            let (piece, after) = rest.split_at(length);
            if !self.now.text.is_empty() {
                self.now.text.push(' ');
            }
            let from = self.now.text.len();
            self.now.text.push_str(piece);
            self.now.words.push(Word { said: from..self.now.text.len(), source: source.clone(), letter });
            rest = after;
        }
    }

    /// Says several words that stand for one piece of the text.
    pub(super) fn words(&mut self, words: &str, source: &Range<usize>) {
        for word in words.split_whitespace() {
            match word.strip_prefix('·') {
                Some(letter) => self.word(letter, source.clone(), true),
                None => match word.strip_suffix(',') {
                    Some(word) => {
                        self.word(word, source.clone(), false);
                        self.mark(',');
                    }
                    None => self.word(word, source.clone(), false),
                },
            }
        }
    }

    /// Puts a mark after the last word, in place of a weaker one.
    pub(super) fn mark(&mut self, mark: char) {
        const WEAK_TO_STRONG: &str = ",;:.!?";
        let strength = |mark| WEAK_TO_STRONG.find(mark);
        match self.now.text.chars().next_back() {
            None => {}
            Some(last) => match strength(last) {
                Some(before) if Some(before) >= strength(mark) => {}
                Some(_) => {
                    self.now.text.pop();
                    self.now.text.push(mark);
                }
                None => self.now.text.push(mark),
            },
        }
    }

    /// Ends the sentence, with a full stop if nothing else ends it.
    pub(super) fn end(&mut self) {
        self.mark('.');
        if self.now.words.is_empty() {
            self.now.text.clear();
            return;
        }
        let mut sentence = std::mem::take(&mut self.now);
        while sentence.text.len() > LONGEST_SENTENCE {
            let rest = cut(&mut sentence);
            self.done.sentences.push(sentence);
            sentence = rest;
        }
        self.done.sentences.push(sentence);
    }

    /// Notes something that is not said.
    pub(super) fn silence(&mut self, source: Range<usize>, reason: Reason) {
        self.done.silences.push(Silence { source, reason });
    }

    pub(super) fn finish(mut self) -> Reading {
        self.end();
        self.done
    }
}

/// Cuts a sentence after the last clause that fits, or else after the last word that fits, and gives the rest.
fn cut(sentence: &mut Sentence) -> Sentence {
    // Every word but the first has a space before it; what ends before that space is a possible first part.
    let ends =
        sentence.words.iter().enumerate().skip(1).map(|(index, word)| (index, word.said.start.saturating_sub(1)));
    let mut clause = None;
    let mut any = None;
    for (index, end) in ends.take_while(|&(_, end)| end < LONGEST_SENTENCE) {
        any = Some((index, end));
        if end >= SHORTEST_CLAUSE && sentence.text[..end].ends_with([',', ';', ':']) {
            clause = Some((index, end));
        }
    }
    // A first word is never longer than a sentence may be, so there is always a place.
    let Some((index, end)) = clause.or(any) else { return Sentence::default() };
    let words = sentence.words.split_off(index);
    let start = end + 1;
    let text = sentence.text[start..].to_owned();
    sentence.text.truncate(end);
    if !sentence.text.ends_with([',', ';', ':']) {
        sentence.text.push(',');
    }
    let words = words.into_iter().map(|word| Word { said: word.said.start - start..word.said.end - start, ..word });
    Sentence { text, words: words.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(words: &str) -> Vec<String> {
        let mut builder = Builder::default();
        for (at, word) in words.split(' ').enumerate() {
            let plain = word.trim_end_matches([',', ';']);
            builder.word(plain, at..at + 1, false);
            word.chars().skip(plain.chars().count()).for_each(|mark| builder.mark(mark));
        }
        let reading = builder.finish();
        for sentence in &reading.sentences {
            for word in &sentence.words {
                assert!(sentence.text[word.said.clone()].chars().all(char::is_alphanumeric), "{sentence:?}");
            }
        }
        reading.sentences.into_iter().map(|sentence| sentence.text).collect()
    }

    #[test]
    fn long_sentences_are_cut_at_clauses() {
        let clause = ["word"; 30].join(" ");
        let parts = built(&format!("{clause}, {clause}; {clause}, {clause}"));
        assert_eq!(parts.len(), 2, "{parts:?}");
        assert!(parts[0].ends_with(';') && parts[1].ends_with('.'), "{parts:?}");
    }

    #[test]
    fn there_is_a_ceiling_without_clauses() {
        let parts = built(&["word"; 1000].join(" "));
        assert!(parts.iter().all(|part| part.len() <= LONGEST_SENTENCE + 1));
        assert_eq!(parts.iter().map(|part| part.split(' ').count()).sum::<usize>(), 1000);
        assert!(built(&"x".repeat(10_000)).iter().all(|part| part.len() <= LONGEST_SENTENCE + 1));
    }

    #[test]
    fn the_stronger_mark_stays() {
        let mut builder = Builder::default();
        builder.word("what", 0..4, false);
        for mark in [',', '?', '!', '.'] {
            builder.mark(mark);
        }
        assert_eq!(builder.finish().sentences[0].text, "what?");
    }
}
