//! Convolution over time, the one thing that a neural voice spends its time on: nine tenths of it, by measure.
//!
//! What belongs here: one layer, forwards and transposed, for whatever processor there is. How layers are put together is in
//! `flow` and `generator`.
//!
//! What a tile of time looks at is first laid out in the order in which it is used, rectified, and on the border of a cache line: it is read once for
//! every four output channels. Four outputs times two vectors of time are kept in registers while all inputs and taps
//! pass by. With 16 vector registers a larger tile spills, and is half as fast.

#![expect(
    clippy::inline_always,
    reason = "the inner loops have to be compiled into the function that pulp compiles once for each kind of processor"
)]

use pulp::{Arch, Simd, WithSimd};

use super::signal::Signal;
use super::toom::{Sheets, Toom};

/// Output channels that are computed together.
pub(super) const ROWS: usize = 4;

/// Numbers in a cache line, of 64 bytes.
pub(super) const LINE: usize = 16;

/// A convolution: how many numbers it looks at, and with which weights.
#[derive(Debug)]
pub(super) struct Conv {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    taps: usize,
    dilation: usize,
    /// Frames before the present one that the first tap looks at.
    reach: usize,
    /// By block of [`ROWS`] outputs, then input, tap, output.
    weights: Vec<f32>,
    bias: Vec<f32>,
    /// The same with fewer multiplications, where that is faster.
    toom: Option<Toom>,
}

/// What happens to numbers on their way in and out of a convolution, so that they are not walked over once more for it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around<'a> {
    /// Slope of a leaky rectifier on the way in: what is negative is multiplied by it.
    pub(super) slope: Option<f32>,
    /// Added on the way out.
    pub(super) plus: [Option<&'a Signal>; 2],
}

impl Conv {
    /// From weights in the order of ONNX's operator Conv: output, input, tap. The lengths have been checked by the caller:
    /// `outputs · inputs · taps` weights, and `outputs` values of bias or none.
    pub(super) fn new(
        [outputs, inputs, taps]: [usize; 3],
        dilation: usize,
        reach: usize,
        weights: &[f32],
        bias: &[f32],
    ) -> Self {
        if let Some(toom) = Toom::new([outputs, inputs, taps], dilation, reach, weights, bias) {
            let (weights, bias) = (Vec::new(), Vec::new());
            return Self { inputs, outputs, taps, dilation, reach, weights, bias, toom: Some(toom) };
        }
        Self::direct([outputs, inputs, taps], dilation, reach, weights, bias)
    }

    /// The same, with a multiplication for each tap.
    fn direct(
        [outputs, inputs, taps]: [usize; 3],
        dilation: usize,
        reach: usize,
        weights: &[f32],
        bias: &[f32],
    ) -> Self {
        let blocks = outputs.div_ceil(ROWS);
        let mut packed = vec![0.0; blocks * ROWS * inputs * taps];
        for (at, &weight) in weights.iter().enumerate() {
            let (output, input, tap) = (at / (inputs * taps), at / taps % inputs, at % taps);
            packed[(((output / ROWS) * inputs + input) * taps + tap) * ROWS + output % ROWS] = weight;
        }
        let mut bias = bias.to_vec();
        bias.resize(blocks * ROWS, 0.0);
        Self { inputs, outputs, taps, dilation, reach, weights: packed, bias, toom: None }
    }

    /// Frames on either side that a frame of the result depends on.
    pub(super) fn halo(&self) -> usize {
        self.reach.max(((self.taps - 1) * self.dilation).saturating_sub(self.reach))
    }

    /// Replaces `output` by the result, which has as many frames as the input. What lies before and after the input is zero.
    /// `sheets` is memory to work in.
    pub(super) fn run(&self, input: &Signal, around: Around<'_>, sheets: &mut Sheets, output: &mut Signal) {
        debug_assert_eq!(input.channels, self.inputs);
        if let Some(toom) = &self.toom {
            return toom.run(input, around, sheets, output);
        }
        let panel = &mut sheets.panel;
        output.reshape(self.outputs, input.frames);
        Arch::new().dispatch(Job { layer: self, input, around, panel, output });
    }
}

struct Job<'a> {
    layer: &'a Conv,
    input: &'a Signal,
    around: Around<'a>,
    panel: &'a mut Vec<f32>,
    output: &'a mut Signal,
}

