//! Tests of the report, as people and programs read it.

#![expect(clippy::unwrap_used, reason = "tests say what must not fail")]
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use expect_test::expect;
use proptest::prelude::*;

use super::*;

const SILENT: Measures = Measures {
    loudness: f64::NEG_INFINITY,
    lra: f64::NAN,
    max_momentary: f64::NEG_INFINITY,
    max_shortterm: f64::NEG_INFINITY,
    peak: f64::NEG_INFINITY,
    signal_level: f64::NEG_INFINITY,
    noise_level: f64::NEG_INFINITY,
    snr: f64::NAN,
};

fn episode() -> Report {
    Report {
        preset: "podcast".into(),
        source: Source {
            filename: "salt on the wires.wav".into(),
            container: "WAV".into(),
            codec: "PCM, 24 bit".into(),
            rate: 44_100,
            channels: 2,
            seconds: 2_892.418,
        },
        target: Target { loudness: Some(-16.0), peak: Some(-1.0) },
        levels: Levels {
            input: Measures {
                loudness: -21.684,
                lra: 14.2,
                max_momentary: -9.1,
                max_shortterm: -12.96,
                peak: 0.41,
                signal_level: -24.0,
                noise_level: -48.9,
                snr: 24.9,
            },
            output: Measures {
                loudness: -16.003,
                lra: 6.1,
                max_momentary: -12.2,
                max_shortterm: -13.8,
                peak: -1.06,
                signal_level: -18.1,
                noise_level: -66.2,
                snr: 48.1,
            },
        },
        music_speech: vec![
            Stretch { label: Sound::Music, start_ms: 0, stop_ms: 32_500 },
            Stretch { label: Sound::Speech, start_ms: 32_500, stop_ms: 2_700_000 },
            Stretch { label: Sound::Music, start_ms: 2_700_000, stop_ms: 2_892_418 },
        ],
        noise_hum_reduction: vec![
            Reduction { start_ms: 0, stop_ms: 32_500, denoise: None, dehum: None },
            Reduction { start_ms: 32_500, stop_ms: 2_700_000, denoise: Some(12.0), dehum: Some(50) },
        ],
        actions: vec![
            "High-pass at 60 Hz: nothing of the voices lies below, and there was rumble of −38 dB.".into(),
            "Levelled two voices: the guest was raised by 7.8 dB on average, the host lowered by 0.6 dB, so that \
             neither has to be turned up."
                .into(),
        ],
        warnings: vec!["The file ends at 31:08, in the middle of a frame. Everything before was kept.".into()],
        outputs: vec![
            Output {
                filename: "salt on the wires.mp3".into(),
                format: "mp3".into(),
                ending: "mp3".into(),
                bitrate: Some(128),
                size: 46_284_101,
                checksum: "9e107d9d372bb6826bd81d3542a419d6".into(),
                verified: Some(Verified { loudness: -16.02, peak: -1.02, seconds: 2_892.418 }),
            },
            Output {
                filename: "salt on the wires.png".into(),
                format: "waveform".into(),
                ending: "png".into(),
                bitrate: None,
                size: 3_281,
                checksum: "e4d909c290d0fb1ca068ffaddf22cbd0".into(),
                verified: None,
            },
        ],
        acx: Vec::new(),
    }
}

