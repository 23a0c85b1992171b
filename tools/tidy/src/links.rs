//! Rules for Markdown: links and named paths lead somewhere.

use std::collections::BTreeSet;

use crate::Finding;
use crate::tree::{Tree, folder_of};

/// Folders that a path in a text begins with when it means this tree.
const TOP: &[&str] =
    &[".ci/", "benches/", "crates/", "docs/", "fixtures/", "fuzz/", "schemas/", "sdk/", "tools/", "ui/"];

/// Pages in which every path that is named has to exist. A changelog may speak of what is gone, an ADR of what will be.
fn promises_paths(path: &str) -> bool {
    path != "CHANGELOG.md" && !path.starts_with("docs/adr/")
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.markdown() {
        for (number, line) in prose(text) {
            for target in link_targets(line) {
                findings.extend(link(tree, path, number, target));
            }
            if promises_paths(path) {
                for named in code_spans(line).filter(|span| is_path(span)) {
                    if !tree.has(named) {
                        findings.push(Finding::new(
                            "place",
                            path,
                            number,
                            format!("`{named}` does not exist. Mend the text, or the tree."),
                        ));
                    }
                }
            }
        }
    }
    findings
}

fn link(tree: &Tree, path: &str, number: usize, target: &str) -> Option<Finding> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let file = if file.is_empty() { path.to_owned() } else { resolve(folder_of(path), file)? };
    if !tree.has(&file) {
        return Some(Finding::new(
            "link",
            path,
            number,
            format!("The link to {target} leads nowhere: there is no {file}."),
        ));
    }
    let missing = !anchor.is_empty() && tree.text(&file).is_some_and(|text| !anchors(text).contains(anchor));
    missing.then(|| {
        Finding::new("link", path, number, format!("The link to {target} leads nowhere: {file} has no such heading."))
    })
}

/// Joins a folder and a relative path; nothing when it leaves the tree.
fn resolve(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Lines outside fenced code, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fence && !fenced).then_some((index + 1, line))
    })
}

/// What `](…)` points at.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](").filter_map(|(at, opening)| {
        let rest = &line[at + opening.len()..];
        let target = &rest[..rest.find(')')?];
        Some(target.split_whitespace().next().unwrap_or("").trim_matches(['<', '>']))
    })
}

/// What stands between single backticks.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn is_path(span: &str) -> bool {
    let plain = span.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    plain && TOP.iter().any(|top| span.starts_with(top))
}

/// The anchors that headings get, the way mdBook and forges make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter_map(|(_, line)| {
        let title = line.trim_start_matches('#');
        (title.len() < line.len() && title.starts_with(' ')).then(|| title.trim())
    });
    let anchor = |title: &str| {
        let kept = title.to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || " _-".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    headings.map(anchor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken<const N: usize>(files: [(&str, &str); N]) -> Vec<(String, usize, &'static str)> {
        check(&Tree::of(files)).into_iter().map(|finding| (finding.path, finding.line, finding.rule)).collect()
    }

    #[test]
    fn links_lead_somewhere() {
        let page = |text: &'static str| {
            broken([("docs/a.md", text), ("docs/b/c.md", "# C sharp, or D♭?\n"), ("README.md", "")])
        };
        assert_eq!(page("[c](b/c.md) [top](../README.md) [out](https://example.org/x)"), []);
        assert_eq!(page("[c](b/c.md#c-sharp-or-d)"), []);
        assert_eq!(page("# Here\n[h](#here)"), []);
        assert_eq!(page("\n[c](c.md)"), [("docs/a.md".to_owned(), 2, "link")]);
        assert_eq!(page("[c](b/c.md#d-flat)").len(), 1);
        assert_eq!(page("```\n[c](c.md)\n```"), []);
        assert_eq!(page("![picture](images/a.png \"A\")").len(), 1);
    }

    #[test]
    fn named_paths_exist() {
        let page = |path: &'static str, text: &'static str| broken([(path, text), ("crates/audio/src/lib.rs", "")]);
        assert_eq!(
            page("ARCHITECTURE.md", "see `crates/audio/` and `crates/audio/src/lib.rs`, `audio/…`, `crates/<name>`"),
            []
        );
        assert_eq!(page("ARCHITECTURE.md", "see `crates/video`"), [("ARCHITECTURE.md".to_owned(), 1, "place")]);
        assert_eq!(page("CHANGELOG.md", "`crates/video` is gone"), []);
    }
}