impl WithSimd for Job<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 { self.tiles::<S, 4>(simd) } else { self.tiles::<S, 2>(simd) }
    }
}

impl Job<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const VECTORS: usize>(self, simd: S) {
        let Self { layer, input, around, panel, output } = self;
        let width = VECTORS * S::F32_LANES;
        let size = layer.inputs * layer.taps * width;
        panel.resize(size + LINE, 0.0);
        let aligned = panel.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        let panel = &mut panel[aligned..aligned + size];
        let slope = around.slope.unwrap_or(1.0);
        for at in (0..input.frames).step_by(width) {
            let count = width.min(input.frames - at);
            lay_out::<S, VECTORS>(simd, layer, input, slope, at, panel);
            for (block, weights) in layer.weights.chunks_exact(layer.inputs * layer.taps * ROWS).enumerate() {
                let bias: [f32; ROWS] = std::array::from_fn(|row| layer.bias[block * ROWS + row]);
                let sums = tile::<S, VECTORS>(simd, weights, panel, bias);
                let rows = ROWS.min(layer.outputs - block * ROWS);
                for (row, sums) in sums.iter().enumerate().take(rows) {
                    store(simd, sums, block * ROWS + row, at, count, around.plus, output);
                }
            }
        }
    }
}

/// Copies what a tile looks at: for each input and tap as many numbers as the tile is wide, zeros where there is nothing, rectified.
#[inline(always)]
fn lay_out<S: Simd, const VECTORS: usize>(
    simd: S,
    layer: &Conv,
    input: &Signal,
    slope: f32,
    at: usize,
    panel: &mut [f32],
) {
    let width = VECTORS * S::F32_LANES;
    let inside = at >= layer.reach && at + (layer.taps - 1) * layer.dilation + width <= input.frames + layer.reach;
    let slopes = simd.splat_f32s(slope);
    let (panel, _) = S::as_mut_simd_f32s(panel);
    let (panel, _) = panel.as_chunks_mut::<VECTORS>();
    for (channel, panel) in panel.chunks_exact_mut(layer.taps).enumerate() {
        let source = input.row(channel);
        for (tap, to) in panel.iter_mut().enumerate() {
            let from = at + tap * layer.dilation;
            if inside {
                let from = from - layer.reach;
                let (values, _) = S::as_simd_f32s(&source[from..from + width]);
                for (to, &value) in to.iter_mut().zip(values) {
                    // With a slope of at most one the larger of the two is the rectified value.
                    *to = simd.max_f32s(value, simd.mul_f32s(value, slopes));
                }
            } else {
                // At the edges, piece by piece: what of each vector lies inside the input.
                for (index, to) in to.iter_mut().enumerate() {
                    let mut edge = [0.0_f32; 64];
                    let edge = &mut edge[..S::F32_LANES];
                    for (lane, value) in edge.iter_mut().enumerate() {
                        let from = (from + index * S::F32_LANES + lane).checked_sub(layer.reach);
                        *value = from.and_then(|from| source.get(from)).copied().unwrap_or(0.0);
                    }
                    let value = simd.partial_load_f32s(edge);
                    *to = simd.max_f32s(value, simd.mul_f32s(value, slopes));
                }
            }
        }
    }
}

/// The results of [`ROWS`] outputs for some vectors of time.
#[inline(always)]
pub(super) fn tile<S: Simd, const VECTORS: usize>(
    simd: S,
    weights: &[f32],
    panel: &[f32],
    bias: [f32; ROWS],
) -> [[S::f32s; VECTORS]; ROWS] {
    let mut sums: [[S::f32s; VECTORS]; ROWS] = std::array::from_fn(|row| [simd.splat_f32s(bias[row]); VECTORS]);
    let (values, _) = S::as_simd_f32s(panel);
    let (values, _) = values.as_chunks::<VECTORS>();
    let (weights, _) = weights.as_chunks::<ROWS>();
    for (values, weights) in values.iter().zip(weights) {
        for (sums, &weight) in sums.iter_mut().zip(weights) {
            let weight = simd.splat_f32s(weight);
            for (sum, &value) in sums.iter_mut().zip(values) {
                *sum = simd.mul_add_e_f32s(weight, value, *sum);
            }
        }
    }
    sums
}

