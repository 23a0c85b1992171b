//! Other people's clients against the program: what public scripts do with requests and with curl, unchanged but for the address.

use std::path::PathBuf;

use testkit::witness;

use crate::names;
use crate::server::{PASSWORD, Premises, recording};

/// A script beside this file.
fn script(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients").join(name);
    witness::text(&path).to_owned()
}

testkit::both_databases! {
    async fn scripts_with_requests_and_a_workflow_node(database: &Database) {
        let premises = Premises::new(database);
        let key = premises.account("ada");
        let _server = premises.serve(&[]);
        let talk = premises.folder().join("talk.wav");
        std::fs::write(&talk, recording(1.0)).unwrap_or_default();
        let script = script("batch_upload.py");
        witness::run("python3", &[&script, &premises.address(), "ada", PASSWORD, &key, witness::text(&talk)]);
    }

    async fn libraries_for_oauth(database: &Database) {
        let premises = Premises::new(database);
        premises.account("ada");
        let asked = ["admin", "app", "create", "--owner", "ada", "--name", "Podhost", "--redirect-uri"];
        let more = ["https://podhost.example/back", "--oauth1-callback", "https://podhost.example/"];
        let app = premises.ask(&[asked.as_slice(), more.as_slice()].concat(), "");
        let (id, secret) = (app["client_id"].as_str(), app["client_secret"].as_str());
        let _server = premises.serve(&[]);
        let script = script("oauth.py");
        let arguments = [&script, &premises.address(), "ada", PASSWORD, id.unwrap_or("?"), secret.unwrap_or("?")];
        witness::run("python3", &arguments);
    }

    async fn scripts_with_curl(database: &Database) {
        let premises = Premises::new(database);
        let key = premises.account("ada");
        let _server = premises.serve(&[]);
        let (talk, results) = (premises.folder().join("talk.wav"), crate::folder());
        std::fs::write(&talk, recording(1.0)).unwrap_or_default();
        let (script, address) = (script("batch_upload.sh"), premises.address());
        let arguments = [&script, &address, "ada", PASSWORD, &key, witness::text(&talk), witness::text(results.path())];
        witness::run("bash", &arguments);
        assert_eq!(names(results.path()), ["bearer.mp3", "key.mp3", "password.mp3"]);
        for name in names(results.path()) {
            let heard = witness::loudness(&results.path().join(&name));
            assert!((heard.integrated + 16.0).abs() < 0.25, "{name}: {heard:?}");
        }
    }
}
