//! Tokens and signed requests: what is believed, and in which order the rest is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use protocols::jwt::{
    CallRefusal, Class, JwtError, MAX_BYTES, SERVICE_HEADER, SignedCall, Unverified, service_claims, service_token,
    sign,
};
use serde_json::{Value, json};

const HEADER: &[u8] = br#"{"alg":"HS256","typ":"JWT"}"#;
const SECRET: &[u8] = b"my_app_secret";
const NOW: u64 = 1_700_000_000;

/// The webhook that the documentation of services prints. Its secret was never published.
const SAMPLE: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ1dWlkIjoiZGVpZ3R2RHY4akg2TmFLNTJaNWVYSCIsImN1c3RvbV9kYXRhIjoiYW55LWRhdGEtc3RyaW5nLXlvdS13YW50In0.Z-mg9ZcxBSWoBFa1JYuAW3ZDftNaH1yUHZS4VslfmCQ";

#[test]
fn a_service_is_sent_the_bytes_that_were_printed() {
    let claims = service_claims("deigtvDv8jH6NaK52Z5eXH", Some("any-data-string-you-want"));
    let token = service_token(&claims, "secret");
    let parts = |token: &str| token.rsplit_once('.').unwrap().0.to_owned();
    assert_eq!(parts(&token), parts(SAMPLE));
    let decoded = URL_SAFE_NO_PAD.decode(SAMPLE.split('.').next().unwrap()).unwrap();
    assert_eq!(decoded, SERVICE_HEADER.as_bytes());
    let sample = Unverified::parse(SAMPLE).unwrap();
    assert_eq!(sample.verify(b"secret").unwrap_err(), JwtError::Signature);
    assert_eq!(sample.untrusted_claims()["uuid"], "deigtvDv8jH6NaK52Z5eXH");
    assert_eq!(
        Unverified::parse(&token).unwrap().verify(b"secret").unwrap()["custom_data"],
        "any-data-string-you-want"
    );
}

