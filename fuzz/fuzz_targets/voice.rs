//! Any bytes as the two files of a voice: no panic. The first line is the description, the rest the network.
#![no_main]

use libfuzzer_sys::fuzz_target;
use speech::piper::inspect;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let (description, network) = bytes.split_at(end);
    let _ = inspect(network.get(1..).unwrap_or_default(), description);
});
