//! Requests read: a body or a form becomes what was meant, or everything that is wrong with it.

mod chapters;
mod fields;
mod form;
mod metadata;
mod outputs;
mod reader;
pub(super) mod scalar;
mod services;

use model::ServiceId;
use model::production::Edit;
use serde_json::Value;

use super::form_errors::{At, FormErrors, named};
use super::formats::Offer;
pub(in crate::productions) use fields::Fields;
use reader::{Kind, Reader};

pub use form::Form;

/// What was meant by a request that makes or changes a production or a preset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// What is to change.
    pub edit: Edit,
    /// The preset to begin with, by its uuid or its name; for productions only.
    pub preset: Option<String>,
    /// The name of a preset; for presets only.
    pub preset_name: Option<String>,
    /// The store on which the recording lies, where only the store was said.
    pub service: Option<ServiceId>,
    /// What to do once it is saved.
    pub action: Action,
    /// What the API knows and this program does not make, in sentences for the reply.
    pub warnings: Vec<String>,
}

/// What to do with a production once it is saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// Nothing more.
    #[default]
    Save,
    /// Start it.
    Start,
}

/// Reads the body of a request that makes or changes a production. An empty body says nothing, and changes nothing.
pub fn production(body: &[u8], offer: Offer) -> Result<Request, FormErrors> {
    read(body, Reader::new(Kind::Production, offer))
}

/// Reads the body of a request that makes or changes a preset.
pub fn preset(body: &[u8], offer: Offer) -> Result<Request, FormErrors> {
    read(body, Reader::new(Kind::Preset, offer))
}

/// Reads the body of a request about a preset's webhook; `None` where it names none, which is all of them when one is
/// taken away.
pub fn webhook(body: &[u8]) -> Result<Option<String>, FormErrors> {
    const FIELD: &str = "webhook";
    let fields = Fields::parse(body)?;
    let mut errors = FormErrors::default();
    let value = fields.0.iter().find(|(name, _)| name == FIELD).map_or(&Value::Null, |(_, value)| value);
    let address = match value {
        Value::Null => None,
        value => scalar::address(&mut At::new(&mut errors, FIELD, FIELD), value),
    };
    if errors.is_empty() { Ok(address.filter(|address| !address.is_empty())) } else { Err(errors) }
}

fn read(body: &[u8], mut reader: Reader) -> Result<Request, FormErrors> {
    for (name, value) in Fields::parse(body)?.0 {
        reader.field(&name, &value);
    }
    reader.finish()
}
