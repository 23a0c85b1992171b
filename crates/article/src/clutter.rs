//! What stands on a page beside its article: marked, so that nobody reads it.
//!
//! What belongs here: what can be told by elements, attributes and the names that publishing systems give to things. Which part of the rest is the article is
//! found in `body`; what only its words give away is swept up in `sweep`.
//!
//! A name is a hint, and pages are careless with names. So nothing goes that holds the page's main heading, or much of its text.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::blocks::is_block;
use crate::tree::{Id, Tree};

/// Elements that are never read: they run, steer, draw, or show other pages.
const NEVER: &[&str] = &[
    "head script style noscript template iframe frame frameset noframes object embed applet audio video canvas",
    "map button select datalist option textarea input meter progress dialog menu rp rt rtc del title noembed",
    "basefont bgsound",
];

/// What an element is there for, as `role` says it, where that is never the article.
const ROLES: &[&str] = &[
    "navigation banner contentinfo complementary search dialog alertdialog menu menubar toolbar tablist button",
    "doc-endnotes doc-footnote doc-toc doc-backlink switch status tooltip",
];

/// Words in names of classes and ids, parted by dashes, that say what a thing is for.
const NAMES: &[&str] = &[
    // Passing on, and being asked to.
    "share sharing sharedaddy sharebar social addtoany addthis a2a newsletter subscribe subscription signup",
    "sign-up optin opt-in mailchimp paywall regwall follow clap donate donation feedback was-this-helpful",
    // Agreeing to.
    "cookie cookies consent gdpr cmp popup modal lightbox interstitial",
    // Being sold something.
    "ad ads adslot advert advertisement advertising adsbygoogle sponsored sponsor promo promotion promobox",
    // Other articles.
    "related relatedposts recirc recirculation recommended recommendations read-next up-next next-up more-stories",
    "more-from most-read most-popular trending popular-posts latest teaser teasers ticker live-feed read-more",
    "readmore more-link jp-relatedposts",
    // What readers say.
    "comments commentlist comment-list comment-form comment-respond respond disqus discussion",
    // Finding one's way.
    "nav navbar navigation navmenu topnav menu submenu sidebar breadcrumb breadcrumbs pagination pager page-links",
    "nav-links toc table-of-contents masthead toolbar skip-link skiplink skip search-form searchform footer",
    "colophon edit-page edit-this-page mw-editsection mw-jump-link navbox catlinks hatnote infobox ambox noprint",
    "headerlink site-sub content-sub",
    // Who and when, which is read from what the page says of itself.
    "byline author-box authorbox author-bio author-info author-card about-author about-the-author entry-meta",
    "post-meta article-meta posted-on post-tags entry-tags tags-links cat-links tag-list taglist tagcloud",
    "tag-cloud reading-time readtime read-time reading-progress post-labels share-buttons",
    // For other eyes and ears.
    "screen-reader-text sr-only visually-hidden visuallyhidden screenreader print-only",
    // Notes below, marks of them, numbers of lines.
    "footnotes footnote lnt footnote-back reflist references endnotes linenos lineno gutter line-numbers-rows copy-button",
    "copybtn clipboard",
];

/// Names that stand on much besides; what they name goes only if it is short or made of links.
const FAINT: &[&str] = &[
    "banner meta metadata tags author date dateline timestamp published updated category categories kicker",
    "eyebrow rating poll survey support cta button buttons btn comment profile disclosure more next previous prev",
    "series labels permalink actions tools subnav announcement notice-bar topbar callout-signup promoted",
    "copyright license print",
];

/// Names of what readers say: there may be more of it than of the article.
const SAID_BY_READERS: &[&str] = &["comments commentlist comment-list respond disqus discussion"];

/// Classes that say of a page what it has or where it is filed, not what they stand on.
const NOT_A_NAME: &[&str] =
    &["has- no- with- without- is- not- hide- show- category- tag- type- status- format- page-template"];

/// Of an aside, names that say it belongs to what stands around it.
const BELONGS: &[&str] = &["note tip info warning caution important admonition callout definition example"];

