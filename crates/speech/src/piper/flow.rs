//! The normalising flow of a VITS voice, run backwards: what the text encoder expects becomes what the generator wants.
//!
//! What belongs here: coupling layers and the gated convolutions in them. Source: Kim, Kong and Son, "Conditional variational
//! autoencoder with adversarial learning for end-to-end text-to-speech", 2021, sections 2.2.2 and 2.5.2; the gate is
//! van den Oord et al., "WaveNet", 2016, equation 2.

use super::conv::{Around, Conv, Sheets};
use super::lanes::Lanes;
use super::signal::{Signal, sigmoid, tanh};

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
        let margin = self.couplings.iter().flat_map(Coupling::layers).map(Conv::margin).max().unwrap_or(0);
        let (mut now, mut flipped, mut half) = (Lanes::default(), Lanes::default(), Lanes::default());
        now.load(&signal, 0..signal.frames, margin);
        let channels = signal.channels;
        for coupling in &self.couplings {
            // Between two couplings channels change places, so that each half has its turn.
            flipped.copy(&now, (0..channels).rev());
            half.copy(&flipped, 0..channels / 2);
            let taken = coupling.run(&mut half, sheets);
            flipped.combine(channels / 2, &taken, 0, |value, taken| value - taken);
            std::mem::swap(&mut now, &mut flipped);
        }
        now.store(0..signal.frames, 1.0, &mut signal, 0);
        signal
    }
}

impl Coupling {
    fn layers(&self) -> impl Iterator<Item = &Conv> {
        [&self.before, &self.after].into_iter().chain(self.gates.iter().flat_map(|gate| [&gate.inner, &gate.outer]))
    }

    fn run(&self, input: &mut Lanes, sheets: &mut Sheets) -> Lanes {
        let mut hidden = Lanes::default();
        self.before.surround(input);
        self.before.run(input, Around::default(), sheets, &mut hidden);
        let mut sum = Lanes::default();
        sum.reshape_as(&hidden, hidden.channels);
        sum.change(|_| 0.0);
        let (mut wide, mut gated, mut given) = (Lanes::default(), Lanes::default(), Lanes::default());
        for gate in &self.gates {
            gate.inner.surround(&mut hidden);
            gate.inner.run(&hidden, Around::default(), sheets, &mut wide);
            gated.reshape_as(&hidden, hidden.channels);
            let (pass, open) = wide.split(gated.channels);
            pulp::Arch::new().dispatch(Gating { pass, open, to: gated.all_mut() });
            gate.outer.surround(&mut gated);
            gate.outer.run(&gated, Around::default(), sheets, &mut given);
            let both = given.channels > sum.channels;
            if both {
                hidden.combine(0, &given, 0, |value, more| value + more);
            }
            sum.combine(0, &given, if both { sum.channels } else { 0 }, |value, more| value + more);
        }
        let mut result = Lanes::default();
        self.after.surround(&mut sum);
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
