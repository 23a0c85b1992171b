//! Sound that other programs answer with, as samples of a voice.

use std::io::Cursor;

use audio::decode::Source;
use audio::mix::{Downmix, Target};
use audio::resample::Resampler;
use audio::{Block, Stage};
use speech::SpeechError;

/// Bytes of an answer that are taken: six minutes of sound without compression.
pub(super) const MOST_BYTES: usize = 16 << 20;

/// Seconds that a sentence may last.
const MOST_SECONDS: usize = 360;

/// The samples of a file in any form that Soundpost reads, one channel, at a rate.
pub(super) fn samples(file: Vec<u8>, rate: u32) -> Result<Vec<f32>, SpeechError> {
    let failed =
        |error: audio::AudioError| SpeechError::Failed { reason: format!("it answered with no sound: {error}") };
    let mut source = Source::from_stream(Box::new(Cursor::new(file)), None).map_err(failed)?;
    let downmix = Downmix::new(&source.info().speakers, Target::Mono);
    let mut resampler = Resampler::new(1, source.info().rate, rate).map_err(failed)?;
    let (mut block, mut mono, mut samples) = (Block::default(), Block::default(), Vec::new());
    while source.read(&mut block).map_err(failed)? {
        downmix.mix(&block, &mut mono);
        resampler.process(&mut mono);
        samples.extend_from_slice(mono.channel(0));
        // Compressed, a few bytes can be many hours.
        if samples.len() > MOST_SECONDS * rate as usize {
            return Err(SpeechError::Failed { reason: format!("a sentence lasts longer than {MOST_SECONDS} seconds") });
        }
    }
    mono.set_channels(1);
    resampler.finish(&mut mono);
    samples.extend_from_slice(mono.channel(0));
    Ok(samples)
}

/// The same sound with another number of samples a second.
pub(super) fn resampled(samples: Vec<f32>, from: u32, to: u32) -> Result<Vec<f32>, SpeechError> {
    let mut resampler =
        Resampler::new(1, from, to).map_err(|error| SpeechError::Failed { reason: error.to_string() })?;
    let (mut block, mut tail) = (Block::from_channels(vec![samples]), Block::new(1, 0));
    resampler.process(&mut block);
    resampler.finish(&mut tail);
    Ok([block.channel(0), tail.channel(0)].concat())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    /// A WAV file of 16 bits whose header says some length of the sound.
    fn wav(rate: u32, channels: u16, samples: &[i16], said: u32) -> Vec<u8> {
        let mut file =
            [b"RIFF", &said.to_le_bytes()[..], b"WAVEfmt ", &16u32.to_le_bytes(), &1u16.to_le_bytes()].concat();
        file.extend(channels.to_le_bytes());
        file.extend([rate, rate * u32::from(channels) * 2].into_iter().flat_map(u32::to_le_bytes));
        file.extend([channels * 2, 16].into_iter().flat_map(u16::to_le_bytes));
        file.extend([b"data", &said.to_le_bytes()[..]].concat());
        file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        file
    }

    #[test]
    fn a_stream_of_unknown_length_is_read_to_its_end() {
        let sound: Vec<i16> = (0..24_000).map(|at| ((f64::from(at) * 0.05).sin() * 16_384.0) as i16).collect();
        for said in [0, 48_000, u32::MAX, u32::MAX - 36] {
            let read = samples(wav(24_000, 1, &sound, said), 24_000).unwrap();
            assert_eq!((read.len(), read[1_000]), (24_000, f32::from(sound[1_000]) / 32_768.0), "{said}");
        }
        let read = samples(wav(48_000, 1, &sound, u32::MAX), 24_000).unwrap();
        assert_eq!(read.len(), 12_000);
        let loud = read.iter().fold(0f32, |most, sample| most.max(sample.abs()));
        assert!((0.49..0.52).contains(&loud), "{loud}");
        assert_eq!(samples(wav(24_000, 2, &sound, u32::MAX), 24_000).unwrap().len(), 12_000);
    }

    #[test]
    fn what_is_no_sound_is_refused() {
        for answer in [&b""[..], b"RIFF", b"<html>sorry", b"{\"error\": {}}", &[0; 1_000]] {
            let refused = samples(answer.to_vec(), 24_000).unwrap_err().to_string();
            assert!(refused.starts_with("The voice failed while it spoke: it answered with no sound:"), "{refused}");
        }
        let long = vec![0; 8_000 * 361];
        assert!(samples(wav(8_000, 1, &long, u32::MAX), 8_000).unwrap_err().to_string().contains("360 seconds"));
    }

    #[test]
    fn another_rate_lasts_as_long() {
        assert_eq!(resampled(vec![0.5; 22_050], 22_050, 16_000).unwrap().len(), 16_000);
        assert_eq!(resampled(vec![0.5; 100], 22_050, 22_050).unwrap(), vec![0.5; 100]);
        assert_eq!(resampled(Vec::new(), 22_050, 16_000).unwrap(), Vec::<f32>::new());
    }
}
