//! References to services: a list of uuids, of objects with one, or text with commas.

use model::ServiceId;
use serde_json::Value;

use super::At;
use crate::productions::limits::MAX_SERVICES;

/// Reads a list of services.
pub(super) fn list(at: &mut At<'_>, value: &Value) -> Vec<ServiceId> {
    let entries: Vec<Value> = match value {
        Value::Null => return Vec::new(),
        Value::Array(list) => list.clone(),
        Value::String(text) => {
            text.split(',').map(str::trim).filter(|uuid| !uuid.is_empty()).map(Value::from).collect()
        }
        Value::Object(_) => vec![value.clone()],
        other => {
            at.wants("a list of services", other);
            return Vec::new();
        }
    };
    if entries.len() > MAX_SERVICES {
        at.say(format_args!("has {} entries, more than the {MAX_SERVICES} that are taken.", entries.len()));
        return Vec::new();
    }
    entries.iter().filter_map(|entry| one(at, entry.get("uuid").unwrap_or(entry))).collect()
}

/// Reads one service by its uuid.
pub(super) fn one(at: &mut At<'_>, value: &Value) -> Option<ServiceId> {
    let id = value.as_str().and_then(|uuid| uuid.trim().parse().ok());
    if id.is_none() && !value.is_null() {
        at.wants("the uuid of a service, 22 letters and digits", value);
    }
    id
}
