//! The surface of narrations over HTTP: what an organization's server and a page of listeners are answered, who may read an answer, and the way into
//! the editor. What is read aloud is tested in `soundpost`, who may what in `app`.

use std::sync::Arc;

use app::organizations::By;
use app::{Checks, Rules};
use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN, REFERER};
use http::{Method, Request, StatusCode};
use model::OrganizationId;
use serde_json::{Value, json};
use testkit::database::Database;

use crate::credentials::basic;
use crate::server::{Answer, Server, serve_by};

const ARTICLE: &str = "https://tides.example/gauges";
const PAGE: &str = "https://news.example";

/// An organization whose pages are those of news.example, and its keys.
struct Newsroom<'s> {
    server: &'s Server,
    id: OrganizationId,
    public: String,
    private: String,
}

impl<'s> Newsroom<'s> {
    async fn open(server: &'s Server) -> Self {
        let organizations = server.house.app.organizations();
        let id = organizations.create(&server.ada, "Tide News").await.unwrap().id;
        let by = By::Admin(&server.ada);
        organizations.add_domain(by, id, "news.example").await.unwrap();
        let key = organizations.generate_key(by, id).await.unwrap();
        Self { server, id, public: key.key.public, private: key.private.reveal().to_owned() }
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.server.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, headers, "").await
    }

    /// With the private key, for one of its people.
    async fn ask(&self, query: &str, kind: &str, body: &str) -> Answer {
        let key = basic(&self.private, "");
        let headers =
            [(AUTHORIZATION.as_str(), key.as_str()), ("organization-user-id", "u-1"), (CONTENT_TYPE.as_str(), kind)];
        self.send(Method::POST, &format!("/audyo{query}"), &headers, body).await
    }

    /// An article that could not be read.
    async fn failed(&self, database: &Database) -> String {
        let id = self.article().await;
        let job = self.server.house.claim(database).await;
        let runs = self.server.house.app.runs();
        let _ = runs.begin(&job).await.unwrap();
        let _ = runs.fail(&job, "It was empty.", model::production::Stage::Fetching).await.unwrap();
        id
    }

    /// Where the organization sends its user u-1 to edit.
    async fn way_in(&self, id: &str) -> String {
        let key = basic(&self.private, "");
        let headers = [("authorization", key.as_str()), ("organization-user-id", "u-1")];
        let link = self.get(&format!("/audyo/players/{id}/editor_url"), &headers).await.json()["editorUrl"].clone();
        let link = link.as_str().unwrap();
        link[link.find("/p/").unwrap()..].to_owned()
    }

    async fn article(&self) -> String {
        let asked = self.ask("", "application/json", &json!({ "url": ARTICLE }).to_string()).await;
        asked.json()["playerId"].as_str().unwrap().to_owned()
    }
}

/// What the form carries that goes to a place.
fn token_after(page: &str, place: &str) -> String {
    let form = &page[page.find(place).unwrap()..];
    form.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned()
}

/// A house that goes nowhere private.
#[derive(Debug)]
struct Public;

impl Checks for Public {
    fn address(&self, address: &str) -> Result<(), String> {
        if address.contains("//10.") { Err("That is private.".to_owned()) } else { Ok(()) }
    }
}

