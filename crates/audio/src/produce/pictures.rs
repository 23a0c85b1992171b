//! The pictures that lie beside the sound: the waveform before and after, and loudness over time.

use super::{Outcome, Settings};
use crate::AudioError;
use crate::draw::{Curve, Picture, Target};
use crate::measure::Measured;
use crate::measure::loudness::short_term;

/// A picture as a file.
pub struct Drawn {
    /// End of its name: `waveform.png`.
    pub ending: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Points of a curve that are handed to the drawing at the most; it thins them further.
const MOST_POINTS: usize = 8_000;

/// Loudness that still counts as on target, LU: what EBU R 128 allows where exact levelling is not practical.
const TOLERANCE_LU: f64 = 1.0;

/// Draws all pictures of a finished job.
pub fn pictures(outcome: &Outcome, settings: &Settings) -> Result<Vec<Drawn>, AudioError> {
    let mut waveform = Vec::new();
    Picture::default().before_and_after(&outcome.shape_before, &outcome.shape_after, &mut waveform)?;
    let (before, after) = (&outcome.before.measured, &outcome.after.measured);
    let curve = Curve {
        seconds: outcome.shape_before.seconds().max(outcome.shape_after.seconds()),
        before: &outcome.curve_before,
        after: &outcome.curve_after,
        before_loudness: before.loudness.integrated,
        after_loudness: after.loudness.integrated,
        target: Some(Target { loudness: settings.loudness, tolerance: TOLERANCE_LU }),
    };
    Ok(vec![
        Drawn { ending: "waveform.png", bytes: waveform },
        Drawn { ending: "loudness.svg", bytes: curve.to_svg().into_bytes() },
    ])
}

/// The curve of short-term loudness, in exchange for the series of powers that it is made from.
pub(super) fn take_curve(measured: &mut Measured) -> Vec<(f64, f64)> {
    let powers = std::mem::take(&mut measured.powers);
    let every = powers.len().div_ceil(MOST_POINTS).max(1);
    short_term(&powers).step_by(every).collect()
}
