//! The tree of a page, in one list, and what the parser of HTML needs to grow it.
//!
//! What belongs here: nodes, their order, and walking over them. When to stop growing is in `parse`, and what the nodes mean to an
//! article is in `clutter`, `about` and `blocks`.
//!
//! Nodes refer to each other by their places in the list, so that no walk and no end of life of a tree calls itself.

use std::borrow::Cow;
use std::cell::{Ref, RefCell};
use std::collections::HashSet;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, QualName, local_name, ns};

/// The place of a node in its tree.
pub(crate) type Id = usize;

/// Attributes that somebody here asks for. The rest of a page's attributes is not kept.
const ASKED_FOR: &[&str] = &[
    "alt alttext aria-hidden aria-modal charset class colspan content datetime hidden href http-equiv id itemprop",
    "itemtype lang name property rel reversed role rowspan src start style type value xml:lang",
];

/// Attributes of one element that are kept, at the most. Only `html` and `body`, which a page may open again and again, could have more.
const MOST_KEPT: usize = 64;

/// What a node is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// The page itself.
    Page,
    /// An element.
    Element(Element),
    /// Text.
    Text(String),
    /// A comment, or what stands in a template.
    Other,
}

/// An element: its name, and those of its attributes that are asked for.
#[derive(Debug)]
pub(crate) struct Element {
    name: QualName,
    attributes: Vec<(LocalName, StrTendril)>,
}

#[derive(Debug)]
struct Node {
    kind: Kind,
    parent: Option<Id>,
    first: Option<Id>,
    last: Option<Id>,
    before: Option<Id>,
    after: Option<Id>,
}

/// A page as a tree.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// The node that all others stand in.
    pub(crate) const ROOT: Id = 0;

    fn new() -> Self {
        let mut tree = Self { nodes: Vec::new() };
        tree.add(Kind::Page);
        tree
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node's parent.
    pub(crate) fn parent(&self, id: Id) -> Option<Id> {
        self.nodes[id].parent
    }

    /// The node's children, in order.
    pub(crate) fn children(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        std::iter::successors(self.nodes[id].first, |child| self.nodes[*child].after)
    }

    /// The nodes that this one stands in, the nearest first.
    pub(crate) fn above(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        std::iter::successors(self.parent(id), |above| self.parent(*above))
    }

    /// This node and all that stand in it, in order.
    pub(crate) fn within(&self, top: Id) -> impl Iterator<Item = Id> + '_ {
        std::iter::successors(Some(top), move |id| self.next(*id, top))
    }

    /// The node after this one, in order, as long as it stands in `top`.
    fn next(&self, id: Id, top: Id) -> Option<Id> {
        if let Some(child) = self.nodes[id].first {
            return Some(child);
        }
        self.next_beside(id, top)
    }

    /// The node after this one and all that stand in it, as long as it stands in `top`.
    pub(crate) fn next_beside(&self, id: Id, top: Id) -> Option<Id> {
        let mut at = id;
        while at != top {
            if let Some(after) = self.nodes[at].after {
                return Some(after);
            }
            at = self.nodes[at].parent?;
        }
        None
    }

    /// The name of an element of HTML; nothing for text, comments, drawings and formulae.
    pub(crate) fn name(&self, id: Id) -> &str {
        match &self.nodes[id].kind {
            Kind::Element(element) if element.name.ns == ns!(html) => &element.name.local,
            _ => "",
        }
    }

    /// The name of an element of a drawing or formula.
    pub(crate) fn foreign(&self, id: Id) -> Option<&str> {
        match &self.nodes[id].kind {
            Kind::Element(element) if element.name.ns != ns!(html) => Some(&element.name.local),
            _ => None,
        }
    }

    /// The text of a node that is text.
    pub(crate) fn text(&self, id: Id) -> Option<&str> {
        match &self.nodes[id].kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// All text in a node, as it stands there.
    pub(crate) fn all_text(&self, id: Id) -> String {
        self.within(id).filter_map(|id| self.text(id)).collect()
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, id: Id, name: &str) -> Option<&str> {
        let Kind::Element(element) = &self.nodes[id].kind else { return None };
        element.attributes.iter().find(|(found, _)| found.as_ref() == name).map(|(_, value)| value.as_ref())
    }

    /// Nodes above this one and itself, counted no further than `limit`.
    fn depth(&self, id: Id, limit: usize) -> usize {
        1 + self.above(id).take(limit).count()
    }

    /// Whether a node stands deeper than that. It looks at every node.
    pub(crate) fn is_deeper_than(&self, limit: usize) -> bool {
        let (mut at, mut depth) = (Self::ROOT, 0);
        loop {
            if let Some(child) = self.nodes[at].first {
                depth += 1;
                if depth > limit {
                    return true;
                }
                at = child;
                continue;
            }
            loop {
                if let Some(after) = self.nodes[at].after {
                    at = after;
                    break;
                }
                let Some(parent) = self.nodes[at].parent else { return false };
                depth -= 1;
                at = parent;
            }
        }
    }

    fn add(&mut self, kind: Kind) -> Id {
        self.nodes.push(Node { kind, parent: None, first: None, last: None, before: None, after: None });
        self.nodes.len() - 1
    }

    fn detach(&mut self, id: Id) {
        let Node { parent, before, after, .. } = self.nodes[id];
        let Some(parent) = parent else { return };
        match before {
            Some(before) => self.nodes[before].after = after,
            None => self.nodes[parent].first = after,
        }
        match after {
            Some(after) => self.nodes[after].before = before,
            None => self.nodes[parent].last = before,
        }
        let node = &mut self.nodes[id];
        (node.parent, node.before, node.after) = (None, None, None);
    }

    fn append(&mut self, parent: Id, child: Id) {
        self.detach(child);
        let last = self.nodes[parent].last.replace(child);
        match last {
            Some(last) => self.nodes[last].after = Some(child),
            None => self.nodes[parent].first = Some(child),
        }
        (self.nodes[child].parent, self.nodes[child].before) = (Some(parent), last);
    }

    fn insert_before(&mut self, sibling: Id, child: Id) {
        let Some(parent) = self.nodes[sibling].parent else { return };
        self.detach(child);
        let before = self.nodes[sibling].before.replace(child);
        match before {
            Some(before) => self.nodes[before].after = Some(child),
            None => self.nodes[parent].first = Some(child),
        }
        let node = &mut self.nodes[child];
        (node.parent, node.before, node.after) = (Some(parent), before, Some(sibling));
    }

    /// Adds text to a node that is text, or says that it is not.
    fn extend(&mut self, id: Option<Id>, more: &str) -> bool {
        let Some(id) = id else { return false };
        let Kind::Text(text) = &mut self.nodes[id].kind else { return false };
        text.push_str(more);
        true
    }
}

