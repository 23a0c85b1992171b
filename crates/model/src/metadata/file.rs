//! A metadata file: the fields of [`Metadata`] as JSON or as TOML, under the names that the productions API uses.

use serde_json::{Map, Value};

use super::{Location, Metadata};
use crate::found::{excerpt, half_sentence, is_address, is_break, kind, reason};

/// Largest metadata file that is read, in bytes.
pub const MAX_BYTES: usize = 256 << 10;
/// Longest field on one line, in characters.
const MAX_LINE: usize = 1_000;
/// Longest summary, in characters.
const MAX_SUMMARY: usize = 64 << 10;
/// Longest address, in characters.
const MAX_URL: usize = 2_048;
/// Most tags.
const MAX_TAGS: usize = 100;

/// Why a metadata file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// More bytes than [`MAX_BYTES`].
    #[error("The metadata file has {found} bytes, more than the {MAX_BYTES} that Soundpost reads.")]
    TooLarge {
        /// Bytes in the file.
        found: usize,
    },
    /// The bytes are not UTF-8.
    #[error("The metadata file is not UTF-8 text. Save it as UTF-8 and give it again.")]
    NotText,
    /// Not well-formed JSON or TOML.
    #[error("Line {line} of the metadata file is not well-formed {format}: {reason}.{way_out}")]
    Syntax {
        /// `JSON` or `TOML`.
        format: &'static str,
        /// Line, counted from 1.
        line: usize,
        /// Half a sentence.
        reason: String,
        /// A sentence with a space before it, or nothing.
        way_out: &'static str,
    },
    /// A field that does not exist. `near` is the existing one it is closest to, or all of them.
    #[error("The metadata file has a field “{field}”, which Soundpost does not know. {near}")]
    Unknown {
        /// The name as written.
        field: String,
        /// A sentence that names what was probably meant.
        near: String,
    },
    /// A field of the wrong kind or with a value it cannot have.
    #[error("{field} takes {wanted}. The metadata file has {found}.")]
    Value {
        /// Name of the field: `year`, or `location.latitude`.
        field: &'static str,
        /// What would do, with an example.
        wanted: &'static str,
        /// What is there: a kind, or the text in quotation marks.
        found: String,
    },
    /// More of something than there may be.
    #[error("{field} has {found} {unit}, more than the {limit} that Soundpost takes.")]
    Long {
        /// Name of the field.
        field: &'static str,
        /// How many there are.
        found: usize,
        /// What is counted: `characters`, `entries`.
        unit: &'static str,
        /// How many there may be.
        limit: usize,
    },
}

