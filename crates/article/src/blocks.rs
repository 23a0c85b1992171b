//! The part of a page that holds its article, as blocks in reading order.
//!
//! What belongs here: what an element is when it is read. Which part that is comes from `body`, what is not read in it from `clutter`; rows and
//! cells are in `tables`.

use model::article::Block;

use crate::body::Body;
use crate::clutter::Page;
use crate::tables;
use crate::text::{tidied, tidied_lines};
use crate::tree::Id;

/// Elements that stand in lines of their own. Those that pages make up stand in the line, as browsers have it.
const BLOCKS: &[&str] = &[
    "address article aside blockquote body caption center dd details dir div dl dt fieldset figcaption figure",
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main nav ol p pre search section summary table",
    "tbody td tfoot th thead tr ul",
];

/// Letters of a text that may be a button's or a count's.
const FEW_LETTERS: usize = 25;

/// Letters of a mark that leads to a note, at the most.
const LONGEST_MARK: usize = 12;

/// A block, and how much of it stands in links, between 0 and 1.
#[derive(Debug)]
pub(crate) struct Found {
    /// The block.
    pub(crate) block: Block,
    /// The share.
    pub(crate) linked: f64,
}

/// What a line of text becomes.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Paragraph,
    Quote,
    Caption,
    Heading(u8),
    Item(Option<u32>),
}

/// The blocks of an article.
pub(crate) fn of(page: &Page<'_>, body: &Body) -> Vec<Found> {
    let mut reader = Reader {
        page,
        body,
        found: Vec::new(),
        line: String::new(),
        linked: 0,
        in_link: false,
        broken: false,
        shape: Shape::Paragraph,
    };
    reader.node(body.top);
    reader.end_line();
    reader.found
}

struct Reader<'a> {
    page: &'a Page<'a>,
    body: &'a Body,
    found: Vec<Found>,
    /// What has been read since the last block ended.
    line: String,
    /// How many bytes of it stand in links.
    linked: usize,
    in_link: bool,
    /// Whether a line break was read last.
    broken: bool,
    shape: Shape,
}