/// Writes one row of a tile, of which the end may lie beyond the end of the signal.
#[inline(always)]
fn store<S: Simd, const VECTORS: usize>(
    simd: S,
    sums: &[S::f32s; VECTORS],
    channel: usize,
    at: usize,
    count: usize,
    plus: [Option<&Signal>; 2],
    output: &mut Signal,
) {
    let mut sums = *sums;
    let lanes = S::F32_LANES;
    let whole = count == VECTORS * lanes;
    for other in plus.into_iter().flatten() {
        let other = &other.row(channel)[at..at + count];
        let (vectors, _) = S::as_simd_f32s(other);
        for (index, sum) in sums.iter_mut().enumerate() {
            let more = if whole {
                vectors[index]
            } else {
                simd.partial_load_f32s(&other[(index * lanes).min(count)..((index + 1) * lanes).min(count)])
            };
            *sum = simd.add_f32s(*sum, more);
        }
    }
    let output = &mut output.row_mut(channel)[at..at + count];
    if whole {
        let (vectors, _) = S::as_mut_simd_f32s(output);
        vectors.copy_from_slice(&sums);
    } else {
        for (part, sum) in output.chunks_mut(lanes).zip(sums) {
            simd.partial_store_f32s(part, sum);
        }
    }
}

/// A transposed convolution that makes `stride` frames of each: `stride` ordinary convolutions, the results of which take turns.
#[derive(Debug)]
pub(super) struct Upsample {
    phases: Vec<Conv>,
}

impl Upsample {
    /// From weights in the order of ONNX's operator ConvTranspose: input, output, tap. `pad` frames are cut off at either end, and
    /// `taps − 2·pad = stride`, so that there are exactly `stride` frames for each; the caller has checked both.
    pub(super) fn new(
        [inputs, outputs, taps]: [usize; 3],
        stride: usize,
        pad: usize,
        weights: &[f32],
        bias: &[f32],
    ) -> Self {
        // Frame `stride·j + phase` of the result is the sum of the frames `i` of the input with the weights of tap
        // `stride·(j − i) + phase + pad`.
        let phases = (0..stride).map(|phase| {
            let (ahead, first) = ((phase + pad) / stride, (phase + pad) % stride);
            let count = (taps - first).div_ceil(stride);
            let mut own = vec![0.0; outputs * inputs * count];
            for output in 0..outputs {
                for input in 0..inputs {
                    for tap in 0..count {
                        // The latest tap looks furthest back.
                        own[(output * inputs + input) * count + (count - 1 - tap)] =
                            weights[(input * outputs + output) * taps + first + tap * stride];
                    }
                }
            }
            (count, ahead, own)
        });
        let phases = phases
            .map(|(count, ahead, own)| {
                // The last of `count` taps looks at frame j + ahead; where that is later than all of them, zeros come after it.
                if ahead < count {
                    Conv::new([outputs, inputs, count], 1, count - 1 - ahead, &own, bias)
                } else {
                    let mut wide = vec![0.0; outputs * inputs * (ahead + 1)];
                    for (to, from) in wide.chunks_exact_mut(ahead + 1).zip(own.chunks_exact(count)) {
                        to[ahead + 1 - count..].copy_from_slice(from);
                    }
                    Conv::new([outputs, inputs, ahead + 1], 1, 0, &wide, bias)
                }
            })
            .collect();
        Self { phases }
    }

    /// Frames that are made of one.
    pub(super) fn stride(&self) -> usize {
        self.phases.len()
    }

    /// Channels that it makes.
    pub(super) fn outputs(&self) -> usize {
        self.phases.first().map_or(0, |phase| phase.outputs)
    }

    /// Frames of the input on either side that a frame of the result depends on.
    pub(super) fn halo(&self) -> usize {
        self.phases.iter().map(Conv::halo).max().unwrap_or(0)
    }

