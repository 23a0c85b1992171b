//! How a production is to sound: the values behind the presets.

use crate::level::{SilenceCutting, Strength};

/// Everything that can be chosen about the sound itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Integrated loudness to reach, LUFS (ITU-R BS.1770-5).
    pub loudness: f64,
    /// True peak that no output exceeds, dBTP.
    pub ceiling: f64,
    /// Corner of the high-pass filter in Hz, or none.
    pub high_pass: Option<f64>,
    /// Whether mains hum is filtered where it is found.
    pub remove_hum: bool,
    /// How voices are evened out.
    pub leveler: Strength,
    /// Whether long pauses are shortened.
    pub silence_cutting: Option<SilenceCutting>,
    /// Whether the result is held against the ACX rules for audiobooks.
    pub check_acx: bool,
}

/// A named set of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// Name in `--preset`.
    pub name: &'static str,
    /// What it is for, one line.
    pub about: &'static str,
    /// The values.
    pub settings: Settings,
    /// Formats that are made when none is named, as `--format` writes them.
    pub formats: &'static [&'static str],
}

/// Loudness that Soundpost aims for: from the quietest broadcast rule to the loudest master, LUFS.
pub const LOUDNESS_RANGE: std::ops::RangeInclusive<f64> = -31.0..=-8.0;

const PODCAST: Settings = Settings {
    loudness: -16.0,
    ceiling: -1.0,
    high_pass: Some(60.0),
    remove_hum: true,
    leveler: Strength::SPEECH,
    silence_cutting: None,
    check_acx: false,
};

/// The presets, the first of which is used when none is named.
pub const PRESETS: [Preset; 5] = [
    Preset {
        name: "podcast",
        about: "conversations and shows: −16 LUFS, at most −1 dBTP, voices evened out",
        settings: PODCAST,
        formats: &["mp3:128"],
    },
    Preset {
        name: "broadcast",
        about: "radio and television by EBU R 128: −23 LUFS, at most −1 dBTP, voices gently evened out",
        settings: Settings { loudness: -23.0, leveler: Strength::GENTLE, ..PODCAST },
        formats: &["wav-24bit"],
    },
    Preset {
        name: "stage-speech",
        about: "talks and panels on a stage: −16 LUFS, rumble cut at 100 Hz, voices firmly evened out",
        settings: Settings { high_pass: Some(100.0), leveler: Strength::FIRM, ..PODCAST },
        formats: &["mp3:128"],
    },
    Preset {
        name: "music",
        about: "music: −14 LUFS, at most −1 dBTP, dynamics untouched",
        settings: Settings {
            loudness: -14.0,
            high_pass: Some(20.0),
            remove_hum: false,
            leveler: Strength::OFF,
            ..PODCAST
        },
        formats: &["mp3:192", "flac"],
    },
    Preset {
        name: "audiobook",
        about: "audiobooks by the ACX rules: about −20 LUFS, peaks under −3 dB, checked",
        settings: Settings {
            loudness: -20.0,
            ceiling: -3.1,
            high_pass: Some(70.0),
            leveler: Strength::GENTLE,
            check_acx: true,
            ..PODCAST
        },
        formats: &["mp3:192"],
    },
];

impl Preset {
    /// The preset of that name.
    pub fn find(name: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.name == name)
    }
}
