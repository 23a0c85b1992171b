//! The generator of a VITS voice: from 86 frames a second to a waveform.
//!
//! What belongs here: stages that each make more frames of fewer channels, and the windows in which they run. Source: Kong, Kim
//! and Bae, "HiFi-GAN: generative adversarial networks for efficient and high fidelity speech synthesis", 2020, section 2.2.

use super::conv::{Around, Conv, Upsample};
use super::signal::{Signal, tanh};
use super::toom::Sheets;

/// Frames of the input that are made into sound at a time, so that memory does not grow with a sentence. A sentence of six
/// seconds is one window; more windows repeat what lies around their borders.
const WINDOW: usize = 512;

/// Numbers that a stage makes at a time: 512 kB, so that what one layer writes the next one finds in the cache. With
/// windows of 64 ki numbers more is repeated at the borders, and with 256 ki more is fetched; both are slower.
const STAGE_WINDOW: usize = 128 << 10;

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
    input: Signal,
    whole: [Signal; 2],
    stage: StageDesk,
}

#[derive(Debug, Default)]
struct StageDesk {
    input: Signal,
    now: Signal,
    turn: Signal,
    step: [Signal; 2],
    inner: Signal,
    sum: [Signal; 2],
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
        let Desk { sheets, input: window, whole: [now, next], stage: stage_desk } = desk;
        for start in (0..input.frames).step_by(WINDOW) {
            let end = (start + WINDOW).min(input.frames);
            let (from, to) = (start.saturating_sub(halo), (end + halo).min(input.frames));
            window.copy_window(input, from, to);
            self.first.run(window, Around::default(), sheets, now);
            for stage in &self.stages {
                stage.run(now, stage_desk, sheets, next);
                std::mem::swap(now, next);
            }
            self.last.run(now, Around { slope: Some(self.last_slope), ..Around::default() }, sheets, next);
            pulp::Arch::new().dispatch(Rounding(next.row_mut(0)));
            samples.extend_from_slice(&next.row(0)[(start - from) * hop..(end - from) * hop]);
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

    /// Replaces `output` by what the stage makes of `input`, piece by piece.
    fn run(&self, input: &Signal, desk: &mut StageDesk, sheets: &mut Sheets, output: &mut Signal) {
        let stride = self.upsample.stride();
        let halo = self.halo(0);
        let length = (STAGE_WINDOW / (self.upsample.outputs() * stride)).max(halo);
        output.reshape(self.upsample.outputs(), input.frames * stride);
        for start in (0..input.frames).step_by(length) {
            let end = (start + length).min(input.frames);
            let (from, to) = (start.saturating_sub(halo), (end + halo).min(input.frames));
            desk.input.copy_window(input, from, to);
            self.window(desk, sheets);
            let [sum, _] = &desk.sum;
            let share = 1.0 / self.blocks.len().max(1) as f32;
            for channel in 0..output.channels {
                let to = &mut output.row_mut(channel)[start * stride..end * stride];
                for (to, value) in to.iter_mut().zip(&sum.row(channel)[(start - from) * stride..]) {
                    *to = value * share;
                }
            }
        }
    }

    /// Leaves the sum of what the blocks make of `desk.input` in `desk.sum`.
    fn window(&self, desk: &mut StageDesk, sheets: &mut Sheets) {
        let StageDesk { input, now, turn, step, inner, sum: [sum, other] } = desk;
        self.upsample.run(input, self.slope, sheets, turn, now);
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
    fn halo(&self) -> usize {
        self.steps.iter().map(|(first, second)| first.halo() + second.as_ref().map_or(0, Conv::halo)).sum()
    }

    /// Replaces `output` by what the steps make of `input`, plus `more`.
    fn run(
        &self,
        input: &Signal,
        more: Option<&Signal>,
        [one, two]: &mut [Signal; 2],
        inner: &mut Signal,
        sheets: &mut Sheets,
        output: &mut Signal,
    ) {
        let slope = Some(self.slope);
        for (index, (first, second)) in self.steps.iter().enumerate() {
            let from = if index == 0 { input } else { &*one };
            let last = index + 1 == self.steps.len();
            let to = if last { &mut *output } else { &mut *two };
            let around = Around { slope, plus: [Some(from), more.filter(|_| last)] };
            match second {
                None => first.run(from, around, sheets, to),
                Some(second) => {
                    first.run(from, Around { slope, ..Around::default() }, sheets, inner);
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
