//! The audiobook check: what ACX, through which most English audiobooks are sold, asks of every file.

use serde::{Serialize, Serializer};
use serde_json::json;

/// One thing that was asked, what was found, and whether that will do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    /// What is measured, in words.
    pub name: &'static str,
    /// What was found, dB relative to full scale; −∞ for silence.
    pub found: f64,
    /// What is asked for, in words.
    pub wanted: &'static str,
    /// Whether what was found is what is asked for.
    pub passes: bool,
}

/// Checks a file's level (root mean square), greatest sample and noise floor, all in dB relative to full scale.
///
/// ACX Audio Submission Requirements: each file measures between −23 and −18 dB RMS, has peaks of no more than −3 dB and
/// a noise floor of no more than −60 dB RMS.
pub fn acx(rms: f64, peak: f64, noise_floor: f64) -> Vec<Check> {
    vec![
        Check { name: "Level (RMS)", found: rms, wanted: "−23 to −18 dB", passes: (-23.0..=-18.0).contains(&rms) },
        Check { name: "Peak", found: peak, wanted: "−3 dB or less", passes: peak <= -3.0 },
        Check { name: "Noise floor", found: noise_floor, wanted: "−60 dB or less", passes: noise_floor <= -60.0 },
    ]
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "name": self.name,
            "found": super::level(self.found, "dB"),
            "wanted": self.wanted,
            "passes": self.passes,
        })
        .serialize(serializer)
    }
}
