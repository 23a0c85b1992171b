//! `soundpost admin queue` as an operator types it; that dead work is revived is in `storage.rs`.

use std::process::Output;

use crate::said;
use crate::server::{Client, Premises, recording};

testkit::both_databases! {
    async fn the_queue_is_listed_and_wrong_words_are_refused(database: &Database) {
        let premises = Premises::new(database);
        let key = premises.account("ada");
        let queue = |arguments: &[&str]| -> Output {
            let all = [&["admin", "queue"], arguments].concat();
            premises.command(&all).output().unwrap_or_else(|error| panic!("{error}"))
        };
        let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(text(&queue(&["list"])), "Nothing waits.\n");
        assert_eq!(text(&queue(&["revive", "--all"])), "0 are tried again. 0 are left: nobody waits for them.\n");

        let server = premises.serve(&["--no-workers"]);
        let client = Client::new(&premises, &key);
        let Some((200, reply)) = client.simple(&[("action", "start")], &recording(0.2)) else { panic!("{}", server.log()) };
        let subject = format!("production {}", reply["data"]["uuid"].as_str().unwrap_or_default());
        let listed = premises.ask(&["admin", "queue", "list"], "");
        let job = &listed[0];
        assert_eq!((&job["state"], &job["kind"]), (&"ready".into(), &"produce".into()), "{listed}");
        assert_eq!((job["subject"].as_str(), &job["attempts"]), (Some(subject.as_str()), &0.into()), "{listed}");
        let id = job["id"].as_str().unwrap_or_default();
        assert_eq!(text(&queue(&["list"])), format!("ready   {id}  produce  {subject}\n"));

        for (arguments, code, says) in [
            (["drop", id], 1, "is no dead job: it waits, or a worker has it."),
            (["revive", id], 1, "is no dead job"),
            (["drop", "nonsense"], 2, "“nonsense” is no job's id"),
            (["revive", "-q"], 2, "unexpected argument"),
        ] {
            let output = queue(&arguments);
            assert!(output.status.code() == Some(code) && said(&output).contains(says), "{}", said(&output));
        }
        assert_eq!(queue(&["revive"]).status.code(), Some(2));
        assert_eq!(queue(&["revive", id, "--all"]).status.code(), Some(2));
    }
}
