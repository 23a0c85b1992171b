//! A script read aloud into a file, and when each word is heard in it.
//!
//! What belongs here: segments one after the other with the pauses between them, sound that was rendered before, notes of what is heard when. What
//! is said and how is in `speech`; where the script is from and what becomes of the file is the business of whoever asks.

mod drawn;
mod recording;
mod remembered;
mod times;

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use model::article::Kind;
use model::narration::{Heard, Script, Segment};
use model::{Chapter, Chapters};
use speech::script::Segment as Piece;
use speech::voice::{About, Voice};
use speech::{Settings, SpeechError};
use store::Blobs;
use tokio::runtime::Handle;

use self::drawn::Drawn;
use self::recording::{Recorder, Rendering};
use self::remembered::Remembering;
use self::times::Notes;
use crate::voices::{Resampled, Voices};

pub use self::times::{json, vtt};

/// Headings of these levels become chapters.
const CHAPTER_LEVEL: u8 = 3;

/// A script on its way to becoming sound.
pub struct Speaking {
    script: Script,
    voice: Arc<dyn Voice>,
    pieces: Vec<Piece>,
    readers: Vec<Arc<dyn Voice>>,
    keys: Vec<String>,
    /// For each segment, other wordings that it had, with what their sound depends on.
    earlier: Vec<Vec<(String, String)>>,
    settings: Settings,
    /// What could not be done as it was wished, in sentences.
    pub warnings: Vec<String>,
}

/// Where sound lies that was rendered before.
pub struct Cache {
    /// Storage.
    pub blobs: Blobs,
    /// Which of the script's keys are there.
    pub known: Vec<String>,
    /// Hears of each sound that was put there, with its key and its bytes: at once, so that it is not lost with the program.
    pub note: Box<Note>,
    /// The runtime that storage is asked on: speaking is done on a thread of its own.
    pub handle: Handle,
}

/// Hears of a key, and of how many bytes lie there.
pub type Note = dyn Fn(&str, u64) + Send + Sync;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spoken<'a> {
    /// Segments that are spoken.
    pub segments: usize,
    /// How many there are.
    pub of: usize,
    /// The part of the words that is spoken, 0 to 1.
    pub fraction: f64,
    /// The same as it is drawn: amplitudes of 0 to 127 from the beginning on.
    pub amplitudes: &'a [u8],
}

