//! CAF, frame by frame and in packets, through the decoder.
#![no_main]

mod decode;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decode::decode(bytes, &[(0, b"caff")]));
