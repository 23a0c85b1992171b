//! Requests that an app signs as a whole, through the call that says back what was understood: every refusal in its order, and replays.

use std::time::Duration;

use app::Operator;
use app::apps::{AppDraft, Approval, Keeps, Rotation};
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Method, Request};
use model::{Clock as _, RegisteredApp};
use protocols::jwt::sign;
use serde_json::{Value, json};

use crate::server::{Answer, Server, send_to};

const ECHO: &str = "/v3/sl/echo";
const HEADER: &[u8] = br#"{"alg":"HS256","typ":"JWT"}"#;

/// An app that may have songs encoded, and its secret.
async fn app(server: &Server) -> (RegisteredApp, String) {
    let (app, secret) = pending(server).await;
    let approval = Approval { services: None, may_encode: Some(true), may_oauth10: None, may_password: None };
    server.house.app.apps().approve(&Operator::at_the_console(), app.id, approval).await.unwrap();
    (app, secret)
}

/// An app that the operator has not looked at yet.
async fn pending(server: &Server) -> (RegisteredApp, String) {
    let draft = AppDraft { name: "Songbird".to_owned(), ..AppDraft::default() };
    let (app, secret) = server.house.app.apps().create(&server.ada.account, draft, Keeps::ASecret).await.unwrap();
    (app, secret.unwrap().reveal().to_owned())
}

/// What a right request claims, at this moment.
fn claims(server: &Server, app: &RegisteredApp) -> Value {
    let seconds = server.house.clock.now().as_ms() / 1_000;
    json!({ "iss": app.id, "iat": seconds, "mtd": "POST", "url": ECHO, "arg": { "src": "https://example.com/song.mp3" } })
}

