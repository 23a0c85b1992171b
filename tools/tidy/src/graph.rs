//! Who depends on whom, as `cargo metadata` tells it, and the reference page made from that.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;
use std::process::Command;

use serde_json::Value;

/// A package and the packages it asks for.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// As in its manifest; empty where it says none.
    pub(crate) licence: String,
    /// Whether it is a room of this house.
    pub(crate) ours: bool,
    /// Asked for by the program itself; ids.
    pub(crate) normal: BTreeSet<String>,
    /// Asked for by tests; ids.
    pub(crate) dev: BTreeSet<String>,
    /// Asked for by the build script; ids.
    pub(crate) build: BTreeSet<String>,
}

/// All packages by their id.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    packages: BTreeMap<String, Package>,
}

impl Graph {
    /// Asks cargo about the workspace that the program was started in.
    pub(crate) fn read(options: &[&str]) -> Result<Self, String> {
        let told = Command::new("cargo")
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(options)
            .output()
            .map_err(|cause| format!("cargo could not be started: {cause}"))?;
        if !told.status.success() {
            return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&told.stderr).trim()));
        }
        let metadata =
            serde_json::from_slice(&told.stdout).map_err(|cause| format!("cargo metadata is not JSON: {cause}"))?;
        Self::of(&metadata)
    }

    /// Reads the document that `cargo metadata` prints.
    pub(crate) fn of(metadata: &Value) -> Result<Self, String> {
        let list = |value: &'_ Value, name: &str| {
            value[name].as_array().cloned().ok_or_else(|| format!("cargo metadata has no list `{name}`"))
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let members: BTreeSet<String> = list(metadata, "workspace_members")?.iter().map(text).collect();
        let mut packages = BTreeMap::new();
        for package in list(metadata, "packages")? {
            let id = text(&package["id"]);
            let read = Package {
                name: text(&package["name"]),
                version: text(&package["version"]),
                licence: text(&package["license"]),
                ours: members.contains(&id),
                normal: BTreeSet::new(),
                dev: BTreeSet::new(),
                build: BTreeSet::new(),
            };
            packages.insert(id, read);
        }
        for node in list(&metadata["resolve"], "nodes")? {
            let Some(package) = packages.get_mut(&text(&node["id"])) else { continue };
            for dependency in list(&node, "deps")? {
                for kind in list(&dependency, "dep_kinds")? {
                    let ids = match kind["kind"].as_str() {
                        None => &mut package.normal,
                        Some("dev") => &mut package.dev,
                        Some(_) => &mut package.build,
                    };
                    ids.insert(text(&dependency["pkg"]));
                }
            }
        }
        Ok(Self { packages })
    }

    /// The rooms of this house.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = &Package> {
        self.packages.values().filter(|package| package.ours)
    }

    /// Packages that are not ours.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &Package> {
        self.packages.values().filter(|package| !package.ours)
    }

    /// The packages behind ids.
    pub(crate) fn named<'a>(&'a self, ids: &'a BTreeSet<String>) -> impl Iterator<Item = &'a Package> {
        ids.iter().filter_map(|id| self.packages.get(id))
    }

    /// A shortest way from a package to one called `name` over what the program itself asks for, as names.
    pub(crate) fn way(&self, from: &Package, name: &str) -> Option<Vec<String>> {
        let mut ways = VecDeque::from([(from, vec![from.name.clone()])]);
        let mut seen = BTreeSet::new();
        while let Some((package, way)) = ways.pop_front() {
            for next in self.named(&package.normal) {
                let mut longer = way.clone();
                longer.push(next.name.clone());
                if next.name == name {
                    return Some(longer);
                }
                if seen.insert((&next.name, &next.version)) {
                    ways.push_back((next, longer));
                }
            }
        }
        None
    }

    /// The reference page: what is linked into a program, by licence.
    pub(crate) fn dependencies_page(&self, program: &str) -> String {
        let mut reached = BTreeSet::new();
        let mut ahead: Vec<_> = self.rooms().filter(|room| room.name == program).collect();
        while let Some(package) = ahead.pop() {
            for next in self.named(&package.normal) {
                if reached.insert((next.name.as_str(), next.version.as_str(), next.licence.as_str(), next.ours)) {
                    ahead.push(next);
                }
            }
        }
        let mut by_licence: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, version, licence, ours) in reached {
            if !ours {
                by_licence.entry(licence).or_default().push(format!("{name} {version}"));
            }
        }
        let mut page = String::from(
            "# Dependencies\n\n\
             <!-- Generated by `make generate` from Cargo.lock; change Cargo.toml instead. -->\n\n\
             What is linked into the program on 64-bit Linux with every feature on. Libraries in C that some of these bring\n\
             along are named in `NOTICE.md`.\n\n\
             | licence | crates |\n|---|---|\n",
        );
        for (licence, crates) in by_licence {
            // Writing to a String cannot fail.
            let _ = writeln!(page, "| {licence} | {} |", crates.join(", "));
        }
        page
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use serde_json::json;

    use super::*;

    /// A graph of packages `(name, ours, what they ask for)`, where `dev:name` is asked for by tests only.
    pub(crate) fn graph(packages: &[(&str, bool, &[&str])]) -> Graph {
        let names: BTreeSet<&str> = packages
            .iter()
            .flat_map(|(name, _, asked)| asked.iter().map(|asked| asked.trim_start_matches("dev:")).chain([*name]))
            .collect();
        let nodes: Vec<_> = packages
            .iter()
            .map(|(name, _, asked)| {
                let deps: Vec<_> = asked
                    .iter()
                    .map(|asked| match asked.strip_prefix("dev:") {
                        Some(name) => json!({ "pkg": name, "dep_kinds": [{ "kind": "dev" }] }),
                        None => json!({ "pkg": asked, "dep_kinds": [{ "kind": null }] }),
                    })
                    .collect();
                json!({ "id": name, "deps": deps })
            })
            .collect();
        let metadata = json!({
            "packages": names.iter().map(|name| json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT" })).collect::<Vec<_>>(),
            "workspace_members": packages.iter().filter(|(_, ours, _)| *ours).map(|(name, ..)| name).collect::<Vec<_>>(),
            "resolve": { "nodes": nodes },
        });
        Graph::of(&metadata).unwrap()
    }

    #[test]
    fn a_way_leads_over_what_the_program_asks_for() {
        let graph = graph(&[("a", true, &["b", "dev:d"]), ("b", false, &["c"]), ("d", false, &["e"])]);
        let a = graph.rooms().next().unwrap();
        assert_eq!(graph.way(a, "c"), Some(vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(graph.way(a, "e"), None);
    }

    #[test]
    fn a_circle_ends() {
        let graph = graph(&[("a", true, &["b"]), ("b", false, &["a"])]);
        assert_eq!(graph.way(graph.rooms().next().unwrap(), "c"), None);
    }

    #[test]
    fn the_page_lists_what_is_linked_and_not_ours() {
        let page = graph(&[("a", true, &["b", "r", "dev:d"]), ("r", true, &["c"])]).dependencies_page("a");
        assert!(page.ends_with("| MIT | b 1.0.0, c 1.0.0 |\n"), "{page}");
    }

    #[test]
    fn another_document_is_refused() {
        assert_eq!(Graph::of(&json!({})).unwrap_err(), "cargo metadata has no list `workspace_members`");
    }
}
