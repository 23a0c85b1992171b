//! What is wrong with a page that has too little to read.
//!
//! What belongs here: telling sign-in forms, messages of errors and pages built by scripts from pages that are merely short. That something is no page at all
//! is told in `found`.

use crate::error::ArticleError;
use crate::text::{bare, words};
use crate::tree::{Id, Tree};
use crate::{ENOUGH_WORDS, FEWEST_WORDS};

/// What pages call themselves that have something else to say than what was asked for. Letters and digits only.
const TITLES: &[&str] = &[
    "404 403 401 410 429 500 502 503 504 notfound pagenotfound accessdenied forbidden justamoment",
    "attentionrequired areyouarobot areyouhuman securitycheck robotcheck verifyyouarehuman humanverification",
    "captcha pleasewait checkingyourbrowser serviceunavailable temporarilyunavailable internalservererror",
    "badgateway gatewaytimeout toomanyrequests unavailableforlegalreasons sitemaintenance undermaintenance",
    "downformaintenance pagenolongeravailable thispageisntavailable seitenichtgefunden zugriffverweigert",
    "pagenontrouvée pageintrouvable accèsrefusé páginanoencontrada страницаненайдена ページが見つかりません",
];

/// What else a page that asks for scripts says of itself.
const ASKS_FOR_SCRIPTS: &[&str] = &["javascript", "enable scripts", "scripting"];

/// Says what is wrong, if anything is.
pub(crate) fn on(tree: &Tree, read: usize, free: Option<bool>) -> Result<(), ArticleError> {
    if read >= ENOUGH_WORDS {
        return Ok(());
    }
    let mut page = Seen::default();
    for id in tree.within(Tree::ROOT) {
        page.see(tree, id);
    }
    if page.passwords > 0 {
        return Err(ArticleError::BehindLogin { words: read });
    }
    if let Some(title) = page.titles.iter().find(|title| is_message(title)) {
        return Err(ArticleError::ErrorPage { title: crate::text::shortened(title, 120).to_owned(), words: read });
    }
    if free == Some(false) {
        return Err(ArticleError::ForSubscribers { words: read });
    }
    if read >= FEWEST_WORDS {
        return Ok(());
    }
    // A page that has text of its own, only no article, is not waiting for a script.
    if page.scripts > 0
        && page.words < ENOUGH_WORDS
        && (page.asks || page.script_bytes > 20 * page.text_bytes || page.empty_root)
    {
        return Err(ArticleError::BuiltByScript { words: page.words, scripts: page.scripts });
    }
    Err(ArticleError::NothingToRead { words: read })
}

/// What a page that is too short has on it.
#[derive(Default)]
struct Seen {
    passwords: usize,
    scripts: usize,
    script_bytes: usize,
    text_bytes: usize,
    words: usize,
    titles: Vec<String>,
    /// Whether it says that it needs scripts.
    asks: bool,
    /// Whether it has an element without content in which scripts build.
    empty_root: bool,
}

impl Seen {
    fn see(&mut self, tree: &Tree, id: Id) {
        match tree.name(id) {
            "input" if tree.attribute(id, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("password")) => {
                self.passwords += 1;
            }
            "script" if !tree.attribute(id, "type").is_some_and(|kind| kind.contains("json")) => {
                self.scripts += 1;
                // A script that stands elsewhere is at least so large.
                self.script_bytes +=
                    tree.all_text(id).len().max(if tree.attribute(id, "src").is_some() { 2_000 } else { 0 });
            }
            "noscript" => {
                let text = tree.all_text(id).to_lowercase();
                self.asks |= ASKS_FOR_SCRIPTS.iter().any(|word| text.contains(word));
            }
            "title" | "h1" if self.titles.len() < 8 => self.titles.push(crate::text::tidied(&tree.all_text(id))),
            "div"
                if tree.attribute(id, "id").is_some_and(|id| {
                    ["root", "app", "__next", "__nuxt", "gatsby", "svelte"].iter().any(|name| id.contains(name))
                }) =>
            {
                self.empty_root |= !tree.within(id).any(|id| tree.text(id).is_some_and(|text| !text.trim().is_empty()));
            }
            _ => {}
        }
        if let Some(text) = tree.text(id)
            && !tree
                .above(id)
                .any(|above| matches!(tree.name(above), "head" | "script" | "style" | "noscript" | "template"))
        {
            self.words += words(text);
            self.text_bytes += text.trim().len();
        }
    }
}

/// Whether a title is that of a message: it begins with one of the known ones, and is not much longer.
fn is_message(title: &str) -> bool {
    let letters = bare(title);
    let message = |known: &&str| {
        let rest = letters.strip_prefix(*known).or_else(|| letters.strip_suffix(*known)).or_else(|| {
            // "Error 404", "HTTP Status 503"
            ["error", "httpstatus", "httperror", "fehler", "erreur"]
                .iter()
                .find_map(|start| letters.strip_prefix(start)?.strip_prefix(*known))
        });
        rest.is_some_and(|rest| rest.chars().count() <= 40)
    };
    // "500 years of harbours" begins with a figure, too: a figure alone is a message if what follows is known.
    match TITLES.iter().flat_map(|line| line.split(' ')).find(message) {
        Some(known) if known.chars().all(|c| c.is_ascii_digit()) => {
            let rest = letters.trim_start_matches("error").trim_start_matches("httpstatus").trim_start_matches(known);
            let said = [
                "error",
                "notfound",
                "forbidden",
                "unauthorized",
                "gone",
                "bad",
                "service",
                "internal",
                "gateway",
                "toomany",
                "page",
                "seite",
                "nicht",
            ];
            rest.is_empty() || letters.starts_with("error") || said.iter().any(|said| rest.starts_with(said))
        }
        known => known.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_from_titles() {
        for title in [
            "404",
            "404 Not Found",
            "Error 404",
            "Page not found – The Coast Ledger",
            "Just a moment...",
            "Access Denied",
            "503 Service Unavailable",
        ] {
            assert!(is_message(title), "{title}");
        }
        for title in [
            "500 years of harbours",
            "How tides work",
            "404 kilometres by boat",
            "",
            "The page not found in any archive: a story of a map and its maker",
        ] {
            assert!(!is_message(title), "{title}");
        }
    }
}