impl Reader<'_> {
    /// Reads a node. It calls itself no deeper than [`crate::parse::DEEPEST`].
    fn node(&mut self, id: Id) {
        let tree = self.page.tree;
        if self.page.gone[id] {
            return;
        }
        if let Some(text) = tree.text(id) {
            self.text(text);
            return;
        }
        if tree.foreign(id).is_some() {
            self.formula(id);
            return;
        }
        let name = tree.name(id);
        if self.was_left_out(id, name) {
            return;
        }
        match name {
            "br" if self.broken => self.end_line(),
            "br" => {
                self.line.push('\n');
                self.broken = true;
            }
            "hr" => self.end_line(),
            "img" => self.picture(id),
            "sup" => self.raised(id),
            "q" => {
                self.text("“");
                self.children(id);
                self.text("”");
            }
            "a" => self.link(id),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = name.as_bytes().get(1).map_or(6, |digit| digit - b'0');
                self.block(id, Some(Shape::Heading(level)));
            }
            "figcaption" | "caption" => self.block(id, Some(Shape::Caption)),
            "blockquote" => self.block(id, Some(Shape::Quote)),
            "ul" | "ol" => self.list(id, name == "ol"),
            "li" => self.block(id, Some(Shape::Item(None))),
            "pre" | "listing" | "xmp" | "plaintext" => self.code(id),
            "table" => self.table(id),
            _ if is_block(name) => {
                let shape = self.is_caption(id).then_some(Shape::Caption);
                self.block(id, shape);
            }
            _ => self.children(id),
        }
    }

    fn children(&mut self, id: Id) {
        for child in self.page.tree.children(id) {
            self.node(child);
        }
    }

    /// Reads what stands in an element as lines of their own.
    fn block(&mut self, id: Id, shape: Option<Shape>) {
        self.end_line();
        let around = self.shape;
        // What is set apart in a heading or an item is still the heading or the item.
        self.shape = match (around, shape) {
            (_, None) | (Shape::Quote | Shape::Caption, Some(Shape::Heading(_))) => around,
            (_, Some(shape)) => shape,
        };
        self.children(id);
        self.end_line();
        // The first line of an item used up its number; a quotation goes on.
        self.shape = match (around, self.shape) {
            (Shape::Item(_), Shape::Paragraph) => Shape::Paragraph,
            _ => around,
        };
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let linked = std::mem::take(&mut self.linked);
        self.broken = false;
        let letters = line.chars().filter(|letter| !letter.is_whitespace()).count();
        let text = tidied(&line);
        if text.is_empty() {
            return;
        }
        let block = match self.shape {
            Shape::Paragraph => Block::Paragraph(text),
            Shape::Quote => Block::Quote(text),
            Shape::Caption => Block::Caption(text),
            Shape::Heading(level) => Block::Heading(level, text),
            Shape::Item(number) => {
                self.shape = Shape::Paragraph;
                Block::Item(number, text)
            }
        };
        self.found.push(Found { block, linked: linked as f64 / letters.max(1) as f64 });
    }

    fn text(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.broken = false;
        }
        if self.in_link {
            self.linked += text.chars().filter(|letter| !letter.is_whitespace()).count();
        }
        self.line.push_str(text);
    }

    fn link(&mut self, id: Id) {
        if self.is_mark(id) {
            return;
        }
        let around = std::mem::replace(&mut self.in_link, true);
        self.children(id);
        self.in_link = around;
    }

    /// A link that is only a sign: to a note, back from one, or to the heading it stands in.
    fn is_mark(&self, id: Id) -> bool {
        let tree = self.page.tree;
        if self.page.letters[id] > LONGEST_MARK {
            return false;
        }
        let within = tree.attribute(id, "href").is_some_and(|href| href.contains('#'));
        let text = tidied(&tree.all_text(id));
        let kind = tree.attribute(id, "role").unwrap_or_default();
        let is = |what: &str| {
            ["class", "rel", "role"].iter().any(|name| tree.attribute(id, name).is_some_and(|of| of.contains(what)))
        };
        if within && (kind == "doc-noteref" || is("footnote") || is("noteref")) {
            return true;
        }
        let only_signs = !text.is_empty() && !text.chars().any(char::is_alphanumeric) && text.chars().count() <= 3;
        within && (only_signs || text.starts_with('[') && text.ends_with(']') && text.len() <= 6)
    }

    /// What stands higher: marks of notes are not read, figures are written as powers, endings of ordinals belong to their figures.
    fn raised(&mut self, id: Id) {
        let tree = self.page.tree;
        if self.page.letters[id] > LONGEST_MARK {
            self.children(id);
            return;
        }
        let text = tidied(&tree.all_text(id));
        let linked = self.in_link || tree.within(id).any(|id| tree.name(id) == "a");
        let bare = text.trim_matches(['[', ']', '(', ')', ',', ' ']);
        let mark = bare.chars().all(|letter| letter.is_ascii_digit() || ",–- *†‡§¶".contains(letter))
            || bare.chars().count() == 1;
        if mark && (linked || text.starts_with('[') || bare.starts_with(['*', '†', '‡', '§', '¶'])) {
            return;
        }
        match raised_figures(&text) {
            Some(figures) => self.text(&figures),
            None => self.children(id),
        }
    }

    /// A picture is not read. Small ones that stand for a sign are what they stand for.
    fn picture(&mut self, id: Id) {
        let tree = self.page.tree;
        let sign = tree.attribute(id, "class").is_some_and(|class| class.contains("emoji") || class.contains("smiley"));
        if let Some(alt) = tree.attribute(id, "alt").filter(|alt| sign && alt.chars().count() <= 16) {
            self.text(alt);
        }
    }

    fn formula(&mut self, id: Id) {
        match self.page.tree.attribute(id, "alttext") {
            Some(said) => self.text(said),
            None => self.children(id),
        }
    }

    fn list(&mut self, id: Id, numbered: bool) {
        self.end_line();
        let tree = self.page.tree;
        let number = |id, name| tree.attribute(id, name).and_then(|value| value.trim().parse::<i64>().ok());
        let items = tree.children(id).filter(|child| tree.name(*child) == "li" && !self.page.gone[*child]).count();
        let down = tree.attribute(id, "reversed").is_some();
        let mut next = number(id, "start").unwrap_or(if down { items as i64 } else { 1 });
        let around = self.shape;
        for child in tree.children(id) {
            if tree.name(child) == "li" {
                next = number(child, "value").unwrap_or(next);
                let said = numbered.then(|| u32::try_from(next).ok()).flatten();
                next = next.saturating_add(if down { -1 } else { 1 });
                if !self.page.gone[child] && !self.was_left_out(child, "li") {
                    self.shape = Shape::Paragraph;
                    self.block(child, Some(Shape::Item(said)));
                }
            } else {
                self.shape = Shape::Paragraph;
                self.node(child);
            }
        }
        self.end_line();
        self.shape = around;
        if let Shape::Item(_) = around {
            self.shape = Shape::Paragraph;
        }
    }

    fn code(&mut self, id: Id) {
        let tree = self.page.tree;
        let class = tree.attribute(id, "class").unwrap_or_default();
        if class.contains("verse") || class.contains("poem") {
            self.block(id, None);
            return;
        }
        self.end_line();
        let mut text = String::new();
        for id in tree.within(id) {
            let gone = self.page.gone[id];
            match tree.text(id) {
                Some(part) if !gone => text.push_str(part),
                None if !gone && tree.name(id) == "br" => text.push('\n'),
                _ => {}
            }
        }
        let text = tidied_lines(&text);
        if !text.is_empty() {
            self.found.push(Found { block: Block::Code(text), linked: 0.0 });
        }
    }

    fn table(&mut self, id: Id) {
        self.end_line();
        if !tables::holds_data(self.page, id) {
            self.block(id, None);
            return;
        }
        let tree = self.page.tree;
        for child in tree.children(id).filter(|child| tree.name(*child) == "caption") {
            self.node(child);
        }
        let rows = tables::rows(self.page, id, |cell| self.line_of(cell));
        if !rows.is_empty() {
            self.found.push(Found { block: Block::Table(rows), linked: 0.0 });
        }
    }

    /// All that is read in a node, in one line.
    fn line_of(&self, id: Id) -> String {
        let shape = Shape::Paragraph;
        let mut reader =
            Reader { found: Vec::new(), line: String::new(), linked: 0, in_link: false, broken: false, shape, ..*self };
        reader.children(id);
        reader.end_line();
        let lines = reader.found.into_iter().map(|found| match found.block {
            Block::Heading(_, text)
            | Block::Paragraph(text)
            | Block::Quote(text)
            | Block::Item(_, text)
            | Block::Caption(text)
            | Block::Code(text) => tidied(&text),
            Block::Table(_) => String::new(),
        });
        lines.collect::<Vec<_>>().join(" ").trim().to_owned()
    }

    /// Whether dom_smoothie left out all of it, and nothing about it says that this was wrong.
    fn was_left_out(&self, id: Id, name: &str) -> bool {
        let page = self.page;
        if self.body.taken[id] || !is_block(name) || page.letters[id] == 0 {
            return false;
        }
        if self
            .page
            .tree
            .above(id)
            .take_while(|above| *above != self.body.top)
            .any(|above| matches!(page.tree.name(above), "li" | "td" | "th" | "figure" | "blockquote" | "p" | "pre"))
        {
            return false;
        }
        match name {
            "p" => page.link_share(id) > 0.6 || page.letters[id] < FEW_LETTERS,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "pre" | "figcaption" | "blockquote" | "table" | "dl" | "dt"
            | "dd" => page.link_share(id) > 0.6,
            "ul" | "ol" | "li" => page.link_share(id) > 0.8,
            _ => {
                let solid = |id: Id| {
                    let element = matches!(page.tree.name(id), "pre" | "table" | "figcaption" | "blockquote");
                    element || page.tree.text(id).is_some() && page.letters[id] >= FEW_LETTERS
                };
                page.link_share(id) > 0.5 || !page.tree.within(id).any(solid)
            }
        }
    }

    /// Older systems and page builders mark captions by name only.
    fn is_caption(&self, id: Id) -> bool {
        let class = self.page.tree.attribute(id, "class").unwrap_or_default().to_ascii_lowercase();
        class.split_whitespace().any(|name| name.ends_with("caption") || name.contains("caption-text"))
            && self.page.letters[id] < 600
    }
}

/// Figures as they are written raised, if there is nothing but figures.
fn raised_figures(text: &str) -> Option<String> {
    let figure = |letter| match letter {
        '0' => Some('⁰'),
        '1' => Some('¹'),
        '2' => Some('²'),
        '3' => Some('³'),
        '4'..='9' => char::from_u32(u32::from('⁴') + u32::from(letter) - u32::from('4')),
        '-' | '−' | '–' => Some('⁻'),
        '+' => Some('⁺'),
        _ => None,
    };
    if text.is_empty() { None } else { text.chars().map(figure).collect() }
}

/// Whether an element stands in lines of its own.
pub(crate) fn is_block(name: &str) -> bool {
    BLOCKS.iter().any(|line| line.split(' ').any(|block| block == name))
}
