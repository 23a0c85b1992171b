//! Pages as a browser without scripts walks through them: cookies kept, forms posted with what stood in them.

use std::sync::{Arc, Mutex};

use app::Rules;
use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use testkit::database::{Database, on_sqlite};
use testkit::house::{House, PASSWORD};
use tokio::sync::watch;
use tower::ServiceExt;
use wire::productions::Offer;

use crate::http::percent;
use crate::settings::{Rates, Settings, Web};

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn place(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |place| place.to_str().unwrap())
    }

    /// The token of the last form in the page.
    pub(super) fn token(&self) -> String {
        let (_, rest) = self.text.rsplit_once("name=\"csrf\" value=\"").expect("a form with a token");
        rest.split('"').next().unwrap().to_owned()
    }
}

/// A browser without scripts.
pub(super) struct Browser {
    routes: Router,
    cookies: Mutex<Vec<(String, String)>>,
}

impl Browser {
    pub(super) fn at(house: &House) -> Self {
        let (_, stopping) = watch::channel(false);
        let web = Web::new(Settings {
            app: house.app.clone(),
            offer: Offer { aac: false },
            public_url: "http://sound.example".to_owned(),
            dice: Arc::clone(&house.dice),
            trusted_proxies: Vec::new(),
            rates: Rates::default(),
            sandbox: false,
            echo_calls: false,
            stopping,
        });
        Self { routes: super::super::router().with_state(web), cookies: Mutex::default() }
    }

    pub(super) async fn send(&self, request: http::request::Builder, body: impl Into<Body>) -> Answer {
        let kept = self.cookies.lock().unwrap().clone();
        let cookies: Vec<_> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(COOKIE, cookies.join("; ")).body(body.into()).unwrap();
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            cookies.retain(|(kept, _)| kept != name);
            cookies.push((name.to_owned(), value.to_owned()));
        }
        let text = String::from_utf8_lossy(&to_bytes(body, 1 << 20).await.unwrap()).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(super) async fn get(&self, place: &str) -> Answer {
        self.send(Request::get(place), Body::empty()).await
    }

    pub(super) async fn post(&self, place: &str, fields: &[(&str, &str)]) -> Answer {
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", percent::encode(value)));
        let form = Request::post(place).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(form, pairs.collect::<Vec<_>>().join("&")).await
    }

    pub(super) async fn sign_in(&self, name: &str, password: &str, next: &str) -> Answer {
        let token = self.get("/signin").await.token();
        self.post("/signin", &[("csrf", &token), ("username", name), ("password", password), ("next", next)]).await
    }

    /// Puts a cookie into the browser, as somebody else might.
    pub(super) fn keep(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().push((name.to_owned(), value.to_owned()));
    }

    /// The value of a cookie.
    pub(super) fn kept(&self, name: &str) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().find(|(kept, _)| kept == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// What forms of strangers carry in this browser.
    pub(super) fn form_token(&self) -> String {
        self.kept("soundpost-form")
    }

    /// The bytes of a download.
    pub(super) async fn post_for_bytes(&self, place: &str, fields: &[(&str, &str)]) -> Vec<u8> {
        let kept = self.cookies.lock().unwrap().clone();
        let cookies: Vec<_> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", percent::encode(value)));
        let form = Request::post(place).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = form.header(COOKIE, cookies.join("; ")).body(Body::from(pairs.collect::<Vec<_>>().join("&")));
        let response = self.routes.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()
    }

    pub(super) async fn upload(&self, token: &str, name: &str, bytes: &str) -> Answer {
        let part =
            |field: &str, rest: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{field}\"{rest}\r\n");
        let body = [
            part("csrf", "\r\n") + token + "\r\n",
            part("input_file", &format!("; filename=\"{name}\"\r\nContent-Type: audio/wav\r\n")) + bytes + "\r\n",
            part("preset", "\r\n") + "\r\n--b--\r\n",
        ];
        self.send(Request::post("/productions").header(CONTENT_TYPE, "multipart/form-data; boundary=b"), body.concat())
            .await
    }
}

