//! A preset as clients see it: what a production shows, as far as a preset has it.

use model::production::Input;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::draft::{Algorithms, Chapter, Metadata, OutgoingService, OutputFile};
use super::{Addresses, timestamp};

/// A preset with everything that is known about it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Preset {
    /// Its uuid.
    #[schema(example = "ceigtvDv8jH6NaK52Z5eXH")]
    pub uuid: String,
    /// What people call it.
    pub preset_name: String,
    /// When it was made.
    #[schema(example = "2026-04-12T01:41:00.795Z")]
    pub creation_time: String,
    /// When it was last changed.
    pub change_time: String,
    /// What the names of files begin with.
    pub output_basename: String,
    /// Whether productions wait for their owner before they are published.
    pub review_before_publishing: bool,
    /// Always false: several tracks are not mixed yet.
    pub is_multitrack: bool,
    /// Where its cover picture is.
    pub image: Option<String>,
    /// The same picture, for small places.
    pub thumbnail: Option<String>,
    /// The address that productions made with it tell.
    pub webhook: Option<String>,
    /// Chapter marks.
    pub chapters: Vec<Chapter>,
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    pub multi_input_files: Vec<Value>,
    /// Where productions are published.
    pub outgoing_services: Vec<OutgoingService>,
    /// The files that are wanted.
    pub output_files: Vec<OutputFile>,
    /// How productions are to sound.
    pub algorithms: Algorithms,
    /// What is said about productions in words.
    pub metadata: Metadata,
    /// Always null.
    #[schema(value_type = Option<Object>)]
    pub speech_recognition: Option<Value>,
    /// What of it is not built yet, in sentences; empty for most presets.
    pub warning_message: String,
}

impl Preset {
    /// Shows a preset. `warnings` are about this one request.
    pub fn of(preset: &model::production::Preset, warnings: &[String], at: &dyn Addresses) -> Self {
        let model::production::Preset { id, name, draft, created, changed, .. } = preset;
        let image = match &draft.cover {
            Some(Input::File(_)) => Some(at.preset_cover(*id)),
            Some(Input::Address(address) | Input::Article(address)) => Some(address.clone()),
            Some(Input::OnService { .. }) | None => None,
        };
        let mut said = crate::productions::unbuilt(draft);
        said.extend(warnings.iter().cloned());
        Self {
            uuid: id.to_string(),
            preset_name: name.clone(),
            creation_time: timestamp(*created),
            change_time: timestamp(*changed),
            output_basename: draft.output_basename.clone(),
            review_before_publishing: draft.review_before_publishing,
            is_multitrack: false,
            thumbnail: image.clone(),
            image,
            webhook: draft.webhook.clone(),
            chapters: Chapter::list(&draft.chapters),
            multi_input_files: Vec::new(),
            outgoing_services: OutgoingService::list(draft),
            output_files: draft.outputs.iter().map(OutputFile::wanted).collect(),
            algorithms: (&draft.algorithms).into(),
            metadata: (&draft.metadata).into(),
            speech_recognition: None,
            warning_message: said.join(" "),
        }
    }
}

/// A preset in a listing that was asked to be short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MinimalPreset {
    /// Its uuid.
    pub uuid: String,
    /// What people call it.
    pub preset_name: String,
    /// When it was made.
    pub creation_time: String,
    /// Always false: several tracks are not mixed yet.
    pub is_multitrack: bool,
}

impl From<&model::production::Preset> for MinimalPreset {
    fn from(preset: &model::production::Preset) -> Self {
        Self {
            uuid: preset.id.to_string(),
            preset_name: preset.name.clone(),
            creation_time: timestamp(preset.created),
            is_multitrack: false,
        }
    }
}
