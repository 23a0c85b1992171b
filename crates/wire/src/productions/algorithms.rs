//! The algorithms that can be asked for, as data, and how each is read into an edit.

use model::Draft;
use model::production::{Algorithms, AlgorithmsEdit};
use serde_json::Value;

use super::form_errors::{At, excerpt, meant};
use super::formats::{Built, Format};
use super::read::scalar;

/// Something about the sound that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Algorithm {
    /// Its name in the API.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it does; empty where the title says it.
    pub description: &'static str,
    /// The algorithm that it refines.
    pub belongs_to: Option<&'static str>,
    /// What can be chosen.
    pub kind: AlgorithmKind,
    /// Whether it is built. What is not is taken, and a warning says so.
    pub built: bool,
}

/// What can be chosen of an algorithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AlgorithmKind {
    /// On or off.
    Switch,
    /// One of these words, the usual one first, each with its name for people.
    Words(&'static [(&'static str, &'static str)]),
    /// A number.
    Number {
        /// Least.
        least: f64,
        /// Greatest.
        greatest: f64,
        /// Unit, for people.
        unit: &'static str,
        /// Values to choose from in a form.
        options: &'static [f64],
    },
}

/// All algorithms, in the order in which they are shown.
pub static ALGORITHMS: [Algorithm; 11] = [
    Algorithm {
        description: "Brings quiet and loud voices together, phrase by phrase.",
        ..switch("leveler", "Adaptive leveler")
    },
    Algorithm {
        belongs_to: Some("leveler"),
        kind: AlgorithmKind::Words(&[("default", "Default"), ("gentle", "Gentle"), ("firm", "Firm")]),
        ..switch("levelermode", "Leveler strength")
    },
    Algorithm {
        description: "Brings the loudness to a target, ITU-R BS.1770.",
        ..switch("normloudness", "Loudness normalisation")
    },
    Algorithm {
        belongs_to: Some("normloudness"),
        kind: AlgorithmKind::Number {
            least: -31.0,
            greatest: -8.0,
            unit: "LUFS",
            options: &[-13.0, -14.0, -15.0, -16.0, -18.0, -19.0, -20.0, -23.0, -24.0, -26.0, -27.0, -31.0],
        },
        ..switch("loudnesstarget", "Loudness target")
    },
    Algorithm {
        belongs_to: Some("normloudness"),
        kind: AlgorithmKind::Number {
            least: -12.0,
            greatest: 0.0,
            unit: "dBTP",
            options: &[0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -5.0, -6.0, -9.0],
        },
        ..switch("maxpeak", "Greatest true peak")
    },
    Algorithm {
        description: "Filters rumble and mains hum where they are found.",
        ..switch("filtering", "Adaptive filtering")
    },
    Algorithm { built: false, description: "Takes noise away.", ..switch("denoise", "Noise reduction") },
    Algorithm {
        built: false,
        belongs_to: Some("denoise"),
        kind: AlgorithmKind::Number {
            least: -1.0,
            greatest: 100.0,
            unit: "dB",
            options: &[0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 24.0, 30.0, 36.0, 100.0],
        },
        ..switch("denoiseamount", "Noise reduction amount")
    },
    Algorithm { description: "Shortens long pauses.", ..switch("silence_cutter", "Silence cutter") },
    Algorithm { built: false, ..switch("gate", "Noise gate of each track") },
    Algorithm { built: false, ..switch("crossgate", "Crosstalk gate between tracks") },
];

/// Other names under which clients of the published API send an algorithm of ours.
const ALIASES: [(&str, &str); 1] = [("hipfilter", "filtering")];

/// Names that the published API knows and this program does not make: taken, passed over, and named in a warning when
/// they ask for something.
const ELSEWHERE: [&str; 38] = [
    "backforeground",
    "broadcastmode",
    "compressor",
    "compressor_m",
    "compressor_music",
    "compressor_speech",
    "cough_cutter",
    "cut_mode",
    "debreath",
    "debreathamount",
    "deesser",
    "deesseramount",
    "dehum",
    "dehumamount",
    "denoisemethod",
    "denoiseremove",
    "deplosive",
    "deverb",
    "deverbamount",
    "ducking",
    "dualmono",
    "fade_time",
    "filler_cutter",
    "filtermethod",
    "levelerstrength",
    "levelerstrength_m",
    "levelerstrength_music",
    "levelerstrength_speech",
    "loudnessmethod",
    "maxlra",
    "maxlra_m",
    "maxm",
    "maxs",
    "msclassifier",
    "music_cutter",
    "musicgain",
    "pan",
    "speech_cutter",
];

const fn switch(name: &'static str, title: &'static str) -> Algorithm {
    Algorithm { name, title, description: "", belongs_to: None, kind: AlgorithmKind::Switch, built: true }
}

