//! A narration as it is drawn while it is made.
//!
//! How long all of it becomes is not known before it is said, so what stands where goes by words: a segment with a tenth of the words has a tenth
//! of the picture, and what is drawn once stays where it is.

/// Parts of a picture: a few more than the script draws bars on the widest page.
const PARTS: usize = 240;

/// Samples of which the furthest from zero is taken, before those are averaged: a hundredth of a second or less.
const RUN: usize = 240;

/// What is finished.
pub(super) struct Drawn {
    /// Amplitudes of 0 to 127 from the beginning on.
    amplitudes: Vec<u8>,
    /// How many words there are.
    words: usize,
}

impl Drawn {
    /// Nothing yet, of so many words.
    pub(super) fn new(words: usize) -> Self {
        Self { amplitudes: Vec::with_capacity(PARTS), words: words.max(1) }
    }

    /// Adds the sound that goes up to the end of so many words. Where that ends in the middle of a part, that part is left to what comes next: a segment of fewer words than a part
    /// has is not drawn.
    pub(super) fn add(&mut self, words: usize, samples: &[i16]) {
        let (from, to) = (self.amplitudes.len(), (words * PARTS / self.words).min(PARTS));
        let parts = to.saturating_sub(from);
        self.amplitudes.extend((0..parts).map(|part| {
            let range = part * samples.len() / parts..(part + 1) * samples.len() / parts;
            average(&samples[range])
        }));
    }

    pub(super) fn amplitudes(&self) -> &[u8] {
        &self.amplitudes
    }
}

/// How far sound goes on the average: peaks would be a wall, where a voice is as loud in each word.
fn average(samples: &[i16]) -> u8 {
    let runs = samples.len().div_ceil(RUN).max(1) as u64;
    let furthest = |run: &[i16]| run.iter().map(|sample| u64::from(sample.unsigned_abs())).max().unwrap_or(0);
    let sum: u64 = samples.chunks(RUN).map(furthest).sum();
    (sum / runs * 127 / 32_768).min(127) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_stands_where() {
        let mut drawn = Drawn::new(8);
        drawn.add(2, &vec![16_384; 24_000]);
        assert_eq!(drawn.amplitudes(), [63; 60]);
        // Nothing but silence, then as loud as can be.
        drawn.add(4, &[0; 500]);
        drawn.add(8, &vec![i16::MIN; 24_000]);
        assert_eq!(drawn.amplitudes().len(), PARTS);
        assert_eq!([59, 60, 119, 120, 239].map(|part| drawn.amplitudes()[part]), [63, 0, 0, 127, 127]);
    }

    #[test]
    fn less_than_a_part_waits_for_the_next_and_nothing_goes_beyond_the_end() {
        let mut drawn = Drawn::new(1_000);
        drawn.add(4, &[1_000; 100]);
        assert_eq!(drawn.amplitudes(), [0; 0]);
        drawn.add(5, &[32_767; 3]);
        assert_eq!(drawn.amplitudes(), [126]);
        drawn.add(2_000, &[]);
        assert_eq!((drawn.amplitudes().len(), drawn.amplitudes()[1]), (PARTS, 0));
        let mut empty = Drawn::new(0);
        empty.add(0, &[1; 10]);
        assert_eq!(empty.amplitudes(), [0; 0]);
    }
}
