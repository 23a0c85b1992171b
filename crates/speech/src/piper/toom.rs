//! The same convolution with fewer multiplications: four frames of a result at once, in the manner of Toom and Cook.
//!
//! What belongs here: layers of 3, 5 and 7 taps. A result of four frames needs `taps + 3` products instead of `4 · taps`: half for three
//! taps, four tenths for five, 36 hundredths for seven. Sums before and after cost some of that back, least where there are many channels.
//!
//! Source: Toom, "The complexity of a scheme of functional elements realizing the multiplication of integers", 1963, and Winograd,
//! "Arithmetic complexity of computations", 1980, chapter IV; the transposed form is that of Lavin and Gray, "Fast algorithms for convolutional
//! neural networks", 2016. Polynomials are multiplied by evaluating them at a few points. Points ±a have the same even and odd parts,
//! which halves the sums.
//!
//! Frames of one result lie a dilation apart; so a row is first sorted by which of the four a frame is ([`Toom::sort`]). What follows
//! works on neighbours only.

#![expect(
    clippy::inline_always,
    reason = "the inner loops have to be compiled into the function that pulp compiles once for each kind of processor"
)]
#![expect(clippy::needless_range_loop, reason = "products are looked at crosswise, one row and vector of each")]

use pulp::{Arch, Simd, WithSimd};

use super::conv::{Around, LINE, ROWS, tile};
use super::signal::Signal;

/// Frames of the result that are made together.
const MADE: usize = 4;

/// Results that are made of one sorted piece of the input, in each of the four places: 64 kB of 32 channels, with what they overlap.
const SPAN: usize = 128;

/// Vectors of results that are computed together.
const VECTORS: usize = 2;

/// Points besides zero and infinity, each with its negative. Small ones with small denominators lose the least: with random numbers the error of
/// seven taps is 116 dB below the result, and with 4 in place of 3/4 it would be 8 dB more.
const POINTS: [f64; 4] = [1.0, 2.0, 0.5, 0.75];

/// A layer.
#[derive(Debug)]
pub(super) struct Toom {
    inputs: usize,
    outputs: usize,
    dilation: usize,
    reach: usize,
    /// Products for each result of four: taps + 3.
    products: usize,
    /// By product, block of [`ROWS`] outputs, input, output.
    weights: Vec<f32>,
    bias: Vec<f32>,
    /// For each product, what it takes of each of the frames.
    before: Vec<f32>,
}

/// Memory that is used again from layer to layer.
#[derive(Debug, Default)]
pub(super) struct Sheets {
    /// What one tile is computed from.
    pub(super) panel: Vec<f32>,
    sorted: Vec<f32>,
    edge: Vec<f32>,
    made: Vec<f32>,
}

