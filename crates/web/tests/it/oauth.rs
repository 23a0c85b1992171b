//! The pages and endpoints of OAuth 2.0 and 1.0a, as browsers and apps meet them.

use app::apps::{AppDraft, Keeps};
use axum::body::Body;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, WWW_AUTHENTICATE,
};
use http::{HeaderMap, Method, Request, StatusCode};
use model::RegisteredApp;
use serde_json::Value;
use testkit::house::PASSWORD;

use crate::server::{Answer, Server, serve};

const BACK: &str = "https://podhost.example/back";

/// An app, and its secret.
async fn app(server: &Server) -> (RegisteredApp, String) {
    let draft = AppDraft {
        name: "Podhost <b>".to_owned(),
        redirect_uris: vec![BACK.to_owned()],
        oauth1_callback: "https://podhost.example/".to_owned(),
        ..AppDraft::default()
    };
    let (app, secret) = server.house.app.apps().create(&server.ada.account, draft, Keeps::ASecret).await.unwrap();
    (app, secret.unwrap().reveal().to_owned())
}

async fn look(server: &Server, path: &str, cookie: &str) -> Answer {
    server.send(Request::builder().uri(path).header(COOKIE, cookie).body(Body::empty()).unwrap()).await
}

async fn post(server: &Server, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
    let mut request = Request::builder().method(Method::POST).uri(path);
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(Body::from(form.to_owned())).unwrap()).await
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

fn header<'h>(headers: &'h HeaderMap, name: &http::HeaderName) -> &'h str {
    headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

/// The token of the last form of a page: the first one signs out.
fn csrf(page: &str) -> String {
    page.rsplit("name=\"csrf\" value=\"").next().unwrap().split('"').next().unwrap().to_owned()
}

fn ask(app: &RegisteredApp) -> String {
    format!("/oauth2/authorize/?response_type=code&client_id={}&redirect_uri={BACK}&state=a%26b&scope=profile", app.id)
}

#[test]
fn a_stranger_signs_in_first_and_comes_back() {
    serve(async |server, _| {
        let (app, _) = app(server).await;
        let answer = look(server, &ask(&app), "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let place = header(&answer.headers, &LOCATION);
        assert!(place.starts_with("/signin?next=%2Foauth2%2Fauthorize"), "{place}");
    });
}

#[test]
fn the_page_says_who_asks_for_what_and_may_stand_in_no_frame() {
    serve(async |server, _| {
        let (app, _) = app(server).await;
        let answer = look(server, &ask(&app), &server.cookie("ada").await).await;
        let page = text(&answer);
        assert_eq!(answer.status, StatusCode::OK);
        assert!(page.contains("Podhost &#60;b&#62; asks to work with your Soundpost"), "{page}");
        assert!(page.contains("See who you are") && !page.contains("Make, change and delete productions"));
        assert!(page.contains(&format!("you go back to <code>{BACK}</code>")));
        let policy = header(&answer.headers, &CONTENT_SECURITY_POLICY);
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self' https://podhost.example;"),
            "{policy}"
        );
        assert_eq!(answer.headers["x-frame-options"], "DENY");
        assert_eq!(header(&answer.headers, &CACHE_CONTROL), "no-store");
    });
}

