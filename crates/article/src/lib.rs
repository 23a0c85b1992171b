//! Pages of the web in, articles out: bytes as they were fetched become what is known about an article and what it says, in blocks.
//!
//! ```
//! let text = "A tide gauge notes how high the sea stands, every few minutes, for years, and so knows more about it than anybody who looks. ";
//! let page = format!("<title>How tides are measured</title><h1>How tides are measured</h1><p>{text}</p><p>{text}</p>");
//! let article = article::read(page.as_bytes(), Some("text/html"), "https://tides.example/gauges")?;
//! assert_eq!(article.about.title, "How tides are measured");
//! assert_eq!(article.blocks.len(), 2);
//! # Ok::<(), article::ArticleError>(())
//! ```
//!
//! A page goes through these steps, each in a module of its own: what it is (`found`), text of its bytes (`charset`), a tree under ceilings (`parse`,
//! `tree`), what it says of itself (`about`, `linked`), what stands beside the article (`clutter`), where the article stands (`body`), its blocks
//! (`blocks`, `tables`), a last look at them (`sweep`), and if too little is left, why (`verdict`).
//!
//! What does not belong here: fetching pages, the clock, databases, what is read out of a block, and how it sounds.

mod about;
mod blocks;
mod body;
mod charset;
mod clutter;
pub mod error;
mod found;
mod linked;
mod parse;
mod sweep;
mod tables;
mod text;
mod tree;
mod verdict;

use model::article::{Article, Block};

pub use error::{ArticleError, Part};
pub use parse::{DEEPEST, MOST_ATTRIBUTES, MOST_NAMES, MOST_NODES};

/// Bytes of a page, at the most.
pub const LARGEST_PAGE: usize = 10 << 20;

/// Words that a page needs to be an article. A short piece of news has 40.
pub const FEWEST_WORDS: usize = 20;

/// Words from which on nobody doubts that a page is an article, whatever else stands on it.
pub const ENOUGH_WORDS: usize = 120;

/// Reads a page.
///
/// `content_type` is the header as it came, if one came. `address` is where the page was found in the end, after all redirections; addresses on the page start
/// from there. Nothing is fetched.
pub fn read(bytes: &[u8], content_type: Option<&str>, address: &str) -> Result<Article, ArticleError> {
    if bytes.len() > LARGEST_PAGE {
        return Err(ArticleError::TooLarge { bytes: bytes.len() });
    }
    if let Some(found) = found::in_bytes(bytes, content_type) {
        return Err(ArticleError::NotHtml { found });
    }
    let page = charset::decoded(bytes, content_type);
    if let Some(found) = found::in_text(&page) {
        return Err(ArticleError::NotHtml { found });
    }
    let tree = parse::tree(&page)?;
    let about::Known { mut about, free } = about::of(&tree, address);
    let seen = clutter::Page::of(&tree);
    let found = body::find(&seen).map(|body| blocks::of(&seen, &body)).unwrap_or_default();
    let blocks = sweep::swept(found, &about);
    verdict::on(&tree, sweep::words_in(&blocks), free)?;
    about.language = about::spoken_in(&about.language, &running_text(&blocks));
    Ok(Article { about, blocks })
}

/// The sentences of an article, as far as its language is guessed from them.
fn running_text(blocks: &[Block]) -> String {
    let mut text = String::new();
    for block in blocks {
        if let Block::Paragraph(part) | Block::Quote(part) | Block::Item(_, part) = block {
            text.push_str(part);
            text.push('\n');
        }
        if text.len() > 64 << 10 {
            break;
        }
    }
    text
}
