//! The normalising flow of a VITS voice, run backwards: what the text encoder expects becomes what the generator wants.
//!
//! What belongs here: coupling layers and the gated convolutions in them. Source: Kim, Kong and Son, "Conditional variational
//! autoencoder with adversarial learning for end-to-end text-to-speech", 2021, sections 2.2.2 and 2.5.2; the gate is
//! van den Oord et al., "WaveNet", 2016, equation 2.

use super::conv::{Around, Conv};
use super::signal::{Signal, sigmoid, tanh};
use super::toom::Sheets;

/// Coupling layers, the one that is used first in front.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) couplings: Vec<Coupling>,
}

/// One coupling layer: half of the channels say what is taken away from the other half.
#[derive(Debug)]
pub(super) struct Coupling {
    pub(super) before: Conv,
    pub(super) gates: Vec<Gate>,
    pub(super) after: Conv,
}

/// A gated convolution, and what it gives to the next one and to the sum.
#[derive(Debug)]
pub(super) struct Gate {
    /// Twice as many outputs as inputs: first what passes the gate, then how far the gate is open.
    pub(super) inner: Conv,
    /// First what is added on the way to the next gate, then what goes to the sum; the last has only the sum.
    pub(super) outer: Conv,
}

impl Flow {
    /// Turns the signal into what the generator wants. `sheets` is memory to work in.
    pub(super) fn run(&self, mut signal: Signal, sheets: &mut Sheets) -> Signal {
        for coupling in &self.couplings {
            // Between two couplings channels change places, so that each half has its turn.
            signal = signal.flip();
            let half = signal.channels / 2;
            let taken = coupling.run(&signal.clone().keep(half), sheets);
            for channel in 0..taken.channels {
                for (value, taken) in signal.row_mut(half + channel).iter_mut().zip(taken.row(channel)) {
                    *value -= taken;
                }
            }
        }
        signal
    }
}

impl Coupling {
    fn run(&self, input: &Signal, sheets: &mut Sheets) -> Signal {
        let mut hidden = Signal::default();
        self.before.run(input, Around::default(), sheets, &mut hidden);
        let mut sum = Signal::zeros(hidden.channels, hidden.frames);
        let (mut wide, mut gated, mut given) = (Signal::default(), Signal::default(), Signal::default());
        for gate in &self.gates {
            gate.inner.run(&hidden, Around::default(), sheets, &mut wide);
            gated.reshape(hidden.channels, hidden.frames);
            let (pass, open) = wide.split(gated.channels);
            pulp::Arch::new().dispatch(Gating { pass, open, to: gated.all_mut() });
            gate.outer.run(&gated, Around::default(), sheets, &mut given);
            let both = given.channels > sum.channels;
            if both {
                hidden.add(&given, 0);
            }
            sum.add(&given, if both { sum.channels } else { 0 });
        }
        let mut result = Signal::default();
        self.after.run(&sum, Around::default(), sheets, &mut result);
        result
    }
}

/// tanh of what passes, times how far the gate is open.
struct Gating<'a> {
    pass: &'a [f32],
    open: &'a [f32],
    to: &'a mut [f32],
}

impl pulp::WithSimd for Gating<'_> {
    type Output = ();

    #[expect(
        clippy::inline_always,
        reason = "it has to be compiled into the function that pulp compiles once for each kind of processor"
    )]
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for ((to, &pass), &open) in self.to.iter_mut().zip(self.pass).zip(self.open) {
            *to = tanh(pass) * sigmoid(open);
        }
    }
}
