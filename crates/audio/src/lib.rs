//! Streaming audio mastering: decode, measure, repair, level, master, encode, tag, draw, report.
//!
//! A recording is read twice and never held whole, so memory is the same for a minute and for a day. Use one part of it,
//! or [`produce`], which puts all of them together.
//!
//! How loud is a file?
//!
//! ```
//! use audio::decode::Source;
//! use audio::measure::Meter;
//! use audio::{AudioError, Block};
//!
//! fn loudness(path: &std::path::Path) -> Result<f64, AudioError> {
//!     let mut source = Source::open(path)?;
//!     let mut meter = Meter::new(source.info().rate, source.info().channels);
//!     let mut block = Block::new(source.info().channels, 0);
//!     while source.read(&mut block)? {
//!         meter.process(&block);
//!     }
//!     Ok(meter.finish().loudness.integrated)
//! }
//! # let speech = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/speech/austen-0870.flac");
//! # let lufs = loudness(&speech)?;
//! # assert!((-30.0..-20.0).contains(&lufs));
//! # Ok::<(), AudioError>(())
//! ```
//!
//! A step that changes sound is a value behind the [`Stage`] trait, and an output format is one file below
//! [`encode`]. `examples/master.rs` masters a file with a step of its own in the chain.
//!
//! What does not belong here: the network, databases, threads that outlive a call, the wall clock, and command lines.

pub mod block;
pub mod decode;
pub mod draw;
pub mod encode;
pub mod error;
mod fused;
pub mod level;
pub mod master;
pub mod measure;
pub mod mix;
pub mod produce;
pub mod repair;
pub mod report;
pub mod resample;
pub mod stage;
pub mod tag;

pub use block::Block;
pub use error::AudioError;
pub use stage::Stage;
