//! Speaking segments: sentences on several threads, sound in order, and when each word is heard.
//!
//! What belongs here: who says which sentence when, pauses, and what a cache has to know. What is said is in `spoken`, how in `voice`.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::SpeechError;
use crate::pronounce::{Lexicon, Pronunciation};
use crate::script::{Pauses, Segment};
use crate::spoken::Sentence;
use crate::voice::{IsOver, Manner, Said, Voice};

/// Changes when the same text is read in other words or cut elsewhere, so that nothing old is taken for new.
const READING: &str = "reading 1";

/// Sentences for each thread that may be said before their turn, so that memory does not grow with an article.
const AHEAD: usize = 4;

/// How an article is spoken.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How fast: 1 as the voice was made, between 0.5 and 2.
    pub pace: f32,
    /// Silence between sentences and segments.
    pub pauses: Pauses,
    /// Words that are said in the publication's own way.
    pub lexicon: Lexicon,
    /// Sentences that are said at the same time. It does not change what is heard.
    pub threads: NonZero<usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { pace: 1.0, pauses: Pauses::default(), lexicon: Lexicon::default(), threads: NonZero::<usize>::MIN }
    }
}

/// Sound, in order, and the words that are heard in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Which of the segments it belongs to.
    pub segment: usize,
    /// Where it begins, in samples; see [`render`] and [`speak`] for from where they count.
    pub start: u64,
    /// The sound, one channel, full scale ±1.
    pub samples: Vec<f32>,
    /// How many of the samples are the sentence; what follows is the pause after it.
    pub said: usize,
    /// Whether its segment ends with it.
    pub is_last: bool,
    /// What is heard in it, in order.
    pub words: Vec<TimedWord>,
}

/// A word or several that stand for one piece of a segment's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedWord {
    /// The piece of the segment's text, in bytes.
    pub source: Range<usize>,
    /// When it is heard, in samples, counted as [`Piece::start`] is.
    pub heard: Range<u64>,
}

/// What a segment's sound depends on, as 64 hexadecimal digits: two segments with the same key sound the same.
pub fn key(segment: &Segment, voice: &dyn Voice, settings: &Settings) -> String {
    let mut digest = Sha256::new();
    // Each with its length, so that no two lists of parts are one text.
    let mut part = |text: &str| {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    };
    part(READING);
    part(&voice.about().identity);
    part(&format!("{} {} {}", settings.pace, settings.pauses.sentence_seconds, settings.pauses.clause_seconds));
    part(&segment.text);
    // Of the lexicon only what the text has to do with, so that a new word leaves other segments as they are.
    let lower = segment.text.to_lowercase().replace('’', "'");
    for (word, pronunciation) in settings.lexicon.iter().filter(|(word, _)| lower.contains(*word)) {
        part(word);
        match pronunciation {
            Pronunciation::Ipa(ipa) => part(ipa),
            Pronunciation::Respelling(parts) => part(&parts.join("-")),
        }
    }
    crate::hexadecimal(&digest.finalize())
}

/// Speaks segments one after the other, with pauses between them; positions count from the beginning of the first. `take` is given
/// the pieces in order, on the calling thread. When `is_over` says so, what is being said is finished and thrown away.
pub fn speak(
    segments: &[Segment],
    voice: &dyn Voice,
    settings: &Settings,
    is_over: IsOver<'_>,
    take: &mut dyn FnMut(Piece) -> Result<(), SpeechError>,
) -> Result<(), SpeechError> {
    // Where the present segment begins, where the sound ends so far, and which segment that is.
    let (mut origin, mut end, mut current) = (0, 0, None);
    render(segments, voice, settings, is_over, &mut |mut piece| {
        if current != Some(piece.segment) {
            if let Some((before, after)) =
                current.and_then(|before: usize| Some((segments.get(before)?, segments.get(piece.segment)?)))
            {
                let seconds = settings.pauses.between(before.kind, after.kind);
                let silence = silence(seconds, settings, voice);
                take(Piece {
                    segment: piece.segment,
                    start: end,
                    samples: vec![0.0; silence as usize],
                    said: 0,
                    is_last: false,
                    words: Vec::new(),
                })?;
                end += silence;
            }
            (origin, current) = (end, Some(piece.segment));
        }
        piece.start += origin;
        for word in &mut piece.words {
            word.heard = word.heard.start + origin..word.heard.end + origin;
        }
        end = piece.start + piece.samples.len() as u64;
        take(piece)
    })
}

