//! Rules for names: none that say nothing, and no `mod.rs`.

use crate::tree::{Tree, name_of};
use crate::{Finding, scan};

/// Names under which everything ends up, because they exclude nothing.
const EMPTY_NAMES: &[&str] = &["common", "helper", "helpers", "misc", "shared", "stuff", "types", "util", "utils"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust() {
        if name_of(path) == "mod.rs" {
            findings.push(Finding::new(
                "name",
                path,
                0,
                "A module's file stands beside its folder: rename foo/mod.rs to foo.rs.",
            ));
        }
        if let Some(name) =
            path.split('/').map(|part| part.trim_end_matches(".rs")).find(|part| EMPTY_NAMES.contains(part))
        {
            findings.push(Finding::new("name", path, 0, says_nothing(name)));
        }
        for line in scan::lines(text) {
            let opened = line
                .code
                .split_once("mod ")
                .filter(|(before, _)| before.trim().is_empty() || before.trim().starts_with("pub"));
            let name = opened.and_then(|(_, rest)| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
            if let Some(name) = name.filter(|name| EMPTY_NAMES.contains(name)) {
                findings.push(Finding::new("name", path, line.number, says_nothing(name)));
            }
        }
    }
    findings
}

fn says_nothing(name: &str) -> String {
    format!(
        "`{name}` does not say what is inside. Name it after the noun it is about, or move its parts to the rooms that use them."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of([(path, text)])).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn module_files_stand_beside_their_folders() {
        assert_eq!(broken("crates/a/src/b/mod.rs", ""), [0]);
        assert_eq!(broken("crates/a/src/b.rs", ""), [0; 0]);
    }

    #[test]
    fn names_say_something() {
        assert_eq!(broken("crates/utils/src/lib.rs", ""), [0]);
        assert_eq!(broken("crates/a/src/helpers.rs", ""), [0]);
        assert_eq!(broken("crates/a/src/lib.rs", "//! A.\npub(crate) mod common {\n}\n"), [2]);
        assert_eq!(broken("crates/a/src/lib.rs", "// mod common\nmod commoner;\n"), [0; 0]);
        assert_eq!(broken("crates/a/src/typeset.rs", ""), [0; 0]);
    }
}
