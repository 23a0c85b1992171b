//! How a draft is changed: what is said replaces, what is not said stays, lists grow.

use super::{Algorithms, Draft, Input, OutputOrder};
use crate::{Chapter, Chapters, Location, Metadata, ServiceId};

/// A change of a draft. `None` says nothing about a field; lists are added to what is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// Whether everything but the recording is forgotten first, and lists begin anew.
    pub reset: bool,
    /// Words about it.
    pub metadata: MetadataEdit,
    /// Chapter marks to add.
    pub chapters: Vec<Chapter>,
    /// The recording.
    pub input: Option<Input>,
    /// The cover picture.
    pub cover: Option<Input>,
    /// What names of files begin with.
    pub output_basename: Option<String>,
    /// Files to make, added to those that are wanted already.
    pub outputs: Vec<OutputOrder>,
    /// How it is to sound.
    pub algorithms: AlgorithmsEdit,
    /// Services to add.
    pub services: Vec<ServiceId>,
    /// The address to hear of it; an empty one takes it away.
    pub webhook: Option<String>,
    /// Whether to wait for the owner before publishing.
    pub review_before_publishing: Option<bool>,
}

/// A change of [`Metadata`], field by field.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of Metadata, where each is explained")]
pub struct MetadataEdit {
    pub title: Option<String>,
    pub artist: Option<String>,
    pub album: Option<String>,
    pub track: Option<String>,
    pub subtitle: Option<String>,
    pub summary: Option<String>,
    pub genre: Option<String>,
    pub year: Option<String>,
    pub publisher: Option<String>,
    pub url: Option<String>,
    pub license: Option<String>,
    pub license_url: Option<String>,
    pub tags: Option<Vec<String>>,
    pub append_chapters: Option<bool>,
    pub location: Option<Option<Location>>,
}

/// A change of [`Algorithms`], field by field.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of Algorithms, where each is explained")]
pub struct AlgorithmsEdit {
    pub leveler: Option<bool>,
    pub levelermode: Option<String>,
    pub normloudness: Option<bool>,
    pub loudnesstarget: Option<f64>,
    pub maxpeak: Option<f64>,
    pub filtering: Option<bool>,
    pub denoise: Option<bool>,
    pub denoiseamount: Option<f64>,
    pub silence_cutter: Option<bool>,
    pub gate: Option<bool>,
    pub crossgate: Option<bool>,
}

/// Puts what was said in the place of what was.
fn put<T>(place: &mut T, said: Option<T>) {
    if let Some(said) = said {
        *place = said;
    }
}

impl MetadataEdit {
    /// Changes what was said, and nothing else.
    pub fn apply(self, metadata: &mut Metadata) {
        put(&mut metadata.title, self.title);
        put(&mut metadata.artist, self.artist);
        put(&mut metadata.album, self.album);
        put(&mut metadata.track, self.track);
        put(&mut metadata.subtitle, self.subtitle);
        put(&mut metadata.summary, self.summary);
        put(&mut metadata.genre, self.genre);
        put(&mut metadata.year, self.year);
        put(&mut metadata.publisher, self.publisher);
        put(&mut metadata.url, self.url);
        put(&mut metadata.license, self.license);
        put(&mut metadata.license_url, self.license_url);
        put(&mut metadata.tags, self.tags);
        put(&mut metadata.append_chapters, self.append_chapters);
        put(&mut metadata.location, self.location);
    }
}

impl AlgorithmsEdit {
    /// Changes what was said, and nothing else.
    pub fn apply(self, algorithms: &mut Algorithms) {
        put(&mut algorithms.leveler, self.leveler);
        put(&mut algorithms.levelermode, self.levelermode);
        put(&mut algorithms.normloudness, self.normloudness);
        put(&mut algorithms.loudnesstarget, self.loudnesstarget);
        put(&mut algorithms.maxpeak, self.maxpeak);
        put(&mut algorithms.filtering, self.filtering);
        put(&mut algorithms.denoise, self.denoise);
        put(&mut algorithms.denoiseamount, self.denoiseamount);
        put(&mut algorithms.silence_cutter, self.silence_cutter);
        put(&mut algorithms.gate, self.gate);
        put(&mut algorithms.crossgate, self.crossgate);
    }
}

impl Draft {
    /// Every service that something of it goes to, once each: the production's own, then those that only single files name.
    pub fn all_services(&self) -> Vec<ServiceId> {
        let mut all: Vec<ServiceId> = Vec::new();
        for id in self.services.iter().chain(self.outputs.iter().flat_map(|order| &order.services)) {
            if !all.contains(id) {
                all.push(*id);
            }
        }
        all
    }

    /// Changes what was said, and nothing else.
    pub fn apply(&mut self, edit: Edit) {
        if edit.reset {
            *self = Self { preset: self.preset, input: self.input.take(), ..Self::default() };
        }
        edit.metadata.apply(&mut self.metadata);
        if !edit.chapters.is_empty() {
            let marks = self.chapters.as_slice().iter().cloned().chain(edit.chapters).collect();
            self.chapters = Chapters::new(marks);
        }
        self.input = edit.input.or(self.input.take());
        self.cover = edit.cover.or(self.cover.take());
        put(&mut self.output_basename, edit.output_basename);
        self.outputs.extend(edit.outputs);
        edit.algorithms.apply(&mut self.algorithms);
        for service in edit.services {
            if !self.services.contains(&service) {
                self.services.push(service);
            }
        }
        if let Some(webhook) = edit.webhook {
            self.webhook = (!webhook.is_empty()).then_some(webhook);
        }
        put(&mut self.review_before_publishing, edit.review_before_publishing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(format: &str) -> OutputOrder {
        OutputOrder { format: format.to_owned(), ..OutputOrder::default() }
    }

    #[test]
    fn what_is_not_said_stays_and_lists_grow() {
        let mut draft = Draft::default();
        let title = |text: &str| MetadataEdit { title: Some(text.to_owned()), ..MetadataEdit::default() };
        draft.apply(Edit { metadata: title("One"), outputs: vec![order("mp3")], ..Edit::default() });
        draft.apply(Edit {
            outputs: vec![order("flac")],
            webhook: Some("https://a.example/".into()),
            ..Edit::default()
        });
        assert_eq!(draft.metadata.title, "One");
        assert_eq!(draft.outputs, [order("mp3"), order("flac")]);
        draft.apply(Edit { webhook: Some(String::new()), ..Edit::default() });
        assert_eq!(draft.webhook, None);
    }

    #[test]
    fn a_reset_forgets_everything_but_the_recording() {
        let input = Some(Input::Address("https://a.example/talk.wav".into()));
        let mut draft = Draft { outputs: vec![order("mp3")], output_basename: "old".into(), input, ..Draft::default() };
        draft.apply(Edit { reset: true, outputs: vec![order("flac")], ..Edit::default() });
        assert_eq!(draft, Draft { outputs: vec![order("flac")], input: draft.input.clone(), ..Draft::default() });
        assert!(draft.input.is_some());
    }
}
