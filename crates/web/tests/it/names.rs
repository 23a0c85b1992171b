//! Names of people and addresses of pages do not meet: a person's page will be `/ada`.

use std::path::Path;

use model::Username;

/// The first words of the addresses that the sources beside this name.
fn words(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            words(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let starts = text.split(".route(\"/").skip(1);
            found.extend(starts.filter_map(|rest| rest.split(['/', '"', '{']).next()).map(str::to_owned));
        }
    }
}

#[test]
fn every_word_that_begins_an_address_is_kept_from_new_names() {
    let mut found = Vec::new();
    words(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.retain(|word| !word.is_empty() && !word.starts_with('.'));
    assert!(found.len() > 20, "{found:?}");
    // The social surface adds /v1 before its addresses.
    for word in found.iter().map(String::as_str).chain(["users", "v1", "oauth"]) {
        assert!(Username::taken_anew(word).is_err(), "somebody may be called {word}");
    }
}
