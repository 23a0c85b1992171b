//! What every decoding target does: reads a whole file from memory and drops it. The containers have a target each so
//! that each has a corpus of its own; the first bytes of an input are set to the container's, which keeps the fuzzer
//! from wandering off into another.

use std::io::Cursor;
use std::sync::Once;

use audio::Block;
use audio::decode::Source;

/// Frames after which a file is long enough: a header can promise silence for hours.
const ENOUGH: u64 = 4_000_000;

/// Reads the bytes as a file, with what must stand at some offset put there.
pub fn decode(bytes: &[u8], magic: &[(usize, &[u8])]) {
    static HOOK: Once = Once::new();
    // Panics of foreign decoders are caught by Source and are no findings; ours leave the target and are.
    HOOK.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let mut bytes = bytes.to_vec();
    for (at, magic) in magic {
        if let Some(place) = bytes.get_mut(*at..at + magic.len()) {
            place.copy_from_slice(magic);
        }
    }
    let Ok(mut source) = Source::from_stream(Box::new(Cursor::new(bytes)), None) else { return };
    let channels = source.info().channels;
    let mut block = Block::default();
    let mut frames = 0;
    while let Ok(true) = source.read(&mut block) {
        assert_eq!(block.channels(), channels);
        assert!((1..=8192).contains(&block.frames()));
        assert!(block.iter().all(|channel| channel.iter().all(|sample| sample.is_finite())));
        frames += block.frames() as u64;
        if frames > ENOUGH {
            break;
        }
    }
    for warning in source.warnings() {
        assert!(warning.to_string().ends_with('.'));
    }
}
