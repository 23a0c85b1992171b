//! Storage that refuses: everybody is told plainly, the server lives, and goes on when there is room again.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use testkit::database::Database;
use testkit::s3::S3;

use crate::server::{Client, Premises, Running, recording, wait_until};

/// A server whose storage is a disk of so many bytes, in a mount namespace of its own, and where that disk is seen from here.
fn on_a_small_disk(premises: &Premises, bytes: u64) -> (Running, PathBuf) {
    let disk = premises.folder().join("disk");
    std::fs::create_dir_all(&disk).unwrap_or_else(|error| panic!("{error}"));
    let inner = premises.command(&["serve"]);
    let mut outer = Command::new("unshare");
    let script = format!("mount -t tmpfs -o size={bytes} none \"$1\" && shift && exec \"$@\"");
    outer.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]).arg(&disk);
    outer.arg(inner.get_program()).args(inner.get_args()).current_dir(premises.folder());
    outer.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.env("SOUNDPOST_STORAGE_URL", format!("file://{}", disk.display())).stdin(Stdio::null());
    let server = premises.run("server", outer);
    let client = Client::new(premises, "");
    wait_until("the server answers", || client.get("/readyz").is_some_and(|(status, _)| status == 200));
    let seen = PathBuf::from(format!("/proc/{}/root", server.pid()));
    (server, seen.join(disk.strip_prefix("/").unwrap_or(&disk)))
}

/// Fills a disk to its last block.
fn fill(file: &Path) {
    let mut file = std::fs::File::create(file).unwrap_or_else(|error| panic!("{error}"));
    while file.write_all(&[0; 4096]).is_ok() {}
}

/// On a disk that is full; this mounts one, which not every machine lets one do.
mod full_disk {
    use testkit::database::{on_postgres, on_sqlite};

    #[test]
    #[ignore = "mounts a disk: make soak runs it"]
    fn sqlite() {
        on_sqlite(super::refuses_and_fails_plainly_until_there_is_room);
    }

    #[test]
    #[ignore = "mounts a disk: make soak runs it"]
    fn postgres() {
        on_postgres(super::refuses_and_fails_plainly_until_there_is_room);
    }
}

async fn refuses_and_fails_plainly_until_there_is_room(database: &Database) {
    let premises = Premises::new(database);
    let key = premises.account("ada");
    let (server, disk) = on_a_small_disk(&premises, 8 << 20);
    let client = Client::new(&premises, &key);
    let send = |action: &str| client.simple(&[("action", action)], &recording(3.0));
    let Some((200, kept)) = send("save") else { panic!("{}", server.log()) };
    let kept = kept["data"]["uuid"].as_str().unwrap_or_default().to_owned();
    fill(&disk.join("filler"));

    let Some((status, refused)) = send("start") else { panic!("{}", server.log()) };
    assert_eq!((status, &refused["error_code"]), (507, &"storage_full".into()), "{refused}");
    let (status, told) = client.get("/readyz").unwrap_or_default();
    assert_eq!((status, &told["status"]), (503, &"storage_full".into()), "{told}");
    assert_eq!(client.get("/healthz").map(|(status, _)| status), Some(200));
    let start = format!("/api/production/{kept}/start.json");
    assert_eq!(client.post(&start, &json!({})).map(|(status, _)| status), Some(200));
    wait_until("it fails", || client.status(&kept) == Some(2));
    let (_, details) = client.get(&format!("/api/production/{kept}.json")).unwrap_or_default();
    let why = details["data"]["error_message"].as_str().unwrap_or_default();
    assert_eq!(why, "Storage is full. The operator has to make room; start it again then.");

    std::fs::remove_file(disk.join("filler")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(client.get("/readyz").map(|(status, _)| status), Some(200));
    assert_eq!(client.post(&start, &json!({})).map(|(status, _)| status), Some(200));
    wait_until("it is done", || client.status(&kept) == Some(3));
    let Some((200, next)) = send("start") else { panic!("{}", server.log()) };
    let next = next["data"]["uuid"].as_str().unwrap_or_default().to_owned();
    wait_until("the next is done", || client.status(&next) == Some(3));
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

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
