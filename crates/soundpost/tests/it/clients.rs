//! Other people's clients against the program: what public scripts do with requests and with curl, and what libraries
//! for OAuth and JWT do, unchanged but for the address.

use std::path::PathBuf;
use std::process::Command;

use testkit::witness;

use crate::names;
use crate::person::Person;
use crate::server::{PASSWORD, Premises, recording};

/// A script beside this file.
pub(crate) fn script(name: &str) -> String {
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
        let app = premises.app("ada", "Podhost");
        let _server = premises.serve(&["--no-workers"]);
        let script = script("oauth.py");
        witness::run("python3", &[&script, &premises.address(), "ada", PASSWORD, &app.id, &app.secret]);
    }

    async fn oauth4webapi_and_the_gem_oauth(database: &Database) {
        let premises = Premises::new(database);
        premises.account("ada");
        let app = premises.app("ada", "Podhost");
        let _server = premises.serve(&["--no-workers"]);
        let person = Person::sign_in(&premises, "ada");
        for (program, name) in [("node", "oauth4webapi.mjs"), ("ruby", "oauth.rb")] {
            let mut command = Command::new(program);
            command.arg(script(name)).args([&premises.address(), "ada", &app.id, &app.secret]);
            let said = person.attend(&mut command);
            assert!(said.ends_with("done\n"), "{name}: {said}");
        }
    }

    async fn jsonwebtoken_signs_whole_requests(database: &Database) {
        let premises = Premises::new(database).with("SOUNDPOST_DEVELOPMENT_ECHO_CALLS", "on");
        premises.account("ada");
        let app = premises.app("ada", "Podhost");
        let _server = premises.serve(&["--no-workers"]);
        witness::run("node", &[&script("jsonwebtoken.cjs"), &premises.address(), &app.id, &app.secret]);
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
