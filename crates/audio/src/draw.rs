//! Pictures of sound: waveform data for players, waveform pictures, the loudness curve.
//!
//! What listens to sound ([`Peaks`], [`Overview`]) takes blocks as they pass and changes nothing. What draws takes plain
//! numbers and says nothing about where they are from. Colours are the design's tokens, in one place below.

mod colour;
mod curve;
mod extremes;
mod overview;
mod peaks;
mod picture;

pub use colour::Scheme;
pub use curve::{Curve, Target};
pub use overview::{Bar, Overview};
pub use peaks::{Bits, Peaks, PeaksForm, PeaksOrder, overview_dat, samples_per_pixel};
pub use picture::Picture;
