//! What was found, what was done and what came out of it: the report of one production, as JSON and as text.
//!
//! Plain numbers come in, so that nothing here depends on who measured them. Keys are those of the productions API;
//! wherever there is a level it is `[number, "unit"]`, and a level of silence is `[null, "unit"]`.

mod acx;
mod text;

use model::chapters::write_time;
use model::size_string;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use serde_json::{Value, json};

pub use acx::{Check, acx};
pub(crate) use text::signed;

/// The report of one production.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name of the preset: `podcast`.
    pub preset: String,
    /// The recording.
    pub source: Source,
    /// What was aimed at.
    pub target: Target,
    /// Measured before and after.
    pub levels: Levels,
    /// Where there is speech and where music, in the order of time.
    pub music_speech: Vec<Stretch>,
    /// Where noise and hum were taken away, in the order of time.
    pub noise_hum_reduction: Vec<Reduction>,
    /// What was done and why, each a sentence or two: "High-pass at 60 Hz: nothing of the voice lies below."
    pub actions: Vec<String>,
    /// What the reader ought to know: a truncated input, a target that could not be met.
    pub warnings: Vec<String>,
    /// The files.
    pub outputs: Vec<Output>,
    /// What the audiobook market asks for, where that is the preset.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acx: Vec<Check>,
}

/// The recording that came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its name, without folders.
    pub filename: String,
    /// Container: `WAV`.
    pub container: String,
    /// Codec: `PCM, 24 bit`.
    pub codec: String,
    /// Frames per second.
    pub rate: u32,
    /// Number of channels.
    pub channels: usize,
    /// Length in seconds.
    pub seconds: f64,
}

/// What was aimed at; `None` where nothing was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Target {
    /// Integrated loudness, LUFS.
    pub loudness: Option<f64>,
    /// Greatest true peak allowed, dBTP.
    pub peak: Option<f64>,
}

/// Measurements before and after.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Levels {
    /// Of the recording.
    pub input: Measures,
    /// Of the mastered sound, before it was encoded.
    pub output: Measures,
}

/// Measurements of one sound. What is not finite was silent, or could not be measured for want of sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// Integrated loudness, LUFS (ITU-R BS.1770-5).
    pub loudness: f64,
    /// Loudness range, LU (EBU Tech 3342).
    pub lra: f64,
    /// Greatest momentary loudness, LUFS (EBU Tech 3341, 400 ms).
    pub max_momentary: f64,
    /// Greatest short-term loudness, LUFS (EBU Tech 3341, 3 s).
    pub max_shortterm: f64,
    /// Greatest true peak, dBTP.
    pub peak: f64,
    /// Level of what is not pause, dB.
    pub signal_level: f64,
    /// Level of the pauses, dB.
    pub noise_level: f64,
    /// The former over the latter, dB.
    pub snr: f64,
}

/// What is heard in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sound {
    /// People talking.
    Speech,
    /// Music, with or without singing.
    Music,
}

/// A stretch of one kind of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// What is heard.
    pub label: Sound,
    /// First millisecond.
    pub start_ms: u64,
    /// First millisecond after it.
    pub stop_ms: u64,
}

/// A stretch in which noise or hum was taken away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reduction {
    /// First millisecond.
    pub start_ms: u64,
    /// First millisecond after it.
    pub stop_ms: u64,
    /// How far noise was lowered, dB, or `None` where it was left.
    pub denoise: Option<f64>,
    /// Base frequency of the hum that was filtered, Hz, or `None` where there was none.
    pub dehum: Option<u32>,
}

/// A file that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its name, without folders.
    pub filename: String,
    /// Name of the format: `mp3`.
    pub format: String,
    /// File name ending without the dot.
    pub ending: String,
    /// Kilobits per second, where that was chosen.
    pub bitrate: Option<u32>,
    /// Bytes.
    pub size: u64,
    /// MD5 of the bytes, in hexadecimal.
    pub checksum: String,
    /// What was measured on the file itself after decoding it; `None` for pictures and text.
    pub verified: Option<Verified>,
}

/// Measurements of an encoded file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verified {
    /// Integrated loudness, LUFS.
    pub loudness: f64,
    /// Greatest true peak, dBTP.
    pub peak: f64,
    /// Length in seconds.
    pub seconds: f64,
}

impl Report {
    /// The report as a JSON document, pretty, with a line break at the end.
    pub fn to_json(&self) -> String {
        // Every key is a string and every number finite, so nothing can go wrong.
        let document = serde_json::to_value(self).unwrap_or_default();
        format!("{document:#}\n")
    }

