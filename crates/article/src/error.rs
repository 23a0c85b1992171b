//! Why there is no article, one closed list.
//!
//! The texts are whole sentences for whoever gave us the page's address: they are shown beside it and told to webhooks. They never contain
//! the address. What was found, in figures, is in [`ArticleError::details`].

use crate::{LARGEST_PAGE, parse};

/// Why a page could not be read as an article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArticleError {
    /// What was fetched is something else than a page.
    #[error("The address leads to {found}, not to a web page, so there was no article to read aloud.")]
    NotHtml {
        /// What it is, with its article: "a PDF document".
        found: String,
    },
    /// The page has more bytes than are looked at.
    #[error("The page is larger than {} MiB, which is more than Soundpost reads of one.", LARGEST_PAGE >> 20)]
    TooLarge {
        /// How many bytes were handed over.
        bytes: usize,
    },
    /// Its elements stand in each other deeper than any page needs.
    #[error("The page's elements stand more than {} deep in each other, so it was left unread.", parse::DEEPEST)]
    TooDeep,
    /// There is more of something than any page needs.
    #[error("The page has more than {limit} {}, so it was left unread.", part.name())]
    TooMuch {
        /// Of what.
        part: Part,
        /// How much of it is read.
        limit: usize,
    },
    /// The page asks for a password, and says little besides.
    #[error("The page answered with its sign-in form, so there was no article to read aloud.")]
    BehindLogin {
        /// How many words it says.
        words: usize,
    },
    /// The page says that the article is for subscribers, and shows only how it begins.
    #[error("The page shows only the beginning of its article, {words} words, to readers who have not subscribed.")]
    ForSubscribers {
        /// How many words it shows.
        words: usize,
    },
    /// The page says that something went wrong, or that it will not show itself to programs.
    #[error("The page answered with “{title}” instead of an article.")]
    ErrorPage {
        /// What it calls itself.
        title: String,
        /// How many words it says.
        words: usize,
    },
    /// The page is empty until scripts have run, and none are run here.
    #[error(
        "The page is put together by scripts in the browser; without them it has {words} words, so there was no article to read aloud."
    )]
    BuiltByScript {
        /// How many words there are without them.
        words: usize,
        /// How many scripts it has.
        scripts: usize,
    },
    /// There is no text that stands together.
    #[error(
        "The page has no text of an article's length: {words} words stand together, and {} is the least.",
        crate::FEWEST_WORDS
    )]
    NothingToRead {
        /// How many words stand together.
        words: usize,
    },
}

/// What there can be too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Elements, comments and pieces of text.
    Nodes,
    /// Attributes of one tag.
    Attributes,
    /// Different names of elements and attributes.
    Names,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Nodes => "elements and pieces of text",
            Self::Attributes => "attributes in one tag",
            Self::Names => "different names of elements and attributes",
        }
    }
}

impl ArticleError {
    /// One word for programs. It stays the same when the sentence changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotHtml { .. } => "not_html",
            Self::TooLarge { .. } => "too_large",
            Self::TooDeep => "too_deep",
            Self::TooMuch { .. } => "too_much",
            Self::BehindLogin { .. } => "behind_login",
            Self::ForSubscribers { .. } => "for_subscribers",
            Self::ErrorPage { .. } => "error_page",
            Self::BuiltByScript { .. } => "built_by_script",
            Self::NothingToRead { .. } => "nothing_to_read",
        }
    }

    /// What was found, as labels and values for a list.
    pub fn details(&self) -> Vec<(&'static str, String)> {
        let number = |number: &usize| number.to_string();
        match self {
            Self::NotHtml { found } => vec![("Found", found.clone())],
            Self::TooLarge { bytes } => vec![("Bytes", number(bytes)), ("Most bytes", number(&LARGEST_PAGE))],
            Self::TooDeep => vec![("Deepest element", number(&parse::DEEPEST))],
            Self::TooMuch { part, limit } => vec![("Too many", part.name().to_owned()), ("Limit", number(limit))],
            Self::BehindLogin { words } => {
                vec![("Words", number(words)), ("Form", "It asks for a password.".to_owned())]
            }
            Self::ForSubscribers { words } => vec![("Words shown", number(words))],
            Self::ErrorPage { title, words } => vec![("Title", title.clone()), ("Words", number(words))],
            Self::BuiltByScript { words, scripts } => vec![("Words", number(words)), ("Scripts", number(scripts))],
            Self::NothingToRead { words } => {
                vec![("Words", number(words)), ("Fewest words", number(&crate::FEWEST_WORDS))]
            }
        }
    }
}
