//! Fewer channels out of many: the down-mix of ITU-R BS.775-4, to stereo or mono.
//!
//! Nothing is normalised here: a mix may exceed full scale, which [`Block`] keeps, and mastering sets the loudness
//! later. How loud a channel counts in a measurement (BS.1770) is the meter's business.

use std::f32::consts::FRAC_1_SQRT_2;

use crate::Block;

/// Which speaker a channel is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Left.
    FrontLeft,
    /// Right.
    FrontRight,
    /// Centre, and the only channel of a mono recording.
    FrontCentre,
    /// Low-frequency effects.
    LowFrequency,
    /// Left surround behind the listener.
    BackLeft,
    /// Right surround behind the listener.
    BackRight,
    /// Between left and centre.
    FrontLeftOfCentre,
    /// Between right and centre.
    FrontRightOfCentre,
    /// The one surround channel straight behind.
    BackCentre,
    /// Left surround beside the listener.
    SideLeft,
    /// Right surround beside the listener.
    SideRight,
    /// Any other speaker on the left: wide, above, below.
    OtherLeft,
    /// Any other speaker on the right.
    OtherRight,
    /// Any other speaker in the middle: above, below.
    OtherCentre,
    /// The file does not say.
    Unknown,
}

impl Speaker {
    /// The speakers that a bare number of channels usually means, in the order of the WAVE channel mask.
    /// Numbers without a usual meaning give [`Speaker::Unknown`] throughout.
    pub fn usual(channels: usize) -> Vec<Self> {
        use Speaker::{
            BackCentre, BackLeft, BackRight, FrontCentre, FrontLeft, FrontRight, LowFrequency, SideLeft, SideRight,
        };
        match channels {
            1 => vec![FrontCentre],
            2 => vec![FrontLeft, FrontRight],
            3 => vec![FrontLeft, FrontRight, FrontCentre],
            4 => vec![FrontLeft, FrontRight, BackLeft, BackRight],
            5 => vec![FrontLeft, FrontRight, FrontCentre, BackLeft, BackRight],
            6 => vec![FrontLeft, FrontRight, FrontCentre, LowFrequency, BackLeft, BackRight],
            7 => vec![FrontLeft, FrontRight, FrontCentre, LowFrequency, BackCentre, SideLeft, SideRight],
            8 => vec![FrontLeft, FrontRight, FrontCentre, LowFrequency, BackLeft, BackRight, SideLeft, SideRight],
            more => vec![Speaker::Unknown; more],
        }
    }
}

/// How many channels come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One channel.
    Mono,
    /// Left and right.
    Stereo,
}

impl Target {
    /// The number of channels.
    pub fn channels(self) -> usize {
        match self {
            Self::Mono => 1,
            Self::Stereo => 2,
        }
    }
}

/// A weighted sum of channels, ready to be applied block by block.
#[derive(Clone, Debug)]
pub struct Downmix {
    /// One row per output channel, one gain per input channel.
    rows: Vec<Vec<f32>>,
    rule: Rule,
    speakers: usize,
}

/// Where the gains come from; said in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Unchanged,
    Spread,
    Bs775,
    Alternating,
}

impl Downmix {
    /// The mix from a layout, one speaker per channel, to the target.
    ///
    /// Centre and surround channels enter left and right at 1/√2, a single back surround at 1/2 on both sides, low
    /// frequency effects not at all (ITU-R BS.775-4, Annex 4, table 2). Speakers which the Recommendation does not know
    /// are treated like the surround of their side. When no speaker is known, channels go left and right in turn, so
    /// weighted that unrelated ones keep their power. Mono is √½ (left + right) of that stereo.
    pub fn new(from: &[Speaker], target: Target) -> Self {
        let known = from.iter().any(|speaker| *speaker != Speaker::Unknown);
        let (rule, stereo) = match (from.len(), target) {
            (1, Target::Mono) => return Self::plain(Rule::Unchanged, vec![vec![1.0]], 1),
            (2, Target::Stereo) => return Self::plain(Rule::Unchanged, vec![vec![1.0, 0.0], vec![0.0, 1.0]], 2),
            (1, Target::Stereo) => return Self::plain(Rule::Spread, vec![vec![1.0], vec![1.0]], 1),
            (2, Target::Mono) => (Rule::Bs775, [vec![1.0, 0.0], vec![0.0, 1.0]]),
            _ if known => (Rule::Bs775, [true, false].map(|left| from.iter().map(|s| gain(*s, left)).collect())),
            (channels, _) => (Rule::Alternating, alternating(channels)),
        };
        let rows = match target {
            Target::Stereo => stereo.to_vec(),
            Target::Mono => {
                vec![stereo[0].iter().zip(&stereo[1]).map(|(left, right)| (left + right) * FRAC_1_SQRT_2).collect()]
            }
        };
        Self::plain(rule, rows, from.len())
    }

    /// Number of channels that come out.
    pub fn channels(&self) -> usize {
        self.rows.len()
    }

    /// Whether sound passes as it is.
    pub fn is_identity(&self) -> bool {
        self.rule == Rule::Unchanged
    }

    /// Mixes all frames of `from` into `into`, whose content is replaced.
    pub fn mix(&self, from: &Block, into: &mut Block) {
        into.set_channels(self.rows.len());
        into.resize(from.frames());
        for (output, row) in into.iter_mut().zip(&self.rows) {
            output.fill(0.0);
            for (input, &gain) in from.iter().zip(row).filter(|(_, gain)| **gain != 0.0) {
                for (sum, sample) in output.iter_mut().zip(input) {
                    *sum += gain * sample;
                }
            }
        }
    }

