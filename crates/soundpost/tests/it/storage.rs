//! Storage that refuses: everybody is told plainly, the server lives, and goes on when there is room again.

use serde_json::Value;
use testkit::s3::S3;

use crate::server::{Client, Premises, recording, wait_until};

testkit::both_databases! {
    async fn a_full_storage_refuses_uploads_until_there_is_room(database: &Database) {
        let s3 = S3::start().await;
        let premises = Premises::new(database).on(&s3);
        let key = premises.account("ada");
        let server = premises.serve(&[]);
        let client = Client::new(&premises, &key);
        s3.be_full(true);
        let Some((status, refused)) = client.simple(&[("action", "start")], &recording(1.0)) else {
            panic!("{}", server.log())
        };
        assert_eq!((status, &refused["status_code"], &refused["error_code"]), (503, &503.into(), &"storage".into()));
        assert!(refused["error_message"].as_str().is_some_and(|said| said.starts_with("Storage does not answer")));
        assert_eq!(client.get("/api/productions.json").map(|(_, list)| list["data"].clone()), Some(Value::Array(vec![])));
        assert_eq!(client.get("/healthz").map(|(status, _)| status), Some(200));
        let (status, told) = client.get("/readyz").unwrap_or_default();
        assert_eq!((status, &told["status"]), (503, &"storage".into()), "{told}");

        s3.be_full(false);
        assert_eq!(client.get("/readyz").map(|(status, _)| status), Some(200));
        let Some((200, reply)) = client.simple(&[("action", "start")], &recording(1.0)) else { panic!("{}", server.log()) };
        let uuid = reply["data"]["uuid"].as_str().unwrap_or_default();
        wait_until("the production is done", || client.status(uuid) == Some(3));
        assert!(!server.log().contains("panicked"), "{}", server.log());
    }

    async fn a_production_waits_for_room_or_fails_plainly_and_is_revived(database: &Database) {
        let s3 = S3::start().await;
        let premises = Premises::new(database).on(&s3).with("SOUNDPOST_JOB_ATTEMPTS", "2");
        let key = premises.account("ada");
        let server = premises.serve(&["--no-workers"]);
        let client = Client::new(&premises, &key);
        let Some((200, reply)) = client.simple(&[("action", "start")], &recording(1.0)) else { panic!("{}", server.log()) };
        let uuid = reply["data"]["uuid"].as_str().unwrap_or_default();
        s3.be_full(true);
        let worker = premises.start("worker", &["worker"]);
        // The first attempt is put off, the second was the last.
        let job = || premises.ask(&["admin", "queue", "list"], "")[0].clone();
        wait_until("it is put off", || job()["state"] == "later");
        assert_eq!((client.status(uuid), &job()["attempts"]), (Some(1), &1.into()));
        wait_until("it is given up", || client.status(uuid) == Some(2));
        let (_, details) = client.get(&format!("/api/production/{uuid}.json")).unwrap_or_default();
        let why = "Storage does not answer as it should. The operator can see why in the log.";
        assert_eq!(details["data"]["error_message"], why);
        assert_eq!((&job()["state"], &job()["reason"]), (&"dead".into(), &why.into()));

        s3.be_full(false);
        let id = job()["id"].as_str().unwrap_or_default().to_owned();
        assert_eq!(premises.ask(&["admin", "queue", "revive", &id], "")["revived"], 1);
        wait_until("the production is done", || client.status(uuid) == Some(3));
        assert_eq!(premises.ask(&["admin", "queue", "list"], ""), Value::Array(vec![]));
        assert_eq!(worker.end(), Some(0));
    }
}
