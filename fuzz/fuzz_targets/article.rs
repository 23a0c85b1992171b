//! Any bytes as a page: no panic, no endless work, and only blocks that say something.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::article::Block;

fuzz_target!(|bytes: &[u8]| {
    // As a page that states its charset by itself, and as one whose header does.
    for kind in [None, Some("text/html; charset=utf-8")] {
        let article = match article::read(bytes, kind, "https://tides.example/page") {
            Ok(article) => article,
            Err(error) => {
                assert!(error.to_string().ends_with('.') && !error.details().is_empty());
                continue;
            }
        };
        assert!(article.about.image.is_empty() || article.about.image.starts_with("http"));
        for block in &article.blocks {
            match block {
                Block::Heading(level, text) => assert!((1..=6).contains(level) && !text.trim().is_empty()),
                Block::Paragraph(text)
                | Block::Quote(text)
                | Block::Item(_, text)
                | Block::Caption(text)
                | Block::Code(text) => assert!(!text.trim().is_empty()),
                Block::Table(rows) => assert!(!rows.is_empty()),
            }
        }
    }
});
