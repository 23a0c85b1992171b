//! Any bytes as a secret and as the three headers of a webhook, on lines of their own: no panic, and nothing that was
//! not signed is believed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocols::webhook::{WebhookHeaders, WebhookKey, sign, verify};

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(5, |byte| *byte == b'\n');
    let mut text = || parts.next().and_then(|part| std::str::from_utf8(part).ok());
    let (Some(secret), Some(id), Some(timestamp), Some(signature)) = (text(), text(), text(), text()) else { return };
    let body = parts.next().unwrap_or_default();
    // A key that no input can know.
    let unknown = WebhookKey::raw("c0f1d2b3a49586778695a4b3c2d1e0f1");
    let headers = WebhookHeaders { id, timestamp, signature };
    assert!(verify(&[&unknown], &headers, body, 1_614_265_330, u64::MAX).is_err());
    let Ok(key) = WebhookKey::parse(secret) else { return };
    assert_eq!(key.reveal(), secret);
    let _ = verify(&[&key, &unknown], &headers, body, 1_614_265_330, 300);
    if let Ok(both) = sign(&[&unknown, &key], id, 7, body) {
        let headers = WebhookHeaders { id, timestamp: "7", signature: &both };
        assert!(verify(&[&key], &headers, body, 7, 0).is_ok());
    }
});
