//! What is told of a finished job: its decisions in sentences, and the whole of it as a [`Report`].

use super::render::{Chain, Limited};
use super::{Finished, Outcome, Preset, Settings};
use crate::decode::SourceInfo;
use crate::master::solve::MOST_GAIN_DB;
use crate::measure::{Analysis, Kind, Loudness};
use crate::report::{
    Levels, Measures, Output, Reduction, Report, Sound, Source, Stretch, Target, Verified, acx, signed,
};

/// Runs of clipped samples from which on a recording is said to be clipped; a few can be chance.
const CLIPPED_RUNS: u64 = 10;

/// An offset worth a word: 1 % of full scale.
const NOTABLE_OFFSET: f64 = 0.01;

/// Whether there is nothing in a recording but an offset: every channel's power is that of its mean.
pub(super) fn is_constant(analysis: &Analysis) -> bool {
    let constant = |rms_db: f64, dc: f64| dc != 0.0 && rms_db - crate::master::decibels(dc.abs()) < 0.05;
    !analysis.channels.is_empty() && analysis.channels.iter().all(|channel| constant(channel.rms_db, channel.dc))
}

/// Why a recording has no loudness that could be brought anywhere, as a warning.
pub(super) fn why_no_loudness(source: &SourceInfo, analysis: &Analysis) -> Option<String> {
    let seconds = analysis.measured.frames as f64 / f64::from(source.rate);
    let said = if seconds < 0.4 {
        "The recording is too short to have a loudness: measuring takes 0.4 s"
    } else if is_constant(analysis) {
        "The recording is a constant value, an offset without sound"
    } else if analysis.measured.loudness.integrated.is_finite() {
        return None;
    } else {
        "The recording is silent"
    };
    Some(format!("{said}. Its level was left as it is."))
}

/// Warnings that the recording itself gives cause for.
pub(super) fn flaws(analysis: &Analysis, warnings: &mut Vec<String>) {
    let clipped: u64 = analysis.channels.iter().map(|channel| channel.clipped).sum();
    if clipped >= CLIPPED_RUNS {
        warnings.push(format!(
            "The recording is clipped in {clipped} places: peaks were cut off when it was made, which cannot be undone."
        ));
    }
}

/// Says what is done to the recording, and why.
pub(super) fn actions(
    settings: &Settings,
    before: &Analysis,
    chain: &Chain,
    after: &Analysis,
    limited: Limited,
) -> Vec<String> {
    let mut actions = Vec::new();
    if let Some(hertz) = settings.high_pass {
        let offset = before.channels.iter().map(|channel| channel.dc.abs()).fold(0.0, f64::max);
        actions.push(if offset >= NOTABLE_OFFSET {
            format!(
                "High-pass at {hertz:.0} Hz: rumble is gone, and an offset of {:.0} % of full scale.",
                offset * 100.0
            )
        } else {
            format!("High-pass at {hertz:.0} Hz: rumble is gone.")
        });
    }
    if let (true, Some(hum)) = (settings.remove_hum, &before.hum) {
        let lines: Vec<_> = hum.harmonics.iter().map(|line| format!("{:.0}", line.hertz)).collect();
        actions.push(format!("Mains hum was filtered out, at {} Hz.", lines.join(", ")));
    }
    let gains = chain.plan.gains_db();
    if !gains.is_empty() {
        let (low, high) = gains.iter().fold((0f32, 0f32), |(low, high), gain| (low.min(*gain), high.max(*gain)));
        actions.push(format!(
            "Voices were evened out: phrases moved by {} to {} dB.",
            signed(f64::from(low)),
            signed(f64::from(high))
        ));
    }
    if chain.plan.removed_ms() > 0 {
        let seconds = chain.plan.removed_ms() as f64 / 1_000.0;
        actions.push(format!("{} long pauses were shortened, by {seconds:.1} s in all.", chain.plan.cuts_ms().len()));
    }
    let loudness = after.measured.loudness.integrated;
    if loudness.is_finite() {
        actions.push(format!("A gain of {} dB brought it to {} LUFS.", signed(chain.gain_db), signed(loudness)));
        actions.push(if limited.share > 0.0 {
            format!(
                "The limiter held peaks down during {:.1} % of the time, by {:.1} dB at most.",
                limited.share * 100.0,
                -limited.deepest_db
            )
        } else {
            "The limiter had nothing to do.".to_owned()
        });
    }
    actions
}

