//! How text is spoken: a corpus of hard cases, and what holds for any text at all.

use proptest::prelude::*;
use speech::spoken::{LONGEST_SENTENCE, Reading, read};

#[test]
fn the_corpus_is_spoken_as_written_down() {
    let corpus = include_str!("spoken.txt");
    let mut rows = 0;
    let mut wrong = Vec::new();
    for row in corpus.lines().filter(|row| !row.is_empty() && !row.starts_with("# ")) {
        let (source, wanted) = row.split_once(" => ").unwrap_or((row, ""));
        let reading = read(source);
        check(source, &reading);
        let spoken: Vec<&str> = reading.sentences.iter().map(|sentence| sentence.text.as_str()).collect();
        let spoken = spoken.join(" / ");
        rows += 1;
        if spoken != wanted {
            wrong.push(format!("{source}\n  is spoken {spoken}\n  and not   {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {rows} rows:\n{}", wrong.len(), wrong.join("\n"));
    assert!(rows > 250, "only {rows} rows");
}

#[test]
fn an_article_is_read_whole() {
    let article = include_str!("article.txt");
    let reading = read(article);
    check(article, &reading);
    assert_eq!(reading.silences, []);
    assert_eq!(reading.sentences.len(), 61);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_whole(text in "\\PC{0,80}") {
        check(&text, &read(&text));
    }

    #[test]
    fn any_text_that_looks_like_one_is_read_whole(parts in proptest::collection::vec(part(), 0..30)) {
        let text = parts.concat();
        check(&text, &read(&text));
    }
}

/// Pieces that rules look for, and what may stand between them.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,6}",
        "[A-Za-z]{1,8}",
        "[A-Z]{1,5}",
        "[ .,:;/%$£€@#&°²½’'\"()\\[\\]–—…-]{1,3}",
        prop_oneof![
            Just("https://www."),
            Just("St."),
            Just("Dr. "),
            Just("a.m."),
            Just("U.S."),
            Just("km/h"),
            Just(" March "),
            Just("bn"),
            Just("12:30"),
            Just("1990–95"),
            Just("v2.0"),
            Just("[12]"),
            Just("’90s"),
            Just("\n"),
            Just("é"),
            Just("日本"),
            Just("٣"),
            Just("👍🏽"),
            Just("¹"),
            Just("ﬁ"),
            Just("e\u{301}"),
            Just("No. "),
            Just("x"),
            Just("e.g. "),
            Just(".com/"),
        ]
        .prop_map(str::to_owned),
    ]
}

/// What holds for every reading: ranges are in order, on borders of characters, equal or apart; every letter and digit is in one
/// of them or in a listed silence; sentences have no more than the ceiling, and their words are where they are said to be.
fn check(text: &str, reading: &Reading) {
    let mut pieces = Vec::new();
    let mut spoken = 0;
    for sentence in &reading.sentences {
        assert!(sentence.text.len() <= LONGEST_SENTENCE + 1, "{sentence:?}");
        assert!(!sentence.words.is_empty(), "{sentence:?}");
        spoken += sentence.text.len();
        let mut reached = 0;
        for word in &sentence.words {
            assert!(word.said.start >= reached && word.said.end > word.said.start, "{sentence:?}");
            reached = word.said.end;
            let said = &sentence.text[word.said.clone()];
            assert!(said.chars().all(|letter| letter.is_alphabetic() || letter == '\''), "{said:?} in {text:?}");
            pieces.push(word.source.clone());
        }
    }
    assert!(spoken <= 100 + 40 * text.len(), "{} bytes became {spoken}", text.len());
    pieces.dedup();
    let silences = reading.silences.iter().map(|silence| silence.source.clone());
    let mut all: Vec<_> = pieces.iter().cloned().chain(silences).collect();
    assert!(pieces.is_sorted_by_key(|piece| piece.start), "{pieces:?}");
    all.sort_by_key(|piece| piece.start);
    let mut reached = 0;
    for piece in &all {
        assert!(piece.start >= reached && piece.end > piece.start, "{piece:?} overlaps in {text:?}: {all:?}");
        assert!(text.is_char_boundary(piece.start) && text.is_char_boundary(piece.end), "{piece:?} in {text:?}");
        reached = piece.end;
    }
    for (at, letter) in text.char_indices().filter(|(_, letter)| letter.is_alphanumeric()) {
        assert!(
            all.iter().any(|piece| piece.contains(&at)),
            "{letter:?} at {at} of {text:?} is in no piece of {all:?}"
        );
    }
}
