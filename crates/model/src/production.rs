//! A piece of audio being made: what is wanted, where it is, what came of it.
//!
//! A [`Draft`] says what is wanted and is what presets keep; [`State`] says how far it is and owns what is known there. How an
//! [`Edit`] changes a draft is in `production/edit.rs`. Numbers that clients compare are the business of the wire.

mod edit;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{AccountId, Chapters, Metadata, PresetId, ProductionId, ServiceId, Time};

pub use edit::{AlgorithmsEdit, Edit, MetadataEdit};

/// A piece of audio being made.
#[derive(Clone, Debug, PartialEq)]
pub struct Production {
    /// Its name within the program.
    pub id: ProductionId,
    /// Who made it.
    pub owner: AccountId,
    /// What is wanted.
    pub draft: Draft,
    /// How far it is.
    pub state: State,
    /// How often it was started. Files of one run never mix with those of another.
    pub run: u32,
    /// When it was made.
    pub created: Time,
    /// When it was last changed, by its owner or by a worker.
    pub changed: Time,
}

/// A named draft to begin productions with.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// Its name within the program.
    pub id: PresetId,
    /// Who made it.
    pub owner: AccountId,
    /// What people call it.
    pub name: String,
    /// What is wanted of productions that begin with it.
    pub draft: Draft,
    /// When it was made.
    pub created: Time,
    /// When it was last changed.
    pub changed: Time,
}

/// What is wanted of a production.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// What is said about it in words.
    pub metadata: Metadata,
    /// Where in it something begins.
    pub chapters: Chapters,
    /// The recording.
    pub input: Option<Input>,
    /// The cover picture.
    pub cover: Option<Input>,
    /// What the names of its files begin with, or the recording's own name where empty.
    pub output_basename: String,
    /// The files to make.
    pub outputs: Vec<OutputOrder>,
    /// How it is to sound.
    pub algorithms: Algorithms,
    /// Where it is published once it is done.
    pub services: Vec<ServiceId>,
    /// An address that hears when it is done or did not work.
    pub webhook: Option<String>,
    /// Whether it waits for its owner before it is published.
    pub review_before_publishing: bool,
    /// The preset that it began with.
    pub preset: Option<PresetId>,
}

/// Where sound or a picture comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// It was uploaded.
    File(StoredFile),
    /// It is fetched when the production runs.
    Address(String),
    /// It is an article at this address, which is fetched and read aloud when the production runs.
    Article(String),
    /// It lies on a store of the owner and is fetched when the production runs.
    OnService {
        /// The store.
        service: ServiceId,
        /// The file's name there.
        name: String,
    },
}

/// A file in the program's own storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Where it lies in storage. Never made of anything that a person typed.
    pub key: String,
    /// What its owner calls it, without folders.
    pub name: String,
    /// Bytes.
    pub size: u64,
}

/// A file to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputOrder {
    /// Name of the format, as the productions API has it: `mp3`, `mp3-vbr`, `wav-24bit`, `waveform`.
    pub format: String,
    /// File name ending without the dot, where the format leaves a choice: `psc` or `txt` for chapters.
    pub ending: String,
    /// Kilobits per second, or the format's own default.
    pub bitrate: Option<u32>,
    /// The whole name of the file, or none to make it of the basename.
    pub filename: String,
    /// What is added to the basename.
    pub suffix: String,
    /// Whether all channels become one.
    pub mono_mixdown: bool,
    /// Whether every chapter becomes a file.
    pub split_on_chapters: bool,
    /// The services that this file goes to; none means all of the production's.
    pub services: Vec<ServiceId>,
}

impl OutputOrder {
    /// Whether this file goes to a service, where the production goes to those.
    pub fn goes_to(&self, service: ServiceId, of_production: &[ServiceId]) -> bool {
        let named = if self.services.is_empty() { of_production } else { &self.services };
        named.contains(&service)
    }
}

