//! Tests of waveform data: the bytes of `.dat` and `.json`.

#![expect(clippy::unwrap_used, reason = "tests say what must not fail")]

use std::io::{Read, Seek};

use expect_test::expect;
use testkit::signal::Dice;

use super::*;

/// Writes blocks of random length, and gives the bytes of the file.
fn written(order: PeaksOrder, channels: &[Vec<f32>], dice: &mut Dice) -> Vec<u8> {
    let mut file = tempfile::tempfile().unwrap();
    let mut peaks = Peaks::open(order, Box::new(file.try_clone().unwrap())).unwrap();
    let frames = channels[0].len();
    let mut from = 0;
    while from < frames {
        let to = frames.min(from + dice.below(1_500));
        peaks
            .write(&Block::from_channels(channels.iter().map(|channel| channel[from..to].to_vec()).collect()))
            .unwrap();
        from = to;
    }
    peaks.finish().unwrap();
    file.rewind().unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// 16-bit samples with silence and full scale among them, and the floats a decoder makes of them.
fn recording(dice: &mut Dice, channels: usize, frames: usize) -> (Vec<Vec<i16>>, Vec<Vec<f32>>) {
    let samples: Vec<Vec<i16>> = (0..channels)
        .map(|_| {
            let mut loud = 0;
            (0..frames)
                .map(|n| {
                    if n % 97 == 0 {
                        loud = [0, 1, 300, 20_000, 32_768][dice.below(5)];
                    }
                    (dice.below(2 * loud + 1) as i32 - loud as i32).clamp(-32_768, 32_767) as i16
                })
                .collect()
        })
        .collect();
    let floats = samples.iter().map(|one| one.iter().map(|&sample| f32::from(sample) / 32_768.0).collect()).collect();
    (samples, floats)
}

/// The program's documented arithmetic, sample by sample and in whole numbers.
fn reference(samples: &[Vec<i16>], samples_per_pixel: usize, bits: Bits) -> Vec<i16> {
    let frames = samples[0].len();
    let mut values = Vec::new();
    for from in (0..frames).step_by(samples_per_pixel) {
        let mixed = (from..frames.min(from + samples_per_pixel))
            .map(|n| samples.iter().map(|channel| i32::from(channel[n])).sum::<i32>() / samples.len() as i32);
        for extreme in [mixed.clone().min().unwrap(), mixed.max().unwrap()] {
            values.push(if bits == Bits::Eight { extreme / 256 } else { extreme } as i16);
        }
    }
    values
}

#[test]
fn values_are_those_of_whole_number_arithmetic() {
    let mut dice = Dice::new(7);
    for channels in 1..=6 {
        for (samples_per_pixel, frames) in [(1, 40), (64, 6_400), (256, 10_001), (300, 299), (512, 20_000)] {
            let (samples, floats) = recording(&mut dice, channels, frames);
            for bits in [Bits::Eight, Bits::Sixteen] {
                let order = |form| PeaksOrder { form, bits, rate: 44_100, samples_per_pixel: samples_per_pixel as u32 };
                let wanted = reference(&samples, samples_per_pixel, bits);
                let dat = written(order(PeaksForm::Dat), &floats, &mut dice);
                let values: Vec<i16> = match bits {
                    Bits::Eight => dat[20..].iter().map(|&byte| i16::from(byte as i8)).collect(),
                    Bits::Sixteen => dat[20..].as_chunks().0.iter().map(|&pair| i16::from_le_bytes(pair)).collect(),
                };
                assert_eq!(values, wanted, "{channels} channels, {frames} frames by {samples_per_pixel}");
                assert_eq!(dat[16..20], (wanted.len() as u32 / 2).to_le_bytes());

                let json = written(order(PeaksForm::Json), &floats, &mut dice);
                let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
                assert_eq!(json["data"], serde_json::json!(wanted));
                assert_eq!(json["length"], wanted.len() / 2);
            }
        }
    }
}

#[test]
fn files_as_documented() {
    let mut dice = Dice::new(1);
    let sound = [vec![0.0, 0.5, -0.25, 1.0, -1.0], vec![0.0, 0.5, -0.75, 1.5, -2.0]];
    let order = |form, bits| PeaksOrder { form, bits, rate: 48_000, samples_per_pixel: 2 };
    let dat = written(order(PeaksForm::Dat, Bits::Eight), &sound, &mut dice);
    expect![[r"
        [1, 0, 0, 0, 1, 0, 0, 0, 128, 187, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 64, 192, 127, 128, 128]
    "]]
    .assert_eq(&format!("{dat:?}\n"));
    expect![[r#"
        {"version":2,"channels":1,"sample_rate":48000,"samples_per_pixel":2,"bits":16,"length":3         ,"data":[0,16384,-16384,32767,-32768,-32768]}
    "#]]
    .assert_eq(&String::from_utf8(written(order(PeaksForm::Json, Bits::Sixteen), &sound, &mut dice)).unwrap());
    expect![[r#"
        {"version":2,"channels":1,"sample_rate":48000,"samples_per_pixel":2,"bits":8,"length":0         ,"data":[]}
    "#]]
    .assert_eq(&String::from_utf8(written(order(PeaksForm::Json, Bits::Eight), &[vec![]], &mut dice)).unwrap());
}

#[test]
fn what_is_not_a_number_is_silence() {
    let order = PeaksOrder { form: PeaksForm::Dat, bits: Bits::Eight, rate: 1, samples_per_pixel: 2 };
    let sound = [vec![f32::NAN, f32::NAN, f32::NAN, 0.5, f32::INFINITY, f32::NEG_INFINITY]];
    let dat = written(order, &sound, &mut Dice::new(1));
    assert_eq!(dat[20..].iter().map(|&byte| byte as i8).collect::<Vec<_>>(), [0, 0, 64, 64, -128, 127]);
}

#[test]
fn long_recordings_get_coarser() {
    assert_eq!(samples_per_pixel(0), 256);
    assert_eq!(samples_per_pixel(6 * 3_600 * 48_000 - 1), 256);
    assert_eq!(samples_per_pixel(7 * 3_600 * 48_000), 512);
    assert_eq!(samples_per_pixel(u64::MAX), 1 << 30);
}

#[test]
fn an_overview_is_a_small_file_of_its_own() {
    let mut overview = Overview::new(8_000);
    let mut ramp: Vec<f32> = vec![0.5; 4_000];
    ramp.extend(vec![-0.25; 4_000]);
    overview.write(&Block::from_channels(vec![ramp]));
    let bytes = overview_dat(&overview, 4);
    let words: Vec<u32> =
        bytes[..20].chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap_or_default())).collect();
    assert_eq!(words, [1, 1, 8_000, 2_000, 4]);
    let values: Vec<i8> = bytes[20..].iter().map(|byte| byte.cast_signed()).collect();
    assert_eq!(values, [64, 64, 64, 64, -32, -32, -32, -32]);
    assert_eq!(overview_dat(&Overview::new(8_000), 2).len(), 24);
}
