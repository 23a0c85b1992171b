//! Ogg with Vorbis, Opus and FLAC.
#![no_main]

mod decode;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decode::decode(bytes, &[(0, b"OggS")]));