/// A tree while it grows.
pub(crate) struct Growing {
    tree: RefCell<Tree>,
    names: RefCell<HashSet<LocalName>>,
    nameless: RefCell<QualName>,
}

impl Growing {
    /// A tree without nodes.
    pub(crate) fn new() -> Self {
        Self {
            tree: RefCell::new(Tree::new()),
            names: RefCell::default(),
            nameless: RefCell::new(QualName::new(None, ns!(html), local_name!(""))),
        }
    }

    /// How many nodes there are by now.
    pub(crate) fn len(&self) -> usize {
        self.tree.borrow().len()
    }

    /// How many different names elements and attributes have by now.
    pub(crate) fn names(&self) -> usize {
        self.names.borrow().len()
    }

    /// How deep the newest node stands, counted no further than `limit`.
    pub(crate) fn depth(&self, limit: usize) -> usize {
        let tree = self.tree.borrow();
        tree.depth(tree.len() - 1, limit)
    }

    fn kept(&self, attributes: Vec<Attribute>) -> Vec<(LocalName, StrTendril)> {
        let mut names = self.names.borrow_mut();
        let mut kept = Vec::new();
        for Attribute { name, value } in attributes {
            if ASKED_FOR.iter().any(|line| line.split(' ').any(|asked| asked == &*name.local)) && kept.len() < MOST_KEPT
            {
                kept.push((name.local.clone(), value));
            }
            names.insert(name.local);
        }
        kept
    }

    fn put(&self, child: NodeOrText<Id>, last: impl Fn(&Tree) -> Option<Id>, put: impl Fn(&mut Tree, Id)) {
        let mut tree = self.tree.borrow_mut();
        let child = match child {
            NodeOrText::AppendNode(id) => id,
            NodeOrText::AppendText(text) => {
                let last = last(&tree);
                if tree.extend(last, &text) {
                    return;
                }
                tree.add(Kind::Text(text.into()))
            }
        };
        put(&mut tree, child);
    }
}

impl TreeSink for Growing {
    type Handle = Id;
    type Output = Tree;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Tree {
        self.tree.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Id {
        Tree::ROOT
    }

    fn elem_name<'a>(&'a self, target: &'a Id) -> Ref<'a, QualName> {
        let named = Ref::filter_map(self.tree.borrow(), |tree| match &tree.nodes[*target].kind {
            Kind::Element(element) => Some(&element.name),
            _ => None,
        });
        // Nobody asks for the name of what is no element; if somebody did, it would have none.
        named.unwrap_or_else(|_| self.nameless.borrow())
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> Id {
        self.names.borrow_mut().insert(name.local.clone());
        let attributes = self.kept(attributes);
        self.tree.borrow_mut().add(Kind::Element(Element { name, attributes }))
    }

    fn create_comment(&self, _: StrTendril) -> Id {
        self.tree.borrow_mut().add(Kind::Other)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Id {
        self.tree.borrow_mut().add(Kind::Other)
    }

    fn append(&self, parent: &Id, child: NodeOrText<Id>) {
        self.put(child, |tree| tree.nodes[*parent].last, |tree, child| tree.append(*parent, child));
    }

    fn append_before_sibling(&self, sibling: &Id, child: NodeOrText<Id>) {
        self.put(child, |tree| tree.nodes[*sibling].before, |tree, child| tree.insert_before(*sibling, child));
    }

    fn append_based_on_parent_node(&self, element: &Id, before: &Id, child: NodeOrText<Id>) {
        let stands = self.tree.borrow().parent(*element).is_some();
        if stands { self.append_before_sibling(element, child) } else { self.append(before, child) }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    /// What stands in a template is not shown: it grows beside the tree.
    fn get_template_contents(&self, _: &Id) -> Id {
        self.tree.borrow_mut().add(Kind::Other)
    }

    fn same_node(&self, one: &Id, other: &Id) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn add_attrs_if_missing(&self, target: &Id, attributes: Vec<Attribute>) {
        let more = self.kept(attributes);
        if let Kind::Element(element) = &mut self.tree.borrow_mut().nodes[*target].kind {
            for (name, value) in more {
                if element.attributes.len() < MOST_KEPT && !element.attributes.iter().any(|(known, _)| *known == name) {
                    element.attributes.push((name, value));
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Id) {
        self.tree.borrow_mut().detach(*target);
    }

    fn reparent_children(&self, node: &Id, parent: &Id) {
        let mut tree = self.tree.borrow_mut();
        while let Some(child) = tree.nodes[*node].first {
            tree.append(*parent, child);
        }
    }
}
