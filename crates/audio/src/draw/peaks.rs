//! Waveform data in the files of the BBC's audiowaveform program, which web players read: `.dat` and `.json`.
//!
//! Formats: audiowaveform, `doc/DataFormat.md`. Written as that program does by default: all channels mixed into one,
//! 16-bit samples, the lowest and the highest of each run of samples, cut (not rounded) to 8 bits where 8 are asked for.
//! From 16-bit recordings the numbers are the same to the last bit.

use std::io::{SeekFrom, Write};

use super::Overview;
use super::extremes::Extremes;
use crate::encode::Sink;
use crate::{AudioError, Block};

/// Which file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeaksForm {
    /// Binary, version 1: what audiowaveform writes for one channel. 20 bytes, then the values.
    Dat,
    /// JSON, version 2.
    Json,
}

/// Resolution of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// −128 to 127.
    Eight,
    /// −32 768 to 32 767.
    Sixteen,
}

/// What is asked of [`Peaks`].
#[derive(Clone, Copy, Debug)]
pub struct PeaksOrder {
    /// Which file.
    pub form: PeaksForm,
    /// Resolution; players mostly want [`Bits::Eight`].
    pub bits: Bits,
    /// Frames per second of what will come.
    pub rate: u32,
    /// Frames behind each pair of values, at least 1. See [`samples_per_pixel`].
    pub samples_per_pixel: u32,
}

/// Frames behind each pair of values for a recording of so many: 256, or as many times twice that as it takes to have no
/// more than 4 194 304 pairs, which is 6 hours at 48 kHz. So no file grows past what a browser can hold.
pub fn samples_per_pixel(frames: u64) -> u32 {
    const MOST_PAIRS: u64 = 1 << 22;
    let mut each = 256;
    while frames.div_ceil(u64::from(each)) > MOST_PAIRS && each < 1 << 30 {
        each *= 2;
    }
    each
}

/// Writes waveform data while sound passes. Memory stays flat: pairs go to the sink as they are found, and their number
/// is put into the header at the end.
pub struct Peaks {
    order: PeaksOrder,
    sink: Box<dyn Sink>,
    /// Bytes not yet given to the sink.
    written: Vec<u8>,
    /// Where in the file the number of pairs belongs.
    length_at: u64,
    pairs: u32,
    /// The pair being found: what it has of how many frames, and of how many channels.
    open: Extremes,
    filled: u32,
    channels: usize,
    /// Sum of the channels, for more than two.
    mix: Vec<f32>,
}

/// Bytes gathered before the sink is asked to take them.
const GATHER: usize = 32 << 10;
/// Longest text of one pair, `,-32768,-32768`.
const PAIR: usize = 14;
/// Blanks that are kept for the number of pairs in JSON: the digits of the greatest.
const LENGTH_DIGITS: usize = 10;

impl Peaks {
    /// Writes the header.
    pub fn open(order: PeaksOrder, sink: Box<dyn Sink>) -> Result<Self, AudioError> {
        let order = PeaksOrder { samples_per_pixel: order.samples_per_pixel.max(1), ..order };
        let mut written = Vec::with_capacity(GATHER + PAIR);
        let length_at = header(&order, &mut written)?;
        Ok(Self {
            order,
            sink,
            written,
            length_at,
            pairs: 0,
            open: Extremes::NONE,
            filled: 0,
            channels: 1,
            mix: Vec::new(),
        })
    }

    /// Takes the next frames. Their number of channels may be any, and must not change.
    pub fn write(&mut self, block: &Block) -> Result<(), AudioError> {
        if block.channels() == 0 {
            return Ok(());
        }
        self.channels = block.channels();
        if self.channels > 2 {
            self.mix_down(block);
        }
        let mut from = 0;
        while from < block.frames() {
            let wanted = (self.order.samples_per_pixel - self.filled) as usize;
            let frames = from..block.frames().min(from + wanted);
            let found = match self.channels {
                1 => Extremes::of(&block.channel(0)[frames.clone()]),
                2 => Extremes::of_sum(&block.channel(0)[frames.clone()], &block.channel(1)[frames.clone()]),
                _ => Extremes::of(&self.mix[frames.clone()]),
            };
            self.open = self.open.join(found);
            self.filled += frames.len() as u32;
            from = frames.end;
            if self.filled == self.order.samples_per_pixel {
                self.close_pair()?;
            }
        }
        Ok(())
    }

