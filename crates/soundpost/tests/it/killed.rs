//! Server and workers are killed in the middle of whatever they do, again and again, while productions run.
//!
//! In the end every production that was taken in is done, once, its files are whole, and everybody who was to hear of it did: each
//! delivery under one `webhook-id`, with the same bytes however often it was sent. `SOUNDPOST_KILLS` says how often; `make soak` asks
//! for ten times as many as the tests do.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use md5::{Digest, Md5};
use serde_json::{Value, json};
use testkit::signal::Dice;
use testkit::sink::Sink;

use crate::server::{Client, Premises, pause, recording, wait_until};

/// Kills where nothing else is said.
const KILLS: usize = 20;

/// Productions that are under way at the most, so that all are done in the time that a test has.
const AT_ONCE: usize = 4;

testkit::both_databases! {
    async fn killed_at_any_moment_every_production_ends_once(database: &Database) {
        let kills = std::env::var("SOUNDPOST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
        let premises = Premises::new(database).with("SOUNDPOST_JOB_LEASE", "2 s");
        let premises = premises.with("SOUNDPOST_ALLOW_NETWORKS", "127.0.0.0/8");
        let key = premises.account("ada");
        let sink = Sink::apart();
        let podhost = premises.app("ada", "Podhost");
        let token = premises.ask(&["admin", "token", "create", "--user", "ada", "--app", &podhost.id], "");
        let token = token["access_token"].as_str().unwrap_or_default().to_owned();
        let sound = recording(2.0);
        let taken = Mutex::new(Vec::new());
        let enough = AtomicBool::new(false);
        let mut server = premises.serve(&[]);
        let connect = json!({ "webhook_url": sink.url("page/service"), "display_name": "Show", "custom_data": "mine" });
        let connected = Client::new(&premises, &token).post("/api/service/connect.json", &connect);
        let (200, connected) = connected.clone().unwrap_or_default() else { panic!("{connected:?}") };
        let service = connected["data"]["uuid"].as_str().unwrap_or_default().to_owned();
        // One that takes everything at once, and one that has to be asked again.
        let webhooks = ["ok", "once"].map(|path| sink.url(path));
        let mut worker = premises.start("worker", &["worker"]);
        std::thread::scope(|scope| {
            scope.spawn(|| send(&premises, &key, &sound, (&service, &webhooks), &taken, &enough));
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
        for uuid in &listed {
            wait_until("everybody heard of a production", || {
                let (_, told) = client.get(&format!("/api/production/{uuid}/deliveries.json")).unwrap_or_default();
                let told = told["data"].as_array().cloned().unwrap_or_default();
                assert!(told.len() <= 2, "{told:?}");
                told.len() == 2 && told.iter().all(|told| told["state"] == "delivered")
            });
            let (_, details) = client.get(&format!("/api/production/{uuid}.json")).unwrap_or_default();
            let outgoing = &details["data"]["outgoing_services"][0];
            assert_eq!((&outgoing["transfer_success"], &outgoing["result_page"]), (&json!(true), &json!("https://host.example/1")));
        }
        heard_once(&sink, &listed);
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
fn send(
    premises: &Premises,
    key: &str,
    sound: &[u8],
    (service, webhooks): (&str, &[String; 2]),
    taken: &Mutex<Vec<String>>,
    enough: &AtomicBool,
) {
    let client = Client::new(premises, key);
    while !enough.load(Ordering::SeqCst) {
        let so_far = taken.lock().map(|taken| taken.clone()).unwrap_or_default();
        let running = so_far.iter().rev().take(AT_ONCE).filter(|uuid| client.status(uuid) != Some(3)).count();
        if running < AT_ONCE
            && let webhook = &webhooks[so_far.len() % 2]
            && let fields =
                [("action", "start"), ("title", "Talk"), ("webhook", webhook), ("outgoing_services", service)]
            && let Some((200, reply)) = client.simple(&fields, sound)
            && let Some(uuid) = reply["data"]["uuid"].as_str()
            && let Ok(mut taken) = taken.lock()
        {
            taken.push(uuid.to_owned());
        }
        pause(Duration::from_millis(50));
    }
}

/// Every production of the account, page by page.
fn all(client: &Client) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    loop {
        let path = format!("/api/productions.json?limit=100&offset={}&uuids_only=1", found.len());
        let (_, reply) = client.get(&path).unwrap_or_default();
        let list = reply["data"].as_array().cloned().unwrap_or_default();
        if list.is_empty() {
            return found;
        }
        found.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
    }
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

/// Holds what the sink heard against what was to be told: of each production one webhook and one call of the service, each under one id and
/// with the same bytes every time.
fn heard_once(sink: &Sink, productions: &[String]) {
    let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut told: BTreeMap<(String, String), String> = BTreeMap::new();
    let heard = sink.heard();
    for each in &heard {
        let (id, path) = (each.header("webhook-id").to_owned(), each.path.trim_matches('/').to_owned());
        let kept = bodies.entry(id.clone()).or_insert_with(|| each.body.clone());
        assert_eq!(*kept, each.body, "{id} has other bytes the second time");
        let text = String::from_utf8_lossy(&each.body).into_owned();
        let what = if path == "page/service" { text } else { text.split('&').next().unwrap_or_default().to_owned() };
        let first = told.entry((path, what)).or_insert_with(|| id.clone());
        assert_eq!(*first, id, "something is told under two ids");
    }
    assert_eq!(bodies.len(), 2 * productions.len(), "one webhook and one service for each production");
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
