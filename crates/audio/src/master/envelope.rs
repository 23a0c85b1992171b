//! What pass 1 remembers of the sound for the rehearsal of the limiter: the peak and the power of every cell.
//!
//! Four bytes a cell, 3 kB a second. Short recordings stay in memory; longer ones go to an unnamed temporary file, so
//! that memory is the same for ten minutes and for twelve hours.

use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

use super::control::CELL;
use crate::measure::k_weighting::KWeighting;
use crate::measure::true_peak::{TAPS, greatest, window_peak};
use crate::{AudioError, Block};

/// Bytes kept in memory: twenty minutes' worth.
const IN_MEMORY: usize = 4 << 20;

/// Levels are stored in steps of 1/256 dB above this floor.
const FLOOR_DB: f32 = -200.0;
const STEPS_PER_DB: f32 = 256.0;

/// One cell as the rehearsal sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Greatest true peak over all channels, linear.
    pub peak: f32,
    /// K-weighted mean power, summed over channels with their weights (ITU-R BS.1770-5, Annex 1).
    pub power: f32,
}

/// Notes cells while sound streams by.
pub struct Recorder {
    out: BufWriter<SpooledTempFile>,
    weighting: KWeighting,
    /// [`CONTEXT`] frames of the past, then those that do not fill a cell yet.
    held: Block,
    /// Greatest sample so far.
    greatest: f32,
    cells: u64,
    rate: u32,
}

/// Frames before a cell that its true peak depends on.
const CONTEXT: usize = TAPS - 1;

/// Cells that stay so far under the greatest sample are never limited, so their peak need not be exact: 30 dB.
const NEVER_LIMITED: f32 = 0.032;

impl Recorder {
    /// A recorder for mono or stereo sound.
    pub fn new(rate: u32, channels: usize) -> Self {
        Self {
            out: BufWriter::new(SpooledTempFile::new(IN_MEMORY)),
            weighting: KWeighting::new(rate, channels),
            held: Block::new(channels, CONTEXT),
            greatest: 0.0,
            cells: 0,
            rate,
        }
    }

    /// Notes the next frames. Fails when the temporary file cannot be written.
    pub fn process(&mut self, block: &Block) -> Result<(), AudioError> {
        self.held.extend(block);
        let mut at = 0;
        while at + CONTEXT + CELL <= self.held.frames() {
            self.note_cell(at, CELL)?;
            at += CELL;
        }
        self.held.drop_front(at);
        Ok(())
    }

    /// Ends the notes; an unfinished last cell counts as if silence followed.
    pub fn finish(mut self) -> Result<Envelope, AudioError> {
        let rest = self.held.frames() - CONTEXT;
        if rest > 0 {
            self.note_cell(0, rest)?;
        }
        let file = self.out.into_inner().map_err(|error| AudioError::Write(error.into_error()))?;
        Ok(Envelope { file, cells: self.cells, rate: self.rate })
    }

    /// Notes the cell of so many frames whose context begins at `at`.
    fn note_cell(&mut self, at: usize, frames: usize) -> Result<(), AudioError> {
        let Self { held, weighting, rate, .. } = self;
        for channel in held.iter() {
            let cell = &channel[at + CONTEXT..at + CONTEXT + frames];
            self.greatest = self.greatest.max(greatest(cell));
        }
        let threshold = self.greatest * NEVER_LIMITED;
        let peak = held
            .iter()
            .map(|channel| window_peak(&channel[at..at + CONTEXT + frames], *rate, threshold))
            .fold(0.0, f32::max);
        let mut power = 0.0;
        weighting.energies(held, &(at + CONTEXT..at + CONTEXT + frames), |_, energy| power += energy);
        let peak = quantise(20.0 * peak.log10()).to_le_bytes();
        let power = quantise(10.0 * (power / CELL as f64).log10() as f32).to_le_bytes();
        self.out.write_all(&[peak[0], peak[1], power[0], power[1]]).map_err(AudioError::Write)?;
        self.cells += 1;
        Ok(())
    }
}

/// The cells of a whole recording, to be read from the front as often as needed.
pub struct Envelope {
    file: SpooledTempFile,
    cells: u64,
    rate: u32,
}

impl Envelope {
    /// Number of cells.
    pub fn cells(&self) -> u64 {
        self.cells
    }

