//! Everything that is known of a recording after one pass: loudness, levels, noise, hum, speech and music.

use std::ops::Range;

use super::content::{self, ContentFinder, Span};
use super::hops::{Hops, PER_SECOND};
use super::hum::{Hum, HumFinder};
use super::levels::{ChannelLevel, Levels, Sums};
use super::loudness::{Measured, Peaks, PowerMeter, STEPS_PER_SECOND};
use crate::Block;

/// What is known of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Loudness, peaks and the power series.
    pub measured: Measured,
    /// Levels of each channel.
    pub channels: Vec<ChannelLevel>,
    /// Mean level where something is going on, in dBFS; negative infinity where nothing ever is.
    pub signal_level_db: f64,
    /// Level of the quietest tenth of what is not digital silence, in dBFS; negative infinity where all is. In speech
    /// that is the noise of the room, in music without rests it is just quiet music.
    pub noise_level_db: f64,
    /// How far signal stands above noise, in dB; `None` where the level hardly changes, so that no floor shows.
    pub snr_db: Option<f64>,
    /// Mains hum, where there is any and it was listened for.
    pub hum: Option<Hum>,
    /// Speech, music and silence from beginning to end, without gaps; empty where they were not listened for.
    pub content: Vec<Span>,
    /// Total time under −60 LUFS, in whole tenths of a second.
    pub silent_ms: u64,
}

/// Analyses a stream of blocks in one pass.
///
/// ```
/// use audio::Block;
/// use audio::measure::Analyser;
///
/// let mut analyser = Analyser::new(44_100, 1);
/// analyser.process(&Block::new(1, 44_100));
/// let analysis = analyser.finish();
/// assert_eq!(analysis.silent_ms, 1_000);
/// assert!(analysis.hum.is_none());
/// ```
pub struct Analyser {
    hops: Hops,
    peaks: Peaks,
    per_hop: PerHop,
}

impl Analyser {
    /// An analyser for `channels` of equal weight at `rate` frames per second, 1 kHz to 384 kHz.
    pub fn new(rate: u32, channels: usize) -> Self {
        let hum = HumFinder::new(rate.max(PER_SECOND as u32));
        let ear = Ear { mono: Vec::new(), content: ContentFinder::new(hum.low_rate()), hum };
        Self { per_hop: PerHop { ear: Some(ear), ..PerHop::new(rate, channels) }, ..Self::of_levels(rate, channels) }
    }

    /// An analyser that measures loudness and levels, but does not listen for what it is that it measures: hum, speech
    /// and music are known of a recording already when what was made of it is measured.
    pub fn of_levels(rate: u32, channels: usize) -> Self {
        let rate = rate.max(PER_SECOND as u32);
        Self {
            hops: Hops::new(rate, channels),
            peaks: Peaks::new(rate, channels),
            per_hop: PerHop::new(rate, channels),
        }
    }

    /// Makes room for so many frames, as [`Meter::expecting`](super::Meter::expecting) does.
    #[must_use]
    pub fn expecting(mut self, frames: u64) -> Self {
        self.per_hop.powers.expect(frames);
        self
    }

    /// Takes the next block, which has as many channels as the analyser was made for.
    pub fn process(&mut self, block: &Block) {
        let Self { hops, peaks, per_hop } = self;
        peaks.process(block);
        hops.split(block, |block, range| per_hop.process(block, &range));
    }

    /// The result.
    pub fn finish(self) -> Analysis {
        let Self { hops, peaks, per_hop } = self;
        let PerHop { powers, mut levels, floor, ear } = per_hop;
        // The last hop is too short for everything but the plain levels.
        for (levels, samples) in levels.iter_mut().zip(hops.rest().iter()) {
            levels.process(samples);
        }
        let measured = powers.finish(peaks, hops.frames());
        let silent_ms = content::silent_ms(&measured.powers);
        let (hum, content) = ear.map_or_else(Default::default, |ear| {
            let Ear { hum, content, .. } = ear;
            (hum.finish(), content.finish(&measured.powers))
        });
        let (signal_level_db, noise_level_db, snr_db) = floor.finish();
        Analysis {
            measured,
            channels: levels.into_iter().map(Levels::finish).collect(),
            signal_level_db,
            noise_level_db,
            snr_db,
            hum,
            content,
            silent_ms,
        }
    }
}