#[test]
fn nobody_learns_whether_a_name_exists() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        house.account("ada").await;
        let browser = Browser::at(&house);
        let known = browser.sign_in("ada", "not the password", "").await;
        let unknown = browser.sign_in("eve", "not the password", "").await;
        assert_eq!(
            (known.status, unknown.status),
            (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY)
        );
        assert!(known.text.contains("do not go together") && known.text.contains("value=\"ada\""), "{}", known.text);
        assert!(!known.text.contains("not the password"));
        assert_eq!(known.text.replace("ada", "eve"), unknown.text);
    });
}

#[test]
fn signing_in_leads_where_one_was_going_and_nowhere_else() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        house.account("ada").await;
        for (next, place) in [("", "/productions"), ("/docs?a=b", "/docs?a=b"), ("//evil.example", "/productions")] {
            let browser = Browser::at(&house);
            let asked = browser.get("/productions?page=2").await;
            assert_eq!(
                (asked.status, asked.place()),
                (StatusCode::SEE_OTHER, "/signin?next=%2Fproductions%3Fpage%3D2")
            );
            let answer = browser.sign_in("ada", PASSWORD, next).await;
            assert_eq!((answer.status, answer.place()), (StatusCode::SEE_OTHER, place));
            assert_eq!(browser.get("/productions").await.status, StatusCode::OK);
            assert_eq!(browser.get("/signin").await.place(), "/productions");
        }
    });
}

#[test]
fn forms_from_elsewhere_do_nothing() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let browser = Browser::at(&house);
        let fields = [("username", "ada"), ("password", PASSWORD)];
        assert_eq!(browser.post("/signin", &fields).await.status, StatusCode::FORBIDDEN, "no token");
        let token = browser.get("/signin").await.token();
        let stranger = Browser::at(&house);
        let fields = [("csrf", token.as_str()), ("username", "ada"), ("password", PASSWORD)];
        assert_eq!(stranger.post("/signin", &fields).await.status, StatusCode::FORBIDDEN, "no cookie");
        browser.sign_in("ada", PASSWORD, "").await;
        let before = house.app.productions().count(&ada).await.unwrap();
        assert_eq!(browser.upload("", "talk.wav", "RIFF").await.status, StatusCode::FORBIDDEN);
        assert_eq!(house.app.productions().count(&ada).await.unwrap(), before);
        assert_eq!(browser.post("/signout", &[("csrf", &token)]).await.status, StatusCode::FORBIDDEN, "another token");
        let page = browser.get("/productions").await.token();
        let cross = Request::post("/signout").header("sec-fetch-site", "cross-site");
        let cross = cross.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        assert_eq!(browser.send(cross, format!("csrf={page}")).await.status, StatusCode::FORBIDDEN, "another site");
        assert_eq!(browser.get("/productions").await.status, StatusCode::OK);
    });
}

