//! Where on a page its article stands.
//!
//! What belongs here: asking dom_smoothie, which weighs paragraphs as Readability does, and taking its answer back to the tree. What is
//! surely no part of the article has been marked in `clutter` before.
//!
//! dom_smoothie is given a copy that has only what it weighs: plain elements, names of classes, and text. So it sees nothing
//! that was made to confuse it, and what it answers is a place, not a text.

use dom_smoothie::{Config, Readability};

use crate::clutter::Page;
use crate::tree::{Id, Tree};

/// By this attribute an element of the copy is known.
const PLACE: &str = "data-place";

/// Longest names of classes in the copy.
const LONGEST_NAME: usize = 120;

/// Of what was taken, in hundredths, how much stands in the element that holds the article.
const NEARLY_ALL: usize = 85;

/// How deep elements of the copy stand in each other. dom_smoothie looks through all that stands in an element for each that it stands in.
const DEEPEST_COPIED: usize = 24;

/// Elements that the copy may have. dom_smoothie looks through all that stand beside each other for each of them.
const MOST_COPIED: usize = 15_000;

/// Elements that the copy has as they are. Others become `div` or `span`, by what stands in them.
const COPIED: &[&str] = &[
    "article aside blockquote br caption dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr img li",
    "main ol p pre section span table tbody td tfoot th thead tr ul",
];

/// Elements that have no end tag.
const WITHOUT_END: &[&str] = &["br", "hr", "img"];

/// Where the article stands, and which elements there were thought to be a part of it.
pub(crate) struct Body {
    /// The element that holds the article.
    pub(crate) top: Id,
    /// For each node whether it, or something in it, was taken for a part of the article.
    pub(crate) taken: Vec<bool>,
}

/// Finds the article on a page.
pub(crate) fn find(page: &Page<'_>) -> Option<Body> {
    let mut taken = weighed(page).unwrap_or_else(|| vec![true; page.tree.len()]);
    let top = holder(page, &taken)?;
    for at in (0..page.order.len()).rev() {
        let id = page.order[at];
        if let Some(parent) = page.tree.parent(id)
            && taken[id]
        {
            taken[parent] = true;
        }
    }
    Some(Body { top: widened(page, top), taken })
}

/// For each node whether dom_smoothie takes it for a part of the article. Nothing if it does not know, or if there is more than it weighs in
/// reasonable time; a page with so much text that is no clutter is one article.
fn weighed(page: &Page<'_>) -> Option<Vec<bool>> {
    let config = Config { disable_json_ld: true, keep_classes: true, ..Config::default() };
    let mut readability = Readability::new(copy(page)?, None, Some(config)).ok()?;
    readability.parse().ok()?;
    let mut taken = vec![false; page.tree.len()];
    for node in readability.doc.select("[data-place]").nodes() {
        let place: Option<Id> = node.attr(PLACE).and_then(|place| place.parse().ok());
        if let Some(taken) = place.and_then(|place| taken.get_mut(place)) {
            *taken = true;
        }
    }
    Some(taken)
}

/// The lowest element that nearly all of what was taken stands in. A few words of the frame around are taken now and then, and
/// must not make the whole page an article.
fn holder(page: &Page<'_>, taken: &[bool]) -> Option<Id> {
    let mut weights = vec![0; page.tree.len()];
    for at in (0..page.order.len()).rev() {
        let id = page.order[at];
        let Some(parent) = page.tree.parent(id) else { continue };
        if page.tree.text(id).is_some() && taken[parent] && !page.gone[id] {
            weights[id] = page.letters[id];
        }
        weights[parent] += weights[id];
    }
    let all = weights[Tree::ROOT];
    let enough = |id: &Id| page.tree.text(*id).is_none() && weights[*id] * 100 >= all * NEARLY_ALL;
    let mut top = Tree::ROOT;
    while let Some(child) = page.tree.children(top).find(enough) {
        top = child;
    }
    // One paragraph alone has what stands beside it with it.
    let in_lines = |id: &Id| {
        matches!(
            page.tree.name(*id),
            "p" | "li" | "blockquote" | "ul" | "ol" | "pre" | "span" | "a" | "b" | "font" | "i"
        )
    };
    let top = std::iter::once(top).chain(page.tree.above(top)).find(|id| !in_lines(id))?;
    (all > 0).then_some(top)
}

