//! The generator of a VITS voice: from 86 frames a second to a waveform.
//!
//! What belongs here: stages that each make more frames of fewer channels, and the windows in which they run. Source: Kong, Kim
//! and Bae, "HiFi-GAN: generative adversarial networks for efficient and high fidelity speech synthesis", 2020, section 2.2.

use super::conv::{Around, Conv, Sheets};
use super::lanes::{LANES, Lanes};
use super::signal::{Signal, tanh};
use super::upsample::Upsample;

/// Frames of the input that are made into sound at a time, so that memory does not grow with a sentence. A sentence of six
/// seconds is one window; more windows repeat what lies around their borders.
const WINDOW: usize = 512;

/// Numbers that a stage makes at a time, at least: 512 kB, so that what one layer writes the next one finds in the cache. With
/// windows of 64 ki numbers more is repeated at the borders, and with 256 ki more is fetched; both are slower.
const STAGE_WINDOW: usize = 128 << 10;

/// Whole groups of four frames fit into so many lines, with dilations of 1, 2, 3, 4, 6 and 12.
const GROUPS: usize = 72;

/// A generator.
#[derive(Debug)]
pub(super) struct Generator {
    pub(super) first: Conv,
    pub(super) stages: Vec<Stage>,
    /// Slope of the rectifier before the last convolution.
    pub(super) last_slope: f32,
    pub(super) last: Conv,
}

/// One stage: more frames, then blocks that look at them in different widths, of which the mean is taken.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) slope: f32,
    pub(super) upsample: Upsample,
    pub(super) blocks: Vec<Block>,
}

/// Steps that each add something to the signal.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) slope: f32,
    /// One convolution for each step, or two.
    pub(super) steps: Vec<(Conv, Option<Conv>)>,
}

/// Memory that is used again from layer to layer and from sentence to sentence.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) sheets: Sheets,
    whole: [Signal; 2],
    stage: StageDesk,
}

#[derive(Debug, Default)]
struct StageDesk {
    input: Lanes,
    now: Lanes,
    step: [Lanes; 2],
    inner: Lanes,
    sum: [Lanes; 2],
}

impl Generator {
    /// Samples for each frame.
    pub(super) fn hop(&self) -> usize {
        self.stages.iter().map(|stage| stage.upsample.stride()).product()
    }

    /// The waveform, [`Generator::hop`] samples for each frame, between −1 and 1.
    pub(super) fn run(&self, input: &Signal, desk: &mut Desk) -> Vec<f32> {
        let hop = self.hop();
        let halo = self.halo();
        let mut samples = Vec::with_capacity(input.frames * hop);
        let Desk { sheets, whole: [now, next], stage: desk } = desk;
        for start in (0..input.frames).step_by(WINDOW) {
            let end = (start + WINDOW).min(input.frames);
            let (from, to) = (start.saturating_sub(halo), (end + halo).min(input.frames));
            desk.input.load(input, from..to, self.first.margin());
            self.first.surround(&mut desk.input);
            self.first.run(&desk.input, Around::default(), sheets, &mut desk.now);
            now.reshape(self.first.outputs, to - from);
            desk.now.store(0..to - from, 1.0, now, 0);
            for (index, stage) in self.stages.iter().enumerate() {
                let last = index + 1 == self.stages.len();
                stage.run(now, last.then_some((&self.last, self.last_slope)), desk, sheets, next);
                std::mem::swap(now, next);
            }
            pulp::Arch::new().dispatch(Rounding(now.row_mut(0)));
            samples.extend_from_slice(&now.row(0)[(start - from) * hop..(end - from) * hop]);
        }
        samples
    }

    /// Frames around a window that its sound depends on.
    fn halo(&self) -> usize {
        // From the end, in units of what each stage makes.
        let frames = self.stages.iter().rev().fold(self.last.halo(), |frames, stage| stage.halo(frames));
        frames + self.first.halo()
    }
}

impl Stage {
    /// Frames of its input that so many frames of its output reach beyond their borders.
    fn halo(&self, frames: usize) -> usize {
        let frames = frames + self.blocks.iter().map(Block::halo).max().unwrap_or(0);
        frames.div_ceil(self.upsample.stride()) + self.upsample.halo()
    }

    /// Frames of the input that are worked on at a time.
    fn window(&self, halo: usize) -> usize {
        let stride = self.upsample.stride();
        // A foreign voice may have so many channels that less than a line of each fits.
        let lines = (STAGE_WINDOW / self.upsample.outputs() / LANES).max(4 * halo * stride / LANES).max(1);
        lines.next_multiple_of(GROUPS).div_ceil(stride) * LANES
    }