/// What is done with every hop.
struct PerHop {
    powers: PowerMeter,
    levels: Vec<Levels>,
    floor: Floor,
    /// What listens for more than levels, if anything does.
    ear: Option<Ear>,
}

/// Listens for hum, speech and music in the mean of all channels.
struct Ear {
    mono: Vec<f32>,
    hum: HumFinder,
    content: ContentFinder,
}

impl PerHop {
    fn new(rate: u32, channels: usize) -> Self {
        Self {
            powers: PowerMeter::new(rate, &vec![1.0; channels]),
            levels: vec![Levels::new(); channels],
            floor: Floor::new(channels),
            ear: None,
        }
    }

    fn process(&mut self, block: &Block, range: &Range<usize>) {
        let power = self.powers.process(block, range);
        for (channel, (levels, samples)) in self.levels.iter_mut().zip(block.iter()).enumerate() {
            self.floor.add(channel, levels.process(&samples[range.clone()]));
        }
        self.floor.end_hop(range.len());
        if let Some(ear) = &mut self.ear {
            ear.process(power as f32, block, range);
        }
    }
}

impl Ear {
    fn process(&mut self, power: f32, block: &Block, range: &Range<usize>) {
        let low = match block.channels() {
            0 => return,
            1 => self.hum.process(&block.channel(0)[range.clone()]),
            _ => {
                mix(&mut self.mono, block, range);
                self.hum.process(&self.mono)
            }
        };
        self.content.process(power, low);
    }
}

/// The mean of all channels.
fn mix(mono: &mut Vec<f32>, block: &Block, range: &Range<usize>) {
    let share = 1.0 / block.channels() as f32;
    mono.clear();
    mono.extend(block.channel(0)[range.clone()].iter().map(|sample| sample * share));
    for channel in block.iter().skip(1) {
        for (mono, sample) in mono.iter_mut().zip(&channel[range.clone()]) {
            *mono += sample * share;
        }
    }
}

/// How often each level occurs, over steps of 100 ms: flat in memory, fine enough for a floor.
struct Floor {
    channels: Vec<Sums>,
    frames: usize,
    hops: usize,
    /// Steps per quarter of a decibel, from −120 dBFS up.
    counts: Vec<u32>,
}

impl Floor {
    const LOWEST_DB: f64 = -120.0;
    const HIGHEST_DB: f64 = 20.0;
    const PER_DB: f64 = 4.0;
    /// What is below this was made by a machine, not by a microphone: it says nothing of the room.
    const DIGITAL_SILENCE_DB: f64 = -95.0;

    fn new(channels: usize) -> Self {
        let counts = vec![0; ((Self::HIGHEST_DB - Self::LOWEST_DB) * Self::PER_DB) as usize];
        Self { channels: vec![Sums::default(); channels], frames: 0, hops: 0, counts }
    }

    fn add(&mut self, channel: usize, sums: Sums) {
        self.channels[channel].sum += sums.sum;
        self.channels[channel].energy += sums.energy;
    }

    fn end_hop(&mut self, frames: usize) {
        self.frames += frames;
        self.hops += 1;
        if self.hops < PER_SECOND / STEPS_PER_SECOND {
            return;
        }
        let frames = self.frames as f64;
        // An offset is not sound: it is taken out.
        let power = |sums: &Sums| (sums.energy / frames - (sums.sum / frames).powi(2)).max(0.0);
        let power = self.channels.iter().map(power).sum::<f64>() / self.channels.len().max(1) as f64;
        let index = (10.0 * power.log10() - Self::LOWEST_DB) * Self::PER_DB;
        // The cast takes negative infinity to 0.
        let index = (index as usize).min(self.counts.len() - 1);
        self.counts[index] += 1;
        self.channels.fill(Sums::default());
        (self.frames, self.hops) = (0, 0);
    }

