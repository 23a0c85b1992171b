//! One recursive second-order section, transposed direct form II, double precision.
//!
//! Coefficients come from the analogue prototypes by the bilinear transform with the frequency of interest kept in
//! place (pre-warping), the textbook design for H(s) = s² / (s² + s/Q + 1) and H(s) = (s² + 1) / (s² + s/Q + 1).

use std::f64::consts::PI;

/// Coefficients, normalised so that a₀ = 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

/// What a section remembers of one channel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State(f64, f64);

impl Biquad {
    /// High-pass at `hertz` with quality `q`.
    pub fn high_pass(rate: u32, hertz: f64, q: f64) -> Self {
        let (k, norm) = Self::prewarp(rate, hertz, q);
        Self { b: [norm, -2.0 * norm, norm], a: Self::poles(k, q, norm) }
    }

    /// Notch at `hertz`; its −3 dB width is `hertz / q`.
    pub fn notch(rate: u32, hertz: f64, q: f64) -> Self {
        let (k, norm) = Self::prewarp(rate, hertz, q);
        let middle = 2.0 * (k * k - 1.0) * norm;
        Self { b: [(1.0 + k * k) * norm, middle, (1.0 + k * k) * norm], a: Self::poles(k, q, norm) }
    }

    fn prewarp(rate: u32, hertz: f64, q: f64) -> (f64, f64) {
        // Frequencies at or above half the rate have no digital counterpart; stay a little below.
        let k = (PI * (hertz / f64::from(rate)).min(0.49)).tan();
        (k, 1.0 / (1.0 + k / q + k * k))
    }

    fn poles(k: f64, q: f64, norm: f64) -> [f64; 2] {
        [2.0 * (k * k - 1.0) * norm, (1.0 - k / q + k * k) * norm]
    }

    pub(super) fn process(&self, state: &mut State, samples: &mut [f32]) {
        let ([b0, b1, b2], [a1, a2]) = (self.b, self.a);
        let State(mut s1, mut s2) = *state;
        for sample in samples {
            let x = f64::from(*sample);
            let y = b0 * x + s1;
            s1 = b1 * x - a1 * y + s2;
            s2 = b2 * x - a2 * y;
            *sample = y as f32;
        }
        // A tail that decays for ever ends in subnormal numbers, which are slow on most processors.
        let settle = |s: f64| if s.abs() < 1e-30 { 0.0 } else { s };
        *state = State(settle(s1), settle(s2));
    }
}
