//! Tests of FLAC, with other decoders as witnesses.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use testkit::signal::{Dice, noise, sine};

use super::*;
use crate::encode::witness::{self, Made};
use crate::tag::Tags;

fn made(sound: Vec<Vec<f32>>) -> Made {
    Made::of(&FLAC, 44_100, &Block::from_channels(sound), Tags::default(), None)
}

/// What symphonia decodes, in steps of 16 bits.
fn steps(made: &Made) -> Vec<Vec<i32>> {
    made.symphonia().into_iter().map(|channel| channel.into_iter().map(|sample| sample >> 16).collect()).collect()
}

/// What comes out if nothing is lost: the dithered samples.
fn dithered(sound: &[Vec<f32>]) -> Vec<Vec<i32>> {
    let mut dither = Dither::channels(sound.len());
    sound.iter().zip(&mut dither).map(|(s, d)| s.iter().map(|&x| i32::from(d.quantise(x))).collect()).collect()
}

#[test]
fn others_read_every_frame() {
    for (rate, channels, frames) in
        [(48_000, 1, 0), (48_000, 2, 1), (44_100, 1, 4096), (44_100, 2, 30_001), (48_000, 2, 4097)]
    {
        let made = Made::sine(&FLAC, rate, channels, frames, Tags::default());
        made.check_length(0.0);
        // STREAMINFO cannot tell 0 frames from an unknown number, which is a warning and so an error with -w.
        made.run("flac", if frames == 0 { &["-t", "-s"] } else { &["-t", "-s", "-w"] });
        assert_eq!(made.run("metaflac", &["--show-total-samples"]).trim(), frames.to_string());
        if frames > 10_000 {
            assert!(made.snr() > 80.0, "{}", made.snr());
        }
    }
}

#[test]
fn every_kind_of_sound_comes_back() {
    let mut dice = Dice::new(11);
    let n = 3 * BLOCK + 77;
    let tone = sine(44_100, 440.0, 0.7, 0.0, n);
    let white = noise(&mut dice, 1.0, n);
    let quiet = noise(&mut dice, 0.001, n);
    let square: Vec<f32> = (0..n).map(|at| if at / 50 % 2 == 0 { 2.0 } else { -2.0 }).collect();
    let mut click = vec![0.0; n];
    click[5000] = 1.0;
    let inverse: Vec<f32> = white.iter().map(|sample| -sample).collect();
    let alternating: Vec<f32> = (0..n).map(|at| if at % 2 == 0 { 1.0 } else { -1.0 }).collect();
    for sound in [
        vec![tone.clone()],
        vec![tone.clone(), tone.clone()],
        vec![tone.clone(), vec![0.0; n]],
        vec![white.clone(), inverse],
        vec![white, tone],
        vec![quiet, square.clone()],
        vec![click.clone(), click],
        vec![square],
        vec![vec![0.0; n], vec![0.0; n]],
        vec![alternating.clone(), alternating.iter().map(|sample| -sample).collect()],
    ] {
        let made = made(sound.clone());
        made.run("flac", &["-t", "-s", "-w"]);
        assert!(steps(&made) == dithered(&sound));
    }
}

#[test]
fn others_read_tags_cover_and_chapters() {
    let made = Made::sine(&FLAC, 44_100, 2, 1000, Tags { cover: Some(witness::cover(70_000)), ..witness::tags() });
    made.run("flac", &["-t", "-s", "-w"]);
    let said = made.python(
        "from mutagen.flac import FLAC\nf = FLAC(name)\nfor k, v in sorted(f.tags.as_dict().items()): print(k, v)\n\
         p = f.pictures[0]\nprint(p.type, p.mime, p.width, p.height, p.depth, p.colors, len(p.data))",
    );
    for line in [
        "title ['Über das Öl']",
        "tracknumber ['7']",
        "tracktotal ['12']",
        "license ['CC BY 4.0', 'https://example.org/by']",
        "replaygain_track_gain ['-02.00 dB']",
        "replaygain_track_peak ['0.500000']",
        "chapter002 ['00:01:01.500']",
        "chapter002name ['Öl']",
        "lyrics ['la la']",
        "3 image/png 1 1 24 0 70069",
    ] {
        assert!(said.contains(line), "{line} is not in\n{said}");
    }
    let said = made.ffprobe_tags();
    assert!(said.contains("start_time=61.500000") && said.contains("title=Öl"), "no chapters in\n{said}");
}

