//! Tests of the overview: bins stay few and lose no peak.

use testkit::signal::{Dice, noise};

use super::*;

fn of(channels: Vec<Vec<f32>>, rate: u32, dice: &mut Dice) -> Overview {
    let block = Block::from_channels(channels);
    let mut overview = Overview::new(rate);
    let mut from = 0;
    while from < block.frames() {
        let to = block.frames().min(from + 1 + dice.below(9_000));
        let mut part = Block::new(block.channels(), 0);
        part.extend_range(&block, from..to);
        overview.write(&part);
        from = to;
    }
    overview
}

#[test]
fn bars_hold_what_was_there() {
    let mut dice = Dice::new(3);
    for frames in [2_048, 4_096, 4_097, 8_192 * 3, 100_000, 1_000_003] {
        let left = noise(&mut dice, 0.7, frames);
        let right = noise(&mut dice, 0.2, frames);
        let overview = of(vec![left.clone(), right.clone()], 8_000, &mut dice);
        assert_eq!(overview.frames(), frames as u64);
        assert!((2_048..=4_096).contains(&(overview.bins.len() + usize::from(overview.filled > 0))), "{frames}");
        let bars = overview.bars(1, overview.seconds());
        assert_eq!(bars.len(), 1);
        assert_eq!(bars[0].low, left.iter().chain(&right).copied().fold(0.0, f32::min));
        assert_eq!(bars[0].high, left.iter().chain(&right).copied().fold(0.0, f32::max));
        let energy: f64 = left.iter().chain(&right).map(|&sample| f64::from(sample).powi(2)).sum();
        let rms = (energy / (2 * frames) as f64).sqrt();
        assert!((f64::from(bars[0].rms) / rms - 1.0).abs() < 1e-4, "{} {rms}", bars[0].rms);
    }
}

#[test]
fn a_click_is_drawn_where_it_is_however_long_the_recording() {
    let mut dice = Dice::new(4);
    for (frames, click) in [(300, 150), (5_000, 10), (700_000, 699_999), (700_000, 350_000)] {
        let mut sound = vec![0.0; frames];
        sound[click] = -0.5;
        let overview = of(vec![sound], 8_000, &mut dice);
        let bars = overview.bars(100, overview.seconds());
        let found: Vec<usize> = (0..100).filter(|&bar| bars[bar].low < 0.0).collect();
        assert!(found.contains(&(click * 100 / frames)), "{found:?} for {click} of {frames}");
        // A bin may lie across the edge of two bars, or a bar within a bin when the recording is short.
        assert!(found.len() <= 2, "{found:?} for {click} of {frames}");
    }
}

#[test]
fn recordings_of_different_rates_share_an_axis() {
    let mut dice = Dice::new(5);
    let half = |rate: usize| [vec![0.5; rate], vec![0.0; rate], vec![0.25; rate]].concat();
    let (slow, fast) = (of(vec![half(8_000)], 8_000, &mut dice), of(vec![half(48_000)], 48_000, &mut dice));
    let (slow, fast) = (slow.bars(8, 4.0), fast.bars(8, 4.0));
    let high = |bars: &[Bar]| bars.iter().map(|bar| bar.high).collect::<Vec<_>>();
    assert_eq!(high(&slow), [0.5, 0.5, 0.0, 0.0, 0.25, 0.25, 0.0, 0.0]);
    assert_eq!(high(&slow), high(&fast));
}

#[test]
fn nothing_is_silence() {
    let empty = Overview::new(48_000);
    assert_eq!(empty.bars(3, empty.seconds()), [Bar::default(); 3]);
    assert_eq!(empty.bars(2, 10.0), [Bar::default(); 2]);
    let odd = of(vec![vec![f32::NAN; 100]], 48_000, &mut Dice::new(1));
    assert_eq!(odd.bars(1, odd.seconds()), [Bar::default()]);
}
