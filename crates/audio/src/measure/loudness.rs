//! Loudness after ITU-R BS.1770-5, Annex 1, in the forms of EBU Tech 3341 (momentary, short-term, integrated) and EBU
//! Tech 3342 (range).
//!
//! The meter reduces a stream to its K-weighted power per 100 ms; integrated loudness, range and curves are functions of
//! that series, so they can be asked of any part of a recording, or of a series that was scaled in between.

use std::ops::Range;

use super::hops::{Hops, PER_SECOND};
use super::k_weighting::KWeighting;
use super::rank;
use super::true_peak::TruePeak;
use crate::Block;

/// Steps of the power series in one second.
pub const STEPS_PER_SECOND: usize = 10;

/// How loud a recording is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// Integrated loudness in LUFS; negative infinity where nothing passes the gate of −70 LUFS, which takes 400 ms of
    /// sound.
    pub integrated: f64,
    /// Loudness range in LU; 0 for less than 3 s.
    pub range: f64,
    /// Greatest loudness over 400 ms, in LUFS.
    pub max_momentary: f64,
    /// Greatest loudness over 3 s, in LUFS. What comes before the beginning counts as silence.
    pub max_short_term: f64,
    /// Greatest true peak of all channels, in dBTP.
    pub true_peak: f64,
    /// Greatest sample of all channels, in dBFS.
    pub sample_peak: f64,
}

/// What a [`Meter`] gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The numbers.
    pub loudness: Loudness,
    /// Mean K-weighted power in each whole 100 ms, summed over channels by their weights.
    pub powers: Vec<f32>,
    /// Frames seen.
    pub frames: u64,
}

/// Measures a stream of blocks in one pass.
///
/// ```
/// use audio::Block;
/// use audio::measure::Meter;
///
/// // EBU Tech 3341, test case 1: 1 kHz at -23 dBFS in both channels is -23 LUFS.
/// let tone: Vec<f32> = (0..5 * 48_000).map(|n| 0.0708 * (0.1309 * n as f32).sin()).collect();
/// let mut meter = Meter::new(48_000, 2);
/// meter.process(&Block::from_channels(vec![tone.clone(), tone]));
/// assert!((meter.finish().loudness.integrated + 23.0).abs() < 0.1);
/// ```
#[derive(Clone, Debug)]
pub struct Meter {
    hops: Hops,
    peaks: Peaks,
    powers: PowerMeter,
}

impl Meter {
    /// A meter for `channels` of equal weight at `rate` frames per second, 1 kHz to 384 kHz.
    pub fn new(rate: u32, channels: usize) -> Self {
        Self::new_weighted(rate, &vec![1.0; channels])
    }

    /// A meter with a weight for each channel: ITU-R BS.1770-5, Annex 1, table 3 gives 1.0 to left, right and centre and
    /// 1.41 to the surrounds; 0.0 leaves out the low-frequency effects.
    pub fn new_weighted(rate: u32, weights: &[f64]) -> Self {
        Self {
            hops: Hops::new(rate, weights.len()),
            peaks: Peaks::new(rate, weights.len()),
            powers: PowerMeter::new(rate, weights),
        }
    }

    /// Makes room for so many frames. There may come more or fewer: with the room there is, the series need not be moved and
    /// copied while it grows.
    #[must_use]
    pub fn expecting(mut self, frames: u64) -> Self {
        self.powers.expect(frames);
        self
    }

    /// Takes the next block, which has as many channels as the meter was made for.
    pub fn process(&mut self, block: &Block) {
        let Self { hops, peaks, powers } = self;
        peaks.process(block);
        hops.split(block, |block, range| {
            powers.process(block, &range);
        });
    }

    /// The result.
    pub fn finish(self) -> Measured {
        self.powers.finish(self.peaks, self.hops.frames())
    }
}

/// Integrated loudness in LUFS of powers per 100 ms: mean over blocks of 400 ms, a quarter of it apart, that are louder
/// than −70 LUFS and than 10 LU below the mean of those. Negative infinity if there is none.
pub fn integrated(powers: &[f32]) -> f64 {
    // ITU-R BS.1770-5, Annex 1: absolute threshold −70 LKFS, relative threshold −10 LU, overlap 75 %.
    let blocks = || windows(powers, MOMENTARY_STEPS);
    let absolute = power(ABSOLUTE_GATE);
    let gate = mean(blocks().filter(|power| *power > absolute)) * 0.1;
    lufs(mean(blocks().filter(|power| *power > absolute && *power > gate)))
}

/// Loudness range in LU of powers per 100 ms: how far the 95th percentile of short-term loudness lies above the 10th,
/// counting what is above −70 LUFS and within 20 LU of the mean of those (EBU Tech 3342).
pub fn range(powers: &[f32]) -> f64 {
    let blocks = || windows(powers, SHORT_TERM_STEPS);
    let absolute = power(ABSOLUTE_GATE);
    let gate = mean(blocks().filter(|power| *power > absolute)) * 0.01;
    let heard = || blocks().filter(|power| *power > absolute && *power > gate).map(|power| power as f32);
    let Some(last) = heard().count().checked_sub(1) else {
        return 0.0;
    };
    let percentile = |percent: f64| {
        let index = (last as f64 * percent / 100.0).round() as usize;
        rank::at(heard, index).map(|power| lufs(f64::from(power)))
    };
    percentile(95.0).zip(percentile(10.0)).map_or(0.0, |(high, low)| high - low)
}