/// What a name says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Nothing,
    Faintly,
    Clearly,
    ByReaders,
}

/// What each of the words says.
static SAID: LazyLock<HashMap<&str, Said>> = LazyLock::new(|| {
    let of = |words: &'static [&'static str], said| listed(words).map(|word| (word, said)).collect::<Vec<_>>();
    [of(FAINT, Said::Faintly), of(NAMES, Said::Clearly), of(SAID_BY_READERS, Said::ByReaders)]
        .concat()
        .into_iter()
        .collect()
});

/// Words that stand together in the list, at the most.
const MOST_TOGETHER: usize = 4;

/// Elements in which nothing small goes by a faint name: it belongs to the sentence.
const RUNNING: &[&str] = &["p li pre h1 h2 h3 h4 h5 h6 blockquote figcaption"];

/// Letters and digits of something short.
const SHORT: usize = 160;

/// A page, what of it is gone, and how much is left where.
pub(crate) struct Page<'a> {
    /// The page.
    pub(crate) tree: &'a Tree,
    /// Its nodes in order.
    pub(crate) order: Vec<Id>,
    /// Whether a node is not to be read.
    pub(crate) gone: Vec<bool>,
    /// Letters and digits in a node that are to be read.
    pub(crate) letters: Vec<usize>,
    /// How many of them stand in links.
    pub(crate) linked: Vec<usize>,
    /// Whether the page's main heading, or what is marked as its main text, stands in a node.
    anchors: Vec<bool>,
}

impl<'a> Page<'a> {
    /// Looks through a page.
    pub(crate) fn of(tree: &'a Tree) -> Self {
        let order: Vec<Id> = tree.within(Tree::ROOT).collect();
        let none = vec![0; tree.len()];
        let mut page = Self {
            tree,
            order,
            gone: vec![false; tree.len()],
            letters: none.clone(),
            linked: none,
            anchors: vec![false; tree.len()],
        };
        page.mark(Self::is_never_read);
        page.count();
        page.mark(Self::is_hidden);
        page.count();
        page.mark(Self::is_beside);
        page.count();
        page
    }

    /// How much of a node stands in links, between 0 and 1.
    pub(crate) fn link_share(&self, id: Id) -> f64 {
        if self.letters[id] == 0 { 0.0 } else { self.linked[id] as f64 / self.letters[id] as f64 }
    }

    /// Marks nodes, and all that stand in them.
    fn mark(&mut self, goes: impl Fn(&Self, Id) -> bool) {
        let order = std::mem::take(&mut self.order);
        for id in &order {
            let above = self.tree.parent(*id).is_some_and(|parent| self.gone[parent]);
            if above || !self.gone[*id] && goes(self, *id) {
                self.gone[*id] = true;
            }
        }
        self.order = order;
    }

    fn count(&mut self) {
        self.letters.fill(0);
        self.linked.fill(0);
        self.anchors.fill(false);
        for at in (0..self.order.len()).rev() {
            let id = self.order[at];
            if self.gone[id] {
                continue;
            }
            if let Some(text) = self.tree.text(id) {
                self.letters[id] = text.chars().filter(|letter| letter.is_alphanumeric()).count();
            }
            if self.tree.name(id) == "a" && self.tree.attribute(id, "href").is_some() {
                self.linked[id] = self.letters[id];
            }
            self.anchors[id] |= self.is_anchor(id);
            if let Some(parent) = self.tree.parent(id) {
                self.letters[parent] += self.letters[id];
                self.linked[parent] += self.linked[id];
                let anchors = self.anchors[id];
                self.anchors[parent] |= anchors;
            }
        }
    }

    fn is_anchor(&self, id: Id) -> bool {
        let body =
            self.tree.attribute(id, "itemprop").is_some_and(|of| of.split_whitespace().any(|of| of == "articleBody"));
        body || matches!(self.tree.name(id), "h1" | "main" | "body" | "html")
    }