/// The same with one claim as it should not be; `null` leaves it out.
fn but(mut claims: Value, name: &str, value: Value) -> Value {
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

fn body(token: &str) -> String {
    json!({ "data": token }).to_string()
}

fn signed(claims: &Value, secret: &str) -> String {
    body(&sign(HEADER, claims.to_string().as_bytes(), secret.as_bytes()))
}

fn request(path: &str, body: &str) -> Request<Body> {
    let request = Request::builder().method(Method::POST).uri(path).header(CONTENT_TYPE, "application/json");
    request.body(Body::from(body.to_owned())).unwrap()
}

async fn post(server: &Server, path: &str, body: &str) -> Answer {
    server.send(request(path, body)).await
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

/// Status and code of a refusal, which always has a sentence.
fn refused(answer: &Answer) -> (u16, String) {
    let json = json_of(answer);
    assert_eq!(json.as_object().map(serde_json::Map::len), Some(1), "{json}");
    let message = json["error"]["message"].as_str().unwrap();
    assert!(message.ends_with('.') && message.len() > 20, "{message}");
    assert_eq!(answer.status == 401, answer.headers.contains_key(WWW_AUTHENTICATE));
    (answer.status.as_u16(), json["error"]["code"].as_str().unwrap().to_owned())
}

testkit::both_databases! {
    async fn a_signed_request_is_understood_as_it_was_meant(database: &Database) {
        let server = Server::on(database).await;
        let (app, secret) = app(&server).await;
        let answer = post(&server, ECHO, &signed(&claims(&server, &app), &secret)).await;
        assert_eq!(answer.status, 200, "{}", json_of(&answer));
        let expected = json!({ "iss": app.id, "app": "Songbird", "arg": { "src": "https://example.com/song.mp3" } });
        assert_eq!(json_of(&answer), expected);
        // A slash behind the path is sent and signed, or neither.
        let slashed = but(claims(&server, &app), "url", json!("/v3/sl/echo/"));
        assert_eq!(post(&server, "/v3/sl/echo/", &signed(&slashed, &secret)).await.status, 200);
    }

    async fn every_refusal_has_its_turn_and_its_name(database: &Database) {
        let server = Server::on(database).await;
        let (app, secret) = app(&server).await;
        let (unknown, other_secret) = pending(&server).await;
        let right = claims(&server, &app);
        let now = server.house.clock.now().as_ms() / 1_000;
        let with = |header: &str, claims: &Value| body(&sign(header.as_bytes(), claims.to_string().as_bytes(), secret.as_bytes()));
        let unsigned = {
            let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            body(&format!("{}.{}.", part(br#"{"alg":"none"}"#), part(right.to_string().as_bytes())))
        };
        let nobody = but(right.clone(), "iss", json!(unknown.id.to_string().replace(char::is_numeric, "0")));
        let pairs = [
            // Is data there, and a token?
            (String::new(), 400, "data_missing"),
            ("{}".to_owned(), 400, "data_missing"),
            (r#"{"data": 7}"#.to_owned(), 400, "data_missing"),
            (r#"["data"]"#.to_owned(), 400, "data_missing"),
            (body("a.b"), 400, "token_malformed"),
            (body("no token at all"), 400, "token_malformed"),
            (body(&"x".repeat(70_000)), 400, "token_too_large"),
            // Is it signed in the one way?
            (unsigned, 401, "algorithm_rejected"),
            (with(r#"{"alg":"none","typ":"JWT"}"#, &right), 401, "algorithm_rejected"),
            (with(r#"{"alg":"HS512","typ":"JWT"}"#, &right), 401, "algorithm_rejected"),
            (with(r#"{"alg":"RS256","typ":"JWT"}"#, &right), 401, "algorithm_rejected"),
            (with(r#"{"typ":"JWT"}"#, &right), 401, "algorithm_rejected"),
            (with(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#, &right), 401, "header_rejected"),
            // By an app that is there, and may?
            (signed(&but(right.clone(), "iss", Value::Null), &secret), 400, "issuer_missing"),
            (signed(&but(right.clone(), "iss", json!(7)), &secret), 400, "issuer_missing"),
            (signed(&but(right.clone(), "iss", json!("nobody")), &secret), 401, "issuer_unknown"),
            (signed(&nobody, &secret), 401, "issuer_unknown"),
            (signed(&but(right.clone(), "iss", json!(unknown.id)), &other_secret), 403, "issuer_not_allowed"),
            // With its own secret?
            (signed(&right, &other_secret), 401, "signature_invalid"),
            (signed(&right, ""), 401, "signature_invalid"),
            (signed(&right, app.id.as_str()), 401, "signature_invalid"),
            // Now?
            (signed(&but(right.clone(), "iat", Value::Null), &secret), 400, "time_missing"),
            (signed(&but(right.clone(), "iat", json!("soon")), &secret), 400, "time_missing"),
            (signed(&but(right.clone(), "iat", json!(now - 301)), &secret), 401, "time_refused"),
            (signed(&but(right.clone(), "iat", json!(now + 301)), &secret), 401, "time_refused"),
            // For this request?
            (signed(&but(right.clone(), "mtd", json!("GET")), &secret), 403, "method_mismatch"),
            (signed(&but(right.clone(), "mtd", json!("post")), &secret), 403, "method_mismatch"),
            (signed(&but(right.clone(), "url", json!("/v3/sl/encoding")), &secret), 403, "path_mismatch"),
            (signed(&but(right.clone(), "url", json!("/v3/sl/echo/")), &secret), 403, "path_mismatch"),
            (signed(&but(right.clone(), "url", json!("https://s.example/v3/sl/echo")), &secret), 403, "path_mismatch"),
            // With parameters?
            (signed(&but(right.clone(), "arg", Value::Null), &secret), 400, "arguments_missing"),
            (signed(&but(right.clone(), "arg", json!("src")), &secret), 400, "arguments_missing"),
        ];
        for (sent, status, code) in pairs {
            let shown: String = sent.chars().take(300).collect();
            assert_eq!(refused(&post(&server, ECHO, &sent).await), (status, code.to_owned()), "{shown}");
        }
        let huge = refused(&post(&server, ECHO, &body(&"x".repeat(200_000))).await);
        assert_eq!(huge, (413, "too_large".to_owned()));
    }

    async fn what_is_wrong_first_is_said_first(database: &Database) {
        let server = Server::on(database).await;
        let (app, secret) = app(&server).await;
        // Everything is wrong; one thing after another is put right.
        let mut claims = json!({ "iss": "nobody", "iat": 0, "mtd": "GET", "url": "/", "arg": 1 });
        let mut key = "wrong".to_owned();
        let right = self::claims(&server, &app);
        for (code, name) in [
            ("issuer_unknown", "iss"), ("signature_invalid", ""), ("time_refused", "iat"), ("method_mismatch", "mtd"),
            ("path_mismatch", "url"), ("arguments_missing", "arg"),
        ] {
            assert_eq!(refused(&post(&server, ECHO, &signed(&claims, &key)).await).1, code);
            if name.is_empty() { key.clone_from(&secret) } else { claims[name] = right[name].clone() }
        }
        // The one without parameters was a request of its own: this one is new.
        let answer = post(&server, ECHO, &signed(&claims, &key)).await;
        assert_eq!(answer.status, 200, "{}", json_of(&answer));
    }

    async fn the_same_request_is_not_taken_twice_for_as_long_as_it_is_in_time(database: &Database) {
        let server = Server::on(database).await;
        let (app, secret) = app(&server).await;
        let early = server.house.clock.now().as_ms() / 1_000 + 299;
        let same = signed(&but(claims(&server, &app), "iat", json!(early)), &secret);
        let replayed = (401, "token_replayed".to_owned());
        assert_eq!(post(&server, ECHO, &same).await.status, 200);
        assert_eq!(refused(&post(&server, ECHO, &same).await), replayed);
        // Wrapped otherwise it is still the same.
        assert_eq!(refused(&post(&server, ECHO, &format!(" {} ", same.replace(':', " : "))).await), replayed);
        server.house.clock.pass(Duration::from_secs(598));
        server.house.app.sweeps().sweep().await.unwrap();
        assert_eq!(refused(&post(&server, ECHO, &same).await), replayed);
        server.house.clock.pass(Duration::from_secs(10));
        server.house.app.sweeps().sweep().await.unwrap();
        assert_eq!(refused(&post(&server, ECHO, &same).await).1, "time_refused");
    }

    async fn of_two_processes_that_are_sent_the_same_one_takes_it(database: &Database) {
        let server = Server::on(database).await;
        let (app, secret) = app(&server).await;
        let another = server.another(database).await;
        for round in 0..5 {
            let same = signed(&but(claims(&server, &app), "arg", json!({ "round": round })), &secret);
            let tries = (0..12).map(|number| {
                let router = if number % 2 == 0 { &server.router } else { &another };
                send_to(router, request(ECHO, &same))
            });
            let answers = futures_util::future::join_all(tries).await;
            let taken = answers.iter().filter(|answer| answer.status == 200).count();
            let replayed = answers.iter().filter(|answer| answer.status == 401).filter(|answer| refused(answer).1 == "token_replayed");
            assert_eq!((taken, replayed.count()), (1, 11), "round {round}");
        }
    }

    async fn while_an_app_has_two_secrets_either_signs(database: &Database) {
        let server = Server::on(database).await;
        let (app, old) = app(&server).await;
        let own = server.house.app.apps().any(&Operator::at_the_console(), app.id).await.unwrap();
        let new = server.house.app.apps().rotate(&own, Rotation::Overlapping).await.unwrap().reveal().to_owned();
        for secret in [&old, &new] {
            let one = but(claims(&server, &app), "arg", json!({ "by": secret }));
            assert_eq!(post(&server, ECHO, &signed(&one, secret)).await.status, 200);
            let late = but(one, "iat", json!(0));
            assert_eq!(refused(&post(&server, ECHO, &signed(&late, secret)).await).1, "time_refused");
        }
        server.house.clock.pass(Duration::from_hours(25));
        let answer = post(&server, ECHO, &signed(&claims(&server, &app), &old)).await;
        assert_eq!(refused(&answer).1, "signature_invalid");
        assert_eq!(post(&server, ECHO, &signed(&claims(&server, &app), &new)).await.status, 200);
    }
}
