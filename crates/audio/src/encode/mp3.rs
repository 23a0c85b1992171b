//! MP3, by LAME, on as many cores as there are.
//!
//! LAME cannot share one stream among threads, and cutting the sound into pieces that are encoded apart would leave a gap
//! at every cut. So the sound is cut into segments that overlap: each is encoded by a fresh encoder that was warmed up on
//! the end of the segment before ([`run`], [`workers`]), its stream is taken apart into frames ([`frame`]), and the frames
//! are joined where two runs agree ([`join`]) and packed as one stream with one bit reservoir ([`pack`]). The cuts depend
//! on the sound's length alone: the bytes are the same however many threads there are.
//!
//! With a ceiling, each segment is decoded again where it was encoded ([`judge`]) and turned down where it comes out too
//! high ([`correct`]).
//!
//! How many frames the segments have, and why: on music and speech at 64 to 192 kbit/s the windows of a fresh encoder are
//! those of one that ran all along from the second frame on; its noise, which starts up to 2.4 dB higher because its
//! reservoir is empty, is within 0.3 dB after 14 frames; its reservoir reaches the other's level after 20 to 40 and is then
//! the fuller one as often as not. Crossing between the 14th and the 24th frame takes the best of both.

mod correct;
mod frame;
mod info;
mod join;
mod judge;
mod lame;
mod pack;
mod run;
mod workers;

use std::collections::BTreeMap;
use std::io::SeekFrom;
use std::thread;

use self::correct::Ceiling;
use self::frame::{Format, Rate};
use self::info::{Crc, Summary};
use self::join::Joiner;
use self::lame::Lame;
use self::run::{LOOK_AHEAD, Run};
use self::workers::{Segment, Workers};
use super::{Codec, Encoder, Order, Sink};
use crate::tag::{ReplayGain, Tags, id3};
use crate::{AudioError, Block};

/// MP3 at a constant bitrate: what podcast apps and feeds expect. The encoder could do the lower sample rates of MPEG-1
/// and MPEG-2 as well; players that cannot are why none is listed.
pub(super) static MP3: Codec = Codec {
    name: "mp3",
    title: "MP3",
    ending: "mp3",
    mime: "audio/mpeg",
    lossy: true,
    bitrates: Some(32..=320),
    default_bitrate: Some(128),
    rates: &[],
    open: |order, sink| open(order, sink, constant(order)?, threads()),
};

/// MP3 at a variable bitrate. The bitrate asked for is that of typical music in stereo; speech and mono take less.
pub(super) static MP3_VBR: Codec = Codec {
    name: "mp3-vbr",
    title: "MP3 (variable bitrate)",
    ending: "mp3",
    mime: "audio/mpeg",
    lossy: true,
    bitrates: Some(65..=245),
    default_bitrate: Some(165),
    rates: &[],
    open: |order, sink| open(order, sink, variable(order)?, threads()),
};

/// LAME's effort, 0 (most) to 9: its own middle, and what most programs that use it take.
const QUALITY: i32 = 5;

/// Bitrate of typical stereo music at LAME's VBR qualities 0 to 9, in kilobits per second (LAME's documentation).
const VBR_KBPS: [u32; 10] = [245, 225, 190, 175, 165, 130, 115, 100, 85, 65];

/// Pairs of granules from the start of one segment to the start of the next: about nine seconds. A multiple of 49, because
/// the padding of every bitrate at 44.1 and 22.05 kHz repeats after that many frames, so that each encoder pads as if it
/// had been there from the start.
const SEGMENT: usize = 7 * 49;
/// Pairs of granules before the first at which a segment may take over.
const WARM_UP: usize = 14;
/// Further pairs at which it may.
const OVERLAP: usize = 9;

/// More would wait for sound all the time: encoding is about three quarters of all the work there is.
const MOST_THREADS: usize = 3;

/// Samples are kept within this, far beyond full scale, so that nothing LAME computes can overflow.
const GREATEST: f32 = 16.0;

