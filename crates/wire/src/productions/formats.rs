//! The files that can be asked for, as data: what each is called, which endings and bitrates it has, whether it is built.

use std::ops::RangeInclusive;

/// What this build of the program can make; a few things hang on how it was compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Whether AAC can be written.
    pub aac: bool,
}

/// Whether a format can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Built {
    /// It can.
    Yes,
    /// In programs with the AAC encoder.
    WithAac,
    /// The API knows it, the program does not make it yet: it is taken, and a warning says so.
    NotYet,
}

/// Kilobits per second that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rates {
    /// There is nothing to choose; what is said is passed over.
    None,
    /// One of these, and the usual one.
    Steps(&'static [u32], u32),
    /// Anything in a range.
    Range {
        /// What is taken: what the published API lists, too.
        taken: RangeInclusive<u32>,
        /// What is made of it: the nearest of these.
        made: RangeInclusive<u32>,
        /// The usual one.
        usual: u32,
    },
}

/// A file that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// Its name in the API.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// `lossy`, `lossless` or `description`.
    pub kind: &'static str,
    /// File name endings without the dot, the usual one first.
    pub endings: &'static [&'static str],
    /// Bitrates.
    pub rates: Rates,
    /// Whether it can be made.
    pub built: Built,
}

/// All formats, in the order in which they are shown.
pub static FORMATS: [Format; 14] = [
    sound("mp3", "MP3", "lossy", &["mp3"], Rates::Steps(&MP3, 128)),
    sound("mp3-vbr", "MP3 (variable bitrate)", "lossy", &["mp3"], range(32..=320, 65..=245, 165)),
    Format { built: Built::WithAac, ..sound("aac", "AAC (M4A)", "lossy", &["m4a"], range(24..=320, 32..=320, 128)) },
    sound("opus", "Opus", "lossy", &["opus"], range(6..=510, 6..=510, 96)),
    sound("vorbis", "Ogg Vorbis", "lossy", &["ogg"], range(32..=500, 32..=500, 128)),
    sound("flac", "FLAC", "lossless", &["flac"], Rates::None),
    sound("alac", "ALAC (M4A)", "lossless", &["m4a"], Rates::None),
    sound("wav", "WAV, 16 bit", "lossless", &["wav"], Rates::None),
    sound("wav-24bit", "WAV, 24 bit", "lossless", &["wav"], Rates::None),
    sound("chapters", "Chapters", "description", &["psc", "txt", "json"], Rates::None),
    sound("waveform", "Waveform", "description", &["png", "json", "dat"], Rates::None),
    sound("stats", "Statistics", "description", &["json", "txt"], Rates::None),
    Format {
        built: Built::NotYet,
        ..sound("transcript", "Transcript", "description", &["html", "txt", "vtt", "srt", "json"], Rates::None)
    },
    Format {
        built: Built::NotYet,
        ..sound("tracks", "Single tracks", "description", &["wav.zip", "flac.zip"], Rates::None)
    },
];

/// A name under which the published API has files that are ours under another: theirs, our name, the endings as they map.
type Alias = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// All of these.
pub(super) const ALIASES: [Alias; 4] = [
    ("chaps", "chapters", &[("chapters.txt", "txt")]),
    ("psc", "chapters", &[("psc", "psc"), ("xml", "psc"), ("psc.json", "json")]),
    ("pod2chaps", "chapters", &[("chapters.json", "json")]),
    ("wavedat", "waveform", &[("waveform.dat", "dat"), ("waveform.json", "json")]),
];

/// Bitrates of MPEG-1 Layer III, ISO/IEC 11172-3, table in 2.4.2.3.
static MP3: [u32; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

const fn sound(
    name: &'static str,
    title: &'static str,
    kind: &'static str,
    endings: &'static [&'static str],
    rates: Rates,
) -> Format {
    Format { name, title, kind, endings, rates, built: Built::Yes }
}

const fn range(taken: RangeInclusive<u32>, made: RangeInclusive<u32>, usual: u32) -> Rates {
    Rates::Range { taken, made, usual }
}

impl Format {
    /// The format of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// Whether it can be asked for without being told that it does not come.
    pub fn is_offered(&self, offer: Offer) -> bool {
        match self.built {
            Built::Yes => true,
            Built::WithAac => offer.aac,
            Built::NotYet => false,
        }
    }

    /// Its usual ending, without the dot.
    pub fn ending(&self) -> &'static str {
        self.endings.first().copied().unwrap_or_default()
    }

    /// Kilobits per second when none is asked for.
    pub fn usual_bitrate(&self) -> Option<u32> {
        match self.rates {
            Rates::None => None,
            Rates::Steps(_, usual) | Rates::Range { usual, .. } => Some(usual),
        }
    }

    /// Bitrates to choose from in a form: all of them, or those of a range that people know from MP3.
    pub fn bitrates(&self) -> Vec<u32> {
        match &self.rates {
            Rates::None => Vec::new(),
            Rates::Steps(steps, _) => steps.to_vec(),
            Rates::Range { made, usual, .. } => {
                let mut rates: Vec<u32> = MP3.iter().copied().filter(|rate| made.contains(rate)).collect();
                rates.extend([*made.start(), *made.end(), *usual]);
                rates.sort_unstable();
                rates.dedup();
                rates
            }
        }
    }
}
