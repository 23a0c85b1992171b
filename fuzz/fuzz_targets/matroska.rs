//! Matroska and WebM.
#![no_main]

mod decode;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decode::decode(bytes, &[(0, &[0x1A, 0x45, 0xDF, 0xA3])]));
