//! Any bytes as a token and as the body of a signed request: no panic, and nothing that was not signed is believed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocols::jwt::{SignedCall, Unverified, sign};

fuzz_target!(|bytes: &[u8]| {
    // A secret that no input can know.
    const SECRET: &[u8] = b"c0f1d2b3a49586778695a4b3c2d1e0f1";
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(token) = Unverified::parse(text) {
            assert!(token.verify(SECRET).is_err());
            assert!(!text.contains('='));
        }
    }
    if let Ok(call) = SignedCall::parse(bytes) {
        assert!(!call.issuer().0.is_empty());
        assert!(call.verify(SECRET, 1_700_000_000, "POST", "/v3/sl/encoding").is_err());
    }
    // The same bytes as claims that were signed.
    let token = sign(br#"{"alg":"HS256","typ":"JWT"}"#, bytes, SECRET);
    if let Ok(read) = Unverified::parse(&token) {
        assert!(read.verify(SECRET).is_ok());
        let body = format!(r#"{{"data":"{token}"}}"#);
        if let Ok(call) = SignedCall::parse(body.as_bytes())
            && let Ok(call) = call.verify(SECRET, 1_700_000_000, "POST", "/v3/sl/encoding")
        {
            assert!(call.issued().abs_diff(1_700_000_000) <= 300);
            let _ = call.arguments();
        }
    }
    // And as a header.
    let token = sign(bytes, b"{}", SECRET);
    if let Ok(read) = Unverified::parse(&token) {
        assert!(read.verify(SECRET).is_ok());
    }
});
