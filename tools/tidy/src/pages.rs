//! Rules for the pages a reader counts on: they exist, the book lists them, decisions are numbered, the door is named.

use crate::Finding;
use crate::tree::{Tree, name_of};

/// Pages that must exist.
const PAGES: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "STYLE.md",
    "CHANGELOG.md",
    "docs/SUMMARY.md",
    "docs/developing/testing.md",
    "docs/developing/adding-a-codec.md",
    "docs/developing/adding-a-job.md",
    "docs/developing/adding-a-stage.md",
    "docs/developing/adding-an-endpoint.md",
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let missing = PAGES.iter().filter(|page| !tree.has(page));
    let mut findings: Vec<_> =
        missing.map(|page| Finding::new("page", *page, 0, "Readers count on this page, and it is missing.")).collect();
    findings.extend(unlisted(tree));
    findings.extend(decisions(tree));
    findings.extend(door(tree));
    findings
}

/// A page that the summary does not list is in no book.
fn unlisted(tree: &Tree) -> Vec<Finding> {
    let summary = tree.text("docs/SUMMARY.md").unwrap_or("");
    let pages = tree.markdown().filter_map(|(path, _)| path.strip_prefix("docs/").filter(|page| *page != "SUMMARY.md"));
    pages
        .filter(|page| !summary.contains(&format!("]({page})")))
        .map(|page| {
            Finding::new(
                "page",
                format!("docs/{page}"),
                0,
                "docs/SUMMARY.md does not list this page, so the book leaves it out.",
            )
        })
        .collect()
}

/// Decisions are numbered from 0001 without a gap, so that a number means one thing for ever.
fn decisions(tree: &Tree) -> Vec<Finding> {
    let records = tree.markdown().map(|(path, _)| path).filter(|path| path.starts_with("docs/adr/"));
    records
        .enumerate()
        .filter(|(index, path)| !name_of(path).starts_with(&format!("{:04}-", index + 1)))
        .map(|(index, path)| {
            Finding::new(
                "page",
                path,
                0,
                format!("This would be decision {:04}: numbers have no gaps and are used once.", index + 1),
            )
        })
        .collect()
}

/// `make` is the door, and continuous integration walks through it like everybody.
fn door(tree: &Tree) -> Vec<Finding> {
    let named = [("README.md", "make demo"), ("README.md", "make test"), (".ci/run", "make test")];
    named
        .into_iter()
        .filter(|(path, command)| !tree.text(path).is_some_and(|text| text.contains(command)))
        .map(|(path, command)| Finding::new("door", path, 0, format!("`{command}` is not named here.")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_there_and_listed() {
        let found = check(&Tree::of([("docs/SUMMARY.md", "- [A](a.md)"), ("docs/a.md", ""), ("docs/b.md", "")]));
        let paths: Vec<_> =
            found.iter().filter(|finding| finding.rule == "page").map(|finding| finding.path.as_str()).collect();
        assert!(paths.contains(&"STYLE.md"));
        assert!(paths.contains(&"docs/b.md"));
        assert!(!paths.contains(&"docs/a.md"));
        assert!(!paths.contains(&"docs/SUMMARY.md"));
    }

    #[test]
    fn decisions_are_numbered() {
        assert_eq!(decisions(&Tree::of([("docs/adr/0001-a.md", ""), ("docs/adr/0002-b.md", "")])), []);
        assert_eq!(decisions(&Tree::of([("docs/adr/0001-a.md", ""), ("docs/adr/0003-b.md", "")])).len(), 1);
        assert_eq!(decisions(&Tree::of([("docs/adr/0001-a.md", ""), ("docs/adr/0001-b.md", "")])).len(), 1);
    }

    #[test]
    fn the_door_is_named() {
        assert_eq!(door(&Tree::of([("README.md", "`make demo`, `make test`"), (".ci/run", "exec make test")])), []);
        assert_eq!(door(&Tree::of([("README.md", "`make demo`, `make test`"), (".ci/run", "cargo test")])).len(), 1);
    }
}
