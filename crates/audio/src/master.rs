//! The last word on level: how much gain a recording gets, and the limiter that keeps its peaks under the ceiling.
//!
//! The limiter decides its gain once per [`control::CELL`] frames. That makes the decision cheap enough to be rehearsed:
//! pass 1 notes the peak and the power of every cell in an [`envelope::Envelope`], and [`solve::solve`] replays the
//! limiter over those notes to find the gain at which the *limited* sound has the loudness that was asked for.

pub mod control;
pub mod envelope;
pub mod limiter;
pub mod solve;

pub use crate::measure::loudness::decibels;

/// Decibels as a linear amplitude factor.
pub fn amplitude(decibels: f64) -> f64 {
    10f64.powf(decibels / 20.0)
}
