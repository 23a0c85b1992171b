//! Real sound from Debian's `pocketsphinx-testdata` (readings) and `sonic-pi-samples` (instruments), decoded by ffmpeg.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a missing witness fails the test and says what to install")]

use std::path::Path;
use std::process::Command;

use ebur128::{EbuR128, Mode};
use testkit::signal::{db, sine};

use super::loudness::decibels;
use super::{Analyser, Analysis, Kind, Meter};
use crate::Block;

const READINGS: &str = "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-";
const SAMPLES: &str = "/usr/share/sonic-pi/samples/";

/// Samples with held notes; bare drum loops are not told from speech, see `content`.
const MUSIC: [&str; 8] = [
    "ambi_drone",
    "ambi_glass_hum",
    "ambi_haunted_hum",
    "ambi_piano",
    "loop_3d_printer",
    "loop_drone_g_97",
    "loop_safari",
    "loop_weirdo",
];

/// All channels of a file, at 44.1 kHz and repeated to fill `seconds`.
fn decode(path: &str, channels: usize, seconds: usize) -> Vec<Vec<f32>> {
    assert!(
        Path::new(path).exists(),
        "{path} is missing; tools/setup installs pocketsphinx-testdata and sonic-pi-samples"
    );
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i", path, "-ar", "44100", "-ac", &channels.to_string(), "-f", "f32le", "-"])
        .output()
        .unwrap_or_else(|error| panic!("ffmpeg is needed, tools/setup installs it: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let samples: Vec<f32> = output.stdout.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let plane = |channel: usize| {
        let once: Vec<f32> = samples.iter().skip(channel).step_by(channels).copied().collect();
        let frames = once.len().max(seconds * 44_100);
        once.into_iter().cycle().take(frames).collect()
    };
    (0..channels).map(plane).collect()
}

fn readings() -> Vec<f32> {
    ["0870", "0880", "0890", "0920", "0930"]
        .into_iter()
        .flat_map(|part| decode(&format!("{READINGS}{part}.wav"), 1, 0).remove(0))
        .collect()
}

fn analyse(sound: Vec<Vec<f32>>) -> Analysis {
    let mut analyser = Analyser::new(44_100, sound.len());
    analyser.process(&Block::from_channels(sound));
    analyser.finish()
}

/// Part of the time that is of one kind, silence left out.
fn share(analysis: &Analysis, kind: Kind) -> f64 {
    let total = |wanted: &dyn Fn(Kind) -> bool| {
        analysis.content.iter().filter(|span| wanted(span.kind)).map(|span| span.end_ms - span.start_ms).sum::<u64>()
    };
    total(&|found| found == kind) as f64 / total(&|found| found != Kind::Silence) as f64
}

#[test]
fn readings_are_speech() {
    let found = analyse(vec![readings()]);
    assert!(share(&found, Kind::Speech) > 0.95, "{:?}", found.content);
    assert!(found.snr_db.is_some_and(|snr| (15.0..35.0).contains(&snr)), "{:?}", found.snr_db);
    assert_eq!(found.channels[0].clipped, 0);
}

#[test]
fn held_notes_are_music() {
    for name in MUSIC {
        let found = analyse(decode(&format!("{SAMPLES}{name}.flac"), 2, 20));
        assert!(share(&found, Kind::Music) > 0.95, "{name}: {:?}", found.content);
        assert_eq!(found.hum, None, "{name}");
    }
}

#[test]
fn speech_after_music_is_found_where_it_begins() {
    let mut sound = decode(&format!("{SAMPLES}loop_safari.flac"), 1, 20).remove(0);
    sound.truncate(20 * 44_100);
    sound.extend(readings());
    let found = analyse(vec![sound]);
    let starts: Vec<(u64, Kind)> = found.content.iter().map(|span| (span.start_ms, span.kind)).collect();
    let [(0, Kind::Music), (change, Kind::Speech)] = starts[..] else { panic!("{starts:?}") };
    assert!(change.abs_diff(20_000) <= 2_000, "{starts:?}");
}

#[test]
fn hum_under_a_reading_is_measured() {
    for base in [49.97, 60.04] {
        let mut sound = readings();
        let frames = sound.len();
        for (multiple, level) in [(1.0, -45.0), (3.0, -48.0)] {
            let hum = sine(44_100, base * multiple, db(level) * 2f64.sqrt(), 0.0, frames);
            for (sample, hum) in sound.iter_mut().zip(hum) {
                *sample += hum;
            }
        }
        let hum = analyse(vec![sound]).hum.unwrap();
        assert!((hum.base_hertz - base).abs() < 0.03, "{hum:?}");
        assert!(
            (hum.harmonics[0].level_db + 45.0).abs() < 1.0 && (hum.harmonics[1].level_db + 48.0).abs() < 1.0,
            "{hum:?}"
        );
    }
}

#[test]
fn agrees_with_another_meter_on_real_sound() -> Result<(), ebur128::Error> {
    let mut recordings: Vec<Vec<Vec<f32>>> =
        MUSIC.iter().map(|name| decode(&format!("{SAMPLES}{name}.flac"), 2, 0)).collect();
    recordings.push(vec![readings()]);
    for sound in recordings {
        let planes: Vec<&[f32]> = sound.iter().map(Vec::as_slice).collect();
        let channels = sound.len() as u32;
        let mut theirs = EbuR128::new(channels, 44_100, Mode::I | Mode::TRUE_PEAK)?;
        theirs.add_frames_planar_f32(&planes)?;
        let mut ours = Meter::new(44_100, sound.len());
        ours.process(&Block::from_channels(sound.clone()));
        let ours = ours.finish().loudness;
        assert!((ours.integrated - theirs.loudness_global()?).abs() < 0.01, "{ours:?}");
        let peak =
            (0..channels).try_fold(0.0f64, |peak, channel| theirs.true_peak(channel).map(|one| peak.max(one)))?;
        assert!((ours.true_peak - decibels(peak)).abs() < 0.2, "{ours:?} {}", decibels(peak));
    }
    Ok(())
}
