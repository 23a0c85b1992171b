//! Voices of espeak-ng, which is a program of its own beside this one: for languages that no installed voice speaks.
//!
//! It is started for each sentence and given the text on its standard input, so that nothing of it can be taken for an option. It does not say when it
//! says which word; what is lit is the sentence.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use speech::SpeechError;
use speech::spoken::{Sentence, as_written};
use speech::voice::{About, Manner, Said, Voice};
use wait_timeout::ChildExt;

use super::sound::{MOST_BYTES, samples};

/// What the names of its voices end in.
const SUFFIX: &str = "-espeak-ng";

/// How long a sentence may take, and how long the list of languages: it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes of what it answers.
const MOST: u64 = MOST_BYTES as u64;

/// How long it may take to end after its last byte.
const ENDING: Duration = Duration::from_secs(2);

/// Samples a second of all its voices.
const RATE: u32 = 22_050;

/// Words a minute at its usual pace.
const PACE: f32 = 165.0;

/// A program that speaks, and the languages that it knows.
pub(super) struct Program {
    path: PathBuf,
    version: String,
    /// What it speaks, and for languages without a country whose accent it is then.
    languages: BTreeMap<String, String>,
}

impl Program {
    /// Asks the program what it is and what it speaks.
    pub(super) fn open(path: &Path) -> Result<Self, SpeechError> {
        let ask = |argument: &str| ask(path, &[argument], "");
        let version = String::from_utf8_lossy(&ask("--version")?).lines().next().unwrap_or_default().to_owned();
        let languages = languages(&String::from_utf8_lossy(&ask("--voices")?));
        if languages.is_empty() {
            return Err(failed("it lists no languages; is that espeak-ng?"));
        }
        Ok(Self { path: path.to_owned(), version, languages })
    }

    /// How many languages and accents it speaks.
    pub(super) fn count(&self) -> usize {
        self.languages.iter().filter(|(tag, language)| tag == language).count()
    }

    /// The name of the voice that speaks a language, as BCP 47 writes it: of its country, or else of any.
    pub(super) fn speaks(&self, language: &str) -> Option<String> {
        let language = language.to_ascii_lowercase().replace('_', "-");
        let tongue = language.split('-').next().unwrap_or_default();
        let known = [language.as_str(), tongue].into_iter().find_map(|tag| self.languages.get(tag));
        known.map(|language| format!("{language}{SUFFIX}"))
    }

    /// The voice of that name.
    pub(super) fn named(&self, name: &str) -> Option<Espeak> {
        let language = name
            .strip_suffix(SUFFIX)
            .filter(|language| self.languages.get(*language).is_some_and(|known| known == language))?;
        let about = About {
            name: name.to_owned(),
            language: language.to_owned(),
            rate: RATE,
            card: String::new(),
            identity: format!("{} {language}", self.version),
        };
        Some(Espeak { program: self.path.clone(), about })
    }
}

/// A voice of that program.
pub(super) struct Espeak {
    program: PathBuf,
    about: About,
}

impl Voice for Espeak {
    fn about(&self) -> &About {
        &self.about
    }

    fn sentences(&self, text: &str) -> Vec<Sentence> {
        as_written(text)
    }

    fn say(&self, sentence: &Sentence, manner: &Manner<'_>) -> Result<Said, SpeechError> {
        let words_a_minute = format!("{:.0}", PACE * manner.pace.clamp(0.5, 2.0));
        let arguments = ["-v", &self.about.language, "-b", "1", "-s", &words_a_minute, "--stdin", "--stdout"];
        let samples = samples(ask(&self.program, &arguments, &sentence.text)?, RATE)?;
        let words = sentence.words.iter().map(|_| 0..samples.len()).take(1).collect();
        Ok(Said { samples, words })
    }
}

/// Reads the list of its voices, below a heading: the second column is a language, and at the end may stand others that it is one of, each with a number
/// that is smaller the better: `fr-fr … (fr 5)`.
fn languages(listed: &str) -> BTreeMap<String, String> {
    let is_tag = |tag: &str| !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let mut found: BTreeMap<String, (u32, String)> = BTreeMap::new();
    for line in listed.lines().skip(1) {
        let Some(language) = line.split_whitespace().nth(1).filter(|tag| is_tag(tag)) else { continue };
        let others = line.split('(').skip(1).filter_map(|rest| {
            let (tag, rank) = rest.split(')').next()?.split_once(' ')?;
            Some((tag, rank.parse().ok()?))
        });
        for (tag, rank) in std::iter::once((language, 0)).chain(others).filter(|(tag, _)| is_tag(tag)) {
            match found.get(tag) {
                Some((better, _)) if *better <= rank => {}
                _ => {
                    found.insert(tag.to_owned(), (rank, language.to_owned()));
                }
            }
        }
    }
    found.into_iter().map(|(tag, (_, language))| (tag, language)).collect()
}

