//! Convolution over time, the one thing that a neural voice spends its time on: nine tenths of it, by measure.
//!
//! What belongs here: one layer, for whatever processor there is. How layers are put together is in `upsample`, `flow` and `generator`, how
//! multiplications are saved in `toom`.
//!
//! What one line of results looks at is first laid out in the order in which it is used, rectified, and on the border of a cache line: it is
//! read once for every four output channels. Four outputs times a line, which is two vectors of a common processor, are kept in registers while
//! all inputs and taps pass by. With 16 vector registers more of them spill, and are half as fast.

#![expect(
    clippy::inline_always,
    reason = "the inner loops have to be compiled into the function that pulp compiles once for each kind of processor"
)]

use pulp::{Arch, Simd, WithSimd};

use super::lanes::{LANES, Lanes, Sheet};
use super::toom::{self, Toom};

/// Output channels that are computed together.
const ROWS: usize = 4;

/// Lines that are laid out at a time: 128 kB, so that many channels' weights are read for several lines together.
const PANEL: usize = 2048;

/// Frames between two taps, up to which multiplications are saved. Results are made in groups of some dilations, and with more than this a group may be longer
/// than a piece.
const NEAR: usize = 16;

/// Inputs from which on multiplications are saved: with few, the sums before and after cost as much.
const ENOUGH: usize = 32;

/// A convolution: how many numbers it looks at, and with which weights.
#[derive(Debug)]
pub(super) struct Conv {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    taps: usize,
    dilation: usize,
    /// Frames before the present one that the first tap looks at.
    reach: usize,
    phases: Phases,
    /// By block of [`ROWS`] outputs, then product, then number that is looked at, output.
    weights: Vec<f32>,
    bias: Vec<f32>,
    /// Where multiplications are saved.
    toom: Option<Toom>,
}

/// Which frames of the result are made of one frame of the input: `count` of them from `first` on, where the next one's begin `stride` later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phases {
    pub(super) stride: usize,
    pub(super) first: usize,
    pub(super) count: usize,
}

/// What happens to numbers on their way in and out of a convolution, so that they are not walked over once more for it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around<'a> {
    /// Slope of a leaky rectifier on the way in: what is negative is multiplied by it.
    pub(super) slope: Option<f32>,
    /// Added on the way out.
    pub(super) plus: [Option<&'a Lanes>; 2],
}

/// Memory that is used again from layer to layer.
#[derive(Debug, Default)]
pub(super) struct Sheets {
    panel: Sheet,
    starts: Vec<usize>,
}

impl Conv {
    /// From weights in the order of ONNX's operator Conv: output, input, tap. The lengths have been checked by the caller:
    /// `outputs · inputs · taps` weights, and `outputs` values of bias or none.
    pub(super) fn new(shape: [usize; 3], dilation: usize, reach: usize, weights: &[f32], bias: &[f32]) -> Self {
        Self::with_phases(shape, dilation, reach, weights, bias, Phases { stride: 1, first: 0, count: 1 })
    }

