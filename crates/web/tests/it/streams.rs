//! Events as they happen, until there is nothing more to come.

use model::production::Edit;
use serde_json::{Value, json};

use crate::server::{Answer, serve};

/// The data of all events.
fn events(answer: &Answer) -> Vec<Value> {
    let text = std::str::from_utf8(&answer.body).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

#[test]
fn a_production_that_is_done_says_so_once() {
    serve(async |server, database| {
        let id = server.done(database, "talk.mp3", b"0123456789").await;
        let answer = server.get(&format!("/api/production/{id}/events")).await;
        assert_eq!(answer.header("content-type"), "text/event-stream");
        let done = json!({"status": 3, "status_string": "Done", "progress": 1.0, "error_message": ""});
        assert_eq!(events(&answer), [done]);
    });
}

#[test]
fn a_stream_ends_when_the_program_does() {
    serve(async |server, _| {
        let id = server.started(&Edit::default()).await;
        let path = format!("/api/production/{id}/events");
        let (answer, ()) = tokio::join!(server.get(&path), async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            server.stop.send(true).unwrap();
        });
        assert_eq!(events(&answer)[0]["status"], 1);
    });
}
