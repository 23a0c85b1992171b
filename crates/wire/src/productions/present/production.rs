//! A production as clients see it.

use model::ShownService;
use model::chapters::write_time;
use model::production::{Input, Made, State};
use serde::Serialize;
use serde_json::{Number, Value};
use utoipa::ToSchema;

use super::draft::{Algorithms, Chapter, Metadata, OutgoingService, OutputFile};
use super::text::plain;
use super::{Addresses, statistics, timestamp};
use crate::productions::algorithms::unbuilt;
use crate::productions::status;

/// A production with everything that is known about it.
#[expect(clippy::struct_excessive_bools, reason = "the keys are those of the published API")]
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Production {
    /// Its uuid.
    #[schema(example = "deigtvDv8jH6NaK52Z5eXH")]
    pub uuid: String,
    /// How far it is, as a number: see `info/production_status.json`.
    #[schema(example = 3)]
    pub status: u8,
    /// How far it is, in words.
    #[schema(example = "Done")]
    pub status_string: String,
    /// Why it did not work; empty when it did.
    pub error_message: String,
    /// What was being done when it failed, in the words of a status.
    pub error_status: Option<String>,
    /// What its owner should know; empty when there is nothing.
    pub warning_message: String,
    /// What was being done when there was something to know.
    pub warning_status: Option<String>,
    /// Length of the result in seconds; 0 until there is one.
    #[schema(value_type = f64, example = 20.009)]
    pub length: Number,
    /// The length as a clock shows it.
    #[schema(example = "00:00:20.009")]
    pub length_timestring: String,
    /// Kilobits per second of the recording; 0 where it cannot be told.
    #[schema(value_type = f64, example = 191.987)]
    pub bitrate: Number,
    /// Channels of the result.
    pub channels: u32,
    /// Frames per second of the result.
    #[schema(example = 48_000)]
    pub samplerate: u32,
    /// Format of the recording.
    #[schema(example = "wav")]
    pub format: String,
    /// Always false: pictures that move are not kept.
    pub has_video: bool,
    /// The recording: its name, or its address. Empty where there is none yet.
    pub input_file: String,
    /// What the names of its files begin with.
    pub output_basename: String,
    /// The preset that it began with.
    pub preset: Option<String>,
    /// The service on which the recording lies.
    pub service: Option<String>,
    /// Whether it may be changed now.
    pub change_allowed: bool,
    /// Whether it may be started now.
    pub start_allowed: bool,
    /// Whether it is made and waits for its owner to publish it.
    pub in_review: bool,
    /// Whether it is to wait.
    pub review_before_publishing: bool,
    /// Always false: several tracks are not mixed yet.
    pub is_multitrack: bool,
    /// Seconds cut from the beginning; always 0.
    #[schema(value_type = f64)]
    pub cut_start: Number,
    /// Seconds cut from the end; always 0.
    #[schema(value_type = f64)]
    pub cut_end: Number,
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    pub cuts: Vec<Value>,
    /// When it was made.
    #[schema(example = "2026-04-12T01:41:00.795Z")]
    pub creation_time: String,
    /// When it was last changed.
    pub change_time: String,
    /// Where its cover picture is.
    pub image: Option<String>,
    /// The same picture, for small places.
    pub thumbnail: Option<String>,
    /// The address that hears of it.
    pub webhook: Option<String>,
    /// Chapter marks.
    pub chapters: Vec<Chapter>,
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    pub multi_input_files: Vec<Value>,
    /// Where it is published.
    pub outgoing_services: Vec<OutgoingService>,
    /// The files that are wanted, and where they are once they are made.
    pub output_files: Vec<OutputFile>,
    /// How it is to sound.
    pub algorithms: Algorithms,
    /// What is said about it in words.
    pub metadata: Metadata,
    /// Always null.
    #[schema(value_type = Option<Object>)]
    pub speech_recognition: Option<Value>,
    /// What was measured: `format`, `levels`, `music_speech`, `noise_hum_reduction`. Each level is a number with its unit.
    #[schema(value_type = Object)]
    pub statistics: Value,
    /// The page on which it is changed.
    pub edit_page: String,
    /// The page that shows it.
    pub status_page: String,
    /// A picture of its waveform, once it is made.
    pub waveform_image: Option<String>,
}

