//! Any text as an authorization request and as a redirect address: no panic, and the answer goes where it was
//! registered.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocols::oauth2::{
    AuthorizationRequest, ErrorCode, Refusal, check_redirect, is_redirect_of, redirect_with_code, redirect_with_refusal,
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (query, address) = text.split_once('\n').unwrap_or((text, text));
    if let Ok(request) = AuthorizationRequest::parse(query) {
        assert!(!request.client_id.is_empty());
        let state = request.state.as_deref();
        if let Err(refusal) = &request.asked {
            assert!(refusal.plain_description().is_ascii());
        }
        if let Some(address) = request.redirect_uri.as_deref().filter(|address| check_redirect(address).is_ok()) {
            let sent = redirect_with_code(address, "code", state, "https://issuer.example");
            assert!(sent.starts_with(address) && sent.is_ascii());
        }
    }
    if check_redirect(address).is_ok() {
        assert!(address.is_ascii() && !address.contains('#'));
        assert!(is_redirect_of(address, address));
        let refusal = Refusal::new(ErrorCode::AccessDenied, "The user said no.");
        let sent = redirect_with_refusal(address, &refusal, Some("s\r\n"), "https://issuer.example");
        assert!(sent.starts_with(address) && sent.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    let _ = is_redirect_of(query, address);
});
