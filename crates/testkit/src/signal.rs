//! Generated signals: tones, seeded noise, silence. All return one channel of full-scale ±1.0 floats.

use std::f64::consts::TAU;

/// A sine of the given frequency (Hz), peak amplitude (linear), phase at the first sample (degrees) and length.
pub fn sine(rate: u32, hertz: f64, amplitude: f64, phase_degrees: f64, frames: usize) -> Vec<f32> {
    let step = TAU * hertz / f64::from(rate);
    let phase = phase_degrees.to_radians();
    (0..frames).map(|n| (amplitude * (step * n as f64 + phase).sin()) as f32).collect()
}

/// Decibels relative to full scale as a linear amplitude.
pub fn db(decibels: f64) -> f64 {
    10f64.powf(decibels / 20.0)
}

/// A small seeded generator (xorshift64*), good enough for test noise and the same on every machine.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A generator whose numbers depend on the seed alone.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// The next number, evenly spread over 0 ≤ x < 1.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number below `end`, which must not be 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next_u64() % end as u64) as usize
    }
}

/// White noise of the given peak amplitude.
pub fn noise(dice: &mut Dice, amplitude: f64, frames: usize) -> Vec<f32> {
    (0..frames).map(|_| ((dice.unit() * 2.0 - 1.0) * amplitude) as f32).collect()
}