/// The article around it, if it is one of few and this is most of it: what stands between, as an introduction under the title, belongs to it.
fn widened(page: &Page<'_>, top: Id) -> Id {
    let article = page.tree.above(top).find(|above| {
        let body = page.tree.attribute(*above, "itemprop").is_some_and(|of| of.contains("articleBody"));
        body || page.tree.name(*above) == "article"
    });
    article.filter(|article| page.letters[top] * 10 >= page.letters[*article] * 6).unwrap_or(top)
}

/// The page as dom_smoothie is to see it, unless that is too much.
fn copy(page: &Page<'_>) -> Option<String> {
    let mut copy = Copy { page, blocks: with_blocks(page), elements: 0, html: String::new() };
    copy.html.push_str("<!DOCTYPE html><html><head><title></title></head>");
    copy.children(Tree::ROOT, false, 0);
    copy.html.push_str("</html>");
    (copy.elements <= MOST_COPIED).then_some(copy.html)
}

struct Copy<'a> {
    page: &'a Page<'a>,
    /// Whether a node has blocks in it.
    blocks: Vec<bool>,
    elements: usize,
    html: String,
}

impl Copy<'_> {
    /// Copies what stands in a node. It calls itself no deeper than [`crate::parse::DEEPEST`].
    fn children(&mut self, id: Id, linked: bool, depth: usize) {
        let page = self.page;
        for child in page.tree.children(id).filter(|child| !page.gone[*child]) {
            if self.elements > MOST_COPIED {
                return;
            }
            if let Some(text) = page.tree.text(child) {
                escaped(&mut self.html, text);
                continue;
            }
            let name = self.name(child, linked, depth);
            if name.is_empty() {
                self.children(child, linked, depth);
                continue;
            }
            self.elements += 1;
            tag(&mut self.html, page.tree, child, name);
            if !WITHOUT_END.contains(&name) {
                self.children(child, linked || name == "a", depth + 1);
                self.html.extend(["</", name, ">"]);
            }
        }
    }

    /// What an element is in the copy; nothing if only what stands in it is copied.
    fn name(&self, id: Id, linked: bool, depth: usize) -> &'static str {
        let blocks = self.blocks[id];
        let name = match self.page.tree.name(id) {
            "html" => "",
            "body" => "body",
            "a" if !linked && !blocks => "a",
            // dom_smoothie makes a paragraph of it, and would lose its place on the way.
            "div" if !blocks && self.page.letters[id] > 0 => "p",
            name => match is_copied(name) {
                Some(name) => name,
                None if self.page.tree.children(id).next().is_none() => "",
                None if blocks => "div",
                None => "span",
            },
        };
        // Of what stands too deep to be weighed, only what holds the text itself.
        if depth >= DEEPEST_COPIED && (blocks || name == "span") { "" } else { name }
    }
}

/// The name as a copy has it, if it has it.
fn is_copied(name: &str) -> Option<&'static str> {
    COPIED.iter().flat_map(|line| line.split(' ')).find(|copied| *copied == name)
}

/// Which nodes have blocks in them: what is not inline.
fn with_blocks(page: &Page<'_>) -> Vec<bool> {
    let mut blocks = vec![false; page.tree.len()];
    for at in (0..page.order.len()).rev() {
        let id = page.order[at];
        let name = page.tree.name(id);
        let block = blocks[id] || is_copied(name).is_some() && !matches!(name, "span" | "br" | "img");
        if block && let Some(parent) = page.tree.parent(id) {
            blocks[parent] = true;
        }
    }
    blocks
}

fn tag(html: &mut String, tree: &Tree, id: Id, name: &str) {
    html.push('<');
    html.push_str(name);
    html.push_str(" data-place=\"");
    html.push_str(&id.to_string());
    html.push('"');
    for attribute in ["class", "id"] {
        if let Some(value) = tree.attribute(id, attribute) {
            html.extend([" ", attribute, "=\""]);
            html.extend(
                value.chars().take(LONGEST_NAME).map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { ' ' }),
            );
            html.push('"');
        }
    }
    if name == "a" {
        // How much of a text is links is weighed, and links within the page weigh less.
        let within = tree.attribute(id, "href").is_some_and(|href| href.starts_with('#'));
        html.push_str(if within { " href=\"#a\"" } else { " href=\"/a\"" });
    }
    if name == "img" {
        html.push_str(" src=\"/a.png\"");
    }
    html.push('>');
}

fn escaped(html: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '<' => html.push_str("&lt;"),
            '&' => html.push_str("&amp;"),
            letter => html.push(letter),
        }
    }
}
