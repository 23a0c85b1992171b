//! What is said about a production in words, field by field. In a body the fields stand in `metadata`, in a form by themselves.

use model::Location;
use model::production::MetadataEdit;
use serde_json::Value;

use super::{At, scalar};
use crate::productions::limits::{MAX_LINE, MAX_SUMMARY, MAX_TAGS};

/// Every field.
pub(super) const FIELDS: [&str; 15] = [
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

/// Reads one field into an edit; false where there is none of that name.
pub(super) fn field(at: &mut At<'_>, name: &str, value: &Value, edit: &mut MetadataEdit) -> bool {
    if value.is_null() {
        return FIELDS.contains(&name);
    }
    match name {
        "title" => edit.title = scalar::line(at, value),
        "artist" => edit.artist = scalar::line(at, value),
        "album" => edit.album = scalar::line(at, value),
        "track" => edit.track = scalar::line(at, value),
        "subtitle" => edit.subtitle = scalar::line(at, value),
        "summary" => edit.summary = paragraphs(at, value),
        "genre" => edit.genre = scalar::line(at, value),
        "year" => edit.year = year(at, value),
        "publisher" => edit.publisher = scalar::line(at, value),
        "url" => edit.url = scalar::address(at, value),
        "license" => edit.license = scalar::line(at, value),
        "license_url" => edit.license_url = scalar::address(at, value),
        "tags" => edit.tags = tags(at, value),
        "append_chapters" => edit.append_chapters = scalar::truth(at, value),
        "location" => edit.location = location(at, value),
        _ => return false,
    }
    true
}

fn paragraphs(at: &mut At<'_>, value: &Value) -> Option<String> {
    let text = scalar::text(at, value, MAX_SUMMARY)?;
    let text = text.replace("\r\n", "\n");
    Some(text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c }).collect())
}

fn year(at: &mut At<'_>, value: &Value) -> Option<String> {
    let text = scalar::line(at, value)?;
    if text.is_empty() || (text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some(text);
    }
    at.wants("four digits, such as 2026", value);
    None
}

/// A list of texts, or one text with commas.
fn tags(at: &mut At<'_>, value: &Value) -> Option<Vec<String>> {
    let tags: Vec<String> = match value {
        Value::String(text) => text.split(',').map(scalar::one_line).collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .filter_map(|(n, tag)| scalar::line(&mut at.within(format!("Tag {}", n + 1)), tag))
            .collect(),
        _ => {
            at.wants("a list of texts, or one text with commas", value);
            return None;
        }
    };
    let tags: Vec<String> = tags.into_iter().filter(|tag| !tag.is_empty()).collect();
    if tags.len() > MAX_TAGS {
        at.say(format_args!("has {} entries, more than the {MAX_TAGS} that are taken.", tags.len()));
        return None;
    }
    if tags.iter().any(|tag| tag.chars().count() > MAX_LINE) {
        at.say(format_args!("has an entry of more than {MAX_LINE} characters."));
        return None;
    }
    Some(tags)
}

/// `{"latitude": …, "longitude": …}`, each a number or text; both empty take the place away.
#[expect(clippy::option_option, reason = "an edit tells nothing said from nothing wanted")]
fn location(at: &mut At<'_>, value: &Value) -> Option<Option<Location>> {
    let Value::Object(place) = value else {
        at.wants("an object with latitude and longitude", value);
        return None;
    };
    let mut degrees = |name: &str, limit: f64| {
        let mut at = at.within(format!("location.{name}"));
        let value = place.get(name).unwrap_or(&Value::Null);
        let number = scalar::number(&mut at, value)?;
        if number.abs() > limit {
            at.wants(format_args!("degrees from −{limit} to {limit}"), value);
            return None;
        }
        Some(number)
    };
    let (latitude, longitude) = (degrees("latitude", 90.0), degrees("longitude", 180.0));
    let is_said = |name: &str| {
        place
            .get(name)
            .is_some_and(|value| !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty()))
    };
    match (latitude, longitude) {
        (Some(latitude), Some(longitude)) => Some(Some(Location { latitude, longitude })),
        (None, None) if !is_said("latitude") && !is_said("longitude") => Some(None),
        _ => {
            if is_said("latitude") != is_said("longitude") {
                at.say("takes latitude and longitude together. One of them is missing.");
            }
            None
        }
    }
}
