//! Voices of a server that speaks OpenAI's speech API: `POST …/audio/speech` with a model, a voice and a text, answered with sound.
//! <https://platform.openai.com/docs/api-reference/audio/createSpeech>
//!
//! The operator names the server, so it may be on this machine or anywhere; nothing that others write chooses an address. It does not say when it
//! says which word; what is lit is the sentence. It may say the same sentence otherwise the next time: what the cache has is kept.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use serde_json::json;
use speech::SpeechError;
use speech::pronounce::Lexicon;
use speech::spoken::{Sentence, as_written};
use speech::voice::{About, Manner, Said, Voice};
use tokio::runtime::Runtime;

use super::sound::{MOST_BYTES, samples};
use crate::outbound::{AllowNetworks, Answer, AnswerLimits, Ending, Options, Outbound, OutboundError, Request, Target};

/// What the names of its voices end in.
const SUFFIX: &str = "-server";

/// Samples a second of all its voices: what most such servers make.
const RATE: u32 = 24_000;

/// How much of an answer is taken, and how long a sentence may take on a slow machine.
const LIMITS: AnswerLimits = AnswerLimits { body: MOST_BYTES, whole: Duration::from_mins(1) };

/// After how long it is asked again that did not answer, or was too busy.
const WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];

/// The longest that it may ask to be left alone for.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// How often is looked whether anybody waits still.
const LOOK: Duration = Duration::from_millis(100);

/// Bytes of a name that the operator gives.
const MOST_NAME: usize = 100;

/// A speech server, and which of its voices reads which language. Cheap to clone.
#[derive(Clone)]
pub struct SpeechServer(Arc<Inner>);

struct Inner {
    url: String,
    key: Option<HeaderValue>,
    model: String,
    voices: Vec<Served>,
    way: OnceLock<Way>,
}

/// One of its voices.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Served {
    /// What it reads, as BCP 47 writes it.
    language: String,
    /// What the server calls it.
    voice: String,
}

/// The way there: voices speak on threads that belong to no runtime.
struct Way {
    outbound: Outbound,
    runtime: Option<Runtime>,
}

/// Why there is no speech server where one is named.
#[derive(Debug, thiserror::Error)]
pub enum NoSpeechServer {
    /// The address is none.
    #[error("SOUNDPOST_SPEECH_SERVER_URL cannot be used. {0}")]
    Address(#[source] OutboundError),
    /// The key has bytes that no header may have.
    #[error("SOUNDPOST_SPEECH_SERVER_KEY has characters that no key has.")]
    Key,
    /// There is no list of voices.
    #[error(
        "SOUNDPOST_SPEECH_SERVER_VOICES says nothing about “{0}”. Write a language and which of the server's voices reads it, as in en-US=alloy, with commas between."
    )]
    Voices(String),
}

/// Shows no secret.
impl fmt::Debug for SpeechServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpeechServer").field("url", &self.0.url).finish_non_exhaustive()
    }
}

