//! What players make of our files, and what the stream looks like from inside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::NamedTempFile;
use testkit::signal::{Dice, noise, sine};

use super::super::witness::{self, Made};
use super::frame::{self, Format, Rate};
use super::join::Joiner;
use super::lame::Lame;
use super::{LOOK_AHEAD, MP3, MP3_VBR, OVERLAP, SEGMENT, WARM_UP, constant, open, run, variable};
use crate::decode::Source;
use crate::encode::Order;
use crate::measure::true_peak::TruePeak;
use crate::tag::{ReplayGain, Tags};
use crate::{AudioError, Block};

/// Something like music: chords that change, a noisy beat with sharp attacks, and now and then nearly nothing.
fn music(rate: u32, channels: usize, seconds: f64) -> Block {
    let frames = (f64::from(rate) * seconds) as usize;
    let mut dice = Dice::new(11);
    let mut sound = Block::new(channels, frames);
    let chord = rate as usize / 3;
    for start in (0..frames).step_by(chord) {
        let length = chord.min(frames - start);
        let loud = [0.02, 0.1, 0.25][dice.below(3)];
        let hit = noise(&mut dice, 0.8, length);
        let tones: Vec<f64> = (0..4).map(|_| 110.0 * 2f64.powf(dice.below(48) as f64 / 12.0)).collect();
        for (side, channel) in sound.iter_mut().enumerate() {
            for &tone in &tones {
                let tone = sine(rate, tone, loud, 40.0 * side as f64, length);
                channel[start..start + length].iter_mut().zip(tone).for_each(|(into, tone)| *into += tone);
            }
            for (n, hit) in hit.iter().enumerate() {
                let decay = (-(n as f32) / (0.02 * rate as f32)).exp();
                channel[start + n] += hit * decay * (1.0 - 0.5 * side as f32);
            }
        }
    }
    sound
}

fn order(rate: u32, channels: usize, frames: usize, ceiling: Option<f64>) -> Order {
    Order { rate, channels, frames: frames as u64, bitrate: None, ceiling, tags: Tags::default() }
}

/// A file made with a given number of threads.
fn made(sound: &Block, rate: u32, bitrate: Rate, ceiling: Option<f64>, threads: usize) -> NamedTempFile {
    let file = tempfile::Builder::new().suffix(".mp3").tempfile().unwrap();
    let order = order(rate, sound.channels(), sound.frames(), ceiling);
    let mut encoder = open(&order, Box::new(file.reopen().unwrap()), bitrate, threads).unwrap();
    for start in (0..sound.frames()).step_by(4096) {
        let mut block = Block::new(sound.channels(), 0);
        block.extend_range(sound, start..(start + 4096).min(sound.frames()));
        encoder.write(&block).unwrap();
    }
    encoder.finish(&ReplayGain { loudness: -16.0, peak: 0.5 }).unwrap();
    file
}

/// The frames of a file behind its tag, with the describing frame first.
fn frames(format: &Format, file: &[u8]) -> Vec<frame::Parsed> {
    // ID3v2.4 §3.1: four times seven bits of length behind six bytes.
    let mut at = 10 + file[6..10].iter().fold(0, |length, byte| length << 7 | usize::from(*byte));
    let mut frames = Vec::new();
    while at < file.len() {
        let frame = frame::parse(format, &file[at..]).unwrap();
        at += frame.length;
        frames.push(frame);
    }
    assert_eq!(at, file.len(), "the last frame is cut off");
    frames
}

/// Walks through a stream as a decoder does: every frame finds its data in what is there, no byte is used twice, windows
/// fit one another.
fn check_stream(format: &Format, file: &[u8]) {
    let frames = frames(format, file);
    let (mut room, mut used) = (0, 0);
    for (number, pair) in frames.windows(2).enumerate() {
        let frame = &pair[1];
        let begin = room - frame.main_data_begin;
        assert!(begin >= used, "frame {number} begins within the data of the one before");
        let area = frame.length - 4 - format.side_length();
        used = begin + frame.data_length;
        room += area;
        assert!(used <= room, "frame {number} ends in the next");
        if number > 0 {
            assert_eq!(pair[0].frame.steep_out, frame.frame.steep_in, "windows before frame {number}");
        }
        let limit = format.reservoir_limit(pair[0].length);
        assert!(frame.main_data_begin <= limit, "frame {number} reaches back {}", frame.main_data_begin);
    }
}

