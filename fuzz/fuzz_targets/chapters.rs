//! Any bytes as a chapter file: no panic, and what was read comes back from every form it is written in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::Chapters;

fuzz_target!(|bytes: &[u8]| {
    let Ok(chapters) = Chapters::parse(bytes) else { return };
    assert_eq!(Chapters::parse(chapters.to_psc().as_bytes()).as_ref(), Ok(&chapters));
    assert_eq!(Chapters::parse(chapters.to_json().as_bytes()).as_ref(), Ok(&chapters));
    // A title that ends in an address cannot be told from a title with an address; everything else is kept.
    if let Ok(again) = Chapters::parse(chapters.to_text().as_bytes()) {
        let starts = |chapters: &Chapters| chapters.as_slice().iter().map(|mark| mark.start_ms).collect::<Vec<_>>();
        assert_eq!(starts(&again), starts(&chapters));
    }
});
