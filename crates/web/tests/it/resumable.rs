//! Uploads by tus 1.0: created, broken off, gone on with, complete.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use serde_json::json;

use crate::server::{Answer, Server, serve};

async fn tus(server: &Server, method: Method, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let request = server.request(method, path).header("tus-resumable", "1.0.0");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    server.send(request.body(Body::from(body.to_vec())).unwrap()).await
}

const PIECE: (&str, &str) = ("content-type", "application/offset+octet-stream");

#[test]
fn a_recording_in_two_pieces() {
    serve(async |server, _| {
        let made = server.post("/api/productions.json", &json!({})).await.data();
        let uuid = made["uuid"].as_str().unwrap();
        let uploads = format!("/api/production/{uuid}/uploads");
        let options = tus(server, Method::OPTIONS, &uploads, &[], b"").await;
        assert_eq!((options.status, options.header("tus-version")), (StatusCode::NO_CONTENT, "1.0.0"));
        assert!(options.header("tus-extension").contains("creation"));
        let metadata = format!("filename {},field {}", STANDARD.encode("talk.wav"), STANDARD.encode("input_file"));
        let headers = [("upload-length", "10"), ("upload-metadata", metadata.as_str())];
        let created = tus(server, Method::POST, &uploads, &headers, b"").await;
        assert_eq!((created.status, created.header("upload-offset")), (StatusCode::CREATED, "0"));
        assert!(created.header("upload-expires").ends_with("GMT"));
        let path = created.header("location").strip_prefix("https://s.example").unwrap().to_owned();
        let first = tus(server, Method::PATCH, &path, &[PIECE, ("upload-offset", "0")], b"0123").await;
        assert_eq!((first.status, first.header("upload-offset")), (StatusCode::NO_CONTENT, "4"));
        tus(server, Method::PATCH, &path, &[PIECE, ("upload-offset", "3")], b"3456").await.refused(409);
        tus(server, Method::PATCH, &path, &[("upload-offset", "4")], b"4567").await.refused(415);
        tus(server, Method::PATCH, &path, &[PIECE], b"4567").await.refused(400);
        let head = tus(server, Method::HEAD, &path, &[], b"").await;
        assert_eq!((head.header("upload-offset"), head.header("upload-length")), ("4", "10"));
        assert_eq!(head.header("cache-control"), "no-store");
        let last = tus(server, Method::PATCH, &path, &[PIECE, ("upload-offset", "4")], b"456789").await;
        assert_eq!((last.status, last.header("upload-offset")), (StatusCode::NO_CONTENT, "10"));
        let details = server.get(&format!("/api/production/{uuid}.json")).await.data();
        assert_eq!((&details["input_file"], &details["status"]), (&json!("talk.wav"), &json!(10)));
    });
}

#[test]
fn refused_and_ended() {
    serve(async |server, _| {
        let made = server.post("/api/productions.json", &json!({})).await.data();
        let uploads = format!("/api/production/{}/uploads", made["uuid"].as_str().unwrap());
        let version = server.send(server.request(Method::POST, &uploads).body(Body::empty()).unwrap()).await;
        version.refused(412);
        assert_eq!(version.header("tus-version"), "1.0.0");
        tus(server, Method::POST, &uploads, &[], b"").await.refused(400);
        tus(server, Method::POST, &uploads, &[("upload-length", "99999999999999")], b"").await.refused(413);
        let wrong = [("upload-length", "5"), ("upload-metadata", "filename !!")];
        tus(server, Method::POST, &uploads, &wrong, b"").await.refused(400);
        // Bytes may come along at once.
        let created = tus(server, Method::POST, &uploads, &[PIECE, ("upload-length", "5")], b"01").await;
        assert_eq!(created.header("upload-offset"), "2");
        let path = created.header("location").strip_prefix("https://s.example").unwrap().to_owned();
        tus(server, Method::PATCH, &path, &[PIECE, ("upload-offset", "2")], b"23456789").await.refused(413);
        assert_eq!(tus(server, Method::DELETE, &path, &[], b"").await.status, StatusCode::NO_CONTENT);
        assert_eq!(tus(server, Method::HEAD, &path, &[], b"").await.status, StatusCode::NOT_FOUND);
    });
}
