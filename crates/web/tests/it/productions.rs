//! Productions made, changed, listed, started, stopped, cleared and removed.

use serde_json::json;

use crate::server::serve;

#[test]
fn a_production_from_json_to_gone() {
    serve(async |server, _| {
        let body =
            json!({"metadata": {"title": "One", "track": 7}, "output_files": [{"format": "mp3", "bitrate": "96"}]});
        let made = server.post("/api/productions.json", &body).await.data();
        let uuid = made["uuid"].as_str().unwrap().to_owned();
        assert_eq!((uuid.len(), &made["status"], &made["status_string"]), (22, &json!(9), &json!("Incomplete")));
        assert_eq!(made["status_page"], format!("https://s.example/productions/{uuid}"));
        assert_eq!(made["creation_time"], "2026-01-05T12:00:00.000Z");
        let path = format!("/api/production/{uuid}.json");
        // What is said replaces, lists grow; a slash at the end means nothing.
        let more = json!({"metadata": {"artist": "Ada"}, "output_files": [{"format": "flac"}]});
        let changed = server.post(&format!("{path}/"), &more).await.data();
        assert_eq!((&changed["metadata"]["title"], &changed["metadata"]["artist"]), (&json!("One"), &json!("Ada")));
        assert_eq!(changed["output_files"].as_array().unwrap().len(), 2);
        let reset = json!({"reset_data": true, "output_files": ["opus"]});
        let reset = server.post(&path, &reset).await.data();
        assert_eq!((&reset["metadata"]["title"], reset["output_files"].as_array().unwrap().len()), (&json!(""), 1));
        let start = format!("/api/production/{uuid}/start.json");
        let errors = server.post(&start, &json!({})).await;
        errors.refused(400);
        assert!(errors.json()["form_errors"]["input_file"][0].is_string());
        let input = json!({"input_file": "https://a.example/talk.wav", "action": "start"});
        assert_eq!(server.post(&path, &input).await.data()["status"], 1);
        server.post(&start, &json!({})).await.refused(409);
        server.post(&path, &json!({"metadata": {"title": "Two"}})).await.refused(409);
        let status = server.get(&format!("/api/production/{uuid}/status.json")).await;
        assert_eq!(status.data(), json!({"status": 1, "status_string": "Waiting"}));
        let stopped = server.post(&format!("/api/production/{uuid}/stop.json"), &json!({})).await.data();
        assert_eq!((&stopped["status"], &stopped["start_allowed"]), (&json!(10), &json!(true)));
        server.post(&format!("/api/production/{uuid}/publish.json"), &json!({})).await.refused(409);
        let cleared = server.delete(&format!("/api/production/{uuid}/output_files.json")).await.data();
        assert_eq!(cleared["output_files"], json!([]));
        for list in ["chapters", "outgoing_services"] {
            server.delete(&format!("/api/production/{uuid}/{list}.json")).await.data();
        }
        server.delete(&format!("/api/production/{uuid}/multi_input_files/host.json")).await.refused(404);
        assert_eq!(server.delete(&path).await.data(), json!(null));
        server.get(&path).await.refused(404);
    });
}

#[test]
fn lists_in_three_forms() {
    serve(async |server, _| {
        for title in ["One", "Two", "Three"] {
            server.post("/api/productions.json", &json!({"metadata": {"title": title}})).await.data();
        }
        let full = server.get("/api/productions.json?limit=2").await.data();
        assert_eq!((full.as_array().unwrap().len(), &full[0]["algorithms"]["leveler"]), (2, &json!(true)));
        let short = server.get("/api/productions.json?minimal_data=1&offset=2").await.data();
        assert_eq!(short.as_array().unwrap().len(), 1);
        assert!(short[0]["metadata"]["title"].is_string() && short[0]["algorithms"].is_null());
        let uuids = server.get("/api/productions.json/?uuids_only=true").await.data();
        assert!(uuids.as_array().unwrap().iter().all(|uuid| uuid.as_str().is_some_and(|uuid| uuid.len() == 22)));
        let errors = server.get("/api/productions.json?limit=many").await;
        assert_eq!(errors.refused(400), "limit takes a number, not “many”.");
    });
}

#[test]
fn a_preset_is_where_it_begins() {
    serve(async |server, _| {
        let preset = json!({"preset_name": "Show", "metadata": {"artist": "Ada"}, "output_files": ["flac"]});
        let preset = server.post("/api/presets.json", &preset).await.data();
        let uuid = preset["uuid"].as_str().unwrap();
        for named in [uuid, "Show"] {
            let made = server.post("/api/productions.json", &json!({"preset": named})).await.data();
            assert_eq!((&made["preset"], &made["metadata"]["artist"]), (&json!(uuid), &json!("Ada")));
        }
        let errors = server.post("/api/productions.json", &json!({"preset": "Other"})).await;
        errors.refused(400);
        assert!(errors.json()["form_errors"]["preset"][0].as_str().unwrap().contains("Other"));
    });
}

#[test]
fn what_is_not_built_is_said() {
    serve(async |server, _| {
        let body = json!({"algorithms": {"denoise": true, "filler_cutter": true}});
        let made = server.post("/api/productions.json", &body).await.data();
        let warning = made["warning_message"].as_str().unwrap();
        assert!(warning.contains("denoise is not built yet") && warning.contains("filler_cutter"), "{warning}");
    });
}

#[test]
fn the_account_and_what_can_be_asked_for() {
    serve(async |server, _| {
        let user = server.get("/api/user.json").await.data();
        assert_eq!((&user["username"], &user["email"]), (&json!("ada"), &json!("ada@example.org")));
        let info = server.get("/api/info.json").await.data();
        for part in ["algorithms", "file_endings", "output_files", "production_status", "service_types"] {
            assert_eq!(server.get(&format!("/api/info/{part}.json")).await.data(), info[part], "{part}");
        }
    });
}
