//! Rules for Rust source: purpose first, room size, `unsafe` and the environment in their places, nothing unfinished.

use crate::Finding;
use crate::scan::{self, Line};
use crate::tree::{Tree, name_of};

/// Where `unsafe` may be written, and why there. Each is a C interface and has a place in ADR 0011.
const UNSAFE: &[&str] = &[
    "crates/lame-sys/src/",
    "crates/audio/src/encode/aac/fdk.rs",
    "crates/audio/src/encode/mp3/lame.rs",
    "crates/audio/src/encode/vorbis/library.rs",
    "crates/soundpost/src/heap.rs",
];

/// Where the environment may be read: the binary, what runs while compiling, and the house's own tools.
const ENVIRONMENT: &[&str] = &["crates/soundpost/", "crates/testkit/src/database.rs", "tools/"];

/// Lines of a file, tests aside.
const ROOM_SIZE: usize = 500;

/// Files that are larger, and why that is better than splitting them.
const LARGE_ROOMS: &[(&str, &str)] = &[];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust() {
        let lines = scan::lines(text);
        findings.extend(purpose(path, text));
        findings.extend(size(path, &lines, LARGE_ROOMS));
        for line in &lines {
            findings.extend(unsafe_code(path, line));
            findings.extend(environment(path, line));
            findings.extend(unfinished(path, line));
        }
    }
    for (path, _) in LARGE_ROOMS.iter().filter(|(path, _)| !tree.has(path)) {
        findings.push(Finding::new("size", *path, 0, "This file is excepted from the size of rooms, but is gone. Take it off the list in tools/tidy/src/rust.rs."));
    }
    findings
}

/// Whether a whole file is test code.
pub(crate) fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.starts_with("fuzz/")
}

fn purpose(path: &str, text: &str) -> Option<Finding> {
    let first = text.lines().next().unwrap_or("");
    let said = first.strip_prefix("//!").is_some_and(|words| words.split_whitespace().count() >= 3);
    (!said).then(|| Finding::new("purpose", path, 1, "The first line does not say what this file is for. Begin with a `//!` sentence: what belongs here, and what does not."))
}

fn size(path: &str, lines: &[Line], excepted: &[(&str, &str)]) -> Option<Finding> {
    let counted = lines.iter().filter(|line| !line.test).count();
    let large = counted > ROOM_SIZE && !is_test_file(path) && !excepted.iter().any(|(room, _)| *room == path);
    large.then(|| {
        let what = format!("{counted} lines without tests are more than {ROOM_SIZE}. Split the file, or name it with a reason in LARGE_ROOMS of tools/tidy/src/rust.rs.");
        Finding::new("size", path, 0, what)
    })
}

fn unsafe_code(path: &str, line: &Line) -> Option<Finding> {
    let found = scan::has_word(&line.code, "unsafe") && !UNSAFE.iter().any(|place| path.starts_with(place));
    found.then(|| Finding::new("unsafe", path, line.number, "`unsafe` is only written in the modules that docs/adr/0011-allocator-and-unsafe.md names. Find a safe way, or argue for one more module there and in tools/tidy/src/rust.rs."))
}

fn environment(path: &str, line: &Line) -> Option<Finding> {
    let reads =
        ["env::var(", "env::var_os(", "env::vars(", "env::vars_os("].iter().any(|call| line.code.contains(call));
    let found = reads && name_of(path) != "build.rs" && !ENVIRONMENT.iter().any(|place| path.starts_with(place));
    found.then(|| {
        Finding::new(
            "environment",
            path,
            line.number,
            "Only the binary reads the environment. Take the setting as an argument.",
        )
    })
}

fn unfinished(path: &str, line: &Line) -> Option<Finding> {
    let in_code = ["todo!(", "unimplemented!(", "dbg!(", "#[ignore"].into_iter().find(|mark| line.code.contains(mark));
    let in_comment = ["TODO", "FIXME", "XXX", "HACK"].into_iter().find(|mark| scan::has_word(&line.comment, mark));
    in_code.or(in_comment).map(|mark| {
        Finding::new(
            "unfinished",
            path,
            line.number,
            format!("`{mark}` marks unfinished work. Finish it, or take it out and file an issue."),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules that a file at `path` breaks, with lines.
    fn broken(path: &str, text: &str) -> Vec<(&'static str, usize)> {
        check(&Tree::of([(path, text)])).into_iter().map(|finding| (finding.rule, finding.line)).collect()
    }

    #[test]
    fn a_file_says_its_purpose_first() {
        assert_eq!(broken("crates/a/src/lib.rs", "//! Sums of numbers.\nfn a() {}\n"), []);
        assert_eq!(broken("crates/a/src/lib.rs", "\n//! Sums of numbers.\n"), [("purpose", 1)]);
        assert_eq!(broken("crates/a/src/lib.rs", "//! Sums.\n"), [("purpose", 1)]);
        assert_eq!(broken("crates/a/src/lib.rs", ""), [("purpose", 1)]);
    }

    #[test]
    fn a_room_is_small_tests_aside() {
        let lines = |count: usize| format!("//! A long list.\n{}", "fn a() {}\n".repeat(count - 1));
        assert_eq!(broken("crates/a/src/lib.rs", &lines(500)), []);
        assert_eq!(broken("crates/a/src/lib.rs", &lines(501)), [("size", 0)]);
        assert_eq!(broken("crates/a/tests/all.rs", &lines(501)), []);
        let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(490), "fn b() {}\n".repeat(100));
        assert_eq!(broken("crates/a/src/lib.rs", &tested), []);
        let excepted = [("crates/a/src/lib.rs", "because")];
        assert_eq!(size("crates/a/src/lib.rs", &scan::lines(&lines(501)), &excepted), None);
    }

    #[test]
    fn unsafe_stays_in_its_modules() {
        let text = "//! A C interface.\npub fn a() { unsafe { b() } }\n";
        assert_eq!(broken("crates/audio/src/lib.rs", text), [("unsafe", 2)]);
        assert_eq!(broken("crates/lame-sys/src/lib.rs", text), []);
        assert_eq!(broken("crates/audio/src/lib.rs", "//! Not unsafe at all.\n#![forbid(unsafe_code)]\n"), []);
    }

    #[test]
    fn the_environment_is_read_in_one_place() {
        let text = "//! Settings from outside.\nlet a = std::env::var(\"A\");\n";
        assert_eq!(broken("crates/audio/src/lib.rs", text), [("environment", 2)]);
        assert_eq!(broken("crates/soundpost/src/settings.rs", text), []);
        assert_eq!(broken("crates/lame-sys/build.rs", text), []);
        assert_eq!(broken("crates/audio/src/lib.rs", "//! Set while compiling.\nlet a = env!(\"A\");\n"), []);
    }

    #[test]
    fn nothing_is_left_unfinished() {
        let with = |line: &str| format!("//! Work in progress.\n{line}\n");
        for line in
            ["fn a() { todo!() }", "#[ignore]", "#[ignore = \"slow\"]", "a(); // TODO later", "dbg!(a);", "/* XXX */"]
        {
            assert_eq!(broken("crates/a/src/lib.rs", &with(line)), [("unfinished", 2)], "{line}");
        }
        for line in ["let a = \"TODO\";", "// AUTODONE", "#[expect(unused, reason = \"later\")]"] {
            assert_eq!(broken("crates/a/src/lib.rs", &with(line)), [], "{line}");
        }
    }
}
