//! What is wanted of a production, in the words of the sound engine; and in sentences what it cannot do.

use audio::encode::{self, Codec};
use audio::level::{SilenceCutting, Strength};
use audio::produce::settings::LOUDNESS_RANGE;
use audio::produce::{PRESETS, Settings};
use model::Draft;
use model::production::{Algorithms, OutputOrder};

use super::names::Names;

/// Pauses longer than this are shortened where that is wished, to half of it: the command line's own suggestion.
const LONG_PAUSE_MS: u64 = 2_000;

/// Greatest true peak that can be asked for, dBTP, as on the command line.
const PEAK_RANGE: std::ops::RangeInclusive<f64> = -12.0..=0.0;

/// What is to be made.
pub(super) struct Plan {
    /// How it is to sound.
    pub(super) settings: Settings,
    /// Whether it keeps the recording's own loudness, which takes the place of the settings'.
    pub(super) keeps_loudness: bool,
    /// The files, in the order in which they were asked for.
    pub(super) files: Vec<Planned>,
    /// What the owner should know, in sentences.
    pub(super) warnings: Vec<String>,
}

/// One file to make.
pub(super) struct Planned {
    /// As it was asked for.
    pub(super) order: OutputOrder,
    /// Its name, without folders.
    pub(super) name: String,
    /// What is in it.
    pub(super) content: Content,
}

/// What is in a file.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// Sound.
    Sound {
        /// The format.
        codec: &'static Codec,
        /// Kilobits per second, or the format's own.
        bitrate: Option<u32>,
    },
    /// Chapter marks.
    Chapters(ChaptersForm),
    /// The shape of the sound.
    Waveform(WaveformForm),
    /// The report.
    Stats(StatsForm),
}

/// How chapter marks are written.
#[derive(Clone, Copy)]
pub(super) enum ChaptersForm {
    /// Podlove Simple Chapters.
    Psc,
    /// A line each.
    Text,
    /// Podcasting 2.0.
    Json,
}

/// How the shape of the sound is written.
#[derive(Clone, Copy)]
pub(super) enum WaveformForm {
    /// A picture.
    Png,
    /// audiowaveform's JSON.
    Json,
    /// audiowaveform's binary form.
    Dat,
}

/// How the report is written.
#[derive(Clone, Copy)]
pub(super) enum StatsForm {
    /// For programs.
    Json,
    /// For people.
    Text,
}

impl Plan {
    /// What a draft means for a recording of that name, or why it means nothing that can be made.
    pub(super) fn new(draft: &Draft, recording: &str) -> Result<Self, String> {
        let mut warnings = Vec::new();
        let (settings, keeps_loudness) = settings(&draft.algorithms, &mut warnings);
        let mut names = Names::new(&draft.output_basename, recording);
        let mut files = Vec::new();
        for order in &draft.outputs {
            files.extend(planned(order, &mut names, &mut warnings)?);
        }
        if files.is_empty() {
            return Err("Nothing of what was asked for can be made here yet. Ask for a sound file as well.".to_owned());
        }
        let wants_chapters = files.iter().any(|file| matches!(file.content, Content::Chapters(_)));
        if wants_chapters && draft.chapters.is_empty() {
            warnings.push("A file of chapter marks was asked for, and none were given.".to_owned());
        }
        Ok(Self { settings, keeps_loudness, files, warnings })
    }
}