    /// Signal and noise level in dBFS, and their distance if it shows.
    fn finish(&self) -> (f64, f64, Option<f64>) {
        /// A level that changes less than this has no floor that could be told from it.
        const LEAST_RANGE_DB: f64 = 6.0;
        let level = |index: usize| Self::LOWEST_DB + (index as f64 + 0.5) / Self::PER_DB;
        let heard = || self.counts.iter().enumerate().map(|(index, count)| (level(index), f64::from(*count)));
        let heard = || heard().filter(|(level, count)| *level > Self::DIGITAL_SILENCE_DB && *count > 0.0);
        let total: f64 = heard().map(|(_, count)| count).sum();
        if total == 0.0 {
            return (f64::NEG_INFINITY, f64::NEG_INFINITY, None);
        }
        let percentile = |percent: f64| {
            let mut below = 0.0;
            let found = heard().find(|(_, count)| {
                below += count;
                below >= total * percent / 100.0
            });
            found.map_or(f64::NEG_INFINITY, |(level, _)| level)
        };
        let (noise, loud) = (percentile(10.0), percentile(95.0));
        let active = 0.5 * (noise + loud);
        let (power, count) = heard()
            .filter(|(level, _)| *level >= active)
            .fold((0.0, 0.0), |(power, sum), (level, count)| (power + count * 10f64.powf(level / 10.0), sum + count));
        let signal = 10.0 * (power / count).log10();
        (signal, noise, (loud - noise >= LEAST_RANGE_DB).then_some(signal - noise))
    }
}

#[cfg(test)]
mod tests {
    use testkit::signal::{Dice, db, noise};

    use super::*;

    fn analyse(rate: u32, channels: Vec<Vec<f32>>) -> Analysis {
        let mut analyser = Analyser::new(rate, channels.len());
        analyser.process(&Block::from_channels(channels));
        analyser.finish()
    }

    /// Noise with a root mean square of so many dBFS.
    fn hiss(dice: &mut Dice, level: f64, frames: usize) -> Vec<f32> {
        noise(dice, db(level) * 3f64.sqrt(), frames)
    }

    #[test]
    fn tells_signal_from_floor() {
        // Bursts of 0.7 s at -20 dBFS every second, over a floor of -60 dBFS and an offset that must not count.
        let rate = 16_000;
        let mut dice = Dice::new(8);
        let mut sound = Vec::new();
        for _ in 0..20 {
            sound.extend(hiss(&mut dice, -20.0, 11_200));
            sound.extend(hiss(&mut dice, -60.0, 4_800));
        }
        for sample in &mut sound {
            *sample += 0.02;
        }
        let found = analyse(rate, vec![sound.clone(), sound]);
        assert!((found.signal_level_db + 20.0).abs() < 0.5, "{found:?}");
        assert!((found.noise_level_db + 60.0).abs() < 0.5, "{found:?}");
        assert!(found.snr_db.is_some_and(|snr| (snr - 40.0).abs() < 1.0), "{found:?}");
        assert!((found.channels[0].dc - 0.02).abs() < 1e-3 && found.channels.len() == 2);
    }

    #[test]
    fn a_constant_level_shows_no_floor() {
        let found = analyse(16_000, vec![hiss(&mut Dice::new(1), -30.0, 160_000)]);
        assert!((found.signal_level_db + 30.0).abs() < 0.5, "{found:?}");
        assert_eq!(found.snr_db, None);
    }

    #[test]
    fn hardly_anything_gives_no_numbers() {
        for channels in [vec![vec![]], vec![vec![0.3]], vec![vec![0.0; 50_000]; 2], vec![], vec![vec![f32::NAN; 9_000]]]
        {
            let found = analyse(8_000, channels);
            assert_eq!((found.signal_level_db, found.noise_level_db), (f64::NEG_INFINITY, f64::NEG_INFINITY));
            assert_eq!((found.snr_db, found.hum), (None, None));
        }
        // The last, incomplete hop still counts in the plain levels.
        assert!((analyse(8_000, vec![vec![0.5]]).channels[0].peak_db + 6.02).abs() < 0.01);
    }

    #[test]
    fn twelve_hours_stay_small() {
        // An hour at the lowest rate fills the series as an hour at any other does.
        let mut analyser = Analyser::new(1_000, 1);
        let block = Block::from_channels(vec![noise(&mut Dice::new(6), 0.1, 60_000)]);
        for _ in 0..60 {
            analyser.process(&block);
        }
        let found = analyser.finish();
        assert_eq!(found.measured.powers.len(), 36_000);
        assert!(found.content.len() < 100, "{}", found.content.len());
    }
}
