//! What is known of a recording before and after it is worked on: how loud, how high its peaks, what it holds.
//!
//! [`loudness`] and [`true_peak`] are the published meters (ITU-R BS.1770-5, EBU Tech 3341 and 3342); [`analysis`] adds
//! what a person at a desk would hear besides: noise, hum, clipping, speech and music. Everything streams and holds at
//! most one number per 100 ms. Changing the sound belongs in the stages, drawing curves in `draw`.

pub mod analysis;
#[cfg(test)]
mod conformance;
mod content;
mod hops;
mod hum;
pub(crate) mod k_weighting;
mod levels;
pub mod loudness;
pub(crate) mod rank;
#[cfg(test)]
mod recordings;
pub mod true_peak;

pub use analysis::{Analyser, Analysis};
pub use content::{Kind, Span};
pub use hum::{Harmonic, Hum};
pub use levels::ChannelLevel;
pub use loudness::{Loudness, Measured, Meter};
pub use true_peak::TruePeak;