impl Toom {
    /// From weights in the order of ONNX's operator Conv; `None` where it would not be faster.
    pub(super) fn new(
        [outputs, inputs, taps]: [usize; 3],
        dilation: usize,
        reach: usize,
        weights: &[f32],
        bias: &[f32],
    ) -> Option<Self> {
        // With few channels, the sums before and after cost as much as three taps save.
        let least = if taps == 3 { 64 } else { 32 };
        if !matches!(taps, 3 | 5 | 7) || outputs < least || inputs < least || !(1..=SPAN / 8).contains(&dilation) {
            return None;
        }
        let products = taps + MADE - 1;
        let points = points(products);
        let before: Vec<f32> = lagrange(&points).into_iter().map(|value| value as f32).collect();
        let blocks = outputs.div_ceil(ROWS);
        let mut packed = vec![0.0; products * blocks * inputs * ROWS];
        for (at, weights) in weights.chunks_exact(taps).enumerate() {
            let (output, input) = (at / inputs, at % inputs);
            for product in 0..products {
                // Evaluated at the point, and divided by what the frames' polynomial is too large by; at infinity, the last tap.
                let value = match points.get(product) {
                    Some(&point) => {
                        let scale: f64 =
                            points.iter().filter(|&&other| other != point).map(|other| point - other).product();
                        weights.iter().rev().fold(0.0, |sum, &weight| sum * point + f64::from(weight)) / scale
                    }
                    None => f64::from(weights[taps - 1]),
                };
                packed[((product * blocks + output / ROWS) * inputs + input) * ROWS + output % ROWS] = value as f32;
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(blocks * ROWS, 0.0);
        Some(Self { inputs, outputs, dilation, reach, products, weights: packed, bias, before })
    }

    /// Replaces `output` by the result, as [`super::conv::Conv::run`] does.
    pub(super) fn run(&self, input: &Signal, around: Around<'_>, sheets: &mut Sheets, output: &mut Signal) {
        output.reshape(self.outputs, input.frames);
        Arch::new().dispatch(Job { layer: self, input, around, sheets, output });
    }

    /// Sorts what a span looks at: for each channel and each of the four places, frames that are `4 · dilation` apart, `dilation` of them
    /// together. Rectifies it, and puts zeros where there is nothing.
    #[inline(always)]
    fn sort(&self, input: &Signal, slope: f32, start: usize, sheets: (&mut [f32], &mut Vec<f32>), length: usize) {
        let (sorted, edge) = sheets;
        let step = self.dilation;
        let jump = MADE * step;
        let needed = length.div_ceil(step) * jump + (MADE - 1) * step;
        // What of it lies before the input, and where in the input it begins.
        let before = self.reach.saturating_sub(start).min(needed);
        let from = start.saturating_sub(self.reach);
        let inside = before == 0 && from + needed <= input.frames;
        edge.clear();
        edge.resize(if inside { 0 } else { needed }, 0.0);
        for (channel, rows) in sorted.chunks_exact_mut(MADE * length).enumerate() {
            let source = input.row(channel).get(from..).unwrap_or_default();
            // At the edges a copy with zeros around it, so that what follows need not look out for them.
            let source = if inside {
                source
            } else {
                let count = source.len().min(needed - before);
                edge[before..before + count].copy_from_slice(&source[..count]);
                &*edge
            };
            for (place, row) in rows.chunks_exact_mut(length).enumerate() {
                let source = &source[place * step..];
                if step == 1 {
                    for (to, four) in row.iter_mut().zip(source.chunks_exact(MADE)) {
                        *to = four[0].max(four[0] * slope);
                    }
                } else {
                    for (to, from) in row.chunks_mut(step).zip(source.chunks(jump)) {
                        for (to, &value) in to.iter_mut().zip(from) {
                            *to = value.max(value * slope);
                        }
                    }
                }
            }
        }
    }
}

/// Zero, and as many pairs as are needed; infinity is not in the list.
fn points(products: usize) -> Vec<f64> {
    let pairs = POINTS.iter().take((products - 2) / 2);
    std::iter::once(0.0).chain(pairs.flat_map(|&point| [point, -point])).collect()
}

/// For each point the polynomial that is zero at all others, and last the one that is zero at all of them; by falling products.
fn lagrange(points: &[f64]) -> Vec<f64> {
    let count = points.len() + 1;
    let mut rows = Vec::with_capacity(count * count);
    for left_out in points.iter().map(Some).chain([None]) {
        let mut row = vec![0.0; count];
        row[0] = 1.0;
        for &root in points.iter().filter(|&root| Some(root) != left_out) {
            for at in (0..count).rev() {
                row[at] = if at > 0 { row[at - 1] } else { 0.0 } - root * row[at];
            }
        }
        rows.extend(row);
    }
    rows
}

struct Job<'a> {
    layer: &'a Toom,
    input: &'a Signal,
    around: Around<'a>,
    sheets: &'a mut Sheets,
    output: &'a mut Signal,
}

impl WithSimd for Job<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.layer.products {
            6 => self.spans::<S, 6>(simd),
            8 => self.spans::<S, 8>(simd),
            _ => self.spans::<S, 10>(simd),
        }
    }
}

