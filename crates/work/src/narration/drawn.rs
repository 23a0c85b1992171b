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
    /// Words there are, and words that are said.
    of: usize,
    words: usize,
    /// Amplitudes of 0 to 127 from the beginning on.
    amplitudes: Vec<u8>,
    /// The part that is not full yet: the sum of its runs' furthest samples, and how many runs those are.
    open: (u64, u64),
}

impl Drawn {
    /// Nothing yet, of so many words.
    pub(super) fn new(of: usize) -> Self {
        Self { of: of.max(1), words: 0, amplitudes: Vec::with_capacity(PARTS), open: (0, 0) }
    }

    /// Adds the sound of so many words more.
    pub(super) fn add(&mut self, words: usize, samples: &[i16]) {
        let before = self.words;
        self.words = (before + words).min(self.of);
        // Runs lie evenly between the words.
        let (runs, said) = (samples.len().div_ceil(RUN), self.words - before);
        for (at, run) in samples.chunks(RUN).enumerate() {
            self.fill((before * runs + said * at) * PARTS / (runs * self.of));
            self.open.0 += u64::from(run.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0));
            self.open.1 += 1;
        }
        self.fill(self.words * PARTS / self.of);
    }

    /// The part of the words that is said, 0 to 1.
    pub(super) fn fraction(&self) -> f64 {
        self.words as f64 / self.of as f64
    }

    pub(super) fn amplitudes(&self) -> &[u8] {
        &self.amplitudes
    }

    /// Parts up to this one are full. One that no run fell into, since there is so little sound, is as the one before it.
    fn fill(&mut self, part: usize) {
        while self.amplitudes.len() < part {
            let (sum, runs) = std::mem::take(&mut self.open);
            // The average: peaks would be a wall, where a voice is as loud in each word.
            let average = (sum * 127 / 32_768).checked_div(runs).map(|value| value.min(127) as u8);
            self.amplitudes.push(average.or(self.amplitudes.last().copied()).unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_stands_where() {
        let mut drawn = Drawn::new(8);
        drawn.add(2, &vec![16_384; 24_000]);
        assert_eq!((drawn.amplitudes(), drawn.fraction()), ([63; 60].as_slice(), 0.25));
        // Nothing but silence, then as loud as can be.
        drawn.add(2, &[0; 500]);
        drawn.add(4, &vec![i16::MIN; 24_000]);
        assert_eq!((drawn.amplitudes().len(), drawn.fraction()), (PARTS, 1.0));
        assert_eq!([59, 60, 119, 120, 239].map(|part| drawn.amplitudes()[part]), [63, 0, 0, 127, 127]);
    }

    #[test]
    fn what_is_shorter_than_a_part_counts_in_it() {
        // A word is 0.24 parts.
        let mut drawn = Drawn::new(1_000);
        drawn.add(4, &[16_384; 3 * RUN]);
        assert_eq!(drawn.amplitudes(), [0; 0]);
        drawn.add(1, &[0; RUN]);
        assert_eq!(drawn.amplitudes(), [47]);
        drawn.add(4, &[32_767; 3 * RUN]);
        assert_eq!(drawn.amplitudes(), [47, 126]);
    }

    #[test]
    fn nothing_goes_beyond_the_end() {
        let mut drawn = Drawn::new(10);
        drawn.add(2_000, &[]);
        assert_eq!((drawn.amplitudes(), drawn.fraction()), ([0; PARTS].as_slice(), 1.0));
        drawn.add(5, &[1_000; 500]);
        assert_eq!(drawn.amplitudes().len(), PARTS);
        let mut empty = Drawn::new(0);
        empty.add(0, &[1; 10]);
        assert_eq!((empty.amplitudes().len(), empty.fraction()), (0, 0.0));
    }
}
