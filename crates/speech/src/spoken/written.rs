//! Sentences as they are written, for voices that read numbers, signs and abbreviations of their language by themselves.

use unicode_segmentation::UnicodeSegmentation;

use super::{LONGEST_SENTENCE, Sentence, Word};

/// The sentences of a text as it is written (Unicode Standard Annex 29). Each is one word, since only the voice knows which words it says; every line
/// break ends one, and what has neither letter nor digit is left out. Takes time in proportion to the text's length.
pub fn as_written(text: &str) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut line = 0;
    for part in text.split_inclusive('\n') {
        for (at, sentence) in part.split_sentence_bound_indices() {
            cut(text, line + at, sentence.len(), &mut sentences);
        }
        line += part.len();
    }
    sentences
}

/// A sentence, or several where it is too long, cut between words where there are any.
fn cut(text: &str, from: usize, length: usize, sentences: &mut Vec<Sentence>) {
    let (mut from, end) = (from, from + length);
    while end - from > LONGEST_SENTENCE {
        let limit = (from..=from + LONGEST_SENTENCE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(end);
        let space = text[from..limit].rfind(char::is_whitespace).filter(|at| *at > 0);
        let middle = space.map_or(limit, |at| from + at);
        add(text, from, middle, sentences);
        from = middle;
    }
    add(text, from, end, sentences);
}

fn add(text: &str, from: usize, end: usize, sentences: &mut Vec<Sentence>) {
    let slice = &text[from..end];
    if !slice.contains(char::is_alphanumeric) {
        return;
    }
    let start = from + (slice.len() - slice.trim_start().len());
    let end = start + slice.trim().len();
    let words = text[start..end].split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let said = words.collect::<Vec<_>>().join(" ");
    let word = Word { said: 0..said.len(), source: start..end, letter: false };
    sentences.push(Sentence { text: said, words: vec![word] });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        as_written(text).into_iter().map(|sentence| sentence.text).collect()
    }

    #[test]
    fn sentences_stay_as_they_are_written() {
        assert_eq!(texts("Um  10:30 Uhr.\tGut!\n— …\nZeile"), ["Um 10:30 Uhr.", "Gut!", "Zeile"]);
        assert_eq!(texts("今日は。明日も！"), ["今日は。", "明日も！"]);
        assert!(texts(" \n… ").is_empty());
        let long = "mot ".repeat(500);
        assert!(texts(&long).iter().all(|part| part.len() <= LONGEST_SENTENCE && part.ends_with("mot")));
        assert_eq!(texts(&long).join(" "), long.trim());
    }

    proptest! {
        #[test]
        fn nothing_is_left_out_or_said_twice(text in "[ \\na-zéж。.!?0-9\u{202e}]{0,1200}") {
            let sentences = as_written(&text);
            let mut at = 0;
            for sentence in &sentences {
                let [word] = &sentence.words[..] else { panic!("one word each") };
                prop_assert!(word.source.start >= at && sentence.text.len() <= LONGEST_SENTENCE);
                prop_assert!(!text[at..word.source.start].contains(char::is_alphanumeric));
                at = word.source.end;
            }
            prop_assert!(!text[at..].contains(char::is_alphanumeric));
        }
    }
}