/// Says where the target was missed, and why.
pub(super) fn misses(settings: &Settings, chain: &Chain, loudness: f64, warnings: &mut Vec<String>) {
    if !loudness.is_finite() || (loudness - settings.loudness).abs() <= 0.2 {
        return;
    }
    let (wanted, came) = (signed(settings.loudness), signed(loudness));
    warnings.push(if chain.gain_db >= MOST_GAIN_DB {
        format!(
            "The recording is so quiet that {wanted} LUFS would need more than {MOST_GAIN_DB:.0} dB of gain, which would bring up \
             little but noise. It came to {came} LUFS."
        )
    } else {
        format!("{wanted} LUFS cannot be reached under {} dBTP with this recording. It came to {came} LUFS.", signed(settings.ceiling))
    });
}

/// Says where one file missed, if it did.
pub(super) fn file_misses(file: &Finished, settings: &Settings, goal: f64, warnings: &mut Vec<String>) {
    let name = file.output.path.file_name().unwrap_or_default().to_string_lossy();
    if file.true_peak > settings.ceiling {
        warnings.push(format!(
            "{name} reaches {} dBTP, over the {} dBTP that were asked for.",
            signed(file.true_peak),
            signed(settings.ceiling)
        ));
    }
    if (file.loudness - goal).abs() > 0.2 {
        warnings.push(format!("{name} came to {} LUFS.", signed(file.loudness)));
    }
}

/// The report of a finished job. `name` is the recording's name for people.
pub fn report(name: &str, preset: &Preset, settings: &Settings, outcome: &Outcome) -> Report {
    let Outcome { source, before, after, .. } = outcome;
    let seconds = before.measured.frames as f64 / f64::from(source.rate);
    let whole = (seconds * 1_000.0).round() as u64;
    let hum = before.hum.as_ref().filter(|_| settings.remove_hum);
    Report {
        preset: preset.name.to_owned(),
        source: Source {
            filename: name.to_owned(),
            container: source.container.to_owned(),
            codec: source.codec.to_owned(),
            rate: source.rate,
            channels: source.channels,
            seconds,
        },
        target: Target { loudness: Some(settings.loudness), peak: Some(settings.ceiling) },
        levels: Levels { input: measures(before), output: measures(after) },
        music_speech: before.content.iter().filter_map(stretch).collect(),
        noise_hum_reduction: hum
            .map(|hum| Reduction {
                start_ms: 0,
                stop_ms: whole,
                denoise: None,
                dehum: Some(hum.base_hertz.round() as u32),
            })
            .into_iter()
            .collect(),
        actions: outcome.actions.clone(),
        warnings: outcome.warnings.clone(),
        outputs: outcome.outputs.iter().map(output).collect(),
        acx: if settings.check_acx { audiobook(after) } else { Vec::new() },
    }
}

/// All measurements of one sound, under the report's names.
pub fn measures(analysis: &Analysis) -> Measures {
    Measures {
        signal_level: analysis.signal_level_db,
        noise_level: analysis.noise_level_db,
        snr: analysis.snr_db.unwrap_or(f64::NAN),
        ..loudness_only(&analysis.measured.loudness)
    }
}

/// Measurements of which only the loudness is known.
pub fn loudness_only(loudness: &Loudness) -> Measures {
    Measures {
        loudness: loudness.integrated,
        lra: loudness.range,
        max_momentary: loudness.max_momentary,
        max_shortterm: loudness.max_short_term,
        peak: loudness.true_peak,
        signal_level: f64::NAN,
        noise_level: f64::NAN,
        snr: f64::NAN,
    }
}

/// The ACX rules speak of RMS over the whole file, sample peaks, and the noise of the pauses.
fn audiobook(after: &Analysis) -> Vec<crate::report::Check> {
    let powers = after.channels.iter().map(|channel| 10f64.powf(channel.rms_db / 10.0));
    let rms_db = 10.0 * (powers.sum::<f64>() / after.channels.len().max(1) as f64).log10();
    acx(rms_db, after.measured.loudness.sample_peak, after.noise_level_db)
}

fn stretch(span: &crate::measure::Span) -> Option<Stretch> {
    let label = match span.kind {
        Kind::Speech => Sound::Speech,
        Kind::Music => Sound::Music,
        Kind::Silence => return None,
    };
    Some(Stretch { label, start_ms: span.start_ms, stop_ms: span.end_ms })
}

fn output(file: &Finished) -> Output {
    let codec = file.output.codec;
    Output {
        filename: file.output.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        format: codec.name.to_owned(),
        ending: codec.ending.to_owned(),
        bitrate: file.output.bitrate.or(codec.default_bitrate),
        size: file.size,
        checksum: file.md5.clone(),
        verified: Some(Verified { loudness: file.loudness, peak: file.true_peak, seconds: file.seconds }),
    }
}
