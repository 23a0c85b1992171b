//! Narrations as the portal sees them, and what people change about them.

use std::collections::HashMap;

use app::Page;
use app::narrations::{Editor, Status, status_of, trouble_of};
use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, SimpleObject};
use model::ProductionId;
use model::article::Kind;
use model::narration::{self, Change, Wish};

use super::scalars::{Moment, id, part, read, rows};
use super::{Message, asking, refused};
use crate::settings::Web;

/// Narrations, asked for. Lists of them are those of organizations.
#[derive(Default)]
pub(super) struct NarrationQuestions;

#[Object]
impl NarrationQuestions {
    /// A narration that whoever asks may change.
    async fn narration(&self, context: &Context<'_>, id: ID) -> async_graphql::Result<Narration> {
        let (_, editor, id) = editing(context, &id).await?;
        now(context, editor, id).await
    }
}

/// What there is to hear or say at a player's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum NarrationStatus {
    /// It is being made.
    Generating,
    /// It can be heard.
    Ready,
    /// It did not work.
    Error,
}

/// An article, read aloud.
pub(super) struct Narration {
    pub(super) record: model::Narration,
    pub(super) production: model::Production,
    pub(super) editor: Editor,
}

#[Object]
impl Narration {
    async fn id(&self) -> ID {
        id(&self.record.id)
    }

    /// The address of the article.
    async fn url(&self) -> &str {
        &self.record.address
    }

    #[expect(clippy::unused_async, reason = "questions are asked in this way")]
    async fn player_url(&self, context: &Context<'_>) -> async_graphql::Result<String> {
        let address = format!("/p/{}", self.record.id);
        asking(context).map(|(web, _)| web.address(&address))
    }

    async fn title(&self) -> &str {
        &self.production.draft.metadata.title
    }

    async fn status(&self) -> NarrationStatus {
        match status_of(&self.record, &self.production) {
            Status::Generating => NarrationStatus::Generating,
            Status::Ready => NarrationStatus::Ready,
            Status::Error => NarrationStatus::Error,
        }
    }

    /// Counts changes of the script. A change says which revision its author had before them.
    async fn revision(&self) -> u32 {
        self.record.revision
    }

    /// The revision that is heard.
    async fn published_revision(&self) -> Option<u32> {
        self.record.published.as_ref().map(|published| published.revision)
    }

    /// Why it did not work, where it did not.
    async fn error(&self) -> Option<&str> {
        trouble_of(&self.record, &self.production)
    }

    /// Seconds of what is heard.
    async fn duration(&self) -> Option<f64> {
        self.record.published.as_ref().map(|published| published.made.length_ms as f64 / 1_000.0)
    }

    /// Whether it is being rendered.
    async fn is_rendering(&self) -> bool {
        self.production.state.is_running()
    }

    /// Who reads, where segments do not say otherwise.
    async fn voice(&self) -> Option<&str> {
        self.record.script.voice.as_deref()
    }

    /// What is read, in order.
    #[graphql(complexity = "rows(first) * child_complexity")]
    #[expect(clippy::unused_async, reason = "questions are asked in this way")]
    async fn segments(&self, first: Option<i32>, offset: Option<i32>) -> async_graphql::Result<Vec<Segment>> {
        Ok(part(self.record.script.segments.iter().collect(), first, offset)?.map(Segment::from).collect())
    }

    /// How many segments there are.
    async fn segment_count(&self) -> usize {
        self.record.script.segments.len()
    }

    /// Words that its publication says in its own way.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn pronunciations(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<Pronunciation>> {
        let (web, _) = asking(context)?;
        let words = web.app().narrations().pronunciations(&self.editor, self.record.id).await.map_err(refused)?;
        Ok(part(words, first, offset)?.map(|(word, said)| Pronunciation { word, said }).collect())
    }

    async fn created_at(&self) -> Moment {
        self.record.created.into()
    }

    async fn updated_at(&self) -> Moment {
        self.record.changed.into()
    }
}

/// Narrations that an editor may change, with their productions.
pub(super) async fn narrations_of(web: &Web, editor: &Editor, page: Page) -> async_graphql::Result<Vec<Narration>> {
    let narrations = web.app().narrations().list(editor, page).await.map_err(refused)?;
    let productions = web.app().narrations().productions_of(&narrations).await.map_err(refused)?;
    let mut productions: HashMap<_, _> =
        productions.into_iter().map(|production| (production.id, production)).collect();
    let whole = narrations.into_iter().filter_map(|narration| {
        let production = productions.remove(&narration.id)?;
        Some(Narration { record: narration, production, editor: editor.clone() })
    });
    Ok(whole.collect())
}

