//! Any bytes as a metadata file: no panic, and what was read is read again from the API's own JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::Metadata;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut metadata) = Metadata::parse(bytes) else { return };
    // The last digit of a coordinate may differ after a round through text.
    metadata.location = None;
    if let Ok(json) = serde_json::to_vec(&metadata)
        && json.len() <= model::metadata::MAX_BYTES
    {
        assert_eq!(Metadata::parse(&json).as_ref(), Ok(&metadata));
    }
});