    /// The same for several frames of the result, of which the weights come one after the other.
    pub(super) fn with_phases(
        [outputs, inputs, taps]: [usize; 3],
        dilation: usize,
        reach: usize,
        weights: &[f32],
        bias: &[f32],
        phases: Phases,
    ) -> Self {
        let worth = inputs >= ENOUGH && (1..=NEAR).contains(&dilation);
        let toom = if worth { Toom::new(taps) } else { None };
        let rows = outputs.div_ceil(ROWS) * ROWS;
        let (products, looked_at) = toom.as_ref().map_or((1, inputs * taps), |toom| (toom.products, inputs));
        let mut packed = vec![0.0; phases.count * rows * products * looked_at];
        for (at, taps) in weights.chunks_exact(taps).enumerate() {
            let (output, input) = (at / inputs, at % inputs);
            let row = output / outputs * rows + output % outputs;
            let mut put = |product: usize, number: usize, weight: f32| {
                packed[((row / ROWS * products + product) * looked_at + number) * ROWS + row % ROWS] = weight;
            };
            if let Some(toom) = &toom {
                (0..products).for_each(|product| put(product, input, toom.weight(product, taps)));
            } else {
                taps.iter().enumerate().for_each(|(tap, &weight)| put(0, input * taps.len() + tap, weight));
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(rows, 0.0);
        Self { inputs, outputs, taps, dilation, reach, phases, weights: packed, bias, toom }
    }

    /// Frames on either side that a frame of the result depends on.
    pub(super) fn halo(&self) -> usize {
        self.reach.max(((self.taps - 1) * self.dilation).saturating_sub(self.reach))
    }

    /// Lines of a margin that the input may have to have.
    pub(super) fn margin(&self) -> usize {
        self.reach.max(((self.looks_at() - 1) * self.dilation).saturating_sub(self.reach))
    }

    /// Has the input know what comes before and after each of its pieces, as far as this layer looks.
    pub(super) fn surround(&self, input: &mut Lanes) {
        input.surround(self.needs(input.lines));
    }

    /// Frames, a dilation apart, that what is made together looks at.
    fn looks_at(&self) -> usize {
        self.toom.as_ref().map_or(self.taps, |toom| toom.products)
    }

    fn made(&self) -> usize {
        self.toom.as_ref().map_or(1, |toom| toom.made)
    }

    /// Lines before the first and after the last that are looked at.
    fn needs(&self, lines: usize) -> [usize; 2] {
        let group = self.made() * self.dilation;
        let whole = lines.saturating_sub(1) / group * group;
        let last = whole + lines.saturating_sub(1 + whole).min(self.dilation - 1);
        let after = last + (self.looks_at() - 1) * self.dilation + 1;
        [self.reach, after.saturating_sub(self.reach + lines)]
    }

    /// Replaces `output` by the result, which has as many frames as the input. What lies before and after the input is zero; the input was surrounded
    /// ([`Conv::surround`]). `sheets` is memory to work in.
    pub(super) fn run(&self, input: &Lanes, around: Around<'_>, sheets: &mut Sheets, output: &mut Lanes) {
        output.reshape_as(input, self.outputs);
        self.write(input, around, sheets, output);
        output.trim();
    }

    /// Writes those lines of the result that this layer makes.
    pub(super) fn write(&self, input: &Lanes, around: Around<'_>, sheets: &mut Sheets, output: &mut Lanes) {
        debug_assert!(input.channels == self.inputs && input.knows(self.needs(input.lines)));
        Arch::new().dispatch(Job { layer: self, input, around, sheets, output });
    }
}

struct Job<'a> {
    layer: &'a Conv,
    input: &'a Lanes,
    around: Around<'a>,
    sheets: &'a mut Sheets,
    output: &'a mut Lanes,
}

impl WithSimd for Job<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // So many vectors are a line.
        match S::F32_LANES {
            8 => self.vectors::<S, 2>(simd),
            4 => self.vectors::<S, 4>(simd),
            16 => self.vectors::<S, 1>(simd),
            _ => self.vectors::<S, LANES>(simd),
        }
    }
}