/// What a segment was in the article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum SegmentKind {
    /// The title.
    Title,
    /// A heading; a chapter begins there.
    Heading,
    Paragraph,
    /// A quotation.
    Quote,
    /// An item of a list.
    Item,
    Caption,
    /// Code, or the news that there is some.
    Code,
    /// A table, or the news that there is one.
    Table,
}

/// A piece of a script.
#[derive(SimpleObject)]
pub(super) struct Segment {
    /// Its number within the script, which stays when others come and go.
    id: u32,
    kind: SegmentKind,
    text: String,
    /// Who reads it, where it is not who reads the rest.
    voice: Option<String>,
    /// Milliseconds of silence after it, where it is not the usual pause.
    pause_ms: Option<u32>,
}

impl From<&narration::Segment> for Segment {
    fn from(segment: &narration::Segment) -> Self {
        let kind = match segment.kind {
            Kind::Heading(1) => SegmentKind::Title,
            Kind::Heading(_) => SegmentKind::Heading,
            Kind::Paragraph => SegmentKind::Paragraph,
            Kind::Quote => SegmentKind::Quote,
            Kind::Item => SegmentKind::Item,
            Kind::Caption => SegmentKind::Caption,
            Kind::Code => SegmentKind::Code,
            Kind::Table => SegmentKind::Table,
        };
        let (text, voice) = (segment.text.clone(), segment.voice.clone());
        Self { id: segment.id, kind, text, voice, pause_ms: segment.pause_ms }
    }
}

/// A word that a publication says in its own way.
#[derive(SimpleObject)]
pub(super) struct Pronunciation {
    word: String,
    said: String,
}

/// Narrations, changed.
#[derive(Default)]
pub(super) struct NarrationChanges;

/// Another wording of a segment; an empty one removes it.
#[derive(InputObject)]
pub(super) struct TextChange {
    segment: u32,
    text: String,
}

/// Who reads: a segment, or all of the script where none is named.
#[derive(InputObject)]
pub(super) struct VoiceChange {
    segment: Option<u32>,
    /// Nothing is whoever reads the rest.
    voice: Option<String>,
}

/// The silence after a segment.
#[derive(InputObject)]
pub(super) struct PauseChange {
    segment: u32,
    /// Milliseconds; nothing is the usual pause.
    pause_ms: Option<u32>,
}

/// Where a segment goes.
#[derive(InputObject)]
pub(super) struct MoveChange {
    segment: u32,
    /// The segment that it comes after; nothing is the beginning.
    after: Option<u32>,
}

/// A new paragraph.
#[derive(InputObject)]
pub(super) struct InsertChange {
    /// The segment that it comes after; nothing is the beginning.
    after: Option<u32>,
    text: String,
}

/// A segment that goes.
#[derive(InputObject)]
pub(super) struct RemoveChange {
    segment: u32,
}

/// A change of a script.
#[derive(OneofObject)]
pub(super) enum ScriptChange {
    /// Another wording.
    Text(TextChange),
    /// Somebody else reads.
    Voice(VoiceChange),
    /// Another pause after it.
    Pause(PauseChange),
    /// It goes elsewhere.
    Move(MoveChange),
    /// A new paragraph.
    Insert(InsertChange),
    /// It goes.
    Remove(RemoveChange),
}

impl From<ScriptChange> for Change {
    fn from(change: ScriptChange) -> Self {
        match change {
            ScriptChange::Text(TextChange { segment, text }) => Self::Text(segment, text),
            ScriptChange::Voice(VoiceChange { segment: Some(segment), voice }) => Self::Voice(segment, voice),
            ScriptChange::Voice(VoiceChange { segment: None, voice }) => Self::Reader(voice),
            ScriptChange::Pause(PauseChange { segment, pause_ms }) => Self::Pause(segment, pause_ms),
            ScriptChange::Move(MoveChange { segment, after }) => Self::Move(segment, after),
            ScriptChange::Insert(InsertChange { after, text }) => Self::Insert(after, text),
            ScriptChange::Remove(RemoveChange { segment }) => Self::Remove(segment),
        }
    }
}

