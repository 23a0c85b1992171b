//! The description beside a Piper voice, `*.onnx.json`: sample rate, language, phonemes and how lively it speaks.
//!
//! What belongs here: reading and checking it. The file is foreign, so every number has a range.

use std::collections::HashMap;

use serde::Deserialize;

use crate::SpeechError;

/// Phonemes that a voice may know; Piper's own have 157.
const MOST_PHONEMES: usize = 1024;

/// A checked description.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) rate: u32,
    /// As BCP 47 writes it: "en-US".
    pub(super) language: String,
    pub(super) speakers: u32,
    pub(super) noise_scale: f32,
    pub(super) length_scale: f32,
    pub(super) noise_w: f32,
    ids: HashMap<char, i32>,
}

#[derive(Deserialize)]
struct Typed {
    audio: Audio,
    espeak: Option<Espeak>,
    language: Option<Language>,
    inference: Option<Inference>,
    #[serde(default)]
    num_speakers: Option<u32>,
    phoneme_id_map: HashMap<String, Vec<i32>>,
}

#[derive(Deserialize)]
struct Audio {
    sample_rate: u32,
}

#[derive(Deserialize)]
struct Espeak {
    voice: String,
}

#[derive(Deserialize)]
struct Language {
    code: String,
}

#[derive(Deserialize, Default)]
struct Inference {
    noise_scale: Option<f32>,
    length_scale: Option<f32>,
    noise_w: Option<f32>,
}

impl Config {
    /// Reads and checks a description.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, SpeechError> {
        let damaged = |reason: String| SpeechError::DamagedVoice { reason: format!("in its description, {reason}") };
        let typed: Typed = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        let rate = typed.audio.sample_rate;
        if !(8_000..=48_000).contains(&rate) {
            return Err(damaged(format!("the sample rate is {rate}, which is not between 8000 and 48000")));
        }
        let code = typed.language.map(|language| language.code).or(typed.espeak.map(|espeak| espeak.voice));
        let language =
            tag(code.as_deref().unwrap_or_default()).ok_or_else(|| damaged("no language is named".to_owned()))?;
        let inference = typed.inference.unwrap_or_default();
        // Defaults of Piper; its voices stay well inside the ranges.
        let scale = |value: Option<f32>, otherwise: f32, least: f32| {
            let value = value.unwrap_or(otherwise);
            if (least..=4.0).contains(&value) { Ok(value) } else { Err(damaged(format!("a scale is {value}"))) }
        };
        let mut ids = HashMap::new();
        if typed.phoneme_id_map.len() > MOST_PHONEMES {
            return Err(damaged(format!(
                "there are {} phonemes, more than {MOST_PHONEMES}",
                typed.phoneme_id_map.len()
            )));
        }
        for (phoneme, numbers) in typed.phoneme_id_map {
            // A few voices have phonemes of two characters, which stand for no sound of English.
            if let (Some(phoneme), &[id @ 0..1024]) = (only(&phoneme), numbers.as_slice()) {
                ids.insert(phoneme, id);
            }
        }
        let config = Self {
            rate,
            language,
            speakers: typed.num_speakers.unwrap_or(1).max(1),
            noise_scale: scale(inference.noise_scale, 0.667, 0.0)?,
            length_scale: scale(inference.length_scale, 1.0, 0.1)?,
            noise_w: scale(inference.noise_w, 0.8, 0.0)?,
            ids,
        };
        for needed in ['^', '_', '$', ' '] {
            config.id(needed).ok_or_else(|| damaged(format!("the phoneme “{needed}” is missing")))?;
        }
        Ok(config)
    }

    /// The number of a phoneme.
    pub(super) fn id(&self, phoneme: char) -> Option<i32> {
        self.ids.get(&phoneme).copied()
    }
}

/// "en-us" and "en_US" as "en-US".
fn tag(code: &str) -> Option<String> {
    let mut parts = code.split(['-', '_']);
    let language = parts
        .next()
        .filter(|part| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic()))?;
    let region = parts.next().filter(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    Some(match region {
        Some(region) => format!("{}-{}", language.to_ascii_lowercase(), region.to_ascii_uppercase()),
        None => language.to_ascii_lowercase(),
    })
}

fn only(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    const GOOD: &str = r#"{"audio":{"sample_rate":22050},"espeak":{"voice":"en-us"},"phoneme_id_map":{"_":[0],"^":[1],"$":[2]," ":[3],"a":[14]}}"#;

    #[test]
    fn reads_what_is_needed() {
        let config = Config::parse(GOOD.as_bytes()).unwrap();
        assert_eq!(
            (config.rate, config.language.as_str(), config.id('a'), config.id('b')),
            (22_050, "en-US", Some(14), None)
        );
        assert_eq!((config.noise_scale, config.length_scale, config.noise_w), (0.667, 1.0, 0.8));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (from, to) in [
            ("22050", "0"),
            ("22050", "4000000000"),
            ("en-us", ""),
            ("\"^\"", "\"x\""),
            ("[1]", "[1,2]"),
            ("[1]", "[-1]"),
            ("{\"audio\"", "[\"audio\""),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert!(matches!(Config::parse(text.as_bytes()), Err(SpeechError::DamagedVoice { .. })), "{text}");
        }
        let wild = GOOD.replacen("\"espeak\"", "\"inference\":{\"length_scale\":1e9},\"espeak\"", 1);
        assert!(Config::parse(wild.as_bytes()).is_err());
    }

    #[test]
    fn languages_are_written_one_way() {
        assert_eq!(
            [tag("en_US"), tag("en-gb"), tag("de"), tag("x"), tag("en/../..")].map(Option::unwrap_or_default),
            ["en-US", "en-GB", "de", "", ""]
        );
    }
}
