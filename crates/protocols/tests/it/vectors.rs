//! What was published, and what other people's programs make of the same input.

use std::fs;

use protocols::jwt::Unverified;
use protocols::oauth1::{Channel, Problem, RawRequest, Secrets, SignedRequest};
use protocols::webhook::{WebhookError, WebhookHeaders, WebhookKey, sign, verify};
use serde_json::Value;

/// A file of vectors.
fn vectors(name: &str) -> Vec<Value> {
    let path = format!("{}/../../fixtures/credentials/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn raw(vector: &Value) -> RawRequest<'_> {
    let text = |name: &str| vector[name].as_str();
    RawRequest {
        method: text("method").unwrap(),
        scheme: text("scheme").unwrap(),
        host: text("host").unwrap(),
        path: text("path").unwrap(),
        query: text("query"),
        authorization: text("authorization"),
        content_type: text("content_type"),
        body: text("body").unwrap_or_default().as_bytes(),
        channel: Channel::Private,
    }
}

fn check_request(vector: &Value) {
    let request = SignedRequest::gather(&raw(vector)).unwrap().unwrap();
    let secrets = Secrets {
        consumer: vector["consumer_secret"].as_str().unwrap(),
        token: vector["token_secret"].as_str().unwrap(),
    };
    assert_eq!(request.verify(&secrets), Ok(()), "{vector}\n{}", request.base_string());
    let wrong = Secrets { consumer: "another", ..secrets };
    assert_eq!(request.verify(&wrong), Err(Problem::SignatureInvalid), "{vector}");
    if let Some(base_string) = vector.get("base_string") {
        assert_eq!(&request.base_string(), base_string);
    }
    if let Some(key) = vector.get("consumer_key") {
        assert_eq!(request.consumer_key(), key);
        assert_eq!(request.token(), vector["token"].as_str());
    }
}

#[test]
fn published_requests_are_right() {
    let all = vectors("published.json");
    assert_eq!(all.len(), 5);
    all.iter().for_each(check_request);
}

#[test]
fn an_empty_token_is_signed_and_is_none() {
    let all = vectors("published.json");
    let request = SignedRequest::gather(&raw(&all[4])).unwrap().unwrap();
    assert_eq!(request.token(), None);
    assert!(request.base_string().contains("%26oauth_token%3D%26"));
    assert!(request.callback().is_none());
}

/// The same documentation prints this signature for a request with a callback, too. It cannot belong to both.
#[test]
fn the_listing_for_1_0a_is_no_vector() {
    let all = vectors("published.json");
    let query =
        format!("oauth_callback=http%3A%2F%2Fyour.example.com%2Foauth_callback&{}", all[4]["query"].as_str().unwrap());
    let request = SignedRequest::gather(&RawRequest { query: Some(&query), ..raw(&all[4]) }).unwrap().unwrap();
    let secrets = Secrets { consumer: all[4]["consumer_secret"].as_str().unwrap(), token: "" };
    assert_eq!(request.verify(&secrets), Err(Problem::SignatureInvalid));
}

#[test]
fn what_oauthlib_signs_is_right() {
    let all = vectors("oauthlib.json");
    assert_eq!(all.len(), 200);
    all.iter().for_each(check_request);
}

#[test]
fn what_pyjwt_signs_is_right() {
    let all = vectors("pyjwt.json");
    assert_eq!(all.len(), 20);
    for vector in all {
        let token = Unverified::parse(vector["token"].as_str().unwrap()).unwrap();
        let claims = token.verify(vector["secret"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(&Value::Object(claims.clone()), &vector["claims"]);
        assert!(token.verify(b"another").is_err());
    }
}

#[test]
fn what_standardwebhooks_signs_is_right() {
    let all = vectors("standardwebhooks.json");
    assert_eq!(all.len(), 20);
    for vector in all {
        let text = |name: &str| vector[name].as_str().unwrap();
        let key = WebhookKey::parse(text("secret")).unwrap();
        assert_eq!(key.reveal(), text("secret"));
        let (id, seconds, body) = (text("id"), vector["timestamp"].as_u64().unwrap(), text("body").as_bytes());
        assert_eq!(sign(&[&key], id, seconds, body).as_deref(), Ok(text("signature")));
        let headers = WebhookHeaders { id, timestamp: &seconds.to_string(), signature: text("signature") };
        assert_eq!(verify(&[&key], &headers, body, seconds + 299, 300), Ok(()));
        assert_eq!(verify(&[&key], &headers, b"{}", seconds, 300), Err(WebhookError::Signature));
    }
}