impl Job<'_> {
    #[inline(always)]
    fn vectors<S: Simd, const VECTORS: usize>(self, simd: S) {
        match (self.layer.made(), self.layer.looks_at()) {
            (3, 4) => self.lines::<S, VECTORS, 3, 4>(simd),
            (6, 8) => self.lines::<S, VECTORS, 6, 8>(simd),
            (6, 10) => self.lines::<S, VECTORS, 6, 10>(simd),
            (6, 12) => self.lines::<S, VECTORS, 6, 12>(simd),
            _ => self.lines::<S, VECTORS, 1, 1>(simd),
        }
    }

    #[inline(always)]
    fn lines<S: Simd, const VECTORS: usize, const MADE: usize, const PRODUCTS: usize>(self, simd: S) {
        let Self { layer, input, around, sheets, output } = self;
        let Sheets { panel, starts } = sheets;
        let numbers = layer.weights.len() / layer.phases.count / layer.bias.len() / PRODUCTS;
        // A product's numbers are one place further than they need be, so that no two products want the same place of the cache.
        let size = PRODUCTS * (numbers + 1);
        let together = (PANEL / size).max(1);
        panel.resize(size * together);
        let panels = &mut panel.get_mut()[..size * together * LANES];
        starts.clear();
        starts.extend((0..input.lines).filter(|line| line / layer.dilation % MADE == 0));
        let blocks = layer.bias.len() / ROWS;
        let mut products = [[[simd.splat_f32s(0.0); VECTORS]; ROWS]; PRODUCTS];
        for starts in starts.chunks(together) {
            for (&start, panel) in starts.iter().zip(panels.chunks_exact_mut(size * LANES)) {
                if MADE > 1 {
                    evaluate::<S, VECTORS, PRODUCTS>(simd, layer, input, around.slope, start, panel);
                } else {
                    lay_out::<S, VECTORS>(simd, layer, input, around.slope, start, panel);
                }
            }
            for (block, weights) in layer.weights.chunks_exact(PRODUCTS * numbers * ROWS).enumerate() {
                let (phase, channel) = (layer.phases.first + block / blocks, block % blocks * ROWS);
                for (&start, panel) in starts.iter().zip(panels.chunks_exact(size * LANES)) {
                    for (product, sums) in products.iter_mut().enumerate() {
                        let weights = &weights[product * numbers * ROWS..][..numbers * ROWS];
                        let panel = &panel[product * (numbers + 1) * LANES..][..numbers * LANES];
                        *sums = tile::<S, VECTORS>(simd, weights, panel);
                    }
                    let place = Place { phase, channel, start, lines: input.lines };
                    finish::<S, VECTORS, MADE, PRODUCTS>(simd, layer, &products, place, around.plus, output);
                }
            }
        }
    }
}

/// Where results belong.
#[derive(Clone, Copy)]
struct Place {
    /// Which of the frames that are made of one.
    phase: usize,
    /// The first of the channels.
    channel: usize,
    /// The line of the first of the frames that are made together, and how many lines there are.
    start: usize,
    lines: usize,
}

/// Makes frames of the products of some channels, and writes them.
#[inline(always)]
fn finish<S: Simd, const VECTORS: usize, const MADE: usize, const PRODUCTS: usize>(
    simd: S,
    layer: &Conv,
    products: &[[[S::f32s; VECTORS]; ROWS]; PRODUCTS],
    at: Place,
    plus: [Option<&Lanes>; 2],
    output: &mut Lanes,
) {
    for row in 0..ROWS.min(layer.outputs - at.channel) {
        let channel = at.channel + row;
        let frames = toom::after::<S, VECTORS, ROWS, MADE, PRODUCTS>(simd, products, row, layer.bias[channel]);
        let to = output.channel_mut(channel);
        for (place, mut frame) in frames.into_iter().enumerate() {
            let line = at.start + place * layer.dilation;
            // The last of them may lie beyond the end.
            if line >= at.lines {
                break;
            }
            let line = line * layer.phases.stride + at.phase;
            for other in plus.into_iter().flatten() {
                let more = vectors::<S, VECTORS>(simd, &other.channel(channel)[line]);
                for (value, more) in frame.iter_mut().zip(more) {
                    *value = simd.add_f32s(*value, more);
                }
            }
            put_vectors::<S, VECTORS>(&mut to[line], frame);
        }
    }
}

/// The vectors of a line.
#[inline(always)]
fn vectors<S: Simd, const VECTORS: usize>(simd: S, line: &[f32; LANES]) -> [S::f32s; VECTORS] {
    let mut vectors = [simd.splat_f32s(0.0); VECTORS];
    vectors.copy_from_slice(&S::as_simd_f32s(line).0[..VECTORS]);
    vectors
}

