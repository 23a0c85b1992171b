//! Who asks: every way to say it, and what is said to those who do not.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, COOKIE};
use http::{Method, Request, StatusCode};
use serde_json::json;
use testkit::house::{HERE, PASSWORD};

use crate::server::{Answer, Server, serve};

async fn with(server: &Server, credentials: &str) -> Answer {
    server.send(Request::get("/api/user.json").header(AUTHORIZATION, credentials).body(Body::empty()).unwrap()).await
}

pub(crate) fn basic(name: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{secret}")))
}

#[test]
fn keys_and_passwords() {
    serve(async |server, _| {
        let key = &server.key;
        for fine in [format!("Bearer {key}"), format!("bearer {key}"), basic("ada", PASSWORD), basic("Ada", key)] {
            assert_eq!(with(server, &fine).await.data()["username"], "ada");
        }
        server.house.account("eve").await;
        for wrong in
            ["Bearer", "Bearer spk_short", "Digest x", "Basic !!", "", &basic("eve", key), &basic("ada", "wrong")]
        {
            let answer = with(server, wrong).await;
            answer.refused(401);
            assert_eq!(answer.header("www-authenticate"), "Bearer", "{wrong}");
        }
        let none = server.send(Request::get("/api/user.json").body(Body::empty()).unwrap()).await;
        none.refused(401);
        let info = server.send(Request::get("/api/info.json").body(Body::empty()).unwrap()).await;
        info.data();
    });
}

#[test]
fn a_password_cannot_be_tried_for_ever() {
    serve(async |server, _| {
        let mut last = with(server, &basic("ada", "wrong password")).await;
        for _ in 0..25 {
            last = with(server, &basic("ada", "wrong password")).await;
        }
        last.refused(429);
        assert!(!last.header("retry-after").is_empty() && last.header("x-ratelimit-remaining") == "0");
    });
}

#[test]
fn a_browser_says_that_it_was_meant() {
    serve(async |server, _| {
        let signed_in = server.house.app.accounts().sign_in("ada", PASSWORD, HERE).await.unwrap();
        let cookie = format!("a=b; __Host-soundpost={}", signed_in.key.reveal());
        let send = |method: Method, extra: Option<(&'static str, &'static str)>| {
            let mut request = Request::builder().method(method).uri("/api/productions.json").header(COOKIE, &cookie);
            if let Some((name, value)) = extra {
                request = request.header(name, value);
            }
            server.send(request.body(Body::empty()).unwrap())
        };
        assert_eq!(send(Method::GET, None).await.data(), json!([]));
        send(Method::POST, None).await.refused(403);
        send(Method::POST, Some(("sec-fetch-site", "cross-site"))).await.refused(403);
        send(Method::POST, Some(("x-csrf-token", "guessed"))).await.refused(403);
        assert_eq!(send(Method::POST, Some(("sec-fetch-site", "same-origin"))).await.status, StatusCode::OK);
    });
}

#[test]
fn somebody_elses_things_are_not_there() {
    serve(async |server, database| {
        let id = server.done(database, "talk.mp3", b"0123456789").await;
        let preset = server.post("/api/presets.json", &json!({"preset_name": "Mine"})).await.data();
        let preset = preset["uuid"].as_str().unwrap();
        let (_, key) = server.house.account("eve").await;
        for (method, path) in [
            (Method::GET, format!("/api/production/{id}.json")),
            (Method::POST, format!("/api/production/{id}.json")),
            (Method::DELETE, format!("/api/production/{id}.json")),
            (Method::POST, format!("/api/production/{id}/start.json")),
            (Method::POST, format!("/api/production/{id}/stop.json")),
            (Method::POST, format!("/api/production/{id}/publish.json")),
            (Method::GET, format!("/api/production/{id}/status.json")),
            (Method::GET, format!("/api/production/{id}/events")),
            (Method::DELETE, format!("/api/production/{id}/chapters.json")),
            (Method::GET, format!("/api/download/audio-result/{id}/talk.mp3")),
            (Method::GET, format!("/api/download/cover/production/{id}")),
            (Method::GET, format!("/api/preset/{preset}.json")),
            (Method::DELETE, format!("/api/preset/{preset}.json")),
            (Method::GET, format!("/api/preset/{preset}/webhook.json")),
        ] {
            let request = Request::builder().method(method).uri(&path).header(AUTHORIZATION, format!("Bearer {key}"));
            server.send(request.body(Body::empty()).unwrap()).await.refused(404);
        }
        assert_eq!(server.get(&format!("/api/production/{id}.json")).await.data()["status"], 3);
    });
}