    /// Replaces `output` by the result. `sheets` and `turn` are memory to work in.
    pub(super) fn run(&self, input: &Signal, slope: f32, sheets: &mut Sheets, turn: &mut Signal, output: &mut Signal) {
        let stride = self.stride();
        for (phase, layer) in self.phases.iter().enumerate() {
            layer.run(input, Around { slope: Some(slope), ..Around::default() }, sheets, turn);
            if phase == 0 {
                output.reshape(layer.outputs, input.frames * stride);
            }
            for channel in 0..layer.outputs {
                let to = output.row_mut(channel).iter_mut().skip(phase).step_by(stride);
                for (to, from) in to.zip(turn.row(channel)) {
                    *to = *from;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that are not alike: a generator of Lehmer's kind.
    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let mut state = seed * 2 + 1;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / 8_388_608.0 - 1.0
            })
            .collect()
    }

    fn at(signal: &Signal, channel: usize, frame: isize) -> f32 {
        usize::try_from(frame).ok().and_then(|frame| signal.row(channel).get(frame)).copied().unwrap_or(0.0)
    }

    fn close(found: &Signal, wanted: &[f32]) {
        assert_eq!(found.channels * found.frames, wanted.len());
        for (at, (found, wanted)) in (0..found.channels).flat_map(|channel| found.row(channel)).zip(wanted).enumerate()
        {
            assert!((found - wanted).abs() < 1e-4, "{at}: {found} is not {wanted}");
        }
    }

    #[test]
    fn it_is_the_sum_that_it_should_be() {
        for (inputs, outputs, taps, dilation, reach, frames) in [
            (3, 5, 3, 1, 1, 1),
            (4, 4, 7, 12, 36, 700),
            (1, 1, 1, 1, 0, 17),
            (2, 9, 5, 2, 4, 1025),
            (2, 1, 7, 1, 3, 511),
            (2, 3, 2, 1, 0, 40),
            // With fewer multiplications.
            (32, 36, 7, 12, 36, 700),
            (32, 32, 7, 3, 9, 5),
            (32, 33, 5, 2, 4, 130),
            (64, 64, 3, 1, 1, 1025),
        ] {
            let input = Signal::from_planes(inputs, frames, &numbers(inputs * frames, 1));
            let weights = numbers(outputs * inputs * taps, 2);
            let bias = numbers(outputs, 3);
            let plus = Signal::from_planes(outputs, frames, &numbers(outputs * frames, 4));
            let layer = Conv::new([outputs, inputs, taps], dilation, reach, &weights, &bias);
            let mut output = Signal::default();
            layer.run(
                &input,
                Around { slope: Some(0.1), plus: [Some(&plus), None] },
                &mut Sheets::default(),
                &mut output,
            );
            let mut wanted = Vec::new();
            for output in 0..outputs {
                for frame in 0..frames {
                    let mut sum = bias[output] + plus.row(output)[frame];
                    for channel in 0..inputs {
                        for tap in 0..taps {
                            let value = at(&input, channel, (frame + tap * dilation) as isize - reach as isize);
                            let value = if value < 0.0 { value * 0.1 } else { value };
                            sum += value * weights[(output * inputs + channel) * taps + tap];
                        }
                    }
                    wanted.push(sum);
                }
            }
            close(&output, &wanted);
        }
    }

    #[test]
    fn upsampling_scatters_each_frame() {
        for (inputs, outputs, taps, stride, pad, frames) in
            [(3, 5, 16, 8, 4, 30), (2, 4, 8, 4, 2, 9), (1, 2, 4, 2, 1, 3), (1, 1, 3, 3, 0, 5)]
        {
            let input = Signal::from_planes(inputs, frames, &numbers(inputs * frames, 1));
            let weights = numbers(outputs * inputs * taps, 2);
            let bias = numbers(outputs, 3);
            let layer = Upsample::new([inputs, outputs, taps], stride, pad, &weights, &bias);
            let mut output = Signal::default();
            layer.run(&input, 1.0, &mut Sheets::default(), &mut Signal::default(), &mut output);
            let mut wanted: Vec<f32> =
                bias.iter().flat_map(|&bias| std::iter::repeat_n(bias, frames * stride)).collect();
            for channel in 0..inputs {
                for frame in 0..frames {
                    for output in 0..outputs {
                        for tap in 0..taps {
                            if let Some(to) = (frame * stride + tap).checked_sub(pad).filter(|&to| to < frames * stride)
                            {
                                wanted[output * frames * stride + to] +=
                                    input.row(channel)[frame] * weights[(channel * outputs + output) * taps + tap];
                            }
                        }
                    }
                }
            }
            close(&output, &wanted);
        }
    }
}
