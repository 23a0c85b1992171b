//! The outermost object of a body, field by field and in order, so that one said twice is noticed.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::FormErrors;
use super::named;
use crate::productions::form_errors::excerpt;
use crate::productions::limits::{MAX_BODY_BYTES, MAX_FORM_FIELDS};

/// Names and values.
pub(in crate::productions) struct Fields(pub(in crate::productions) Vec<(String, Value)>);

impl Fields {
    /// Reads a body. What is not a JSON object is said under the name `body`.
    pub(in crate::productions) fn parse(body: &[u8]) -> Result<Self, FormErrors> {
        let wrong = |what: String| FormErrors::of("body", what);
        if body.len() > MAX_BODY_BYTES {
            let found = body.len();
            return Err(wrong(format!("The body has {found} bytes, more than the {MAX_BODY_BYTES} that are read.")));
        }
        let text = std::str::from_utf8(body).map_err(|_| wrong("The body is not UTF-8 text.".to_owned()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim().is_empty() {
            return Ok(Self(Vec::new()));
        }
        let error = match serde_json::from_str::<Self>(text) {
            Ok(fields) => return fields.checked(),
            Err(error) => error,
        };
        // Something else than an object is well-formed all the same, and is named for what it is.
        if let Ok(other) = serde_json::from_str::<Value>(text)
            && !other.is_object()
        {
            return Err(wrong(format!("The body takes a JSON object, not {}.", named(&other))));
        }
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        let (line, column) = (error.line(), error.column());
        Err(wrong(format!("The body is not well-formed JSON: line {line}, column {column}: {reason}.")))
    }

    fn checked(self) -> Result<Self, FormErrors> {
        let mut errors = FormErrors::default();
        if self.0.len() > MAX_FORM_FIELDS {
            let found = self.0.len();
            errors.add("body", format!("The body has {found} fields, more than the {MAX_FORM_FIELDS} that are read."));
            return Err(errors);
        }
        for (at, (name, _)) in self.0.iter().enumerate() {
            if self.0.iter().take(at).any(|(before, _)| before == name) {
                let name = excerpt(name);
                errors.add(&name, format!("{name} is given twice. Give it once."));
            }
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}
