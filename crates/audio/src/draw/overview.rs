//! A recording of any length in at most 4 096 bins, for pictures of it.

use super::extremes::{Extremes, energy};
use crate::Block;

/// Lowest, highest and mean square of a recording over time, in memory that does not grow: whenever 4 096 bins are full,
/// neighbours are joined and each covers twice the time. From 2 048 frames on there are never fewer than 2 048 bins.
#[derive(Clone, Debug)]
pub struct Overview {
    rate: u32,
    bins: Vec<Bin>,
    frames_per_bin: u64,
    open: Bin,
    filled: u64,
    frames: u64,
}

/// A stretch of a recording as it is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bar {
    /// Lowest sample of any channel, full scale −1; 0 where there is no sound.
    pub low: f32,
    /// Highest sample of any channel, full scale 1; 0 where there is no sound.
    pub high: f32,
    /// Root of the mean square over all channels, full scale 1.
    pub rms: f32,
}

/// Extremes over all channels (no mix: what is out of phase would cancel and draw as silence), and mean square × frames.
#[derive(Clone, Copy, Debug)]
struct Bin {
    extremes: Extremes,
    energy: f64,
}

const BINS: usize = 4096;

impl Overview {
    /// Of a recording with so many frames per second.
    pub fn new(rate: u32) -> Self {
        let bins = Vec::with_capacity(BINS);
        Self { rate: rate.max(1), bins, frames_per_bin: 1, open: Bin::EMPTY, filled: 0, frames: 0 }
    }

    /// Takes the next frames.
    pub fn write(&mut self, block: &Block) {
        let mut from = 0;
        while from < block.frames() {
            let wanted = usize::try_from(self.frames_per_bin - self.filled).unwrap_or(usize::MAX);
            let frames = from..block.frames().min(from.saturating_add(wanted));
            for channel in block.iter() {
                let samples = &channel[frames.clone()];
                self.open.extremes = self.open.extremes.join(Extremes::of(samples));
                self.open.energy += f64::from(energy(samples)) / block.channels() as f64;
            }
            self.filled += frames.len() as u64;
            self.frames += frames.len() as u64;
            from = frames.end;
            if self.filled == self.frames_per_bin {
                self.close_bin();
            }
        }
    }

    /// Frames per second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Frames taken so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Length of what was taken so far.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate)
    }

    /// Cuts a span of time that begins with the recording into so many equal stretches. Time after its end is silent, so
    /// two recordings of different length or rate can be laid on one axis.
    pub fn bars(&self, count: usize, seconds: f64) -> Vec<Bar> {
        let frames_per_bar = seconds * f64::from(self.rate) / count.max(1) as f64;
        let bin_at = |frame: f64| (frame / self.frames_per_bin as f64) as usize;
        let bins = self.bins.len() + usize::from(self.filled > 0);
        (0..count)
            .map(|index| {
                let (from, to) = (frames_per_bar * index as f64, frames_per_bar * (index + 1) as f64);
                // A bin belongs to the bar in which it begins, except that the last one ends what there is.
                let first = if from < self.frames as f64 { bin_at(from) } else { bins };
                let end = if to < self.frames as f64 - 0.5 { bin_at(to).max(first + 1) } else { bins };
                (first..end).fold((Bin::EMPTY, 0), |(bar, frames), at| {
                    let (bin, more) = self.bin(at);
                    (bar.join(bin), frames + more)
                })
            })
            .map(|(bin, frames)| bin.bar(frames))
            .collect()
    }

    /// A bin and its frames; the last one is the open one.
    fn bin(&self, at: usize) -> (Bin, u64) {
        self.bins.get(at).map_or((self.open, self.filled), |bin| (*bin, self.frames_per_bin))
    }

    fn close_bin(&mut self) {
        self.bins.push(self.open);
        self.open = Bin::EMPTY;
        self.filled = 0;
        if self.bins.len() == BINS {
            for half in 0..BINS / 2 {
                self.bins[half] = self.bins[2 * half].join(self.bins[2 * half + 1]);
            }
            self.bins.truncate(BINS / 2);
            self.frames_per_bin *= 2;
        }
    }
}

impl Bin {
    const EMPTY: Self = Self { extremes: Extremes::NONE, energy: 0.0 };

    fn join(self, other: Self) -> Self {
        Self { extremes: self.extremes.join(other.extremes), energy: self.energy + other.energy }
    }

    fn bar(self, frames: u64) -> Bar {
        // Silence after the end, or nothing but what is not a number.
        if frames == 0 || self.extremes.low > self.extremes.high {
            return Bar::default();
        }
        let rms = (self.energy / frames as f64).sqrt() as f32;
        Bar { low: self.extremes.low, high: self.extremes.high, rms: if rms.is_finite() { rms } else { 0.0 } }
    }
}

#[cfg(test)]
mod tests;
