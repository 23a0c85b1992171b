//! External services over HTTP: apps that connect themselves, as their developers would, and what their users see of it.

use app::apps::{AppDraft, Approval, Keeps};
use app::{Operator, ScopeSet};
use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use model::production::Edit;
use model::registered_app::Services;
use model::{Account, RegisteredApp};
use serde_json::{Value, json};

use crate::server::{Answer, Server, serve};

/// The body of the call as it was published, with its comma before the brace.
const PUBLISHED: &str = r#"{
"display_name": "My Family Podcast",
"webhook_url": "https://your-service.fm/userXY/webhook/aweouihreu/",
"custom_data": "any-data-string-you-want",
}"#;

async fn app(server: &Server) -> RegisteredApp {
    let draft = AppDraft { name: "Podhost".to_owned(), ..AppDraft::default() };
    server.house.app.apps().create(&server.ada.account, draft, Keeps::ASecret).await.unwrap().0
}

async fn token(server: &Server, app: &RegisteredApp, account: &Account) -> String {
    let operator = Operator::at_the_console();
    let issued = server.house.app.oauth2().issue(&operator, app, account, ScopeSet::ALL).await.unwrap();
    issued.access_token.reveal().to_owned()
}

async fn connect(server: &Server, token: &str, body: &str) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/service/connect.json")
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(CONTENT_TYPE, "application/json");
    server.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

fn said(name: &str, url: &str) -> String {
    json!({ "display_name": name, "webhook_url": url }).to_string()
}

#[test]
fn the_published_call_connects_and_the_same_name_again_changes() {
    serve(async |server, _| {
        let app = app(server).await;
        let token = token(server, &app, &server.ada.account).await;
        let first = connect(server, &token, PUBLISHED).await.data();
        assert_eq!(first["display_name"], "Podhost: My Family Podcast");
        assert_eq!(
            (&first["type"], &first["incoming"], &first["outgoing"]),
            (&json!("external"), &json!(false), &json!(true))
        );
        let again = connect(server, &token, &said("My Family Podcast", "https://h.example/new")).await.data();
        assert_eq!(again["uuid"], first["uuid"]);
        // Of two in the same millisecond, neither is first.
        server.house.clock.pass(std::time::Duration::from_secs(1));
        let other = connect(server, &token, &said("Drafts", "https://h.example/drafts")).await.data();
        assert_ne!(other["uuid"], first["uuid"]);
        let names: Vec<_> = server
            .get("/api/services.json")
            .await
            .data()
            .as_array()
            .unwrap()
            .iter()
            .map(|each| each["display_name"].clone())
            .collect();
        assert_eq!(names, ["Podhost: My Family Podcast", "Podhost: Drafts"]);
        let uuid = other["uuid"].as_str().unwrap();
        assert!(server.get(&format!("/api/service/{uuid}/ls.json")).await.refused(409).contains("holds no recordings"));
        server.delete(&format!("/api/service/{uuid}.json")).await.data();
        server.delete(&format!("/api/service/{uuid}.json")).await.refused(404);
        assert_eq!(server.get("/api/services.json").await.data().as_array().unwrap().len(), 1);
    });
}

