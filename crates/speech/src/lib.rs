//! Text read aloud: a script, words as they are spoken, voices, and sound that knows when each word is heard.
//!
//! An article goes through four steps, each of which is of use by itself. [`script`] makes segments of its blocks. [`spoken`] reads a segment's
//! text as sentences of plain words. [`pronounce`] knows how words are said, and [`voice`] is who says them: [`piper`] is a neural voice that
//! runs in this process. [`speak()`] puts all of them together, on several threads, and hands out sound in order.
//!
//! ```no_run
//! use std::sync::Arc;
//! use speech::piper::{Kernels, Piper};
//! use speech::pronounce::Pronouncer;
//! use speech::script::{Block, Script};
//! use speech::voice::NEVER_OVER;
//! use speech::{Settings, SpeechError, speak};
//!
//! fn main() -> Result<(), SpeechError> {
//!     let voice = Piper::open("voice.whl".as_ref(), Arc::new(Pronouncer::american()), Kernels::Own)?;
//!     let script = Script::of(&[Block::Paragraph("It cost $1.5bn.".to_owned())], "en-US")?;
//!     speak(&script.segments, &voice, &Settings::default(), NEVER_OVER, &mut |piece| {
//!         for word in &piece.words {
//!             let text = &script.segments[piece.segment].text;
//!             println!("{} at sample {}", &text[word.source.clone()], word.heard.start);
//!         }
//!         Ok(())
//!     })
//! }
//! ```
//!
//! What does not belong here: the network, databases, threads that outlive a call, pages of the web, and encoded sound.

pub mod error;
pub mod piper;
pub mod pronounce;
pub mod script;
pub mod speak;
pub mod spoken;
pub mod voice;

pub use error::SpeechError;
pub use speak::{Settings, speak};

/// Two digits for each byte.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}
