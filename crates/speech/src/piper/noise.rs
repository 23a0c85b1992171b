//! The noise in a voice: normal deviates from a seed, the same on every machine.
//!
//! What belongs here: drawing numbers. It is no cryptography, and hides nothing.

/// A generator of normal deviates.
pub(super) struct Noise {
    state: u64,
}

impl Noise {
    /// Seeded with the phonemes of a sentence, so that sentences sound alike only where they are alike.
    pub(super) fn seeded(ids: &[i32]) -> Self {
        // FNV-1a of 64 bits: Fowler, Noll, Vo; offset and prime of IETF RFC 9923, section 5.
        let state = ids
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &id| (hash ^ id as u64).wrapping_mul(0x0000_0100_0000_01b3));
        Self { state }
    }

    /// So many deviates, with mean 0 and variance 1.
    pub(super) fn take(&mut self, count: usize) -> Vec<f32> {
        let mut drawn = Vec::with_capacity(count + 1);
        while drawn.len() < count {
            // Box and Muller, "A note on the generation of random normal deviates", 1958: two for two.
            let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
            let (sine, cosine) = (std::f64::consts::TAU * self.uniform()).sin_cos();
            drawn.extend([(radius * cosine) as f32, (radius * sine) as f32]);
        }
        drawn.truncate(count);
        drawn
    }

    /// Between 0, included, and 1, not included.
    fn uniform(&mut self) -> f64 {
        // SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014, figures 16 and 17.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_normal_and_repeats() {
        let drawn = Noise::seeded(&[1, 0, 20, 0, 2]).take(100_001);
        assert_eq!(drawn.len(), 100_001);
        assert_eq!(drawn, Noise::seeded(&[1, 0, 20, 0, 2]).take(100_001));
        assert_ne!(drawn, Noise::seeded(&[1, 0, 21, 0, 2]).take(100_001));
        let mean = drawn.iter().sum::<f32>() / drawn.len() as f32;
        let variance = drawn.iter().map(|value| value * value).sum::<f32>() / drawn.len() as f32;
        let within = drawn.iter().filter(|value| value.abs() < 1.0).count() as f32 / drawn.len() as f32;
        assert!(
            mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02 && (within - 0.6827).abs() < 0.005,
            "{mean} {variance} {within}"
        );
    }
}