    /// Frames per second of the sound that was noted.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Calls `visit` with every cell in order.
    pub fn replay(&mut self, mut visit: impl FnMut(Cell)) -> Result<(), AudioError> {
        self.file.seek(SeekFrom::Start(0)).map_err(AudioError::Read)?;
        let table = LevelTable::new();
        let mut reader = BufReader::with_capacity(1 << 16, &mut self.file);
        let mut bytes = [0u8; 4];
        loop {
            match reader.read_exact(&mut bytes) {
                Ok(()) => visit(Cell {
                    peak: table.amplitude(u16::from_le_bytes([bytes[0], bytes[1]])),
                    power: table.power(u16::from_le_bytes([bytes[2], bytes[3]])),
                }),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(AudioError::Read(error)),
            }
        }
    }
}

/// A level in dB as steps above the floor; silence and everything below the floor is 0.
fn quantise(level: f32) -> u16 {
    // `as` saturates, and turns NaN into 0.
    ((level - FLOOR_DB) * STEPS_PER_DB).round() as u16
}

/// Powers of ten split into whole decibels and their fractions, since a replay needs millions of them.
struct LevelTable {
    whole: [f32; 256],
    fraction: [f32; 256],
}

impl LevelTable {
    fn new() -> Self {
        let power = |decibels: f32| 10f64.powf(f64::from(decibels) / 10.0) as f32;
        Self {
            whole: std::array::from_fn(|index| power(FLOOR_DB + index as f32)),
            fraction: std::array::from_fn(|index| power(index as f32 / STEPS_PER_DB)),
        }
    }

    fn power(&self, steps: u16) -> f32 {
        if steps == 0 {
            return 0.0;
        }
        self.whole[usize::from(steps >> 8)] * self.fraction[usize::from(steps & 255)]
    }

    fn amplitude(&self, steps: u16) -> f32 {
        self.power(steps).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use testkit::signal::{Dice, noise, sine};

    use super::*;
    use crate::measure::loudness::lufs;

    fn recorded(channels: Vec<Vec<f32>>, size: usize) -> Result<Vec<Cell>, AudioError> {
        let whole = Block::from_channels(channels);
        let mut recorder = Recorder::new(48_000, whole.channels());
        let mut at = 0;
        while at < whole.frames() {
            let mut part = Block::new(whole.channels(), 0);
            part.extend_range(&whole, at..(at + size).min(whole.frames()));
            at += part.frames();
            recorder.process(&part)?;
        }
        let mut envelope = recorder.finish()?;
        let (mut cells, mut again) = (Vec::new(), Vec::new());
        envelope.replay(|cell| cells.push(cell))?;
        envelope.replay(|cell| again.push(cell))?;
        assert_eq!(cells, again, "the second reading differs");
        assert_eq!(cells.len() as u64, envelope.cells());
        Ok(cells)
    }

    #[test]
    fn cells_hold_peak_and_power() -> Result<(), AudioError> {
        // EBU Tech 3341, test case 1: 1 kHz at -23 dBFS in two channels is -23 LUFS.
        let tone = sine(48_000, 1_000.0, testkit::signal::db(-23.0), 0.0, 48_000);
        let cells = recorded(vec![tone.clone(), tone], 1_000)?;
        let settled = &cells[300..];
        let mean = settled.iter().map(|cell| f64::from(cell.power)).sum::<f64>() / settled.len() as f64;
        assert!((lufs(mean) + 23.0).abs() < 0.05, "{}", lufs(mean));
        let peak = settled.iter().fold(0f32, |peak, cell| peak.max(cell.peak));
        assert!((f64::from(peak) / testkit::signal::db(-23.0) - 1.0).abs() < 0.01);
        Ok(())
    }

    #[test]
    fn cells_do_not_depend_on_how_sound_is_cut_into_blocks() -> Result<(), AudioError> {
        let sound = noise(&mut Dice::new(2), 0.7, 10_000);
        let whole = recorded(vec![sound.clone()], 10_000)?;
        assert_eq!(whole.len(), 157);
        for size in [1, 63, 64, 100] {
            assert_eq!(recorded(vec![sound.clone()], size)?, whole);
        }
        Ok(())
    }

    #[test]
    fn silence_and_nothing_are_noted_as_such() -> Result<(), AudioError> {
        assert!(recorded(vec![vec![]], 1)?.is_empty());
        assert!(recorded(vec![vec![0.0; 1_000]], 64)?.iter().all(|cell| cell.peak == 0.0 && cell.power == 0.0));
        Ok(())
    }
}