    /// Replaces `output` by what the stage makes of `input`, and a last layer of that, piece by piece.
    fn run(
        &self,
        input: &Signal,
        last: Option<(&Conv, f32)>,
        desk: &mut StageDesk,
        sheets: &mut Sheets,
        output: &mut Signal,
    ) {
        let stride = self.upsample.stride();
        let (halo, margin) = last.map_or((0, 0), |(layer, _)| (layer.halo(), layer.margin()));
        let halo = self.halo(halo);
        let margin = self.blocks.iter().map(Block::margin).fold(margin, usize::max);
        let window = self.window(halo);
        output.reshape(last.map_or(self.upsample.outputs(), |(layer, _)| layer.outputs), input.frames * stride);
        let mut start = 0;
        while start < input.frames {
            let from = start.saturating_sub(halo);
            let to = (from + window).min(input.frames);
            let end = if to == input.frames { to } else { to - halo };
            desk.input.load(input, from..to, self.upsample.margin());
            self.make(desk, margin, sheets);
            let StageDesk { now, sum: [sum, _], .. } = desk;
            let made = (start - from) * stride..(end - from) * stride;
            let share = 1.0 / self.blocks.len().max(1) as f32;
            if let Some((layer, slope)) = last {
                sum.change(|value| value * share);
                layer.surround(sum);
                layer.run(sum, Around { slope: Some(slope), ..Around::default() }, sheets, now);
                now.store(made, 1.0, output, start * stride);
            } else {
                sum.store(made, share, output, start * stride);
            }
            start = end;
        }
    }

    /// Leaves the sum of what the blocks make of `desk.input` in the first of `desk.sum`.
    fn make(&self, desk: &mut StageDesk, margin: usize, sheets: &mut Sheets) {
        let StageDesk { input, now, step, inner, sum: [sum, other] } = desk;
        self.upsample.run(input, self.slope, margin, sheets, now);
        for (index, block) in self.blocks.iter().enumerate() {
            // What the blocks before it gave is added by the last step of each.
            block.run(now, (index > 0).then_some(&*sum), step, inner, sheets, other);
            std::mem::swap(sum, other);
        }
        if self.blocks.is_empty() {
            std::mem::swap(sum, now);
        }
    }
}

impl Block {
    fn layers(&self) -> impl Iterator<Item = &Conv> {
        self.steps.iter().flat_map(|(first, second)| std::iter::once(first).chain(second))
    }

    fn halo(&self) -> usize {
        self.layers().map(Conv::halo).sum()
    }

    fn margin(&self) -> usize {
        self.layers().map(Conv::margin).max().unwrap_or(0)
    }

    /// Replaces `output` by what the steps make of `input`, plus `more`.
    fn run(
        &self,
        input: &mut Lanes,
        more: Option<&Lanes>,
        [one, two]: &mut [Lanes; 2],
        inner: &mut Lanes,
        sheets: &mut Sheets,
        output: &mut Lanes,
    ) {
        let slope = Some(self.slope);
        for (index, (first, second)) in self.steps.iter().enumerate() {
            let from = if index == 0 { &mut *input } else { &mut *one };
            first.surround(from);
            let last = index + 1 == self.steps.len();
            let to = if last { &mut *output } else { &mut *two };
            let around = Around { slope, plus: [Some(&*from), more.filter(|_| last)] };
            match second {
                None => first.run(from, around, sheets, to),
                Some(second) => {
                    first.run(from, Around { slope, ..Around::default() }, sheets, inner);
                    second.surround(inner);
                    second.run(inner, around, sheets, to);
                }
            }
            if !last {
                std::mem::swap(one, two);
            }
        }
    }
}

/// tanh, which is what keeps a waveform between −1 and 1.
struct Rounding<'a>(&'a mut [f32]);

impl pulp::WithSimd for Rounding<'_> {
    type Output = ();

    #[expect(
        clippy::inline_always,
        reason = "it has to be compiled into the function that pulp compiles once for each kind of processor"
    )]
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for value in self.0 {
            *value = tanh(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_longer_than_what_it_repeats() {
        for (channels, stride) in [(9_000, 1), (9_000, 8), (32, 4), (1, 256)] {
            let taps = vec![0.0; channels * stride];
            let upsample = Upsample::new([1, channels, stride], stride, 0, &taps, &vec![0.0; channels]);
            let stage = Stage { slope: 0.1, upsample, blocks: Vec::new() };
            for halo in 0..64 {
                assert!(stage.window(halo) > 2 * halo, "{channels} channels, {stride} frames of each, {halo} around");
            }
        }
    }
}