    /// Writes the last pair, of however few frames, and completes the header. Gives the number of pairs.
    pub fn finish(mut self) -> Result<u32, AudioError> {
        if self.filled > 0 {
            self.close_pair()?;
        }
        if self.order.form == PeaksForm::Json {
            self.written.extend_from_slice(b"]}\n");
        }
        self.flush()?;
        self.sink.seek(SeekFrom::Start(self.length_at)).map_err(AudioError::Write)?;
        match self.order.form {
            PeaksForm::Dat => self.written.extend_from_slice(&self.pairs.to_le_bytes()),
            PeaksForm::Json => write!(self.written, "{}", self.pairs).map_err(AudioError::Write)?,
        }
        self.flush()?;
        self.sink.seek(SeekFrom::End(0)).map_err(AudioError::Write)?;
        self.sink.flush().map_err(AudioError::Write)?;
        Ok(self.pairs)
    }

    fn mix_down(&mut self, block: &Block) {
        self.mix.clear();
        self.mix.resize(block.frames(), 0.0);
        for channel in block.iter() {
            for (sum, sample) in self.mix.iter_mut().zip(channel) {
                *sum += sample;
            }
        }
    }

    fn close_pair(&mut self) -> Result<(), AudioError> {
        // Only a run of samples none of which is a number has no extremes; it is drawn as silence.
        let empty = self.open.low > self.open.high;
        let [low, high] = if empty { [0; 2] } else { [self.open.low, self.open.high].map(|sum| self.value(sum)) };
        match (self.order.form, self.order.bits) {
            (PeaksForm::Dat, Bits::Eight) => self.written.extend_from_slice(&[low as i8 as u8, high as i8 as u8]),
            (PeaksForm::Dat, Bits::Sixteen) => {
                self.written.extend_from_slice(&low.to_le_bytes());
                self.written.extend_from_slice(&high.to_le_bytes());
            }
            (PeaksForm::Json, _) => {
                let comma = if self.pairs == 0 { "" } else { "," };
                write!(self.written, "{comma}{low},{high}").map_err(AudioError::Write)?;
            }
        }
        self.pairs = self.pairs.checked_add(1).ok_or(AudioError::Limit {
            what: "The number of waveform points",
            found: u64::from(u32::MAX) + 1,
            limit: u64::from(u32::MAX),
        })?;
        self.open = Extremes::NONE;
        self.filled = 0;
        if self.written.len() >= GATHER {
            self.flush()?;
        }
        Ok(())
    }

    /// An extreme of the summed channels as the program counts: samples of 16 bits, their mean cut towards zero, and cut
    /// once more to 8 bits. All of these steps keep order, so they can be taken once a pair and not once a sample.
    fn value(&self, sum: f32) -> i16 {
        let mean = (sum * 32_768.0).floor() as i32 / self.channels as i32;
        let sample = mean.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
        match self.order.bits {
            Bits::Eight => sample / 256,
            Bits::Sixteen => sample,
        }
    }

    fn flush(&mut self) -> Result<(), AudioError> {
        self.sink.write_all(&self.written).map_err(AudioError::Write)?;
        self.written.clear();
        Ok(())
    }
}

/// Writes the header with no pairs yet, and says where their number goes.
/// An overview as a small `.dat` file with 8 bits: the extremes of all channels of so many equal stretches. For a
/// recording whose sound has passed already; the last stretch may reach a little past its end.
pub fn overview_dat(overview: &Overview, pairs: u32) -> Vec<u8> {
    let pairs = pairs.max(1);
    let each = u32::try_from(overview.frames().div_ceil(u64::from(pairs)).max(1)).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(20 + 2 * pairs as usize);
    for field in [1, 1, overview.rate(), each, pairs] {
        bytes.extend_from_slice(&field.to_le_bytes());
    }
    let seconds = f64::from(each) * f64::from(pairs) / f64::from(overview.rate());
    for bar in overview.bars(pairs as usize, seconds) {
        for value in [bar.low, bar.high] {
            bytes.push(((value * 128.0).clamp(-128.0, 127.0) as i8).cast_unsigned());
        }
    }
    bytes
}

fn header(order: &PeaksOrder, into: &mut Vec<u8>) -> Result<u64, AudioError> {
    match order.form {
        PeaksForm::Dat => {
            let flags = u32::from(order.bits == Bits::Eight);
            for field in [1, flags, order.rate, order.samples_per_pixel, 0] {
                into.extend_from_slice(&field.to_le_bytes());
            }
            Ok(16)
        }
        PeaksForm::Json => {
            let bits = if order.bits == Bits::Eight { 8 } else { 16 };
            write!(
                into,
                "{{\"version\":2,\"channels\":1,\"sample_rate\":{},\"samples_per_pixel\":{},\"bits\":{bits},\"length\":",
                order.rate, order.samples_per_pixel
            )
            .map_err(AudioError::Write)?;
            let length_at = into.len() as u64;
            // JSON allows blanks after a number: what the number does not need of them stays.
            into.resize(into.len() + LENGTH_DIGITS, b' ');
            into.extend_from_slice(b",\"data\":[");
            Ok(length_at)
        }
    }
}

#[cfg(test)]
mod tests;
