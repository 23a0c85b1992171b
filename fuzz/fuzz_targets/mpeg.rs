//! MP1, MP2 and MP3, with their tags.
#![no_main]

mod decode;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decode::decode(bytes, &[]));