/// Speaks segments, each for itself: positions count from the beginning of the piece's segment, and there is no pause between
/// segments. That is what a cache keeps.
pub fn render(
    segments: &[Segment],
    voice: &dyn Voice,
    settings: &Settings,
    is_over: IsOver<'_>,
    take: &mut dyn FnMut(Piece) -> Result<(), SpeechError>,
) -> Result<(), SpeechError> {
    let sentences: Vec<(usize, Sentence)> = segments
        .iter()
        .enumerate()
        .flat_map(|(index, segment)| voice.sentences(&segment.text).into_iter().map(move |sentence| (index, sentence)))
        .collect();
    let queue = Queue::new(sentences.len(), settings.threads.get() * AHEAD);
    let manner = Manner { pace: settings.pace, lexicon: &settings.lexicon, is_over };
    std::thread::scope(|scope| {
        for _ in 0..settings.threads.get().min(sentences.len()) {
            scope.spawn(|| {
                while let Some(index) = queue.next() {
                    let said = match sentences.get(index) {
                        Some(_) if is_over() => Err(SpeechError::Cancelled),
                        Some((_, sentence)) => voice.say(sentence, &manner),
                        None => break,
                    };
                    queue.done(index, said);
                }
            });
        }
        let result = deliver(&sentences, voice, settings, is_over, &queue, take);
        // Whoever still waits for a sentence to say is told that there is none.
        queue.close();
        result
    })
}

fn deliver(
    sentences: &[(usize, Sentence)],
    voice: &dyn Voice,
    settings: &Settings,
    is_over: IsOver<'_>,
    queue: &Queue,
    take: &mut dyn FnMut(Piece) -> Result<(), SpeechError>,
) -> Result<(), SpeechError> {
    let mut start = 0;
    for (index, (segment, sentence)) in sentences.iter().enumerate() {
        let Said { mut samples, words } = queue.wait(index)?;
        let said = samples.len();
        if is_over() {
            return Err(SpeechError::Cancelled);
        }
        let last = sentences.get(index + 1).is_none_or(|(next, _)| next != segment);
        if !last {
            let seconds = if sentence.text.ends_with(['.', '!', '?']) {
                settings.pauses.sentence_seconds
            } else {
                settings.pauses.clause_seconds
            };
            samples.resize(samples.len() + silence(seconds, settings, voice) as usize, 0.0);
        }
        let length = samples.len() as u64;
        let mut heard: Vec<TimedWord> = Vec::with_capacity(words.len());
        for (word, at) in sentence.words.iter().zip(words) {
            let at = start + at.start as u64..start + at.end as u64;
            match heard.last_mut() {
                Some(before) if before.source == word.source => before.heard.end = at.end,
                _ => heard.push(TimedWord { source: word.source.clone(), heard: at }),
            }
        }
        take(Piece { segment: *segment, start, samples, said, is_last: last, words: heard })?;
        start = if last { 0 } else { start + length };
    }
    Ok(())
}

/// A pause in samples: shorter where the voice is faster, and never longer than ten seconds.
fn silence(seconds: f32, settings: &Settings, voice: &dyn Voice) -> u64 {
    let seconds = (seconds / settings.pace.clamp(0.5, 2.0)).clamp(0.0, 10.0);
    (f64::from(seconds) * f64::from(voice.about().rate)) as u64
}

/// Which sentence is next, and what has been said.
struct Queue {
    count: usize,
    ahead: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    next: usize,
    delivered: usize,
    said: BTreeMap<usize, Result<Said, SpeechError>>,
    closed: bool,
}

impl Queue {
    fn new(count: usize, ahead: usize) -> Self {
        Self { count, ahead, state: Mutex::default(), changed: Condvar::new() }
    }