/// How it is to sound, beginning with the podcast preset.
fn settings(wanted: &Algorithms, warnings: &mut Vec<String>) -> (Settings, bool) {
    let base = PRESETS[0].settings;
    let leveler = match (wanted.leveler, wanted.levelermode.as_str()) {
        (false, _) => Strength::OFF,
        (true, "" | "default") => Strength::SPEECH,
        (true, "gentle") => Strength::GENTLE,
        (true, "firm") => Strength::FIRM,
        (true, mode) => {
            warnings.push(format!("There is no leveler mode {mode}. The default was used."));
            Strength::SPEECH
        }
    };
    for (asked, what) in
        [(wanted.denoise, "Noise reduction"), (wanted.gate, "The gate"), (wanted.crossgate, "The crossgate")]
    {
        if asked {
            warnings.push(format!("{what} is not built yet. It was left out."));
        }
    }
    let within = |value: f64, range: std::ops::RangeInclusive<f64>, other: f64| {
        if value.is_finite() { value.clamp(*range.start(), *range.end()) } else { other }
    };
    let settings = Settings {
        loudness: within(wanted.loudnesstarget, LOUDNESS_RANGE, base.loudness),
        ceiling: within(wanted.maxpeak, PEAK_RANGE, base.ceiling),
        high_pass: base.high_pass.filter(|_| wanted.filtering),
        remove_hum: wanted.filtering,
        leveler,
        silence_cutting: wanted
            .silence_cutter
            .then_some(SilenceCutting { longer_than_ms: LONG_PAUSE_MS, keep_ms: LONG_PAUSE_MS / 2 }),
        check_acx: false,
    };
    (settings, !wanted.normloudness)
}

/// The file that is meant, or none where it cannot be made yet.
fn planned(order: &OutputOrder, names: &mut Names, warnings: &mut Vec<String>) -> Result<Option<Planned>, String> {
    let format = order.format.as_str();
    let (content, middle, ending, kbps) = match (format, order.ending.as_str()) {
        ("transcript" | "speech" | "tracks", _) => {
            warnings.push(format!("The output {format} is not built yet. It was left out."));
            return Ok(None);
        }
        ("chapters", "txt") => (Content::Chapters(ChaptersForm::Text), ".chapters", "txt", None),
        ("chapters", "json") => (Content::Chapters(ChaptersForm::Json), ".chapters", "json", None),
        ("chapters", _) => (Content::Chapters(ChaptersForm::Psc), ".chapters", "psc", None),
        ("waveform", "json") => (Content::Waveform(WaveformForm::Json), ".waveform", "json", None),
        ("waveform", "dat") => (Content::Waveform(WaveformForm::Dat), ".waveform", "dat", None),
        ("waveform", _) => (Content::Waveform(WaveformForm::Png), ".waveform", "png", None),
        ("stats", "txt") => (Content::Stats(StatsForm::Text), ".stats", "txt", None),
        ("stats", _) => (Content::Stats(StatsForm::Json), ".stats", "json", None),
        _ => {
            let codec = encode::find(format).ok_or_else(|| {
                let known: Vec<_> = encode::codecs().iter().map(|codec| codec.name).collect();
                format!("There is no format {format} here. Choose among {}.", known.join(", "))
            })?;
            let bitrate = bitrate(codec, order.bitrate, warnings);
            (Content::Sound { codec, bitrate }, "", codec.ending, bitrate)
        }
    };
    if order.mono_mixdown {
        warnings
            .push(format!("A mixdown to mono is not built yet. The {format} file has the channels of the recording."));
    }
    if order.split_on_chapters {
        warnings.push(format!("Splitting at chapters is not built yet. The {format} file is whole."));
    }
    let name = names.give(order, middle, ending, kbps);
    Ok(Some(Planned { order: order.clone(), name, content }))
}