    /// How much of the page stands in a node, between 0 and 1.
    fn share(&self, id: Id) -> f64 {
        self.letters[id] as f64 / self.letters[Tree::ROOT].max(1) as f64
    }

    fn is_never_read(&self, id: Id) -> bool {
        if let Some(name) = self.tree.foreign(id) {
            return name == "svg" || name.starts_with("annotation");
        }
        let name = self.tree.name(id);
        // What AMP puts into a page is a place for something else, but for these.
        let placed = name.starts_with("amp-")
            && !matches!(name, "amp-img" | "amp-accordion" | "amp-carousel" | "amp-fit-text" | "amp-layout");
        placed || !name.is_empty() && listed(NEVER).any(|never| never == name)
    }

    fn is_hidden(&self, id: Id) -> bool {
        let style = || {
            let style: String =
                self.tree.attribute(id, "style").unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
            let style = style.to_ascii_lowercase();
            ["display:none", "visibility:hidden", "font-size:0;", "font-size:0px", "mso-hide:all"]
                .iter()
                .any(|way| style.contains(way))
        };
        let is_true =
            |name: &str| self.tree.attribute(id, name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        // `until-found` hides what a search on the page still finds.
        let hidden = self.tree.attribute(id, "hidden").is_some_and(|value| !value.eq_ignore_ascii_case("until-found"));
        // A formula is hidden behind its picture. A script may show the whole page once it has run, or hide it behind a dialogue.
        let formula = self.tree.children(id).any(|child| self.tree.foreign(child) == Some("math"));
        !formula && (hidden || is_true("aria-hidden") || style()) && self.share(id) < 0.5
    }

    /// Whether it stands beside the article.
    fn is_beside(&self, id: Id) -> bool {
        let tree = self.tree;
        let name = tree.name(id);
        if matches!(name, "" | "html" | "body" | "main") || self.anchors[id] && self.letters[id] > 0 && name != "header"
        {
            return false;
        }
        let role = tree.attribute(id, "role").unwrap_or_default().to_ascii_lowercase();
        if matches!(role.as_str(), "main" | "article") {
            return false;
        }
        let much = self.share(id) >= 0.4;
        let said = self.said(id);
        if said == Said::ByReaders && name != "article" {
            return true;
        }
        if much || matches!(name, "tr" | "tbody" | "thead") {
            return false;
        }
        if !role.is_empty() && listed(ROLES).any(|other| other == role)
            || tree.attribute(id, "aria-modal") == Some("true")
        {
            return true;
        }
        match name {
            "nav" => return true,
            "footer" => return !self.stands_in(id, "blockquote") && !self.stands_in(id, "figure"),
            // A card that leads elsewhere as a whole.
            "a" => {
                let card = tree.within(id).any(|id| matches!(tree.name(id), "h1" | "h2" | "h3" | "h4" | "h5" | "h6"));
                if card {
                    return true;
                }
            }
            "aside" => {
                return !self.names(id).any(|name| parts(&name).any(|part| listed(BELONGS).any(|word| word == part)));
            }
            "header" => {
                return !(self.stands_in(id, "article") || self.stands_in(id, "main") || self.stands_in(id, "section"));
            }
            "form" => return self.letters[id] < 2 * SHORT || self.link_share(id) > 0.3,
            _ => {}
        }
        match said {
            Said::Clearly | Said::ByReaders => !matches!(name, "td" | "th") || self.letters[id] < SHORT,
            Said::Faintly => {
                let cells = !is_block(name);
                let inline = tree.above(id).any(|above| match tree.name(above) {
                    "td" | "th" => cells,
                    above => listed(RUNNING).any(|running| running == above),
                });
                let heading = matches!(
                    name,
                    "td" | "th" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "pre" | "figcaption" | "figure" | "table"
                );
                !inline && !heading && (self.letters[id] < SHORT || self.link_share(id) > 0.5)
            }
            Said::Nothing => false,
        }
    }

    fn stands_in(&self, id: Id, name: &str) -> bool {
        self.tree.above(id).any(|above| self.tree.name(above) == name)
    }

    fn said(&self, id: Id) -> Said {
        let said = self.names(id).filter_map(|name| parts(&name).filter_map(|part| SAID.get(part).copied()).max());
        said.max().unwrap_or(Said::Nothing)
    }

    /// The names of an element's class and id, each in small letters, words parted by dashes: `entry-meta`.
    fn names(&self, id: Id) -> impl Iterator<Item = String> + '_ {
        let of = |name| self.tree.attribute(id, name).unwrap_or_default().split_whitespace().take(40);
        of("class").chain(of("id")).filter(|name| !listed(NOT_A_NAME).any(|start| name.starts_with(start))).map(dashed)
    }
}