/// An MP3 file being written.
struct Mp3 {
    sink: Box<dyn Sink>,
    /// Where the file begins in the sink.
    start: u64,
    tags: Tags,
    format: Format,
    ceiling: Option<f64>,
    lowpass: u32,
    /// What all sound is multiplied by.
    makeup: f32,
    /// Sound of the segment that is being filled; without channels until there is a buffer for it.
    sound: Vec<Vec<f32>>,
    /// End of the segment before, with which the next begins.
    shared: Vec<Vec<f32>>,
    /// Buffers that wait for their next use.
    spare: Vec<Vec<Vec<f32>>>,
    /// Buffers that may still be made. Each is 3.4 MB: as many as threads leave none idle, because a segment is handed over as
    /// soon as it is full, and filling the next is quick work beside encoding.
    unmade: usize,
    /// Frames of sound taken in.
    samples: u64,
    /// Number of the segment that is being filled.
    filling: u64,
    /// Number of the segment to be joined next.
    joining: u64,
    /// Segments that are encoded but whose turn has not come.
    done: BTreeMap<u64, (Segment, Run)>,
    workers: Workers,
    joiner: Joiner,
    crc: Crc,
    /// Bytes of sound written.
    written: u64,
    /// Bytes on their way from the joiner to the sink.
    bytes: Vec<u8>,
}

impl Encoder for Mp3 {
    fn write(&mut self, block: &Block) -> Result<(), AudioError> {
        if block.channels() != self.format.channels() {
            return Err(failed("the number of channels changed on the way".to_owned()));
        }
        let (whole, makeup) = (self.segment_samples(), self.makeup);
        let mut at = 0;
        while at < block.frames() {
            self.begin()?;
            let have = self.sound.first().map_or(0, Vec::len);
            let length = (whole - have).min(block.frames() - at);
            for (into, from) in self.sound.iter_mut().zip(block.iter()) {
                into.extend(from.iter().skip(at).take(length).map(|&sample| tame(sample) * makeup));
            }
            self.samples += length as u64;
            at += length;
            if have + length == whole {
                self.dispatch(self.pairs(SEGMENT + WARM_UP + OVERLAP), usize::MAX)?;
            }
        }
        while self.collect(false)? {}
        Ok(())
    }

    fn finish(mut self: Box<Self>, gain: &ReplayGain) -> Result<(), AudioError> {
        self.begin()?;
        let frames = info::frames(&self.format, self.samples);
        let first = self.filling * self.pairs(SEGMENT) as u64;
        let end = self.sound.first().map_or(0, Vec::len);
        self.dispatch(frames.saturating_sub(first) as usize, end)?;
        while self.joining < self.filling {
            self.collect(true)?;
        }
        self.joiner.finish()?;
        self.joiner.packer().finish(&mut self.bytes);
        self.flush()?;

        let summary = Summary {
            frames: self.joiner.index().frames(),
            bytes: self.written,
            samples: self.samples,
            index: self.joiner.index(),
            crc: self.crc,
            lowpass: self.lowpass,
            gain: Some(gain),
        };
        let head = head(&self.format, &self.tags, &summary)?;
        self.sink.seek(SeekFrom::Start(self.start)).map_err(AudioError::Write)?;
        self.sink.write_all(&head).map_err(AudioError::Write)?;
        self.sink.seek(SeekFrom::End(0)).map_err(AudioError::Write)?;
        self.sink.flush().map_err(AudioError::Write)
    }
}

impl Mp3 {
    /// Frames for a number of granule pairs.
    fn pairs(&self, count: usize) -> usize {
        count * 2 / self.format.granules()
    }

    /// Samples per channel of a whole segment with its overlaps.
    fn segment_samples(&self) -> usize {
        self.pairs(SEGMENT + WARM_UP + OVERLAP) * self.format.frame_samples() + LOOK_AHEAD
    }

