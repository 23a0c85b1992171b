//! MP4 with AAC, ALAC, FLAC and Opus.
#![no_main]

mod decode;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decode::decode(bytes, &[(4, b"ftyp")]));