#[test]
fn a_recording_comes_in_is_watched_stopped_and_deleted() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        house.account("ada").await;
        house.account("eve").await;
        let browser = Browser::at(&house);
        browser.sign_in("ada", PASSWORD, "").await;
        let token = browser.get("/productions").await.token();
        let nothing = browser.upload(&token, "", "").await;
        assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(nothing.text.contains("href=\"#input_file\"") && nothing.text.contains("Choose a recording first."));
        let empty = browser.upload(&token, "empty.wav", "").await;
        assert!(empty.text.contains("“empty.wav” is empty"), "{}", empty.text);

        let made = browser.upload(&token, "talk <1>.wav", "RIFF....WAVE").await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
        let place = made.place().to_owned();
        let page = browser.get(&place).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("talk &#60;1&#62;.wav") && page.text.contains("data-running"), "{}", page.text);
        let part = Request::get(format!("{place}/original")).header("range", "bytes=0-3");
        let part = browser.send(part, Body::empty()).await;
        assert_eq!((part.status, part.text.as_str()), (StatusCode::PARTIAL_CONTENT, "RIFF"));
        assert_eq!(part.headers["content-range"], "bytes 0-3/12");

        let again = browser.post(&format!("{place}/start"), &[("csrf", &token)]).await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        let stop = browser.post(&format!("{place}/stop"), &[("csrf", &token)]).await;
        assert_eq!((stop.status, stop.place()), (StatusCode::SEE_OTHER, place.as_str()));
        assert!(browser.get(&place).await.text.contains("Not started"));

        let other = Browser::at(&house);
        other.sign_in("eve", PASSWORD, "").await;
        for inner in ["", "/delete", "/original"] {
            assert_eq!(other.get(&format!("{place}{inner}")).await.status, StatusCode::NOT_FOUND, "{inner}");
        }
        let ask = browser.get(&format!("{place}/delete")).await;
        assert!(ask.text.contains("Delete the recording</button>"), "{}", ask.text);
        let gone = browser.post(&format!("{place}/delete"), &[("csrf", &token)]).await;
        assert_eq!(gone.place(), "/productions?told=deleted");
        assert!(browser.get(gone.place()).await.text.contains("The production is deleted"));
        assert_eq!(browser.get(&place).await.status, StatusCode::NOT_FOUND);

        let out = browser.post("/signout", &[("csrf", &token)]).await;
        assert_eq!(out.place(), "/signin?told=out");
        assert!(browser.get(out.place()).await.text.contains("You are signed out."));
        assert_eq!(browser.get("/productions").await.place(), "/signin?next=%2Fproductions");
        let late = browser.post(&format!("{place}/start"), &[("csrf", &token)]).await;
        assert_eq!(late.place(), "/signin?next=%2Fproductions", "a form has no way back to itself");
    });
}

#[test]
fn strangers_come_in_where_that_is_open() {
    on_sqlite(async |database: &Database| {
        let open = Browser::at(&House::open(database));
        let token = open.get("/signup").await.token();
        let short =
            [("csrf", token.as_str()), ("username", "Ada L"), ("email", "ada@example.org"), ("password", "short")];
        let wrong = open.post("/signup", &short).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            wrong.text.contains("2 things to mend") && wrong.text.contains("id=\"password-error\""),
            "{}",
            wrong.text
        );
        assert!(wrong.text.contains("value=\"Ada L\"") && wrong.text.contains("value=\"ada@example.org\""));
        let fine = [("csrf", token.as_str()), ("username", "ada"), ("email", ""), ("password", PASSWORD)];
        assert_eq!(open.post("/signup", &fine).await.place(), "/productions");
        assert_eq!(open.get("/productions").await.status, StatusCode::OK);

        let closed = Browser::at(&House::with_rules(database, Rules::default()));
        assert!(closed.get("/signup").await.text.contains("Accounts are made by the operator"));
        assert!(!closed.get("/signin").await.text.contains("href=\"/signup\""));
        assert!(!closed.get("/").await.text.contains("href=\"/signup\""));
    });
}

#[test]
fn too_many_tries_are_told_when_to_come_back() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        house.account("ada").await;
        let browser = Browser::at(&house);
        for _ in 0..10 {
            browser.sign_in("ada", "wrong", "").await;
        }
        let last = browser.sign_in("ada", "wrong", "").await;
        assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(last.headers.contains_key(RETRY_AFTER));
        assert!(last.text.contains("Try again in 1") && last.text.contains("minutes."), "{}", last.text);
    });
}

#[test]
fn what_is_not_there_is_a_page() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        house.account("ada").await;
        let browser = Browser::at(&house);
        browser.sign_in("ada", PASSWORD, "").await;
        for nothing in ["/productions/deigtvDv8jH6NaK52Z5eXH", "/productions/..%2f..%2fetc", "/productions/x"] {
            let answer = browser.get(nothing).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nothing}");
            assert!(answer.text.contains("There is nothing here"), "{}", answer.text);
        }
        assert_eq!(browser.get("/").await.place(), "/productions");
    });
}
