//! An article of the web, as it was found: what it says, and what is known about it.
//!
//! How it is found in a page is in `article`, what is read out of it in `speech`.

use serde::{Deserialize, Serialize};

/// An article.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Article {
    /// What is known about it.
    pub about: About,
    /// What it says, in order, without its title.
    pub blocks: Vec<Block>,
}

/// What is known about an article. What its page does not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// What it is called, in one line.
    pub title: String,
    /// Who wrote it, as it is printed: "Ada Lovelace and Charles Babbage".
    pub author: String,
    /// What the site calls itself.
    pub site: String,
    /// The part of the site that it stands in: "Coast".
    pub section: String,
    /// A sentence or two about it.
    pub summary: String,
    /// The language it is written in, as BCP 47 names it: "en", "de-CH".
    pub language: String,
    /// The day it appeared, as ISO 8601 writes it: "2026-11-21".
    pub published: String,
    /// The whole address of the picture that goes with it.
    pub image: String,
}

/// A block of an article, as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A heading; level 1 is the title, 6 the least.
    Heading(u8, String),
    /// A paragraph.
    Paragraph(String),
    /// Somebody else's words, set apart.
    Quote(String),
    /// An item of a list, with its number if it has one.
    Item(Option<u32>, String),
    /// What is written under a picture.
    Caption(String),
    /// Code, set apart.
    Code(String),
    /// A table, the first row of which says what the columns are.
    Table(Vec<Vec<String>>),
}

/// What a piece of a script is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A heading of a level between 1 and 6; a chapter of the recording begins there.
    Heading(u8),
    /// A paragraph.
    Paragraph,
    /// A quotation.
    Quote,
    /// An item of a list.
    Item,
    /// A caption.
    Caption,
    /// Code, or the news that there is some.
    Code,
    /// A table, or the news that there is one.
    Table,
}
