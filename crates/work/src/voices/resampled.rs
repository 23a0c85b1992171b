//! A voice at another's sample rate, so that both can be heard in one recording.

use std::sync::Arc;

use speech::SpeechError;
use speech::spoken::Sentence;
use speech::voice::{About, Manner, Said, Voice};

use super::sound::resampled;

/// A voice whose sound is brought to another rate.
pub(crate) struct Resampled {
    voice: Arc<dyn Voice>,
    about: About,
}

impl Resampled {
    pub(crate) fn new(voice: Arc<dyn Voice>, rate: u32) -> Self {
        let about = voice.about();
        let about = About { rate, identity: format!("{} at {rate} Hz", about.identity), ..about.clone() };
        Self { voice, about }
    }
}

impl Voice for Resampled {
    fn about(&self) -> &About {
        &self.about
    }

    fn sentences(&self, text: &str) -> Vec<Sentence> {
        self.voice.sentences(text)
    }

    fn say(&self, sentence: &Sentence, manner: &Manner<'_>) -> Result<Said, SpeechError> {
        let Said { samples, words } = self.voice.say(sentence, manner)?;
        let (from, to) = (self.voice.about().rate, self.about.rate);
        let samples = resampled(samples, from, to)?;
        let at = |place: usize| {
            let place = place as u64 * u64::from(to) / u64::from(from.max(1));
            usize::try_from(place).unwrap_or(usize::MAX).min(samples.len())
        };
        let words = words.into_iter().map(|word| at(word.start)..at(word.end)).collect();
        Ok(Said { samples, words })
    }
}
