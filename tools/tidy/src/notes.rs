//! Rules for what is not ours: fixtures with a note, licences with their texts, and no trace of one person's machine.

use std::collections::BTreeMap;

use crate::Finding;
use crate::graph::Graph;
use crate::tree::{Tree, folder_of, name_of};

/// All fixtures together, in bytes.
const FIXTURES: u64 = 5_000_000;

/// Where files that are not text may be.
const BINARY: &[&str] = &["crates/web/assets/fonts/", "docs/images/", "fixtures/", "fuzz/corpus/"];

/// Licences that ask for no more than to be named; anything else is explained in NOTICE.md.
const PLAIN: &[&str] = &["MIT", "Apache-2.0", "Zlib", "0BSD", "Unlicense", "ISC", "BSL-1.0", "CC0-1.0"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in ["LICENSE-MIT", "LICENSE-APACHE", "NOTICE.md"] {
        if !tree.has(path) {
            findings.push(Finding::new(
                "licence",
                path,
                0,
                "This file is missing. The house is MIT OR Apache-2.0 and names what it ships from others.",
            ));
        }
    }
    let mut fixtures = 0;
    for (path, file) in tree.iter() {
        if path.starts_with("fixtures/") {
            fixtures += file.bytes;
            findings.extend(fixture(tree, path));
        }
        if file.text.is_none() && !BINARY.iter().any(|place| path.starts_with(place)) {
            findings.push(Finding::new(
                "note",
                path,
                0,
                "A file that is not text belongs in fixtures/, with a note on where it is from.",
            ));
        }
        findings.extend(file.text.iter().flat_map(|text| one_machine(path, text)));
    }
    findings.extend(vendored(tree));
    if fixtures > FIXTURES {
        findings.push(Finding::new(
            "note",
            "fixtures/",
            0,
            format!(
                "{fixtures} bytes are more than {FIXTURES}. Larger sets are installed when tests or the bench run."
            ),
        ));
    }
    findings
}

/// Every dependency with demands of its own is explained in NOTICE.md.
pub(crate) fn check_licences(tree: &Tree, graph: &Graph) -> Vec<Finding> {
    let notice = tree.text("NOTICE.md").unwrap_or("").to_lowercase();
    let mut findings = Vec::new();
    for package in graph.foreign() {
        let plain = package
            .licence
            .split(|c: char| c.is_whitespace() || "()/".contains(c))
            .any(|licence| PLAIN.contains(&licence));
        // symphonia-core and its sisters are explained once, as symphonia.
        let family = package.name.split(['-', '_']).next().unwrap_or(&package.name).to_lowercase();
        if !plain && !notice.contains(&family) {
            let what = format!(
                "{} {} is under {}, which asks for more than a name. Say in NOTICE.md what it is and what follows.",
                package.name,
                package.version,
                if package.licence.is_empty() { "no stated licence" } else { &package.licence }
            );
            findings.push(Finding::new("licence", "NOTICE.md", 0, what));
        }
    }
    findings
}

fn fixture(tree: &Tree, path: &str) -> Option<Finding> {
    let name = name_of(path);
    if name == "SOURCE.md" || name.ends_with(".license") {
        return None;
    }
    let noted =
        tree.text(&format!("{}/SOURCE.md", folder_of(path))).is_some_and(|note| note.contains(&format!("`{name}`")));
    (!noted && !tree.has(&format!("{path}.license"))).then(|| {
        Finding::new("note", path, 0, format!("Nothing says where this is from. Name `{name}` in SOURCE.md beside it: origin, author, licence, what was changed."))
    })
}

/// Code of others keeps its licence beside it.
fn vendored(tree: &Tree) -> Vec<Finding> {
    let texts = ["COPYING", "LICENSE", "LICENSE.md", "LICENSE.txt"];
    let mut licensed: BTreeMap<&str, bool> = BTreeMap::new();
    for (path, _) in tree.iter() {
        if let Some((room, _)) = path.split_once("/vendor/") {
            *licensed.entry(room).or_default() |= texts.contains(&name_of(path));
        }
    }
    let bare = licensed.into_iter().filter(|(_, licensed)| !licensed);
    bare.map(|(room, _)| {
        Finding::new(
            "licence",
            format!("{room}/vendor"),
            0,
            "The licence of this vendored code is not beside it. Put its COPYING or LICENSE there.",
        )
    })
    .collect()
}