    /// The next sentence to say, once it is not too far ahead; `None` when there is no more.
    fn next(&self) -> Option<usize> {
        let waits =
            |state: &mut State| !state.closed && state.next < self.count && state.next >= state.delivered + self.ahead;
        let mut state = self.changed.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner);
        if state.closed || state.next >= self.count {
            return None;
        }
        state.next += 1;
        Some(state.next - 1)
    }

    fn done(&self, index: usize, said: Result<Said, SpeechError>) {
        self.lock().said.insert(index, said);
        self.changed.notify_all();
    }

    /// What was said, when it is there.
    fn wait(&self, index: usize) -> Result<Said, SpeechError> {
        let waits = |state: &mut State| !state.said.contains_key(&index);
        let mut state = self.changed.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner);
        state.delivered = index + 1;
        let said = state.said.remove(&index);
        drop(state);
        self.changed.notify_all();
        said.unwrap_or(Err(SpeechError::Cancelled))
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::script::Kind;
    use crate::voice::{About, NEVER_OVER};

    /// A voice that says each letter as a hundredth of a second of its number, and fails at a word.
    struct Ticker(About);

    impl Voice for Ticker {
        fn about(&self) -> &About {
            &self.0
        }

        fn say(&self, sentence: &Sentence, _: &Manner<'_>) -> Result<Said, SpeechError> {
            if sentence.text.contains("fail") {
                return Err(SpeechError::Failed { reason: "asked to".to_owned() });
            }
            let samples =
                sentence.text.bytes().flat_map(|byte| std::iter::repeat_n(f32::from(byte) / 256.0, 100)).collect();
            Ok(Said {
                samples,
                words: sentence.words.iter().map(|word| word.said.start * 100..word.said.end * 100).collect(),
            })
        }
    }

    fn ticker() -> Ticker {
        let text = |text: &str| text.to_owned();
        Ticker(About {
            name: text("ticker"),
            language: text("en-US"),
            rate: 10_000,
            card: String::new(),
            identity: text("1"),
        })
    }

    fn segments(texts: &[&str]) -> Vec<Segment> {
        texts.iter().map(|text| Segment { kind: Kind::Paragraph, text: (*text).to_owned() }).collect()
    }

    fn pieces(texts: &[&str], threads: usize) -> Vec<Piece> {
        let settings = Settings { threads: NonZero::new(threads).unwrap(), ..Settings::default() };
        let mut pieces = Vec::new();
        speak(&segments(texts), &ticker(), &settings, NEVER_OVER, &mut |piece| {
            pieces.push(piece);
            Ok(())
        })
        .unwrap();
        pieces
    }

    #[test]
    fn sound_is_in_order_and_words_are_where_they_are_heard() {
        let texts = ["It cost $1.5bn. That is much.", "Yes."];
        let found = pieces(&texts, 1);
        let mut reached = 0;
        for piece in &found {
            assert_eq!(piece.start, reached);
            reached += piece.samples.len() as u64;
            for word in &piece.words {
                assert!(
                    word.heard.start >= piece.start && word.heard.end <= reached && word.heard.start < word.heard.end
                );
            }
        }
        let heard: Vec<&str> = found
            .iter()
            .flat_map(|piece| piece.words.iter().map(|word| &texts[piece.segment][word.source.clone()]))
            .collect();
        assert_eq!(heard, ["It", "cost", "$1.5bn", "That", "is", "much", "Yes"]);
        // Two sentences and a pause, the pause between paragraphs, a sentence.
        assert_eq!(found.iter().map(|piece| piece.segment).collect::<Vec<_>>(), [0, 0, 1, 1]);
        assert_eq!(found[2].samples, vec![0.0; 6000]);
    }

    #[test]
    fn threads_change_nothing() {
        let texts: Vec<String> = (0..40).map(|index| format!("Number {index} is said. So is its neighbour.")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(pieces(&texts, 1), pieces(&texts, 7));
    }

    #[test]
    fn the_first_failure_ends_it() {
        let mut taken = 0;
        let settings = Settings { threads: NonZero::new(3).unwrap(), ..Settings::default() };
        let result =
            render(&segments(&["One.", "Two.", "Now fail.", "Four."]), &ticker(), &settings, NEVER_OVER, &mut |_| {
                taken += 1;
                Ok(())
            });
        assert!(matches!(result, Err(SpeechError::Failed { .. })));
        assert_eq!(taken, 2);
    }

    #[test]
    fn it_stops_when_asked() {
        let stop = AtomicBool::new(false);
        let many = vec!["A sentence."; 1000];
        let mut taken = 0;
        let result =
            render(&segments(&many), &ticker(), &Settings::default(), &|| stop.load(Ordering::Relaxed), &mut |_| {
                taken += 1;
                stop.store(taken == 3, Ordering::Relaxed);
                Ok(())
            });
        assert!(matches!(result, Err(SpeechError::Cancelled)));
        assert_eq!(taken, 3);
        let result = render(&segments(&many), &ticker(), &Settings::default(), NEVER_OVER, &mut |_| {
            Err(SpeechError::Write(std::io::ErrorKind::StorageFull.into()))
        });
        assert!(matches!(result, Err(SpeechError::Write(_))));
    }

    #[test]
    fn a_key_changes_with_what_is_heard_and_with_nothing_else() {
        let voice = ticker();
        let [one, two] = [0, 1].map(|index| segments(&["Nguyen plays.", "Amati plays."])[index].clone());
        let plain = Settings::default();
        let mut known = Settings::default();
        known.lexicon.set("Nguyen", "win").unwrap();
        let faster = Settings { pace: 1.1, ..Settings::default() };
        let threads = Settings { threads: NonZero::new(9).unwrap(), ..Settings::default() };
        assert_ne!(key(&one, &voice, &plain), key(&two, &voice, &plain));
        assert_ne!(key(&one, &voice, &plain), key(&one, &voice, &known));
        assert_eq!(key(&two, &voice, &plain), key(&two, &voice, &known));
        assert_ne!(key(&one, &voice, &plain), key(&one, &voice, &faster));
        assert_eq!(key(&one, &voice, &plain), key(&one, &voice, &threads));
        let mut other = ticker();
        other.0.identity = "2".to_owned();
        assert_ne!(key(&one, &voice, &plain), key(&one, &other, &plain));
    }
}
