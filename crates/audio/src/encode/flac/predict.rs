//! Linear prediction: how the next sample follows from the ones before it. The fixed polynomials of FLAC, and
//! predictors fitted to the block by the autocorrelation method (Makhoul, "Linear Prediction: A Tutorial Review",
//! Proc. IEEE 63, 1975).

use std::f64::consts::{E, PI};

use super::rice::fold;

/// Highest order of a fitted predictor.
pub(super) const MOST_ORDER: usize = 12;
/// Bits of a coefficient with its sign. With samples of 17 bits and twelve of them a sum stays below 2³¹, so 32-bit
/// arithmetic is exact, here and in every decoder.
pub(super) const PRECISION: u32 = 12;
/// Orders of the fixed polynomials are 0 to 4.
pub(super) const MOST_FIXED: usize = 4;

/// Sums of products at delays 0 to 15; more than [`MOST_ORDER`] needs, since sixteen fill whole registers.
const LAGS: usize = 16;
/// Part of the window that rises and falls.
const TAPER: f64 = 0.5;

/// A fitted predictor: the sum of the newest `order` samples times the coefficients, newest first, shifted right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Predictor {
    pub(super) order: usize,
    pub(super) coefficients: [i32; MOST_ORDER],
    pub(super) shift: u32,
}

/// A predictor as it was solved for, before its coefficients are rounded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    order: usize,
    coefficients: [f64; MOST_ORDER],
    /// Expected length of the subframe in bits.
    pub(super) bits: f64,
}

/// The window of one block length and room for a windowed block.
pub(super) struct Analysis {
    window: Vec<f64>,
    /// Mean of the window squared.
    power: f64,
    /// Zeros, then the windowed samples.
    padded: Vec<f64>,
}

impl Analysis {
    pub(super) fn new() -> Self {
        Self { window: Vec::new(), power: 1.0, padded: Vec::new() }
    }

    /// Solves for the best predictor of the samples and chooses its order by the length it expects. There is none if
    /// the samples are silent or too few.
    #[inline(always)]
    pub(super) fn fit(&mut self, samples: &[i32], width: u32) -> Option<Fit> {
        if samples.len() <= 2 * MOST_ORDER {
            return None;
        }
        self.prepare(samples.len());
        for ((into, &sample), &factor) in self.padded[LAGS - 1..].iter_mut().zip(samples).zip(&self.window) {
            *into = f64::from(sample) * factor;
        }
        let correlation = autocorrelation(&self.padded);
        solve(&correlation, samples.len(), width, self.power)
    }

    fn prepare(&mut self, length: usize) {
        if self.window.len() == length {
            return;
        }
        // Tukey window: a cosine that rises, is flat, and falls.
        let edge = (TAPER / 2.0 * length as f64).max(1.0);
        self.window.clear();
        self.window.extend((0..length).map(|n| {
            let inside = (n as f64 + 0.5).min(length as f64 - n as f64 - 0.5);
            if inside < edge { 0.5 - 0.5 * (PI * inside / edge).cos() } else { 1.0 }
        }));
        self.power = self.window.iter().map(|factor| factor * factor).sum::<f64>() / length as f64;
        self.padded.clear();
        self.padded.resize(LAGS - 1 + length, 0.0);
    }
}

impl Fit {
    /// Rounds the coefficients, each taking over the rounding error of the one before. There is no predictor if they
    /// are too large for the format.
    pub(super) fn round(&self) -> Option<Predictor> {
        let largest =
            self.coefficients[..self.order].iter().fold(0f64, |most, coefficient| most.max(coefficient.abs()));
        if !(largest.is_finite() && largest > 0.0) {
            return None;
        }
        // So many bits that the largest just fits: |c| < 2^e, e = floor(log2 c) + 1.
        let shift = (PRECISION as i32 - 1) - (largest.log2().floor() as i32 + 1);
        if shift < 0 {
            return None;
        }
        let shift = shift.min(15) as u32;
        let most = (1 << (PRECISION - 1)) - 1;
        let mut predictor = Predictor { order: self.order, coefficients: [0; MOST_ORDER], shift };
        let mut error = 0.0;
        for (into, &coefficient) in predictor.coefficients.iter_mut().zip(&self.coefficients[..self.order]) {
            let wanted = coefficient * f64::from(1u32 << shift) + error;
            *into = (wanted.round() as i32).clamp(-most - 1, most);
            error = wanted - f64::from(*into);
        }
        Some(predictor)
    }
}