impl Metadata {
    /// Reads a metadata file: JSON when it begins with `{`, TOML otherwise. Must be UTF-8; a byte order mark is taken.
    ///
    /// Unknown fields are errors, since a misspelt one would otherwise be lost without a word. A tag list may also be one
    /// string with commas, a year or track a bare number, a truth value the word, as the productions API takes them.
    pub fn parse(bytes: &[u8]) -> Result<Self, MetadataError> {
        if bytes.len() > MAX_BYTES {
            return Err(MetadataError::TooLarge { found: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| MetadataError::NotText)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let fields = if text.trim_start().starts_with('{') { from_json(text)? } else { from_toml(text)? };
        let mut metadata = Self::default();
        for (field, value) in &fields {
            metadata.read_field(field, value)?;
        }
        Ok(metadata)
    }

    /// Takes one field. `null` leaves it as it is.
    fn read_field(&mut self, field: &str, value: &Value) -> Result<(), MetadataError> {
        if value.is_null() && FIELDS.contains(&field) {
            return Ok(());
        }
        match field {
            "title" => self.title = line("title", value)?,
            "artist" => self.artist = line("artist", value)?,
            "album" => self.album = line("album", value)?,
            "track" => self.track = track(value)?,
            "subtitle" => self.subtitle = line("subtitle", value)?,
            "summary" => self.summary = paragraphs("summary", value)?,
            "genre" => self.genre = line("genre", value)?,
            "year" => self.year = year(value)?,
            "publisher" => self.publisher = line("publisher", value)?,
            "url" => self.url = address("url", value)?,
            "license" => self.license = line("license", value)?,
            "license_url" => self.license_url = address("license_url", value)?,
            "tags" => self.tags = tags(value)?,
            "append_chapters" => self.append_chapters = truth("append_chapters", value)?,
            "location" => self.location = Some(location(value)?),
            _ => return Err(unknown(field, &FIELDS)),
        }
        Ok(())
    }
}

/// Every field, in the order of [`Metadata`].
const FIELDS: [&str; 15] = [
    "title",
    "artist",
    "album",
    "track",
    "subtitle",
    "summary",
    "genre",
    "year",
    "publisher",
    "url",
    "license",
    "license_url",
    "tags",
    "append_chapters",
    "location",
];

fn from_json(text: &str) -> Result<Map<String, Value>, MetadataError> {
    serde_json::from_str(text).map_err(|error| MetadataError::Syntax {
        format: "JSON",
        line: error.line(),
        reason: reason(&error),
        way_out: "",
    })
}

/// Reads TOML as the JSON it corresponds to, so that fields are checked in one place.
fn from_toml(text: &str) -> Result<Map<String, Value>, MetadataError> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        MetadataError::Syntax {
            format: "TOML",
            line: 1 + before.matches('\n').count(),
            reason: half_sentence(error.message()),
            way_out: " Text stands in quotation marks: title = \"Salt on the wires\".",
        }
    })?;
    Ok(table.into_iter().map(|(key, value)| (key, json(value))).collect())
}

/// TOML nests no deeper than its parser allows (80 levels), so this recursion ends.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(moment) => moment.to_string().into(),
        toml::Value::Array(list) => list.into_iter().map(json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, json(value))).collect(),
    }
}

/// Text on one line.
fn line(field: &'static str, value: &Value) -> Result<String, MetadataError> {
    const WANTED: &str = "one line of text in quotation marks";
    let text = paragraphs_within(field, value, WANTED, MAX_LINE)?;
    if text.contains(is_break) {
        return Err(wrong(field, WANTED, value));
    }
    Ok(text)
}

/// Text that may have line breaks.
fn paragraphs(field: &'static str, value: &Value) -> Result<String, MetadataError> {
    const WANTED: &str = "text in quotation marks, without control characters";
    let text = paragraphs_within(field, value, WANTED, MAX_SUMMARY)?.replace("\r\n", "\n");
    if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(wrong(field, WANTED, value));
    }
    Ok(text)
}

fn paragraphs_within(
    field: &'static str,
    value: &Value,
    wanted: &'static str,
    limit: usize,
) -> Result<String, MetadataError> {
    let text = value.as_str().ok_or_else(|| wrong(field, wanted, value))?.trim();
    let found = text.chars().count();
    if found > limit {
        return Err(MetadataError::Long { field, found, unit: "characters", limit });
    }
    Ok(text.to_owned())
}

fn address(field: &'static str, value: &Value) -> Result<String, MetadataError> {
    const WANTED: &str = "an address that begins with http:// or https://";
    let text = paragraphs_within(field, value, WANTED, MAX_URL)?;
    if text.is_empty() || is_address(&text) { Ok(text) } else { Err(wrong(field, WANTED, value)) }
}

/// `7` or `7/12`, as text or as a number.
fn track(value: &Value) -> Result<String, MetadataError> {
    const WANTED: &str = "a number, such as 7, or a number of a total, such as 7/12";
    let text = number_or_text("track", value, WANTED)?;
    let counts = |part: &str| (1..=5).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let good = match text.split_once('/') {
        Some((number, total)) => counts(number) && counts(total),
        None => text.is_empty() || counts(&text),
    };
    if good { Ok(text) } else { Err(wrong("track", WANTED, value)) }
}

/// Four digits, as text or as a number.
fn year(value: &Value) -> Result<String, MetadataError> {
    const WANTED: &str = "a year of four digits, such as 2026";
    let text = number_or_text("year", value, WANTED)?;
    let good = text.is_empty() || (text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) && text != "0000");
    if good { Ok(text) } else { Err(wrong("year", WANTED, value)) }
}