#[test]
fn an_answer_counts_only_from_its_own_page() {
    serve(async |server, _| {
        let (app, _) = app(server).await;
        let cookie = server.cookie("ada").await;
        let token = csrf(&text(&look(server, &ask(&app), &cookie).await));
        for (cookies, sent, site) in [
            (cookie.as_str(), "csrf=&decision=allow".to_owned(), "same-origin"),
            (cookie.as_str(), "decision=allow".to_owned(), "same-origin"),
            (cookie.as_str(), format!("csrf={}&decision=allow", "0".repeat(64)), "same-origin"),
            (cookie.as_str(), format!("csrf={token}&decision=allow"), "cross-site"),
            ("", format!("csrf={token}&decision=allow"), "same-origin"),
        ] {
            let answer = post(server, &ask(&app), &[("cookie", cookies), ("sec-fetch-site", site)], &sent).await;
            assert!(!header(&answer.headers, &LOCATION).contains("code="), "{sent}");
        }
        let answer = post(server, &ask(&app), &[("cookie", &cookie)], &format!("csrf={token}&decision=allow")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let place = header(&answer.headers, &LOCATION);
        assert!(place.starts_with("https://podhost.example/back?code=spc_"), "{place}");
        assert!(place.ends_with("&state=a%26b&iss=https%3A%2F%2Fs.example"), "{place}");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        let refused = post(server, &ask(&app), &[("cookie", &cookie)], &format!("csrf={token}&decision=refuse")).await;
        assert!(header(&refused.headers, &LOCATION).starts_with("https://podhost.example/back?error=access_denied&"));
    });
}

#[test]
fn what_cannot_be_told_to_an_app_is_told_to_the_person() {
    serve(async |server, _| {
        let (app, _) = app(server).await;
        let cookie = server.cookie("ada").await;
        for wrong in ["https://evil.example/", "https://podhost.example/back/", "javascript:alert(1)"] {
            let asked = ask(&app).replace(BACK, wrong);
            let answer = look(server, &asked, &cookie).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
            assert!(text(&answer).contains("The app that sent you here made a mistake"));
        }
        let asked = ask(&app).replace("response_type=code", "response_type=token");
        let answer = look(server, &asked, "").await;
        assert!(
            header(&answer.headers, &LOCATION)
                .starts_with("https://podhost.example/back?error=unsupported_response_type")
        );
    });
}

#[test]
fn tokens_are_traded_by_form_and_by_multipart_and_kept_nowhere() {
    serve(async |server, _| {
        let (app, secret) = app(server).await;
        let cookie = server.cookie("ada").await;
        let token = csrf(&text(&look(server, &ask(&app), &cookie).await));
        let allowed = post(server, &ask(&app), &[("cookie", &cookie)], &format!("csrf={token}&decision=allow")).await;
        let place = header(&allowed.headers, &LOCATION);
        let code = place.split("code=").nth(1).unwrap().split('&').next().unwrap();
        let form = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={BACK}&client_id={}&client_secret={secret}",
            app.id
        );
        let answer = post(server, "/oauth2/token/", &[], &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", text(&answer));
        assert_eq!(header(&answer.headers, &CACHE_CONTROL), "no-store");
        let reply = json(&answer);
        let names: Vec<_> = reply.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["access_token", "token_type", "expires_in", "refresh_token", "scope", "user_name"]);
        let bearer = format!("bearer {}", reply["access_token"].as_str().unwrap());
        let me = Request::builder().uri("/api/user.json").header(AUTHORIZATION, &bearer).body(Body::empty()).unwrap();
        assert_eq!(json(&server.send(me).await)["data"]["username"], "ada");
        let list =
            Request::builder().uri("/api/productions.json").header(AUTHORIZATION, &bearer).body(Body::empty()).unwrap();
        assert_eq!(server.send(list).await.status, StatusCode::FORBIDDEN);

        let refresh = reply["refresh_token"].as_str().unwrap();
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("client_id", app.id.as_str()),
            ("client_secret", &secret),
        ];
        let part = |(name, value): (&str, &str)| {
            format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = fields.map(part).concat();
        let kind = [("content-type", "multipart/form-data; boundary=b")];
        let answer = post(server, "/oauth2/token", &kind, &format!("{body}--b--\r\n")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", text(&answer));
    });
}

#[test]
fn refusals_have_the_words_of_the_protocol() {
    serve(async |server, _| {
        let (app, _) = app(server).await;
        let basic = [("authorization", "Basic bm9ib2R5Om5vdGhpbmc=")];
        let answer = post(server, "/oauth2/token/", &basic, "grant_type=refresh_token&refresh_token=x").await;
        assert_eq!(
            (answer.status, &json(&answer)["error"]),
            (StatusCode::UNAUTHORIZED, &Value::from("invalid_client"))
        );
        assert!(header(&answer.headers, &WWW_AUTHENTICATE).starts_with("Basic"));
        for (body, kind, expected) in [
            ("grant_type=implicit&client_id=x", "application/x-www-form-urlencoded", "unsupported_grant_type"),
            ("", "application/x-www-form-urlencoded", "invalid_request"),
            ("{\"grant_type\":\"refresh_token\"}", "application/json", "invalid_request"),
            ("--b\r\nnonsense", "multipart/form-data; boundary=b", "invalid_request"),
        ] {
            let answer = post(server, "/oauth2/token/", &[("content-type", kind)], body).await;
            assert_eq!(
                (answer.status, &json(&answer)["error"]),
                (StatusCode::BAD_REQUEST, &Value::from(expected)),
                "{body}"
            );
        }
        let huge = format!("grant_type=refresh_token&client_id={}&refresh_token={}", app.id, "x".repeat(100_000));
        assert_eq!(post(server, "/oauth2/token/", &[], &huge).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        let metadata = json(&look(server, "/.well-known/oauth-authorization-server", "").await);
        assert_eq!(metadata["issuer"], "https://s.example");
        assert_eq!(metadata["token_endpoint"], "https://s.example/oauth2/token/");
    });
}

#[test]
fn unsigned_requests_are_told_what_is_missing() {
    serve(async |server, _| {
        let answer = post(server, "/oauth/request_token", &[], "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(
            header(&answer.headers, &WWW_AUTHENTICATE)
                .starts_with("OAuth realm=\"Soundpost\", oauth_problem=\"parameter_absent\"")
        );
        assert!(text(&answer).contains("oauth_parameters_absent="));
        let answer = look(server, "/me", "").await;
        assert_eq!(
            (answer.status, json(&answer)["errors"][0]["error_message"].is_string()),
            (StatusCode::UNAUTHORIZED, true)
        );
        let xml = look(server, "/me.xml", "").await;
        assert!(text(&xml).starts_with("<?xml") && text(&xml).contains("<errors>"));
        let signed = "oauth_consumer_key=nobody&oauth_signature_method=HMAC-SHA1&oauth_signature=x&oauth_timestamp=1&oauth_nonce=1&oauth_token=t";
        let answer = look(server, &format!("/v1/me/?{signed}"), "").await;
        assert!(text(&answer).contains("consumer_key_unknown"), "{}", text(&answer));
        let cookie = server.cookie("ada").await;
        let answer = look(server, "/oauth/authorize?oauth_token=nobody", &cookie).await;
        assert!(text(&answer).contains("This request is not valid any more"));
    });
}

#[test]
fn passwords_are_for_the_sandbox() {
    serve(async |server, _| {
        let basic = |user: &str| format!("Basic {}", base64(&format!("{user}:{PASSWORD}")));
        let request = Request::builder().uri("/me").header(AUTHORIZATION, basic("ada")).body(Body::empty()).unwrap();
        let answer = server.send(request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(text(&answer).contains("sandbox"));
        let anybody = look(server, "/users/1.json", "").await;
        assert_eq!((anybody.status, &json(&anybody)["username"]), (StatusCode::OK, &Value::from("ada")));
        assert_eq!(look(server, "/users/99", "").await.status, StatusCode::NOT_FOUND);
    });
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in text.as_bytes().chunks(3) {
        let number = three.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..=three.len() {
            out.push(char::from(LETTERS[(number >> (18 - 6 * place) & 63) as usize]));
        }
    }
    out
}
