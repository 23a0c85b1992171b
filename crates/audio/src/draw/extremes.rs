//! The inner loop of all waveform drawing: lowest, highest and mean square of a run of samples.

/// Independent lanes of each loop, so that a compiler can keep them in vector registers of any width up to 16 floats.
const LANES: usize = 16;

/// Lowest and highest of some samples. What is not a number counts as nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extremes {
    pub(super) low: f32,
    pub(super) high: f32,
}

impl Extremes {
    /// Of no sample at all: whatever is joined to it wins.
    pub(super) const NONE: Self = Self { low: f32::INFINITY, high: f32::NEG_INFINITY };

    /// Of one channel.
    //
    // Two plain passes: joined into one, the compiler mixes the lanes of both up and takes eight times as long.
    pub(super) fn of(samples: &[f32]) -> Self {
        Self { low: one(samples, f32::INFINITY, lower), high: one(samples, f32::NEG_INFINITY, higher) }
    }

    /// Of the sum of two channels of the same length, without storing it.
    pub(super) fn of_sum(left: &[f32], right: &[f32]) -> Self {
        Self { low: sum(left, right, f32::INFINITY, lower), high: sum(left, right, f32::NEG_INFINITY, higher) }
    }

    /// Of both.
    pub(super) fn join(self, other: Self) -> Self {
        Self { low: lower(self.low, other.low), high: higher(self.high, other.high) }
    }
}

/// Sum of the squares of some samples.
pub(super) fn energy(samples: &[f32]) -> f32 {
    let (whole, rest) = samples.as_chunks::<LANES>();
    let mut lanes = [0.0f32; LANES];
    for chunk in whole {
        for (lane, &sample) in lanes.iter_mut().zip(chunk) {
            *lane += sample * sample;
        }
    }
    lanes.into_iter().sum::<f32>() + rest.iter().map(|sample| sample * sample).sum::<f32>()
}

/// Folds samples lane by lane.
#[inline]
fn one(samples: &[f32], start: f32, step: impl Fn(f32, f32) -> f32) -> f32 {
    let (whole, rest) = samples.as_chunks::<LANES>();
    let mut lanes = [start; LANES];
    for chunk in whole {
        for (lane, &sample) in lanes.iter_mut().zip(chunk) {
            *lane = step(*lane, sample);
        }
    }
    lanes.into_iter().chain(rest.iter().copied()).fold(start, step)
}

/// Folds the sum of two channels lane by lane.
#[inline]
fn sum(left: &[f32], right: &[f32], start: f32, step: impl Fn(f32, f32) -> f32) -> f32 {
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<LANES>(), right.as_chunks::<LANES>());
    let mut lanes = [start; LANES];
    for (left, right) in left.iter().zip(right) {
        for ((lane, &left), &right) in lanes.iter_mut().zip(left).zip(right) {
            *lane = step(*lane, left + right);
        }
    }
    let rest = left_rest.iter().zip(right_rest).map(|(left, right)| left + right);
    lanes.into_iter().chain(rest).fold(start, step)
}

// A comparison and a choice is one vector instruction; f32::min is several, since it must also spare the number when
// the first of the two is not one. Here the first always is.
#[inline]
fn lower(known: f32, sample: f32) -> f32 {
    if sample < known { sample } else { known }
}

#[inline]
fn higher(known: f32, sample: f32) -> f32 {
    if sample > known { sample } else { known }
}
