//! Bytes of no known kind, and ID3 tags before anything.
#![no_main]

mod decode;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decode::decode(bytes, &[]));