/// Runs a program that must be content and say nothing.
fn check_silent(program: &str, arguments: &[&str], file: &Path) {
    let output = Command::new(program).args(arguments).arg(file).stdin(Stdio::null()).output();
    let output =
        output.unwrap_or_else(|error| panic!("{program} is needed for this test ({error}); tools/setup installs it"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{program}: {said}");
}

/// Frames of sound by other people's decoders, with the delays cut off.
fn check_lengths(file: &Path, frames: usize) {
    // mpg123 says no more than warnings and errors with -q.
    check_silent("mpg123", &["-q", "-t"], file);
    let mpg123 = decoded_by("mpg123", &["-q", "-e", "s16", "-s"], file, &[]);
    let ffmpeg = decoded_by("ffmpeg", &["-v", "error", "-i"], file, &["-f", "s16le", "-"]);
    assert_eq!(mpg123.len(), ffmpeg.len(), "mpg123 against ffmpeg");
    let mut source = Source::open(file).unwrap();
    let channels = source.info().channels;
    let (mut block, mut ours) = (Block::default(), 0);
    while source.read(&mut block).unwrap() {
        ours += block.frames();
    }
    assert_eq!(ffmpeg.len() / 2 / channels, frames, "ffmpeg");
    assert_eq!(ours, frames, "our own decoder");
}

fn decoded_by(program: &str, before: &[&str], file: &Path, after: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(before).arg(file).args(after).stdin(Stdio::null()).output();
    let output =
        output.unwrap_or_else(|error| panic!("{program} is needed for this test ({error}); tools/setup installs it"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{program}: {said}");
    output.stdout
}

/// What comes out of our own decoder.
fn decode(file: &Path) -> Block {
    let mut source = Source::open(file).unwrap();
    let (mut block, mut all) = (Block::default(), Block::new(source.info().channels, 0));
    while source.read(&mut block).unwrap() {
        all.extend(&block);
    }
    all
}

/// Power of the difference over a stretch.
fn difference(a: &Block, b: &Block, range: std::ops::Range<usize>) -> f64 {
    a.iter()
        .zip(b.iter())
        .flat_map(|(a, b)| a[range.clone()].iter().zip(&b[range.clone()]))
        .map(|(a, b)| f64::from(a - b).powi(2))
        .sum()
}

fn true_peak(sound: &Block, rate: u32) -> f64 {
    let peaks = sound.iter().map(|channel| {
        let mut meter = TruePeak::new(rate);
        meter.process(channel);
        meter.finish();
        f64::from(meter.peak())
    });
    peaks.fold(0.0, f64::max)
}

#[test]
fn constant_streams_are_legal_and_of_exact_length() {
    for (rate, channels, kbps) in [
        (44_100, 2, 128),
        (44_100, 2, 64),
        (44_100, 2, 320),
        (44_100, 1, 64),
        (48_000, 2, 192),
        (48_000, 1, 32),
        (32_000, 2, 320),
        (22_050, 2, 64),
        (24_000, 1, 32),
        (16_000, 2, 8),
    ] {
        let sound = music(rate, channels, 31.7);
        let format = Format::new(rate, channels, Rate::Constant(kbps)).unwrap();
        let file = made(&sound, rate, format.bitrate(), None, 2);
        let bytes = std::fs::read(file.path()).unwrap();
        check_stream(&format, &bytes);
        check_lengths(file.path(), sound.frames());
        // The stated bitrate is kept to the byte: padding makes up for fractions.
        let frames = frames(&format, &bytes);
        let length: usize = frames[1..].iter().map(|frame| frame.length).sum();
        let exact =
            format.frame_samples() as f64 / f64::from(rate) * f64::from(kbps) * 125.0 * (frames.len() - 1) as f64;
        assert!((length as f64 - exact).abs() <= 1.0, "{rate} {kbps}: {length} for {exact}");
    }
}

#[test]
fn variable_streams_are_legal_and_of_exact_length() {
    for (rate, channels, kbps) in [(44_100, 2, 165), (44_100, 2, 245), (48_000, 1, 100), (22_050, 2, 65)] {
        let sound = music(rate, channels, 31.7);
        let quality = variable(&Order { bitrate: Some(kbps), ..order(rate, channels, 0, None) }).unwrap();
        let format = Format::new(rate, channels, quality).unwrap();
        let file = made(&sound, rate, quality, None, 2);
        let bytes = std::fs::read(file.path()).unwrap();
        check_stream(&format, &bytes);
        check_lengths(file.path(), sound.frames());
        let lengths: Vec<usize> = frames(&format, &bytes)[1..].iter().map(|frame| frame.length).collect();
        assert!(lengths.iter().any(|length| *length != lengths[0]), "the bitrate varies");
    }
}

#[test]
fn a_variable_stream_says_where_its_frames_are() {
    // Silence at first, so that half the time is far from half the bytes.
    let mut sound = music(44_100, 2, 40.0);
    for channel in sound.iter_mut() {
        channel[..44_100 * 20].fill(0.0);
    }
    let quality = Rate::Variable(4.0);
    let format = Format::new(44_100, 2, quality).unwrap();
    let bytes = std::fs::read(made(&sound, 44_100, quality, None, 2).path()).unwrap();
    let tag = bytes.windows(4).position(|four| four == b"Xing").unwrap();
    let number = |at: usize| u32::from_be_bytes(bytes[tag + at..tag + at + 4].try_into().unwrap()) as usize;
    let frames = frames(&format, &bytes);
    let total: usize = frames.iter().map(|frame| frame.length).sum();
    assert_eq!(number(8), frames.len() - 1);
    assert_eq!(number(12), total);
    for (percent, entry) in bytes[tag + 16..tag + 116].iter().enumerate() {
        let frame = percent * (frames.len() - 1) / 100;
        let offset: usize = frames[..=frame].iter().map(|frame| frame.length).sum();
        let expected = offset * 256 / total;
        assert!(expected.abs_diff(usize::from(*entry)) <= 1, "{percent} %: {entry} for {expected}");
    }
    assert!(bytes[tag + 16 + 50] < 80);
}

#[test]
fn the_bytes_do_not_depend_on_threads() {
    let sound = music(44_100, 2, 47.0);
    for rate in [Rate::Constant(128), Rate::Variable(4.0)] {
        let [one, two, four] =
            [1, 2, 4].map(|threads| std::fs::read(made(&sound, 44_100, rate, Some(0.5), threads).path()).unwrap());
        assert!(one == two && two == four, "{rate:?}");
    }
}

#[test]
fn the_bytes_do_not_depend_on_blocks() {
    witness::check_same_bytes(&MP3, 48_000);
    witness::check_same_bytes(&MP3_VBR, 44_100);
}

#[test]
fn seams_are_as_good_as_the_rest() {
    for kbps in [64, 128] {
        let rate = 44_100;
        let sound = music(rate, 2, 60.0);
        let format = Format::new(rate, 2, Rate::Constant(kbps)).unwrap();
        let split = decode(made(&sound, rate, format.bitrate(), None, 2).path());

        // One encoder for the whole, in LAME's own packing.
        let channels: Vec<&[f32]> = sound.iter().collect();
        let count = (sound.frames() - LOOK_AHEAD) / 1152;
        let run = run::encode(&format, &channels, count, true).unwrap();
        let mut joiner = Joiner::new(format);
        assert!(joiner.join(run, 0..=0).unwrap().is_none());
        joiner.finish().unwrap();
        let mut stream = Vec::new();
        joiner.packer().finish(&mut stream);
        let mut file = tempfile::Builder::new().suffix(".mp3").tempfile().unwrap();
        file.write_all(&stream).unwrap();
        let mut whole = decode(file.path());
        // Without the describing frame nothing is cut off.
        assert_eq!(whole.frames(), count * 1152);
        whole.drop_front(1105);
        let makeup = Lame::new(&format, true).unwrap().makeup();
        for sample in whole.iter_mut().flatten() {
            *sample *= makeup;
        }

        let end = whole.frames() - 2304;
        let decibels = |range: std::ops::Range<usize>| {
            10.0 * (difference(&split, &sound, range.clone()) / difference(&whole, &sound, range)).log10()
        };
        let all = decibels(0..end);
        assert!(all < 0.1, "{kbps}: {all} dB more noise over all");
        let mut around = Vec::new();
        for seam in 1..=end / (SEGMENT * 1152) {
            // From the first frame that may come from the new encoder to half a second behind the last.
            let from = (seam * SEGMENT + WARM_UP) * 1152 - 1152;
            let to = (seam * SEGMENT + WARM_UP + OVERLAP + 20) * 1152;
            if to < end {
                around.push(decibels(from..to));
            }
        }
        assert!(around.len() >= 5);
        let mean = around.iter().sum::<f64>() / around.len() as f64;
        assert!(mean < 0.3, "{kbps}: {mean} dB more noise around seams: {around:?}");
    }
}

#[test]
fn the_ceiling_is_kept_by_hot_sound() {
    let rate = 44_100;
    let frames = rate as usize * 24;
    let mut dice = Dice::new(5);
    let clipped: Vec<f32> = noise(&mut dice, 3.0, frames).iter().map(|sample| sample.clamp(-0.5, 0.5)).collect();
    let square: Vec<f32> = sine(rate, 441.0, 40.0, 0.0, frames).iter().map(|sample| sample.clamp(-0.8, 0.8)).collect();
    let mut beat = music(rate, 2, 24.0);
    for channel in beat.iter_mut() {
        for sample in channel {
            *sample = (*sample * 4.0).clamp(-0.85, 0.85);
        }
    }
    for (name, sound) in [
        ("noise", Block::from_channels(vec![clipped.clone(), clipped])),
        ("square", Block::from_channels(vec![square.clone(), square])),
        ("beat", beat),
    ] {
        for kbps in [128, 64] {
            let ceiling = 0.891_25;
            let free = true_peak(&decode(made(&sound, rate, Rate::Constant(kbps), None, 2).path()), rate);
            let kept = decode(made(&sound, rate, Rate::Constant(kbps), Some(ceiling), 2).path());
            let peak = true_peak(&kept, rate);
            assert!(free > ceiling, "{name} at {kbps} needs no correction: {free}");
            assert!(peak <= ceiling * 1.002, "{name} at {kbps}: {peak}, without correction {free}");
        }
    }
}

#[test]
fn a_ceiling_that_is_not_reached_changes_next_to_nothing() {
    let sound = music(44_100, 2, 20.0);
    let free = decode(made(&sound, 44_100, Rate::Constant(128), None, 2).path());
    let held = decode(made(&sound, 44_100, Rate::Constant(128), Some(15.0), 2).path());
    // Only the choice of the seam may differ.
    let ratio =
        difference(&free, &held, 0..free.frames()) / difference(&free, &Block::new(2, free.frames()), 0..free.frames());
    assert!(ratio < 1e-3, "{ratio}");
}

#[test]
fn short_sounds_keep_their_length() {
    for rate in [44_100, 24_000] {
        for frames in [1, 575, 576, 577, 1151, 1152, 1153, 5000, 44_100] {
            if frames < 576 && rate < 32_000 {
                continue; // ffmpeg gives too much here, with files of LAME's own program as well
            }
            let mut sound = music(rate, 1, 1.0 + frames as f64 / f64::from(rate));
            sound.resize(frames);
            for bitrate in [Rate::Constant(64), Rate::Variable(4.0)] {
                let file = made(&sound, rate, bitrate, Some(0.9), 2);
                check_stream(&Format::new(rate, 1, bitrate).unwrap(), &std::fs::read(file.path()).unwrap());
                check_lengths(file.path(), frames);
            }
        }
    }
}

#[test]
fn around_a_segment_border_lengths_are_exact() {
    // Where a segment is just full, just not, and just more.
    let whole = (SEGMENT + WARM_UP + OVERLAP) * 1152 + LOOK_AHEAD;
    for frames in [whole - 1, whole, whole + 1, whole + SEGMENT * 1152] {
        let sound = Block::from_channels(vec![sine(44_100, 440.0, 0.3, 0.0, frames)]);
        let file = made(&sound, 44_100, Rate::Constant(64), None, 2);
        check_stream(&Format::new(44_100, 1, Rate::Constant(64)).unwrap(), &std::fs::read(file.path()).unwrap());
        check_lengths(file.path(), frames);
    }
}

#[test]
fn nothing_makes_a_file_too() {
    let file = made(&Block::new(2, 0), 44_100, Rate::Constant(128), None, 2);
    let bytes = std::fs::read(file.path()).unwrap();
    let format = Format::new(44_100, 2, Rate::Constant(128)).unwrap();
    check_stream(&format, &bytes);
    assert_eq!(frames(&format, &bytes).len(), 2);
}

#[test]
fn a_tone_comes_back_and_the_tags_with_it() {
    let made = Made::sine(&MP3, 44_100, 2, 44_100 * 3, witness::tags());
    made.check_length(0.06);
    let snr = made.snr();
    assert!(snr > 30.0, "{snr}");
    let said = made.run("ffprobe", &["-v", "error", "-show_format", "-show_streams"]);
    for line in ["codec_name=mp3", "sample_rate=44100", "bit_rate=128000", "TAG:encoder=LAME3.100"] {
        assert!(said.contains(line), "{line} in {said}");
    }
    assert!(said.contains("TAG:title=Über das Öl"), "{said}");
}

#[test]
fn broken_numbers_do_no_harm() {
    let mut sound = music(44_100, 2, 3.0);
    let strange = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -1e30, 1e-40];
    for (n, sample) in sound.channel_mut(0).iter_mut().step_by(37).enumerate() {
        *sample = strange[n % strange.len()];
    }
    let file = made(&sound, 44_100, Rate::Constant(128), Some(0.9), 2);
    check_lengths(file.path(), sound.frames());
}

#[test]
fn bitrates_that_do_not_exist_are_refused_by_name() {
    let refused = |order: &Order| match constant(order) {
        Err(AudioError::Encode { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    let ask = |rate, kbps| Order { bitrate: Some(kbps), ..order(rate, 2, 0, None) };
    assert_eq!(
        refused(&ask(44_100, 100)),
        "at 44100 Hz it knows no 100 kbit/s, only 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320"
    );
    assert!(refused(&ask(22_050, 320)).starts_with("at 22050 Hz it knows no 320 kbit/s"));
    assert!(variable(&ask(44_100, 30)).is_err());
    for (kbps, quality) in [(245, 0.0), (165, 4.0), (148, 4.485_714), (130, 5.0), (65, 9.0)] {
        let Rate::Variable(got) = variable(&ask(44_100, kbps)).unwrap() else { panic!() };
        assert!((got - quality).abs() < 1e-5, "{kbps}: {got}");
    }
}

#[test]
fn other_numbers_of_channels_are_refused() {
    let order = order(44_100, 2, 10, None);
    let mut encoder = (MP3.open)(&order, Box::new(std::io::Cursor::new(Vec::new()))).unwrap();
    assert!(encoder.write(&Block::new(1, 10)).is_err());
    let three = Order { channels: 3, ..order };
    assert!((MP3.open)(&three, Box::new(std::io::Cursor::new(Vec::new()))).is_err());
}

#[test]
fn an_encoder_that_is_dropped_stops() {
    let sound = music(44_100, 2, 25.0);
    let mut encoder = (MP3.open)(&order(44_100, 2, 0, None), Box::new(std::io::Cursor::new(Vec::new()))).unwrap();
    encoder.write(&sound).unwrap();
    drop(encoder);
}
