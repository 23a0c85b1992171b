//! Any bytes as a signed request, its parts on lines of their own: no panic, and what is signed is plain whatever came
//! in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocols::oauth1::{Channel, Problem, RawRequest, Secrets, SignedRequest, callback_with, is_callback_of};

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(8, |byte| *byte == b'\n');
    let mut text = || parts.next().and_then(|part| std::str::from_utf8(part).ok());
    let (Some(method), Some(scheme), Some(host), Some(path)) = (text(), text(), text(), text()) else { return };
    let (query, authorization, content_type) = (text(), text(), text());
    let body = parts.next().unwrap_or_default();
    let raw =
        RawRequest { method, scheme, host, path, query, authorization, content_type, body, channel: Channel::Private };
    match SignedRequest::gather(&raw) {
        Ok(None) => (),
        Ok(Some(request)) => {
            let base_string = request.base_string();
            assert_eq!(base_string.matches('&').count(), 2, "{base_string}");
            assert!(base_string.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%&".contains(&byte)));
            assert!(request.parameters().all(|(name, _)| name != "oauth_signature"));
            assert!(request.parameters().count() < protocols::oauth1::MAX_PARAMETERS);
            let secrets = Secrets { consumer: "consumer", token: "token" };
            let verdict = request.verify(&secrets);
            assert!(matches!(verdict, Ok(()) | Err(Problem::SignatureInvalid)));
            let _ = format!("{request:?} {:?}", request.stamp().map(|stamp| stamp.check(1_700_000_000)));
            if let Some(protocols::oauth1::Callback::Url(url)) = request.callback()
                && let Some(sent) = callback_with(url, &[("oauth_token", "t"), ("oauth_verifier", "v")])
            {
                assert!(is_callback_of(&sent, url) || sent.len() > 2048);
            }
        }
        Err(problem) => {
            let header = problem.challenge("Soundpost");
            assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{header}");
            assert!(problem.form().is_ascii());
        }
    }
});