    /// The report as a JSON document on one line, with a line break at the end.
    pub fn to_json_line(&self) -> String {
        let document = serde_json::to_value(self).unwrap_or_default();
        format!("{document}\n")
    }

    /// The report as text of at most 100 columns, for people.
    pub fn to_text(&self) -> String {
        text::write(self)
    }
}

/// One measurement as it is named in JSON and for people.
struct Row {
    key: &'static str,
    title: &'static str,
    unit: &'static str,
    value: f64,
    remark: &'static str,
}

impl Measures {
    /// One line of JSON: the name of the file, then every measurement that was made.
    pub fn to_json_line(&self, name: &str) -> String {
        let mut object = json!({ "filename": name });
        for row in self.rows().iter().filter(|row| !row.value.is_nan()) {
            object[row.key] = level(row.value, row.unit);
        }
        format!("{object}\n")
    }

    /// The name of the file, and a line for every measurement that was made.
    pub fn to_text(&self, name: &str) -> String {
        text::measures(name, self)
    }

    fn rows(&self) -> [Row; 8] {
        let row = |key, title, unit, value, remark| Row { key, title, unit, value, remark };
        [
            row("loudness", "Loudness", "LUFS", self.loudness, ""),
            row("lra", "Loudness range", "LU", self.lra, ""),
            row("max_momentary", "Loudest moment", "LUFS", self.max_momentary, "of 0.4 s"),
            row("max_shortterm", "Loudest stretch", "LUFS", self.max_shortterm, "of 3 s"),
            row("peak", "True peak", "dBTP", self.peak, ""),
            row("signal_level", "Signal level", "dB", self.signal_level, ""),
            row("noise_level", "Noise floor", "dB", self.noise_level, "lower is quieter"),
            row("snr", "Signal to noise", "dB", self.snr, "higher is cleaner"),
        ]
    }
}

impl Serialize for Measures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.rows();
        let mut object = serializer.serialize_struct("Measures", rows.len())?;
        for row in rows {
            object.serialize_field(row.key, &level(row.value, row.unit))?;
        }
        object.end()
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { loudness, peak } = self;
        json!({
            "loudness": loudness.map(|loudness| level(loudness, "LUFS")),
            "peak": peak.map(|peak| level(peak, "dBTP")),
        })
        .serialize(serializer)
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "filename": self.filename,
            "format": self.container,
            "codec": self.codec,
            "samplerate": self.rate,
            "channels": self.channels,
            "length": hundredths(self.seconds),
            "length_timestring": timestring(self.seconds),
        })
        .serialize(serializer)
    }
}

impl Serialize for Stretch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({ "label": self.label, "start": write_time(self.start_ms), "stop": write_time(self.stop_ms) })
            .serialize(serializer)
    }
}

impl Serialize for Reduction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The API says how many decibels and which hum, or false.
        json!({
            "denoise": self.denoise.filter(|by| by.is_finite()).map_or(Value::Bool(false), |by| hundredths(-by.abs())),
            "dehum": self.dehum.map_or(Value::Bool(false), |hertz| format!("{hertz}Hz").into()),
            "start": write_time(self.start_ms),
            "stop": write_time(self.stop_ms),
        })
        .serialize(serializer)
    }
}

impl Serialize for Output {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = json!({
            "filename": self.filename,
            "format": self.format,
            "ending": self.ending,
            "bitrate": self.bitrate,
            "size": self.size,
            "size_string": size_string(self.size),
            "checksum": self.checksum,
        });
        if let Some(verified) = self.verified {
            object["loudness"] = level(verified.loudness, "LUFS");
            object["peak"] = level(verified.peak, "dBTP");
            object["length"] = hundredths(verified.seconds);
            object["length_timestring"] = timestring(verified.seconds).into();
        }
        object.serialize(serializer)
    }
}

/// `[number, "unit"]`, to the hundredth; null instead of a number that is not one.
fn level(number: f64, unit: &str) -> Value {
    json!([hundredths(number), unit])
}

fn hundredths(number: f64) -> Value {
    // Adding 0 makes −0 plain 0.
    if number.is_finite() { json!((number * 100.0).round() / 100.0 + 0.0) } else { Value::Null }
}

/// `HH:MM:SS.mmm`
fn timestring(seconds: f64) -> String {
    write_time((seconds.max(0.0) * 1_000.0).round() as u64)
}

#[cfg(test)]
mod tests;
