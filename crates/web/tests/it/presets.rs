//! Presets, their covers and their webhooks.

use axum::body::Body;
use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::json;

use crate::server::serve;

#[test]
fn a_preset_from_made_to_gone() {
    serve(async |server, _| {
        server.post("/api/presets.json", &json!({})).await.refused(400);
        let made = server.post("/api/presets.json", &json!({"preset_name": "Show"})).await.data();
        let uuid = made["uuid"].as_str().unwrap().to_owned();
        let path = format!("/api/preset/{uuid}.json");
        let changed =
            server.post(&path, &json!({"preset_name": "Other", "chapters": [{"start": "0:10"}]})).await.data();
        assert_eq!(
            (&changed["preset_name"], &changed["chapters"][0]["start"]),
            (&json!("Other"), &json!("00:00:10.000"))
        );
        assert_eq!(server.get(&path).await.data()["preset_name"], "Other");
        let list = server.get("/api/presets.json?minimal_data=1&limit=100").await.data();
        assert_eq!((&list[0]["uuid"], &list[0]["preset_name"]), (&json!(uuid), &json!("Other")));
        let upload = format!("/api/preset/{uuid}/upload.json");
        let with_cover = server.form(&upload, &[("image", Some("cover.png"), b"\x89PNG")]).await.data();
        let cover = with_cover["image"].as_str().unwrap().strip_prefix("https://s.example").unwrap().to_owned();
        let picture = server.get(&cover).await;
        assert_eq!((&picture.body[..], picture.header("content-type")), (&b"\x89PNG"[..], "image/png"));
        server.form(&upload, &[("input_file", Some("talk.wav"), b"RIFF")]).await.refused(400);
        server.form(&upload, &[]).await.refused(400);
        server.delete(&path).await.data();
        server.get(&path).await.refused(404);
    });
}

#[test]
fn a_workflow_node_registers_its_webhook() {
    serve(async |server, _| {
        let made = server.post("/api/presets.json", &json!({"preset_name": "Show"})).await.data();
        let path = format!("/api/preset/{}/webhook.json", made["uuid"].as_str().unwrap());
        assert_eq!(server.get(&path).await.json()["webhook"], json!(null));
        let hook = json!({"webhook": "https://n.example/hook"});
        let set = server.post(&path, &hook).await.json();
        assert_eq!((&set["status_code"], &set["webhook"]), (&json!(200), &json!(["https://n.example/hook"])));
        assert_eq!(server.get(&path).await.json()["webhook"], json!(["https://n.example/hook"]));
        server.post(&path, &json!({})).await.refused(400);
        server.post(&path, &json!({"webhook": "ftp://n.example/"})).await.refused(400);
        let remove = |body: String| {
            let request = server.request(Method::DELETE, &path).header(CONTENT_TYPE, "application/json");
            server.send(request.body(Body::from(body)).unwrap())
        };
        remove(json!({"webhook": "https://other.example/"}).to_string()).await.refused(404);
        assert_eq!(remove(hook.to_string()).await.json()["webhook"], json!(null));
        assert_eq!(remove(String::new()).await.json()["webhook"], json!(null));
    });
}
