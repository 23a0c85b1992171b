//! Taking away what does not belong: rumble, offset and mains hum.
//!
//! Order of the chain: high-pass, hum, then (when it comes) noise reduction, then the leveler. Filters are recursive
//! second-order sections in double precision: at 20 Hz and 48 kHz their poles lie so close to the unit circle that
//! single precision would add audible noise.

mod biquad;

use biquad::{Biquad, State};

use crate::measure::Hum;
use crate::{Block, Stage};

/// A cascade of second-order sections, the same for every channel. Mono and stereo only.
pub struct Filter {
    sections: Vec<Biquad>,
    channels: Channels,
}

/// State of every section, two sections to a step.
enum Channels {
    Mono(Vec<[State<1>; 2]>),
    Stereo(Vec<[State<2>; 2]>),
}

impl Filter {
    /// Butterworth high-pass of fourth order: 24 dB per octave, −3 dB at `hertz`. Removes an offset as well.
    pub fn high_pass(rate: u32, channels: usize, hertz: f64) -> Self {
        // Pole pairs of a Butterworth filter of order 4 have Q = 1 / (2 cos(π/8)) and 1 / (2 cos(3π/8)).
        let quality = [1.0, 3.0].map(|odd| 1.0 / (2.0 * (odd * std::f64::consts::PI / 8.0).cos()));
        Self::new(quality.iter().map(|q| Biquad::high_pass(rate, hertz, *q)).collect(), channels)
    }

    /// A notch at every harmonic of a hum. Each is 2 Hz wide, or 1 % where that is more: mains frequency wanders by less.
    pub fn hum(rate: u32, channels: usize, hum: &Hum) -> Option<Self> {
        let sections: Vec<Biquad> = hum
            .harmonics
            .iter()
            .map(|harmonic| harmonic.hertz)
            .filter(|hertz| *hertz < f64::from(rate) * 0.45)
            .map(|hertz| Biquad::notch(rate, hertz, hertz / (hertz * 0.01).max(2.0)))
            .collect();
        (!sections.is_empty()).then(|| Self::new(sections, channels))
    }

    fn new(mut sections: Vec<Biquad>, channels: usize) -> Self {
        if !sections.len().is_multiple_of(2) {
            sections.push(Biquad::THROUGH);
        }
        let steps = sections.len() / 2;
        let channels = match channels {
            1 => Channels::Mono(vec![Default::default(); steps]),
            _ => Channels::Stereo(vec![Default::default(); steps]),
        };
        Self { sections, channels }
    }
}

impl Stage for Filter {
    fn process(&mut self, block: &mut Block) {
        let (steps, _) = self.sections.as_chunks::<2>();
        let mut channels = block.iter_mut();
        let (first, second) = (channels.next(), channels.next());
        match (&mut self.channels, first, second) {
            (Channels::Mono(states), Some(only), None) => {
                for (sections, states) in steps.iter().zip(states) {
                    biquad::run(sections, states, [&mut *only]);
                }
            }
            (Channels::Stereo(states), Some(left), Some(right)) => {
                for (sections, states) in steps.iter().zip(states) {
                    biquad::run(sections, states, [&mut *left, &mut *right]);
                }
            }
            _ => debug_assert!(false, "a filter made for another number of channels"),
        }
    }
}

#[cfg(test)]
mod tests {
    use testkit::signal::{db, sine};

    use super::*;
    use crate::measure::Harmonic;

    fn level_after(filter: &mut Filter, rate: u32, hertz: f64) -> f64 {
        let mut block = Block::from_channels(vec![sine(rate, hertz, 0.5, 0.0, rate as usize * 4)]);
        filter.process(&mut block);
        let settled = &block.channel(0)[rate as usize * 3..];
        let power = settled.iter().map(|x| f64::from(x * x)).sum::<f64>() / settled.len() as f64;
        10.0 * (power / 0.125).log10()
    }

    #[test]
    fn high_pass_takes_rumble_and_leaves_voices() {
        for rate in [44_100, 48_000] {
            let at = |hertz| level_after(&mut Filter::high_pass(rate, 1, 80.0), rate, hertz);
            assert!((at(80.0) + 3.01).abs() < 0.05, "{}", at(80.0));
            assert!(at(20.0) < -45.0 && at(200.0).abs() < 0.15);
        }
    }

    #[test]
    fn high_pass_removes_an_offset() {
        let mut block = Block::from_channels(vec![vec![0.25; 48_000]]);
        Filter::high_pass(48_000, 1, 20.0).process(&mut block);
        assert!(f64::from(block.channel(0)[47_999].abs()) < db(-80.0));
    }

    #[test]
    fn notches_take_the_hum_and_only_the_hum() {
        let harmonics = [50.0, 150.0].map(|hertz| Harmonic { hertz, level_db: -50.0, above_floor_db: 20.0 });
        let hum = Hum { base_hertz: 50.0, harmonics: harmonics.to_vec() };
        let at = |hertz| {
            let mut filter = Filter::hum(48_000, 1, &hum).into_iter().next();
            filter.as_mut().map_or(f64::NAN, |filter| level_after(filter, 48_000, hertz))
        };
        assert!(at(50.0) < -40.0 && at(150.0) < -40.0);
        assert!(at(60.0).abs() < 0.2 && at(140.0).abs() < 0.2 && at(1_000.0).abs() < 0.01);
    }

    #[test]
    fn harmonics_above_the_band_are_left_out() {
        let hum =
            Hum { base_hertz: 50.0, harmonics: vec![Harmonic { hertz: 950.0, level_db: -50.0, above_floor_db: 20.0 }] };
        assert!(Filter::hum(2_000, 1, &hum).is_none());
    }
}
