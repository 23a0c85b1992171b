//! Growing the tree of a page under ceilings.
//!
//! What belongs here: how much of a page is looked at, and giving up before it costs too much. What the tree is, is in `tree`.
//!
//! The parser of HTML looks through all open elements for nearly every tag, and through all attributes of a tag for each further one.
//! Both are fine for pages, and take hours for pages that were made to take hours. So the page is handed over piece by piece, cut before each
//! `<`, and what has grown is looked at after each piece.

use std::cell::Cell;

use html5ever::buffer_queue::BufferQueue;
use html5ever::interface::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink};

use crate::error::{ArticleError, Part};
use crate::tree::{Growing, Id, Tree};

/// How deep elements may stand in each other. Browsers stop at 512; pages seldom get to 60.
pub const DEEPEST: usize = 256;

/// Elements, comments and pieces of text in a page, at the most. The longest chapter of an encyclopedia has about 60 000.
pub const MOST_NODES: usize = 500_000;

/// Attributes of one tag, at the most.
pub const MOST_ATTRIBUTES: usize = 1_000;

/// Different names of elements and attributes in a page, at the most. HTML has about 300.
pub const MOST_NAMES: usize = 5_000;

/// Bytes that are handed over at once, at the most.
const PIECE: usize = 4 << 10;

/// Grows the tree of a page.
pub(crate) fn tree(page: &str) -> Result<Tree, ArticleError> {
    let options = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    let watch = Watch { builder: TreeBuilder::new(Growing::new(), options), told: Cell::new(false) };
    let tokenizer = Tokenizer::new(watch, TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut tag = Tag::Outside;
    let mut attributes = 0;
    let mut since = 0;
    let mut hand = |piece: &str| {
        tokenizer.sink.told.set(false);
        queue.push_back(StrTendril::from_slice(piece));
        while let TokenizerResult::Script(_) = tokenizer.feed(&queue) {}
        let growing = &tokenizer.sink.builder.sink;
        at_most(Part::Nodes, growing.len(), MOST_NODES)?;
        at_most(Part::Names, growing.names(), MOST_NAMES)?;
        since += piece.len();
        if since >= PIECE {
            since = 0;
            if growing.depth(DEEPEST + 1) > DEEPEST {
                return Err(ArticleError::TooDeep);
            }
        }
        // A tag is over when it has been told. `<` stands alone in its piece, since what is told then may be what was before it.
        if tokenizer.sink.told.get() {
            (tag, attributes) = (Tag::Outside, 0);
        }
        if piece == "<" && tag == Tag::Outside {
            tag = Tag::Opened;
        } else {
            for byte in piece.bytes() {
                let next = tag.after(byte);
                if next == Tag::Attribute && tag != Tag::Attribute {
                    attributes += 1;
                }
                tag = next;
            }
            at_most(Part::Attributes, attributes, MOST_ATTRIBUTES)?;
        }
        Ok(())
    };
    let mut rest = page;
    while !rest.is_empty() {
        let piece = match start(rest) {
            Some(0) => 1,
            Some(at) => at,
            None => rest.floor_char_boundary(PIECE),
        };
        let (piece, after) = rest.split_at(piece);
        hand(piece)?;
        rest = after;
    }
    tokenizer.end();
    let tree = tokenizer.sink.builder.sink.finish();
    if tree.is_deeper_than(DEEPEST) {
        return Err(ArticleError::TooDeep);
    }
    Ok(tree)
}

/// Where the next `<` stands that may begin a tag or a comment, if there is one in the next piece. Others are text.
fn start(page: &str) -> Option<usize> {
    let piece = page.as_bytes().get(..PIECE).unwrap_or(page.as_bytes());
    let may = |next: Option<&u8>| next.is_none_or(|byte| byte.is_ascii_alphabetic() || b"/!?".contains(byte));
    (0..piece.len()).find(|at| piece.get(*at) == Some(&b'<') && may(page.as_bytes().get(at + 1)))
}

/// Text in which signs may be written as in HTML, `&amp;`, and nothing else is.
pub(crate) fn text(written: &str) -> String {
    let whole = tree(&format!("<body>{}", written.replace('<', "&lt;")));
    whole.map_or_else(|_| written.to_owned(), |tree| tree.all_text(Tree::ROOT))
}

fn at_most(part: Part, found: usize, limit: usize) -> Result<(), ArticleError> {
    if found > limit { Err(ArticleError::TooMuch { part, limit }) } else { Ok(()) }
}

/// Notes whether the tokenizer told anything.
struct Watch {
    builder: TreeBuilder<Id, Growing>,
    told: Cell<bool>,
}

impl TokenSink for Watch {
    type Handle = Id;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<Id> {
        if !matches!(token, Token::ParseError(_)) {
            self.told.set(true);
        }
        self.builder.process_token(token, line)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Where in a tag that is not over yet a byte stands, as far as it takes to count attributes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    /// In none.
    Outside,
    /// After `<` or `</`.
    Opened,
    /// In its name.
    Name,
    /// Between attributes.
    Between,
    /// In an attribute's name.
    Attribute,
    /// After `=`.
    Equals,
    /// In a value without quotes.
    Plain,
    /// In a value with these quotes.
    Quoted(u8),
}

impl Tag {
    fn after(self, byte: u8) -> Self {
        let space = byte.is_ascii_whitespace();
        match (self, byte) {
            (Self::Opened, b'/') => Self::Opened,
            (Self::Opened, _) if byte.is_ascii_alphabetic() => Self::Name,
            (Self::Outside | Self::Opened, _) => Self::Outside,
            (Self::Quoted(quote), _) if byte != quote => self,
            (Self::Equals, b'"' | b'\'') => Self::Quoted(byte),
            (Self::Equals, _) if space => Self::Equals,
            (Self::Plain | Self::Equals, _) if !space => Self::Plain,
            (Self::Between | Self::Attribute, b'=') => Self::Equals,
            (Self::Quoted(_) | Self::Plain | Self::Equals, _) => Self::Between,
            (Self::Name | Self::Between | Self::Attribute, _) if space || byte == b'/' => Self::Between,
            (Self::Name, _) => Self::Name,
            (Self::Between | Self::Attribute, _) => Self::Attribute,
        }
    }
}
