//! What was wrong with a file that could still be read. The sentences are for the person who gave it to us.

use std::fmt;

/// Something the listener should know about the input; reading went on all the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Warning {
    /// The bytes end before the sound does.
    Truncated {
        /// Seconds of sound that are there.
        at: f64,
        /// Seconds that the header promised, where it did.
        of: Option<f64>,
    },
    /// Packets that could not be decoded and were left out.
    Skipped {
        /// How many.
        packets: u64,
    },
    /// The header states another length than the sound has; the sound was read to its end.
    HeaderLength {
        /// Seconds stated.
        said: f64,
        /// Seconds found.
        found: f64,
    },
    /// The header does not state the length, or states nonsense; the sound was read to the end of the file.
    NoLength,
    /// Samples that were no numbers (NaN or infinite) and were replaced by silence.
    NotNumbers {
        /// How many.
        samples: u64,
    },
    /// The stream changes its rate or its channels and was read only up to there.
    FormatChange {
        /// Seconds from the beginning.
        at: f64,
    },
    /// Tags or a cover larger than the ceiling were left out.
    TagsTooLarge {
        /// Bytes they take.
        bytes: u64,
    },
    /// The file names no speakers for its channels.
    NoLayout {
        /// Number of channels.
        channels: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { at, of: Some(of) } => write!(
                f,
                "The file is cut off: it promises {} but ends after {}. What is there was kept.",
                Clock(of),
                Clock(at)
            ),
            Self::Truncated { at, of: None } => {
                write!(
                    f,
                    "The file is cut off: it ends in the middle of a packet after {}. What is there was kept.",
                    Clock(at)
                )
            }
            Self::Skipped { packets: 1 } => write!(f, "One damaged packet was skipped."),
            Self::Skipped { packets } => write!(f, "{packets} damaged packets were skipped."),
            Self::HeaderLength { said, found } => write!(
                f,
                "The header states a length of {}, but {} of sound were found. All of it was read.",
                Clock(said),
                Clock(found)
            ),
            Self::NoLength => {
                write!(f, "The header does not state the length of the sound. It was read to the end of the file.")
            }
            Self::NotNumbers { samples: 1 } => write!(f, "One sample was not a number and was replaced by silence."),
            Self::NotNumbers { samples } => {
                write!(f, "{samples} samples were not numbers and were replaced by silence.")
            }
            Self::FormatChange { at } => write!(
                f,
                "After {} the stream goes on with another sample rate or number of channels. It was read up to there.",
                Clock(at)
            ),
            Self::TagsTooLarge { bytes } => {
                write!(f, "Tags or a cover of {} MB were left out; Soundpost takes 16 MB.", bytes.div_ceil(1_000_000))
            }
            Self::NoLayout { channels } => {
                write!(f, "The file does not say which speakers its {channels} channels are meant for.")
            }
        }
    }
}

/// A length of time as people write it: `0.5 s`, `3:07.25`, `1:02:03.00`.
struct Clock(f64);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = (self.0.max(0.0) * 100.0).round() as u64;
        let (seconds, rest) = (hundredths / 100, hundredths % 100);
        match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
            (0, 0, s) => write!(f, "{s}.{rest:02} s"),
            (0, m, s) => write!(f, "{m}:{s:02}.{rest:02}"),
            (h, m, s) => write!(f, "{h}:{m:02}:{s:02}.{rest:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let check = |warning: Warning, text: &str| assert_eq!(warning.to_string(), text);
        check(
            Warning::Truncated { at: 61.5, of: Some(3723.0) },
            "The file is cut off: it promises 1:02:03.00 but ends after 1:01.50. What is there was kept.",
        );
        check(Warning::Skipped { packets: 1 }, "One damaged packet was skipped.");
        check(Warning::Skipped { packets: 12 }, "12 damaged packets were skipped.");
        check(
            Warning::HeaderLength { said: 0.25, found: 9.999 },
            "The header states a length of 0.25 s, but 10.00 s of sound were found. All of it was read.",
        );
        check(Warning::NotNumbers { samples: 3 }, "3 samples were not numbers and were replaced by silence.");
    }
}