    /// What is done, in one sentence for the report.
    pub fn describe(&self) -> String {
        let into = if self.rows.len() == 1 { "mono" } else { "stereo" };
        let channels = self.speakers;
        match self.rule {
            Rule::Unchanged => format!("The sound is {into} and stays so."),
            Rule::Spread => "The one channel was given to both sides.".into(),
            Rule::Bs775 => format!("{channels} channels were mixed down to {into} as ITU-R BS.775-4 says."),
            Rule::Alternating => format!(
                "{channels} channels without named speakers were spread in turn over left and right and mixed to {into}."
            ),
        }
    }

    fn plain(rule: Rule, rows: Vec<Vec<f32>>, speakers: usize) -> Self {
        Self { rows, rule, speakers }
    }
}

/// The share of a speaker in the left or the right output.
fn gain(speaker: Speaker, left: bool) -> f32 {
    use Speaker::{
        BackCentre, BackLeft, BackRight, FrontCentre, FrontLeft, FrontLeftOfCentre, FrontRight, FrontRightOfCentre,
        LowFrequency, OtherCentre, OtherLeft, OtherRight, SideLeft, SideRight, Unknown,
    };
    match speaker {
        FrontLeft => f32::from(u8::from(left)),
        FrontRight => f32::from(u8::from(!left)),
        // ITU-R BS.775-4, Annex 4, table 2: 0.7071.
        FrontCentre => FRAC_1_SQRT_2,
        BackLeft | SideLeft | FrontLeftOfCentre | OtherLeft if left => FRAC_1_SQRT_2,
        BackRight | SideRight | FrontRightOfCentre | OtherRight if !left => FRAC_1_SQRT_2,
        // One surround stands for a pair, each 3 dB lower, each of which enters its side at 0.7071.
        BackCentre | OtherCentre | Unknown => 0.5,
        LowFrequency | BackLeft | SideLeft | FrontLeftOfCentre | OtherLeft | BackRight | SideRight
        | FrontRightOfCentre | OtherRight => 0.0,
    }
}

fn alternating(channels: usize) -> [Vec<f32>; 2] {
    [0, 1].map(|side| {
        let count = (channels + 1 - side) / 2;
        let weight = 1.0 / (count.max(1) as f32).sqrt();
        (0..channels).map(|channel| if channel % 2 == side { weight } else { 0.0 }).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each input channel in turn is 1.0; the answer is the matrix.
    fn matrix(from: &[Speaker], target: Target) -> Vec<Vec<f32>> {
        let mix = Downmix::new(from, target);
        let mut input = Block::new(from.len(), from.len());
        for channel in 0..from.len() {
            input.channel_mut(channel)[channel] = 1.0;
        }
        let mut output = Block::new(7, 3);
        mix.mix(&input, &mut output);
        assert_eq!(output.frames(), from.len());
        output.iter().map(<[f32]>::to_vec).collect()
    }

    #[test]
    fn five_one_follows_table_2() {
        let r = FRAC_1_SQRT_2;
        let layout = Speaker::usual(6);
        assert_eq!(matrix(&layout, Target::Stereo), [[1.0, 0.0, r, 0.0, r, 0.0], [0.0, 1.0, r, 0.0, 0.0, r]]);
        let mono = matrix(&layout, Target::Mono);
        for (found, wanted) in mono[0].iter().zip([r, r, 1.0, 0.0, 0.5, 0.5]) {
            assert!((found - wanted).abs() < 1e-4, "{mono:?}");
        }
    }

    #[test]
    fn other_layouts() {
        let r = FRAC_1_SQRT_2;
        assert_eq!(matrix(&Speaker::usual(3), Target::Stereo), [[1.0, 0.0, r], [0.0, 1.0, r]]);
        assert_eq!(matrix(&Speaker::usual(4), Target::Stereo), [[1.0, 0.0, r, 0.0], [0.0, 1.0, 0.0, r]]);
        assert_eq!(matrix(&Speaker::usual(7), Target::Stereo)[0], [1.0, 0.0, r, 0.0, 0.5, r, 0.0]);
        assert_eq!(matrix(&Speaker::usual(8), Target::Stereo)[1], [0.0, 1.0, r, 0.0, 0.0, r, 0.0, r]);
        assert_eq!(matrix(&Speaker::usual(2), Target::Mono), [[r, r]]);
    }

    #[test]
    fn mono_and_stereo_stay() {
        for (channels, target) in [(1, Target::Mono), (2, Target::Stereo)] {
            let mix = Downmix::new(&Speaker::usual(channels), target);
            assert!(mix.is_identity());
            let text = mix.describe();
            assert!(text.ends_with("and stays so."), "{text}");
        }
        assert_eq!(matrix(&[Speaker::Unknown], Target::Stereo), [[1.0], [1.0]]);
    }

    #[test]
    fn unnamed_channels_alternate_and_keep_power() {
        let rows = matrix(&[Speaker::Unknown; 5], Target::Stereo);
        for (side, row) in rows.iter().enumerate() {
            assert!(row.iter().enumerate().all(|(channel, gain)| (*gain != 0.0) == (channel % 2 == side)), "{rows:?}");
            let power: f32 = row.iter().map(|gain| gain * gain).sum();
            assert!((power - 1.0).abs() < 1e-6, "{power}");
        }
    }
}