/// Who hears how far it is, and may stop it.
pub trait Listener: Sync {
    /// So far it is.
    fn spoken(&self, _: Spoken<'_>) {}

    /// Whether to stop. Asked on several threads, also in the middle of a sentence.
    fn is_over(&self) -> bool;
}

/// Why there is no sound.
#[derive(Debug, thiserror::Error)]
pub enum Silence {
    /// It was stopped.
    #[error("Stopped on request.")]
    Stopped,
    /// The file cannot be written.
    #[error("The sound cannot be written: {0}.")]
    Disk(#[source] io::Error),
    /// The voice cannot say it.
    #[error(transparent)]
    Speech(#[from] SpeechError),
}

impl From<io::Error> for Silence {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl Speaking {
    /// Who reads what of a script, of which some earlier versions are known. A voice that a segment asks for and that is not there is said in the warnings.
    pub fn new(
        script: Script,
        earlier: &[Script],
        voice: &Arc<dyn Voice>,
        voices: &Voices,
        settings: Settings,
    ) -> Self {
        let mut warnings: Vec<String> = Vec::new();
        // One for all segments that it reads, so that they are spoken together.
        let mut fitted: HashMap<String, Arc<dyn Voice>> = HashMap::new();
        let rate = voice.about().rate;
        let readers: Vec<_> = script
            .segments
            .iter()
            .map(|segment| {
                let wanted = segment.voice.as_deref().filter(|name| *name != voice.about().name);
                let Some(wanted) = wanted else { return Arc::clone(voice) };
                match voices.named(wanted) {
                    Ok(other) if other.about().rate == rate => other,
                    Ok(other) => Arc::clone(
                        fitted.entry(wanted.to_owned()).or_insert_with(|| Arc::new(Resampled::new(other, rate))),
                    ),
                    Err(error) => {
                        let warning = error.to_string();
                        if !warnings.contains(&warning) {
                            warnings.push(warning);
                        }
                        Arc::clone(voice)
                    }
                }
            })
            .collect();
        let pieces: Vec<_> =
            script.segments.iter().map(|segment| Piece { kind: segment.kind, text: segment.text.clone() }).collect();
        let key = |piece: &Piece, voice: &Arc<dyn Voice>| speech::speak::key(piece, &**voice, &settings);
        let keys = pieces.iter().zip(&readers).map(|(piece, voice)| key(piece, voice)).collect();
        let before = |(segment, voice): (&Segment, &Arc<dyn Voice>)| {
            let wordings = earlier.iter().filter_map(|script| script.segments.iter().find(|one| one.id == segment.id));
            let others = wordings.filter(|one| one.text != segment.text).map(|one| {
                let piece = Piece { kind: one.kind, text: one.text.clone() };
                (key(&piece, voice), piece.text)
            });
            others.collect()
        };
        let earlier = script.segments.iter().zip(&readers).map(before).collect();
        let voice = Arc::clone(voice);
        Self { script, voice, pieces, readers, keys, earlier, settings, warnings }
    }

    /// Who reads what no other voice is asked for.
    pub fn voice(&self) -> &About {
        self.voice.about()
    }

    /// What the sound of each segment depends on: two with the same key sound the same.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The same, with what the sound of earlier wordings depends on.
    pub fn all_keys(&self) -> Vec<String> {
        let earlier = self.earlier.iter().flatten().map(|(key, _)| key);
        self.keys.iter().chain(earlier).cloned().collect()
    }

    /// Speaks all of it, segment by segment, into a WAV file; gives back what is heard when. It takes its time, and is not to be called where others wait.
    pub fn all(&self, path: &Path, cache: Option<&Cache>, listener: &dyn Listener) -> Result<Heard, Silence> {
        let rate = self.rate();
        let mut book = Book {
            speaking: self,
            recorder: Recorder::create(path, rate)?,
            notes: Notes::new(rate),
            listener,
            drawn: Drawn::new(self.script.words()),
        };
        let mut at = 0;
        while at < self.pieces.len() {
            if listener.is_over() {
                return Err(Silence::Stopped);
            }
            // What was rendered before is taken from storage, and what stands between is spoken together: its sentences on all threads.
            if let Some((rendering, _)) = cache.and_then(|cache| self.stored(cache, at)) {
                book.take(at, &rendering)?;
                at += 1;
                continue;
            }
            let end = self.until(at, cache);
            self.render(at..end, cache, listener, &mut |at, rendering| {
                if let Some(cache) = cache {
                    self.store(cache, at, rendering);
                }
                book.take(at, rendering)
            })?;
            at = end;
        }
        book.recorder.finish()?;
        Ok(book.notes.heard())
    }

    /// Has the sound of the first segment in storage, and says how many bytes it has there; none where it is too long to be kept. It takes its time, too.
    pub fn first(&self, cache: &Cache, listener: &dyn Listener) -> Result<Option<u64>, Silence> {
        if let Some((_, size)) = self.stored(cache, 0) {
            return Ok(Some(size));
        }
        let mut size = None;
        self.render(0..1.min(self.pieces.len()), Some(cache), listener, &mut |at, rendering| {
            size = self.store(cache, at, rendering);
            Ok(())
        })?;
        Ok(size)
    }

    /// Samples a second of all of it.
    fn rate(&self) -> u32 {
        self.voice().rate
    }

    /// Up to where from a segment on the same voice has to speak.
    fn until(&self, from: usize, cache: Option<&Cache>) -> usize {
        let is_known = |at: usize| cache.is_some_and(|cache| cache.known.contains(&self.keys[at]));
        let same = |at: &usize| !is_known(*at) && Arc::ptr_eq(&self.readers[*at], &self.readers[from]);
        (from + 1..self.pieces.len()).take_while(same).last().unwrap_or(from) + 1
    }

    /// Speaks some segments, and has each of them taken.
    fn render(
        &self,
        range: Range<usize>,
        cache: Option<&Cache>,
        listener: &dyn Listener,
        take: &mut dyn FnMut(usize, &Rendering) -> Result<(), Silence>,
    ) -> Result<(), Silence> {
        let Some(reader) = self.readers.get(range.start) else { return Ok(()) };
        let (pieces, mut voice) = (&self.pieces[range.clone()], Remembering::new(&**reader));
        for (key, text) in self.earlier[range.clone()].iter().flatten() {
            if let Some((rendering, _)) = cache.and_then(|cache| self.fetched(cache, key, text)) {
                voice.learn(text, &rendering);
            }
        }
        let (mut rendering, mut failure) = (Rendering::default(), None);
        let spoken = speech::speak::render(pieces, &voice, &self.settings, &|| listener.is_over(), &mut |piece| {
            rendering.add(&piece);
            if piece.is_last
                && let Err(error) = take(range.start + piece.segment, &std::mem::take(&mut rendering))
            {
                failure = Some(error);
                return Err(SpeechError::Cancelled);
            }
            Ok(())
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        match spoken {
            Err(SpeechError::Cancelled) => Err(Silence::Stopped),
            Err(error) => Err(error.into()),
            Ok(()) => Ok(()),
        }
    }

    /// What was rendered before, where it can be read still, and how many bytes it has.
    fn stored(&self, cache: &Cache, at: usize) -> Option<(Rendering, u64)> {
        self.fetched(cache, self.keys.get(at)?, &self.pieces[at].text)
    }

    /// The sound of a text in storage, and how many bytes it has there.
    fn fetched(&self, cache: &Cache, key: &String, text: &str) -> Option<(Rendering, u64)> {
        if !cache.known.contains(key) {
            return None;
        }
        let blob = app::narrations::rendering_key(key).ok()?;
        let bytes = cache.handle.block_on(recording::fetch(&cache.blobs, &blob))?;
        let rendering = Rendering::read(&bytes, self.rate(), text);
        if rendering.is_none() {
            tracing::warn!(key, "a rendering in storage makes no sense and is made anew");
        }
        rendering.map(|rendering| (rendering, bytes.len() as u64))
    }

    /// Keeps what was rendered. That this fails is no trouble: then it is rendered again the next time.
    fn store(&self, cache: &Cache, at: usize, rendering: &Rendering) -> Option<u64> {
        let bytes = rendering.bytes(self.rate())?;
        let (key, size) = (app::narrations::rendering_key(&self.keys[at]).ok()?, bytes.len() as u64);
        let put = cache.handle.block_on(recording::put(&cache.blobs, &key, bytes));
        put.inspect_err(|error| tracing::warn!(%error, "a rendering could not be kept")).ok()?;
        (cache.note)(&self.keys[at], size);
        Some(size)
    }
}

/// The recording, as it is written.
struct Book<'a> {
    speaking: &'a Speaking,
    recorder: Recorder,
    notes: Notes,
    listener: &'a dyn Listener,
    drawn: Drawn,
}

impl Book<'_> {
    /// Writes a segment, after the pause that goes before it.
    fn take(&mut self, at: usize, rendering: &Rendering) -> Result<(), Silence> {
        let Speaking { script, settings, pieces, .. } = self.speaking;
        if at > 0 {
            let (before, after) = (&script.segments[at - 1], &script.segments[at]);
            let seconds = match before.pause_ms {
                Some(ms) => ms as f32 / 1_000.0,
                None => settings.pauses.between(before.kind, after.kind),
            };
            self.recorder.silence(seconds)?;
        }
        let start = self.recorder.position();
        self.recorder.write(&rendering.samples)?;
        self.notes.add(&script.segments[at], start, self.recorder.position(), &rendering.words);
        self.drawn.add(pieces[at].text.split_whitespace().count(), &rendering.samples);
        let (fraction, amplitudes) = (self.drawn.fraction(), self.drawn.amplitudes());
        self.listener.spoken(Spoken { segments: at + 1, of: pieces.len(), fraction, amplitudes });
        if self.listener.is_over() { Err(Silence::Stopped) } else { Ok(()) }
    }
}

/// Where headings are heard, where there are several.
pub fn chapters(heard: &Heard) -> Chapters {
    let headings = heard.segments.iter().filter_map(|segment| match segment.kind {
        Kind::Heading(level) if level <= CHAPTER_LEVEL => {
            Some(Chapter { start_ms: segment.ms.start, title: segment.text.clone(), url: None })
        }
        _ => None,
    });
    let marks: Vec<_> = headings.collect();
    if marks.len() > 1 { Chapters::new(marks) } else { Chapters::default() }
}

/// What people call a voice: the middle of `en_US-joe-medium`.
pub fn reader(name: &str) -> String {
    let middle = name.split('-').nth(1).filter(|middle| !middle.is_empty()).unwrap_or(name);
    let mut letters = middle.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use std::sync::Mutex;

    use speech::spoken::Sentence;
    use speech::voice::{Manner, Said};
    use testkit::sink::Sink;

    use super::*;
    use crate::voices::{Beside, SpeechServer};

    fn about() -> About {
        let [name, language, identity] = ["quiet", "en-US", "1"].map(str::to_owned);
        About { name, language, rate: 16_000, card: String::new(), identity }
    }

    /// A voice that is silent for a second each sentence.
    struct Quiet(About);

    impl Voice for Quiet {
        fn about(&self) -> &About {
            &self.0
        }

        fn say(&self, sentence: &Sentence, _: &Manner<'_>) -> Result<Said, SpeechError> {
            Ok(Said { samples: vec![0.0; 16_000], words: sentence.words.iter().map(|_| 0..16_000).collect() })
        }
    }

    struct Nobody;

    impl Listener for Nobody {
        fn is_over(&self) -> bool {
            false
        }
    }

    #[test]
    fn voices_of_different_rates_read_one_article() {
        let (sink, folder) = (Sink::apart(), tempfile::tempdir().unwrap());
        let server = SpeechServer::new(&sink.url("speech"), None, "m", "en=alloy").unwrap();
        let voices = Voices::with(folder.path(), Beside { server: Some(server), espeak: None });
        let text = |text: &str| text.to_owned();
        let quiet = Quiet(about());
        let paragraphs = ["One.", "Two two.", "Three.", "Four."].map(|words| (Kind::Paragraph, text(words)));
        let mut script = Script::of(paragraphs, None);
        for segment in &mut script.segments[1..3] {
            segment.voice = Some(text("en-alloy-server"));
        }
        script.segments[3].voice = Some(text("nobody"));
        let speaking = Speaking::new(script, &[], &(Arc::new(quiet) as Arc<dyn Voice>), &voices, Settings::default());
        let missing = "There is no voice called “nobody” here. Installed are: en-alloy-server (English).";
        assert_eq!(speaking.warnings, [missing]);
        assert!(Arc::ptr_eq(&speaking.readers[1], &speaking.readers[2]));
        let heard = speaking.all(&folder.path().join("spoken.wav"), None, &Nobody).unwrap();
        let lengths: Vec<_> = heard.segments.iter().map(|segment| segment.ms.end - segment.ms.start).collect();
        // A twentieth of a second for each letter.
        assert_eq!(lengths, [1_000, 400, 300, 1_000]);
        let lit: Vec<_> = heard.segments[1].words.iter().map(|word| word.ms.end - word.ms.start).collect();
        assert_eq!(lit, [400]);
    }

    /// A voice that has enough of it at a word.
    struct Tired(Quiet);

    impl Voice for Tired {
        fn about(&self) -> &About {
            self.0.about()
        }

        fn say(&self, sentence: &Sentence, manner: &Manner<'_>) -> Result<Said, SpeechError> {
            if sentence.text.contains("enough") {
                return Err(SpeechError::Away { reason: "it sleeps".to_owned() });
            }
            self.0.say(sentence, manner)
        }
    }

    #[test]
    fn what_was_said_before_a_failure_is_kept() {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), tokio::runtime::Runtime::new().unwrap());
        let blobs = Blobs::open(&store::BlobOptions::folder(folder.path())).unwrap();
        let text = |text: &str| text.to_owned();
        let voice: Arc<dyn Voice> = Arc::new(Tired(Quiet(about())));
        let script =
            Script::of(["One.", "Two.", "That is enough.", "Four."].map(|words| (Kind::Paragraph, text(words))), None);
        let voices = Voices::new(folder.path().join("voices"));
        let speaking = Speaking::new(script, &[], &voice, &voices, Settings::default());
        let kept: Arc<Mutex<Vec<String>>> = Arc::default();
        let path = folder.path().join("spoken.wav");
        let cache = |known| {
            let kept = Arc::clone(&kept);
            let note = Box::new(move |key: &str, _| kept.lock().unwrap().push(key.to_owned()));
            Cache { blobs: blobs.clone(), known, note, handle: runtime.handle().clone() }
        };
        let failed = speaking.all(&path, Some(&cache(Vec::new())), &Nobody);
        assert!(matches!(failed, Err(Silence::Speech(SpeechError::Away { .. }))), "{failed:?}");
        let keys = kept.lock().unwrap().clone();
        assert_eq!(keys, speaking.keys()[..2]);
        // The next time it goes on from there.
        let again = cache(keys);
        assert!((0..4).map(|at| speaking.stored(&again, at).is_some()).eq([true, true, false, false]));
    }

    #[test]
    fn several_may_say_the_same_at_once() {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), tokio::runtime::Runtime::new().unwrap());
        let blobs = Blobs::open(&store::BlobOptions::folder(folder.path())).unwrap();
        let voice: Arc<dyn Voice> = Arc::new(Quiet(about()));
        let voices = Voices::new(folder.path().join("voices"));
        for number in 0..20 {
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        let script = Script::of([(Kind::Paragraph, format!("Number {number}."))], None);
                        let speaking = Speaking::new(script, &[], &voice, &voices, Settings::default());
                        let (blobs, handle) = (blobs.clone(), runtime.handle().clone());
                        let cache = Cache { blobs, known: Vec::new(), note: Box::new(|_, _| {}), handle };
                        assert!(speaking.first(&cache, &Nobody).unwrap().is_some_and(|size| size > 32_000));
                    });
                }
            });
        }
    }

    #[test]
    fn voices_have_names_for_people() {
        for (name, people) in [("en_US-joe-medium", "Joe"), ("amy", "Amy"), ("", ""), ("en--x", "En--x")] {
            assert_eq!(reader(name), people);
        }
    }
}
