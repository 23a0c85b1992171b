//! Several channels of numbers over time, planar, as stages of a network hand them on. Within a stage they lie otherwise: `lanes`.
//!
//! What belongs here: the container and what is done to it number by number. Layers are beside it.

#![expect(
    clippy::inline_always,
    reason = "functions of one number have to be compiled into loops that are compiled for several processors"
)]

/// Numbers in a cache line of 64 bytes.
const LINE: usize = 16;

/// Channels × frames of 32-bit floats: channel 0, then channel 1, and so on, each with some room after it.
#[derive(Debug, Clone, Default)]
pub(super) struct Signal {
    pub(super) channels: usize,
    pub(super) frames: usize,
    /// Numbers from a channel to the next: an odd number of cache lines, since channels that are a power of two apart would
    /// all want the same few places of the cache.
    stride: usize,
    data: Vec<f32>,
}

impl Signal {
    /// All zero.
    pub(super) fn zeros(channels: usize, frames: usize) -> Self {
        let stride = (frames.div_ceil(LINE) | 1) * LINE;
        Self { channels, frames, stride, data: vec![0.0; channels * stride] }
    }

    /// From numbers without room between channels; as many as there should be, or zeros after them.
    pub(super) fn from_planes(channels: usize, frames: usize, planes: &[f32]) -> Self {
        let mut signal = Self::zeros(channels, frames);
        if frames > 0 {
            for (channel, plane) in planes.chunks_exact(frames).take(channels).enumerate() {
                signal.row_mut(channel).copy_from_slice(plane);
            }
        }
        signal
    }

    /// The same memory for another shape. What is in it afterwards is anything.
    pub(super) fn reshape(&mut self, channels: usize, frames: usize) {
        self.channels = channels;
        self.frames = frames;
        self.stride = (frames.div_ceil(LINE) | 1) * LINE;
        self.data.resize(self.data.len().max(channels * self.stride), 0.0);
    }

    /// One channel.
    pub(super) fn row(&self, channel: usize) -> &[f32] {
        &self.data[channel * self.stride..channel * self.stride + self.frames]
    }

    /// One channel, to write.
    pub(super) fn row_mut(&mut self, channel: usize) -> &mut [f32] {
        &mut self.data[channel * self.stride..channel * self.stride + self.frames]
    }
}

/// eˣ, in a form that a compiler turns into vector instructions. Relative error below 2⁻²², which is what a 32-bit float resolves.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    use std::f32::consts::LOG2_E;
    // ln 2 in two pieces, of which the first has zeros at its end, so that n times it is exact.
    const HIGH: f32 = 355.0 / 512.0;
    const LOW: f32 = (std::f64::consts::LN_2 - 355.0 / 512.0) as f32;
    // 1.5 · 2²³: a sum with it has room for whole numbers only, and they are in its lowest bits.
    const ROUNDING: f32 = 12_582_912.0;
    // eˣ = 2ⁿ · eʳ with r = x − n·ln 2, |r| ≤ ln 2 ⁄ 2; beyond ±87 a float has no room for the result.
    let x = x.clamp(-87.0, 87.0);
    let rounded = x * LOG2_E + ROUNDING;
    let n = rounded - ROUNDING;
    let r = (x - n * HIGH) - n * LOW;
    // Taylor series of eʳ to r⁷; the next term is below 6·10⁻⁹.
    let series = 1.0
        + r * (1.0
            + r * (1.0 / 2.0
                + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r / 5040.0))))));
    // 2ⁿ by its exponent bits, IEEE 754: bias 127, 23 bits of fraction. Above them nothing of the rounding is left.
    series * f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23))
}

/// tanh x = 1 − 2 ⁄ (e²ˣ + 1). Absolute error below 2⁻²².
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// The logistic function 1 ⁄ (1 + e⁻ˣ).
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_agree_with_the_library() {
        for step in -4000..=4000_i16 {
            let x = f32::from(step) / 200.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 5e-7, "exp {x}");
            assert!((tanh(x) - x.tanh()).abs() < 3e-7, "tanh {x}");
            assert!((sigmoid(x) - 1.0 / (1.0 + (-x).exp())).abs() < 3e-7, "sigmoid {x}");
        }
        for x in [f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30] {
            assert!(exp(x).is_finite() && tanh(x).abs() <= 1.0);
        }
    }

    #[test]
    fn rows_stay_rows() {
        let signal = Signal::from_planes(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!((signal.row(0), signal.row(1)), ([1.0, 2.0, 3.0].as_slice(), [4.0, 5.0, 6.0].as_slice()));
    }
}
