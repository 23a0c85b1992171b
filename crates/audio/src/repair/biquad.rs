//! One recursive second-order section, transposed direct form II, double precision.
//!
//! Coefficients come from the analogue prototypes by the bilinear transform with the frequency of interest kept in
//! place (pre-warping), the textbook design for H(s) = s² / (s² + s/Q + 1) and H(s) = (s² + 1) / (s² + s/Q + 1).

use std::f64::consts::PI;

/// Coefficients, normalised so that a₀ = 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

/// What a section remembers of `L` channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct State<const L: usize>([f64; L], [f64; L]);

impl<const L: usize> Default for State<L> {
    fn default() -> Self {
        Self([0.0; L], [0.0; L])
    }
}

impl Biquad {
    /// Changes nothing.
    pub(super) const THROUGH: Self = Self { b: [1.0, 0.0, 0.0], a: [0.0, 0.0] };

    /// High-pass at `hertz` with quality `q`.
    pub(super) fn high_pass(rate: u32, hertz: f64, q: f64) -> Self {
        let (k, norm) = Self::prewarp(rate, hertz, q);
        Self { b: [norm, -2.0 * norm, norm], a: Self::poles(k, q, norm) }
    }

    /// Notch at `hertz`; its −3 dB width is `hertz / q`.
    pub(super) fn notch(rate: u32, hertz: f64, q: f64) -> Self {
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
}

/// Runs `L` channels through `S` sections. Each section is a chain of dependent steps, so channels side by side and
/// sections one behind the other fill the processor's idle units.
pub(super) fn run<const L: usize, const S: usize>(
    sections: &[Biquad; S],
    states: &mut [State<L>; S],
    channels: [&mut [f32]; L],
) {
    let frames = channels.iter().map(|channel| channel.len()).min().unwrap_or(0);
    let channels = channels.map(|channel| &mut channel[..frames]);
    let mut now = *states;
    #[expect(clippy::needless_range_loop, reason = "the frame is an index into several channels at once")]
    for frame in 0..frames {
        let mut x: [f64; L] = std::array::from_fn(|lane| f64::from(channels[lane][frame]));
        for (Biquad { b, a }, State(s1, s2)) in sections.iter().zip(&mut now) {
            let y: [f64; L] = std::array::from_fn(|lane| b[0] * x[lane] + s1[lane]);
            *s1 = std::array::from_fn(|lane| (b[1] * x[lane] + s2[lane]) - a[0] * y[lane]);
            *s2 = std::array::from_fn(|lane| b[2] * x[lane] - a[1] * y[lane]);
            x = y;
        }
        for lane in 0..L {
            channels[lane][frame] = x[lane] as f32;
        }
    }
    // A tail that decays for ever ends in subnormal numbers, which are slow on most processors.
    let settle = |s: f64| if s.abs() < 1e-30 { 0.0 } else { s };
    *states = now.map(|State(s1, s2)| State(s1.map(settle), s2.map(settle)));
}
