//! Convolution that makes several frames of each.
//!
//! What belongs here: how it is put together of ordinary convolutions.

use super::conv::{Around, Conv, Phases, Sheets};
use super::lanes::Lanes;

/// A transposed convolution that makes `stride` frames of each: ordinary convolutions, the results of which take turns.
#[derive(Debug)]
pub(super) struct Upsample {
    stride: usize,
    /// Frames of the result that look at the same frames of the input are made together.
    layers: Vec<Conv>,
}

impl Upsample {
    /// From weights in the order of ONNX's operator ConvTranspose: input, output, tap. `pad` frames are cut off at either end, and
    /// `taps − 2·pad = stride`, so that there are exactly `stride` frames for each; the caller has checked both.
    pub(super) fn new(
        [inputs, outputs, taps]: [usize; 3],
        stride: usize,
        pad: usize,
        weights: &[f32],
        bias: &[f32],
    ) -> Self {
        // Frame `stride·j + phase` of the result is the sum of the frames `i` of the input with the weights of tap
        // `stride·(j − i) + phase + pad`. So its last tap looks at frame `j + ahead`, and there are `count` of them; where that is
        // later than all of them, zeros come after it.
        let shape = |phase: usize| {
            let (ahead, first) = ((phase + pad) / stride, (phase + pad) % stride);
            (ahead, (taps - first).div_ceil(stride))
        };
        let mut layers = Vec::new();
        let mut first = 0;
        while first < stride {
            let (ahead, count) = shape(first);
            let end = (first..stride).take_while(|&phase| shape(phase) == (ahead, count)).last().unwrap_or(first) + 1;
            let wide = count.max(ahead + 1);
            let mut own = vec![0.0; (end - first) * outputs * inputs * wide];
            for (at, own) in own.chunks_exact_mut(wide).enumerate() {
                let (phase, output, input) = (first + at / inputs / outputs, at / inputs % outputs, at % inputs);
                let tap = (phase + pad) % stride;
                // The latest tap looks furthest back.
                let latest = own.iter_mut().rev().take(count);
                for (own, tap) in latest.zip((tap..taps).step_by(stride)) {
                    *own = weights[(input * outputs + output) * taps + tap];
                }
            }
            let phases = Phases { stride, first, count: end - first };
            layers.push(Conv::with_phases([outputs, inputs, wide], 1, wide - 1 - ahead, &own, bias, phases));
            first = end;
        }
        Self { stride, layers }
    }

    /// Frames that are made of one.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// Channels that it makes.
    pub(super) fn outputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.outputs)
    }

    /// Frames of the input on either side that a frame of the result depends on.
    pub(super) fn halo(&self) -> usize {
        self.layers.iter().map(Conv::halo).max().unwrap_or(0)
    }

    /// Lines of a margin that the input may have to have.
    pub(super) fn margin(&self) -> usize {
        self.layers.iter().map(Conv::margin).max().unwrap_or(0)
    }

    /// Replaces `output` by the result, with such a margin. `sheets` is memory to work in.
    pub(super) fn run(&self, input: &mut Lanes, slope: f32, margin: usize, sheets: &mut Sheets, output: &mut Lanes) {
        output.reshape(self.outputs(), input.frames * self.stride, input.lines * self.stride, margin);
        for layer in &self.layers {
            layer.surround(input);
            layer.write(input, Around { slope: Some(slope), ..Around::default() }, sheets, output);
        }
        output.trim();
    }
}

#[cfg(test)]
mod tests {
    use super::super::conv::tests::{close, lanes, numbers};
    use super::super::signal::Signal;
    use super::*;

    #[test]
    fn upsampling_scatters_each_frame() {
        for (inputs, outputs, taps, stride, pad, frames) in [
            (3, 5, 16, 8, 4, 30),
            (2, 4, 8, 4, 2, 9),
            (1, 2, 4, 2, 1, 3),
            (1, 1, 3, 3, 0, 5),
            (1, 2, 9, 3, 3, 40),
            (33, 6, 16, 8, 4, 50),
        ] {
            let input = Signal::from_planes(inputs, frames, &numbers(inputs * frames, 1));
            let weights = numbers(outputs * inputs * taps, 2);
            let bias = numbers(outputs, 3);
            let layer = Upsample::new([inputs, outputs, taps], stride, pad, &weights, &bias);
            let mut output = Lanes::default();
            layer.run(&mut lanes(&input, layer.margin()), 1.0, 3, &mut Sheets::default(), &mut output);
            let mut wanted: Vec<f32> =
                bias.iter().flat_map(|&bias| std::iter::repeat_n(bias, frames * stride)).collect();
            for channel in 0..inputs {
                for frame in 0..frames {
                    for output in 0..outputs {
                        for tap in 0..taps {
                            if let Some(to) = (frame * stride + tap).checked_sub(pad).filter(|&to| to < frames * stride)
                            {
                                wanted[output * frames * stride + to] +=
                                    input.row(channel)[frame] * weights[(channel * outputs + output) * taps + tap];
                            }
                        }
                    }
                }
            }
            close(&output, &wanted);
        }
    }
}
