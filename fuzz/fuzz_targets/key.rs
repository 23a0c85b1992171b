//! Any text as a key, a recovery code or a verifier: no panic, and what is read is written again as it was meant.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocols::Key;
use protocols::key::{OobVerifier, RecoveryCode};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(key) = Key::parse(text) {
        assert_eq!(key.reveal(), text);
        assert!(text.starts_with(key.kind().prefix()));
    }
    if let Some(code) = RecoveryCode::parse(text) {
        assert_eq!(RecoveryCode::parse(code.reveal()), Some(code));
    }
    if let Some(code) = OobVerifier::parse(text) {
        assert_eq!(OobVerifier::parse(code.reveal()), Some(code));
    }
});