#[test]
fn only_an_app_that_may_connects() {
    serve(async |server, _| {
        let app = app(server).await;
        let body = said("Show", "https://h.example/");
        assert!(connect(server, &server.key, &body).await.refused(403).contains("connected by an app"));
        let (bob, _) = server.house.account("bob").await;
        let bobs = token(server, &app, &bob.account).await;
        let refused = connect(server, &bobs, &body).await.refused(403);
        assert!(refused.contains("Podhost is not approved") && refused.contains("Ask the operator"), "{refused}");
        let approval = Approval { services: Some(Services::Hidden), ..Approval::default() };
        server.house.app.apps().approve(&Operator::at_the_console(), app.id, approval).await.unwrap();
        let uuid = connect(server, &bobs, &body).await.data()["uuid"].as_str().unwrap().to_owned();
        // It is Bob's, so for Ada it is not there.
        server.delete(&format!("/api/service/{uuid}.json")).await.refused(404);
        server.get(&format!("/api/service/{uuid}/ls.json")).await.refused(404);
        connect(server, "nonsense", &body).await.refused(401);
    });
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_kept() {
    serve(async |server, _| {
        let app = app(server).await;
        let token = token(server, &app, &server.ada.account).await;
        let long = format!("https://h.example/{}", "x".repeat(2_048));
        let data = "x".repeat((64 << 10) + 1);
        for (body, field) in [
            (json!({ "display_name": "Show", "webhook_url": "ftp://h.example/" }), "webhook_url"),
            (json!({ "display_name": "Show", "webhook_url": "https://me:secret@h.example/" }), "webhook_url"),
            (json!({ "display_name": "Show", "webhook_url": "hook" }), "webhook_url"),
            (json!({ "display_name": "Show", "webhook_url": long }), "webhook_url"),
            (json!({ "display_name": " ", "webhook_url": "https://h.example/" }), "display_name"),
            (json!({ "display_name": "x".repeat(201), "webhook_url": "https://h.example/" }), "display_name"),
            (
                json!({ "display_name": "Show", "webhook_url": "https://h.example/", "custom_data": { "a": 1 } }),
                "custom_data",
            ),
            (
                json!({ "display_name": "Show", "webhook_url": "https://h.example/", "custom_data": data }),
                "custom_data",
            ),
            (json!({ "webhook_url": "https://h.example/" }), "display_name"),
        ] {
            let answer = connect(server, &token, &body.to_string()).await;
            answer.refused(400);
            assert!(answer.json()["form_errors"][field].is_array(), "{field}: {}", answer.json());
        }
        connect(server, &token, "[1,]").await.refused(400);
        assert_eq!(server.get("/api/services.json").await.data(), json!([]));
    });
}

#[test]
fn a_production_names_its_services_and_who_was_told() {
    serve(async |server, database| {
        let app = app(server).await;
        let token = token(server, &app, &server.ada.account).await;
        let service = connect(server, &token, PUBLISHED).await.data()["uuid"].as_str().unwrap().to_owned();
        let body = json!({ "outgoing_services": ["0123456789abcdefABCDEF"], "metadata": { "title": "Talk" } });
        let refused = server.post("/api/productions.json", &body).await;
        refused.refused(400);
        assert!(refused.json()["form_errors"]["outgoing_services"][0].as_str().unwrap().contains("no service"));
        let edit = Edit {
            services: vec![service.parse().unwrap()],
            webhook: Some("https://h.example/hook".to_owned()),
            ..Edit::default()
        };
        let id = server.started(&edit).await;
        let details = server.get(&format!("/api/production/{id}.json")).await.data();
        assert_eq!(details["outgoing_services"][0]["display_name"], "Podhost: My Family Podcast");
        assert_eq!(details["outgoing_services"][0]["transfer_success"], Value::Null);
        assert_eq!(details["output_files"][0]["format"], "mp3", "every service gets one that all players play");
        assert_eq!(server.get(&format!("/api/production/{id}/deliveries.json")).await.data(), json!([]));
        let job = server.house.claim(database).await;
        let _ = server.house.app.runs().begin(&job).await.unwrap();
        let _ = server.house.app.runs().finish(&job, model::production::Made::default()).await.unwrap();
        let told = server.get(&format!("/api/production/{id}/deliveries.json")).await.data();
        let kinds: Vec<_> =
            told.as_array().unwrap().iter().map(|told| (told["kind"].clone(), told["state"].clone())).collect();
        assert_eq!(kinds, [(json!("webhook"), json!("waiting")), (json!("service"), json!("waiting"))]);
        assert_eq!(told[1]["service"], service);
        let listed = server.get("/api/productions.json").await.data();
        assert_eq!(listed[0]["outgoing_services"][0]["type"], "external");
        let (_, bobs) = server.house.account("bob").await;
        let request = Request::builder().uri(format!("/api/production/{id}/deliveries.json"));
        let request = request.header(AUTHORIZATION, format!("Bearer {bobs}")).body(Body::empty()).unwrap();
        server.send(request).await.refused(404);
    });
}