#[test]
fn as_text() {
    expect![[r#"
        Soundpost report

        Recording  salt on the wires.wav
                   WAV, PCM, 24 bit, 44.1 kHz, stereo, 48:12
        Preset     podcast

        Before and after
                                Before        After
          Loudness               −21.7  →     −16.0  LUFS   target −16
          Loudness range          14.2  →       6.1  LU
          Loudest moment          −9.1  →     −12.2  LUFS   of 0.4 s
          Loudest stretch        −13.0  →     −13.8  LUFS   of 3 s
          True peak               +0.4  →      −1.1  dBTP   limit −1
          Signal level           −24.0  →     −18.1  dB
          Noise floor            −48.9  →     −66.2  dB     lower is quieter
          Signal to noise         24.9  →      48.1  dB     higher is cleaner

        What was heard
          44:28 of speech in one stretch, 3:45 of music in 2 stretches.

        What was done, and why
          High-pass at 60 Hz: nothing of the voices lies below, and there was rumble of −38 dB.
          Levelled two voices: the guest was raised by 7.8 dB on average, the host lowered by 0.6 dB, so
            that neither has to be turned up.

        Worth knowing
          The file ends at 31:08, in the middle of a frame. Everything before was kept.

        Files
          salt on the wires.mp3
            mp3, 128 kbit/s       46.3 MB     48:12   measured −16.0 LUFS, −1.0 dBTP
            md5 9e107d9d372bb6826bd81d3542a419d6
          salt on the wires.png
            waveform                 3 kB
            md5 e4d909c290d0fb1ca068ffaddf22cbd0
    "#]]
    .assert_eq(&episode().to_text());
}

#[test]
fn as_json() {
    expect![[r#"
        {
          "preset": "podcast",
          "source": {
            "filename": "salt on the wires.wav",
            "format": "WAV",
            "codec": "PCM, 24 bit",
            "samplerate": 44100,
            "channels": 2,
            "length": 2892.42,
            "length_timestring": "00:48:12.418"
          },
          "target": {
            "loudness": [
              -16.0,
              "LUFS"
            ],
            "peak": [
              -1.0,
              "dBTP"
            ]
          },
          "levels": {
            "input": {
              "loudness": [
                -21.68,
                "LUFS"
              ],
              "lra": [
                14.2,
                "LU"
              ],
              "max_momentary": [
                -9.1,
                "LUFS"
              ],
              "max_shortterm": [
                -12.96,
                "LUFS"
              ],
              "peak": [
                0.41,
                "dBTP"
              ],
              "signal_level": [
                -24.0,
                "dB"
              ],
              "noise_level": [
                -48.9,
                "dB"
              ],
              "snr": [
                24.9,
                "dB"
              ]
            },
            "output": {
              "loudness": [
                -16.0,
                "LUFS"
              ],
              "lra": [
                6.1,
                "LU"
              ],
              "max_momentary": [
                -12.2,
                "LUFS"
              ],
              "max_shortterm": [
                -13.8,
                "LUFS"
              ],
              "peak": [
                -1.06,
                "dBTP"
              ],
              "signal_level": [
                -18.1,
                "dB"
              ],
              "noise_level": [
                -66.2,
                "dB"
              ],
              "snr": [
                48.1,
                "dB"
              ]
            }
          },
          "music_speech": [
            {
              "label": "music",
              "start": "00:00:00.000",
              "stop": "00:00:32.500"
            },
            {
              "label": "speech",
              "start": "00:00:32.500",
              "stop": "00:45:00.000"
            },
            {
              "label": "music",
              "start": "00:45:00.000",
              "stop": "00:48:12.418"
            }
          ],
          "noise_hum_reduction": [
            {
              "denoise": false,
              "dehum": false,
              "start": "00:00:00.000",
              "stop": "00:00:32.500"
            },
            {
              "denoise": -12.0,
              "dehum": "50Hz",
              "start": "00:00:32.500",
              "stop": "00:45:00.000"
            }
          ],
          "actions": [
            "High-pass at 60 Hz: nothing of the voices lies below, and there was rumble of −38 dB.",
            "Levelled two voices: the guest was raised by 7.8 dB on average, the host lowered by 0.6 dB, so that neither has to be turned up."
          ],
          "warnings": [
            "The file ends at 31:08, in the middle of a frame. Everything before was kept."
          ],
          "outputs": [
            {
              "filename": "salt on the wires.mp3",
              "format": "mp3",
              "ending": "mp3",
              "bitrate": 128,
              "size": 46284101,
              "size_string": "46.3 MB",
              "checksum": "9e107d9d372bb6826bd81d3542a419d6",
              "loudness": [
                -16.02,
                "LUFS"
              ],
              "peak": [
                -1.02,
                "dBTP"
              ],
              "length": 2892.42,
              "length_timestring": "00:48:12.418"
            },
            {
              "filename": "salt on the wires.png",
              "format": "waveform",
              "ending": "png",
              "bitrate": null,
              "size": 3281,
              "size_string": "3 kB",
              "checksum": "e4d909c290d0fb1ca068ffaddf22cbd0"
            }
          ]
        }
    "#]].assert_eq(&episode().to_json());
}

#[test]
fn silence_is_null_and_a_word() {
    let report = Report {
        levels: Levels { input: SILENT, output: SILENT },
        target: Target::default(),
        music_speech: Vec::new(),
        noise_hum_reduction: Vec::new(),
        actions: Vec::new(),
        warnings: vec!["There is no sound in it.".into()],
        outputs: Vec::new(),
        acx: acx(f64::NEG_INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY),
        ..episode()
    };
    let json: Value = serde_json::from_str(&report.to_json()).unwrap();
    for row in SILENT.rows() {
        assert_eq!(json["levels"]["output"][row.key], json!([null, row.unit]));
    }
    assert_eq!(json["target"], json!({"loudness": null, "peak": null}));
    expect![[r#"
        Soundpost report

        Recording  salt on the wires.wav
                   WAV, PCM, 24 bit, 44.1 kHz, stereo, 48:12
        Preset     podcast

        Before and after
                                Before        After
          Loudness             silence  →   silence  LUFS
          Loudness range       silence  →   silence  LU
          Loudest moment       silence  →   silence  LUFS   of 0.4 s
          Loudest stretch      silence  →   silence  LUFS   of 3 s
          True peak            silence  →   silence  dBTP
          Signal level         silence  →   silence  dB
          Noise floor          silence  →   silence  dB     lower is quieter
          Signal to noise      silence  →   silence  dB     higher is cleaner

        Worth knowing
          There is no sound in it.

        Audiobook check (ACX)
          Level (RMS)             silence  wanted −23 to −18 dB    does not pass
          Peak                    silence  wanted −3 dB or less    passes
          Noise floor             silence  wanted −60 dB or less   passes
    "#]]
    .assert_eq(&report.to_text());
}

#[test]
fn audiobooks_are_checked_against_what_is_asked() {
    let verdicts = |rms, peak, floor| acx(rms, peak, floor).iter().map(|check| check.passes).collect::<Vec<_>>();
    assert_eq!(verdicts(-23.0, -3.0, -60.0), [true, true, true]);
    assert_eq!(verdicts(-23.01, -2.99, -59.99), [false, false, false]);
    assert_eq!(verdicts(-18.0, f64::NEG_INFINITY, f64::NEG_INFINITY), [true, true, true]);
    assert_eq!(verdicts(f64::NAN, f64::NAN, f64::NAN), [false, false, false]);
    let report = Report { acx: acx(-20.13, -3.4, -55.0), ..episode() };
    let text = report.to_text();
    let table = text.lines().skip_while(|line| !line.starts_with("Audiobook")).take(4).collect::<Vec<_>>().join("\n");
    expect![[r#"
        Audiobook check (ACX)
          Level (RMS)            −20.1 dB  wanted −23 to −18 dB    passes
          Peak                    −3.4 dB  wanted −3 dB or less    passes
          Noise floor            −55.0 dB  wanted −60 dB or less   does not pass"#]]
    .assert_eq(&table);
}

proptest! {
    #[test]
    fn no_line_is_wider_than_a_hundred(
        name in ".{0,300}",
        action in "[a-zé ]{0,400}",
        numbers in proptest::array::uniform8(any::<f64>().prop_map(|n| n % 1e4)),
    ) {
        let [loudness, lra, max_momentary, max_shortterm, peak, signal_level, noise_level, snr] = numbers;
        let measures = Measures { loudness, lra, max_momentary, max_shortterm, peak, signal_level, noise_level, snr };
        let mut report = episode();
        report.source.filename.clone_from(&name);
        report.outputs[0].filename = name;
        report.actions = vec![action];
        report.levels = Levels { input: measures, output: measures };
        for line in report.to_text().lines() {
            prop_assert!(line.chars().count() <= 100, "{line}");
        }
        prop_assert!(serde_json::from_str::<Value>(&report.to_json()).is_ok());
    }
}