impl Production {
    /// Shows a production. `warnings` are about this one request, beside those that belong to the production.
    pub fn of(production: &model::Production, warnings: &[String], at: &dyn Addresses) -> Self {
        let model::Production { id, draft, state, .. } = production;
        let number = status::number(state, draft);
        let made = state.made();
        let (error_message, error_status) = match state {
            State::Failed { reason, stage } => {
                let stage = stage.map(status::of_stage).map(status::text);
                (reason.clone(), stage.map(str::to_owned))
            }
            _ => (String::new(), None),
        };
        let mut said = made.map(|made| made.warnings.clone()).unwrap_or_default();
        for warning in unbuilt(draft).into_iter().chain(warnings.iter().cloned()) {
            if !said.contains(&warning) {
                said.push(warning);
            }
        }
        let length_ms = made.map_or(0, |made| made.length_ms);
        let image = match &draft.cover {
            Some(Input::File(_)) => Some(at.production_cover(*id)),
            Some(Input::Address(address) | Input::Article(address)) => Some(address.clone()),
            Some(Input::OnService { .. }) | None => None,
        };
        let has_waveform = |made: &Made| made.drawings.iter().any(|drawing| drawing.name == WAVEFORM);
        Self {
            uuid: id.to_string(),
            status: number,
            status_string: status::text(number).to_owned(),
            error_message,
            error_status,
            warning_status: (!said.is_empty()).then(|| status::text(4).to_owned()),
            warning_message: said.join(" "),
            length: plain(length_ms as f64 / 1_000.0),
            length_timestring: write_time(length_ms),
            bitrate: made.map_or_else(|| plain(0.0), statistics::kilobits),
            channels: made.map_or(0, |made| made.channels),
            samplerate: made.map_or(0, |made| made.samplerate),
            format: made.map(|made| made.format.to_lowercase()).unwrap_or_default(),
            has_video: false,
            input_file: input_file(draft.input.as_ref()),
            output_basename: draft.output_basename.clone(),
            preset: draft.preset.map(|preset| preset.to_string()),
            service: match &draft.input {
                Some(Input::OnService { service, .. }) => Some(service.to_string()),
                _ => None,
            },
            change_allowed: !state.is_running(),
            start_allowed: may_start(production),
            in_review: matches!(state, State::Done { in_review: true, .. }),
            review_before_publishing: draft.review_before_publishing,
            is_multitrack: false,
            cut_start: plain(0.0),
            cut_end: plain(0.0),
            cuts: Vec::new(),
            creation_time: timestamp(production.created),
            change_time: timestamp(production.changed),
            thumbnail: image.clone(),
            image,
            webhook: draft.webhook.clone(),
            chapters: Chapter::list(&draft.chapters),
            multi_input_files: Vec::new(),
            outgoing_services: OutgoingService::list(draft),
            output_files: output_files(production, at),
            algorithms: (&draft.algorithms).into(),
            metadata: (&draft.metadata).into(),
            speech_recognition: None,
            statistics: statistics::of(made),
            edit_page: at.edit_page(*id),
            status_page: at.status_page(*id),
            waveform_image: made.filter(|made| has_waveform(made)).map(|_| at.file(*id, WAVEFORM)),
        }
    }
}

impl Production {
    /// The same, with how it went at its services; those that are not among these stay as they are, by their uuids alone.
    #[must_use]
    pub fn with_services(mut self, services: &[ShownService]) -> Self {
        for outgoing in &mut self.outgoing_services {
            if let Some(shown) = services.iter().find(|shown| shown.service.id.as_str() == outgoing.uuid) {
                outgoing.tell(shown);
            }
        }
        self
    }
}

