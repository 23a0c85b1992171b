//! Masters a recording to an Opus file with the library's parts, and with a step of one's own among them.
//!
//! ```text
//! cargo run --release --example master -- talk.flac talk.opus
//! ```

use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;

use audio::encode::{Order, find};
use audio::master::amplitude;
use audio::master::limiter::Limiter;
use audio::measure::Meter;
use audio::repair::Filter;
use audio::tag::{ReplayGain, Tags};
use audio::{AudioError, Block, Stage, produce::Intake};

/// A step of one's own: a fade at the beginning.
struct FadeIn {
    frame: usize,
    length: usize,
}

impl Stage for FadeIn {
    fn process(&mut self, block: &mut Block) {
        for channel in block.iter_mut() {
            for (n, sample) in channel.iter_mut().enumerate() {
                *sample *= ((self.frame + n) as f32 / self.length as f32).min(1.0);
            }
        }
        self.frame += block.frames();
    }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [input, output] = arguments.as_slice() else { return ExitCode::from(2) };
    match master(input.as_ref(), output.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn master(input: &std::path::Path, output: &std::path::Path) -> Result<(), AudioError> {
    // Pass 1: how loud is it?
    let mut intake = Intake::open(input)?;
    let (rate, channels) = (intake.info().rate, intake.channels());
    let mut meter = Meter::new(rate, channels);
    let mut block = Block::new(channels, 0);
    while intake.read(&mut block)? {
        meter.process(&block);
    }
    let measured = meter.finish();
    let gain_db = -16.0 - measured.loudness.integrated;

    // Pass 2: change it, and write it.
    let mut chain: Vec<Box<dyn Stage>> = vec![
        Box::new(Filter::high_pass(rate, channels, 60.0)),
        Box::new(FadeIn { frame: 0, length: rate as usize / 2 }),
        Box::new(Limiter::new(rate, channels, amplitude(gain_db), amplitude(-1.5))),
    ];
    let wrong = |reason: &str| AudioError::Encode { format: "Opus", reason: reason.to_owned() };
    let opus = find("opus").ok_or_else(|| wrong("this build does not have it"))?;
    if !opus.rates.contains(&rate) {
        return Err(wrong("this example does not resample; give it a recording of 48 kHz"));
    }
    let order = Order {
        rate,
        channels,
        frames: measured.frames,
        bitrate: Some(64),
        tags: Tags::default(),
        ceiling: Some(amplitude(-1.0)),
    };
    let file = File::create(output).map_err(AudioError::Write)?;
    let mut encoder = (opus.open)(&order, Box::new(BufWriter::new(file)))?;
    let mut intake = Intake::open(input)?;
    while intake.read(&mut block)? {
        for stage in &mut chain {
            stage.process(&mut block);
        }
        encoder.write(&block)?;
    }
    for index in 0..chain.len() {
        chain[index].finish(&mut block);
        for stage in &mut chain[index + 1..] {
            stage.process(&mut block);
        }
        encoder.write(&block)?;
    }
    encoder.finish(&ReplayGain { loudness: -16.0, peak: amplitude(-1.5) })
}
