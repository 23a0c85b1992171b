//! Whoever reads scripts aloud on this machine: which voice it is, with the words of the publication, and sound that was made before.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use app::App;
use app::narrations::Reading;
use model::narration::Heard;
use speech::pronounce::Lexicon;
use speech::{Settings, SpeechError};
use store::Blobs;
use tokio::runtime::Handle;
use tokio::task::{JoinError, spawn_blocking};

use super::failures::{from_app, from_disk};
use crate::narration::{Cache, Listener, Silence, Speaking};
use crate::runner::{Failure, Task, Why};
use crate::voices::{VoiceError, Voices};

/// Reads scripts aloud. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    /// The verbs.
    pub app: App,
    /// Storage, where sound of segments is kept.
    pub blobs: Blobs,
    /// The voices.
    pub voices: Voices,
}

impl Reader {
    /// A script on its way to becoming sound. A voice that was not opened yet takes a second.
    pub(super) async fn prepare(&self, reading: Reading) -> Result<Speaking, Failure> {
        let Reading { narration, earlier, pronunciations } = reading;
        let mut lexicon = Lexicon::default();
        let wrong = pronunciations.iter().filter_map(|(word, said)| lexicon.set(word, said).err());
        let wrong: Vec<_> = wrong.map(|error| error.to_string()).collect();
        let threads = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let settings = Settings { lexicon, threads, ..Settings::default() };
        let language = narration.about.unwrap_or_default().language;
        let (script, voices) = (narration.script, self.voices.clone());
        let prepared = spawn_blocking(move || {
            let voice = voices.choose(script.voice.as_deref(), &language)?;
            Ok(Speaking::new(script, &earlier, &voice, &voices, settings))
        });
        let mut speaking = prepared.await.map_err(gone)?.map_err(|error| match error {
            VoiceError::Folder(io) => from_disk(&io),
            error => Failure::Never(error.to_string()),
        })?;
        speaking.warnings.splice(0..0, wrong);
        Ok(speaking)
    }

    /// Speaks a script into a file, on threads of its own. What was said before is taken from storage, and what is new is kept there.
    pub(super) async fn speak(
        &self,
        task: &Task,
        speaking: Speaking,
        path: PathBuf,
        listener: impl Listener + Send + 'static,
    ) -> Result<Heard, Failure> {
        let cache = self.cache(&speaking).await?;
        let spoken = spawn_blocking(move || speaking.all(&path, Some(&cache), &listener));
        spoken.await.map_err(gone)?.map_err(|silence| failure(task, silence))
    }

    /// Has the sound of a script's first segment in storage; its key there and its bytes, or nothing where it is too long to be kept.
    pub(super) async fn say(&self, task: &Arc<Task>, speaking: Speaking) -> Result<Option<(String, u64)>, Failure> {
        let Some(key) = speaking.keys().first().cloned() else { return Ok(None) };
        let cache = self.cache(&speaking).await?;
        let waits = Arc::clone(task);
        let size = spawn_blocking(move || speaking.first(&cache, &*waits)).await.map_err(gone)?;
        let size = size.map_err(|silence| failure(task, silence))?;
        Ok(size.map(|size| (key, size)))
    }

    async fn cache(&self, speaking: &Speaking) -> Result<Cache, Failure> {
        let known = self.app.narrations().rendered(&speaking.all_keys()).await.map_err(|error| from_app(&error))?;
        let (app, handle) = (self.app.clone(), Handle::current());
        let note = move |key: &str, size| {
            if let Err(error) = handle.block_on(app.narrations().note_rendered(key, size)) {
                tracing::warn!(%error, key, "a rendering that is in storage could not be noted");
            }
        };
        Ok(Cache { blobs: self.blobs.clone(), known, note: Box::new(note), handle: Handle::current() })
    }
}

/// Hears nothing, and stops when the task does.
impl Listener for Task {
    fn is_over(&self) -> bool {
        self.stopped().is_some()
    }
}

fn failure(task: &Task, silence: Silence) -> Failure {
    match silence {
        Silence::Stopped => Failure::Stopped(task.stopped().unwrap_or(Why::Cancelled)),
        Silence::Disk(io) => from_disk(&io),
        Silence::Speech(error @ SpeechError::Away { .. }) => Failure::Later(error.to_string()),
        Silence::Speech(error) => Failure::Never(error.to_string()),
    }
}

/// A thread that did not come to an end: with its panic, or since the program ends.
pub(super) fn gone(error: JoinError) -> Failure {
    if error.is_panic() {
        std::panic::resume_unwind(error.into_panic());
    }
    Failure::Stopped(Why::Leaving)
}
