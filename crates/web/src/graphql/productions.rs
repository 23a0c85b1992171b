//! Productions and presets as the portal sees them. Recordings come in over the productions API, which also takes everything that can be wished.

use app::productions::NewProduction;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use model::ProductionId;
use model::production::{MadeFile, Preset as Kept, State};
use serde_json::json;
use wire::productions::Addresses;

use super::scalars::{Moment, id, page, read, rows};
use super::{Message, asking, refused};

/// Productions and presets, asked for.
#[derive(Default)]
pub(super) struct ProductionQuestions;

#[Object]
impl ProductionQuestions {
    /// Productions of whoever asks, newest first.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn productions(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<Production>> {
        let (web, caller) = asking(context)?;
        let all = web.app().productions().list(caller, page(first, offset)?).await.map_err(refused)?;
        Ok(all.into_iter().map(Production).collect())
    }

    /// One of them.
    async fn production(&self, context: &Context<'_>, id: ID) -> async_graphql::Result<Production> {
        let (web, caller) = asking(context)?;
        let id = read(&id, "production")?;
        Ok(Production(web.app().productions().find(caller, id).await.map_err(refused)?))
    }

    /// Presets of whoever asks, newest first.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn presets(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<Preset>> {
        let (web, caller) = asking(context)?;
        let all = web.app().presets().list(caller, page(first, offset)?).await.map_err(refused)?;
        Ok(all.into_iter().map(Preset::from).collect())
    }
}

/// A piece of audio being made.
pub(super) struct Production(pub(super) model::Production);

#[Object]
impl Production {
    async fn id(&self) -> ID {
        id(&self.0.id)
    }

    async fn title(&self) -> &str {
        &self.0.draft.metadata.title
    }

    /// How far it is: the words of the productions API.
    async fn status(&self) -> &'static str {
        wire::productions::text(wire::productions::number(&self.0.state, &self.0.draft))
    }

    /// Why it did not work, where it did not.
    async fn error(&self) -> Option<&str> {
        match &self.0.state {
            State::Failed { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// Seconds of the result, where there is one.
    async fn duration(&self) -> Option<f64> {
        self.0.state.made().map(|made| made.length_ms as f64 / 1_000.0)
    }

    /// How far its making is, from 0 to 1, where it is being made.
    #[graphql(complexity = "5")]
    async fn progress(&self, context: &Context<'_>) -> async_graphql::Result<Option<f64>> {
        if !self.0.state.is_running() {
            return Ok(None);
        }
        let (web, caller) = asking(context)?;
        let progress = web.app().productions().progress(caller, self.0.id).await.map_err(refused)?;
        Ok(progress.map(|progress| progress.fraction))
    }

    /// What was made, where it was.
    #[graphql(complexity = "10 * child_complexity")]
    #[expect(clippy::unused_async, reason = "questions are asked in this way")]
    async fn files(&self, context: &Context<'_>) -> async_graphql::Result<Vec<ProductionFile>> {
        let (web, _) = asking(context)?;
        let files = self.0.state.made().map_or(&[][..], |made| &made.files);
        let file = |file: &MadeFile| ProductionFile {
            name: file.name.clone(),
            format: file.order.format.clone(),
            size: file.size.to_string(),
            url: Addresses::file(web, self.0.id, &file.name),
        };
        Ok(files.iter().map(file).collect())
    }

    async fn created_at(&self) -> Moment {
        self.0.created.into()
    }

    async fn updated_at(&self) -> Moment {
        self.0.changed.into()
    }
}

/// A file that was made.
#[derive(SimpleObject)]
pub(super) struct ProductionFile {
    name: String,
    /// Such as `mp3`.
    format: String,
    /// Bytes, in decimal: there may be more than fit into an `Int`.
    size: String,
    /// Where it can be fetched, with the credentials of whoever asks.
    url: String,
}

/// What is wished of productions that begin with it.
#[derive(SimpleObject)]
pub(super) struct Preset {
    id: ID,
    name: String,
    created_at: Moment,
    updated_at: Moment,
}

impl From<Kept> for Preset {
    fn from(preset: Kept) -> Self {
        Self {
            id: id(&preset.id),
            name: preset.name,
            created_at: preset.created.into(),
            updated_at: preset.changed.into(),
        }
    }
}

/// How a production begins.
#[derive(Default, InputObject)]
pub(super) struct ProductionInput {
    title: Option<String>,
    /// The preset whose wishes it begins with: its id, or its name.
    preset: Option<String>,
    /// Where the recording is fetched from.
    input_url: Option<String>,
    /// Whether to start it at once.
    #[graphql(default)]
    start: bool,
}

/// Productions, changed.
#[derive(Default)]
pub(super) struct ProductionChanges;

#[Object]
impl ProductionChanges {
    /// Makes a production.
    async fn create_production(
        &self,
        context: &Context<'_>,
        input: ProductionInput,
    ) -> async_graphql::Result<Production> {
        let (web, caller) = asking(context)?;
        let body = json!({
            "metadata": { "title": input.title }, "preset": input.preset, "input_file": input.input_url,
        });
        let request = wire::productions::production(body.to_string().as_bytes(), web.offer()).map_err(refused)?;
        let new = NewProduction { preset: request.preset, edit: request.edit, start: input.start };
        Ok(Production(web.app().productions().create(caller, new).await.map_err(refused)?))
    }

    /// Starts a production, or starts it again.
    async fn start_production(&self, context: &Context<'_>, production_id: ID) -> async_graphql::Result<Production> {
        let (web, caller) = asking(context)?;
        let started = web.app().productions().start(caller, read_id(&production_id)?).await;
        Ok(Production(started.map_err(refused)?))
    }

    /// Has whoever makes it stop. That nobody does is fine.
    async fn stop_production(&self, context: &Context<'_>, production_id: ID) -> async_graphql::Result<Production> {
        let (web, caller) = asking(context)?;
        let stopped = web.app().productions().stop(caller, read_id(&production_id)?).await;
        Ok(Production(stopped.map_err(refused)?))
    }

    /// Publishes a production that waits for its owner.
    async fn publish_production(&self, context: &Context<'_>, production_id: ID) -> async_graphql::Result<Production> {
        let (web, caller) = asking(context)?;
        let published = web.app().productions().publish(caller, read_id(&production_id)?).await;
        Ok(Production(published.map_err(refused)?))
    }

    /// Deletes a production with its files.
    async fn delete_production(&self, context: &Context<'_>, production_id: ID) -> async_graphql::Result<Message> {
        let (web, caller) = asking(context)?;
        web.app().productions().remove(caller, read_id(&production_id)?).await.map_err(refused)?;
        Ok(Message::new("The production is deleted, with its files."))
    }
}

fn read_id(id: &ID) -> async_graphql::Result<ProductionId> {
    read(id, "production")
}
