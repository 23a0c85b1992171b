//! The examples of the book's pages on protocols, run as they stand against a server: in curl, Python, JavaScript and Ruby.

use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::database::on_sqlite;

use crate::person::Person;
use crate::server::{PASSWORD, Premises};

/// A page, and what each of its examples prints in the end.
const PAGES: &[(&str, &str)] = &[
    ("oauth2.md", "ada"),
    ("oauth1.md", "ada"),
    ("signed-requests.md", "https://example.com/song.mp3"),
    ("api-keys.md", "ada"),
];

/// Languages by their word behind a fence, what runs them, and what their files end in.
const LANGUAGES: &[(&str, &[&str], &str)] = &[
    ("sh", &["bash", "-euo", "pipefail"], "sh"),
    ("python", &["python3"], "py"),
    ("js", &["node"], "mjs"),
    ("ruby", &["ruby"], "rb"),
];

/// A piece of code in a page.
#[derive(Debug, PartialEq, Eq)]
struct Example<'a> {
    language: &'a str,
    code: String,
}

/// Every fenced piece of code of a page.
fn examples(page: &str) -> Vec<Example<'_>> {
    let mut found = Vec::new();
    let mut open: Option<Example<'_>> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(language), None) => open = Some(Example { language, code: String::new() }),
            (None, Some(example)) => example.code.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    assert_eq!(open, None, "a fence is not closed");
    found
}

/// How an example is run, in a folder of its own that finds the libraries which the tests of clients use.
fn command(folder: &Path, example: &Example<'_>) -> Option<Command> {
    let (_, program, ending) = LANGUAGES.iter().find(|(word, ..)| *word == example.language)?;
    let file = folder.join(format!("example.{ending}"));
    std::fs::write(&file, &example.code).unwrap_or_else(|error| panic!("{error}"));
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).arg(&file).current_dir(folder);
    Some(command)
}

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder in which scripts of Node.js find the libraries beside the clients, and Ruby writes its lines at once.
fn workshop() -> tempfile::TempDir {
    let folder = crate::folder();
    let libraries = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients/node_modules");
    assert!(libraries.join("jsonwebtoken").is_dir(), "npm's libraries are missing. `tools/setup test` installs them.");
    std::os::unix::fs::symlink(libraries, folder.path().join("node_modules")).unwrap_or_else(|error| panic!("{error}"));
    std::fs::write(folder.path().join("at_once.rb"), "$stdout.sync = true\n").unwrap_or_else(|error| panic!("{error}"));
    folder
}

#[test]
fn every_example_does_what_its_page_says() {
    on_sqlite(async |database| {
        let premises = Premises::new(database).with("SOUNDPOST_DEVELOPMENT_ECHO_CALLS", "on");
        let key = premises.account("ada");
        let app = premises.app("ada", "Podhost");
        let _server = premises.serve(&["--no-workers"]);
        let person = Person::sign_in(&premises, "ada");
        for (name, expected) in PAGES {
            let path = top().join("docs/guides").join(name);
            let page = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let workshop = workshop();
            let mut languages = Vec::new();
            for example in examples(&page) {
                let Some(mut command) = command(workshop.path(), &example) else { continue };
                command
                    .envs([
                        ("SERVER", premises.address().as_str()),
                        ("API_KEY", &key),
                        ("ACCOUNT", "ada"),
                        ("PASSWORD", PASSWORD),
                    ])
                    .envs([("CLIENT_ID", &app.id), ("CLIENT_SECRET", &app.secret)])
                    .env("RUBYOPT", format!("-r{}", workshop.path().join("at_once.rb").display()))
                    // The server of the test is on this machine, without TLS.
                    .env("OAUTHLIB_INSECURE_TRANSPORT", "1");
                let printed = person.attend(&mut command);
                let last = printed.lines().last().unwrap_or_default();
                assert!(last.contains(expected), "the {} of {name} printed {printed}", example.language);
                languages.push(example.language.to_owned());
            }
            assert_eq!(languages, ["sh", "python", "js", "ruby"], "{name}");
        }
    });
}

#[test]
#[should_panic(expected = "example.sh\" failed")]
fn an_example_that_breaks_is_noticed() {
    on_sqlite(async |database| {
        let premises = Premises::new(database);
        premises.account("ada");
        let _server = premises.serve(&["--no-workers"]);
        let person = Person::sign_in(&premises, "ada");
        let page = format!("Text.\n\n```sh\ncurl -fsS {}/nothing-here\necho ada\n```\n", premises.address());
        for example in examples(&page) {
            let workshop = workshop();
            let Some(mut command) = command(workshop.path(), &example) else { panic!("nothing runs it") };
            person.attend(&mut command);
        }
    });
}
