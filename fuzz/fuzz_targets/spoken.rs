//! Any text as something to read aloud: no panic, nothing unspoken or said twice, and no sentence above the ceiling.
#![no_main]

use libfuzzer_sys::fuzz_target;
use speech::spoken::{LONGEST_SENTENCE, read};

fuzz_target!(|text: &str| {
    let reading = read(text);
    let mut pieces = Vec::new();
    for sentence in &reading.sentences {
        assert!(sentence.text.len() <= LONGEST_SENTENCE + 1 && !sentence.words.is_empty());
        for word in &sentence.words {
            assert!(sentence.text.get(word.said.clone()).is_some_and(|said| !said.is_empty()));
            pieces.push(word.source.clone());
        }
    }
    pieces.dedup();
    assert!(pieces.is_sorted_by_key(|piece| piece.start));
    pieces.extend(reading.silences.iter().map(|silence| silence.source.clone()));
    pieces.sort_by_key(|piece| piece.start);
    assert!(pieces.windows(2).all(|pair| pair[0].end <= pair[1].start));
    for (at, letter) in text.char_indices().filter(|(_, letter)| letter.is_alphanumeric()) {
        assert!(pieces.iter().any(|piece| piece.contains(&at)), "{letter} at {at}");
    }
    assert!(pieces.iter().all(|piece| text.get(piece.clone()).is_some_and(|source| !source.is_empty())));
});