/// Short-term loudness: for every 100 ms from the third second on, the time in seconds at which a window of 3 s ends and
/// its loudness in LUFS.
pub fn short_term(powers: &[f32]) -> impl ExactSizeIterator<Item = (f64, f64)> {
    windows(powers, SHORT_TERM_STEPS).enumerate().map(|(index, power)| {
        let end = index + SHORT_TERM_STEPS;
        (end as f64 / STEPS_PER_SECOND as f64, lufs(power))
    })
}

/// The loudness in LUFS of a weighted power. ITU-R BS.1770-5, Annex 1, equation 2.
pub fn lufs(power: f64) -> f64 {
    -0.691 + 10.0 * power.log10()
}

/// The weighted power of a loudness in LUFS.
pub fn power(lufs: f64) -> f64 {
    10f64.powf((lufs + 0.691) / 10.0)
}

/// Decibels of a linear amplitude; negative infinity for 0.
pub fn decibels(amplitude: f64) -> f64 {
    20.0 * amplitude.log10()
}

const ABSOLUTE_GATE: f64 = -70.0;
const MOMENTARY_STEPS: usize = 4;
const SHORT_TERM_STEPS: usize = 30;
const MOMENTARY_HOPS: usize = 40;
const SHORT_TERM_HOPS: usize = 300;
const HOPS_PER_STEP: usize = PER_SECOND / STEPS_PER_SECOND;

/// Sample and true peaks of all channels.
#[derive(Clone, Debug)]
pub(super) struct Peaks {
    channels: Vec<TruePeak>,
    samples: f32,
}

impl Peaks {
    pub(super) fn new(rate: u32, channels: usize) -> Self {
        Self { channels: vec![TruePeak::new(rate); channels], samples: 0.0 }
    }

    pub(super) fn process(&mut self, block: &Block) {
        for (peak, samples) in self.channels.iter_mut().zip(block.iter()) {
            peak.process(samples);
            self.samples = self.samples.max(peak.sample_peak());
        }
    }
}

/// K-weighted power as it comes in.
#[derive(Clone, Debug)]
pub(super) struct PowerMeter {
    filter: KWeighting,
    weights: Vec<f64>,
    /// Frames in a hop, on average: sums become means by it.
    frames: f64,
    /// Energies of the last 3 s, a ring by hop number.
    ring: Vec<f64>,
    hop: usize,
    momentary: f64,
    short_term: f64,
    max_momentary: f64,
    max_short_term: f64,
    step: f64,
    powers: Vec<f32>,
}

impl PowerMeter {
    pub(super) fn new(rate: u32, weights: &[f64]) -> Self {
        let rate = rate.max(PER_SECOND as u32);
        Self {
            filter: KWeighting::new(rate, weights.len()),
            weights: weights.to_vec(),
            frames: f64::from(rate) / PER_SECOND as f64,
            ring: vec![0.0; SHORT_TERM_HOPS],
            hop: 0,
            momentary: 0.0,
            short_term: 0.0,
            max_momentary: 0.0,
            max_short_term: 0.0,
            step: 0.0,
            powers: Vec::new(),
        }
    }

    /// Makes room for the series of so many frames; for that of a day at the most, since a file may say anything of its
    /// length.
    pub(super) fn expect(&mut self, frames: u64) {
        const MOST: u64 = 24 * 60 * 60 * STEPS_PER_SECOND as u64;
        let steps = frames as f64 / (self.frames * HOPS_PER_STEP as f64);
        self.powers.reserve_exact((steps.ceil() as u64).min(MOST) as usize);
    }

    /// Takes a hop and gives its mean weighted power.
    pub(super) fn process(&mut self, block: &Block, range: &Range<usize>) -> f64 {
        let Self { filter, weights, .. } = self;
        let mut energy = 0.0;
        filter.energies(block, range, |channel, of_channel| energy += weights[channel] * of_channel);

        let slot = self.hop % SHORT_TERM_HOPS;
        let gone = self.ring[(self.hop + SHORT_TERM_HOPS - MOMENTARY_HOPS) % SHORT_TERM_HOPS];
        // Differences of running sums may come out a hair below zero.
        self.momentary = (self.momentary + energy - gone).max(0.0);
        self.short_term = (self.short_term + energy - self.ring[slot]).max(0.0);
        self.ring[slot] = energy;
        self.max_momentary = self.max_momentary.max(self.momentary);
        self.max_short_term = self.max_short_term.max(self.short_term);

        self.step += energy;
        self.hop += 1;
        if self.hop.is_multiple_of(HOPS_PER_STEP) {
            self.powers.push((self.step / (self.frames * HOPS_PER_STEP as f64)) as f32);
            self.step = 0.0;
        }
        energy / self.frames
    }

    pub(super) fn finish(self, peaks: Peaks, frames: u64) -> Measured {
        let true_peak = peaks.channels.into_iter().fold(0.0, |highest: f32, mut peak| {
            peak.finish();
            highest.max(peak.peak())
        });
        let loudness = Loudness {
            integrated: integrated(&self.powers),
            range: range(&self.powers),
            max_momentary: lufs(self.max_momentary / (self.frames * MOMENTARY_HOPS as f64)),
            max_short_term: lufs(self.max_short_term / (self.frames * SHORT_TERM_HOPS as f64)),
            true_peak: decibels(f64::from(true_peak)),
            sample_peak: decibels(f64::from(peaks.samples)),
        };
        Measured { loudness, powers: self.powers, frames }
    }
}

/// Mean power of every run of `length` steps.
fn windows(powers: &[f32], length: usize) -> impl ExactSizeIterator<Item = f64> {
    powers.windows(length).map(move |steps| steps.iter().map(|step| f64::from(*step)).sum::<f64>() / length as f64)
}

/// The mean; 0 of nothing.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0u64), |(sum, count), value| (sum + value, count + 1));
    if count == 0 { 0.0 } else { sum / count as f64 }
}