impl Predictor {
    /// Writes what the predictor leaves over, folded, one number per sample after the first `order` ones.
    #[inline(always)]
    pub(super) fn residual(&self, samples: &[i32], folded: &mut Vec<u32>) {
        match self.order {
            1 => predict::<1>(self, samples, folded),
            2 => predict::<2>(self, samples, folded),
            3 => predict::<3>(self, samples, folded),
            4 => predict::<4>(self, samples, folded),
            5 => predict::<5>(self, samples, folded),
            6 => predict::<6>(self, samples, folded),
            7 => predict::<7>(self, samples, folded),
            8 => predict::<8>(self, samples, folded),
            9 => predict::<9>(self, samples, folded),
            10 => predict::<10>(self, samples, folded),
            11 => predict::<11>(self, samples, folded),
            _ => predict::<MOST_ORDER>(self, samples, folded),
        }
    }
}

/// The fixed polynomial that leaves least over, and the expected length of its subframe in bits.
#[inline(always)]
pub(super) fn best_fixed(samples: &[i32], width: u32) -> (usize, f64) {
    let mut sums = [0u64; MOST_FIXED + 1];
    // In runs short enough for 32-bit sums: differences of 17-bit numbers have up to 21 bits.
    let mut rest = samples;
    while rest.len() > MOST_FIXED {
        let run = &rest[..rest.len().min(1024 + MOST_FIXED)];
        let mut some = [0u32; MOST_FIXED + 1];
        for at in MOST_FIXED..run.len() {
            let (a, b, c, d, e) = (run[at], run[at - 1], run[at - 2], run[at - 3], run[at - 4]);
            some[0] += a.unsigned_abs();
            some[1] += (a - b).unsigned_abs();
            some[2] += (a - 2 * b + c).unsigned_abs();
            some[3] += (a - 3 * b + 3 * c - d).unsigned_abs();
            some[4] += (a - 4 * b + 6 * c - 4 * d + e).unsigned_abs();
        }
        for (sum, some) in sums.iter_mut().zip(some) {
            *sum += u64::from(some);
        }
        rest = &rest[run.len() - MOST_FIXED..];
    }
    let counted = samples.len().saturating_sub(MOST_FIXED).max(1) as f64;
    let mut best = (0, f64::INFINITY);
    for (order, &sum) in sums.iter().enumerate().take(samples.len()) {
        // Entropy of Laplace's distribution by its mean deviation.
        let each = (2.0 * E * sum as f64 / counted).log2().max(1.0);
        let bits = each * (samples.len() - order) as f64 + (order as u32 * width) as f64;
        if bits < best.1 {
            best = (order, bits);
        }
    }
    best
}

/// Writes what a fixed polynomial leaves over, folded.
#[inline(always)]
pub(super) fn fixed_residual(order: usize, samples: &[i32], folded: &mut Vec<u32>) {
    let s = samples;
    folded.clear();
    match order {
        0 => folded.extend(s.iter().map(|&a| fold(a))),
        1 => folded.extend(s.windows(2).map(|w| fold(w[1] - w[0]))),
        2 => folded.extend(s.windows(3).map(|w| fold(w[2] - 2 * w[1] + w[0]))),
        3 => folded.extend(s.windows(4).map(|w| fold(w[3] - 3 * w[2] + 3 * w[1] - w[0]))),
        _ => folded.extend(s.windows(5).map(|w| fold(w[4] - 4 * w[3] + 6 * w[2] - 4 * w[1] + w[0]))),
    }
}

#[inline(always)]
fn predict<const ORDER: usize>(predictor: &Predictor, samples: &[i32], folded: &mut Vec<u32>) {
    // Oldest first, as the samples stand in memory.
    let mut coefficients = [0; ORDER];
    for (into, &from) in coefficients.iter_mut().zip(predictor.coefficients[..ORDER].iter().rev()) {
        *into = from;
    }
    let shift = predictor.shift;
    folded.clear();
    folded.resize(samples.len() - ORDER, 0);
    for (at, into) in folded.iter_mut().enumerate() {
        let mut sum = 0i32;
        for (&coefficient, &sample) in coefficients.iter().zip(&samples[at..at + ORDER]) {
            sum += coefficient * sample;
        }
        *into = fold(samples[at + ORDER] - (sum >> shift));
    }
}

/// Sums of products of the samples with those so many places before them; in front of the first are zeros.
#[inline(always)]
fn autocorrelation(padded: &[f64]) -> [f64; LAGS] {
    // The lanes run over the delays, oldest first, so that no sum changes its order with the width of the registers:
    // the same sound gives the same bytes on every processor.
    let mut sums = [0f64; LAGS];
    for run in padded.windows(LAGS) {
        let newest = run[LAGS - 1];
        for (sum, &sample) in sums.iter_mut().zip(run) {
            *sum += newest * sample;
        }
    }
    sums.reverse();
    sums
}

