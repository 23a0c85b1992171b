//! WAV, RF64 and BW64.
#![no_main]

mod decode;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decode::decode(bytes, &[(8, b"WAVE")]));