#[test]
fn seek_points_point_at_frames() {
    let frames = 44_100 * 35;
    let mut dice = Dice::new(4);
    let made = made(vec![noise(&mut dice, 0.1, frames)]);
    let bytes = made.bytes();
    let said = made.run("metaflac", &["--list", "--block-type=SEEKTABLE"]);
    let points: Vec<&str> = said.lines().filter(|line| line.contains("point ")).collect();
    assert_eq!(points.len(), 4, "{said}");
    let metadata = bytes.len() as u64 - frame_bytes(&made);
    let table = 4 + 4 + STREAMINFO_BYTES + 4;
    for point in bytes[table..table + 4 * SEEK_POINT_BYTES].chunks(SEEK_POINT_BYTES) {
        let first = u64::from_be_bytes(point[..8].try_into().unwrap());
        let offset = u64::from_be_bytes(point[8..16].try_into().unwrap());
        assert_eq!(first % BLOCK as u64, 0);
        let at = (metadata + offset) as usize;
        assert_eq!(bytes[at..at + 2], [0xFF, 0xF8]);
    }
}

/// Bytes of all frames: what is left when metaflac has told the lengths of all blocks in front.
fn frame_bytes(made: &Made) -> u64 {
    let said = made.run("metaflac", &["--list"]);
    let lengths = said.lines().filter_map(|line| line.trim().strip_prefix("length: "));
    let metadata: u64 = lengths.map(|length| length.parse::<u64>().unwrap() + 4).sum();
    made.bytes().len() as u64 - metadata - 4
}

#[test]
fn more_and_fewer_frames_than_announced() {
    for announced in [0, 1_000_000] {
        let file = tempfile::NamedTempFile::new().unwrap();
        let order =
            Order { rate: 48_000, channels: 1, frames: announced, bitrate: None, ceiling: None, tags: Tags::default() };
        let mut encoder = (FLAC.open)(&order, Box::new(file.reopen().unwrap())).unwrap();
        encoder.write(&Block::from_channels(vec![sine(48_000, 100.0, 0.5, 0.0, 500_000)])).unwrap();
        encoder.finish(&ReplayGain { loudness: f64::NEG_INFINITY, peak: 0.0 }).unwrap();
        assert_eq!(witness::symphonia(std::fs::read(file.path()).unwrap())[0].len(), 500_000);
    }
}

#[test]
fn refuses_tags_that_do_not_fit() {
    let tags = Tags { lyrics: Some("a".repeat(MOST_BLOCK_BYTES)), ..Tags::default() };
    let order = Order { rate: 48_000, channels: 1, frames: 1, bitrate: None, ceiling: None, tags };
    let error = (FLAC.open)(&order, Box::new(io::Cursor::new(Vec::new()))).err().unwrap();
    assert!(error.to_string().starts_with("FLAC cannot be made: its tags take 167"), "{error}");
}

#[test]
fn same_bytes_whatever_the_blocks() {
    witness::check_same_bytes(&FLAC, 44_100);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_sound_comes_back(seed in any::<u64>(), channels in 1usize..=2, frames in 0usize..10_000, kinds in proptest::collection::vec(0usize..6, 1..5)) {
        let mut dice = Dice::new(seed);
        let sound: Vec<Vec<f32>> = (0..channels)
            .map(|_| {
                let mut walk = 0f64;
                (0..frames)
                    .map(|at| {
                        let kind = kinds[at * kinds.len() / frames];
                        let roll = dice.unit() * 2.0 - 1.0;
                        walk = (walk + roll * 0.01).clamp(-1.0, 1.0);
                        (match kind {
                            0 => 0.0,
                            1 => roll,
                            2 => roll * 1e-4,
                            3 => walk,
                            4 => (at as f64 * 0.01).sin(),
                            _ => (roll * 10.0).signum(),
                        }) as f32
                    })
                    .collect()
            })
            .collect();
        if frames > 0 {
            prop_assert!(steps(&made(sound.clone())) == dithered(&sound));
        }
    }
}
