//! Settings as an operator meets them: refused with a sentence, listed, checked by the doctor.

use testkit::smtp::Smtp;

use crate::server::Premises;
use crate::{folder, said, soundpost};

#[test]
fn a_wrong_setting_stops_the_start_and_says_what_is_taken() {
    let work = folder();
    let output = soundpost()
        .args(["serve"])
        .current_dir(work.path())
        .env("SOUNDPOST_LISTEN", "everywhere")
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        said(&output),
        "soundpost: SOUNDPOST_LISTEN is “everywhere”. It takes an address and a port, such as 127.0.0.1:8080 or [::]:8080.\n"
    );
}

#[test]
fn with_postgresql_a_secret_key_has_to_be_given() {
    let work = folder();
    let output = soundpost()
        .args(["serve", "--database-url", "postgres://nobody@127.0.0.1:1/nothing"])
        .current_dir(work.path())
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("The database cannot be"), "{}", said(&output));
}

#[test]
fn a_worker_is_kept_to_kinds_of_work_that_there_are() {
    let work = folder();
    let output = soundpost()
        .args(["worker", "--only", "produce,paint"])
        .current_dir(work.path())
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        said(&output),
        "soundpost: There is no work called “paint”. --only takes produce, transfer, look, say, mail, deliver.\n"
    );
    assert!(crate::names(work.path()).is_empty(), "it opened the house all the same");
}

testkit::both_databases! {
    async fn the_doctor_finds_a_house_in_order_and_one_that_is_not(database: &Database) {
        let premises = Premises::new(database);
        premises.account("ada");
        let findings = premises.ask(&["doctor"], "");
        assert_eq!(findings["fine"], true, "{findings}");
        let output = premises
            .command(&["doctor", "--json"])
            .env("SOUNDPOST_STORAGE_URL", "file:///proc/nowhere")
            .output()
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    }

    async fn the_doctor_asks_the_mail_server(database: &Database) {
        let smtp = Smtp::start().await;
        let premises = Premises::new(database).with("SOUNDPOST_MAIL_FROM", "sound@example.org");
        for (url, fine, word) in [(smtp.url(), Some(0), "fine"), ("smtp://127.0.0.1:1".to_owned(), Some(1), "wrong")] {
            let output = premises.command(&["doctor", "--json"]).env("SOUNDPOST_SMTP_URL", url).output();
            let output = output.unwrap_or_else(|error| panic!("{error}"));
            let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            let mail = found["findings"].as_array().and_then(|all| all.iter().find(|each| each["what"] == "mail"));
            assert_eq!((output.status.code(), mail.map(|mail| &mail["verdict"])), (fine, Some(&word.into())), "{found}");
        }
    }

    async fn another_secret_key_is_refused(database: &Database) {
        let premises = Premises::new(database);
        premises.account("ada");
        let output = premises
            .command(&["admin", "user", "list"])
            .env("SOUNDPOST_SECRET_KEY", "08".repeat(32))
            .output()
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("SOUNDPOST_SECRET_KEY is another one"), "{}", said(&output));
    }
}
