//! The social surface of 2009: representations in JSON with underscores, and in XML with dashes and types.
//!
//! A representation is one list of named values, written either way, so that the two cannot drift.

mod person;
mod xml;

use serde_json::{Map, Value};

pub use person::{Addresses, person};

/// Something of this surface, named as XML names it, with its values in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Representation {
    name: &'static str,
    values: Map<String, Value>,
}

/// How somebody wants to have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON, which is what is sent when nobody says.
    Json,
    /// XML.
    Xml,
}

impl Form {
    /// Reads the ending of a path, or else the `Accept` header. The first of the two media types that is named counts.
    pub fn of(ending: Option<&str>, accept: Option<&str>) -> Self {
        match ending {
            Some("xml") => return Self::Xml,
            Some(_) => return Self::Json,
            None => {}
        }
        let mut types =
            accept.unwrap_or_default().split(',').map(|each| each.split(';').next().unwrap_or_default().trim());
        let first = types.find_map(|each| match each {
            "application/json" => Some(Self::Json),
            "application/xml" | "text/xml" => Some(Self::Xml),
            _ => None,
        });
        first.unwrap_or(Self::Json)
    }

    /// The media type of what is sent.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Xml => "application/xml; charset=utf-8",
        }
    }
}

impl Representation {
    /// Its text.
    pub fn write(&self, form: Form) -> String {
        match form {
            Form::Json => Value::Object(self.values.clone()).to_string(),
            Form::Xml => xml::document(self.name, &self.values),
        }
    }
}

/// What went wrong, as this surface says it.
pub fn errors(message: &str, form: Form) -> String {
    match form {
        Form::Json => serde_json::json!({ "errors": [{ "error_message": message }] }).to_string(),
        Form::Xml => xml::errors(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_counts_before_the_header() {
        for (ending, accept, expected) in [
            (None, None, Form::Json),
            (None, Some("*/*"), Form::Json),
            (None, Some("text/html, application/xml;q=0.9, application/json"), Form::Xml),
            (None, Some("application/json, application/xml"), Form::Json),
            (Some("xml"), Some("application/json"), Form::Xml),
            (Some("json"), Some("application/xml"), Form::Json),
        ] {
            assert_eq!(Form::of(ending, accept), expected, "{ending:?} {accept:?}");
        }
    }

    #[test]
    fn errors_are_said_either_way() {
        let message = "401 <not> & nobody";
        assert_eq!(errors(message, Form::Json), r#"{"errors":[{"error_message":"401 <not> & nobody"}]}"#);
        let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<errors>\n  <error>401 &lt;not&gt; &amp; nobody</error>\n</errors>\n";
        assert_eq!(errors(message, Form::Xml), xml);
    }
}