fn failed(reason: impl Into<String>) -> SpeechError {
    SpeechError::Failed { reason: reason.into() }
}

/// Runs the program and gives back what it writes, within bounds of time and size.
fn ask(program: &Path, arguments: &[&str], text: &str) -> Result<Vec<u8>, SpeechError> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // Nothing of this program's surroundings is its business.
    command.env_clear().env("LANG", "C.UTF-8");
    let mut child = command.spawn().map_err(|error| failed(format!("espeak-ng does not start: {error}")))?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let child = Mutex::new(child);
    let (done, ended) = mpsc::channel::<()>();
    let answer = std::thread::scope(|scope| {
        let child = &child;
        scope.spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                end(child);
            }
        });
        // The text is shorter than what a pipe holds, so that writing it first waits for nobody.
        let written = input.map_or(Ok(()), |mut input| input.write_all(text.as_bytes()));
        let mut answer = Vec::new();
        let read = output.map_or(Ok(0), |output| output.take(MOST + 1).read_to_end(&mut answer));
        drop(done);
        written.and(read).map(|_| answer)
    });
    let mut child = child.into_inner().unwrap_or_else(PoisonError::into_inner);
    // With its last byte it has nothing left to do. One that goes on all the same, or has too much to say, is ended.
    let is_too_much = answer.as_ref().is_ok_and(|answer| answer.len() as u64 > MOST);
    if is_too_much || !matches!(child.wait_timeout(ENDING), Ok(Some(_))) {
        let _ = child.kill();
    }
    let status = child.wait();
    let answer = answer.and_then(|answer| status.map(|status| (answer, status)));
    match answer {
        Ok((answer, status)) if status.success() && answer.len() as u64 <= MOST => Ok(answer),
        Ok((_, status)) => Err(failed(format!("espeak-ng ended with {status}"))),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Err(failed("espeak-ng ended before it was told what to say"))
        }
        Err(error) => Err(failed(format!("espeak-ng cannot be spoken to: {error}"))),
    }
}

/// Ends it, where it has not ended by itself.
fn end(child: &Mutex<Child>) {
    let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn script(folder: &tempfile::TempDir, lines: &str) -> PathBuf {
        let path = folder.path().join("espeak-ng");
        std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap_or_default();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap_or_default();
        path
    }

    #[test]
    fn the_real_one_speaks_many_languages() {
        let program = Program::open("/usr/bin/espeak-ng".as_ref())
            .unwrap_or_else(|error| panic!("{error} Run tools/setup test."));
        for (tag, name) in [
            ("de", Some("de-espeak-ng")),
            ("de-AT", Some("de-espeak-ng")),
            ("en_US", Some("en-us-espeak-ng")),
            ("fr", Some("fr-fr-espeak-ng")),
            ("fr-CA", Some("fr-fr-espeak-ng")),
            ("xx", None),
            ("", None),
        ] {
            assert_eq!(program.speaks(tag).as_deref(), name, "{tag}");
        }
        assert!(program.named("../x-espeak-ng").is_none() && program.named("de").is_none());
        assert!(program.named("fr-espeak-ng").is_none() && program.named("fr-fr-espeak-ng").is_some());
        let voice = program.named("de-espeak-ng").unwrap_or_else(|| panic!("it speaks German"));
        let said = |text: &str, pace: f32| {
            let lexicon = speech::pronounce::Lexicon::default();
            let manner = Manner { pace, ..Manner::plain(&lexicon) };
            let sentences = voice.sentences(text);
            assert_eq!(sentences.len(), 1);
            voice.say(&sentences[0], &manner).unwrap_or_else(|error| panic!("{error}"))
        };
        // What looks like an option is text.
        let (once, again) = (said("--help Um 10:30 Uhr.", 1.0), said("--help Um 10:30 Uhr.", 1.0));
        assert_eq!(once, again);
        assert!(once.samples.len() > 22_050 && once.samples.iter().any(|sample| sample.abs() > 0.1));
        assert!(matches!(&once.words[..], [whole] if *whole == (0..once.samples.len())));
        assert!(said("--help Um 10:30 Uhr.", 2.0).samples.len() * 4 < once.samples.len() * 3);
    }

    #[test]
    fn what_is_no_espeak_is_said() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let refused = |path: &Path| Program::open(path).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused(&folder.path().join("none")).contains("does not start"));
        assert!(refused(&script(&folder, "exit 3")).contains("ended with exit status: 3"));
        assert!(refused(&script(&folder, "echo hello")).contains("lists no languages"));
        let endless = script(
            &folder,
            "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done",
        );
        assert!(refused(&endless).contains("ended with signal"));
        let lives_on = script(&folder, "echo; exec >/dev/null; exec sleep 600");
        assert!(refused(&lives_on).contains("ended with signal"));
    }
}