impl Job<'_> {
    #[inline(always)]
    fn spans<S: Simd, const PRODUCTS: usize>(self, simd: S) {
        let Self { layer, input, around, sheets, output } = self;
        let width = VECTORS * S::F32_LANES;
        let step = layer.dilation;
        // Whole groups of frames that lie together, and whole tiles of them.
        let groups = SPAN / step;
        let tiles = (groups * step).div_ceil(width);
        let length = tiles * width + (PRODUCTS - 1) / MADE * step;
        sheets.sorted.resize(layer.inputs * MADE * length, 0.0);
        // A product's numbers are one place further than they need be, so that no two products want the same place of the cache.
        let size = PRODUCTS * (layer.inputs + 1) * width;
        sheets.panel.resize(size + LINE, 0.0);
        let aligned = sheets.panel.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        let panel = &mut sheets.panel[aligned..aligned + size];
        let lanes = tiles * width;
        sheets.made.resize(layer.bias.len() * MADE * lanes, 0.0);
        let slope = around.slope.unwrap_or(1.0);
        for start in (0..input.frames).step_by(groups * step * MADE) {
            layer.sort(input, slope, start, (&mut sheets.sorted, &mut sheets.edge), length);
            // At the end of a signal there may be less to do.
            let left = (input.frames - start).div_ceil(MADE * step) * step;
            for at in (0..left.min(groups * step)).step_by(width) {
                before::<S, PRODUCTS>(simd, layer, &sheets.sorted, length, at, panel);
                after::<S, PRODUCTS>(simd, layer, panel, at, lanes, &mut sheets.made);
            }
            for channel in 0..layer.outputs {
                let made = &sheets.made[channel * MADE * lanes..(channel + 1) * MADE * lanes];
                let end = (start + groups * step * MADE).min(input.frames);
                let to = &mut output.row_mut(channel)[start..end];
                unsort(made, lanes, step, to);
                for other in around.plus.into_iter().flatten() {
                    for (to, more) in to.iter_mut().zip(&other.row(channel)[start..end]) {
                        *to += more;
                    }
                }
            }
        }
    }
}

/// Evaluates what a tile of results looks at, at all points.
#[inline(always)]
fn before<S: Simd, const PRODUCTS: usize>(
    simd: S,
    layer: &Toom,
    sorted: &[f32],
    length: usize,
    at: usize,
    panel: &mut [f32],
) {
    let (panel, _) = S::as_mut_simd_f32s(panel);
    let Some(polynomials) = layer.before.as_chunks::<PRODUCTS>().0.first_chunk::<PRODUCTS>() else { return };
    for (channel, rows) in sorted.chunks_exact(MADE * length).enumerate() {
        for vector in 0..VECTORS {
            let frames: [S::f32s; PRODUCTS] = std::array::from_fn(|index| {
                let from = index % MADE * length + at + vector * S::F32_LANES + index / MADE * layer.dilation;
                let (vectors, _) = S::as_simd_f32s(&rows[from..from + S::F32_LANES]);
                vectors[0]
            });
            let place = |product: usize| (product * (layer.inputs + 1) + channel) * VECTORS + vector;
            let row = |product: usize| &polynomials[product];
            let sum = |row: &[f32; PRODUCTS], first: usize| {
                let mut sum = simd.mul_f32s(frames[first], simd.splat_f32s(row[first]));
                let mut index = first + 2;
                while index < PRODUCTS {
                    sum = simd.mul_add_e_f32s(frames[index], simd.splat_f32s(row[index]), sum);
                    index += 2;
                }
                sum
            };
            // At zero there are only even powers, at infinity only odd ones.
            panel[place(0)] = sum(row(0), 0);
            panel[place(PRODUCTS - 1)] = sum(row(PRODUCTS - 1), 1);
            let mut product = 1;
            while product + 1 < PRODUCTS {
                let (even, odd) = (sum(row(product), 0), sum(row(product), 1));
                panel[place(product)] = simd.add_f32s(even, odd);
                panel[place(product + 1)] = simd.sub_f32s(even, odd);
                product += 2;
            }
        }
    }
}