    /// Makes sure that there is a buffer to be filled, and that it begins with the end of the segment before. Waits for one
    /// where all are under way.
    fn begin(&mut self) -> Result<(), AudioError> {
        if !self.sound.is_empty() {
            return Ok(());
        }
        let mut next = loop {
            if let Some(spare) = self.spare.pop() {
                break spare;
            }
            if self.unmade > 0 {
                self.unmade -= 1;
                break buffer(&self.format, self.segment_samples());
            }
            self.collect(true)?;
        };
        for (into, from) in next.iter_mut().zip(&self.shared) {
            into.clear();
            into.extend_from_slice(from);
        }
        self.sound = next;
        Ok(())
    }

    /// Hands the segment that was filled to the workers. All sound ends at its sample `end`.
    fn dispatch(&mut self, count: usize, end: usize) -> Result<(), AudioError> {
        let step = self.pairs(SEGMENT) * self.format.frame_samples();
        for (into, from) in self.shared.iter_mut().zip(&self.sound) {
            into.clear();
            into.extend_from_slice(from.get(step..).unwrap_or_default());
        }
        let frame = self.format.frame_samples();
        let ceiling = self.ceiling.map(|peak| Ceiling {
            peak,
            makeup: self.makeup,
            from: if self.filling == 0 { 0 } else { self.pairs(WARM_UP) },
            end,
            own: if self.filling == 0 { 0 } else { self.pairs(WARM_UP + OVERLAP) * frame }..(count * frame).min(step),
        });
        let segment = Segment {
            number: self.filling,
            first: self.filling * self.pairs(SEGMENT) as u64,
            count,
            sound: std::mem::take(&mut self.sound),
            ceiling,
        };
        self.workers.send(segment)?;
        self.filling += 1;
        Ok(())
    }

    /// Takes a segment from the workers and joins all whose turn has come. False when none was done.
    fn collect(&mut self, wait: bool) -> Result<bool, AudioError> {
        let Some((segment, run)) = self.workers.receive(wait)? else { return Ok(false) };
        self.done.insert(segment.number, (segment, run));
        while let Some((segment, run)) = self.done.remove(&self.joining) {
            self.join(&segment, run)?;
            self.spare.push(segment.sound);
            self.joining += 1;
            self.joiner.packer().take(&mut self.bytes);
            self.flush()?;
        }
        Ok(true)
    }

    /// Joins a run to the stream. Should the bytes not suffice for it at any frame, the segment is encoded once more with
    /// less warm-up, which leaves the encoder less of a reservoir to count on, and at last with none at all, which always
    /// fits.
    fn join(&mut self, segment: &Segment, run: Run) -> Result<(), AudioError> {
        let earliest = segment.first + self.pairs(WARM_UP) as u64;
        let window = earliest..=earliest + self.pairs(OVERLAP) as u64;
        let mut refused = self.joiner.join(run, window.clone())?;
        for (warm_up, reservoir) in [(7, true), (2, true), (2, false)] {
            if refused.is_none() {
                return Ok(());
            }
            let late = if segment.number == 0 { 0 } else { self.pairs(WARM_UP - warm_up) };
            let skipped = late * self.format.frame_samples();
            let sound: Vec<&[f32]> =
                segment.sound.iter().map(|channel| channel.get(skipped..).unwrap_or_default()).collect();
            let count = segment.count.saturating_sub(late);
            let mut again = run::encode(&self.format, &sound, count, reservoir)?;
            again.first = segment.first + late as u64;
            refused = self.joiner.join(again, window.clone())?;
        }
        match refused {
            None => Ok(()),
            Some(_) => Err(failed("two parts of it do not fit together".to_owned())),
        }
    }

    /// Writes the bytes that have settled.
    fn flush(&mut self) -> Result<(), AudioError> {
        self.sink.write_all(&self.bytes).map_err(AudioError::Write)?;
        self.crc.update(&self.bytes);
        self.written += self.bytes.len() as u64;
        self.bytes.clear();
        Ok(())
    }
}