fn serve(test: impl AsyncFnOnce(&Newsroom<'_>, &Database)) {
    serve_by(Rules { checks: Arc::new(Public), ..Rules::default() }, async |server, database| {
        test(&Newsroom::open(server).await, database).await;
    });
}

/// What a refusal says: its code, and the fields that are wrong.
fn refusal(answer: &Answer) -> (u16, String, Vec<String>) {
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let json = answer.json();
    let fields = json["errors"].as_array().unwrap().iter().map(|wrong| wrong["field"].as_str().unwrap().to_owned());
    (answer.status.as_u16(), json["detail"].as_str().unwrap().to_owned(), fields.collect())
}

#[test]
fn an_article_is_asked_for_in_either_form() {
    serve(async |newsroom, _| {
        let whole = json!({ "url": ARTICLE, "webhookUrl": "https://hooks.example/", "voice": "en_US-joe-medium", "title": "Gauges", "language": "en" });
        let first = newsroom.ask("", "application/json", &whole.to_string()).await;
        assert_eq!(first.status, StatusCode::ACCEPTED);
        let id = first.json()["playerId"].as_str().unwrap().to_owned();
        assert!(first.json()["playerUrl"].as_str().unwrap().ends_with(&format!("/p/{id}")));
        let form = "url=https%3A%2F%2Ftides.example%2Fgauges%23part";
        let same = newsroom.ask("", "application/x-www-form-urlencoded", form).await;
        assert_eq!((same.status, &same.json()["playerId"]), (StatusCode::OK, &json!(id)));
        let anew = newsroom.ask("?regenerate=true", "application/x-www-form-urlencoded", form).await;
        assert_eq!((anew.status, &anew.json()["playerId"]), (StatusCode::ACCEPTED, &json!(id)));
    });
}

#[test]
fn what_is_asked_wrongly_is_told() {
    serve(async |newsroom, _| {
        let json = "application/json";
        for (kind, body, status, fields) in [
            (json, r#"{"url":"#, 400, [].as_slice()),
            (json, r#"{"url":"x","title":"a\u0000","voice":"a b"}"#, 400, &["url", "title", "voice"]),
            (json, r#"{"url":"https://a.example","webhookUrl":"http://10.0.0.1/"}"#, 400, &["webhookUrl"]),
            (json, r#"{"url":"http://10.0.0.1/"}"#, 422, &[]),
            ("text/plain", "https://a.example", 415, &[]),
        ] {
            let answer = newsroom.ask("", kind, body).await;
            let (found, detail, wrong) = refusal(&answer);
            assert_eq!(
                (found, wrong.as_slice()),
                (status, fields.iter().map(|&field| field.to_owned()).collect::<Vec<_>>().as_slice()),
                "{body}"
            );
            assert!(detail.ends_with('.'), "{detail}");
        }
        let marked = newsroom.ask("", json, r#"{"url":"https://a.example","soundlink":true}"#).await;
        let (status, detail, _) = refusal(&marked);
        assert!(status == 400 && detail.contains("soundlink"), "{detail}");
        let long = newsroom.ask("", json, &format!(r#"{{"url":"https://a.example/{}"}}"#, "x".repeat(1 << 20))).await;
        assert_eq!(refusal(&long).0, 413);
        let nobody = newsroom
            .send(
                Method::POST,
                "/audyo",
                &[("authorization", &basic(&newsroom.private, "")), ("content-type", json)],
                &json!({ "url": ARTICLE }).to_string(),
            )
            .await;
        assert_eq!((refusal(&nobody).0, refusal(&nobody).2), (400, vec!["Organization-User-Id".to_owned()]));
        for path in ["/audyo", "/audyo/players/x/editor_url"] {
            let method = if path == "/audyo" { Method::POST } else { Method::GET };
            let headers = [
                ("authorization", basic(&newsroom.public, "")),
                ("organization-user-id", "u-1".to_owned()),
                ("content-type", json.to_owned()),
            ];
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let (status, detail, _) =
                refusal(&newsroom.send(method, path, &headers, &json!({ "url": ARTICLE }).to_string()).await);
            assert!(status == 403 && detail.contains("private"), "{detail}");
        }
    });
}

#[test]
fn only_an_organizations_own_server_hears_what_it_calls_its_people() {
    serve(async |newsroom, database| {
        let id = newsroom.article().await;
        newsroom.server.house.read_article(database, "One.").await;
        let (public, private) = (basic(&newsroom.public, ""), basic(&newsroom.private, ""));
        let found = format!("/audyo/players?url={ARTICLE}");
        for path in [format!("/audyo/players/{id}"), found] {
            let server = newsroom.get(&path, &[("authorization", &private)]).await;
            assert_eq!(
                (&server.json()["organizationUserId"], server.header("access-control-allow-origin")),
                (&json!("u-1"), "")
            );
            for (name, value, allowed) in [(ORIGIN, PAGE, PAGE), (REFERER, "https://news.example/a?b", "")] {
                let page = newsroom.get(&path, &[("authorization", &public), (name.as_str(), value)]).await;
                assert_eq!((page.status, &page.json()["status"]), (StatusCode::OK, &json!("ready")), "{value}");
                assert_eq!(page.json()["organizationUserId"], Value::Null, "{value}");
                assert_eq!(page.header("access-control-allow-origin"), allowed);
            }
        }
    });
}

#[test]
fn a_page_may_read_why_it_is_refused() {
    serve(async |newsroom, _| {
        let id = newsroom.article().await;
        let organizations = newsroom.server.house.app.organizations();
        let other = organizations.create(&newsroom.server.ada, "Other").await.unwrap().id;
        organizations.add_domain(By::Admin(&newsroom.server.ada), other, "other.example").await.unwrap();
        let preflight = async |origin: &str| {
            let headers = [
                ("origin", origin),
                ("access-control-request-method", "GET"),
                ("access-control-request-headers", "authorization"),
            ];
            newsroom.send(Method::OPTIONS, &format!("/audyo/players/{id}"), &headers, "").await
        };
        for (origin, allowed) in
            [(PAGE, PAGE), ("https://other.example", "https://other.example"), ("https://foreign.example", "")]
        {
            assert_eq!(preflight(origin).await.header("access-control-allow-origin"), allowed);
            // On another organization's list, or on none: refused, and told where the preflight let it ask.
            let key = basic(&newsroom.public, "");
            let read =
                newsroom.get(&format!("/audyo/players/{id}"), &[("authorization", &key), ("origin", origin)]).await;
            assert_eq!(read.status.as_u16(), if origin == PAGE { 200 } else { 403 });
            assert_eq!(read.header("access-control-allow-origin"), allowed, "{origin}");
        }
        let by = By::Admin(&newsroom.server.ada);
        let known = organizations.keys(by, &[newsroom.id]).await.unwrap();
        organizations.revoke_key(by, newsroom.id, known[0].id).await.unwrap();
        let key = basic(&newsroom.public, "");
        let revoked = newsroom.get(&format!("/audyo/players/{id}"), &[("authorization", &key), ("origin", PAGE)]).await;
        assert_eq!((revoked.status, revoked.header("access-control-allow-origin")), (StatusCode::UNAUTHORIZED, PAGE));
        assert!(!refusal(&revoked).1.is_empty());
    });
}

#[test]
fn pages_of_others_put_a_player_in() {
    serve(async |newsroom, database| {
        let id = newsroom.article().await;
        newsroom.server.house.read_article(database, "One.").await;
        let player =
            newsroom.get(&format!("/audyo/players/{id}"), &[("authorization", &basic(&newsroom.private, ""))]).await;
        let address = player.json()["playerUrl"].as_str().unwrap().to_owned();
        let asked = async |more: &str| newsroom.get(&format!("/oembed?url={address}{more}"), &[]).await;
        let whole = asked("").await.json();
        assert_eq!((&whole["width"], &whole["provider_url"]), (&json!(700), &json!("https://tides.example")));
        assert_eq!(asked("&maxwidth=400").await.json()["width"], 400);
        // What does not fit is not said to.
        assert_eq!(asked("&maxwidth=200").await.status, StatusCode::NOT_FOUND);
        assert_eq!(asked("&maxheight=100").await.status, StatusCode::NOT_FOUND);
        assert_eq!(asked("&format=yaml").await.status, StatusCode::NOT_IMPLEMENTED);
        assert!(asked("&format=xml").await.header("content-type").starts_with("text/xml"));
        assert_eq!(newsroom.get("/oembed", &[]).await.status, StatusCode::BAD_REQUEST);
    });
}

#[test]
fn a_way_into_the_editor_is_used_by_whoever_opens_it() {
    serve(async |newsroom, database| {
        let id = newsroom.failed(database).await;
        let path = &newsroom.way_in(&id).await;
        // A program that only looks does not use it up.
        assert_eq!(newsroom.send(Method::HEAD, path, &[], "").await.status, StatusCode::NO_CONTENT);
        let entered = newsroom.get(path, &[]).await;
        assert_eq!(
            (entered.status, entered.header("location")),
            (StatusCode::SEE_OTHER, format!("/p/{id}/edit").as_str())
        );
        let cookie = entered.header("set-cookie").split(';').next().unwrap().to_owned();
        assert_eq!(newsroom.get(path, &[]).await.status, StatusCode::UNAUTHORIZED);
        // Whoever was let in goes on.
        let again = newsroom.get(path, &[(COOKIE.as_str(), &cookie)]).await;
        assert_eq!((again.status, again.header("location")), (StatusCode::SEE_OTHER, format!("/p/{id}/edit").as_str()));
        // Of what did not work they may have another try, here and on the player's page; strangers may not.
        for page in ["", "/edit"] {
            let page = newsroom.get(&format!("/p/{id}{page}"), &[(COOKIE.as_str(), &cookie)]).await;
            assert!(String::from_utf8_lossy(&page.body).contains("/retry\""));
        }
        let stranger = newsroom.get(&format!("/p/{id}"), &[]).await;
        assert!(!String::from_utf8_lossy(&stranger.body).contains("/retry\""));
        let state = async || newsroom.get(&format!("/p/{id}/state"), &[]).await.json();
        assert_eq!(state().await["status"], "error");
        let page = newsroom.get(&format!("/p/{id}"), &[(COOKIE.as_str(), &cookie)]).await;
        let page = String::from_utf8_lossy(&page.body).into_owned();
        let token = token_after(&page, "/retry");
        let form = [(COOKIE.as_str(), cookie.as_str()), (CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
        let retry = format!("/p/{id}/retry");
        assert_eq!(newsroom.send(Method::POST, &retry, &form, "csrf=x").await.status, StatusCode::FORBIDDEN);
        assert_eq!(state().await["status"], "error");
        assert_eq!(
            newsroom.send(Method::POST, &retry, &form, &format!("csrf={token}")).await.status,
            StatusCode::SEE_OTHER
        );
        assert_eq!(
            (&state().await["status"], &state().await["sentence"]),
            (&json!("generating"), &json!("Waiting for its turn."))
        );
    });
}

#[test]
fn what_was_made_for_somebody_moves_into_the_account_that_they_have() {
    serve(async |newsroom, database| {
        let server = newsroom.server;
        let (grace, _) = server.house.account("grace").await;
        let id = newsroom.failed(database).await;
        let entered = newsroom.get(&newsroom.way_in(&id).await, &[]).await;
        let sent = entered.header("set-cookie").split(';').next().unwrap().to_owned();
        let (claim, link) = (format!("/p/{id}/claim"), format!("/p/{id}/claim/link"));
        let text = |answer: &Answer| String::from_utf8_lossy(&answer.body).into_owned();
        let page = newsroom.get(&claim, &[(COOKIE.as_str(), &sent)]).await;
        assert!(text(&page).contains(&format!("/signin?next=/p/{id}/claim")));
        let both = format!("{sent}; {}", server.cookie("grace").await);
        let page = text(&newsroom.get(&claim, &[(COOKIE.as_str(), &both)]).await);
        assert!(page.contains("Move it to grace"));
        let form = async |cookies: &str, token: &str| {
            let headers = [(COOKIE.as_str(), cookies), (CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
            newsroom.send(Method::POST, &link, &headers, &format!("csrf={token}")).await
        };
        let (theirs, of_the_link) = (token_after(&page, &link), token_after(&page, &format!("{claim}\"")));
        // The form of the account has to be sent, and by somebody who is signed in.
        assert_eq!(form(&both, &of_the_link).await.status, StatusCode::FORBIDDEN);
        assert!(form(&sent, &of_the_link).await.header("location").starts_with("/signin"));
        assert_eq!(form(&both, &theirs).await.header("location"), format!("/p/{id}/edit"));
        let narrations = server.house.app.narrations();
        assert!(narrations.editor_of(&grace, id.parse().unwrap()).await.is_ok());
        // There is nothing left to make one's own.
        let over = newsroom.get(&claim, &[(COOKIE.as_str(), &both)]).await;
        assert_eq!(over.status, StatusCode::CONFLICT);
        assert_eq!(form(&both, &theirs).await.status, StatusCode::CONFLICT);
    });
}

#[test]
fn what_is_not_there_is_said_as_everything_else_is() {
    serve(async |newsroom, _| {
        for (method, path, status) in [
            (Method::GET, "/audyo", 405),
            (Method::DELETE, "/audyo/players/x", 405),
            (Method::POST, "/audyo/nothing", 404),
            (Method::GET, "/audyo/players/x/y/z", 404),
        ] {
            let answer = newsroom.send(method.clone(), path, &[], "").await;
            assert_eq!(refusal(&answer).0, status, "{method} {path}");
            assert_eq!(answer.headers.contains_key("allow"), status == 405, "{method} {path}");
        }
    });
}