/// Folders that exist on one machine only.
fn one_machine(path: &str, text: &str) -> Vec<Finding> {
    // Put together here, so that this file does not break its own rule.
    let places = [["/wo", "rk/"], ["/ro", "ot/"], ["/tm", "p/wt"], ["arti", "factory"]].map(|parts| parts.concat());
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let before = |place: &&String| {
            line.find(place.as_str())
                .is_some_and(|at| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}".contains(c)))
        };
        if let Some(place) = places.iter().find(|place| before(place)) {
            findings.push(Finding::new(
                "machine",
                path,
                index + 1,
                format!("`{place}` is a place on one machine. Take it out, or make it an argument."),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::tests::graph;

    const LICENSED: [(&str, &str); 3] = [("LICENSE-MIT", ""), ("LICENSE-APACHE", ""), ("NOTICE.md", "")];

    fn broken<const N: usize>(files: [(&str, &str); N]) -> Vec<(String, &'static str)> {
        check(&Tree::of(files)).into_iter().map(|finding| (finding.path, finding.rule)).collect()
    }

    #[test]
    fn the_licences_are_there() {
        assert_eq!(broken(LICENSED), []);
        assert_eq!(broken([("LICENSE-MIT", ""), ("NOTICE.md", "")]), [("LICENSE-APACHE".to_owned(), "licence")]);
    }

    #[test]
    fn a_fixture_has_a_note_that_names_it() {
        let [a, b, c] = LICENSED;
        let song = ("fixtures/music/song.txt", "la");
        assert_eq!(broken([a, b, c, song]), [("fixtures/music/song.txt".to_owned(), "note")]);
        assert_eq!(broken([a, b, c, song, ("fixtures/music/SOURCE.md", "all CC0")]).len(), 1);
        assert_eq!(broken([a, b, c, song, ("fixtures/music/SOURCE.md", "`song.txt` is CC0")]), []);
        assert_eq!(broken([a, b, c, song, ("fixtures/music/song.txt.license", "CC0")]), []);
    }

    #[test]
    fn binary_files_are_fixtures_and_small() {
        let tree = |path| {
            check(
                &Tree::of([LICENSED[0], LICENSED[1], LICENSED[2], ("fixtures/a/SOURCE.md", "`a.wav`")])
                    .with_binary(path, 4_999_993),
            )
        };
        assert_eq!(tree("fixtures/a/a.wav"), []);
        assert_eq!(tree("crates/audio/a.wav").len(), 1);
        let large = check(
            &Tree::of([LICENSED[0], LICENSED[1], LICENSED[2], ("fixtures/a/SOURCE.md", "`a.wav`")])
                .with_binary("fixtures/a/a.wav", 5_000_000),
        );
        assert_eq!(large.len(), 1);
    }

    #[test]
    fn vendored_code_brings_its_licence() {
        let [a, b, c] = LICENSED;
        let code = [("crates/x/vendor/x/a.c", ""), ("crates/x/vendor/x/b.c", "")];
        assert_eq!(broken([a, b, c, code[0], code[1]]), [("crates/x/vendor".to_owned(), "licence")]);
        assert_eq!(broken([a, b, c, code[0], code[1], ("crates/x/vendor/x/COPYING", "")]), []);
    }

    #[test]
    fn no_file_knows_one_machine() {
        let [a, b, c] = LICENSED;
        let place = ["/ro", "ot/x"].concat();
        assert_eq!(
            broken([a, b, c, ("Makefile", &format!("all:\n\tls {place}\n"))]),
            [("Makefile".to_owned(), "machine")]
        );
        assert_eq!(broken([a, b, c, ("Makefile", &format!("ls $(TREE){place} no{place}"))]).len(), 1);
        assert_eq!(broken([a, b, c, ("Makefile", &format!("ls usr{place}"))]), []);
    }

    #[test]
    fn demanding_licences_are_explained() {
        let graph = graph(&[("a", true, &["symphonia-core"])]);
        let none = Tree::of([("NOTICE.md", "")]);
        assert_eq!(check_licences(&none, &graph), []);
        let strict = Graph::of(&serde_json::json!({
            "packages": [{ "id": "s", "name": "symphonia-core", "version": "1.0.0", "license": "MPL-2.0" }],
            "workspace_members": [],
            "resolve": { "nodes": [] },
        }));
        let strict = strict.unwrap_or_default();
        assert_eq!(check_licences(&none, &strict).len(), 1);
        assert_eq!(check_licences(&Tree::of([("NOTICE.md", "Symphonia is MPL.")]), &strict), []);
    }
}
