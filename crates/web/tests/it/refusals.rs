//! Whatever comes, the answer is in the envelope and never a failure of ours.

use std::num::NonZeroU32;

use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::{Method, Request};
use serde_json::json;
use web::Rates;

use crate::server::{serve, serve_with};

#[test]
fn nothing_there_and_not_that_way() {
    serve(async |server, _| {
        for path in ["/api", "/api/", "/api/nothing.json", "/api/production/x/y/z", "/api/production/short.json"] {
            server.get(path).await.refused(404);
        }
        // A uuid without its ending, and an ending in the middle.
        server.get("/api/production/deigtvDv8jH6NaK52Z5eXH").await.refused(404);
        server.get("/api/production/deigtvDv8jH6NaK52Z5eXH.json/status.json").await.refused(404);
        for (method, path) in [
            (Method::PUT, "/api/productions.json"),
            (Method::GET, "/api/simple/productions.json"),
            (Method::POST, "/api/info.json"),
            (Method::DELETE, "/api/user.json"),
        ] {
            let answer = server.send(server.request(method, path).body(Body::empty()).unwrap()).await;
            answer.refused(405);
            assert!(!answer.header("allow").is_empty(), "{path}");
        }
        assert!(!server.get("/api/info.json").await.header("x-request-id").is_empty());
    });
}

#[test]
fn more_than_is_read() {
    serve(async |server, _| {
        let long = format!("/api/info.json?{}", "a".repeat(20_000));
        server.get(&long).await.refused(414);
        let request = server.request(Method::GET, "/api/info.json").header("x-long", "a".repeat(40_000));
        server.send(request.body(Body::empty()).unwrap()).await.refused(431);
        let request = (0..150)
            .fold(server.request(Method::GET, "/api/user.json"), |request, n| request.header(format!("x-{n}"), "a"));
        server.send(request.body(Body::empty()).unwrap()).await.refused(431);
        let path = "/api/productions.json";
        let announced = server.request(Method::POST, path).header(CONTENT_LENGTH, "999999999");
        server.send(announced.body(Body::empty()).unwrap()).await.refused(413);
        let streamed = Body::from(vec![b' '; 5 << 20]);
        server.send(server.request(Method::POST, path).body(streamed).unwrap()).await.refused(413);
        let broken = server.request(Method::POST, path).body(Body::from("{\"metadata\": ")).unwrap();
        assert!(server.send(broken).await.refused(400).contains("not well-formed JSON"));
    });
}

#[test]
fn too_much_in_a_minute() {
    let two = NonZeroU32::new(2);
    serve_with(Rates { per_account: two, per_peer: two }, async |server, _| {
        let first = server.get("/api/user.json").await;
        assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("2", "1"));
        server.get("/api/user.json").await.data();
        let third = server.get("/api/user.json").await;
        assert!(third.refused(429).contains("More than 2 requests"));
        assert_eq!((third.header("x-ratelimit-remaining"), third.header("retry-after")), ("0", "30"));
        // Somebody without credentials is counted by the address.
        let stranger = || server.send(Request::get("/api/info.json").body(Body::empty()).unwrap());
        stranger().await.data();
        stranger().await.data();
        stranger().await.refused(429);
        server.house.clock.pass(std::time::Duration::from_secs(31));
        server.get("/api/user.json").await.data();
    });
}

#[test]
fn who_asks_who_they_are_is_counted_as_themselves() {
    let two = NonZeroU32::new(2);
    serve_with(Rates { per_account: two, per_peer: two }, async |server, _| {
        let (_, other) = server.house.account("eve").await;
        let ask = async |path: &str, key: &str| {
            let request = Request::get(path).header(AUTHORIZATION, format!("Bearer {key}"));
            let answer = server.send(request.body(Body::empty()).unwrap()).await;
            (answer.status.as_u16(), answer.header("x-ratelimit-remaining").to_owned())
        };
        assert_eq!(ask("/me", &server.key).await, (200, "1".to_owned()));
        assert_eq!(ask("/v1/me.xml", &server.key).await, (200, "0".to_owned()));
        assert_eq!(ask("/me", &server.key).await, (429, "0".to_owned()));
        // From the same address, and with a share of her own.
        assert_eq!(ask("/me", &other).await, (200, "1".to_owned()));
        // Wrong keys have the share of the address.
        let wrong = async || ask("/me", "spk_wrong").await.0;
        assert_eq!([wrong().await, wrong().await, wrong().await], [401, 401, 429]);
        let long = format!("/me?{}", "x".repeat(9_000));
        assert_eq!(ask(&long, &other).await.0, 414);
    });
}

#[test]
fn health_and_documentation() {
    serve(async |server, _| {
        assert_eq!(server.get("/healthz").await.json(), json!({"status": "ok"}));
        assert_eq!(server.get("/readyz/").await.json(), json!({"status": "ok"}));
        let described = server.get("/docs/openapi/productions.json").await.json();
        assert_eq!(described["openapi"], "3.1.0");
        let front = server.get("/docs").await;
        assert_eq!(front.header("location"), "/docs/index.html");
        assert_eq!(server.get("/docs/index.html").await.header("content-type"), "text/html");
    });
}

#[test]
fn the_description_names_every_address_that_is_served() {
    let described: serde_json::Value = serde_json::from_str(&web::openapi()).unwrap();
    let paths = described["paths"].as_object().unwrap();
    for path in [
        "/api/simple/productions.json",
        "/api/production/{uuid}/events",
        "/api/production/{uuid}/uploads/{upload}",
        "/api/preset/{uuid}/webhook.json",
        "/api/download/audio-result/{uuid}/{filename}",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    // Every reference leads somewhere.
    let schemas = described["components"]["schemas"].as_object().unwrap();
    let text = described.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}

#[test]
fn the_committed_description_is_the_one_that_is_served() {
    let committed = expect_test::expect_file!["../../../../schemas/openapi/productions.json"];
    committed.assert_eq(&format!("{}\n", web::openapi()));
}
