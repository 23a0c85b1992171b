//! Any bytes as the answer of a store: a reply or a list of FTP, a list of WebDAV or of S3. No panic, and no reply longer than
//! what was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocols::{bucket, ftp, webdav};

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    while let Ok(Some((reply, used))) = ftp::reply(rest) {
        assert!(used > 0 && used <= rest.len() && (100..600).contains(&reply.code));
        assert!(!reply.text.chars().any(char::is_control));
        let _ = (ftp::extended_port(&reply.text), ftp::passive_port(&reply.text), ftp::moment(&reply.text));
        rest = &rest[used..];
    }
    for entry in bytes.split(|byte| *byte == b'\n').filter_map(ftp::machine_entry) {
        assert!(!entry.name.is_empty() && entry.name.len() <= bytes.len());
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for resource in webdav::multistatus(text).unwrap_or_default().resources {
        let _ = resource.name();
    }
    let _ = bucket::page(text);
    if let Some(code) = bucket::error_code(text) {
        assert!(code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
    let _ = bucket::upload_id(text);
});