impl SpeechServer {
    /// A server: what its address is before `/audio/speech`, its key where it wants one, a model, and voices as `en-US=alloy, de=nova`.
    pub fn new(url: &str, key: Option<&str>, model: &str, voices: &str) -> Result<Self, NoSpeechServer> {
        let url = format!("{}/audio/speech", url.trim_end_matches('/'));
        let key = key.map(|key| {
            let mut value = HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| NoSpeechServer::Key)?;
            value.set_sensitive(true);
            Ok(value)
        });
        let listed = voices.split(',').map(str::trim).filter(|one| !one.is_empty()).map(Served::read);
        let listed: Vec<_> = listed.collect::<Result<_, _>>()?;
        if listed.is_empty() {
            return Err(NoSpeechServer::Voices(voices.trim().to_owned()));
        }
        let (key, model) = (key.transpose()?, model.to_owned());
        Target::parse(&url, &everywhere()).map_err(NoSpeechServer::Address)?;
        Ok(Self(Arc::new(Inner { url, key, model, voices: listed, way: OnceLock::new() })))
    }

    /// Says a word with its first voice, so that it is known whether it would.
    pub fn check(&self) -> Result<(), SpeechError> {
        let Some(voice) = self.all().next().and_then(|about| self.named(&about.name)) else { return Ok(()) };
        let lexicon = Lexicon::default();
        let manner = Manner::plain(&lexicon);
        voice.sentences("Hello.").iter().try_for_each(|sentence| voice.say(sentence, &manner).map(drop))
    }

    /// What is known about each of its voices.
    pub(super) fn all(&self) -> impl Iterator<Item = About> {
        self.0.voices.iter().map(|served| self.about(served))
    }

    /// The voice of that name.
    pub(super) fn named(&self, name: &str) -> Option<Spoken> {
        let served = self.0.voices.iter().find(|served| served.name() == name)?;
        Some(Spoken { server: self.clone(), voice: served.voice.clone(), about: self.about(served) })
    }

    fn about(&self, served: &Served) -> About {
        About {
            name: served.name(),
            language: served.language.clone(),
            rate: RATE,
            card: String::new(),
            identity: format!("{} {} {}", self.0.url, self.0.model, served.voice),
        }
    }

    /// Has a text said. Whoever reads the errors has nothing to do with the server; the operator's log says more.
    fn ask(&self, voice: &str, text: &str, manner: &Manner<'_>) -> Result<Vec<u8>, SpeechError> {
        let pace = manner.pace.clamp(0.5, 2.0);
        let mut wish = json!({ "model": self.0.model, "voice": voice, "input": text, "response_format": "wav" });
        // Not every model takes a speed.
        if (pace - 1.0).abs() > 0.001 {
            wish["speed"] = json!(pace);
        }
        let way = self.way()?;
        let Some(runtime) = &way.runtime else { return Err(failed("the speech server was left")) };
        let wish = wish.to_string();
        let asking = async {
            let mut waits = WAITS.into_iter();
            loop {
                let (error, asked) = match self.once(&way.outbound, wish.clone()).await {
                    Ok(sound) => return Ok(sound),
                    Err(no) => no,
                };
                match waits.next().filter(|_| matches!(error, SpeechError::Away { .. })) {
                    Some(wait) => tokio::time::sleep(asked.unwrap_or(wait)).await,
                    None => return Err(error),
                }
            }
        };
        runtime.block_on(async {
            tokio::select! {
                sound = asking => sound,
                () = over(manner) => Err(SpeechError::Cancelled),
            }
        })
    }

    /// Asks once. Where that fails, after how long the server wants to be asked again, if it says so.
    async fn once(&self, outbound: &Outbound, wish: String) -> Result<Vec<u8>, (SpeechError, Option<Duration>)> {
        let mut request = Request::new(Method::POST);
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = &self.0.key {
            request.headers.insert(AUTHORIZATION, key.clone());
        }
        request.body = wish.into();
        let answer = outbound.send(&self.0.url, request, &LIMITS).await.map_err(|error| {
            tracing::warn!(%error, "the speech server does not answer");
            let reason = "the speech server does not answer".to_owned();
            (if error.is_passing() { SpeechError::Away { reason } } else { SpeechError::Failed { reason } }, None)
        })?;
        let Answer { status, headers, body, ending, .. } = answer;
        if status.is_success() {
            return match ending {
                Ending::Whole => Ok(body),
                Ending::Cut => Err((failed("the speech server answered with more than a sentence"), None)),
                Ending::BrokenOff | Ending::TimedOut => {
                    Err((SpeechError::Away { reason: "the speech server broke off".to_owned() }, None))
                }
            };
        }
        // A server may repeat the key that it refuses.
        let said = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => String::new(),
            _ => String::from_utf8_lossy(&body).chars().filter(|c| !c.is_control()).take(300).collect(),
        };
        tracing::warn!(http.status = status.as_u16(), said, "the speech server refuses");
        let reason = format!("the speech server answered {status}");
        let busy = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        if !busy && !status.is_server_error() {
            return Err((SpeechError::Failed { reason }, None));
        }
        let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let asked = seconds.map(Duration::from_secs).map(|asked| asked.min(LONGEST_WAIT));
        Err((SpeechError::Away { reason }, asked))
    }

    fn way(&self) -> Result<&Way, SpeechError> {
        if let Some(way) = self.0.way.get() {
            return Ok(way);
        }
        let outbound = Outbound::new(Options::new(everywhere())).map_err(|error| failed(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| failed(format!("there is no thread for the speech server: {error}")))?;
        Ok(self.0.way.get_or_init(|| Way { outbound, runtime: Some(runtime) }))
    }
}

/// Waits until nobody waits for the sound any more.
async fn over(manner: &Manner<'_>) {
    while !(manner.is_over)() {
        tokio::time::sleep(LOOK).await;
    }
}

/// The operator names the server; it may stand beside this one.
fn everywhere() -> AllowNetworks {
    "0.0.0.0/0,::/0".parse().unwrap_or_default()
}

fn failed(reason: impl Into<String>) -> SpeechError {
    SpeechError::Failed { reason: reason.into() }
}

impl Drop for Way {
    fn drop(&mut self) {
        // Dropped as it is, a runtime waits, which is not allowed where others wait, too.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Served {
    fn read(text: &str) -> Result<Self, NoSpeechServer> {
        let no = || NoSpeechServer::Voices(text.chars().take(MOST_NAME).collect());
        let (language, voice) = text.split_once('=').ok_or_else(no)?;
        let (language, voice) = (language.trim().replace('_', "-"), voice.trim().to_owned());
        let is_tag = !language.is_empty() && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_name =
            !voice.is_empty() && voice.len() <= MOST_NAME && voice.bytes().all(|byte| byte.is_ascii_graphic());
        if is_tag && is_name { Ok(Self { language, voice }) } else { Err(no()) }
    }

    /// What it is called here: `en_US-alloy-server`.
    fn name(&self) -> String {
        format!("{}-{}{SUFFIX}", self.language.replace('-', "_"), self.voice)
    }
}

/// A voice of that server.
pub(super) struct Spoken {
    server: SpeechServer,
    voice: String,
    about: About,
}

impl Voice for Spoken {
    fn about(&self) -> &About {
        &self.about
    }