/// The drawing that clients are shown.
const WAVEFORM: &str = "waveform.png";

/// A production in a listing that was asked to be short.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct MinimalProduction {
    /// Its uuid.
    pub uuid: String,
    /// How far it is, as a number.
    pub status: u8,
    /// How far it is, in words.
    pub status_string: String,
    /// Its title, where clients look for it.
    pub metadata: Title,
    /// Length of the result in seconds.
    #[schema(value_type = f64)]
    pub length: Number,
    /// The length as a clock shows it.
    pub length_timestring: String,
    /// When it was made.
    pub creation_time: String,
    /// When it was last changed.
    pub change_time: String,
    /// Whether it may be changed now.
    pub change_allowed: bool,
    /// Whether it may be started now.
    pub start_allowed: bool,
    /// Whether it is made and waits for its owner to publish it.
    pub in_review: bool,
    /// The page that shows it.
    pub status_page: String,
}

/// A title where clients look for it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Title {
    /// Title of the episode, article or piece.
    pub title: String,
}

impl MinimalProduction {
    /// Shows a production in short.
    pub fn of(production: &model::Production, at: &dyn Addresses) -> Self {
        let number = status::number(&production.state, &production.draft);
        let length_ms = production.state.made().map_or(0, |made| made.length_ms);
        Self {
            uuid: production.id.to_string(),
            status: number,
            status_string: status::text(number).to_owned(),
            metadata: Title { title: production.draft.metadata.title.clone() },
            length: plain(length_ms as f64 / 1_000.0),
            length_timestring: write_time(length_ms),
            creation_time: timestamp(production.created),
            change_time: timestamp(production.changed),
            change_allowed: !production.state.is_running(),
            start_allowed: may_start(production),
            in_review: matches!(production.state, State::Done { in_review: true, .. }),
            status_page: at.status_page(production.id),
        }
    }
}

/// How far a production is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Status {
    /// As a number.
    #[schema(example = 3)]
    pub status: u8,
    /// In words.
    #[schema(example = "Done")]
    pub status_string: String,
}

impl Status {
    /// How far a production is.
    pub fn of(production: &model::Production) -> Self {
        let number = status::number(&production.state, &production.draft);
        Self { status: number, status_string: status::text(number).to_owned() }
    }
}

/// What an event of the stream says: the status, and how far the work is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Event {
    /// How far it is, as a number.
    pub status: u8,
    /// How far it is, in words.
    pub status_string: String,
    /// The share of the work that is done, 0 to 1, or null while that is unknown.
    pub progress: Option<f64>,
    /// Why it did not work; empty when it did.
    pub error_message: String,
}

impl Event {
    /// What there is to say about a production.
    pub fn of(production: &model::Production, progress: Option<f64>) -> Self {
        let Status { status, status_string } = Status::of(production);
        let error_message = match &production.state {
            State::Failed { reason, .. } => reason.clone(),
            _ => String::new(),
        };
        let progress =
            progress.filter(|share| share.is_finite()).map(|share| (share.clamp(0.0, 1.0) * 1e4).round() / 1e4);
        Self { status, status_string, progress, error_message }
    }
}

fn may_start(production: &model::Production) -> bool {
    !production.state.is_running() && production.draft.input.is_some()
}

fn input_file(input: Option<&Input>) -> String {
    match input {
        Some(Input::File(file)) => file.name.clone(),
        Some(Input::Address(name) | Input::Article(name) | Input::OnService { name, .. }) => name.clone(),
        None => String::new(),
    }
}

/// What was made, then what is wanted and was not made.
fn output_files(production: &model::Production, at: &dyn Addresses) -> Vec<OutputFile> {
    let made = production.state.made().map(|made| made.files.as_slice()).unwrap_or_default();
    let files = made.iter().map(|file| OutputFile::made(file, at.file(production.id, &file.name)));
    let orders = production.draft.outputs.iter().filter(|order| !made.iter().any(|file| file.order == **order));
    files.chain(orders.map(OutputFile::wanted)).collect()
}