#[Object]
impl NarrationChanges {
    /// Has an article read aloud, for whoever asks: a member of the organization. The same address again is the same narration.
    async fn create_narration(
        &self,
        context: &Context<'_>,
        organization_id: ID,
        url: String,
        voice: Option<String>,
        title: Option<String>,
        language: Option<String>,
    ) -> async_graphql::Result<Narration> {
        let (web, caller) = asking(context)?;
        let organization = read(&organization_id, "organization")?;
        let wish = Wish { voice, title, language, webhook: None };
        let asked = web.app().narrations().create(caller, organization, &url, wish).await.map_err(refused)?;
        let editor = web.app().narrations().editor_of(caller, asked.id).await.map_err(refused)?;
        now(context, editor, asked.id).await
    }

    /// Forgets a narration and all that came of it; its player is gone.
    async fn delete_narration(&self, context: &Context<'_>, narration_id: ID) -> async_graphql::Result<Message> {
        let (narrations, editor, id) = editing(context, &narration_id).await?;
        narrations.remove(&editor, id).await.map_err(refused)?;
        Ok(Message::new("The narration and its files are gone."))
    }

    /// Makes changes to the script that somebody has before them; all of them, or none.
    async fn change_narration(
        &self,
        context: &Context<'_>,
        narration_id: ID,
        revision: u32,
        changes: Vec<ScriptChange>,
    ) -> async_graphql::Result<Narration> {
        let (narrations, editor, id) = editing(context, &narration_id).await?;
        let changes = changes.into_iter().map(Change::from).collect();
        narrations.change(&editor, id, revision, changes).await.map_err(refused)?;
        now(context, editor, id).await
    }

    /// Takes the last change back.
    async fn undo_narration(
        &self,
        context: &Context<'_>,
        narration_id: ID,
        revision: u32,
    ) -> async_graphql::Result<Narration> {
        let (narrations, editor, id) = editing(context, &narration_id).await?;
        narrations.undo(&editor, id, revision).await.map_err(refused)?;
        now(context, editor, id).await
    }

    /// Has the script read as it is now; what is heard stays until that is published.
    async fn render_narration(&self, context: &Context<'_>, narration_id: ID) -> async_graphql::Result<Narration> {
        let (narrations, editor, id) = editing(context, &narration_id).await?;
        narrations.render(&editor, id).await.map_err(refused)?;
        now(context, editor, id).await
    }

    /// From now on the player plays what was rendered last.
    async fn publish_narration(&self, context: &Context<'_>, narration_id: ID) -> async_graphql::Result<Narration> {
        let (narrations, editor, id) = editing(context, &narration_id).await?;
        narrations.publish(&editor, id).await.map_err(refused)?;
        now(context, editor, id).await
    }

    /// Fetches the article once more, and makes all of it anew.
    async fn retry_narration(&self, context: &Context<'_>, narration_id: ID) -> async_graphql::Result<Narration> {
        let (narrations, editor, id) = editing(context, &narration_id).await?;
        narrations.retry(&editor, id).await.map_err(refused)?;
        now(context, editor, id).await
    }

    /// Says how a word is said in the narration's publication; without `said`, in the usual way.
    async fn pronounce_word(
        &self,
        context: &Context<'_>,
        narration_id: ID,
        word: String,
        said: Option<String>,
    ) -> async_graphql::Result<Narration> {
        let (narrations, editor, id) = editing(context, &narration_id).await?;
        narrations.pronounce(&editor, id, &word, said.as_deref()).await.map_err(refused)?;
        now(context, editor, id).await
    }
}

/// A narration that whoever asks may change.
async fn editing<'c>(
    context: &'c Context<'_>,
    narration: &ID,
) -> async_graphql::Result<(app::narrations::Narrations<'c>, Editor, ProductionId)> {
    let (web, caller) = asking(context)?;
    let id = read(narration, "player")?;
    let narrations = web.app().narrations();
    let editor = narrations.editor_of(caller, id).await.map_err(refused)?;
    Ok((narrations, editor, id))
}

/// A narration as it is now.
async fn now(context: &Context<'_>, editor: Editor, id: ProductionId) -> async_graphql::Result<Narration> {
    let (web, _) = asking(context)?;
    let player = web.app().narrations().edited(&editor, id).await.map_err(refused)?;
    Ok(Narration { record: player.narration, production: player.production, editor })
}