/// The words of a list.
fn listed(list: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    list.iter().flat_map(|line| line.split(' '))
}

/// `entryMeta`, `entry_meta` and `entry-meta` as `entry-meta`.
fn dashed(name: &str) -> String {
    let mut dashed = String::new();
    let mut small = false;
    for letter in name.chars().take(80) {
        if letter.is_alphanumeric() {
            if letter.is_uppercase() && small {
                dashed.push('-');
            }
            small = letter.is_lowercase();
            dashed.extend(letter.to_lowercase());
        } else if !dashed.is_empty() && !dashed.ends_with('-') {
            dashed.push('-');
            small = false;
        }
    }
    dashed.truncate(dashed.trim_end_matches('-').len());
    dashed
}

/// All that stands together in a name: `a`, `a-b` and `b` of `a-b`.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let starts = std::iter::once(0).chain(name.match_indices('-').map(|(at, _)| at + 1));
    starts.flat_map(move |start| {
        let rest = &name[start..];
        let ends = rest.match_indices('-').map(|(at, _)| at).chain(std::iter::once(rest.len()));
        ends.take(MOST_TOGETHER).map(move |end| &rest[..end])
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    fn left(html: &str) -> String {
        let tree = crate::parse::tree(html).unwrap();
        let page = Page::of(&tree);
        let left = page.order.iter().filter(|id| !page.gone[**id]).filter_map(|id| tree.text(*id));
        crate::text::tidied(&left.collect::<String>())
    }

    const TEXT: &str = "<p>Tides come twice a day, and a gauge notes how high they are, hour by hour.</p>";

    #[test]
    fn names_are_read_in_any_spelling() {
        for (name, expected) in [("entryMeta", "entry-meta"), ("Entry_meta", "entry-meta"), ("--x", "x"), ("", "")] {
            assert_eq!(dashed(name), expected);
        }
    }

    #[test]
    fn what_stands_beside_goes() {
        for beside in [
            "<nav>Home</nav>",
            "<footer>© 2026</footer>",
            "<div class='socialShare'>Share</div>",
            "<div id=cookie-banner>We use cookies</div>",
            "<div role=dialog>Stay</div>",
            "<section class='post-comments comments'><p>First</p><p>Second comment, which is longer than the whole article, as it often is, sadly, and goes on and on.</p></section>",
            "<span hidden>x</span>",
            "<span style='Display : NONE'>x</span>",
            "<span aria-hidden=true>x</span>",
            "<svg><text>x</text></svg>",
            "<script>x</script><style>x</style><noscript>x</noscript><template>x</template>",
            "<div class=author>By A. Person</div>",
        ] {
            assert!(!left(TEXT).is_empty());
            assert_eq!(left(&format!("{TEXT}{beside}")), left(TEXT), "{beside}");
        }
    }

    #[test]
    fn what_holds_the_article_stays() {
        for around in [
            "<div class=sidebar-menu>",
            "<div aria-hidden=true>",
            "<div style='display:none'>",
            "<body class='has-sidebar footer'>",
            "<form>",
            "<main class=comments>",
            "<article class='post tag-cookies category-newsletter'>",
        ] {
            assert_eq!(left(&format!("{around}{TEXT}")), left(TEXT), "{around}");
        }
    }
}
