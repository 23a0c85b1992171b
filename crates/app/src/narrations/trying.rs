//! Listening before anything is published: to one segment as the script has it now, which a worker says while somebody waits, and to all of it as it
//! was rendered last.

use model::ProductionId;
use model::production::MadeFile;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::BlobKey;
use store::jobs::Claimed;

use super::Narrations;
use super::editing::Editor;
use super::reading::{Reading, rendering_key};
use crate::AppError;

/// The kind of job that says one segment while somebody waits.
pub const SAY: &str = "say";

/// What came of saying a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Said {
    /// Its sound is in storage, where the sounds of segments are.
    Sound {
        /// What it depends on.
        key: String,
        /// Bytes.
        size: u64,
    },
    /// It could not be said; why, in a sentence.
    Trouble(String),
}

impl Narrations<'_> {
    /// The sound of one segment as the script has it now, a WAV file in storage and its bytes. One that was heard or rendered before is not said anew.
    pub async fn hear(&self, editor: &Editor, id: ProductionId, segment: u32) -> Result<(BlobKey, u64), AppError> {
        let player = self.edited(editor, id).await?;
        if !player.narration.script.segments.iter().any(|one| one.id == segment) {
            return Err(AppError::NotFound("segment"));
        }
        let payload = json!({ "narration": id, "segment": segment });
        let answer = self.0.ask_worker(SAY, format!("narration {id}"), payload).await?;
        match serde_json::from_value(answer).map_err(|_| AppError::Broken("an answer cannot be read"))? {
            Said::Sound { key, size } => Ok((rendering_key(&key)?, size)),
            Said::Trouble(why) => Err(AppError::Conflict(why)),
        }
    }

    /// What was rendered last, published or not, in a format such as `mp3`.
    pub async fn rendered_sound(&self, editor: &Editor, id: ProductionId, format: &str) -> Result<MadeFile, AppError> {
        let player = self.edited(editor, id).await?;
        let made = player.production.state.made().ok_or(AppError::NotFound("file"))?;
        let file = made.files.iter().find(|file| file.order.format == format);
        file.cloned().ok_or(AppError::NotFound("file"))
    }

    /// What a worker was asked to say: a script of one segment. Nothing, where it is gone; [`AppError::NoAnswer`], where nobody waits for it any more.
    pub async fn to_say(&self, job: &Claimed) -> Result<Option<Reading>, AppError> {
        self.0.somebody_waits(job)?;
        let id = job.payload.get("narration").and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
        let segment = job.payload.get("segment").and_then(serde_json::Value::as_u64);
        let (Some(id), Some(segment)) = (id, segment) else { return Ok(None) };
        let mut reading = match self.reading(id).await {
            Err(AppError::NotFound(_)) => return Ok(None),
            reading => reading?,
        };
        let segments = &mut reading.narration.script.segments;
        segments.retain(|one| u64::from(one.id) == segment);
        Ok((!segments.is_empty()).then_some(reading))
    }

    /// A worker says what came of it.
    pub async fn said(&self, job: &Claimed, said: &Said) -> Result<(), AppError> {
        let tx = self.0.begin().await?;
        if let Said::Sound { key, size } = said {
            store::renderings::note(&tx, key, *size, self.0.now()).await?;
        }
        self.0.answer(tx, job, json!(said)).await
    }
}
