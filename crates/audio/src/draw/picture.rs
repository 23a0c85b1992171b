//! Waveform pictures (PNG): two plates, bars between them.
//!
//! Geometry as in the design: bars of 2 pixels on a pitch of 3, mirrored on the middle, 7 pixels clear of the plates,
//! which are lines of 1 pixel. At scale 2 all of it is twice that, still in whole pixels.

use std::io::Write;

use super::colour::{INK_3, SOUND, SURFACE, Scheme, WAVE};
use super::overview::{Bar, Overview};
use crate::AudioError;

/// How large a picture is and how it is coloured.
#[derive(Clone, Copy, Debug)]
pub struct Picture {
    /// Pixels across at scale 1, at most 16 384. One bar for every 3.
    pub width: u32,
    /// Pixels down at scale 1, 24 to 16 384; odd numbers lose one.
    pub height: u32,
    /// Pixels of the file for each of the above: 1 to 4; 2 for dense screens.
    pub scale: u32,
    /// Colours.
    pub scheme: Scheme,
}

impl Default for Picture {
    fn default() -> Self {
        Self { width: 1800, height: 280, scale: 1, scheme: Scheme::Light }
    }
}

const BAR: usize = 2;
const PITCH: usize = 3;
const CLEAR: usize = 7;
const PLATE: usize = 1;
/// What stays free on either side of the middle when it parts two recordings.
const GAP: usize = 1;

/// Palette entries.
const GROUND: u8 = 0;
const PLATES: u8 = 1;
const GREY: u8 = 2;
const AMBER: u8 = 3;

impl Picture {
    /// Draws one recording, mirrored on the middle, in amber.
    pub fn waveform(&self, overview: &Overview, file: impl Write) -> Result<(), AudioError> {
        let bars = overview.bars(self.bars(), overview.seconds());
        let half = self.canvas().half;
        self.draw(file, bars.iter().map(|bar| (length(bar, half), length(bar, half))), 0, [AMBER, AMBER])
    }

    /// Draws a recording and what was made of it on one axis of time: the original upward in grey, the mastered downward
    /// in amber.
    pub fn before_and_after(&self, before: &Overview, after: &Overview, file: impl Write) -> Result<(), AudioError> {
        let seconds = before.seconds().max(after.seconds());
        let half = self.canvas().half - GAP;
        let (up, down) = (before.bars(self.bars(), seconds), after.bars(self.bars(), seconds));
        let bars = up.iter().zip(&down).map(|(up, down)| (length(up, half), length(down, half)));
        self.draw(file, bars, GAP, [GREY, AMBER])
    }

    fn bars(&self) -> usize {
        (self.canvas().width + PITCH - BAR) / PITCH
    }

    /// Checked measures, before scaling.
    fn canvas(&self) -> Canvas {
        let width = self.width.clamp(1, 16_384) as usize;
        let height = self.height.clamp(24, 16_384) as usize & !1;
        Canvas { width, height, half: height / 2 - PLATE - CLEAR, scale: self.scale.clamp(1, 4) as usize }
    }

    /// Draws bars, each so many pixels up and down from a gap around the middle, row by row; no picture is held whole.
    fn draw(
        &self,
        file: impl Write,
        bars: impl Iterator<Item = (usize, usize)>,
        gap: usize,
        [upper, lower]: [u8; 2],
    ) -> Result<(), AudioError> {
        let canvas = self.canvas();
        let bars: Vec<(usize, usize)> = bars.collect();
        let colours = [SURFACE, INK_3, WAVE, SOUND];
        let mut encoder =
            png::Encoder::new(file, (canvas.width * canvas.scale) as u32, (canvas.height * canvas.scale) as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Two);
        encoder.set_palette(colours.map(|token| token.srgb(self.scheme)).concat());
        // Flat colours in equal rows: looking back finds everything, prediction finds nothing.
        encoder.set_filter(png::Filter::NoFilter);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().map_err(write_error)?;
        let mut rows = writer.stream_writer().map_err(write_error)?;
        let mut row = vec![0; (canvas.width * canvas.scale).div_ceil(4)];
        for y in 0..canvas.height {
            let middle = canvas.height / 2;
            let plate = y < PLATE || y >= canvas.height - PLATE;
            let (above, colour) = if y < middle { (true, upper) } else { (false, lower) };
            // 1 for the two rows that touch the middle.
            let from_middle = if above { middle - y } else { y - middle + 1 };
            row.fill(0);
            for x in 0..canvas.width {
                let pixel = if plate {
                    PLATES
                } else if x % PITCH < BAR {
                    let (up, down) = bars.get(x / PITCH).copied().unwrap_or_default();
                    let end = gap + if above { up } else { down };
                    if from_middle > gap && from_middle <= end { colour } else { GROUND }
                } else {
                    GROUND
                };
                for sub in x * canvas.scale..(x + 1) * canvas.scale {
                    row[sub / 4] |= pixel << (6 - sub % 4 * 2);
                }
            }
            for _ in 0..canvas.scale {
                rows.write_all(&row).map_err(AudioError::Write)?;
            }
        }
        rows.finish().map_err(write_error)?;
        writer.finish().map_err(write_error)
    }
}

struct Canvas {
    width: usize,
    height: usize,
    /// Pixels of the longest bar, from the middle.
    half: usize,
    scale: usize,
}

/// Length of a bar in pixels, never less than 1: silence is a dotted line.
///
/// It is the greatest sample or four times the root mean square, whichever is less. Where a bar covers a word, the first
/// is less and the picture shows each stroke of the voice. Where it covers half a minute, the greatest sample is that of
/// the loudest syllable everywhere, and all mastered speech would be one block; 12 dB above the mean, which is where the
/// peaks of speech mostly are, still shows who is near the microphone and who is far.
fn length(bar: &Bar, longest: usize) -> usize {
    const CREST: f32 = 4.0;
    let level = bar.high.max(-bar.low).min(bar.rms * CREST);
    ((level.min(1.0) * longest as f32).round() as usize).clamp(1, longest)
}

fn write_error(error: png::EncodingError) -> AudioError {
    match error {
        png::EncodingError::IoError(error) => AudioError::Write(error),
        other => AudioError::Encode { format: "The waveform picture", reason: other.to_string() },
    }
}

#[cfg(test)]
mod tests;
