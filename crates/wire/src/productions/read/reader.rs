//! One reader for bodies and forms: it is given fields one by one, and says at the end what was meant.

use model::ServiceId;
use model::production::Input;
use serde_json::Value;

use super::{Action, At, FormErrors, Request, chapters, metadata, outputs, scalar, services};
use crate::productions::algorithms::{self, Outcome, asks, not_yet};
use crate::productions::form_errors::{excerpt, meant};
use crate::productions::formats::Offer;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Production,
    Preset,
}

/// Fields of the outermost object.
const FIELDS: [&str; 19] = [
    "preset",
    "preset_name",
    "metadata",
    "output_basename",
    "chapters",
    "input_file",
    "service",
    "image",
    "output_files",
    "algorithms",
    "outgoing_services",
    "webhook",
    "review_before_publishing",
    "action",
    "reset_data",
    "multi_input_files",
    "is_multitrack",
    "speech_recognition",
    "cuts",
];

/// Reads fields.
pub(super) struct Reader {
    kind: Kind,
    offer: Offer,
    errors: FormErrors,
    request: Request,
    input_file: Option<String>,
    service: Option<ServiceId>,
}

impl Reader {
    pub(super) fn new(kind: Kind, offer: Offer) -> Self {
        Self {
            kind,
            offer,
            errors: FormErrors::default(),
            request: Request::default(),
            input_file: None,
            service: None,
        }
    }

    /// A field of a body's outermost object. Unknown ones are passed over, as the published API does, unless they look
    /// like one with a slip in it.
    pub(super) fn field(&mut self, name: &str, value: &Value) {
        match name {
            "metadata" => self.metadata(value),
            "algorithms" => self.algorithms(value),
            _ if self.top(name, value) => {}
            _ => self.slip(name, FIELDS.into_iter()),
        }
    }

    /// A field of a form, where metadata and algorithms stand beside the rest.
    pub(super) fn form_field(&mut self, name: &str, value: &Value) {
        if matches!(name, "metadata" | "algorithms") {
            let what = format!("{name} is for JSON bodies. In a form each of its fields stands by itself.");
            self.errors.add(name, what);
            return;
        }
        let mut at = At::new(&mut self.errors, name, name);
        if metadata::field(&mut at, name, value, &mut self.request.edit.metadata) || self.top(name, value) {
            return;
        }
        let mut at = At::new(&mut self.errors, name, name);
        match algorithms::read(&mut at, name, value, &mut self.request.edit.algorithms) {
            Outcome::Read => {}
            Outcome::Elsewhere => self.elsewhere(name, value),
            Outcome::Unknown => {
                let known = FIELDS.into_iter().chain(metadata::FIELDS).chain(algorithms::names());
                self.slip(name, known);
            }
        }
    }

    /// Adds what was found outside, such as an upload that came to nothing.
    pub(super) fn wrong(&mut self, field: &str, what: impl Into<String>) {
        self.errors.add(field, what);
    }

    /// What was meant, or everything that is wrong.
    pub(super) fn finish(mut self) -> Result<Request, FormErrors> {
        self.request.edit.input = self.input();
        self.request.service = self.service.filter(|_| self.request.edit.input.is_none());
        if self.errors.is_empty() { Ok(self.request) } else { Err(self.errors) }
    }

    fn top(&mut self, name: &str, value: &Value) -> bool {
        let Self { errors, request, .. } = self;
        let mut at = At::new(errors, name, name);
        let edit = &mut request.edit;
        match name {
            "preset" => request.preset = scalar::line(&mut at, value).filter(|name| !name.is_empty()),
            "preset_name" => request.preset_name = preset_name(&mut at, value, self.kind),
            "output_basename" => edit.output_basename = scalar::file_name(&mut at, value),
            "chapters" => edit.chapters = chapters::read(&mut at, value),
            "input_file" => self.input_file = input_file(&mut at, value, self.kind),
            "service" if !asks(value) => {}
            "service" => self.service = services::one(&mut at, value),
            "image" => {
                edit.cover = scalar::address(&mut at, value).filter(|url| !url.is_empty()).map(Input::Address);
            }
            "output_files" => edit.outputs = outputs::list(&mut at, value, self.offer),
            "outgoing_services" => edit.services = services::list(&mut at, value),
            "webhook" => edit.webhook = scalar::address(&mut at, value),
            "review_before_publishing" => edit.review_before_publishing = scalar::truth(&mut at, value),
            "action" => request.action = action(&mut at, value),
            "reset_data" => edit.reset = scalar::truth(&mut at, value).unwrap_or_default(),
            "multi_input_files" => match value {
                Value::Null => {}
                Value::Array(list) if list.is_empty() => {}
                _ => at.say(NO_MULTITRACK),
            },
            "is_multitrack" => {
                if scalar::truth(&mut at, value) == Some(true) {
                    at.say(NO_MULTITRACK);
                }
            }
            "speech_recognition" | "cuts" | "cut_start" | "cut_end" => self.elsewhere(name, value),
            _ => return false,
        }
        true
    }