impl Algorithm {
    /// The algorithm of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, ours)| *ours);
        ALGORITHMS.iter().find(|algorithm| algorithm.name == name)
    }
}

/// What of a draft does not come, since it is not built yet, in sentences. Empty for most drafts.
pub fn unbuilt(draft: &Draft) -> Vec<String> {
    let Algorithms { denoise, gate, crossgate, .. } = draft.algorithms;
    let algorithms = [("denoise", denoise), ("gate", gate), ("crossgate", crossgate)];
    let mut names: Vec<&str> = algorithms.iter().filter(|(_, wanted)| *wanted).map(|(name, _)| *name).collect();
    for order in &draft.outputs {
        let unbuilt = Format::find(&order.format).filter(|format| format.built == Built::NotYet);
        if let Some(format) = unbuilt.filter(|format| !names.contains(&format.name)) {
            names.push(format.name);
        }
    }
    names.into_iter().map(not_yet).collect()
}

/// The warning about one thing that the API knows and the program does not make.
pub(super) fn not_yet(name: &str) -> String {
    format!("{name} is not built yet; the production is made without it.")
}

/// What reading an algorithm came to.
pub(super) enum Outcome {
    /// It was read, or what is wrong with it was said.
    Read,
    /// The published API has it and this program does not.
    Elsewhere,
    /// Nobody knows it.
    Unknown,
}

/// Reads one algorithm into an edit.
pub(super) fn read(at: &mut At<'_>, name: &str, value: &Value, edit: &mut AlgorithmsEdit) -> Outcome {
    if name == "soundlink" {
        if asks(value) {
            at.say("is not built yet: this Soundpost cannot hide a code in the sound. Leave it out.");
        }
        return Outcome::Read;
    }
    if ELSEWHERE.contains(&name) {
        return Outcome::Elsewhere;
    }
    let Some(algorithm) = Algorithm::find(name) else { return Outcome::Unknown };
    match algorithm.name {
        "leveler" => put(&mut edit.leveler, scalar::truth(at, value)),
        "levelermode" => put(&mut edit.levelermode, word(at, algorithm, value)),
        "normloudness" => put(&mut edit.normloudness, scalar::truth(at, value)),
        "loudnesstarget" => put(&mut edit.loudnesstarget, within(at, algorithm, value)),
        "maxpeak" => put(&mut edit.maxpeak, within(at, algorithm, value)),
        "filtering" => put(&mut edit.filtering, scalar::truth(at, value)),
        "denoise" => put(&mut edit.denoise, scalar::truth(at, value)),
        "denoiseamount" => put(&mut edit.denoiseamount, within(at, algorithm, value)),
        "silence_cutter" => put(&mut edit.silence_cutter, scalar::truth(at, value)),
        "gate" => put(&mut edit.gate, scalar::truth(at, value)),
        "crossgate" => put(&mut edit.crossgate, scalar::truth(at, value)),
        _ => return Outcome::Unknown,
    }
    Outcome::Read
}

/// Whether a value asks for anything: not null, not false, not nothing, not 0.
pub(super) fn asks(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !["", "0", "false", "off", "no", "auto", "none", "default"]
            .contains(&text.trim().to_ascii_lowercase().as_str()),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(true) => true,
    }
}

/// The sentence about a name that nobody knows.
pub(super) fn unknown(name: &str) -> String {
    if let Some(near) = meant(name, names()) {
        return format!("“{}” is not an algorithm; “{near}” is.", excerpt(name));
    }
    let known: Vec<&str> = ALGORITHMS.iter().map(|algorithm| algorithm.name).collect();
    format!("“{}” is not an algorithm. There are {}.", excerpt(name), known.join(", "))
}

/// Every name that is taken without complaint.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALGORITHMS.iter().map(|algorithm| algorithm.name).chain(ALIASES.iter().map(|(alias, _)| *alias)).chain(ELSEWHERE)
}

fn put<T>(place: &mut Option<T>, read: Option<T>) {
    if read.is_some() {
        *place = read;
    }
}

fn word(at: &mut At<'_>, algorithm: &Algorithm, value: &Value) -> Option<String> {
    let AlgorithmKind::Words(words) = algorithm.kind else { return None };
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.trim(),
        _ => "",
    };
    if let Some((word, _)) = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
        return Some((*word).to_owned());
    }
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    at.wants(format_args!("one of {}", known.join(", ")), value);
    None
}

fn within(at: &mut At<'_>, algorithm: &Algorithm, value: &Value) -> Option<f64> {
    let AlgorithmKind::Number { least, greatest, unit, .. } = algorithm.kind else { return None };
    let number = scalar::number(at, value)?;
    if (least..=greatest).contains(&number) {
        return Some(number);
    }
    at.wants(format_args!("{} to {} {unit}", minus(least), minus(greatest)), value);
    None
}

/// A number with the minus of prose.
fn minus(number: f64) -> String {
    number.to_string().replace('-', "−")
}