fn bitrate(codec: &Codec, asked: Option<u32>, warnings: &mut Vec<String>) -> Option<u32> {
    let (kbps, range) = (asked?, codec.bitrates.as_ref()?);
    let possible = kbps.clamp(*range.start(), *range.end());
    if possible != kbps {
        warnings.push(format!("{} does not go to {kbps} kbit/s. It was made with {possible}.", codec.title));
    }
    Some(possible)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    fn order(format: &str, ending: &str) -> OutputOrder {
        OutputOrder { format: format.to_owned(), ending: ending.to_owned(), ..OutputOrder::default() }
    }

    fn draft(outputs: Vec<OutputOrder>, algorithms: Algorithms) -> Draft {
        Draft { outputs, algorithms, ..Draft::default() }
    }

    #[test]
    fn what_is_left_open_is_the_podcast_preset() {
        let plan = Plan::new(&draft(vec![order("mp3", "")], Algorithms::default()), "talk.wav").unwrap();
        assert_eq!((plan.settings, plan.keeps_loudness), (PRESETS[0].settings, false));
        assert_eq!(plan.warnings, [""; 0]);
    }

    #[test]
    fn every_algorithm_has_its_effect_or_its_sentence() {
        let algorithms = Algorithms {
            leveler: true,
            levelermode: "firm".into(),
            normloudness: false,
            loudnesstarget: -60.0,
            maxpeak: 3.0,
            filtering: false,
            denoise: true,
            silence_cutter: true,
            gate: true,
            crossgate: true,
            ..Algorithms::default()
        };
        let plan = Plan::new(&draft(vec![order("flac", "")], algorithms), "talk.wav").unwrap();
        let settings = plan.settings;
        assert_eq!((settings.leveler, settings.loudness, settings.ceiling), (Strength::FIRM, -31.0, 0.0));
        assert_eq!((settings.high_pass, settings.remove_hum), (None, false));
        assert!(settings.silence_cutting.is_some() && plan.keeps_loudness);
        assert_eq!(
            plan.warnings,
            [
                "Noise reduction is not built yet. It was left out.",
                "The gate is not built yet. It was left out.",
                "The crossgate is not built yet. It was left out.",
            ]
        );
        let off = Algorithms { leveler: false, maxpeak: f64::NAN, ..Algorithms::default() };
        let plan = Plan::new(&draft(vec![order("flac", "")], off), "talk.wav").unwrap();
        assert_eq!((plan.settings.leveler, plan.settings.ceiling), (Strength::OFF, -1.0));
    }

    #[test]
    fn files_are_named_by_what_is_in_them() {
        let orders =
            ["mp3", "mp3-vbr", "opus", "vorbis", "flac", "alac", "wav", "wav-24bit"].map(|name| order(name, ""));
        let data = [("chapters", ""), ("chapters", "txt"), ("waveform", "png"), ("waveform", "dat"), ("stats", "")];
        let outputs = orders.into_iter().chain(data.map(|(format, ending)| order(format, ending))).collect();
        let plan = Plan::new(&draft(outputs, Algorithms::default()), "talk.mov").unwrap();
        let names: Vec<_> = plan.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "talk.mp3",
                "talk-mp3-vbr.mp3",
                "talk.opus",
                "talk.ogg",
                "talk.flac",
                "talk.m4a",
                "talk.wav",
                "talk-wav-24bit.wav",
                "talk.chapters.psc",
                "talk.chapters.txt",
                "talk.waveform.png",
                "talk.waveform.dat",
                "talk.stats.json",
            ]
        );
        assert_eq!(plan.warnings, ["A file of chapter marks was asked for, and none were given."]);
    }

    #[test]
    fn what_cannot_be_made_is_said() {
        let mut mono = order("mp3", "");
        (mono.mono_mixdown, mono.split_on_chapters, mono.bitrate) = (true, true, Some(9_999));
        let plan = Plan::new(&draft(vec![mono, order("transcript", "vtt")], Algorithms::default()), "a.wav").unwrap();
        assert_eq!(plan.files.len(), 1);
        assert_eq!(
            plan.warnings,
            [
                "MP3 does not go to 9999 kbit/s. It was made with 320.",
                "A mixdown to mono is not built yet. The mp3 file has the channels of the recording.",
                "Splitting at chapters is not built yet. The mp3 file is whole.",
                "The output transcript is not built yet. It was left out.",
            ]
        );
        assert!(Plan::new(&draft(vec![order("tracks", "")], Algorithms::default()), "a.wav").is_err());
        let unknown = Plan::new(&draft(vec![order("real", "")], Algorithms::default()), "a.wav").err().unwrap();
        assert!(unknown.starts_with("There is no format real here. Choose among "), "{unknown}");
    }
}
