//! Files to make: a list of objects, or of formats' names.

use model::production::OutputOrder;
use serde_json::{Map, Value};

use super::{At, scalar, services};
use crate::productions::form_errors::{excerpt, meant};
use crate::productions::formats::{ALIASES, Built, FORMATS, Format, Offer, Rates};
use crate::productions::limits::MAX_OUTPUTS;

/// Reads the files to make.
pub(super) fn list(at: &mut At<'_>, value: &Value, offer: Offer) -> Vec<OutputOrder> {
    let entries: Vec<Value> = match value {
        Value::Null => return Vec::new(),
        Value::Array(list) => list.clone(),
        Value::String(names) => {
            names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Value::from).collect()
        }
        other => {
            at.wants("a list of files to make, each an object with a format", other);
            return Vec::new();
        }
    };
    if entries.len() > MAX_OUTPUTS {
        at.say(format_args!("has {} entries, more than the {MAX_OUTPUTS} that are taken.", entries.len()));
        return Vec::new();
    }
    entries.iter().enumerate().filter_map(|(n, entry)| order(at, n + 1, entry, offer)).collect()
}

fn order(at: &mut At<'_>, number: usize, entry: &Value, offer: Offer) -> Option<OutputOrder> {
    let nothing = Map::new();
    let (name, entry) = match entry {
        Value::Object(object) => (object.get("format").unwrap_or(&Value::Null), object),
        Value::String(_) => (entry, &nothing),
        other => {
            at.within(format!("Entry {number}")).wants("an object with a format", other);
            return None;
        }
    };
    let label = |name: &str| format!("Entry {number}: {name}");
    let get = |name: &str| entry.get(name).unwrap_or(&Value::Null);
    let theirs = name.as_str().map(str::trim).unwrap_or_default().to_owned();
    let alias = ALIASES.iter().find(|(alias, ..)| *alias == theirs);
    let format =
        format(&mut at.within(label("format")), name, alias.map_or(theirs.as_str(), |(_, ours, _)| ours), offer);
    // Everything else is looked at even when the format is unknown, so that all of it is said at once.
    let filename = scalar::file_name(&mut at.within(label("filename")), get("filename"));
    let suffix = scalar::file_name(&mut at.within(label("suffix")), get("suffix"));
    let mono = scalar::truth(&mut at.within(label("mono_mixdown")), get("mono_mixdown"));
    let split = scalar::truth(&mut at.within(label("split_on_chapters")), get("split_on_chapters"));
    let services = services::list(&mut at.within(label("outgoing_services")), get("outgoing_services"));
    let format = format?;
    let endings = alias.map_or(&[][..], |(.., endings)| endings);
    Some(OutputOrder {
        format: format.name.to_owned(),
        ending: ending(&mut at.within(label("ending")), get("ending"), format, endings)?,
        bitrate: bitrate(&mut at.within(label("bitrate")), get("bitrate"), format),
        filename: filename.unwrap_or_default(),
        suffix: suffix.unwrap_or_default(),
        mono_mixdown: mono.unwrap_or_default(),
        split_on_chapters: split.unwrap_or_default(),
        services,
    })
}

fn format(at: &mut At<'_>, value: &Value, name: &str, offer: Offer) -> Option<&'static Format> {
    if value.is_null() {
        at.say("is missing. It says which file to make, such as mp3.");
        return None;
    }
    let Some(format) = Format::find(name) else {
        let known: Vec<&str> =
            FORMATS.iter().filter(|format| format.is_offered(offer)).map(|format| format.name).collect();
        match meant(name, known.iter().copied()) {
            Some(near) => at.say(format_args!("“{}” is not known; “{near}” is.", excerpt(name))),
            None => at.wants(format_args!("one of {}", known.join(", ")), value),
        }
        return None;
    };
    if format.built == Built::WithAac && !offer.aac {
        at.say("“aac” cannot be made: this Soundpost was built without an AAC encoder. Ask for mp3 or opus.");
        return None;
    }
    Some(format)
}

/// The ending, empty for the usual one. `None` is an error that was said.
fn ending(at: &mut At<'_>, value: &Value, format: &Format, theirs: &[(&str, &str)]) -> Option<String> {
    let said = match value {
        Value::Null => "",
        Value::String(text) => text.trim().trim_start_matches('.'),
        other => {
            at.wants("text", other);
            return None;
        }
    };
    if said.is_empty() {
        return Some(theirs.first().map_or("", |(_, ours)| ours).to_owned());
    }
    if let Some((_, ours)) = theirs.iter().find(|(ending, _)| ending.eq_ignore_ascii_case(said)) {
        return Some((*ours).to_owned());
    }
    if let Some(ours) = format.endings.iter().find(|ending| ending.eq_ignore_ascii_case(said)) {
        return Some((*ours).to_owned());
    }
    let or = if format.endings.len() == 1 { "only " } else { "one of " };
    at.wants(format_args!("{or}{} for {}", format.endings.join(", "), format.name), value);
    None
}

fn bitrate(at: &mut At<'_>, value: &Value, format: &Format) -> Option<u32> {
    if format.rates == Rates::None {
        return None;
    }
    let asked = scalar::number(at, value)?;
    let whole = (asked.fract() == 0.0 && (1.0..=10_000.0).contains(&asked)).then_some(asked as u32);
    match (&format.rates, whole) {
        // Older clients send 0 for "the usual".
        _ if asked == 0.0 => None,
        (Rates::Steps(steps, _), Some(rate)) if steps.contains(&rate) => Some(rate),
        (Rates::Range { taken, made, .. }, Some(rate)) if taken.contains(&rate) => {
            Some(rate.clamp(*made.start(), *made.end()))
        }
        (Rates::Steps(steps, _), _) => {
            let steps: Vec<String> = steps.iter().map(u32::to_string).collect();
            at.wants(format_args!("one of {} kbit/s for {}", steps.join(", "), format.name), value);
            None
        }
        (Rates::Range { made, .. }, _) => {
            at.wants(format_args!("{} to {} kbit/s for {}", made.start(), made.end(), format.name), value);
            None
        }
        (Rates::None, _) => None,
    }
}