/// Writes the vectors of a line.
#[inline(always)]
fn put_vectors<S: Simd, const VECTORS: usize>(line: &mut [f32; LANES], values: [S::f32s; VECTORS]) {
    let (vectors, _) = S::as_mut_simd_f32s(line);
    vectors[..VECTORS].copy_from_slice(&values);
}

/// The vectors of a line, rectified.
#[inline(always)]
fn rectified<S: Simd, const VECTORS: usize>(simd: S, line: &[f32; LANES], slope: S::f32s) -> [S::f32s; VECTORS] {
    let mut vectors = vectors::<S, VECTORS>(simd, line);
    for value in &mut vectors {
        // With a slope of at most one the larger of the two is the rectified value.
        *value = simd.max_f32s(*value, simd.mul_f32s(*value, slope));
    }
    vectors
}

/// Copies what a line of results looks at: for each input and tap a line.
#[inline(always)]
fn lay_out<S: Simd, const VECTORS: usize>(
    simd: S,
    layer: &Conv,
    input: &Lanes,
    slope: Option<f32>,
    start: usize,
    panel: &mut [f32],
) {
    let slope = simd.splat_f32s(slope.unwrap_or(1.0));
    let (panel, _) = panel.as_chunks_mut::<LANES>();
    for (channel, panel) in panel.chunks_exact_mut(layer.taps).take(layer.inputs).enumerate() {
        let lines = &input.around(channel, layer.reach)[start..];
        for (to, from) in panel.iter_mut().zip(lines.iter().step_by(layer.dilation)) {
            put_vectors::<S, VECTORS>(to, rectified(simd, from, slope));
        }
    }
}

/// Evaluates what some lines of results look at, at all points.
#[inline(always)]
fn evaluate<S: Simd, const VECTORS: usize, const PRODUCTS: usize>(
    simd: S,
    layer: &Conv,
    input: &Lanes,
    slope: Option<f32>,
    start: usize,
    panel: &mut [f32],
) {
    let polynomials = layer.toom.as_ref().and_then(|toom| toom.polynomials::<PRODUCTS>().first_chunk::<PRODUCTS>());
    let Some(polynomials) = polynomials else { return };
    let slope = simd.splat_f32s(slope.unwrap_or(1.0));
    let (panel, _) = panel.as_chunks_mut::<LANES>();
    for channel in 0..layer.inputs {
        let lines = &input.around(channel, layer.reach)[start..][..=(PRODUCTS - 1) * layer.dilation];
        let mut frames = [[simd.splat_f32s(0.0); VECTORS]; PRODUCTS];
        for (frame, line) in frames.iter_mut().zip(lines.iter().step_by(layer.dilation)) {
            *frame = rectified(simd, line, slope);
        }
        let values = toom::before(simd, polynomials, &frames);
        for (value, line) in values.into_iter().zip(panel[channel..].iter_mut().step_by(layer.inputs + 1)) {
            put_vectors::<S, VECTORS>(line, value);
        }
    }
}

