//! FLAC through the decoder.
#![no_main]

mod decode;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decode::decode(bytes, &[(0, b"fLaC")]));
