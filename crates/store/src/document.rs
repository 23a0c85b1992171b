//! Nouns as JSON documents: what is read and written whole and never searched.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::StoreError;
use crate::error::corrupt;

/// A noun as a document.
pub(crate) fn write(noun: &impl Serialize) -> Result<Value, StoreError> {
    let document = serde_json::to_value(noun).map_err(|why| StoreError::Database(why.to_string()))?;
    keepable(&document)?;
    Ok(document)
}

/// A document as the noun that it was.
pub(crate) fn read<T: DeserializeOwned>(table: &'static str, id: &str, document: Value) -> Result<T, StoreError> {
    serde_json::from_value(document).map_err(|why| corrupt(table, id, why))
}

/// PostgreSQL keeps no U+0000 in text, so nobody does: otherwise what works on one database would not on the other.
pub(crate) fn keepable(document: &Value) -> Result<(), StoreError> {
    match document {
        Value::String(text) => plain(text),
        Value::Array(items) => items.iter().try_for_each(keepable),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| plain(name).and_then(|()| keepable(value))),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// The same for one text.
pub(crate) fn plain(text: &str) -> Result<(), StoreError> {
    if text.contains('\0') { Err(StoreError::Unkeepable) } else { Ok(()) }
}