/// The sums of [`ROWS`] outputs for a line.
#[inline(always)]
fn tile<S: Simd, const VECTORS: usize>(simd: S, weights: &[f32], panel: &[f32]) -> [[S::f32s; VECTORS]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
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

#[cfg(test)]
pub(super) mod tests {
    use super::super::signal::Signal;
    use super::*;

    /// Numbers that are not alike: a generator of Lehmer's kind.
    pub(in super::super) fn numbers(count: usize, seed: u64) -> Vec<f32> {
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

    pub(in super::super) fn lanes(signal: &Signal, margin: usize) -> Lanes {
        let mut lanes = Lanes::default();
        lanes.load(signal, 0..signal.frames, margin);
        lanes
    }

    pub(in super::super) fn close(found: &Lanes, wanted: &[f32]) {
        let mut signal = Signal::from_planes(found.channels, found.frames, &[]);
        found.store(0..found.frames, 1.0, &mut signal, 0);
        assert_eq!(found.channels * found.frames, wanted.len());
        let found = (0..found.channels).flat_map(|channel| signal.row(channel));
        for (at, (found, wanted)) in found.zip(wanted).enumerate() {
            assert!((found - wanted).abs() < 2e-4, "{at}: {found} is not {wanted}");
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
            (32, 3, 7, 17, 51, 100),
            // With fewer multiplications.
            (32, 36, 7, 12, 36, 700),
            (32, 32, 7, 3, 9, 5),
            (32, 33, 5, 2, 4, 130),
            (32, 1, 7, 1, 3, 1152),
            (64, 64, 3, 1, 1, 1025),
            (64, 64, 3, 6, 6, 1),
            (40, 8, 2, 1, 1, 333),
        ] {
            let input = Signal::from_planes(inputs, frames, &numbers(inputs * frames, 1));
            let weights = numbers(outputs * inputs * taps, 2);
            let bias = numbers(outputs, 3);
            let plus = Signal::from_planes(outputs, frames, &numbers(outputs * frames, 4));
            let layer = Conv::new([outputs, inputs, taps], dilation, reach, &weights, &bias);
            let mut output = Lanes::default();
            let mut from = lanes(&input, layer.margin());
            layer.surround(&mut from);
            let more = lanes(&plus, 1);
            let around = Around { slope: Some(0.1), plus: [Some(&more), None] };
            layer.run(&from, around, &mut Sheets::default(), &mut output);
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
            // Nothing is left beyond the end, or the next layer would hear it.
            let whole: f32 =
                (0..outputs).flat_map(|channel| output.channel(channel).as_flattened()).map(|x| x.abs()).sum();
            let wanted: f32 = wanted.iter().map(|x| x.abs()).sum();
            assert!((whole / wanted - 1.0).abs() < 1e-4, "{whole} is not {wanted}");
        }
    }

    /// What a layer makes with vectors of a certain kind.
    fn made_with<S: Simd>(simd: S, layer: &Conv, input: &Lanes) -> Vec<f32> {
        let mut output = Lanes::default();
        output.reshape_as(input, layer.outputs);
        let sheets = &mut Sheets::default();
        Job { layer, input, around: Around::default(), sheets, output: &mut output }.with_simd(simd);
        output.trim();
        (0..layer.outputs).flat_map(|channel| output.channel(channel).as_flattened().to_vec()).collect()
    }

    #[test]
    fn vectors_of_every_width_give_the_same() {
        for (shape, frames) in [([5, 4, 3], 100), ([6, 40, 7], 333)] {
            let [outputs, inputs, taps] = shape;
            let input = Signal::from_planes(inputs, frames, &numbers(inputs * frames, 1));
            let layer = Conv::new(shape, 2, 2, &numbers(outputs * inputs * taps, 2), &numbers(outputs, 3));
            let mut from = lanes(&input, layer.margin());
            layer.surround(&mut from);
            let wanted = made_with(pulp::Scalar256b, &layer, &from);
            let [one, four] = [made_with(pulp::Scalar, &layer, &from), made_with(pulp::Scalar128b, &layer, &from)];
            for found in [one, four, made_with(pulp::Scalar512b, &layer, &from)] {
                assert!(found.iter().zip(&wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-3));
            }
        }
    }

    #[test]
    fn multiplications_are_saved_where_that_is_worth_it() {
        let layer = |[outputs, inputs, taps]: [usize; 3], dilation| {
            let weights = vec![0.0; outputs * inputs * taps];
            let layer = Conv::new([outputs, inputs, taps], dilation, 0, &weights, &vec![0.0; outputs]);
            (layer.made(), layer.looks_at())
        };
        assert_eq!(layer([64, 64, 2], 1), (3, 4));
        assert_eq!(layer([32, 32, 3], 12), (6, 8));
        assert_eq!(layer([1, 32, 7], 1), (6, 12));
        for (shape, dilation) in [([64, 64, 4], 1), ([64, 64, 1], 1), ([32, 16, 5], 1), ([32, 32, 7], 17)] {
            assert_eq!(layer(shape, dilation), (1, shape[2]));
        }
    }
}
