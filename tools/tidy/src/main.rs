//! Tests of the house rules that no compiler knows: walls between rooms, names, sizes, notes beside fixtures, links.
//!
//! `tidy check` reads the tree once and hands it to every rule; a rule is a function from a tree to findings and touches
//! no disk, so each is tested beside its code on a tree of a few lines. `tidy dependencies` prints the reference page of
//! what is linked into the program. What the compiler, clippy or cargo-deny can check does not belong here.

mod graph;
mod links;
mod names;
mod notes;
mod pages;
mod rust;
mod scan;
mod tree;
mod walls;

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use graph::Graph;
use tree::Tree;

fn main() -> ExitCode {
    let wish = std::env::args().nth(1);
    let done = match wish.as_deref() {
        Some("check") => check(),
        Some("dependencies") => dependencies(),
        _ => Err("say what to do: check or dependencies".to_owned()),
    };
    match done {
        Ok(code) => code,
        Err(trouble) => {
            // Standard error is gone only when nobody listens any more.
            let _ = writeln!(io::stderr(), "tidy: {trouble}");
            ExitCode::from(2)
        }
    }
}

/// One place that breaks one rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Path from the top of the tree.
    path: String,
    /// Line, from 1; 0 where the whole file is meant.
    line: usize,
    /// Name of the rule.
    rule: &'static str,
    /// What is wrong and what to do, as sentences.
    what: String,
}

impl Finding {
    fn new(rule: &'static str, path: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.into(), line, rule, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": [{}] {}", self.rule, self.what)
    }
}

fn check() -> Result<ExitCode, String> {
    let tree = Tree::read()?;
    let graph = Graph::read(&["--all-features"])?;
    let mut findings = Vec::new();
    for rule in [rust::check, names::check, notes::check, pages::check, links::check] {
        findings.extend(rule(&tree));
    }
    findings.extend(walls::check(&graph));
    findings.extend(notes::check_licences(&tree, &graph));
    findings.sort();

    let mut out = io::stdout().lock();
    let written =
        findings.iter().try_for_each(|finding| writeln!(out, "{finding}")).and_then(|()| match findings.len() {
            0 => writeln!(out, "tidy: {} files, nothing to mend", tree.len()),
            count => writeln!(out, "tidy: {count} to mend"),
        });
    written.map_err(|cause| format!("the findings could not be printed: {cause}"))?;
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn dependencies() -> Result<ExitCode, String> {
    let graph = Graph::read(&["--all-features", "--filter-platform", "x86_64-unknown-linux-gnu"])?;
    let page = graph.dependencies_page("soundpost");
    io::stdout().write_all(page.as_bytes()).map_err(|cause| format!("the page could not be printed: {cause}"))?;
    Ok(ExitCode::SUCCESS)
}
