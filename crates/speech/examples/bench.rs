//! How fast a voice speaks: `cargo run --release -p speech --example bench -- VOICE TEXT [THREADS] [own|rten] [OUT.f32]`.
//!
//! VOICE is a folder, a wheel or a .onnx file, TEXT a file with a paragraph on each line. Prints what each step took and how that
//! compares with the playing time; with OUT the sound goes there, as 32-bit floats. For a comparison of whole processes, run it
//! under `time`, by turns with the other program, on a machine that does nothing else.

#![expect(clippy::print_stdout, reason = "an example prints what it found")]
#![expect(clippy::disallowed_methods, reason = "what is measured here is time")]

use std::error::Error;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use speech::piper::{Kernels, Piper};
use speech::pronounce::Pronouncer;
use speech::script::{Block, Script};
use speech::voice::Voice;
use speech::{Settings, speak};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let voice = PathBuf::from(arguments.next().ok_or("say where the voice is")?);
    let text = std::fs::read_to_string(arguments.next().ok_or("say which text to read")?)?;
    let threads: NonZero<usize> = arguments.next().as_deref().unwrap_or("2").parse()?;
    let kernels = if arguments.next().as_deref() == Some("rten") { Kernels::Rten } else { Kernels::Own };
    let out = arguments.next();

    let begun = Instant::now();
    let pronouncer = Arc::new(Pronouncer::american());
    let voice = Piper::open(&voice, pronouncer, kernels)?;
    let opened = begun.elapsed();
    let blocks: Vec<Block> = text.lines().map(|line| Block::Paragraph(line.to_owned())).collect();
    let script = Script::of(&blocks, &voice.about().language)?;
    let settings = Settings { threads, ..Settings::default() };
    let (mut samples, mut words, mut first) = (Vec::new(), 0, None);
    speak(&script.segments, &voice, &settings, speech::voice::NEVER_OVER, &mut |piece| {
        first.get_or_insert_with(|| begun.elapsed());
        samples.extend(piece.samples);
        words += piece.words.len();
        Ok(())
    })?;
    let whole = begun.elapsed();
    let playing = samples.len() as f64 / f64::from(voice.about().rate);
    println!("voice            {} ({:?} kernels, {threads} threads)", voice.about().name, voice.kernels());
    println!("voice opened     {opened:.2?}");
    println!("first sentence   {:.2?}", first.unwrap_or(whole));
    println!("everything       {whole:.2?} for {words} words, {playing:.1} s of sound");
    println!("of playing time  {:.4}", whole.as_secs_f64() / playing);
    if let Some(out) = out {
        std::fs::write(out, samples.iter().flat_map(|sample: &f32| sample.to_le_bytes()).collect::<Vec<u8>>())?;
    }
    Ok(())
}