#[test]
fn only_hs256_is_read() {
    let refused = |header: &str| Unverified::parse(&sign(header.as_bytes(), b"{}", SECRET)).unwrap_err();
    for name in ["none", "HS384", "RS256", "hs256", ""] {
        let error = refused(&format!(r#"{{"alg":"{name}","typ":"JWT"}}"#));
        assert_eq!(error, JwtError::Algorithm(Some(name.to_owned())));
        assert!(error.to_string().contains(name));
    }
    assert_eq!(refused("{}"), JwtError::Algorithm(None));
    assert_eq!(refused(r#"{"alg":["HS256"]}"#), JwtError::Algorithm(None));
    assert_eq!(refused(r#"{"alg":"HS256","typ":"JWE"}"#), JwtError::Type);
    assert_eq!(refused(r#"{"alg":"HS256","typ":null}"#), JwtError::Type);
    assert_eq!(refused(r#"{"alg":"HS256","crit":["exp"],"exp":1}"#), JwtError::Critical);
    assert_eq!(refused(r#"{"alg":"none","alg":"HS256"}"#), JwtError::Malformed);
    assert_eq!(refused(r#"["HS256"]"#), JwtError::Malformed);
    assert_eq!(refused(r#"{"alg":"HS256"} {}"#), JwtError::Malformed);
    for header in [r#"{"alg":"HS256"}"#, r#"{ "typ" : "jwt", "alg" : "HS256", "kid" : "7" }"#] {
        assert!(Unverified::parse(&sign(header.as_bytes(), b"{}", SECRET)).is_ok(), "{header}");
    }
}

#[test]
fn a_token_has_one_spelling() {
    let token = sign(HEADER, br#"{"a":1}"#, SECRET);
    assert!(Unverified::parse(&token).unwrap().verify(SECRET).is_ok());
    let (rest, last) = token.split_at(token.len() - 1);
    // The last character carries two bits that are not part of the signature; they must be zero.
    let others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars();
    let accepted = others
        .filter(|other| Unverified::parse(&format!("{rest}{other}")).is_ok_and(|token| token.verify(SECRET).is_ok()));
    assert_eq!(accepted.collect::<String>(), last);
    for wrong in [
        format!("{token}="),
        format!("{token}."),
        format!(" {token}"),
        format!("{token}\n"),
        token.replace('.', ""),
        format!(".{token}"),
        "..".to_owned(),
        String::new(),
    ] {
        assert!(matches!(Unverified::parse(&wrong), Err(JwtError::Malformed)), "{wrong}");
    }
    assert_eq!(Unverified::parse(rest).unwrap_err(), JwtError::Malformed);
    let short = format!("{}.{}", token.rsplit_once('.').unwrap().0, URL_SAFE_NO_PAD.encode([0; 31]));
    assert_eq!(Unverified::parse(&short).unwrap_err(), JwtError::Signature);
    assert_eq!(Unverified::parse(&"a".repeat(MAX_BYTES + 1)).unwrap_err(), JwtError::TooLarge);
}

#[test]
fn names_stand_once_in_claims() {
    for claims in [r#"{"a":1,"a":2}"#, r#"{"arg":{"src":"x","src":"y"}}"#, "[]", "7", "", "{\"a\":1"] {
        let token = sign(HEADER, claims.as_bytes(), SECRET);
        assert_eq!(Unverified::parse(&token).unwrap_err(), JwtError::Malformed, "{claims}");
    }
}

fn claims() -> Value {
    json!({"iss": "my_app_id", "iat": NOW, "mtd": "POST", "url": "/v3/sl/encoding", "arg": {"src": "https://example.com/song.mp3"}})
}

fn body(claims: &Value) -> Vec<u8> {
    json!({"data": sign(HEADER, claims.to_string().as_bytes(), SECRET)}).to_string().into_bytes()
}

/// What becomes of a request, to the very end.
fn answer(body: &[u8], secret: &[u8], now: u64) -> Result<String, CallRefusal> {
    let call = SignedCall::parse(body)?.verify(secret, now, "POST", "/v3/sl/encoding")?;
    Ok(call.arguments()?["src"].to_string())
}

#[test]
fn a_signed_request_is_believed() {
    assert_eq!(answer(&body(&claims()), SECRET, NOW + 300).unwrap(), "\"https://example.com/song.mp3\"");
    let call = SignedCall::parse(&body(&claims())).unwrap();
    assert_eq!(call.issuer().0, "my_app_id");
    let verified = call.verify(SECRET, NOW, "POST", "/v3/sl/encoding").unwrap();
    assert_eq!((verified.issuer(), verified.issued()), ("my_app_id", NOW));
    // The same token in another wrapping is the same; another token is another.
    let again = String::from_utf8(body(&claims())).unwrap().replace("{\"data\":", " { \"x\": 1, \"data\" : ");
    let again = SignedCall::parse(again.as_bytes()).unwrap().verify(SECRET, NOW, "POST", "/v3/sl/encoding").unwrap();
    assert_eq!(again.fingerprint(), verified.fingerprint());
    let mut later = claims();
    later["iat"] = json!(NOW as f64 + 1.5);
    let later = SignedCall::parse(&body(&later)).unwrap().verify(SECRET, NOW, "POST", "/v3/sl/encoding").unwrap();
    assert_eq!(later.issued(), NOW + 1);
    assert_ne!(later.fingerprint(), verified.fingerprint());
}

#[test]
fn refusals_come_in_order_each_with_its_class() {
    let spoilt = |change: fn(&mut Value)| {
        let mut claims = claims();
        change(&mut claims);
        body(&claims)
    };
    for body in
        [&b""[..], b"{}", b"[]", br#"{"data":7}"#, br#"{"data":"a.b.c","data":"a.b.c"}"#, b"{\"data\":\"\xff\"}"]
    {
        assert_eq!(answer(body, SECRET, NOW), Err(CallRefusal::Data));
    }
    assert_eq!(answer(br#"{"data":"a.b.c"}"#, SECRET, NOW), Err(CallRefusal::Token(JwtError::Malformed)));
    assert_eq!(answer(&vec![b' '; 1 << 20], SECRET, NOW), Err(CallRefusal::Token(JwtError::TooLarge)));

    // Everything is wrong at first, and is mended in the order of the checks.
    let mut wrong = json!({"iss": "", "iat": 0, "mtd": "GET", "url": "/", "arg": []});
    let unsigned = json!({"data": sign(br#"{"alg":"none"}"#, wrong.to_string().as_bytes(), b"x")}).to_string();
    let none = CallRefusal::Token(JwtError::Algorithm(Some("none".to_owned())));
    let mut seen = vec![answer(unsigned.as_bytes(), b"x", NOW).unwrap_err()];
    assert_eq!(seen, [none]);
    let mends: [(&str, Value, &[u8]); 6] = [
        ("x", json!(0), b"x"),
        ("iss", json!("my_app_id"), b"x"),
        ("x", json!(0), SECRET),
        ("iat", json!(NOW - 300), SECRET),
        ("mtd", json!("POST"), SECRET),
        ("url", json!("/v3/sl/encoding"), SECRET),
    ];
    for (name, value, secret) in mends {
        wrong[name] = value;
        seen.push(answer(&body(&wrong), secret, NOW).unwrap_err());
    }
    let expected = [
        ("algorithm_rejected", Class::Who),
        ("issuer_missing", Class::What),
        ("signature_invalid", Class::Who),
        ("time_refused", Class::Who),
        ("method_mismatch", Class::MayNot),
        ("path_mismatch", Class::MayNot),
        ("arguments_missing", Class::What),
    ];
    assert_eq!(seen.iter().map(|refusal| (refusal.code(), refusal.class())).collect::<Vec<_>>(), expected);

    for iat in [json!(NOW - 301), json!(NOW + 301), json!(-1.0), json!(1e300), json!("1700000000"), Value::Null] {
        let mut claims = claims();
        claims["iat"] = iat.clone();
        let refusal = answer(&body(&claims), SECRET, NOW).unwrap_err();
        assert_eq!(matches!(refusal, CallRefusal::Time { .. }), iat.is_u64(), "{iat}");
    }
    assert_eq!(answer(&spoilt(|claims| claims["mtd"] = json!("post")), SECRET, NOW).unwrap_err().class().status(), 403);
    assert_eq!(CallRefusal::IssuerUnknown.class().status(), 401);
    assert_eq!(CallRefusal::IssuerNotAllowed.class().status(), 403);
    assert_eq!(CallRefusal::Replayed.class().status(), 401);
    assert_eq!(CallRefusal::Data.class().status(), 400);
}

#[test]
fn what_was_read_does_not_show() {
    let call = SignedCall::parse(&body(&claims())).unwrap();
    assert_eq!(format!("{call:?}"), "SignedCall(\"my_app_id\" …)");
    assert_eq!(format!("{:?}", Unverified::parse(SAMPLE).unwrap()), "Unverified(…)");
}

proptest! {
    #[test]
    fn custom_data_comes_back_as_it_was(uuid in "[0-9A-Za-z]{22}", data in proptest::option::of(".{0,40}"), secret in ".{0,80}") {
        let claims = service_claims(&uuid, data.as_deref());
        let token = service_token(&claims, &secret);
        let read = Unverified::parse(&token).unwrap();
        let read = read.verify(secret.as_bytes()).unwrap();
        prop_assert_eq!(&read["uuid"], &uuid);
        prop_assert_eq!(read.get("custom_data").and_then(Value::as_str), data.as_deref());
        // As compact JSON of anybody else.
        prop_assert_eq!(Value::Object(read.clone()).to_string(), claims);
    }

    #[test]
    fn no_changed_character_is_believed(place in 0usize..150, with in "[A-Za-z0-9_.-]") {
        let token = sign(HEADER, br#"{"iss":"my_app_id","iat":1700000000,"mtd":"POST"}"#, SECRET);
        let place = place % token.len();
        let mut changed = token.clone();
        changed.replace_range(place..=place, &with);
        let believed = Unverified::parse(&changed).is_ok_and(|token| token.verify(SECRET).is_ok());
        prop_assert_eq!(believed, changed == token);
    }

    #[test]
    fn anything_can_be_read(text in ".{0,60}", bytes: Vec<u8>) {
        let _ = (Unverified::parse(&text), SignedCall::parse(&bytes));
    }
}