fn number_or_text(field: &'static str, value: &Value, wanted: &'static str) -> Result<String, MetadataError> {
    match value {
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) => Ok(text.trim().to_owned()),
        _ => Err(wrong(field, wanted, value)),
    }
}

/// A list of words, or one string with commas between them. Empty entries are left out, and so is a second one of the same.
fn tags(value: &Value) -> Result<Vec<String>, MetadataError> {
    const WANTED: &str = "a list of words, or words with commas between them";
    let mut tags: Vec<String> = Vec::new();
    let mut add = |tag: &str| {
        let tag = tag.trim();
        if !tag.is_empty() && !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
        if tags.len() > MAX_TAGS {
            return Err(MetadataError::Long { field: "tags", found: tags.len(), unit: "entries", limit: MAX_TAGS });
        }
        Ok(())
    };
    match value {
        Value::String(_) => line("tags", value)?.split(',').try_for_each(&mut add)?,
        Value::Array(list) => {
            for entry in list {
                let Value::String(_) = entry else { return Err(wrong("tags", WANTED, entry)) };
                add(&line("tags", entry)?)?;
            }
        }
        _ => return Err(wrong("tags", WANTED, value)),
    }
    Ok(tags)
}

fn truth(field: &'static str, value: &Value) -> Result<bool, MetadataError> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::String(word) if word.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(word) if word.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(wrong(field, "true or false", value)),
    }
}

fn location(value: &Value) -> Result<Location, MetadataError> {
    const WANTED: &str = "an object with latitude and longitude, such as {\"latitude\": 47.07, \"longitude\": 15.44}";
    let object = value.as_object().ok_or_else(|| wrong("location", WANTED, value))?;
    if let Some(stranger) = object.keys().find(|key| !LOCATION_FIELDS.contains(&key.as_str())) {
        return Err(unknown(stranger, &LOCATION_FIELDS));
    }
    let (Some(latitude), Some(longitude)) = (object.get("latitude"), object.get("longitude")) else {
        let found = format!("only {}", object.keys().next().map_or("an empty one", String::as_str));
        return Err(MetadataError::Value { field: "location", wanted: WANTED, found });
    };
    Ok(Location {
        latitude: degrees("location.latitude", latitude, 90.0, "degrees north, from -90 to 90")?,
        longitude: degrees("location.longitude", longitude, 180.0, "degrees east, from -180 to 180")?,
    })
}

const LOCATION_FIELDS: [&str; 2] = ["latitude", "longitude"];

fn degrees(field: &'static str, value: &Value, most: f64, wanted: &'static str) -> Result<f64, MetadataError> {
    let degrees = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    degrees.filter(|degrees| (-most..=most).contains(degrees)).ok_or_else(|| wrong(field, wanted, value))
}

fn wrong(field: &'static str, wanted: &'static str, value: &Value) -> MetadataError {
    let found = match value {
        Value::String(text) => format!("“{}”", excerpt(text)),
        Value::Number(number) => excerpt(&number.to_string()),
        other => kind(other).to_owned(),
    };
    MetadataError::Value { field, wanted, found }
}

fn unknown(field: &str, known: &[&str]) -> MetadataError {
    // Beyond a short word nothing can be near, and distance is quadratic: only its beginning is compared.
    let written: String = field.chars().take(32).flat_map(char::to_lowercase).collect();
    let near = known.iter().map(|name| (distance(&written, name), name)).min();
    let near = match near {
        Some((steps, name)) if steps <= name.len().div_ceil(3) => format!("Perhaps {name} is meant."),
        _ => format!("It knows {}.", known.join(", ")),
    };
    MetadataError::Unknown { field: excerpt(field), near }
}

/// How many letters have to be added, dropped or changed to make one word the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&to) {
            let above = *cell;
            left = (diagonal + usize::from(letter != *other)).min(above + 1).min(left + 1);
            diagonal = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