    fn sentences(&self, text: &str) -> Vec<Sentence> {
        as_written(text)
    }

    fn say(&self, sentence: &Sentence, manner: &Manner<'_>) -> Result<Said, SpeechError> {
        let answer = self.server.ask(&self.voice, &sentence.text, manner)?;
        let samples = samples(answer, RATE)?;
        let words = sentence.words.iter().map(|_| 0..samples.len()).take(1).collect();
        Ok(Said { samples, words })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use serde_json::Value;
    use speech::voice::{IsOver, NEVER_OVER};
    use testkit::sink::Sink;

    use super::*;

    fn said(url: &str, pace: f32) -> Result<Said, SpeechError> {
        said_unless(url, pace, NEVER_OVER)
    }

    fn said_unless(url: &str, pace: f32, is_over: IsOver<'_>) -> Result<Said, SpeechError> {
        let server = SpeechServer::new(url, Some("hunter2"), "tts-1", "en-US=alloy, de=nova").unwrap();
        let voice = server.named("en_US-alloy-server").unwrap();
        let sentences = voice.sentences("On 3 May, $5.");
        assert_eq!(sentences.len(), 1);
        voice.say(&sentences[0], &Manner { pace, lexicon: &Lexicon::default(), is_over })
    }

    #[test]
    fn it_is_asked_as_openai_is() {
        let sink = Sink::apart();
        let spoken = said(&sink.url("speech/"), 1.0).unwrap();
        // Thirteen letters at 22 050 samples a second, brought to 24 000.
        assert_eq!(spoken.samples.len(), (13 * 1_102 * 24_000 + 11_025) / 22_050);
        assert!(matches!(&spoken.words[..], [whole] if *whole == (0..spoken.samples.len())));
        assert!(said(&sink.url("speech"), 1.5).is_ok());
        let [first, second] = &sink.heard()[..] else { panic!("it was asked twice") };
        assert_eq!(first.path, "/speech/audio/speech");
        assert_eq!(
            (first.header("authorization"), first.header("content-type")),
            ("Bearer hunter2", "application/json")
        );
        let wish: Value = serde_json::from_slice(&first.body).unwrap();
        let wanted = json!({ "model": "tts-1", "voice": "alloy", "input": "On 3 May, $5.", "response_format": "wav" });
        assert_eq!(wish, wanted);
        assert_eq!(serde_json::from_slice::<Value>(&second.body).unwrap()["speed"], 1.5);
    }

    #[test]
    fn it_is_asked_again_where_that_helps() {
        let sink = Sink::apart();
        assert!(said(&sink.url("hoarse"), 1.0).is_ok());
        assert_eq!(sink.heard().len(), 2);
        let cases = [
            ("500", 3, "answered 500"),
            ("429", 3, "answered 429"),
            ("reset", 3, "does not answer"),
            ("early", 3, "broke off"),
            ("401", 1, "answered 401"),
            ("404", 1, "answered 404"),
            ("redirect", 1, "answered 302"),
            ("flood", 1, "more than a sentence"),
            ("ok", 1, "no sound"),
            ("page", 1, "no sound"),
        ];
        std::thread::scope(|scope| {
            for (path, times, words) in cases {
                let sink = &sink;
                scope.spawn(move || {
                    let error = said(&sink.url(path), 1.0).unwrap_err();
                    assert!(error.to_string().contains(words), "{path}: {error}");
                    assert_eq!(matches!(error, SpeechError::Away { .. }), times > 1, "{path}");
                    let asked =
                        sink.heard().iter().filter(|heard| heard.path.starts_with(&format!("/{path}/"))).count();
                    assert_eq!(asked, times, "{path}");
                    // Whoever reads this has nothing to do with the server.
                    assert!(
                        !error.to_string().contains("127.0.0.1") && !error.to_string().contains("hunter2"),
                        "{error}"
                    );
                });
            }
        });
    }

    #[test]
    fn nobody_is_kept_waiting_who_left() {
        let sink = Sink::apart();
        let error = said_unless(&sink.url("hang"), 1.0, &|| !sink.heard().is_empty()).unwrap_err();
        // And not that the server did not answer, which would have taken a minute, three times.
        assert!(matches!(error, SpeechError::Cancelled), "{error}");
    }

    #[test]
    fn its_voices_have_names_of_their_own() {
        let server =
            SpeechServer::new("http://localhost:8880/v1", None, "m", "en-US=af_heart+am_x, pt_BR=nova,").unwrap();
        let names: Vec<_> = server.all().map(|about| (about.name, about.language)).collect();
        let wanted = [("en_US-af_heart+am_x-server", "en-US"), ("pt_BR-nova-server", "pt-BR")];
        assert_eq!(names, wanted.map(|(name, language)| (name.to_owned(), language.to_owned())));
        assert!(server.named("nova").is_none() && server.named("pt_BR-nova-server").is_some());
        assert_eq!(format!("{server:?}"), "SpeechServer { url: \"http://localhost:8880/v1/audio/speech\", .. }");
    }
}
