//! The simple API's form: text fields as they come, in any order. Files go elsewhere; only their contents as text come here.

use serde_json::Value;

use super::reader::{Kind, Reader};
use super::{FormErrors, Request};
use crate::productions::form_errors::excerpt;
use crate::productions::formats::Offer;
use crate::productions::limits::MAX_FORM_FIELDS;

/// A form being received.
pub struct Form {
    reader: Reader,
    seen: Vec<String>,
    is_full: bool,
}

impl Form {
    /// A form of which nothing has come yet.
    pub fn new(offer: Offer) -> Self {
        Self { reader: Reader::new(Kind::Production, offer), seen: Vec::new(), is_full: false }
    }

    /// A text field.
    pub fn text(&mut self, name: &str, value: &str) {
        if self.takes(name) {
            self.reader.form_field(name, &Value::from(value));
        }
    }

    /// A file that came under this name and was taken care of; false where one came before, which is an error then.
    pub fn file(&mut self, name: &str) -> bool {
        self.takes(name)
    }

    /// Something else that is wrong with a field.
    pub fn wrong(&mut self, field: &str, what: impl Into<String>) {
        self.reader.wrong(field, what);
    }

    /// What was meant, or everything that is wrong.
    pub fn finish(self) -> Result<Request, FormErrors> {
        self.reader.finish()
    }

    /// Whether a field of that name has not come before, and there is room for one more.
    fn takes(&mut self, name: &str) -> bool {
        if self.seen.len() == MAX_FORM_FIELDS {
            if !self.is_full {
                self.is_full = true;
                self.reader
                    .wrong("body", format!("The form has more than the {MAX_FORM_FIELDS} fields that are read."));
            }
            return false;
        }
        if self.seen.iter().any(|seen| seen == name) {
            let name = excerpt(name);
            self.reader.wrong(&name, format!("{name} is given twice. Give it once."));
            return false;
        }
        self.seen.push(name.to_owned());
        true
    }
}