/// How a production is to sound. What is left open follows the podcast preset of `soundpost produce`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the productions API, and free of the others")]
pub struct Algorithms {
    /// Whether quiet and loud voices are brought together.
    pub leveler: bool,
    /// How firmly, in the words of the API: `default`, `gentle`, `firm`; empty is `default`.
    pub levelermode: String,
    /// Whether the loudness is brought to a target.
    pub normloudness: bool,
    /// The target, LUFS (ITU-R BS.1770-5), −31 to −8.
    pub loudnesstarget: f64,
    /// Greatest true peak, dBTP, −12 to 0.
    pub maxpeak: f64,
    /// Whether rumble and hum are filtered where they are found.
    pub filtering: bool,
    /// Whether noise is taken away. Not built yet: kept, and said so in a warning.
    pub denoise: bool,
    /// How much of it, dB; 0 leaves it to the program.
    pub denoiseamount: f64,
    /// Whether long pauses are shortened.
    pub silence_cutter: bool,
    /// Multitrack only: whether silent tracks are shut.
    pub gate: bool,
    /// Multitrack only: whether voices are kept out of other people's microphones.
    pub crossgate: bool,
}

impl Default for Algorithms {
    fn default() -> Self {
        Self {
            leveler: true,
            levelermode: String::new(),
            normloudness: true,
            loudnesstarget: -16.0,
            maxpeak: -1.0,
            filtering: true,
            denoise: false,
            denoiseamount: 0.0,
            silence_cutter: false,
            gate: false,
            crossgate: false,
        }
    }
}

/// How far a production is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// It was not started.
    Idle,
    /// It was started and no worker has it yet.
    Waiting,
    /// A worker has it.
    Working {
        /// What is being done.
        stage: Stage,
    },
    /// Its owner asked it to stop, and a worker has it still.
    Stopping,
    /// It did not work.
    Failed {
        /// Why not, for its owner, in a sentence or two.
        reason: String,
        /// What was being done, if anything was.
        stage: Option<Stage>,
    },
    /// It is made, and its files are on their way to stores.
    Publishing {
        /// What came of it.
        made: Box<Made>,
        /// Whether those who are told of it were told before: it only goes once more where it did not arrive.
        is_announced: bool,
    },
    /// It is made.
    Done {
        /// What came of it.
        made: Box<Made>,
        /// Whether it waits for its owner before it is published.
        in_review: bool,
    },
    /// It is made, and what is wanted was changed since.
    Outdated {
        /// What came of it before the change.
        made: Box<Made>,
    },
}

/// What a worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Fetching the recording from where it lies.
    Fetching,
    /// Reading an article aloud.
    Speaking,
    /// Measuring and mastering.
    Processing,
    /// Encoding, and checking what was encoded.
    Encoding,
}

impl State {
    /// Whether a worker has it, or will.
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Waiting | Self::Working { .. } | Self::Stopping | Self::Publishing { .. })
    }

    /// What came of it, where something did.
    pub fn made(&self) -> Option<&Made> {
        match self {
            Self::Done { made, .. } | Self::Outdated { made } | Self::Publishing { made, .. } => Some(made),
            Self::Idle | Self::Waiting | Self::Working { .. } | Self::Stopping | Self::Failed { .. } => None,
        }
    }

    /// The state after its owner changed what is wanted.
    #[must_use]
    pub fn edited(self) -> Self {
        match self {
            Self::Done { made, .. } => Self::Outdated { made },
            other => other,
        }
    }
}

/// What came of a production.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Made {
    /// Container of the recording: `WAV`.
    pub format: String,
    /// Length of the result in milliseconds.
    pub length_ms: u64,
    /// Channels of the result.
    pub channels: u32,
    /// Frames per second of the result.
    pub samplerate: u32,
    /// Bits per second of the recording as it came in, or 0 where it cannot be told.
    pub bitrate: u64,
    /// The files, in the order in which they were asked for.
    pub files: Vec<MadeFile>,
    /// Pictures and data for the production's page, by name: `waveform.png`, `before.dat`.
    pub drawings: Vec<StoredFile>,
    /// The report, as `soundpost produce --json` writes it.
    pub report: Value,
    /// What the owner should know, in sentences.
    pub warnings: Vec<String>,
    /// Of a narration, the revision of the script that is heard in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
}

/// A file that was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MadeFile {
    /// As it was asked for.
    pub order: OutputOrder,
    /// Where it lies in storage.
    pub key: String,
    /// Its name, without folders. No two of a production are the same.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// MD5 of the bytes, in hexadecimal.
    pub md5: String,
}
