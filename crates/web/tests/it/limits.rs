//! What the operator decided, as clients meet it: how long a recording may be, how much an account keeps and for how long.

use std::time::Duration;

use app::Rules;
use axum::body::Body;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{Method, StatusCode};
use serde_json::json;

use crate::server::{serve, serve_by};

const SIMPLE: &str = "/api/simple/productions.json";
const FORM: &str = "multipart/form-data; boundary=frontier";

#[test]
fn a_form_that_says_it_is_too_long_is_not_begun() {
    serve_by(Rules { upload_limit: 1_000_000, ..Rules::default() }, async |server, _| {
        let made = server.post("/api/productions.json", &json!({})).await.data();
        let preset = server.post("/api/presets.json", &json!({"preset_name": "Show"})).await.data();
        for path in [
            SIMPLE.to_owned(),
            format!("/api/production/{}/upload.json", made["uuid"].as_str().unwrap()),
            format!("/api/preset/{}/upload.json", preset["uuid"].as_str().unwrap()),
        ] {
            let request = server.request(Method::POST, &path).header(CONTENT_TYPE, FORM);
            // Whoever would read it would wait for ever.
            let never = Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
            let answer = server.send(request.header(CONTENT_LENGTH, "10000000000").body(never).unwrap()).await;
            let said = answer.refused(413);
            assert!(said.contains("1000000 bytes") && said.contains("SOUNDPOST_UPLOAD_LIMIT"), "{said}");
        }
    });
}

#[test]
fn a_recording_that_is_too_long_is_refused_where_it_is() {
    serve_by(Rules { upload_limit: 1_000, ..Rules::default() }, async |server, _| {
        let answer = server.form(SIMPLE, &[("input_file", Some("talk.wav"), &[7; 1_001])]).await;
        assert!(answer.refused(413).contains("1000 bytes"));
        server.form(SIMPLE, &[("input_file", Some("talk.wav"), &[7; 1_000])]).await.data();
        assert_eq!(server.get("/api/productions.json").await.data().as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn more_than_an_account_may_keep() {
    serve_by(Rules { account_quota: Some(1_000), ..Rules::default() }, async |server, _| {
        let first = server.form(SIMPLE, &[("input_file", Some("talk.wav"), &[7; 600])]).await.data();
        let answer = server.form(SIMPLE, &[("input_file", Some("talk.wav"), &[7; 600])]).await;
        let said = answer.refused(413);
        assert!(said.contains("600 of 1000 bytes"), "{said}");
        assert_eq!(answer.json()["error_code"], "over_quota");
        // Room that is made is there at once, before any sweep.
        server.delete(&format!("/api/production/{}.json", first["uuid"].as_str().unwrap())).await.data();
        server.form(SIMPLE, &[("input_file", Some("talk.wav"), &[7; 1_000])]).await.data();
        let full = server.form(SIMPLE, &[("input_file", Some("talk.wav"), b"R")]).await;
        assert!(full.refused(413).contains("1000 of 1000 bytes"));
    });
}

#[test]
fn what_is_kept_for_a_while_is_gone_afterwards() {
    const DAY: Duration = Duration::from_hours(24);
    serve_by(Rules { retention: Some(90 * DAY), ..Rules::default() }, async |server, database| {
        let id = server.done(database, "talk.mp3", b"mastered").await;
        let (details, file) =
            (format!("/api/production/{id}.json"), format!("/api/download/audio-result/{id}/talk.mp3"));
        server.house.clock.pass(89 * DAY);
        server.house.app.sweeps().sweep().await.unwrap();
        assert_eq!(server.get(&file).await.status, StatusCode::OK);
        server.house.clock.pass(2 * DAY);
        assert_eq!(server.house.app.sweeps().sweep().await.unwrap().productions, 1);
        assert!(server.get(&details).await.refused(404).contains("no production"));
        server.get(&file).await.refused(404);
        assert_eq!(server.get("/api/productions.json").await.data(), json!([]));
        let left: Vec<_> = futures_util::StreamExt::collect(server.house.blobs.list(None)).await;
        assert!(left.is_empty(), "{left:?}");
    });
}

#[test]
fn who_is_not_well_is_said() {
    serve(async |server, database| {
        assert_eq!(server.get("/readyz").await.status, StatusCode::OK);
        database.store().clone().close().await.unwrap();
        let answer = server.get("/readyz").await;
        assert_eq!((answer.status, &answer.json()["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("database")));
        assert_eq!(server.get("/healthz").await.status, StatusCode::OK);
    });
}
