//! Results: whole, in pieces, by signed address.

use axum::body::Body;
use http::{Method, Request, StatusCode};

use crate::server::{Answer, Server, serve};

const NAME: &str = "Größe 1.mp3";

async fn ranged(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request =
        headers.iter().fold(server.request(Method::GET, path), |request, (name, value)| request.header(*name, *value));
    server.send(request.body(Body::empty()).unwrap()).await
}

#[test]
fn whole_and_in_pieces() {
    serve(async |server, database| {
        let id = server.done(database, NAME, b"0123456789").await;
        let details = server.get(&format!("/api/production/{id}.json")).await.data();
        let file = &details["output_files"][0];
        assert_eq!((file["size"].as_u64(), file["size_string"].as_str()), (Some(10), Some("10 B")));
        assert_eq!(file["checksum"], "781e5e245d69b566979b86e28d23f2c7");
        let path = file["download_url"].as_str().unwrap().strip_prefix("https://s.example").unwrap().to_owned();
        let whole = server.get(&path).await;
        assert_eq!((whole.status, &whole.body[..]), (StatusCode::OK, &b"0123456789"[..]));
        assert_eq!((whole.header("content-type"), whole.header("content-length")), ("audio/mpeg", "10"));
        assert_eq!(whole.header("accept-ranges"), "bytes");
        assert_eq!(whole.header("etag"), "\"781e5e245d69b566979b86e28d23f2c7\"");
        assert_eq!(
            whole.header("content-disposition"),
            "attachment; filename=\"Gr__e 1.mp3\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.mp3"
        );
        let piece = ranged(server, &path, &[("range", "bytes=2-4")]).await;
        assert_eq!((piece.status, &piece.body[..]), (StatusCode::PARTIAL_CONTENT, &b"234"[..]));
        assert_eq!((piece.header("content-range"), piece.header("content-length")), ("bytes 2-4/10", "3"));
        let end = ranged(server, &path, &[("range", "bytes=-3"), ("if-range", whole.header("etag"))]).await;
        assert_eq!((end.status, &end.body[..]), (StatusCode::PARTIAL_CONTENT, &b"789"[..]));
        let other = ranged(server, &path, &[("range", "bytes=-3"), ("if-range", "\"other\"")]).await;
        assert_eq!((other.status, other.body.len()), (StatusCode::OK, 10));
        let nowhere = ranged(server, &path, &[("range", "bytes=10-")]).await;
        nowhere.refused(416);
        assert_eq!(nowhere.header("content-range"), "bytes */10");
        let known = ranged(server, &path, &[("if-none-match", whole.header("etag"))]).await;
        assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0));
        let head = server.send(server.request(Method::HEAD, &path).body(Body::empty()).unwrap()).await;
        assert_eq!((head.status, head.header("content-length"), head.body.len()), (StatusCode::OK, "10", 0));
        server.get(&format!("/api/download/audio-result/{id}/other.mp3")).await.refused(404);
        server.get(&format!("/api/download/audio-result/{id}/..%2F..%2Fetc%2Fpasswd")).await.refused(404);
    });
}

#[test]
fn a_signed_address_needs_no_credentials_for_a_while() {
    serve(async |server, database| {
        let id = server.done(database, NAME, b"0123456789").await;
        let path = format!("/api/download/audio-result/{id}/Gr%C3%B6%C3%9Fe%201.mp3");
        let sent = server.get(&format!("{path}?signed=true")).await;
        assert_eq!(sent.status, StatusCode::FOUND);
        let signed = sent.header("location").strip_prefix("https://s.example").unwrap().to_owned();
        let stranger = |path: String| server.send(Request::get(path).body(Body::empty()).unwrap());
        assert_eq!(&stranger(signed.clone()).await.body[..], b"0123456789");
        stranger(path.clone()).await.refused(401);
        stranger(signed.replace("until=1", "until=2")).await.refused(403);
        server.house.clock.pass(app::files::Files::SIGNED_FOR);
        stranger(signed).await.refused(403);
        // A player cannot send headers.
        let token = stranger(format!("{path}?bearer_token={}", server.key)).await;
        assert_eq!(token.status, StatusCode::OK);
        stranger(format!("/api/user.json?bearer_token={}", server.key)).await.refused(401);
    });
}
