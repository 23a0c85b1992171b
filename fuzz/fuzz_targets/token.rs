//! Any bytes as a request to the endpoints for tokens, the header on the first line: no panic, and no secret in what is
//! printed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocols::oauth2::{ScopeSet, TokenQuestion, TokenRequest, bearer_challenge, bearer_token};

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (header, form) = bytes.split_at(end);
    let header = std::str::from_utf8(header).ok().filter(|header| !header.is_empty());
    match TokenRequest::parse(header, form.get(1..).unwrap_or_default()) {
        Ok(request) => {
            assert!(!request.client.id.is_empty());
            let shown = format!("{request:?}");
            if let Some(secret) = request.client.authentication.secret().filter(|secret| secret.reveal().len() > 40) {
                assert!(!shown.contains(secret.reveal()) || request.client.id.contains(secret.reveal()));
            }
        }
        Err(refusal) => {
            let challenge = bearer_challenge("Soundpost", Some(&refusal), Some(ScopeSet::ALL));
            assert!(challenge.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }
    let _ = TokenQuestion::parse(header, form);
    let _ = header.and_then(bearer_token);
});
