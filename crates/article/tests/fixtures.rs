//! Saved pages, each against the article that it holds.
//!
//! The pages are in `fixtures/articles`, and what is expected of them stands beside each as JSON. `make bless` writes that anew.

#![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

use std::fs;
use std::path::{Path, PathBuf};

use model::article::{Article, Block};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/articles")
}

fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|end| end == "html"));
    pages.sort();
    pages
}

fn read(page: &Path) -> Article {
    let name = page.file_stem().unwrap().to_str().unwrap();
    let address = format!("https://{name}.example/2026/article");
    article::read(&fs::read(page).unwrap(), Some("text/html"), &address).unwrap()
}

#[test]
fn pages_give_the_articles_that_they_hold() {
    for page in pages() {
        let found = serde_json::to_string_pretty(&read(&page)).unwrap() + "\n";
        expect_test::expect_file![page.with_extension("json")].assert_eq(&found);
    }
}

#[test]
fn every_expectation_has_its_page() {
    let expectations = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let expectations = expectations.filter(|path| path.extension().is_some_and(|end| end == "json"));
    for expectation in expectations {
        assert!(expectation.with_extension("html").exists(), "{}", expectation.display());
    }
    assert!(pages().len() >= 14);
}

/// What belongs to no article, in the words of the pages.
#[test]
fn nothing_of_what_stands_beside_is_read() {
    let never = [
        "cookie",
        "subscribe",
        "newsletter",
        "comment",
        "all rights reserved",
        "read more",
        "share",
        "sign in",
        "sign up",
        "advertisement",
        "related",
        "most read",
        "Anzeige",
        "Kommentare",
        "Zustimmen",
        "lire aussi",
        "Partager",
        "Поделиться",
        "Комментарии",
        "シェア",
        "関連",
        "مواضيع",
        "شارك",
    ];
    for page in pages() {
        let text = serde_json::to_string(&read(&page).blocks).unwrap().to_lowercase();
        for word in never {
            assert!(!text.contains(&word.to_lowercase()), "{} reads “{word}”", page.display());
        }
    }
}

#[test]
fn what_is_read_has_words() {
    for page in pages() {
        for block in read(&page).blocks {
            match block {
                Block::Table(rows) => assert!(rows.len() > 1 && rows.iter().flatten().any(|cell| !cell.is_empty())),
                Block::Heading(level, text) => assert!((1..=6).contains(&level) && !text.is_empty()),
                Block::Paragraph(text)
                | Block::Quote(text)
                | Block::Item(_, text)
                | Block::Caption(text)
                | Block::Code(text) => assert!(!text.trim().is_empty() && text == text.trim_end()),
            }
        }
    }
}

#[test]
fn languages_are_guessed_where_nothing_states_them() {
    for page in pages() {
        let stated = read(&page).about.language;
        let mut bytes = fs::read(&page).unwrap();
        for statement in [&b" lang="[..], b"og:locale", b"inLanguage"] {
            while let Some(at) = bytes.windows(statement.len()).position(|window| window == statement) {
                bytes[at + 1] = b'x';
            }
        }
        let guessed = article::read(&bytes, Some("text/html"), "").unwrap().about.language;
        assert_eq!(guessed.get(..2), stated.get(..2), "{}", page.display());
    }
}