    fn metadata(&mut self, value: &Value) {
        const FIELD: &str = "metadata";
        match value {
            Value::Null => {}
            Value::Object(fields) => {
                for (name, value) in fields {
                    let mut at = At::new(&mut self.errors, FIELD, name.as_str());
                    if !metadata::field(&mut at, name, value, &mut self.request.edit.metadata)
                        && let Some(near) = meant(name, metadata::FIELDS)
                    {
                        let name = excerpt(name);
                        self.errors.add(FIELD, format!("“{name}” is not a field of metadata; “{near}” is."));
                    }
                }
            }
            other => At::new(&mut self.errors, FIELD, FIELD).wants("an object", other),
        }
    }

    fn algorithms(&mut self, value: &Value) {
        const FIELD: &str = "algorithms";
        match value {
            Value::Null => {}
            Value::Object(fields) => {
                for (name, value) in fields {
                    let mut at = At::new(&mut self.errors, FIELD, name.as_str());
                    match algorithms::read(&mut at, name, value, &mut self.request.edit.algorithms) {
                        Outcome::Read => {}
                        Outcome::Elsewhere => self.elsewhere(name, value),
                        Outcome::Unknown => self.errors.add(FIELD, algorithms::unknown(name)),
                    }
                }
            }
            other => At::new(&mut self.errors, FIELD, FIELD).wants("an object", other),
        }
    }

    /// Notes something that the published API has and this program does not, if anything is asked of it.
    fn elsewhere(&mut self, name: &str, value: &Value) {
        if asks(value) {
            self.request.warnings.push(not_yet(name));
        }
    }

    fn slip<'n>(&mut self, name: &str, known: impl Iterator<Item = &'n str>) {
        if let Some(near) = meant(name, known) {
            let name = excerpt(name);
            self.errors.add(&name, format!("“{name}” is not known; “{near}” is."));
        }
    }

    /// The recording: an address by itself, or a name together with the store on which it lies.
    fn input(&mut self) -> Option<Input> {
        let name = self.input_file.take()?;
        match self.service {
            Some(service) => Some(Input::OnService { service, name }),
            None if scalar::is_address(&name) => Some(Input::Address(name)),
            None => {
                let found = Value::String(name);
                let wanted =
                    "an http or https address, an uploaded file, or the name of a file together with its service";
                At::new(&mut self.errors, "input_file", "input_file").wants(wanted, &found);
                None
            }
        }
    }
}

const NO_MULTITRACK: &str =
    "asks for a multitrack production, which is not built yet. Mix the tracks first, and send one input_file.";

fn preset_name(at: &mut At<'_>, value: &Value, kind: Kind) -> Option<String> {
    // A production shows no such field; a client that sends one made it up, and the published API does not mind.
    if kind == Kind::Production {
        return None;
    }
    let name = scalar::line(at, value)?;
    if name.is_empty() {
        at.say("is empty. It says what people call the preset.");
        return None;
    }
    Some(name)
}

fn input_file(at: &mut At<'_>, value: &Value, kind: Kind) -> Option<String> {
    let name = scalar::text(at, value, crate::productions::limits::MAX_ADDRESS)?;
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    if kind == Kind::Preset {
        at.say("belongs to a production. A preset has none.");
        return None;
    }
    if name.chars().any(char::is_control) {
        at.wants("text without control characters", value);
        return None;
    }
    Some(name.to_owned())
}

fn action(at: &mut At<'_>, value: &Value) -> Action {
    match value {
        Value::Null => Action::Save,
        Value::String(text) if text.trim().eq_ignore_ascii_case("start") => Action::Start,
        Value::String(text) if text.trim().is_empty() || text.trim().eq_ignore_ascii_case("save") => Action::Save,
        other => {
            at.wants("start or save", other);
            Action::Save
        }
    }
}
