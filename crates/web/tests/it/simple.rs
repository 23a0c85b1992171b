//! The simple API: everything in one form.

use axum::body::Body;
use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::json;

use crate::server::serve;

const SIMPLE: &str = "/api/simple/productions.json";

#[test]
fn fields_and_files_in_any_order() {
    serve(async |server, _| {
        let sound = vec![7; 100_000];
        let file = ("input_file", Some("../../talk.wav"), &sound[..]);
        let title = ("title", None, &b"My first"[..]);
        let chapters = ("chapters", Some("chapters.txt"), &b"00:00:10 Baby prepares to rock\n"[..]);
        let rest = [("leveler", None, &b"false"[..]), ("tags", None, b"a, b"), ("image", Some("c.png"), b"\x89PNG")];
        for order in [[file, title, chapters], [title, chapters, file], [chapters, file, title]] {
            let parts: Vec<_> = order.into_iter().chain(rest).chain([("action", None, &b"start"[..])]).collect();
            let made = server.form(SIMPLE, &parts).await.data();
            assert_eq!((&made["input_file"], &made["status"]), (&json!("talk.wav"), &json!(1)));
            assert_eq!(
                (&made["metadata"]["title"], &made["metadata"]["tags"]),
                (&json!("My first"), &json!(["a", "b"]))
            );
            assert_eq!(made["chapters"][0]["title"], "Baby prepares to rock");
            assert_eq!(made["algorithms"]["leveler"], false);
            assert!(made["image"].is_string());
            // Nothing was asked for, so an MP3 is made.
            assert_eq!(made["output_files"][0]["format"], "mp3");
        }
    });
}

#[test]
fn an_address_and_a_form_without_files() {
    serve(async |server, _| {
        let body = "input_file=https%3A%2F%2Fa.example%2Fx.wav&action=start&loudnesstarget=-14&filtering=1";
        let request = server.request(Method::POST, SIMPLE).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let made = server.send(request.body(Body::from(body)).unwrap()).await.data();
        assert_eq!((&made["input_file"], &made["status"]), (&json!("https://a.example/x.wav"), &json!(1)));
        assert_eq!(made["algorithms"]["loudnesstarget"], -14);
        let json = server.post(SIMPLE, &json!({})).await;
        assert!(json.refused(415).contains("multipart/form-data"));
    });
}

#[test]
fn what_is_wrong_with_a_form_is_said_at_once() {
    serve(async |server, _| {
        let parts: [(&str, Option<&str>, &[u8]); 8] = [
            ("year", None, b"soon"),
            ("title", None, b"One"),
            ("title", None, b"Two"),
            ("filtring", None, b"true"),
            ("speech track", Some("host.wav"), b"RIFF"),
            ("summary", None, b"\xff\xfe"),
            ("input_file", Some("talk.wav"), b"RIFF"),
            ("input_file", Some("talk.wav"), b"RIFF"),
        ];
        let answer = server.form(SIMPLE, &parts).await;
        answer.refused(400);
        let errors = answer.json()["form_errors"].clone();
        for field in ["year", "title", "filtring", "speech track", "summary", "input_file"] {
            assert!(errors[field][0].is_string(), "{field}: {errors:#}");
        }
        let none = server.get("/api/productions.json").await.data();
        assert_eq!(none, json!([]));
    });
}

#[test]
fn forms_that_break_off() {
    serve(async |server, _| {
        let whole = crate::server::multipart(&[("title", None, b"One"), ("input_file", Some("talk.wav"), &[7; 500])]);
        for length in [0, 10, 60, 200, whole.len() - 20] {
            let request =
                server.request(Method::POST, SIMPLE).header(CONTENT_TYPE, "multipart/form-data; boundary=frontier");
            let answer = server.send(request.body(Body::from(whole[..length].to_vec())).unwrap()).await;
            answer.refused(400);
        }
        let request = server.request(Method::POST, SIMPLE).header(CONTENT_TYPE, "multipart/form-data");
        server.send(request.body(Body::empty()).unwrap()).await.refused(415);
        assert_eq!(server.get("/api/productions.json").await.data(), json!([]));
    });
}

#[test]
fn a_file_for_a_production_that_is_there() {
    serve(async |server, _| {
        let made = server.post("/api/productions.json", &json!({})).await.data();
        let upload = format!("/api/production/{}/upload.json", made["uuid"].as_str().unwrap());
        let with_file = server.form(&upload, &[("input_file", Some("Gespräch.wav"), b"RIFF")]).await.data();
        assert_eq!((&with_file["input_file"], &with_file["status"]), (&json!("Gespräch.wav"), &json!(10)));
        assert!(server.form(&upload, &[("host", Some("h.wav"), b"RIFF")]).await.refused(400).contains("tracks"));
        server.post(&upload, &json!({})).await.refused(415);
        server.post(&upload.replace("upload", "start"), &json!({})).await.data();
        server.form(&upload, &[("input_file", Some("other.wav"), b"RIFF")]).await.refused(409);
        server.form("/api/production/deigtvDv8jH6NaK52Z5eXH/upload.json", &[]).await.refused(404);
    });
}
