//! The list of one's productions, and the door through which a recording comes in. Filters and folders come with the portal.

use askama::Template;
use model::production::Production;

use super::form::Errors;
use super::frame::Frame;
use super::production::view::title;
use super::state::{Told, told};
use super::waveform::{Shape, Width, svg};
use super::words::{clock, date, size, stamp};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "productions.html")]
pub(crate) struct List {
    frame: Frame,
    errors: Errors,
    token: String,
    presets: Vec<Choice>,
    services: Vec<Choice>,
    most: String,
    rows: Vec<Row>,
    count: String,
    flat: String,
    older: Option<String>,
    note: Option<&'static str>,
    limit: u64,
}

/// Something to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What the form sends.
    pub(crate) value: String,
    /// What is shown.
    pub(crate) text: String,
    /// Whether it is chosen already.
    pub(crate) chosen: bool,
}

/// What the page is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown<'a> {
    /// Productions, newest first.
    pub(crate) productions: &'a [Production],
    /// How many there are in all.
    pub(crate) total: u64,
    /// The address of the page after this one.
    pub(crate) older: Option<String>,
    /// Presets to begin with.
    pub(crate) presets: Vec<Choice>,
    /// Where it can go.
    pub(crate) services: Vec<Choice>,
    /// Bytes that a recording may have.
    pub(crate) upload_limit: u64,
    /// What was wrong with what was sent.
    pub(crate) errors: Errors,
    /// What was done just before.
    pub(crate) note: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Row {
    told: Told,
    uuid: String,
    title: String,
    length: String,
    /// For people, and for programs.
    changed: (String, String),
}

impl List {
    /// Puts the page together. `frame` needs its user and host only.
    pub(crate) fn new(frame: Frame, shown: Shown<'_>) -> Self {
        let token = frame.user.as_ref().map_or_else(String::new, |user| user.token.clone());
        Self {
            frame: Frame { title: "Productions".to_owned(), at_list: true, ..frame },
            errors: shown.errors,
            token,
            presets: shown.presets,
            services: shown.services,
            most: size(shown.upload_limit),
            rows: shown.productions.iter().map(row).collect(),
            count: shown.total.to_string(),
            flat: svg(Shape::Flat, Width::Narrow, 44, "always"),
            older: shown.older,
            note: shown.note,
            limit: shown.upload_limit,
        }
    }
}

fn row(production: &Production) -> Row {
    Row {
        told: told(&production.state, production.draft.input.is_some()),
        uuid: production.id.to_string(),
        title: title(production),
        length: production.state.made().map_or_else(String::new, |made| clock(made.length_ms)),
        changed: (date(production.changed), stamp(production.changed)),
    }
}