/// Multiplies, adds up over all inputs, and makes the four frames of each result of it.
#[inline(always)]
fn after<S: Simd, const PRODUCTS: usize>(
    simd: S,
    layer: &Toom,
    panel: &[f32],
    at: usize,
    lanes: usize,
    made: &mut [f32],
) {
    let width = VECTORS * S::F32_LANES;
    let blocks = layer.bias.len() / ROWS;
    let zero = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    for block in 0..blocks {
        let mut products = [zero; PRODUCTS];
        for (product, sums) in products.iter_mut().enumerate() {
            let weights = &layer.weights[(product * blocks + block) * layer.inputs * ROWS..][..layer.inputs * ROWS];
            let panel = &panel[product * (layer.inputs + 1) * width..][..layer.inputs * width];
            *sums = tile::<S, VECTORS>(simd, weights, panel, [0.0; ROWS]);
        }
        for row in 0..ROWS {
            let bias = simd.splat_f32s(layer.bias[block * ROWS + row]);
            for vector in 0..VECTORS {
                let mut frames = [
                    simd.add_f32s(products[0][row][vector], bias),
                    bias,
                    bias,
                    simd.add_f32s(products[PRODUCTS - 1][row][vector], bias),
                ];
                let mut pair = 0;
                while 2 * pair + 2 < PRODUCTS {
                    let (plus, minus) = (products[2 * pair + 1][row][vector], products[2 * pair + 2][row][vector]);
                    let (sum, difference) = (simd.add_f32s(plus, minus), simd.sub_f32s(plus, minus));
                    let point = POINTS[pair] as f32;
                    frames[0] = simd.add_f32s(frames[0], sum);
                    frames[1] = simd.mul_add_e_f32s(difference, simd.splat_f32s(point), frames[1]);
                    frames[2] = simd.mul_add_e_f32s(sum, simd.splat_f32s(point * point), frames[2]);
                    frames[3] = simd.mul_add_e_f32s(difference, simd.splat_f32s(point * point * point), frames[3]);
                    pair += 1;
                }
                for (place, frame) in frames.into_iter().enumerate() {
                    let from = ((block * ROWS + row) * MADE + place) * lanes + at + vector * S::F32_LANES;
                    let (to, _) = S::as_mut_simd_f32s(&mut made[from..from + S::F32_LANES]);
                    to[0] = frame;
                }
            }
        }
    }
}

/// Puts frames back into their order.
#[inline(always)]
fn unsort(made: &[f32], lanes: usize, step: usize, to: &mut [f32]) {
    let (one, rest) = made.split_at(lanes);
    let (two, rest) = rest.split_at(lanes);
    let (three, four) = rest.split_at(lanes);
    if step == 1 {
        for ((((to, one), two), three), four) in to.chunks_mut(MADE).zip(one).zip(two).zip(three).zip(four) {
            for (to, from) in to.iter_mut().zip([*one, *two, *three, *four]) {
                *to = from;
            }
        }
        return;
    }
    for (group, to) in to.chunks_mut(MADE * step).enumerate() {
        for (to, from) in to.chunks_mut(step).zip([one, two, three, four]) {
            for (to, from) in to.iter_mut().zip(&from[group * step..]) {
                *to = *from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_make_the_result_that_they_should() {
        // Four frames of a result with the taps 1, 10, 100, by hand.
        let taps: Vec<f32> =
            (0..32 * 32).flat_map(|at| if at % 33 == 0 { [1.0, 10.0, 100.0, 1000.0, 0.0] } else { [0.0; 5] }).collect();
        let layer = Toom::new([32, 32, 5], 1, 0, &taps, &[0.5; 32]);
        let input: Vec<f32> = (0..32).flat_map(|channel| (0..9).map(move |frame| (frame + channel) as f32)).collect();
        let mut output = Signal::default();
        let input = Signal::from_planes(32, 9, &input);
        let Some(layer) = layer else { panic!("it would be faster") };
        layer.run(&input, Around::default(), &mut Sheets::default(), &mut output);
        for (found, wanted) in output.row(3).iter().zip([6543.5, 7654.5, 8765.5, 9876.5, 10987.5, 12098.5]) {
            assert!((found - wanted).abs() < 0.02, "{found} is not {wanted}");
        }
    }

    #[test]
    fn few_channels_and_other_taps_are_left_alone() {
        for shape in [[32, 32, 3], [64, 64, 4], [64, 64, 1], [1, 32, 7], [16, 64, 5]] {
            assert!(Toom::new(shape, 1, 0, &vec![0.0; shape.iter().product()], &vec![0.0; shape[0]]).is_none());
        }
    }
}
