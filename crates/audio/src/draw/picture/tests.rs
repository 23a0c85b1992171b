//! Tests of the waveform picture, pixel by pixel where it matters.

#![expect(clippy::unwrap_used, reason = "tests say what must not fail")]

use super::*;
use crate::Block;

/// A decoded picture: width, height, and one colour for each pixel.
fn read(png: &[u8]) -> (usize, usize, Vec<[u8; 3]>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    (info.width as usize, info.height as usize, pixels.as_chunks().0.to_vec())
}

fn steps(levels: &[f32]) -> Overview {
    let mut overview = Overview::new(8_000);
    for &level in levels {
        overview.write(&Block::from_channels(vec![vec![level; 4_000]]));
    }
    overview
}

#[test]
fn every_pixel_of_a_small_picture() {
    let picture = Picture { width: 12, height: 28, scale: 1, scheme: Scheme::Light };
    let mut png = Vec::new();
    picture.waveform(&steps(&[0.0, 0.5, -1.0, 0.3]), &mut png).unwrap();
    let (width, height, pixels) = read(&png);
    let letter = |pixel: &[u8; 3]| match *pixel {
        p if p == SURFACE.srgb(Scheme::Light) => '.',
        p if p == INK_3.srgb(Scheme::Light) => '=',
        p if p == SOUND.srgb(Scheme::Light) => '#',
        _ => '?',
    };
    let drawn: Vec<String> = pixels.chunks(width).map(|row| row.iter().map(letter).collect()).collect();
    assert_eq!((width, height), (12, 28));
    let wanted = [
        ["============"; 1].as_slice(),
        &["............"; 7],
        &["......##...."; 3],
        &["...##.##...."; 1],
        &["...##.##.##."; 1],
        &["##.##.##.##."; 2],
        &["...##.##.##."; 1],
        &["...##.##...."; 1],
        &["......##...."; 3],
        &["............"; 7],
        &["============"; 1],
    ]
    .concat();
    assert_eq!(drawn, wanted);
}

#[test]
fn before_is_grey_above_and_after_amber_below() {
    let (before, after) = (steps(&[0.2, 0.2, 0.0, 0.0]), steps(&[0.8, 0.8]));
    for scheme in [Scheme::Light, Scheme::Dark] {
        for scale in [1, 2] {
            let picture = Picture { width: 300, height: 101, scale, scheme };
            let mut png = Vec::new();
            picture.before_and_after(&before, &after, &mut png).unwrap();
            let (width, height, pixels) = read(&png);
            let s = scale as usize;
            assert_eq!((width, height), (300 * s, 100 * s));
            let at = |x: usize, y: usize| pixels[y * s * width + x * s];
            let column = |x: usize| (0..100).map(|y| at(x, y)).collect::<Vec<_>>();
            let count = |x, token: super::super::colour::Token| {
                column(x).iter().filter(|pixel| **pixel == token.srgb(scheme)).count()
            };
            // 41 pixels are free on either side: 0.2 of them is 8, 0.8 is 33.
            assert_eq!((count(0, WAVE), count(0, SOUND), count(0, INK_3)), (8, 33, 2));
            let middle = [at(0, 48), at(0, 49), at(0, 50), at(0, 51)];
            assert_eq!(middle, [WAVE, SURFACE, SURFACE, SOUND].map(|token| token.srgb(scheme)));
            // Between bars there is only ground, and after the end of both a dot.
            assert_eq!((count(2, WAVE), count(2, SOUND)), (0, 0));
            assert_eq!((count(297, WAVE), count(297, SOUND)), (1, 1));
        }
    }
}

#[test]
fn default_pictures_are_small_files() {
    let mut dice = testkit::signal::Dice::new(9);
    let mut overview = Overview::new(48_000);
    for _ in 0..600 {
        let level = dice.unit();
        overview.write(&Block::from_channels(vec![testkit::signal::noise(&mut dice, level, 4_800)]));
    }
    for scale in [1, 2] {
        let mut png = Vec::new();
        Picture { scale, ..Picture::default() }.waveform(&overview, &mut png).unwrap();
        assert_eq!(read(&png).0, 1_800 * scale as usize);
        assert!(png.len() < 30_000, "{} bytes at scale {scale}", png.len());
    }
}

#[test]
fn a_single_click_in_a_long_bar_stays_short() {
    let mut overview = Overview::new(8_000);
    let mut click = vec![0.01; 8_000];
    click[4_000] = 1.0;
    overview.write(&Block::from_channels(vec![click]));
    let bar = overview.bars(1, overview.seconds())[0];
    assert_eq!(bar.high, 1.0);
    assert_eq!(length(&bar, 100), 6);
}

#[test]
fn measures_are_kept_within_reason() {
    let picture = Picture { width: 0, height: 0, scale: 0, scheme: Scheme::Dark };
    let mut png = Vec::new();
    picture.waveform(&Overview::new(48_000), &mut png).unwrap();
    assert_eq!((read(&png).0, read(&png).1), (1, 24));
}
