//! Who may import whom: the table of ARCHITECTURE.md as data, for rooms that stand and rooms that will.

use crate::Finding;
use crate::graph::{Graph, Package};

/// A room and the rooms it may import. Changing a line is moving a wall, and needs an ADR.
const ROOMS: &[(&str, &[&str])] = &[
    ("soundpost", &["web", "work", "app", "store", "article", "audio", "speech", "watermark", "model"]),
    ("web", &["app", "wire", "protocols", "model"]),
    ("work", &["app", "wire", "protocols", "article", "speech", "audio", "watermark", "model", "store"]),
    ("app", &["store", "protocols", "model"]),
    ("store", &["model"]),
    ("wire", &["model"]),
    ("speech", &["audio", "model"]),
    // ADR 0018: what foreign pages say is found before anybody speaks it.
    ("article", &["model"]),
    // ADR 0002: tags and chapters are nouns. ADR 0003: LAME is ours to build.
    ("audio", &["watermark", "model", "lame-sys"]),
    ("lame-sys", &[]),
    ("model", &[]),
    ("protocols", &[]),
    ("watermark", &[]),
    // For tests and by hand; no room may be built with them.
    ("testkit", &["app", "audio", "model", "protocols", "store", "watermark", "web", "wire", "work"]),
    ("tidy", &[]),
];

/// Rooms that nothing is built with: they are asked for by tests, or started by hand.
const NEVER_BUILT_IN: &[&str] = &["testkit", "tidy"];

/// What a room may not be built with, not even through others, and why.
const NEVER: &[(&[&str], &[&str], &str)] = &[
    (
        &["model", "protocols", "watermark", "article", "audio", "speech"],
        &["tokio", "sea-orm", "axum", "reqwest", "ureq", "hyper"],
        "these rooms wait for nothing: no network, no database, no runtime",
    ),
    (&["wire"], &["axum", "sea-orm"], "what crosses the wire does not know who carries it"),
];

/// What a room may not ask for itself, though others may bring it along, and why.
const NEVER_ITSELF: &[(&[&str], &[&str], &str)] = &[
    (&["app"], &["axum", "reqwest", "ureq", "hyper", "symphonia"], "no transaction waits for a network or a codec"),
    (
        &["web"],
        &["sea-orm", "symphonia", "reqwest", "ureq"],
        "a request does no SQL, no signal processing and no request of its own",
    ),
    (&["article", "speech", "soundpost"], &["reqwest", "ureq"], "only work/outbound.rs builds an HTTP client"),
    // ADR 0008: it names reqwest, to give object_store its TLS; clippy.toml closes the ways to call it.
    (&["store"], &["ureq", "hyper"], "only work/outbound.rs builds an HTTP client"),
];

pub(crate) fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for room in graph.rooms() {
        let Some((_, may)) = ROOMS.iter().find(|(name, _)| *name == room.name) else {
            findings.push(at(room, format!("The room {} is not in the table of walls. A crate is added with an ADR, and a line in ROOMS of tools/tidy/src/walls.rs.", room.name)));
            continue;
        };
        for other in graph.named(&room.normal).chain(graph.named(&room.build)).filter(|other| other.ours) {
            if NEVER_BUILT_IN.contains(&other.name.as_str()) {
                findings.push(at(
                    room,
                    format!("{} is for tests and tools; ask for it under [dev-dependencies].", other.name),
                ));
            } else if !may.contains(&other.name.as_str()) {
                let may = if may.is_empty() { "none of our rooms".to_owned() } else { may.join(", ") };
                findings.push(at(room, format!("{} may not import {}: it may import {may}. Let the caller pass in what is needed, or move the wall with an ADR.", room.name, other.name)));
            }
        }
        for (_, banned, why) in NEVER.iter().filter(|(rooms, ..)| rooms.contains(&room.name.as_str())) {
            for way in banned.iter().filter_map(|name| graph.way(room, name)) {
                findings.push(at(
                    room,
                    format!("{} is built with {}: {why}.", room.name, way[1..].join(", which brings ")),
                ));
            }
        }
        for (_, banned, why) in NEVER_ITSELF.iter().filter(|(rooms, ..)| rooms.contains(&room.name.as_str())) {
            for other in graph.named(&room.normal).filter(|other| banned.contains(&other.name.as_str())) {
                findings.push(at(room, format!("{} asks for {}: {why}.", room.name, other.name)));
            }
        }
    }
    findings
}

fn at(room: &Package, what: String) -> Finding {
    let folder = if room.name == "tidy" { "tools" } else { "crates" };
    Finding::new("wall", format!("{folder}/{}/Cargo.toml", room.name), 0, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::tests::graph;

    fn broken(packages: &[(&str, bool, &[&str])]) -> Vec<String> {
        check(&graph(packages)).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn the_table_names_only_rooms_it_has() {
        for (room, may) in ROOMS {
            for other in *may {
                assert!(ROOMS.iter().any(|(name, _)| name == other), "{room} may import {other}, which is no room");
            }
        }
    }

    #[test]
    fn a_wall_holds() {
        assert_eq!(
            broken(&[("audio", true, &["model", "lame-sys"]), ("model", true, &[]), ("lame-sys", true, &[])]),
            [""; 0]
        );
        let found = broken(&[("model", true, &["audio"]), ("audio", true, &[])]);
        assert_eq!(
            found,
            [
                "model may not import audio: it may import none of our rooms. Let the caller pass in what is needed, or move the wall with an ADR."
            ]
        );
        assert_eq!(broken(&[("web", true, &["store"]), ("store", true, &[])]).len(), 1);
    }

    #[test]
    fn a_room_needs_a_line() {
        assert!(broken(&[("cellar", true, &[])])[0].starts_with("The room cellar is not in the table of walls."));
    }

    #[test]
    fn a_ban_reaches_through_others() {
        let found = broken(&[("audio", true, &["streamer"]), ("streamer", false, &["tokio"])]);
        assert_eq!(
            found,
            [
                "audio is built with streamer, which brings tokio: these rooms wait for nothing: no network, no database, no runtime."
            ]
        );
        assert_eq!(broken(&[("audio", true, &["dev:tokio"])]), [""; 0]);
        assert_eq!(broken(&[("work", true, &["reqwest"]), ("reqwest", false, &["tokio"])]), [""; 0]);
    }

    #[test]
    fn some_bans_are_for_the_room_itself() {
        assert_eq!(broken(&[("app", true, &["reqwest"])]).len(), 1);
        assert_eq!(
            broken(&[
                ("app", true, &["store"]),
                ("store", true, &["object_store"]),
                ("object_store", false, &["reqwest"])
            ]),
            [""; 0]
        );
    }

    #[test]
    fn the_testkit_is_for_tests() {
        assert_eq!(broken(&[("audio", true, &["dev:testkit"]), ("testkit", true, &[])]), [""; 0]);
        assert_eq!(broken(&[("audio", true, &["testkit"]), ("testkit", true, &[])]).len(), 1);
    }
}
