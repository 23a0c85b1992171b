//! Server and workers are killed in the middle of whatever they do, again and again, while productions run.
//!
//! In the end every production that was taken in is done, once, and its files are whole. `SOUNDPOST_KILLS` says how often; `make soak`
//! asks for ten times as many as the tests do.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use md5::{Digest, Md5};
use serde_json::Value;
use testkit::signal::Dice;

use crate::server::{Client, Premises, pause, recording, wait_until};

/// Kills where nothing else is said.
const KILLS: usize = 20;

/// Productions that are under way at the most, so that all are done in the time that a test has.
const AT_ONCE: usize = 4;

testkit::both_databases! {
    async fn killed_at_any_moment_every_production_ends_once(database: &Database) {
        let kills = std::env::var("SOUNDPOST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
        let premises = Premises::new(database).with("SOUNDPOST_JOB_LEASE", "2 s");
        let key = premises.account("ada");
        let sound = recording(2.0);
        let taken = Mutex::new(Vec::new());
        let enough = AtomicBool::new(false);
        let mut server = premises.serve(&[]);
        let mut worker = premises.start("worker", &["worker"]);
        std::thread::scope(|scope| {
            scope.spawn(|| send(&premises, &key, &sound, &taken, &enough));
            let mut dice = Dice::new(kills as u64);
            for _ in 0..kills {
                pause(Duration::from_millis(100 + dice.below(900) as u64));
                // One of them, the other, or both at once.
                let which = dice.below(3);
                if which != 1 {
                    server.kill();
                }
                if which != 0 {
                    worker.kill();
                    worker = premises.start("worker", &["worker"]);
                }
                if which != 1 {
                    server = premises.serve(&[]);
                }
            }
            enough.store(true, Ordering::SeqCst);
        });
        let client = Client::new(&premises, &key);
        let taken = taken.into_inner().unwrap_or_default();
        assert!(taken.len() > AT_ONCE, "only {} productions were taken in: {}", taken.len(), server.log());
        // Also those whose reply was cut off: what was kept is done.
        let listed = all(&client);
        for uuid in &taken {
            assert!(listed.iter().any(|found| found == uuid), "{uuid} was taken in and is gone");
        }
        for uuid in &listed {
            wait_until("a production is done", || {
                let status = client.status(uuid);
                assert_ne!(status, Some(2), "{:?}", client.get(&format!("/api/production/{uuid}.json")));
                status == Some(3)
            });
            whole(&client, uuid);
        }
        let queue = premises.ask(&["admin", "queue", "show"], "");
        for count in ["ready", "later", "leased", "dead"] {
            assert_eq!(queue[count], 0, "{queue}");
        }
        let logs = server.log() + &worker.log();
        assert!(finished(&logs).values().all(|times| *times == 1), "{:?}", finished(&logs));
        assert!(!logs.contains("panicked"), "{logs}");
    }
}

/// Sends recordings, whatever happens to those that take them, and remembers which were taken in.
fn send(premises: &Premises, key: &str, sound: &[u8], taken: &Mutex<Vec<String>>, enough: &AtomicBool) {
    let client = Client::new(premises, key);
    while !enough.load(Ordering::SeqCst) {
        let so_far = taken.lock().map(|taken| taken.clone()).unwrap_or_default();
        let running = so_far.iter().rev().take(AT_ONCE).filter(|uuid| client.status(uuid) != Some(3)).count();
        if running < AT_ONCE
            && let Some((200, reply)) = client.simple(&[("action", "start"), ("title", "Talk")], sound)
            && let Some(uuid) = reply["data"]["uuid"].as_str()
            && let Ok(mut taken) = taken.lock()
        {
            taken.push(uuid.to_owned());
        }
        pause(Duration::from_millis(50));
    }
}

/// Every production of the account.
fn all(client: &Client) -> Vec<String> {
    let (_, reply) = client.get("/api/productions.json?limit=10000&uuids_only=1").unwrap_or_default();
    let list = reply["data"].as_array().cloned().unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Holds a result against what is said of it.
fn whole(client: &Client, uuid: &str) {
    let (_, details) = client.get(&format!("/api/production/{uuid}.json")).unwrap_or_default();
    let data = &details["data"];
    let length = data["length"].as_f64().unwrap_or_default();
    assert!((length - 2.0).abs() < 0.05, "{uuid} is {length} s long");
    let files = data["output_files"].as_array().cloned().unwrap_or_default();
    assert!(!files.is_empty(), "{data}");
    for file in files {
        assert!(file["download_url"].is_string(), "{data}");
        let (status, bytes) = client.get_bytes(file["download_url"].as_str().unwrap_or_default()).unwrap_or_default();
        assert_eq!((status, Some(bytes.len() as u64)), (200, file["size"].as_u64()));
        assert_eq!(Some(format!("{:x}", Md5::digest(&bytes)).as_str()), file["checksum"].as_str());
    }
}

/// How often each production was said to be done.
fn finished(logs: &str) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for line in logs.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if line["message"] == "a production is done"
            && let Some(id) = line["production"].as_str()
        {
            *times.entry(id.to_owned()).or_default() += 1;
        }
    }
    times
}