/// Levinson's and Durbin's recursion; keeps the order with the least expected length.
#[inline(always)]
fn solve(correlation: &[f64; LAGS], samples: usize, width: u32, power: f64) -> Option<Fit> {
    let mut error = correlation[0];
    if error <= 0.0 {
        return None;
    }
    let mut best: Option<Fit> = None;
    let mut coefficients = [0f64; MOST_ORDER];
    for order in 1..=MOST_ORDER {
        let last = order - 1;
        let mut sum = correlation[order];
        for (at, coefficient) in coefficients[..last].iter().enumerate() {
            sum -= coefficient * correlation[last - at];
        }
        let reflection = sum / error;
        let before = coefficients;
        for at in 0..last {
            coefficients[at] = before[at] - reflection * before[last - 1 - at];
        }
        coefficients[last] = reflection;
        error *= 1.0 - reflection * reflection;
        if !error.is_finite() || error <= 0.0 {
            break;
        }
        // Entropy of Laplace's distribution by its variance; a Rice code takes at least one bit.
        let variance = error / (samples as f64 * power);
        let each = (0.5 * (2.0 * E * E * variance).log2()).max(1.0);
        let bits = each * (samples - order) as f64 + (order as u32 * (width + PRECISION) + 9) as f64;
        if best.is_none_or(|best| bits < best.bits) {
            best = Some(Fit { order, coefficients, bits });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use testkit::signal::{Dice, sine};

    use super::*;

    fn steps(samples: &[f32]) -> Vec<i32> {
        samples.iter().map(|&sample| (sample * 32_767.0) as i32).collect()
    }

    #[test]
    fn a_tone_is_predicted_down_to_its_rounding() {
        let samples = steps(&sine(48_000, 440.0, 0.9, 0.0, 4096));
        let predictor = Analysis::new().fit(&samples, 16).unwrap().round().unwrap();
        let mut folded = Vec::new();
        predictor.residual(&samples, &mut folded);
        assert_eq!(folded.len(), 4096 - predictor.order);
        let mean = folded.iter().map(|&value| f64::from(value)).sum::<f64>() / folded.len() as f64;
        assert!(mean < 30.0, "{mean}");
    }

    #[test]
    fn residual_and_prediction_give_the_samples_back() {
        let mut dice = Dice::new(9);
        for order in 1..=MOST_ORDER {
            let samples: Vec<i32> = (0..300).map(|_| dice.below(1 << 17) as i32 - (1 << 16)).collect();
            let mut predictor = Predictor { order, coefficients: [0; MOST_ORDER], shift: (order % 3) as u32 };
            for coefficient in &mut predictor.coefficients[..order] {
                *coefficient = dice.below(4096) as i32 - 2048;
            }
            let mut folded = Vec::new();
            predictor.residual(&samples, &mut folded);
            let mut back = samples[..order].to_vec();
            for &value in &folded {
                let sum: i64 = (0..order)
                    .map(|at| i64::from(predictor.coefficients[at]) * i64::from(back[back.len() - 1 - at]))
                    .sum();
                let residual = i64::from(value >> 1) ^ -i64::from(value & 1);
                back.push((residual + (sum >> predictor.shift)) as i32);
            }
            assert_eq!(back, samples);
        }
    }

    #[test]
    fn fixed_polynomials_erase_theirs() {
        let mut folded = Vec::new();
        for degree in 0..=3u32 {
            let samples: Vec<i32> = (0..40i32).map(|n| n.pow(degree) - 7).collect();
            let order = degree as usize + 1;
            fixed_residual(order, &samples, &mut folded);
            assert_eq!(folded, vec![0; 40 - order]);
            assert_eq!(best_fixed(&samples, 17).0, order.min(4));
        }
    }

    #[test]
    fn silence_and_short_blocks_have_no_fit() {
        let mut analysis = Analysis::new();
        assert!(analysis.fit(&[0; 4096], 16).is_none());
        assert!(analysis.fit(&[5; 24], 16).is_none());
        assert!(analysis.fit(&[5; 25], 16).is_some());
    }

    #[test]
    fn rounding_stays_in_its_bits() {
        let mut fit = Fit { order: 2, coefficients: [0.0; MOST_ORDER], bits: 0.0 };
        for largest in [1e-9, 0.1, 0.5, 0.999_99, 1.0, 1.999_99, 1000.0, 2047.0] {
            fit.coefficients = [0.0; MOST_ORDER];
            fit.coefficients[0] = -largest;
            fit.coefficients[1] = largest;
            let rounded = fit.round().unwrap();
            assert!(rounded.coefficients.iter().all(|c| (-2048..2048).contains(c)), "{rounded:?}");
        }
        fit.coefficients[0] = 5000.0;
        assert!(fit.round().is_none());
        fit.coefficients[0] = f64::NAN;
        assert!(fit.round().is_none() || fit.coefficients[1] > 0.0);
    }
}
