//! From float samples to 16-bit numbers, with dither. Files of 24 bits need none: their last bit lies below the noise
//! of any converter and at the limit of what a 32-bit float resolves.

/// Steps of a 16-bit number from silence to full scale.
const FULL_SCALE: f64 = 32_768.0;

/// Zeros in a row after which silence is left alone. Dither on digital silence would be the only thing in it, and
/// would cost a lossless file two bits per sample.
const SILENCE: u32 = 1024;

/// The dither of one channel: triangular noise of two steps peak to peak, white, from a fixed seed.
///
/// It makes the rounding error independent of the signal in its mean and its power (Lipshitz, Wannamaker, Vanderkooy:
/// "Quantization and Dither", J. Audio Eng. Soc. 40, 1992). Every channel has a generator of its own, so the result
/// depends neither on how the sound is cut into blocks nor on the other channel.
#[derive(Clone, Debug)]
pub(super) struct Dither {
    state: u64,
    zeros: u32,
}

impl Dither {
    /// The generator of a channel, counted from 0.
    pub(super) fn new(channel: usize) -> Self {
        Self { state: (channel as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, zeros: 0 }
    }

    /// One generator for each of so many channels.
    pub(super) fn channels(count: usize) -> Vec<Self> {
        (0..count).map(Self::new).collect()
    }

    /// The 16-bit number for a sample. Beyond full scale it is the nearest number there is; what is not a number is
    /// silence.
    #[inline]
    pub(super) fn quantise(&mut self, sample: f32) -> i16 {
        let noise = self.noise();
        if sample == 0.0 || sample.is_nan() {
            self.zeros = self.zeros.saturating_add(1);
            if self.zeros > SILENCE {
                return 0;
            }
        } else {
            self.zeros = 0;
        }
        let sample = if sample.is_nan() { 0.0 } else { f64::from(sample) };
        // Shifted above zero, cutting off the fraction is rounding to the nearest; a cast from float saturates.
        let step = (sample * FULL_SCALE + noise + FULL_SCALE + 0.5).clamp(0.0, 2.0 * FULL_SCALE - 1.0) as i32;
        (step - FULL_SCALE as i32) as i16
    }

    /// The difference of two even numbers of 0 ≤ x < 1: triangular over −1 to 1. One xorshift64* step gives both.
    #[inline]
    fn noise(&mut self) -> f64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let bits = self.state.wrapping_mul(0x2545_F491_4F6C_DD1D);
        (f64::from((bits >> 32) as u32) - f64::from(bits as u32)) / 4_294_967_296.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(level: f64) -> (f64, f64) {
        let mut dither = Dither::new(0);
        let n = 200_000;
        let sample = (level / FULL_SCALE) as f32;
        let (mut sum, mut square) = (0.0, 0.0);
        for _ in 0..n {
            let error = f64::from(dither.quantise(sample)) - f64::from(sample) * FULL_SCALE;
            sum += error;
            square += error * error;
        }
        (sum / f64::from(n), square / f64::from(n))
    }

    #[test]
    fn mean_and_power_of_the_error_do_not_depend_on_the_level() {
        for level in [0.01, 0.25, 0.5, 0.77, 100.33, -4000.5] {
            let (mean, power) = errors(level);
            assert!(mean.abs() < 0.01, "mean {mean} at {level}");
            // Rounding alone has a power of 1/12, triangular dither adds 1/6.
            assert!((power - 0.25).abs() < 0.005, "power {power} at {level}");
        }
    }

    #[test]
    fn saturates_and_knows_no_panic() {
        let mut dither = Dither::new(1);
        for _ in 0..100 {
            assert!(dither.quantise(1.0) >= i16::MAX - 1);
            assert_eq!(dither.quantise(f32::INFINITY), i16::MAX);
            assert_eq!(dither.quantise(2.0), i16::MAX);
            assert_eq!(dither.quantise(f32::NEG_INFINITY), i16::MIN);
            assert!(dither.quantise(f32::NAN).abs() <= 1);
        }
    }

    #[test]
    fn long_silence_stays_digital_silence() {
        let mut dither = Dither::new(0);
        let first: Vec<i16> = (0..SILENCE).map(|_| dither.quantise(0.0)).collect();
        assert!(first.iter().any(|&step| step != 0), "short silence inside sound is dithered");
        assert!((0..10_000).all(|_| dither.quantise(0.0) == 0));
        assert!((0..100).map(|_| dither.quantise(1e-6)).any(|step| step != 0), "dither comes back with sound");
    }
}
