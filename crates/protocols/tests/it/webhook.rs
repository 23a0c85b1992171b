//! Signed webhooks: rotation, tolerance, and what is not believed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use protocols::webhook::{TOLERANCE_SECONDS, WebhookError, WebhookHeaders, WebhookKey, sign, verify};

const NOW: u64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;

/// The vector that the reference libraries of Standard Webhooks test themselves with.
const PUBLISHED: (&str, &str, &str) = (
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
);

fn check(keys: &[&WebhookKey], timestamp: &str, signature: &str) -> Result<(), WebhookError> {
    let headers = WebhookHeaders { id: PUBLISHED.1, timestamp, signature };
    verify(keys, &headers, BODY, NOW, TOLERANCE_SECONDS)
}

#[test]
fn the_published_vector_is_right() {
    let (secret, id, signature) = PUBLISHED;
    let key = WebhookKey::parse(secret).unwrap();
    assert_eq!(sign(&[&key], id, NOW, BODY).unwrap(), signature);
    assert_eq!(check(&[&key], "1614265330", signature), Ok(()));
    assert_eq!(check(&[&WebhookKey::raw(secret)], "1614265330", signature), Err(WebhookError::Signature));
    assert_eq!(check(&[], "1614265330", signature), Err(WebhookError::Signature));
}

#[test]
fn during_a_rotation_both_keys_fit() {
    let (old, new, other) = (WebhookKey::new([1; 32]), WebhookKey::raw("spx_secret"), WebhookKey::new([3; 32]));
    let both = sign(&[&old, &new], PUBLISHED.1, NOW, BODY).unwrap();
    assert_eq!(both.split(' ').count(), 2);
    for key in [&old, &new] {
        assert_eq!(check(&[key], "1614265330", &both), Ok(()));
        assert_eq!(check(&[&other, key], "1614265330", &both), Ok(()));
    }
    assert_eq!(check(&[&other], "1614265330", &both), Err(WebhookError::Signature));
    // Signatures of other versions stand beside ours.
    assert_eq!(check(&[&old], "1614265330", &format!("v1a,abc  v2,x {both}")), Ok(()));
    let far = format!("{}{both}", "v1,x ".repeat(16));
    assert_eq!(check(&[&old], "1614265330", &far), Err(WebhookError::Signature));
}

#[test]
fn time_has_a_window_and_one_spelling() {
    let key = WebhookKey::parse(PUBLISHED.0).unwrap();
    for (seconds, verdict) in [
        (NOW - 300, Ok(())),
        (NOW + 300, Ok(())),
        (NOW - 301, Err(WebhookError::Time)),
        (NOW + 301, Err(WebhookError::Time)),
    ] {
        let signature = sign(&[&key], PUBLISHED.1, seconds, BODY).unwrap();
        assert_eq!(check(&[&key], &seconds.to_string(), &signature), verdict);
    }
    for timestamp in ["", "x", "-1", "+1614265330", "01614265330", "1614265330.0", "99999999999999999999999"] {
        assert_eq!(check(&[&key], timestamp, PUBLISHED.2), Err(WebhookError::Timestamp), "{timestamp}");
    }
}

#[test]
fn an_id_has_no_dot() {
    let key = WebhookKey::new([1; 32]);
    for id in ["", "a.b"] {
        assert_eq!(sign(&[&key], id, NOW, BODY), Err(WebhookError::Id));
        let headers = WebhookHeaders { id, timestamp: "7", signature: "v1," };
        assert_eq!(verify(&[&key], &headers, BODY, 7, 0), Err(WebhookError::Id));
    }
}

#[test]
fn secrets_have_24_to_64_bytes() {
    for (length, fits) in [(0, false), (23, false), (24, true), (64, true), (65, false)] {
        let secret = format!("whsec_{}", STANDARD.encode(vec![7; length]));
        assert_eq!(WebhookKey::parse(&secret).is_ok(), fits, "{length}");
    }
    for wrong in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!w"] {
        assert!(WebhookKey::parse(wrong).is_err(), "{wrong}");
    }
    let key = WebhookKey::new([7; 32]);
    assert_eq!(WebhookKey::parse(&key.reveal()).unwrap().reveal(), key.reveal());
    assert_eq!(format!("{key:?}"), "WebhookKey(…)");
}

proptest! {
    #[test]
    fn only_what_was_signed_fits(secret: [u8; 32], id in "[^.]{1,20}", seconds: u64, body: Vec<u8>, other: Vec<u8>) {
        let key = WebhookKey::new(secret);
        let signature = sign(&[&key], &id, seconds, &body).unwrap();
        let headers = WebhookHeaders { id: &id, timestamp: &seconds.to_string(), signature: &signature };
        prop_assert_eq!(verify(&[&key], &headers, &body, seconds, 0), Ok(()));
        prop_assert_eq!(verify(&[&key], &headers, &other, seconds, 0).is_ok(), other == body);
    }
}