fn open(order: &Order, mut sink: Box<dyn Sink>, rate: Rate, threads: usize) -> Result<Box<dyn Encoder>, AudioError> {
    let format = Format::new(order.rate, order.channels, rate)
        .ok_or_else(|| failed(format!("it has no {} Hz with {} channels", order.rate, order.channels)))?;
    let lame = Lame::new(&format, true)?;
    let (lowpass, makeup) = (lame.lowpass(), lame.makeup());
    let start = sink.stream_position().map_err(AudioError::Write)?;
    let joiner = Joiner::new(format);
    let summary =
        Summary { frames: 0, bytes: 0, samples: 0, index: joiner.index(), crc: Crc::default(), lowpass, gain: None };
    sink.write_all(&head(&format, &order.tags, &summary)?).map_err(AudioError::Write)?;
    Ok(Box::new(Mp3 {
        sink,
        start,
        tags: order.tags.clone(),
        format,
        ceiling: order.ceiling,
        lowpass,
        makeup,
        sound: Vec::new(),
        shared: vec![Vec::new(); format.channels()],
        spare: Vec::new(),
        unmade: threads,
        samples: 0,
        filling: 0,
        joining: 0,
        done: BTreeMap::new(),
        workers: Workers::start(format, threads)?,
        joiner,
        crc: Crc::default(),
        written: 0,
        bytes: Vec::new(),
    }))
}

/// Threads for this machine: one more than there are cores, because each waits for sound now and then. On two cores the
/// third saves a sixth of the time and costs 5 MB.
fn threads() -> usize {
    thread::available_parallelism().map_or(2, |cores| cores.get() + 1).clamp(2, MOST_THREADS)
}

/// The constant bitrate that was ordered.
fn constant(order: &Order) -> Result<Rate, AudioError> {
    let kbps = order.bitrate.or(MP3.default_bitrate).unwrap_or(128);
    let rate = Rate::Constant(kbps);
    // A format that exists at its least bitrate says which others there are.
    let least = if order.rate >= 32_000 { 32 } else { 8 };
    match Format::new(order.rate, order.channels, Rate::Constant(least)) {
        Some(format) if !format.bitrates().contains(&kbps) => {
            let known: Vec<String> = format.bitrates().iter().map(u32::to_string).collect();
            Err(failed(format!("at {} Hz it knows no {kbps} kbit/s, only {}", order.rate, known.join(", "))))
        }
        _ => Ok(rate),
    }
}

/// The quality whose typical bitrate is the one that was ordered.
fn variable(order: &Order) -> Result<Rate, AudioError> {
    let kbps = order.bitrate.or(MP3_VBR.default_bitrate).unwrap_or(165);
    let (Some(&most), Some(&least)) = (VBR_KBPS.first(), VBR_KBPS.last()) else {
        return Err(failed("it has no qualities".to_owned()));
    };
    if !(least..=most).contains(&kbps) {
        return Err(failed(format!("its variable bitrate goes from {least} to {most} kbit/s")));
    }
    let between = VBR_KBPS.windows(2).zip(0u8..).find_map(|(pair, quality)| {
        let [above, below] = *pair else { return None };
        (below..=above).contains(&kbps).then(|| f32::from(quality) + (above - kbps) as f32 / (above - below) as f32)
    });
    Ok(Rate::Variable(between.unwrap_or(4.0)))
}

/// Everything before the sound; of the same length at the start and at the end.
fn head(format: &Format, tags: &Tags, summary: &Summary<'_>) -> Result<Vec<u8>, AudioError> {
    let length_ms = summary.samples.saturating_mul(1000).div_ceil(u64::from(format.rate()));
    let mut head = id3::write(tags, summary.gain, length_ms)?;
    head.extend(info::write(format, summary));
    Ok(head)
}

fn buffer(format: &Format, samples: usize) -> Vec<Vec<f32>> {
    (0..format.channels()).map(|_| Vec::with_capacity(samples)).collect()
}

/// LAME is built to trust that numbers are finite.
fn tame(sample: f32) -> f32 {
    if sample.is_finite() { sample.clamp(-GREATEST, GREATEST) } else { 0.0 }
}

fn failed(reason: String) -> AudioError {
    AudioError::Encode { format: "MP3", reason }
}

#[cfg(test)]
mod tests;
