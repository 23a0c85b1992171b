//! Convolution with fewer multiplications: several frames of a result at once, in the manner of Toom and Cook.
//!
//! What belongs here: the numbers of it, what is done before the multiplications and what after. A result of `made` frames needs `taps + made − 1`
//! products instead of `taps · made`: two thirds for two taps, 44 hundredths for three, a third for five, 29 hundredths for seven. Sums before
//! and after cost some of that back, least where there are many channels.
//!
//! Source: Toom, "The complexity of a scheme of functional elements realizing the multiplication of integers", 1963, and Winograd,
//! "Arithmetic complexity of computations", 1980, chapter IV; the transposed form is that of Lavin and Gray, "Fast algorithms for convolutional
//! neural networks", 2016. Polynomials are multiplied by evaluating them at a few points. Points ±a have the same even and odd parts,
//! which halves the sums.

#![expect(
    clippy::inline_always,
    reason = "the inner loops have to be compiled into the function that pulp compiles once for each kind of processor"
)]

use pulp::Simd;

/// Points besides zero and infinity, each with its negative. Small ones with small denominators lose the least: with random numbers the error of
/// seven taps is 106 dB below the result, and with 2/3 in place of 3/2 it would be 13 dB more.
const POINTS: [f64; 5] = [1.0, 2.0, 0.5, 0.75, 1.5];

/// How many frames are made together, of how many products.
#[derive(Debug)]
pub(super) struct Toom {
    pub(super) made: usize,
    pub(super) products: usize,
    /// For each product, what it takes of each of the frames.
    before: Vec<f32>,
    points: Vec<f64>,
    /// What each point's polynomial of the frames is too large by.
    scales: Vec<f64>,
}

impl Toom {
    /// For so many taps; `None` where there is no good way.
    pub(super) fn new(taps: usize) -> Option<Self> {
        let made = match taps {
            2 => 3,
            3 | 5 | 7 => 6,
            _ => return None,
        };
        let products = taps + made - 1;
        // Zero, and as many pairs as are needed; infinity is not in the list.
        let pairs = POINTS.iter().take((products - 2) / 2);
        let points: Vec<f64> = std::iter::once(0.0).chain(pairs.flat_map(|&point| [point, -point])).collect();
        let before = lagrange(&points).into_iter().map(|value| value as f32).collect();
        let scale = |&point: &f64| {
            points.iter().filter(|&&other| (other - point).abs() > 0.0).map(|other| point - other).product()
        };
        let scales = points.iter().map(scale).collect();
        Some(Self { made, products, before, points, scales })
    }

    /// What the taps of one input and output become for a product: their polynomial at the point, and at infinity the last of them.
    pub(super) fn weight(&self, product: usize, taps: &[f32]) -> f32 {
        let value = match self.points.get(product).zip(self.scales.get(product)) {
            Some((point, scale)) => taps.iter().rev().fold(0.0, |sum, &tap| sum * point + f64::from(tap)) / scale,
            None => taps.last().copied().map_or(0.0, f64::from),
        };
        value as f32
    }

    /// For each product, what it takes of each of the frames.
    #[inline(always)]
    pub(super) fn polynomials<const PRODUCTS: usize>(&self) -> &[[f32; PRODUCTS]] {
        self.before.as_chunks().0
    }
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

/// What is multiplied: the frames' polynomial at all points, for some vectors side by side.
#[inline(always)]
pub(super) fn before<S: Simd, const VECTORS: usize, const PRODUCTS: usize>(
    simd: S,
    polynomials: &[[f32; PRODUCTS]; PRODUCTS],
    frames: &[[S::f32s; VECTORS]; PRODUCTS],
) -> [[S::f32s; VECTORS]; PRODUCTS] {
    let mut values = [[simd.splat_f32s(0.0); VECTORS]; PRODUCTS];
    // At zero there are only even powers, and at infinity only odd ones, since the number of products is even.
    values[0] = sum(simd, &polynomials[0], frames, 0, PRODUCTS);
    values[PRODUCTS - 1] = sum(simd, &polynomials[PRODUCTS - 1], frames, 1, PRODUCTS);
    let mut product = 1;
    while product + 1 < PRODUCTS {
        // Both points of a pair have a zero at zero, so no power of zero, and not the highest.
        let even = sum(simd, &polynomials[product], frames, 2, PRODUCTS);
        let odd = sum(simd, &polynomials[product], frames, 1, PRODUCTS - 1);
        for vector in 0..VECTORS {
            values[product][vector] = simd.add_f32s(even[vector], odd[vector]);
            values[product + 1][vector] = simd.sub_f32s(even[vector], odd[vector]);
        }
        product += 2;
    }
    values
}

/// Every other power of a polynomial, from `first` up to before `end`.
#[inline(always)]
fn sum<S: Simd, const VECTORS: usize, const PRODUCTS: usize>(
    simd: S,
    polynomial: &[f32; PRODUCTS],
    frames: &[[S::f32s; VECTORS]; PRODUCTS],
    first: usize,
    end: usize,
) -> [S::f32s; VECTORS] {
    let factor = simd.splat_f32s(polynomial[first]);
    let mut sums = frames[first];
    for sum in &mut sums {
        *sum = simd.mul_f32s(*sum, factor);
    }
    let mut index = first + 2;
    while index < end {
        let factor = simd.splat_f32s(polynomial[index]);
        for vector in 0..VECTORS {
            sums[vector] = simd.mul_add_e_f32s(frames[index][vector], factor, sums[vector]);
        }
        index += 2;
    }
    sums
}

/// What comes of the products of one row: frames of the result, as some vectors side by side each.
#[inline(always)]
pub(super) fn after<S: Simd, const VECTORS: usize, const ROWS: usize, const MADE: usize, const PRODUCTS: usize>(
    simd: S,
    products: &[[[S::f32s; VECTORS]; ROWS]; PRODUCTS],
    row: usize,
    bias: f32,
) -> [[S::f32s; VECTORS]; MADE] {
    let mut frames = [[simd.splat_f32s(bias); VECTORS]; MADE];
    for vector in 0..VECTORS {
        frames[0][vector] = simd.add_f32s(frames[0][vector], products[0][row][vector]);
        if PRODUCTS > 1 {
            let last = &mut frames[MADE - 1][vector];
            *last = simd.add_f32s(*last, products[PRODUCTS - 1][row][vector]);
        }
        let mut pair = 0;
        while 2 * pair + 2 < PRODUCTS {
            let (plus, minus) = (products[2 * pair + 1][row][vector], products[2 * pair + 2][row][vector]);
            let both = [simd.add_f32s(plus, minus), simd.sub_f32s(plus, minus)];
            let mut power = 1.0;
            for (place, frame) in frames.iter_mut().enumerate() {
                let frame = &mut frame[vector];
                // The first factor of each is one, and all of the first point.
                *frame = if power == 1.0 {
                    simd.add_f32s(*frame, both[place % 2])
                } else {
                    simd.mul_add_e_f32s(both[place % 2], simd.splat_f32s(power), *frame)
                };
                power *= POINTS[pair] as f32;
            }
            pair += 1;
        }
    }
    frames
}
